/** How much memory of this process is resident. */
import { KeptLine } from './kept-line'
import { pageBytes } from './libc'

/** Reads /proc/self/statm (proc_pid_statm(5)): the whole size, what is resident, …, in pages. */
export class ResidentSize {
  readonly #line: KeptLine

  constructor(path = '/proc/self/statm') {
    this.#line = new KeptLine(path)
  }

  /** 0 where the kernel doesn't tell. */
  bytes(): number {
    const [, pages = 0] = this.#line.words()
    return Number(pages) * pageBytes()
  }
}
