/** Counts the open streams of each client: a stream may hold a query thread for as long as it is read. */
import { NixieError } from '../errors'

/** A person looks at one, a program at two or three. */
export const MOST_STREAMS = 4

export class OpenStreams {
  readonly #open = new Map<string, number>()

  /**
   * Counts one more stream. Call the returned function when it ends.
   * @throws NixieError `too_many_requests` when the client has as many as it may
   */
  take(client: string): () => void {
    const open = this.#open.get(client) ?? 0
    if (open >= MOST_STREAMS) {
      const hint =
        'Read one to its end, or close its connection, then ask again. JSON of up to 10,000 rows is no stream.'
      throw new NixieError('too_many_requests', `You have ${open} streams open already`, hint)
    }
    this.#open.set(client, open + 1)
    let isOver = false
    return () => {
      if (isOver) return
      isOver = true
      const left = this.#open.get(client)! - 1
      if (left > 0) this.#open.set(client, left)
      else this.#open.delete(client)
    }
  }
}
