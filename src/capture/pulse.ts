/** Signs of life of the capture thread: it writes the time in shared memory, and main looks there. No message is needed. */

export const PULSE_BYTES = 8

/** The capture thread's side. */
export class Pulse {
  readonly #beat: Float64Array

  constructor(shared: SharedArrayBuffer) {
    this.#beat = new Float64Array(shared)
  }

  /** Milliseconds of this thread's clock, which begins anew with each thread. */
  beat(nowMs = performance.now()): void {
    this.#beat[0] = nowMs
  }
}

/** An idle thread beats once a second; on a machine short of processors it may take longer. */
const SILENT_MS = 1600
/** Of the time between two looks main counts this much as watched: while it was stopped itself, it saw nothing. */
const WATCHED_MS = 1250

/** Main's side. Times are milliseconds of any clock that is never set. */
export class PulseWatch {
  readonly shared = new SharedArrayBuffer(PULSE_BYTES)
  readonly #beat = new Float64Array(this.shared)
  #seen = 0
  /** Main's time of the last beat. */
  #seenMs: number
  /** How far main's clock is ahead of the thread's, and how long it took at least to see a beat. */
  #aheadMs = Number.POSITIVE_INFINITY
  #lookedMs: number
  #watchedMs = 0

  constructor(nowMs: number) {
    this.#seenMs = nowMs
    this.#lookedMs = nowMs
  }

  /** Call it at least once a second, and more often while the thread is silent. */
  look(nowMs: number): void {
    const beat = this.#beat[0]!
    // While main itself was stopped, and perhaps the whole machine, the thread's silence doesn't count.
    this.#watchedMs += Math.min(nowMs - this.#lookedMs, WATCHED_MS)
    this.#lookedMs = nowMs
    if (beat === this.#seen) return
    this.#seen = beat
    this.#aheadMs = Math.min(this.#aheadMs, nowMs - beat)
    this.#seenMs = beat + this.#aheadMs
    this.#watchedMs = 0
  }

  /** Milliseconds since the last sign of life; 0 while that is less than a working thread may take. */
  silentMs(nowMs: number): number {
    const silent = nowMs - this.#seenMs
    return silent > SILENT_MS ? silent : 0
  }

  /** The part of that silence in which main was awake. */
  get watchedMs(): number {
    return this.#watchedMs
  }
}
