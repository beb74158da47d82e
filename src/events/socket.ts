/** Decodes the events of the socket probe, in place. Offsets are those of `struct socket_event` in `bpf/socket.h`. */

import { ipv6Text } from '../records/address'
import type { Role } from '../records/types'
import {
  type Direction,
  EVENT_DATA,
  EVENT_FOUND,
  EVENT_OPEN,
  type EventKind,
  type SocketEvent,
  type SocketTotals,
} from './socket-event'

/** Offset of each field that is read; a test compares them with the BTF of the built object. */
export const SOCKET_EVENT = {
  conn_id: 0,
  time_ns: 8,
  start_ticks: 16,
  pid: 24,
  offset: 28,
  size: 32,
  captured: 36,
  kind: 40,
  direction: 41,
  role: 42,
  flags: 43,
  netns: 44,
  ends: 48,
  comm: 96,
  payload: 112,
} as const

/** Offsets in `struct endpoints`. */
export const ENDPOINTS = {
  local_port: 0,
  remote_port: 2,
  version: 4,
  protocol: 5,
  local_addr: 8,
  remote_addr: 24,
  first_sent: 40,
  first_received: 44,
} as const

/** Offsets in `struct within`, which data within TLS has in the place of the ends. */
export const WITHIN_TLS = { token: 0, since_ns: 8 } as const

/** Offsets in `struct totals`. */
export const TOTALS = { bytes_sent: 0, bytes_received: 8, lost_events: 16, shed_exchanges: 24 } as const

export const TOTALS_BYTES = 32

/** `COMM_SIZE` in `bpf/socket.h`. */
const COMM_SIZE = 16
/** `EVENT_AFTER_CLOSE` in `bpf/socket.h`. */
const AFTER_CLOSE = 1
/** `EVENT_AFTER_SHED` there. */
const AFTER_SHED = 2
/** `EVENT_WITHIN` there. */
const WITHIN = 16
/** `EVENT_UNREAD` there. */
const UNREAD = 4
/** `EVENT_AWAKE` there. */
const AWAKE = 8
const IPPROTO_UDP = 17
const TWO_32 = 2 ** 32
const decoder = new TextDecoder()

/**
 * Texts of the newest IPv4 addresses, by the address modulo a prime. Connections keep their addresses, and nearly all have the same few:
 * without this each would keep a text of its own.
 */
const KNOWN_ADDRESSES = 1021
const addresses = new Uint32Array(KNOWN_ADDRESSES)
const addressTexts = new Array<string>(KNOWN_ADDRESSES).fill('0.0.0.0')

