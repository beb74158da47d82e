/**
 * Which request a response answers, where both carry a key: an id (DNS, Kafka, CQL, MongoDB), a tag (Mux), a stream or a
 * channel (HTTP/2, AMQP). Answers come in any order, and a lost message costs only its own exchange.
 *
 * - Of several requests under one key an answer belongs to the oldest that fits: ids are used again, and by more than one client.
 * - An answer that fits no request makes no row: the request was lost, or has been answered already.
 * - After answers may have been lost, a waiting request can still be answered, but it can no longer be called unanswered.
 * - Waiting requests are bounded in number and in bytes, and in number under one key; the oldest leave first.
 */

export interface KeyedLimits {
  readonly requests: number
  readonly bytes: number
}

const DEFAULT_LIMITS: KeyedLimits = { requests: 4096, bytes: 4 << 20 }

/** A request and its place among those that wait: one object, as many wait in a flood. */
export interface Waiting<K, Q> {
  readonly key: K
  readonly startNs: number
  /** Memory that it takes while it waits. */
  readonly bytes: number
  /** Its answer may have been lost; false at first. */
  isUnsure: boolean
  /** The next one under the key; undefined at first. */
  next: Q | undefined
}

/** Requests under one key at most, so that a search among them is short: a client has one, and repeats it a few times. */
const MAX_UNDER_KEY = 32

/** What becomes of requests that leave without an answer. */
export interface Leaving<Q> {
  /** It surely had no answer. */
  unanswered(request: Q): void
  /** Its answer may have been lost, or its memory was needed. */
  drop(request: Q): void
}

export class Keyed<K, Q extends Waiting<K, Q>> {
  /** In the order in which they were asked. */
  readonly #waiting = new Set<Q>()
  /** The oldest under each key. */
  readonly #byKey = new Map<K, Q>()
  readonly #leaving: Leaving<Q>
  readonly #limits: KeyedLimits
  #held = 0

  constructor(leaving: Leaving<Q>, limits: KeyedLimits = DEFAULT_LIMITS) {
    this.#leaving = leaving
    this.#limits = limits
  }

  get size(): number {
    return this.#waiting.size
  }

  /** Bytes of memory of all that wait here. */
  get held(): number {
    return this.#held
  }

  ask(request: Q): void {
    this.#append(request)
    this.#waiting.add(request)
    this.#held += request.bytes
    while (this.#waiting.size > this.#limits.requests || this.#held > this.#limits.bytes) this.#dropOldest()
  }

  /** Finds the oldest request under the key that fits; it goes on waiting. */
  find(key: K, fits: (request: Q) => boolean = () => true): Q | undefined {
    return this.#oldest(key, fits)
  }

  /** Takes out the oldest request under the key that fits: it is answered. */
  answer(key: K, fits: (request: Q) => boolean = () => true): Q | undefined {
    const request = this.#oldest(key, fits)
    if (request) this.#remove(request)
    return request
  }

  /** Answers may have been lost. */
  answersLost(): void {
    for (const request of this.#waiting) request.isUnsure = true
  }

  /** Gives up requests that were asked at `beforeNs` or earlier: no answer will come any more. */
  expire(beforeNs: number): void {
    for (const request of this.#waiting) {
      if (request.startNs > beforeNs) return
      this.#remove(request)
      if (request.isUnsure) this.#leaving.drop(request)
      else this.#leaving.unanswered(request)
    }
  }

  /** Requests that were asked at `beforeNs` or earlier and surely have no answer yet, oldest first. */
  *since(beforeNs: number): Iterable<Q> {
    for (const request of this.#waiting) {
      if (request.startNs > beforeNs) return
      if (!request.isUnsure) yield request
    }
  }

  /** Takes out all that wait; returns how many. */
  takeAll(): number {
    const { size } = this
    for (const request of this.#waiting) this.#remove(request)
    return size
  }

  /** Gives up everything. */
  clear(): void {
    for (const request of this.#waiting) this.#drop(request)
  }

  #oldest(key: K, fits: (request: Q) => boolean): Q | undefined {
    let request = this.#byKey.get(key)
    while (request && !fits(request)) request = request.next
    return request
  }

  #append(request: Q): void {
    const first = this.#byKey.get(request.key)
    if (!first) {
      this.#byKey.set(request.key, request)
      return
    }
    let last = first
    let count = 1
    for (; last.next; last = last.next) count++
    last.next = request
    if (count >= MAX_UNDER_KEY) this.#drop(first)
  }

  #dropOldest(): void {
    const [oldest] = this.#waiting
    this.#drop(oldest!)
  }

  #drop(request: Q): void {
    this.#remove(request)
    this.#leaving.drop(request)
  }

  #remove(request: Q): void {
    this.#waiting.delete(request)
    this.#held -= request.bytes
    const first = this.#byKey.get(request.key)
    if (first !== request) {
      let before = first!
      while (before.next !== request) before = before.next!
      before.next = request.next
    } else if (request.next) this.#byKey.set(request.key, request.next)
    else this.#byKey.delete(request.key)
    request.next = undefined
  }
}
