/** What the kernel says of the time of the calling thread. */
import { openSync, readSync } from 'node:fs'

/** Two numbers of up to 20 digits and a third. */
const LINE_BYTES = 64

/** Reads /proc/thread-self/schedstat: time on a processor, time in which it waited for one (both ns), turns. */
export class ThreadTime {
  readonly #file: number | undefined
  readonly #line = Buffer.alloc(LINE_BYTES)

  /** Of the thread that calls this, which is the one that may read it. */
  constructor(path = '/proc/thread-self/schedstat') {
    try {
      this.#file = openSync(path, 'r')
    } catch {
      // A kernel without CONFIG_SCHED_INFO.
    }
  }

  /** Milliseconds in which the thread was ready to run and others ran, in all its life; 0 where the kernel doesn't say. Takes 1 µs. */
  queuedMs(): number {
    if (this.#file === undefined) return 0
    const length = readSync(this.#file, this.#line, 0, LINE_BYTES, 0)
    const [, queuedNs] = this.#line.toString('latin1', 0, length).split(' ', 2)
    return Number(queuedNs) / 1e6
  }
}
