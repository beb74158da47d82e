/** Limits of a run: memory by accounting, time, and cancelling by the client. */
import { NixieError } from '../errors'
import { Deadline } from './deadline'

export interface Limits {
  /** Rows per result table. */
  readonly rows: number
  /** Bytes of vectors alive at once, by accounting. */
  readonly memoryBytes: number
  readonly deadlineMs: number
}

/** Memory that the runs on all threads share. */
export interface MemoryShare {
  readonly limitBytes: number
  /** Sets this run's share to so many bytes. False, without a change, when all runs together would have too many. */
  take(bytes: number): boolean
  /** Throws when the process has too little memory left, whatever the accounting says. Called often. */
  check(): void
}

/** The share grows in steps of this size. */
const STEP = 1 << 20
/** The share shrinks only when this much is free. */
const SLACK = 4 * STEP

const mebibytes = (bytes: number): number => Math.ceil(bytes / 2 ** 20)

export class Budget {
  readonly limits: Limits
  readonly #cancelled: () => boolean
  readonly #share: MemoryShare | undefined
  readonly #deadline: Deadline
  #held = 0
  #taken = 0
  #peak = 0

  /** `deadline`: where the run has begun before, or goes on after this. */
  constructor(
    limits: Limits,
    cancelled: () => boolean,
    share?: MemoryShare,
    deadline = new Deadline(limits.deadlineMs),
  ) {
    this.limits = limits
    this.#cancelled = cancelled
    this.#share = share
    this.#deadline = deadline
  }

  get peakBytes(): number {
    return this.#peak
  }

  /** Accounts for bytes that stay until they are released (negative: released). Throws before they are too many. */
  hold(bytes: number): void {
    this.#held += bytes
    if (this.#held > this.#peak) this.#peak = this.#held
    if (this.#held > this.limits.memoryBytes) {
      throw new NixieError(
        'limit_exceeded',
        `The query needs more than ${mebibytes(this.limits.memoryBytes)} MiB of memory`,
        'Ask for a shorter time range, filter earlier, keep fewer columns or group by fewer.',
      )
    }
    if (this.#share && (this.#held > this.#taken || this.#held < this.#taken - SLACK)) this.#take(this.#share)
  }

  #take(share: MemoryShare): void {
    const wanted = Math.max(0, Math.ceil(this.#held / STEP) * STEP)
    if (!share.take(wanted)) {
      throw new NixieError(
        'limit_exceeded',
        `Queries that run at the same time need more than ${mebibytes(share.limitBytes)} MiB of memory together`,
        'Try again in a moment, or ask for less: a shorter time range, fewer columns.',
      )
    }
    this.#taken = wanted
    share.check()
  }

  /** Throws when the run is to end; cheap enough to call between batches and every thousand values. */
  checkpoint(): void {
    if (this.#cancelled()) throw new NixieError('cancelled', 'The query was cancelled')
    this.#share?.check()
    this.#deadline.check()
  }
}
