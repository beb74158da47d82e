/** Queries ask that what was captured up to now be stored; the capture thread is asked seldom enough. */

/** At most so often, so that chunks stay worth their while. */
const EVERY_MS = 200
/** A query waits no longer than this, answered or not. */
const PATIENCE_MS = 400

export class Flushes {
  readonly #send: () => Promise<void>
  #last: Promise<void> = Promise.resolve()
  #lastMs = Number.NEGATIVE_INFINITY
  #next: Promise<void> | undefined

  /** `send` asks the thread, and resolves once it has stored everything. */
  constructor(send: () => Promise<void>) {
    this.#send = send
  }

  /** Resolves when all that was captured before this call can be read, or patience ends. */
  ask(): Promise<void> {
    // One that was sent already may have been answered for what was there before: all who come meanwhile share the next.
    this.#next ??= this.#begin()
    return Promise.race([this.#next, Bun.sleep(PATIENCE_MS)])
  }

  async #begin(): Promise<void> {
    await this.#last
    await Bun.sleep(Math.max(0, this.#lastMs + EVERY_MS - performance.now()))
    this.#next = undefined
    this.#lastMs = performance.now()
    this.#last = this.#send()
    await this.#last
  }
}
