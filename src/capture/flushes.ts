/** Before a query everything captured so far is stored; this bounds how often the capture thread is asked to. */

/** The least time between two requests, so that chunks don't get too small. */
const EVERY_MS = 200
/** The longest wait of a query for the answer. */
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

  /** Resolves when everything captured before this call can be read, or after the longest wait. */
  ask(): Promise<void> {
    // A request that was already sent may cover less than this call needs: all calls that come meanwhile share the next one.
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
