/** The kernel's accounting of the calling thread's time. */
import { openSync, readSync } from 'node:fs'

/** Room for three numbers, two of them with up to 20 digits. */
const LINE_BYTES = 64

/** Reads /proc/thread-self/schedstat: time on a processor, time in which it waited for one (both ns), turns. */
export class ThreadTime {
  readonly #file: number | undefined
  readonly #line = Buffer.alloc(LINE_BYTES)

  /** Opens the file of the calling thread; only that thread may read it. */
  constructor(path = '/proc/thread-self/schedstat') {
    try {
      this.#file = openSync(path, 'r')
    } catch {
      // A kernel without CONFIG_SCHED_INFO.
    }
  }

  /** Milliseconds since the thread's start in which it was ready to run and others ran; 0 where the kernel doesn't tell. Takes 1 µs. */
  queuedMs(): number {
    if (this.#file === undefined) return 0
    const length = readSync(this.#file, this.#line, 0, LINE_BYTES, 0)
    const [, queuedNs] = this.#line.toString('latin1', 0, length).split(' ', 2)
    return Number(queuedNs) / 1e6
  }
}
