/**
 * Whether a client waits for each answer, on a connection whose beginning was not seen.
 *
 * Strict turns don't tell: a client that always has two requests outstanding takes them, too, one behind. Pauses do. A server that
 * still has something to answer says it in a pause of its client, when that is longer than the server ever takes. So each pause
 * in which the server said nothing, and behind which the answer came at once, speaks for a client that waits. Chance makes some of
 * these: the server takes a little longer than the client's pause. It doesn't do so behind pauses of different lengths. A request
 * that takes long to be sent is such a pause, too, in which the server surely doesn't stand still.
 *
 * So do answers that a server gives in one go: its thread sleeps until the request comes, and doesn't sleep again before it has
 * answered. It can't have got anything else in between that an earlier request would have waited for.
 *
 * Only what was said counts: the end that asks may have the answer before it reads it, so a pause in which bytes came that it
 * hadn't read tells nothing, and neither does one behind which something was missing.
 */

/** A shorter silence is no pause: on a busy machine either process may have waited that long for a processor. */
const LEAST_PAUSE_NS = 10e6
const LONG_PAUSE_NS = 300e6
/** A pause is at least this many times as long as the server's slowest recent answer. */
const TIMES_SLOWEST = 4
/** One pause alone is proof if it is this many times as long as the slowest answer: by chance that happens with one server in as many. */
const TIMES_ALONE = 256
/** The same on a connection that was found at rest: a client rarely rests while a request is outstanding. */
const TIMES_AT_REST = 16
const LEAST_REST_NS = 50e6
/** So are this many long pauses, if the longest is LONG_SPREAD times as long as the shortest. */
const LONG_PAUSES = 2
const LONG_SPREAD = 1.5
/** So are this many pauses of any length, if the longest is SPREAD times as long as the shortest. */
const PAUSES = 12
const SPREAD = 3
/** So are this many answers in one go, if they are at least this part of all answers. */
const GOES = 32
const MOST = 0.95
/** So are this many pauses, each TIMES_SHARP times as long as any recent answer; a request that took as long to send counts as SENT_COUNTS pauses. */
const SHARP = 6
const TIMES_SHARP = 64
const SENT_COUNTS = 3
/**
 * So are this many exchanges whose pauses scatter this much more than their answers. Where the server works on an earlier request in
 * the pause, a longer pause leaves a shorter rest of it: the answers scatter as much as the pauses, or more.
 */
const RECENT = 20
const TIMES_SCATTER = 3
/** This many of the shortest and of the longest recent times are left out: any machine is late now and then. */
const OUTLIERS = 2
/** So are this many pauses of this length in which nothing was sent, even if all are equally long: a server that always takes a little longer than the pause looks the same. */
const ALIKE = 40
const LEAST_ALIKE_NS = 200e6
/** A slow answer is forgotten slowly: half of it with the 23rd that follows. */
const FORGETS = 0.97

export class Patience {
  readonly #timesAlone: number
  readonly #leastAloneNs: number
  #slowestNs = 0
  #pauses = 0
  #alike = 0
  #longPauses = 0
  #shortestNs = Number.POSITIVE_INFINITY
  #longestNs = 0
  #turns = 0
  #goes = 0
  #sharp = 0
  #isShown = false
  /** Of the last exchanges in turns. */
  readonly #recent: { readonly pauseNs: number; readonly answerNs: number }[] = []

  /** `isAtRest`: nobody said anything when it was found. */
  constructor(isAtRest = false) {
    this.#timesAlone = isAtRest ? TIMES_AT_REST : TIMES_ALONE
    this.#leastAloneNs = isAtRest ? LEAST_REST_NS : LONG_PAUSE_NS
  }

  /** The client waits for each answer, as far as is known. */
  get isShown(): boolean {
    return this.#isShown
  }

  /**
   * One exchange in strict turns: the server said nothing for `pauseNs` (up to the end of the request), and
   * answered `answerNs` behind it, in one go or not. The request took `sentNs` to be sent.
   */
  exchanged(pauseNs: number, answerNs: number, isInOneGo = false, sentNs = 0): void {
    this.#turns++
    if (isInOneGo) this.#goes++
    this.#isShown ||= this.#goes >= GOES && this.#goes >= MOST * this.#turns
    this.#isShown ||= this.#scatters(pauseNs, answerNs)
    this.#weigh(pauseNs, answerNs, sentNs)
  }

  /** The turns are broken: two requests or two answers came in a row, or that isn't known. */
  broken(): void {
    this.#forget()
    this.#turns = 0
    this.#goes = 0
    this.#recent.length = 0
    this.#isShown = false
  }

  #scatters(pauseNs: number, answerNs: number): boolean {
    if (this.#isShown) return true
    this.#recent.push({ pauseNs, answerNs })
    if (this.#recent.length < RECENT) return false
    const pauses = scatterOf(this.#recent.map((one) => one.pauseNs))
    const answers = scatterOf(this.#recent.map((one) => one.answerNs))
    this.#recent.shift()
    return pauses >= LEAST_PAUSE_NS && pauses >= TIMES_SCATTER * answers
  }

  #weigh(pauseNs: number, answerNs: number, sentNs: number): void {
    const slowest = Math.max(this.#slowestNs, answerNs)
    this.#slowestNs = Math.max(this.#slowestNs * FORGETS, answerNs)
    // The server may well be silent for as long as in those pauses.
    if (answerNs >= this.#shortestNs / 2) this.#forget()
    if (pauseNs < Math.max(LEAST_PAUSE_NS, TIMES_SLOWEST * slowest)) return
    this.#pauses++
    if (pauseNs >= LEAST_ALIKE_NS && sentNs < LEAST_PAUSE_NS) this.#alike++
    if (pauseNs >= LONG_PAUSE_NS) this.#longPauses++
    const sharpNs = Math.max(LEAST_PAUSE_NS, TIMES_SHARP * slowest)
    if (pauseNs >= sharpNs) this.#sharp += sentNs >= sharpNs ? SENT_COUNTS : 1
    this.#shortestNs = Math.min(this.#shortestNs, pauseNs)
    this.#longestNs = Math.max(this.#longestNs, pauseNs)
    const spread = this.#longestNs / this.#shortestNs
    this.#isShown ||=
      (pauseNs >= this.#leastAloneNs && pauseNs >= this.#timesAlone * slowest) ||
      this.#sharp >= SHARP ||
      (this.#longPauses >= LONG_PAUSES && spread >= LONG_SPREAD) ||
      (this.#pauses >= PAUSES && spread >= SPREAD) ||
      this.#alike >= ALIKE
  }

  #forget(): void {
    this.#pauses = 0
    this.#alike = 0
    this.#longPauses = 0
    this.#sharp = 0
    this.#shortestNs = Number.POSITIVE_INFINITY
    this.#longestNs = 0
  }
}

/** How far apart the shortest and the longest of these are, without outliers. */
function scatterOf(times: number[]): number {
  times.sort((a, b) => a - b)
  return times.at(-1 - OUTLIERS)! - times[OUTLIERS]!
}
