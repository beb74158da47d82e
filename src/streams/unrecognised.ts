/** What is known of a connection whose protocol isn't: which bytes were looked at, and which protocols they have refused. */
import type { Protocol, Side, Transport } from '../protocols/protocol'
import { ROLE_SERVER, ROLE_UNKNOWN } from '../records/types'
import type { End } from './end'
import type { Half } from './half'
import { type Found, recognise, type Verdict } from './recognise'
import type { SharedState } from './shared-state'
import { looksLikeTls } from './tls'

/** Small events are collected a little longer. */
const MIN_BYTES = 1024

const NONE: ReadonlySet<Protocol> = new Set()

export interface Look {
  /** The half holds what this end received. */
  readonly isReceived: boolean
  /** The last so many bytes are of the newest event. */
  readonly newest: number
  /** Only a protocol that begins TLS comes into question. */
  readonly isTls?: boolean
  /** No more comes of the message: no protocol waits for more of it. */
  readonly isWhole?: boolean
}

export class Unrecognised {
  readonly #end: End
  readonly #transport: Transport
  readonly #shared: SharedState
  #refused: Set<Protocol> | undefined
  #events = 0
  #bytes = 0

  constructor(end: End, transport: Transport, shared: SharedState) {
    this.#end = end
    this.#transport = transport
    this.#shared = shared
  }

  /** Only one event was looked at. */
  get isFirst(): boolean {
    return this.#events <= 1
  }

  /** Enough was looked at: none of the protocols is spoken. */
  get isEnough(): boolean {
    const { unrecognisedBytes, unrecognisedEvents } = this.#shared.limits
    return this.#bytes > unrecognisedBytes || (this.#events > unrecognisedEvents && this.#bytes > MIN_BYTES)
  }

  /** So many datagrams were looked at that none of the protocols is spoken. */
  get areEnoughDatagrams(): boolean {
    return this.#events > this.#shared.limits.unrecognisedEvents
  }

  takes(bytes: number): void {
    this.#events++
    this.#bytes += bytes
  }

  /** Bytes that aren't of this protocol were taken for it. False when no other one is left. */
  refuses(protocol: Protocol): boolean {
    this.#refused ??= new Set()
    this.#refused.add(protocol)
    return this.#refused.size < this.#shared.protocols.length
  }

  /** What comes next is looked at as if nothing had come before, but for what was refused. */
  beginAnew(): void {
    this.#events = 0
    this.#bytes = 0
  }

  forgetRefused(): void {
    this.#refused = undefined
  }

  /** The side that speaks in this half, as far as the kernel knows which end connected. */
  speaker(isReceived: boolean): Side | undefined {
    const { role } = this.#end
    if (role === ROLE_UNKNOWN) return undefined
    return (role === ROLE_SERVER) === isReceived ? 'client' : 'server'
  }

  look(half: Half, bytes: Uint8Array, { isReceived, newest, isTls, isWhole }: Look): Verdict {
    const { localPort, peerPort } = this.#end
    const head = {
      bytes,
      transport: this.#transport,
      isOpening: half.isOpening,
      from: this.speaker(isReceived),
      ownPort: isReceived ? peerPort : localPort,
      peerPort: isReceived ? localPort : peerPort,
    }
    const { protocols } = this.#shared
    const candidates = isTls ? protocols.filter(({ encrypts }) => encrypts) : protocols
    return recognise(candidates, head, newest, this.#refused ?? NONE, isWhole)
  }

  /**
   * The protocol of what waits in `half`, of which no more comes: the other end has spoken since, nothing came for long, or the
   * connection has ended.
   */
  whole(half: Half, isReceived: boolean): Found | undefined {
    const bytes = half.bytes.subarray(half.start, half.end)
    if (this.#transport === 'tcp' && looksLikeTls(bytes, half.isOpening)) return undefined
    const found = this.look(half, bytes, { isReceived, newest: bytes.length, isWhole: true })
    return typeof found === 'string' ? undefined : found
  }
}
