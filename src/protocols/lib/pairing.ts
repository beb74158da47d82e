/**
 * Which request a response answers, on connections where nothing but the order says so (HTTP/1, Redis, …), or hardly anything
 * else. A pair that might be wrong is never made.
 *
 * As long as no byte was lost the n-th response answers the n-th request. What is left of that behind a hole:
 *
 * - **Counting.** Requests before a hole in the requests are still answered in order. A hole between two requests has at least one,
 *   and no more than its bytes have room for: one, mostly. A response never begins before its request, so no more
 *   responses were lost than requests waited. Where one number is left the count is sure again.
 * - Otherwise what follows waits, with a range of what may be (`Unsure`), until something narrows it to one number: more
 *   responses than requests, a response that names its request, or one of these:
 * - **Silence.** When the server spoke last and then nobody says anything for 0.3 s (and four times as long as any response took
 *   so far, the next one too), everything was answered. It counts once the next request and the next response show that
 *   nothing was lost at its beginning. So it is when the server says nothing for so long while a request is being sent.
 * - **Turns.** A client that has had one request outstanding at a time in MIN_TURNS exchanges, and never more, has everything
 *   answered when it asks again.
 * - **Nothing was lost** since the connection was joined, and its client has never had two requests outstanding: then all
 *   was answered when the server spoke last, and there was silence of 100 ms, or the end.
 *
 * What isn't told apart: a client that always has the same number of requests outstanding, on a connection that was joined under way,
 * looks like one who takes turns; and a server that is silent with several requests before it for longer than the above.
 */
import {
  ANY,
  type Answer,
  type Asked,
  answer,
  answeredUnseen,
  type Certainty,
  countIn,
  type Hole,
  LEAST_BYTES,
  type Quiet,
  Unsure,
  unseen,
} from './unsure'

export type { Answer, Certainty, Hole }

/** Of a client that takes turns everything is answered when the server spoke last and nothing was said for so long. */
const CONFIRM_NS = 100e6
/** Of any other. */
const QUIET_NS = 300e6
/** So many exchanges in strict turns: with fewer, clients that nearly always have two outstanding are mistaken for such. */
const STRICT_TURNS = 64
/** Losses are known a second later. */
const LOSSES_NS = 2e9
/** More requests than this without a response: nobody answers here, or the responses aren't seen. */
const MAX_OUTSTANDING = 8192
/** What waits to become sure. */
const MAX_UNSURE = 512
/** A client that has waited so often for a response, and never asked before it came, is taken to do so always. */
const MIN_TURNS = 16
/** So many requests tell what a client's requests have at least. */
const MIN_SEEN = 3

export interface Numbered {
  readonly seq: number
  /** Read to its end, or to where it was cut. */
  readonly done: boolean
}

export interface Answering<H> {
  readonly answer: Answer<H>
  readonly done: boolean
}

/** What becomes of the messages that are taken out of the queues. */
export interface Pairs<Q, P> {
  pair(request: Q, response: P): void
  /** The connection has ended, and it is sure that nobody answered. */
  unanswered(request: Q, nowNs: number): void
  /** Another message has its half, or nobody knows which. */
  drop(message: Q | P): void
}

/** How often anything was lost since the connection was first seen, on any connection. */
type Losses = { readonly losses: number }

const LOSSLESS: Losses = { losses: 0 }

