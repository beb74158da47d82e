/** Fewer bytes are over before the kernel hears that nobody wants them; it looks 1 GiB ahead. */
const LEAST = 64 << 10
const MOST = 2 ** 30

/** Tells the kernel of one direction's bytes that nobody reads, such as a long body's: then they aren't captured. */
export class LeaveOut {
  readonly #tell: (until: number) => void
  /** The kernel leaves out what is before this offset. */
  #until: number | undefined

  constructor(tell: (until: number) => void) {
    this.#tell = tell
  }

  /** The bytes before the offset `next` are dealt with; of those behind it so many aren't wanted. */
  follow(next: number, unwanted: number): void {
    const isAhead = this.#until !== undefined && ((this.#until - next) | 0) > 0
    if (isAhead && unwanted === 0) {
      // Nobody knows any more where what isn't wanted ends.
      this.#tell(next)
      this.#until = undefined
    } else if (!isAhead && unwanted >= LEAST) {
      this.#until = (next + Math.min(unwanted, MOST)) >>> 0
      this.#tell(this.#until)
    }
  }
}
