/**
 * Requests that wait, by what their answers repeat: an answer belongs to the oldest request with its key. A server reads in order, so quiet
 * requests before one that is answered have no answer any more. Every step takes a bounded time.
 */

export interface Keyed {
  readonly key: number
  readonly held: number
  /** In the order in which they were asked. */
  readonly number: number
  readonly isQuiet: boolean
}

interface Queue<Q> {
  readonly requests: Q[]
  first: number
}

/** Those in front of a queue that have left are cut off when there are so many. */
const MOST_LEFT = 1024

export class Waiting<Q extends Keyed> {
  readonly #limit: number
  /** In order. */
  readonly #all = new Set<Q>()
  readonly #quiet = new Set<Q>()
  /** Those of each key, in order; quiet and other ones have other keys. */
  readonly #byKey = new Map<number, Queue<Q>>()
  #held = 0

  /** `limit`: requests that wait at most. */
  constructor(limit: number) {
    this.#limit = limit
  }

  get held(): number {
    return this.#held
  }

  get size(): number {
    return this.#all.size
  }

  get oldestQuiet(): Q | undefined {
    const [first] = this.#quiet
    return first
  }

  /** In order. */
  all(): Iterable<Q> {
    return this.#all
  }

  quiet(): Iterable<Q> {
    return this.#quiet
  }

  get #oldest(): Q | undefined {
    const [first] = this.#all
    return first
  }

  /** Adds a request; the oldest one leaves where there are too many. */
  ask(request: Q): Q | undefined {
    const oldest = this.#all.size >= this.#limit ? this.#oldest : undefined
    if (oldest) this.remove(oldest)
    this.#all.add(request)
    if (request.isQuiet) this.#quiet.add(request)
    this.#held += request.held
    const queue = this.#byKey.get(request.key)
    if (queue) queue.requests.push(request)
    else this.#byKey.set(request.key, { requests: [request], first: 0 })
    return oldest
  }

  /** The oldest request under a key; it goes on waiting. */
  find(key: number): Q | undefined {
    const queue = this.#byKey.get(key)
    return queue?.requests[queue.first]
  }

  /** Takes out the oldest one under its key. */
  remove(request: Q): void {
    if (!this.#all.delete(request)) return
    this.#quiet.delete(request)
    this.#held -= request.held
    const queue = this.#byKey.get(request.key)!
    queue.first++
    if (queue.first === queue.requests.length) this.#byKey.delete(request.key)
    else if (queue.first > MOST_LEFT) {
      queue.requests.splice(0, queue.first)
      queue.first = 0
    }
  }
}
