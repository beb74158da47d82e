/** Measures how long the capture thread stays away from the ring: events wait there meanwhile, and are lost once the ring is full. */
import { type Counters, TOO_LONG_AWAY_MS } from '../health/counters'

const SECONDS = 60

export interface LongestAbsence {
  readonly ms: number
  /** The part of it in which the thread was ready to run and the kernel ran others. */
  readonly queuedMs: number
}

type Counted = Pick<Counters, 'absences' | 'ownAbsences' | 'absentNs' | 'absentQueuedNs'>

export class Absence {
  readonly #counters: Counted
  /** When it should look at the ring again; undefined before its first look: opening everything is no absence. */
  #dueMs: number | undefined
  /** Until when it intends to pause, even if it looks earlier. */
  #restUntilMs = Number.NEGATIVE_INFINITY
  #queuedMs = 0
  /** The longest absence of each second, by its number modulo `SECONDS`; and which second that was. */
  readonly #longest = new Float64Array(SECONDS)
  readonly #longestQueued = new Float64Array(SECONDS)
  readonly #second = new Float64Array(SECONDS)

  constructor(counters: Counted) {
    this.#counters = counters
  }

  /** The thread looks at the ring. `queuedMs`: the time since its start in which it was ready to run and didn't. */
  back(nowMs: number, queuedMs: number): void {
    const awayMs = nowMs - (this.#dueMs ?? nowMs)
    const awayQueuedMs = Math.max(0, Math.min(awayMs, queuedMs - this.#queuedMs))
    this.#queuedMs = queuedMs
    this.#dueMs = Math.max(nowMs, this.#restUntilMs)
    if (awayMs > TOO_LONG_AWAY_MS) this.#count(awayMs, awayQueuedMs)
    const second = Math.floor(nowMs / 1000)
    const place = second % SECONDS
    const isNew = this.#second[place] !== second
    this.#second[place] = second
    if (!isNew && awayMs <= this.#longest[place]!) return
    this.#longest[place] = Math.max(0, awayMs)
    this.#longestQueued[place] = awayQueuedMs
  }

  #count(awayMs: number, queuedMs: number): void {
    const counters = this.#counters
    counters.absences++
    if (awayMs - queuedMs > TOO_LONG_AWAY_MS) counters.ownAbsences++
    counters.absentNs += Math.round(awayMs * 1e6)
    counters.absentQueuedNs += Math.round(queuedMs * 1e6)
  }

  /** The thread intends to pause from now on, which is no absence. */
  rest(nowMs: number, ms: number): void {
    this.#restUntilMs = nowMs + ms
    if (this.#dueMs !== undefined) this.#dueMs += ms
  }

  /** It doesn't rest for as long as it meant to. */
  wake(nowMs: number): void {
    this.#restUntilMs = Math.min(this.#restUntilMs, nowMs)
  }

  /** The longest absence of the last minute. */
  longest(nowMs: number): LongestAbsence {
    const first = Math.floor(nowMs / 1000) - SECONDS
    let longest = { ms: 0, queuedMs: 0 }
    for (let i = 0; i < SECONDS; i++)
      if (this.#second[i]! > first && this.#longest[i]! > longest.ms)
        longest = { ms: this.#longest[i]!, queuedMs: this.#longestQueued[i]! }
    return longest
  }
}
