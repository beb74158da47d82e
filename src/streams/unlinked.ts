/**
 * Data within TLS that waits until it is known which connection it belongs to: the first words on a connection whose ciphertext the
 * program moves itself, when Nixie came after its handshake. Waiting is bounded in bytes and time.
 */
import type { SocketEvent } from '../events/socket-event'
import type { Counters } from '../health/counters'

/**
 * Bytes within TLS: `offset` counts the data of the direction, modulo 2^32, of the library's object `token`. Since `sinceNs` all data of
 * that library is seen.
 */
export type Plaintext = Pick<
  SocketEvent,
  'connId' | 'timeNs' | 'direction' | 'offset' | 'size' | 'payload' | 'token' | 'sinceNs'
>

/** Bytes of memory that all may take together, and each; events count too. */
const MAX_BYTES = 4 << 20
const MAX_OF_ONE = 256 << 10
const EVENT_BYTES = 256
/** A connection is found with the program's next write: this is for one that is answered late. */
const WAIT_NS = 30e9

interface Waiting {
  readonly sinceNs: number
  readonly events: Plaintext[]
  bytes: number
}

export class Unlinked {
  /** By token, in the order in which they began to wait. */
  readonly #waiting = new Map<number, Waiting>()
  readonly #counters: Counters
  #bytes = 0

  constructor(counters: Counters) {
    this.#counters = counters
  }

  get bytes(): number {
    return this.#bytes
  }

  add(text: Plaintext): void {
    const { connId, timeNs, direction, offset, size, token = 0, sinceNs } = text
    let waiting = this.#waiting.get(token)
    if (!waiting) {
      waiting = { sinceNs: timeNs, events: [], bytes: 0 }
      this.#waiting.set(token, waiting)
    }
    const bytes = text.payload.length + EVENT_BYTES
    if (waiting.bytes + bytes > MAX_OF_ONE) {
      this.lose(text)
      return
    }
    waiting.bytes += bytes
    this.#bytes += bytes
    const payload = text.payload.slice()
    const kept = { connId, timeNs, direction, offset, size, payload, token }
    waiting.events.push(sinceNs === undefined ? kept : { ...kept, sinceNs })
    for (const oldest of this.#waiting.keys()) {
      if (this.#bytes <= MAX_BYTES) break
      this.#giveUp(oldest)
    }
  }

  /** What waits of this object, for which the connection is now known. */
  take(token: number): readonly Plaintext[] {
    const waiting = this.#waiting.get(token)
    if (!waiting) return []
    this.#waiting.delete(token)
    this.#bytes -= waiting.bytes
    return waiting.events
  }

  settle(nowNs: number): void {
    for (const [token, { sinceNs }] of this.#waiting) {
      if (nowNs - sinceNs < WAIT_NS) break
      this.#giveUp(token)
    }
  }

  giveUp(): void {
    for (const token of this.#waiting.keys()) this.#giveUp(token)
  }

  /** Its connection isn't known, and won't be. */
  lose({ size }: Plaintext): void {
    this.#counters.unlinked++
    this.#counters.unlinkedBytes += size
  }

  #giveUp(token: number): void {
    for (const text of this.take(token)) this.lose(text)
  }
}