function addressText(address: number): string {
  const at = address % KNOWN_ADDRESSES
  if (addresses[at] !== address) {
    addresses[at] = address
    addressTexts[at] = [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.')
  }
  return addressTexts[at]!
}

/** Maps the monotonic clock to capture time: see `Clock`. */
export interface TimeOrigin {
  readonly high: number
  readonly low: number
}

/** One object serves all events: `at` moves it on. */
export class RingSocketEvent implements SocketEvent {
  readonly #view: DataView
  readonly #bytes: Uint8Array
  #at = 0
  /** Made once for an event: its length alone is asked for, too. */
  #payload: Uint8Array | undefined
  readonly #origin: TimeOrigin
  /** Added to every time; the clock's correction. */
  correctionNs = 0

  constructor(buffer: ArrayBufferLike, origin: TimeOrigin) {
    this.#view = new DataView(buffer)
    this.#bytes = new Uint8Array(buffer)
    this.#origin = origin
  }

  at(offset: number): this {
    this.#at = offset
    this.#payload = undefined
    return this
  }

  #u32(field: number): number {
    return this.#view.getUint32(this.#at + field, true)
  }

  #u64(field: number): number {
    return this.#u32(field + 4) * TWO_32 + this.#u32(field)
  }

  get kind(): EventKind {
    return this.#bytes[this.#at + SOCKET_EVENT.kind] as EventKind
  }

  get connId(): number {
    return this.#u64(SOCKET_EVENT.conn_id)
  }

  get timeNs(): number {
    return this.#time(SOCKET_EVENT.time_ns)
  }

  #time(field: number): number {
    const high = this.#u32(field + 4) - this.#origin.high
    return high * TWO_32 + (this.#u32(field) - this.#origin.low) + this.correctionNs
  }

  get token(): number {
    return this.#u64(SOCKET_EVENT.ends + WITHIN_TLS.token)
  }

  get sinceNs(): number {
    const field = SOCKET_EVENT.ends + WITHIN_TLS.since_ns
    return this.#u64(field) === 0 ? Number.POSITIVE_INFINITY : this.#time(field)
  }

  get startTicks(): number {
    return this.#u64(SOCKET_EVENT.start_ticks)
  }

  get pid(): number {
    return this.#u32(SOCKET_EVENT.pid)
  }

  get offset(): number {
    return this.kind === EVENT_OPEN ? this.firstReceived : this.#u32(SOCKET_EVENT.offset)
  }

  get netns(): number {
    return this.#u32(SOCKET_EVENT.netns)
  }

  get firstSent(): number {
    return this.#u32(SOCKET_EVENT.ends + ENDPOINTS.first_sent)
  }

  get firstReceived(): number {
    return this.#u32(SOCKET_EVENT.ends + ENDPOINTS.first_received)
  }

  get afterClose(): boolean {
    return (this.#bytes[this.#at + SOCKET_EVENT.flags]! & AFTER_CLOSE) !== 0
  }

  get afterShed(): boolean {
    return (this.#bytes[this.#at + SOCKET_EVENT.flags]! & AFTER_SHED) !== 0
  }

  get isWithin(): boolean {
    return (this.#bytes[this.#at + SOCKET_EVENT.flags]! & WITHIN) !== 0
  }

  get unread(): boolean {
    return (this.#bytes[this.#at + SOCKET_EVENT.flags]! & UNREAD) !== 0
  }

  get awake(): boolean {
    return (this.#bytes[this.#at + SOCKET_EVENT.flags]! & AWAKE) !== 0
  }

  get size(): number {
    return this.#u32(SOCKET_EVENT.size)
  }

  get direction(): Direction {
    return this.#bytes[this.#at + SOCKET_EVENT.direction] as Direction
  }

  get role(): Role {
    return this.#bytes[this.#at + SOCKET_EVENT.role] as Role
  }

  get transport(): 'tcp' | 'udp' {
    return this.#bytes[this.#at + SOCKET_EVENT.ends + ENDPOINTS.protocol] === IPPROTO_UDP ? 'udp' : 'tcp'
  }

  get localPort(): number {
    return this.#view.getUint16(this.#at + SOCKET_EVENT.ends + ENDPOINTS.local_port, true)
  }

  get remotePort(): number {
    return this.#view.getUint16(this.#at + SOCKET_EVENT.ends + ENDPOINTS.remote_port, true)
  }

  get localAddr(): string {
    return this.#address(SOCKET_EVENT.ends + ENDPOINTS.local_addr)
  }

  get remoteAddr(): string {
    return this.#address(SOCKET_EVENT.ends + ENDPOINTS.remote_addr)
  }

  #address(field: number): string {
    const at = this.#at + field
    if (this.#bytes[this.#at + SOCKET_EVENT.ends + ENDPOINTS.version] === 4) {
      return addressText(this.#view.getUint32(at))
    }
    const groups = Array.from({ length: 8 }, (_, i) => this.#view.getUint16(at + 2 * i))
    return ipv6Text(groups)
  }

  get comm(): string {
    const start = this.#at + SOCKET_EVENT.comm
    const name = this.#bytes.subarray(start, start + COMM_SIZE)
    const end = name.indexOf(0)
    return decoder.decode(end < 0 ? name : name.subarray(0, end))
  }

  get sentOffset(): number | undefined {
    if (this.kind === EVENT_FOUND) return this.size
    return this.kind === EVENT_OPEN ? this.firstSent : undefined
  }

  get payload(): Uint8Array {
    if (this.#payload) return this.#payload
    const start = this.#at + SOCKET_EVENT.payload
    this.#payload = this.#bytes.subarray(start, start + this.#u32(SOCKET_EVENT.captured))
    return this.#payload
  }

  /** The whole event, as it is in the buffer. */
  get raw(): Uint8Array {
    const behind = this.kind === EVENT_DATA ? this.#u32(SOCKET_EVENT.captured) : TOTALS_BYTES
    return this.#bytes.subarray(this.#at, this.#at + SOCKET_EVENT.payload + behind)
  }

  get totals(): Omit<SocketTotals, 'connId'> {
    return {
      bytesSent: this.#u64(SOCKET_EVENT.payload + TOTALS.bytes_sent),
      bytesReceived: this.#u64(SOCKET_EVENT.payload + TOTALS.bytes_received),
      lostEvents: this.#u64(SOCKET_EVENT.payload + TOTALS.lost_events),
      shedExchanges: this.#u64(SOCKET_EVENT.payload + TOTALS.shed_exchanges),
    }
  }
}