export class Pairing<H> {
  /** Those that wait, in order; nothing was missed among or before them. */
  #waiting: Asked<H>[] = []
  /** What was said behind them, if it isn't known how it fits together. */
  #unsure: Unsure<H> | undefined
  #asked = 0
  #pipelines = false
  /** Responses that came when one request had been asked since the one before. */
  #turns = 0
  /** Of those, with nothing else outstanding for sure. */
  #proven = 0
  /** Requests since the last response began, and whether bytes went by unseen since. */
  #askedSince = 0
  #isHoled = false
  /** A response was never seen before its request, as two threads of a client may have it. */
  #isCausal = true
  #hasHoles = false
  #lastNs = 0
  #lastSaid: 'nothing' | 'request' | 'answering' | 'answer' = 'nothing'
  /** The longest time after which a response came. */
  #slowestNs = 0
  /** A silence: the shift as it tells it, how many had been asked, and whether a request came behind that. */
  #quiet: Quiet | undefined
  /** The last request that began, when it did, and when its last byte was moved; 0 as long as that isn't known. */
  #askedNs = 0
  #askedEndNs = 0
  /** The end of the last answer, or of the hole behind it. */
  #answerEndNs = 0
  /** The client said what wasn't understood, and no response has begun since. */
  #asksUnknown = false
  #seen = 0
  #leastRequest = Number.POSITIVE_INFINITY

  readonly #link: Losses

  /** `isWhole`: it begins with the first byte that was said on the connection. */
  constructor(isWhole = true, link: Losses = LOSSLESS) {
    this.#link = link
    if (!isWhole) this.#unsure = new Unsure<H>(0, Number.POSITIVE_INFINITY)
  }

  /** Its client has had several requests outstanding. */
  get isPipelined(): boolean {
    return this.#pipelines
  }

  /** Every request so far has its response, for sure. */
  get isSettled(): boolean {
    return this.#waiting.length === 0 && this.#unsure === undefined
  }

  /** Requests without a response so far. */
  get outstanding(): number {
    return this.#waiting.length + (this.#unsure?.asked.length ?? 0)
  }

