/** Measures how long the capture thread stays away from the ring: events wait there meanwhile, and are lost once the ring is full. */
import { type Counters, TOO_LONG_AWAY_MS } from '../health/counters'

const SECONDS = 60

export interface LongestAbsence {
  readonly ms: number
  /** The part of it in which the thread was ready to run and the kernel ran others. */
  readonly queuedMs: number
  /** The part in which it neither ran nor was ready to: it waited for the disk, for memory, or for another thread. The rest is its own work. */
  readonly blockedMs: number
}

/** Milliseconds since the thread's start in which it was on a processor, and in which it was ready to run and didn't. */
export interface Spent {
  readonly cpuMs: number
  readonly queuedMs: number
}

type AbsenceCounters = Pick<
  Counters,
  | 'absences'
  | 'ownAbsences'
  | 'blockedAbsences'
  | 'absentNs'
  | 'absentQueuedNs'
  | 'absentBlockedNs'
  | 'absentDiskNs'
>

export class Absence {
  readonly #counters: AbsenceCounters
  /** When it should look at the ring again; undefined before its first look: opening everything is no absence. */
  #dueMs: number | undefined
  /** Until when it intends to pause, even if it looks earlier. */
  #restUntilMs = Number.NEGATIVE_INFINITY
  /** Its times at the last look. */
  #spent: Spent = { cpuMs: 0, queuedMs: 0 }
  /** Since then, time in the store in which it neither ran nor was ready to. */
  #diskMs = 0
  /** The longest absence of each second, by its number modulo `SECONDS`; and which second that was. */
  readonly #longest = new Float64Array(SECONDS)
  readonly #longestQueued = new Float64Array(SECONDS)
  readonly #longestBlocked = new Float64Array(SECONDS)
  readonly #second = new Float64Array(SECONDS)

  constructor(counters: AbsenceCounters) {
    this.#counters = counters
  }

  /** The thread looks at the ring. */
  back(nowMs: number, spent: Spent): void {
    const awayMs = Math.max(0, nowMs - (this.#dueMs ?? nowMs))
    const queuedMs = within(awayMs, spent.queuedMs - this.#spent.queuedMs)
    // Work during the pause before counts as well: the result may be too large, but never too small.
    const ownMs = within(awayMs - queuedMs, spent.cpuMs - this.#spent.cpuMs)
    const blockedMs = awayMs - queuedMs - ownMs
    this.#spent = spent
    this.#dueMs = Math.max(nowMs, this.#restUntilMs)
    if (awayMs > TOO_LONG_AWAY_MS) this.#count({ ms: awayMs, queuedMs, blockedMs })
    this.#diskMs = 0
    const second = Math.floor(nowMs / 1000)
    const place = second % SECONDS
    const isNew = this.#second[place] !== second
    this.#second[place] = second
    if (!isNew && awayMs <= this.#longest[place]!) return
    this.#longest[place] = awayMs
    this.#longestQueued[place] = queuedMs
    this.#longestBlocked[place] = blockedMs
  }

  #count({ ms, queuedMs, blockedMs }: LongestAbsence): void {
    const counters = this.#counters
    counters.absences++
    if (ms - queuedMs - blockedMs > TOO_LONG_AWAY_MS) counters.ownAbsences++
    else if (ms - queuedMs > TOO_LONG_AWAY_MS) counters.blockedAbsences++
    counters.absentNs += Math.round(ms * 1e6)
    counters.absentQueuedNs += Math.round(queuedMs * 1e6)
    counters.absentBlockedNs += Math.round(blockedMs * 1e6)
    counters.absentDiskNs += Math.round(within(blockedMs, this.#diskMs) * 1e6)
  }

  /** A step of the store lasted so long, and took so much of the thread's times. */
  stored(lastedMs: number, { cpuMs, queuedMs }: Spent): void {
    this.#diskMs += Math.max(0, lastedMs - cpuMs - queuedMs)
  }

  /** The thread intends to pause from now on, which is no absence. */
  rest(nowMs: number, ms: number): void {
    this.#restUntilMs = nowMs + ms
    if (this.#dueMs !== undefined) this.#dueMs += ms
  }

  /** The thread pauses for less time than it intended. */
  wake(nowMs: number): void {
    this.#restUntilMs = Math.min(this.#restUntilMs, nowMs)
  }

  /** The longest absence of the last minute. */
  longest(nowMs: number): LongestAbsence {
    const first = Math.floor(nowMs / 1000) - SECONDS
    let longest = { ms: 0, queuedMs: 0, blockedMs: 0 }
    for (let i = 0; i < SECONDS; i++)
      if (this.#second[i]! > first && this.#longest[i]! > longest.ms)
        longest = {
          ms: this.#longest[i]!,
          queuedMs: this.#longestQueued[i]!,
          blockedMs: this.#longestBlocked[i]!,
        }
    return longest
  }
}

const within = (most: number, ms: number): number => Math.max(0, Math.min(most, ms))
