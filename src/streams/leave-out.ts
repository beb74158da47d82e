/** The least and the most bytes to leave out: fewer have passed before the kernel learns of it, and it looks at most 1 GiB ahead. */
const LEAST = 64 << 10
const MOST = 2 ** 30

/** Tells the kernel which bytes of one direction aren't needed, such as a long body's, so that they aren't captured. */
export class LeaveOut {
  readonly #tell: (until: number) => void
  /** The kernel leaves out bytes before this offset. */
  #until: number | undefined

  constructor(tell: (until: number) => void) {
    this.#tell = tell
  }

  /** The bytes before the offset `next` have been read; so many of those after it aren't needed. */
  follow(next: number, unwanted: number): void {
    const isAhead = this.#until !== undefined && ((this.#until - next) | 0) > 0
    if (isAhead && unwanted === 0) {
      // The end of the unneeded bytes isn't known any more.
      this.#tell(next)
      this.#until = undefined
    } else if (!isAhead && unwanted >= LEAST) {
      this.#until = (next + Math.min(unwanted, MOST)) >>> 0
      this.#tell(this.#until)
    }
  }
}