  /** A request's head was read; gives it its number. `bytes`: of the head, as far as it is the same in every request. */
  requestBegins(hint: H, timeNs: number, bytes = LEAST_BYTES): number {
    this.#hear(timeNs)
    if (this.#quiet) this.#quiet.isAsked = true
    this.#knowsRequests(0)
    // Two requests without a response between them, perhaps.
    if (this.#asksUnknown && this.#unsure) this.#unsure.isRegular = false
    if (this.#isTrusted) this.#allAnswered()
    if (this.outstanding >= MAX_OUTSTANDING) this.forget()
    this.#leastRequest = Math.min(this.#leastRequest, bytes)
    if (++this.#seen === MIN_SEEN && this.#unsure) {
      this.#unsure.narrow(this.#leastRequest)
      this.#narrowed()
    }
    this.#askedSince++
    this.#says('request', timeNs)
    this.#askedNs = timeNs
    this.#askedEndNs = 0
    this.#push({ seq: this.#asked, hint })
    return this.#asked++
  }

  /** All of a request's bytes were moved. */
  requestEnds({ seq }: Numbered, timeNs: number): void {
    if (seq !== this.#asked - 1) return
    this.#askedEndNs = timeNs
    if (this.#lastSaid === 'request') this.#lastNs = timeNs
  }

  responseBegins(timeNs: number): Answer<H> {
    if (this.#lastSaid === 'request') this.#slowestNs = Math.max(this.#slowestNs, timeNs - this.#lastNs)
    this.#quiet ??= this.#uploadQuiet()
    if (this.#quiet?.isAsked && this.#quiet.silence >= 4 * this.#slowestNs) this.#endQuiet(this.#quiet)
    this.#quiet = undefined
    this.#countTurn()
    this.#asksUnknown = false
    this.#says('answering', timeNs)
    const asked = this.#waiting.shift()
    // To a request in a hole that isn't noticed yet.
    if (!asked) return this.#unsureAnswer(this.#unsure ?? new Unsure(0, 0))
    if (!this.#unsure) {
      // A further request that is there already was sent without waiting for this response.
      if (this.#waiting.length > 0) this.#pipelines = true
      else this.#proven++
    }
    return answer(asked)
  }

  /** A response begins that says itself which request it answers: those before it have none to come. */
  responseNames({ seq }: Numbered, timeNs: number): Answer<H> {
    this.#says('answering', timeNs)
    const named = (asked: Asked<H>) => asked.seq === seq
    const at = this.#waiting.findIndex(named)
    if (at >= 0) {
      const [asked] = this.#waiting.splice(0, at + 1).slice(-1)
      if (this.#waiting.length > 0) this.#pipelines = true
      return answer(asked!)
    }
    const unsure = this.#unsure
    const later = unsure?.asked.findIndex(named) ?? -1
    if (!unsure || later < 0) return answer<H>({ seq, hint: undefined })
    this.#waiting = []
    const said: Answer<H> = answer(unsure.asked[later]!)
    unsure.answered(said)
    this.#resolve(unsure.answers.length - 1 - later, true)
    return said
  }

  responseEnds(response: Answer<H>, timeNs: number): void {
    response.done = true
    response.endNs = timeNs
    this.#answerEndNs = timeNs
    this.#says(this.#lastSaid === 'answering' ? 'answer' : this.#lastSaid, timeNs)
  }

  /** The client says something that isn't understood: the server may wait for the end of it. */
  asksUnknown(): void {
    this.#lastSaid = 'nothing'
    this.#quiet = undefined
    this.#asksUnknown = true
  }

  /** Requests, or parts of some, went by unseen; `requestGap` follows. */
  requestsMissed(): void {
    if (this.#isTrusted) this.#allAnswered()
    this.#holed()
    // When they were said isn't known: a silence before tells nothing.
    this.#lastSaid = 'nothing'
  }

  /** Requests, or parts of some, went by unseen. */
  requestGap({ bytes, isBetween, timeNs }: Hole = ANY): void {
    this.requestsMissed()
    this.#lastNs = Math.max(this.#lastNs, timeNs)
    const size = this.#seen >= MIN_SEEN ? Math.max(this.#leastRequest, LEAST_BYTES) : LEAST_BYTES
    const [least, most] = countIn(bytes, isBetween, size)
    if (least === most) {
      this.#knowsRequests(most)
      for (const one of unseen(least)) this.#push(one)
    } else this.#unsure = (this.#unsure ?? new Unsure<H>(0, 0)).behindRequests(least, most, bytes)
    this.#narrowed()
  }

  /** Responses, or parts of some, went by unseen. If not between two, the first is still the answer that it is. */
  responseGap({ isBetween, timeNs }: Omit<Hole, 'bytes'> = ANY): void {
    this.#holed()
    this.#lastNs = Math.max(this.#lastNs, timeNs)
    this.#answerEndNs = Math.max(this.#answerEndNs, timeNs)
    const least = isBetween ? 1 : 0
    this.#unsure = this.#unsure
      ? this.#unsure.behindResponses(least, Number.POSITIVE_INFINITY, this.#waiting.length)
      : answeredUnseen(this.#waiting, Number.NEGATIVE_INFINITY, -least)
    this.#waiting = []
  }

  /** An answer that was taken to have ended goes on: when there is a further request, the client didn't wait for its end. */
  responseGoesOn(): void {
    if (this.outstanding === 0) return
    this.#pipelines = true
    this.responseGap()
  }

  /** What was asked before is not waited for, and how many answers are still to come isn't known. */
  forget(): void {
    this.#unsure?.refute()
    this.#waiting = []
    this.#quiet = undefined
    this.#unsure = new Unsure<H>(0, Number.POSITIVE_INFINITY)
  }

  /**
   * Exchanges went by unseen, on purpose: nothing before belongs to what follows. `begins`: a request follows, and what was asked
   * before has its answer, unless the client doesn't wait. `take` with `final` is called next.
   */
  passOver(nowNs: number, begins: boolean): void {
    if (this.#unsure) this.#decide(nowNs, true)
    this.forget()
    if (begins && !this.#pipelines) this.#unsure = undefined
    this.#asksUnknown = false
    this.#askedSince = 0
    this.#lastSaid = 'nothing'
  }

  /** Whether the next response is surely this request's. */
  isNext({ seq }: Numbered): boolean {
    return this.#waiting[0]?.seq === seq
  }

  /** Whether this request is known to have no response so far. */
  isUnanswered({ seq }: Numbered): boolean {
    const first = this.#waiting.find((asked) => asked.seq >= 0)
    const last = this.#waiting.findLast((asked) => asked.seq >= 0)
    return first !== undefined && seq >= first.seq && seq <= last!.seq
  }

  /**
   * The response that is under way has been so for long: it is the answer to what was asked last, if nothing was lost and nobody
   * has ever asked before an answer came.
   */
  runs(): void {
    if (this.#isLossless && this.#lastSaid === 'answering') this.#allAnswered()
  }

  /**
   * Takes what belongs together out of the two queues, in order. `final`: the connection has ended; messages that are not done
   * were cut by that, and both queues are empty after.
   */
  take<Q extends Numbered, P extends Answering<H>>(
    requests: Q[],
    responses: P[],
    nowNs: number,
    final: boolean,
    pairs: Pairs<Q, P>,
  ): void {
    if (this.#unsure) this.#decide(nowNs, final)
    let q = 0
    let p = 0
    for (; p < responses.length; p++) {
      const response = responses[p]!
      const { seq, certainty } = response.answer
      if (certainty === 'tentative' && !final) break
      if (certainty !== 'sure') {
        pairs.drop(response)
        continue
      }
      while (q < requests.length && requests[q]!.seq < seq) pairs.drop(requests[q++]!)
      const request = requests[q]
      if (request?.seq !== seq) {
        pairs.drop(response)
        continue
      }
      if (!final && !(request.done && response.done)) break
      q++
      pairs.pair(request, response)
    }
    if (final) {
      for (; q < requests.length; q++) {
        const request = requests[q]!
        if (this.isUnanswered(request)) pairs.unanswered(request, nowNs)
        else pairs.drop(request)
      }
    }
    drop(responses, p)
    drop(requests, q)
  }

  // ───────────────────────────────────────────────────────────────────────────

  get #takesTurns(): boolean {
    return !this.#pipelines && !this.#hasHoles
  }

  /** Nothing was lost as far as anyone knows, and nothing speaks against a client that takes turns. */
  get #isLossless(): boolean {
    const isRegular = this.#unsure?.isRegular ?? true
    return this.#asked > 0 && this.#takesTurns && isRegular && this.#link.losses === 0
  }

  get #isTrusted(): boolean {
    const turns = this.#unsure?.turns ?? 0
    if (this.#pipelines) return false
    if (this.#proven < 4) return turns >= STRICT_TURNS
    return turns >= 4 && this.#turns >= MIN_TURNS && this.#turns + 8 * turns >= 64
  }

  get #mayPipeline(): boolean {
    return !this.#takesTurns && (this.#pipelines || this.#turns < MIN_TURNS)
  }

  #countTurn(): void {
    const isTurn = this.#askedSince === 1 && !this.#isHoled
    if (isTurn) this.#turns++
    if (this.#askedSince > 1 && !this.#isHoled) this.#pipelines = true
    const unsure = this.#unsure
    if (unsure) {
      unsure.turns = isTurn ? unsure.turns + 1 : 0
      if (!isTurn && unsure.asked.length > 0) unsure.isRegular = false
    }
    this.#askedSince = 0
    this.#isHoled = false
  }

  #says(what: 'request' | 'answering' | 'answer' | 'nothing', timeNs: number): void {
    this.#lastSaid = what
    this.#lastNs = timeNs
  }

  #holed(): void {
    this.#hasHoles = true
    this.#isHoled = true
    this.#quiet = undefined
  }

  #push(asked: Asked<H>): void {
    const unsure = this.#unsure
    if (!unsure) this.#waiting.push(asked)
    else if (unsure.asked.push(asked) > MAX_UNSURE) this.#unsure = unsure.behindRequests(0, 0)
  }

  #unsureAnswer(unsure: Unsure<H>): Answer<H> {
    this.#unsure = unsure
    const hint = unsure.asked.at(-1)?.hint
    const said: Answer<H> = { seq: -1, hint, certainty: 'tentative', done: false, endNs: 0 }
    unsure.answered(said)
    if (unsure.answers.length > MAX_UNSURE) this.#unsure = unsure.behindResponses(0, 0)
    this.#narrowed()
    return said
  }

  /** No more requests went by unseen so far than `unseen`. */
  #knowsRequests(unseen: number): void {
    const unsure = this.#unsure
    if (!unsure || !this.#isCausal) return
    if (!unsure.knowsRequests(unseen)) {
      this.#isCausal = false
      unsure.loosen()
    }
    if (unseen === 0) this.#narrowed()
  }

  #narrowed(): void {
    const shift = this.#unsure?.only
    if (shift !== undefined) this.#resolve(shift)
  }

  #resolve(shift: number, isSaid = false): void {
    const unsure = this.#unsure
    if (!unsure || !(isSaid || unsure.allows(shift))) return
    this.#unsure = undefined
    this.#quiet = undefined
    this.#waiting.push(...unsure.resolve(shift))
  }

  /** Nothing was lost at its beginning. Where what was counted before contradicts it, what is behind it is sure all the same. */
  #endQuiet({ shift, asked }: Quiet): void {
    const unsure = this.#unsure
    if (shift !== undefined) this.#resolve(shift)
    if (!unsure || unsure !== this.#unsure) return
    unsure.refute()
    this.#unsure = undefined
    this.#waiting = unsure.asked.slice(asked)
  }

  /** Every request so far has its response. */
  #allAnswered(): void {
    const unsure = this.#unsure
    if (unsure && this.#waiting.length === 0 && this.#lastSaid !== 'request')
      this.#resolve(unsure.allAnswered)
  }

  /** Has there been a silence before `nowNs`? */
  #hear(nowNs: number): void {
    const unsure = this.#unsure
    if (!unsure || this.#waiting.length > 0 || this.#lastSaid !== 'answer') return
    // The server waits for the rest of a request.
    if (this.#asked > 0 && this.#askedEndNs === 0) return
    const silence = nowNs - Math.max(this.#lastNs, this.#askedEndNs)
    const isCertain = (silence >= CONFIRM_NS && this.#isTrusted) || (silence >= LOSSES_NS && this.#isLossless)
    if (isCertain) this.#allAnswered()
    else if (silence >= Math.max(this.#mayPipeline ? QUIET_NS : CONFIRM_NS, 4 * this.#slowestNs))
      this.#quiet ??= {
        shift: this.#isRegular ? unsure.allAnswered : undefined,
        asked: unsure.asked.length,
        isAsked: false,
        silence,
      }
  }

  /**
   * As long as a request is being sent the server has time for those before it. When it says nothing meanwhile, they have
   * their answers.
   */
  #uploadQuiet(): Quiet | undefined {
    const unsure = this.#unsure
    if (!unsure || this.#waiting.length > 0 || this.#askedSince !== 1 || this.#isHoled) return undefined
    if (this.#lastSaid !== 'request') return undefined
    const silence = this.#askedEndNs - Math.max(this.#askedNs, this.#answerEndNs)
    if (silence < QUIET_NS) return undefined
    const shift = this.#isRegular ? unsure.allAnswered + 1 : undefined
    return { shift, asked: unsure.asked.length - 1, isAsked: true, silence }
  }

  /** Every response has a request, as far as anyone knows; some servers say once more something that nobody asked for. */
  get #isRegular(): boolean {
    return this.#pipelines || this.#hasHoles || (this.#unsure?.isRegular ?? true)
  }

  #decide(nowNs: number, final: boolean): void {
    this.#hear(nowNs)
    if (!final) return
    this.#knowsRequests(0)
    if (this.#quiet) this.#endQuiet(this.#quiet)
    else if (this.#isLossless || this.#isTrusted) this.#allAnswered()
    this.#unsure?.refute()
  }
}

function drop(frames: unknown[], count: number): void {
  if (count === frames.length) frames.length = 0
  else if (count > 0) frames.splice(0, count)
}
