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

export interface Waiting {
  readonly startNs: number
  /** Memory that it takes while it waits. */
  readonly bytes: number
}

interface Entry<K, Q> {
  readonly key: K
  readonly request: Q
  /** Its answer may have been lost. */
  isUnsure: boolean
  /** The next one under the key. */
  next: Entry<K, Q> | undefined
}

/** Requests under one key at most, so that a search among them is short: a client has one, and repeats it a few times. */
const MAX_UNDER_KEY = 32

/** What becomes of requests that leave without an answer. */
export interface Leaving<Q> {
  /** Nobody answered. */
  unanswered(request: Q): void
  /** Its answer may have been lost, or its memory was needed. */
  drop(request: Q): void
}

export class Keyed<K, Q extends Waiting> {
  /** In the order in which they were asked. */
  readonly #waiting = new Set<Entry<K, Q>>()
  /** The oldest under each key. */
  readonly #byKey = new Map<K, Entry<K, Q>>()
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

  ask(key: K, request: Q): void {
    const entry: Entry<K, Q> = { key, request, isUnsure: false, next: undefined }
    this.#append(entry)
    this.#waiting.add(entry)
    this.#held += request.bytes
    while (this.#waiting.size > this.#limits.requests || this.#held > this.#limits.bytes) this.#dropOldest()
  }

  /** Finds the oldest request under the key that fits; it goes on waiting. */
  find(key: K, fits: (request: Q) => boolean = () => true): Q | undefined {
    return this.#oldest(key, fits)?.request
  }

  /** Takes out the oldest request under the key that fits: it is answered. */
  answer(key: K, fits: (request: Q) => boolean = () => true): Q | undefined {
    const entry = this.#oldest(key, fits)
    if (entry) this.#remove(entry)
    return entry?.request
  }

  /** Answers may have been lost. */
  answersLost(): void {
    for (const entry of this.#waiting) entry.isUnsure = true
  }

  /** Gives up requests that were asked at `beforeNs` or earlier: no answer will come any more. */
  expire(beforeNs: number): void {
    for (const entry of this.#waiting) {
      if (entry.request.startNs > beforeNs) return
      this.#remove(entry)
      if (entry.isUnsure) this.#leaving.drop(entry.request)
      else this.#leaving.unanswered(entry.request)
    }
  }

  /** Requests that were asked at `beforeNs` or earlier and surely have no answer yet, oldest first. */
  *since(beforeNs: number): Iterable<Q> {
    for (const { request, isUnsure } of this.#waiting) {
      if (request.startNs > beforeNs) return
      if (!isUnsure) yield request
    }
  }

  /** Gives up everything. */
  clear(): void {
    for (const entry of this.#waiting) this.#drop(entry)
  }

  #oldest(key: K, fits: (request: Q) => boolean): Entry<K, Q> | undefined {
    let entry = this.#byKey.get(key)
    while (entry && !fits(entry.request)) entry = entry.next
    return entry
  }

  #append(entry: Entry<K, Q>): void {
    const first = this.#byKey.get(entry.key)
    if (!first) {
      this.#byKey.set(entry.key, entry)
      return
    }
    let last = first
    let count = 1
    for (; last.next; last = last.next) count++
    last.next = entry
    if (count >= MAX_UNDER_KEY) this.#drop(first)
  }

  #dropOldest(): void {
    const [oldest] = this.#waiting
    this.#drop(oldest!)
  }

  #drop(entry: Entry<K, Q>): void {
    this.#remove(entry)
    this.#leaving.drop(entry.request)
  }

  #remove(entry: Entry<K, Q>): void {
    this.#waiting.delete(entry)
    this.#held -= entry.request.bytes
    const first = this.#byKey.get(entry.key)
    if (first !== entry) {
      let before = first!
      while (before.next !== entry) before = before.next!
      before.next = entry.next
    } else if (entry.next) this.#byKey.set(entry.key, entry.next)
    else this.#byKey.delete(entry.key)
    entry.next = undefined
  }
}
