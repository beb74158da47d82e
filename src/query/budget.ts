/** What a run may take: memory by accounting, time, and the wish of whoever asked. */
import { NixieError } from '../errors'

export interface Limits {
  /** Rows per result table. */
  readonly rows: number
  /** Bytes of vectors alive at once, by accounting. */
  readonly memoryBytes: number
  readonly deadlineMs: number
}

export class Budget {
  readonly limits: Limits
  readonly #cancelled: () => boolean
  readonly #ends: number
  #held = 0
  #peak = 0

  constructor(limits: Limits, cancelled: () => boolean) {
    this.limits = limits
    this.#cancelled = cancelled
    this.#ends = performance.now() + limits.deadlineMs
  }

  get peakBytes(): number {
    return this.#peak
  }

  /** Accounts for bytes that stay until they are released (negative: released). */
  hold(bytes: number): void {
    this.#held += bytes
    if (this.#held > this.#peak) this.#peak = this.#held
    if (this.#held <= this.limits.memoryBytes) return
    const mebibytes = Math.ceil(this.limits.memoryBytes / 2 ** 20)
    throw new NixieError(
      'limit_exceeded',
      `The query needs more than ${mebibytes} MiB of memory`,
      'Ask for a shorter time range, filter earlier, keep fewer columns or group by fewer.',
    )
  }

  /** Throws when the run is to end; cheap enough to call between batches and every thousand values. */
  checkpoint(): void {
    if (this.#cancelled()) throw new NixieError('cancelled', 'The query was cancelled')
    if (performance.now() <= this.#ends) return
    throw new NixieError(
      'deadline_exceeded',
      `The query took longer than ${this.limits.deadlineMs / 1000} s`,
      'Ask for a shorter time range or filter earlier.',
    )
  }
}
