/**
 * Which request a response answers, on connections where only the order, or hardly more, tells it (HTTP/1, Redis, …).
 * A pair that might be wrong is never made.
 *
 * As long as no byte was lost the n-th response answers the n-th request. After a hole the following is known:
 *
 * - **Counting.** Requests before a hole in the requests are still answered in order. A hole between two requests held at least one
 *   request, and no more than its bytes have room for: mostly one. A response never begins before its request, so no more
 *   responses were lost than requests waited. Where only one number is possible the count is sure again.
 * - Otherwise later messages wait, with a range of possible numbers (`Unsure`), until something narrows it to one: more
 *   responses than requests, a response that names its request, or one of these:
 * - **Silence.** When the server spoke last and then neither side speaks for 0.3 s (and for four times as long as any response took
 *   so far, the next one too), everything was answered. The silence counts once the next request and the next response show that
 *   nothing was lost at its beginning. The same holds when the server is silent for so long while a request is being sent.
 * - **Turns.** A client that had one request outstanding at a time in MIN_TURNS exchanges, and never more, has all its
 *   answers when it sends the next request.
 * - **Nothing was lost** since the connection was joined, and its client has never had two requests outstanding: then all
 *   requests were answered when the server spoke last and 100 ms of silence followed, or the end.
 *
 * Two cases can't be told from these: a client that always has the same number of requests outstanding, on a connection that was
 * joined after its opening, looks like one that takes turns; and so does a server that is silent for longer than the above although
 * several requests wait.
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

/** All requests of a client that takes turns are answered when the server spoke last and this long a silence followed. */
const CONFIRM_NS = 100e6
/** The same for any other client. */
const QUIET_NS = 300e6
/** Exchanges in strict turns that are needed: with fewer, clients that nearly always have two requests outstanding seem to take turns. */
const STRICT_TURNS = 64
/** A loss becomes known up to a second later. */
const LOSSES_NS = 2e9
/** With more requests than this without a response nobody answers, or the responses aren't captured. */
const MAX_OUTSTANDING = 8192
/** Messages that wait to become sure, at most. */
const MAX_UNSURE = 512
/** A client that has waited for the response so often, and never sent a request before it came, is assumed to do so always. */
const MIN_TURNS = 16
/** So many requests tell how long a client's requests are at least. */
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

/** Receives the messages that are taken out of the queues. */
export interface Pairs<Q, P> {
  pair(request: Q, response: P): void
  /** The connection has ended, and it is sure that nobody answered. */
  unanswered(request: Q, nowNs: number): void
  /** Its other half was lost, or it isn't known which message that is. */
  drop(message: Q | P): void
}

/** How often anything was lost since the connection was first seen, on any connection. */
type Losses = { readonly losses: number }

const LOSSLESS: Losses = { losses: 0 }

export class Pairing<H> {
  /** Messages that wait, in order; nothing was lost among or before them. */
  #waiting: Asked<H>[] = []
  /** The messages after them, if it isn't known which belong together. */
  #unsure: Unsure<H> | undefined
  #asked = 0
  #pipelines = false
  /** Responses that came when exactly one request had been sent since the last response. */
  #turns = 0
  /** Those of them with surely nothing else outstanding. */
  #proven = 0
  /** Requests since the last response began, and whether bytes were lost since. */
  #askedSince = 0
  #isHoled = false
  /** A response was never seen before its request; with two threads of a client it may be. */
  #isCausal = true
  #hasHoles = false
  #lastNs = 0
  #lastSaid: 'nothing' | 'request' | 'answering' | 'answer' = 'nothing'
  /** The longest time after which a response came. */
  #slowestNs = 0
  /** A silence: the shift that follows from it, the number of requests by then, and whether one came after it. */
  #quiet: Quiet | undefined
  /** The last request: when it began, and when its last byte was moved (0 as long as that isn't known). */
  #askedNs = 0
  #askedEndNs = 0
  /** The end of the last answer, or of the hole after it. */
  #answerEndNs = 0
  /** The client sent bytes that weren't understood, and no response has begun since. */
  #asksUnknown = false
  #seen = 0
  #leastRequest = Number.POSITIVE_INFINITY

  readonly #link: Losses

  /** `isWhole`: the connection is seen from its first byte on. */
  constructor(isWhole = true, link: Losses = LOSSLESS) {
    this.#link = link
    if (!isWhole) this.#unsure = new Unsure<H>(0, Number.POSITIVE_INFINITY)
  }

  /** The client has had several requests outstanding. */
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

  /** A request's head was read; returns its number. `bytes`: the length of the part of the head that is the same in every request. */
  requestBegins(hint: H, timeNs: number, bytes = LEAST_BYTES): number {
    this.#hear(timeNs)
    if (this.#quiet) this.#quiet.isAsked = true
    this.#knowsRequests(0)
    // Perhaps two requests without a response between them.
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
    // It answers a request in a hole that isn't noticed yet.
    if (!asked) return this.#unsureAnswer(this.#unsure ?? new Unsure(0, 0))
    if (!this.#unsure) {
      // A further request that is already there was sent before this response came.
      if (this.#waiting.length > 0) this.#pipelines = true
      else this.#proven++
    }
    return answer(asked)
  }

  /** A response begins that names the request it answers: earlier requests will get no response. */
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

  /** The client sends something that isn't understood: the server may wait for the end of it. */
  asksUnknown(): void {
    this.#lastSaid = 'nothing'
    this.#quiet = undefined
    this.#asksUnknown = true
  }

  /** Requests, or parts of them, were lost; `requestGap` follows. */
  requestsMissed(): void {
    if (this.#isTrusted) this.#allAnswered()
    this.#holed()
    // It isn't known when they were sent: a silence before tells nothing.
    this.#lastSaid = 'nothing'
  }

  /** Requests, or parts of them, were lost. */
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

  /** Responses, or parts of them, were lost. If the hole isn't between two, the first of them still is the answer it was. */
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

  /** A response goes on that seemed to have ended: if there is a further request, the client didn't wait for its end. */
  responseGoesOn(): void {
    if (this.outstanding === 0) return
    this.#pipelines = true
    this.responseGap()
  }

  /** Earlier requests don't wait any longer, and it isn't known how many answers are still to come. */
  forget(): void {
    this.#unsure?.refute()
    this.#waiting = []
    this.#quiet = undefined
    this.#unsure = new Unsure<H>(0, Number.POSITIVE_INFINITY)
  }

  /**
   * Exchanges were left out on purpose: no earlier message belongs to a later one. `begins`: a request follows, and earlier
   * requests have their answers, unless the client doesn't wait for them. `take` with `final` is called next.
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
   * The current response has lasted for long: it answers the last request, if nothing was lost and the client has never
   * sent a request before an answer came.
   */
  runs(): void {
    if (this.#isLossless && this.#lastSaid === 'answering') this.#allAnswered()
  }

  /**
   * Takes pairs out of the two queues, in order. `final`: the connection has ended; that has cut the messages that are not
   * done, and both queues are empty afterwards.
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

  /** No loss is known, and nothing speaks against a client that takes turns. */
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

  /** At most `unseen` requests were lost so far. */
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

  /** Nothing was lost at the beginning of the silence. If it contradicts the count before it, the messages after it are sure all the same. */
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

  /** Notices a silence before `nowNs`. */
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
   * While a request is being sent the server has time for the earlier ones. If it is silent meanwhile, they have
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

  /** As far as is known every response has a request; some servers send one more that no request asked for. */
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
