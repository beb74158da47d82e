/** Signs of life of the capture thread: it counts in shared memory, and main looks at the count. No message is needed. */

export const PULSE_BYTES = 4

/** The capture thread's side. */
export class Pulse {
  readonly #beats: Int32Array

  constructor(shared: SharedArrayBuffer) {
    this.#beats = new Int32Array(shared)
  }

  beat(): void {
    Atomics.add(this.#beats, 0, 1)
  }
}

/** An idle thread beats once a second; on a machine short of processors it may take longer. */
const SILENT_MS = 1600

/** Main's side. Times are milliseconds of any clock that is never set. */
export class PulseWatch {
  readonly shared = new SharedArrayBuffer(PULSE_BYTES)
  readonly #beats = new Int32Array(this.shared)
  #seen = 0
  #seenMs: number
  #lookedMs: number
  #watchedMs = 0

  constructor(nowMs: number) {
    this.#seenMs = nowMs
    this.#lookedMs = nowMs
  }

  /** Call it at least once a second, and more often while the thread is silent. */
  look(nowMs: number): void {
    const beats = Atomics.load(this.#beats, 0)
    // While main itself was stopped, and perhaps the whole machine, the thread's silence doesn't count.
    this.#watchedMs += Math.min(nowMs - this.#lookedMs, SILENT_MS)
    this.#lookedMs = nowMs
    if (beats === this.#seen) return
    this.#seen = beats
    this.#seenMs = nowMs
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
