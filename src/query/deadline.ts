/** How long a run may work. The clock stands still while it is paused: waiting for a slow reader is no work. */
import { NixieError } from '../errors'

export const deadlineError = (ms: number) =>
  new NixieError(
    'deadline_exceeded',
    `The query took longer than ${ms / 1000} s`,
    'Ask for a shorter time range or filter earlier.',
  )

export class Deadline {
  #ms: number
  readonly #startedMs = performance.now()
  #pausedMs = 0

  /** Begins now. */
  constructor(ms: number) {
    this.#ms = ms
  }

  /** How long it has been paused in all. */
  get pausedMs(): number {
    return this.#pausedMs
  }

  /** The time that `wait` takes doesn't count. */
  pause(wait: () => void): void {
    const beganMs = performance.now()
    try {
      wait()
    } finally {
      this.#pausedMs += performance.now() - beganMs
    }
  }

  /** From now on it may work for so long since its beginning. */
  extend(ms: number): void {
    this.#ms = ms
  }

  /** @throws NixieError `deadline_exceeded` once the time is over */
  check(): void {
    if (performance.now() - this.#startedMs - this.#pausedMs > this.#ms) throw deadlineError(this.#ms)
  }
}
