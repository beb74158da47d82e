/** Signs of life of the capture thread: it counts in shared memory, main looks. No message has to get through. */

export const PULSE_BYTES = 4

/** The thread's end. */
export class Pulse {
  readonly #beats: Int32Array

  constructor(shared: SharedArrayBuffer) {
    this.#beats = new Int32Array(shared)
  }

  beat(): void {
    Atomics.add(this.#beats, 0, 1)
  }
}

/** A thread that works beats at least every 100 ms; ten times that on a machine that is short of processors. */
const SILENT_MS = 1000

/** Main's end. Times are milliseconds of any one clock that nobody sets. */
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

  /** To be called a few times a second. */
  look(nowMs: number): void {
    const beats = Atomics.load(this.#beats, 0)
    // Where main itself was stopped, and so perhaps the whole machine, that is not the thread's silence.
    this.#watchedMs += Math.min(nowMs - this.#lookedMs, SILENT_MS)
    this.#lookedMs = nowMs
    if (beats === this.#seen) return
    this.#seen = beats
    this.#seenMs = nowMs
    this.#watchedMs = 0
  }

  /** Since the last sign of life; 0 while that is nothing to speak of. */
  silentMs(nowMs: number): number {
    const silent = nowMs - this.#seenMs
    return silent > SILENT_MS ? silent : 0
  }

  /** Of that silence, what main was awake for. */
  get watchedMs(): number {
    return this.#watchedMs
  }
}
