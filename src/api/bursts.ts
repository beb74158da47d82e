/**
 * Counts the requests that each connection sends at once. The web server reads and answers all that one connection has sent before it
 * looks at the next one, so that thousands of pipelined requests would keep all other clients waiting.
 */

/** Requests of one connection in one turn of the event loop. Browsers send one at a time (RFC 9112 §9.3.2 allows more). */
const MOST_AT_ONCE = 2

export class Bursts {
  readonly #counts = new Map<string, number>()

  /** Whether this request is one too many. */
  isBeyond({ address, port }: { readonly address: string; readonly port: number }): boolean {
    // Run once all connections have been looked at.
    if (this.#counts.size === 0) setImmediate(() => this.#counts.clear())
    const key = `${address} ${port}`
    const count = (this.#counts.get(key) ?? 0) + 1
    this.#counts.set(key, count)
    return count > MOST_AT_ONCE
  }
}
