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
 * - **Silence.** When the server spoke last and then both are silent for 0.3 s (and four times as long as any response took
 *   so far, the next one too), everything was answered. It counts once the next request and the next response show that
 *   nothing was lost at its beginning. So it is when the server says nothing for so long while a request is being sent.
 * - **Turns.** A client that is known to wait for each answer has everything answered when it asks again: one that had a single
 *   request outstanding for sure in some exchanges, and looks like it in MIN_TURNS; on a connection whose beginning was not
 *   seen, one whose pauses tell so (`Patience`).
 * - **A server that says nothing** for 2 s, and long more than it ever took, where nothing was lost and the client never had two
 *   requests outstanding, has answered all: if this is its own end. The other may have the answer and not have read it.
 * - **Lengths.** Where all messages of a side are equally long, the bytes since the opening count them: `EvenLengths`.
 *
 * Not told apart: a server that has several requests to answer, and is silent for longer than that all the same.
 */
import { EvenLengths } from './even-lengths'
import { Patience } from './patience'
import { type Answering, type Numbered, type Pairs, takePairs } from './take-pairs'
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
import { LOSSLESS, type Watched } from './watched'

export type { Answer, Certainty, Hole }

/** All requests of a client that takes turns are answered when the server spoke last and this long a silence followed. */
const CONFIRM_NS = 100e6
/** The same for any other client. */
const QUIET_NS = 300e6
/** If no later exchange confirms a silence, it must be this many times as long as the slowest response. */
const TIMES_SLOWEST = 64
/** Fewer responses than this don't show how slow the server can be: the silence must then be longer in proportion. */
const FEW_RESPONSES = 16
/** A loss becomes known up to a second later. */
const LOSSES_NS = 2e9
/** With more requests than this without a response nobody answers, or the responses aren't captured. */
const MAX_OUTSTANDING = 8192
/** Messages that wait to become sure, at most. */
const MAX_UNSURE = 512
/** A client that has waited this often for the response, and never asked before it came, is assumed to do so always. */
const MIN_TURNS = 16
/** After this many requests the shortest one shows how short a client's requests are. */
const MIN_SEEN = 3

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

  /** Since when the server could have said something before the last request; -1: the client didn't wait for it. */
  #pauseFromNs = -1
  #responses = 0
  /** Made when it is first asked: few connections need it. */
  #patience: Patience | undefined
  /** Of a connection of which the beginning wasn't seen. */
  readonly #lengths: EvenLengths | undefined
  readonly #link: Watched

  /** `isWhole`: the connection is seen from its first byte on. */
  constructor(isWhole = true, link: Watched = LOSSLESS) {
    this.#link = link
    if (isWhole) return
    this.#lengths = new EvenLengths()
    this.#unsure = new Unsure<H>(0, Number.POSITIVE_INFINITY)
    if (link.restingNs === undefined) return
    // As if the server had spoken then. Anything that it did say was earlier.
    this.#answerEndNs = link.restingNs
    this.#says('answer', link.restingNs)
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

  /** A request's head was read; returns its number. `bytes`: the length of what is the same in every request's head; `at`: see `EvenLengths`. */
  requestBegins(hint: H, timeNs: number, bytes = LEAST_BYTES, at?: number): number {
    this.#lengths?.asks(at)
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
    const isPause = this.#lastSaid === 'answer' && (this.#asked === 0 || this.#askedEndNs > 0)
    this.#pauseFromNs = isPause ? Math.max(this.#answerEndNs, this.#askedEndNs) : -1
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

  responseBegins(timeNs: number, at?: number): Answer<H> {
    this.#lengths?.answers(at)
    if (this.#lastSaid === 'request') this.#slowestNs = Math.max(this.#slowestNs, timeNs - this.#lastNs)
    this.#responses++
    this.#quiet ??= this.#uploadQuiet()
    this.#weigh(timeNs)
    if (this.#quiet?.isAsked && this.#tells(this.#quiet)) this.#endQuiet(this.#quiet)
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

  /** Takes what belongs together out of the two queues: see `takePairs`. `final`: the connection has ended. */
  take<Q extends Numbered, P extends Answering<H>>(
    requests: Q[],
    responses: P[],
    nowNs: number,
    final: boolean,
    pairs: Pairs<Q, P>,
  ): void {
    if (this.#unsure) this.#decide(nowNs, final)
    takePairs(requests, responses, final, pairs)
    if (!final) return
    for (const request of requests.splice(0)) {
      if (this.isUnanswered(request)) pairs.unanswered(request, nowNs)
      else pairs.drop(request)
    }
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
    if (turns < 4) return false
    if (this.#proven < 4) return this.#isPatient
    return this.#turns >= MIN_TURNS && this.#turns + 8 * turns >= 64
  }

  get #mayPipeline(): boolean {
    return !this.#takesTurns && (this.#pipelines || this.#turns < MIN_TURNS)
  }

  /** The client's pause before the request that is answered now, if this is a turn. */
  #weigh(timeNs: number): void {
    const { unreadNs, asleepNs, isAtServer } = this.#link
    const isTurn = this.#askedSince === 1 && !this.#isHoled && this.#lastSaid === 'request'
    // The server had said something that the client didn't read before it asked, or the other way round.
    if (this.#unsure && this.#proven < 4) this.#patience ??= new Patience(this.#link.restingNs !== undefined)
    const isUnread = unreadNs >= this.#askedNs
    if (isUnread) this.#quiet = undefined
    if (!isTurn || isUnread) this.#patience?.broken()
    else {
      const askedNs = this.#askedEndNs || this.#askedNs
      const fromNs = this.#pauseFromNs < 0 ? Math.max(this.#askedNs, this.#answerEndNs) : this.#pauseFromNs
      // The server's thread slept until the request came, and not since.
      const isInOneGo = isAtServer && asleepNs >= this.#askedNs && asleepNs <= askedNs
      this.#patience?.exchanged(askedNs - fromNs, timeNs - askedNs, isInOneGo, askedNs - this.#askedNs)
    }
  }

  /** Whether everything was answered in this silence, now that what follows it is there. */
  #tells({ silence }: Quiet): boolean {
    // Nothing shows whether its client waits, but that it always seems to.
    if (this.#takesTurns && this.#proven < 4) return this.#isPatient
    // Behind holes of a connection of which nobody saw the beginning a silence must be longer.
    const isUnseen = this.#lengths !== undefined && !this.#pipelines && this.#proven < 4
    return silence >= Math.max(isUnseen ? 16 : 6, FEW_RESPONSES / this.#responses) * this.#slowestNs
  }

  get #isPatient(): boolean {
    return this.#patience?.isShown ?? false
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
    if (unsure.asked.length > 0 && this.#lengths?.tells()) this.#resolve(unsure.allAnswered)
    if (this.#unsure && unsure.answers.length > MAX_UNSURE) this.#unsure = unsure.behindResponses(0, 0)
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

  /** The server has said nothing for so long that it has nothing left to say. */
  #isOver(silence: number, leastNs: number): boolean {
    if (!this.#isLossless || !this.#link.isAtServer || this.#lastSaid !== 'answer') return false
    return silence >= Math.max(leastNs, TIMES_SLOWEST * this.#slowestNs)
  }

  /** Notices a silence before `nowNs`. */
  #hear(nowNs: number): void {
    const unsure = this.#unsure
    if (!unsure || this.#waiting.length > 0 || this.#lastSaid !== 'answer') return
    // The server waits for the rest of a request.
    if (this.#asked > 0 && this.#askedEndNs === 0) return
    const silence = nowNs - Math.max(this.#lastNs, this.#askedEndNs)
    const isCertain = silence >= CONFIRM_NS && this.#isTrusted
    if (isCertain || this.#isOver(silence, LOSSES_NS)) this.#allAnswered()
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
    if (this.#quiet && this.#tells(this.#quiet)) this.#endQuiet(this.#quiet)
    else if (this.#isTrusted || this.#isOver(nowNs - this.#lastNs, QUIET_NS)) this.#allAnswered()
    this.#unsure?.refute()
  }
}
