/** The kernel's accounting of the calling thread's time. */
import { KeptLine } from './kept-line'

/** Reads /proc/thread-self/schedstat: time on a processor, time in which it waited for one (both ns), turns. */
export class ThreadTime {
  readonly #line: KeptLine

  /** Opens the file of the calling thread; only that thread may read it. Without CONFIG_SCHED_INFO there is none. */
  constructor(path = '/proc/thread-self/schedstat') {
    this.#line = new KeptLine(path)
  }

  /** Milliseconds since the thread's start in which it was ready to run and others ran; 0 where the kernel doesn't tell. */
  queuedMs(): number {
    const [, queuedNs = 0] = this.#line.words()
    return Number(queuedNs) / 1e6
  }
}
