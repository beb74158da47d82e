/** Builders for events of sockets, and a sink that keeps what it gets. */
import {
  type Direction,
  EVENT_CLOSE,
  EVENT_DATA,
  EVENT_FOUND,
  EVENT_OPEN,
  RECEIVED,
  SENT,
  type SocketEvent,
  type Verdict,
} from '../../src/events/socket-event'
import { type Counters, newCounters } from '../../src/health/counters'
import { DecodeBudget } from '../../src/protocols/lib/decode-budget'
import type { Protocol, ProtocolSettings, Sink } from '../../src/protocols/protocol'
import type { RecordOf, Table } from '../../src/records/table'
import { ROLE_CLIENT, ROLE_SERVER, type Role } from '../../src/records/types'
import type { StreamLimits } from '../../src/streams/limits'
import { Streams } from '../../src/streams/streams'

export type Row = Record<string, string | number | boolean>

export class Recorder implements Sink {
  readonly tables = new Map<string, Row[]>()

  append<T extends Table>(table: T, record: RecordOf<T>): void {
    const names = table.columns.map(({ name }) => name)
    const missing = names.filter((name) => (record as Row)[name] === undefined)
    if (missing.length > 0) throw new Error(`${table.name}: no value for ${missing.join(', ')}`)
    const rows = this.tables.get(table.name) ?? []
    rows.push({ ...(record as Row) })
    this.tables.set(table.name, rows)
  }

  rows(table: string): Row[] {
    return this.tables.get(table) ?? []
  }
}

/** Streams with everything around them. */
export interface Rig {
  readonly streams: Streams
  readonly sink: Recorder
  /** Rows of what is under way. */
  readonly live: Recorder
  readonly counters: Counters
  readonly verdicts: { connId: number; verdict: Verdict }[]
  /** Of data within TLS. */
  readonly plainVerdicts: { connId: number; verdict: Verdict }[]
  /** What the kernel was told to leave out. */
  readonly leftOut: { connId: number; direction: Direction; until: number }[]
  readonly settings: ProtocolSettings
}

export function rig(
  protocols: readonly Protocol[],
  limits: Partial<StreamLimits> = {},
  { isGated = false } = {},
): Rig {
  const sink = new Recorder()
  const live = new Recorder()
  const counters = newCounters()
  const verdicts: { connId: number; verdict: Verdict }[] = []
  const plainVerdicts: { connId: number; verdict: Verdict }[] = []
  const leftOut: Rig['leftOut'] = []
  const settings: ProtocolSettings = {
    bodyLimit: 1024,
    redact: true,
    decodeBudget: new DecodeBudget(() => 0),
  }
  const streams = new Streams({
    protocols,
    sink,
    liveSink: live,
    counters,
    settings,
    defaultCap: 4096,
    isGated,
    // Rows come at once, but where a test is about their waiting.
    limits: { introduceNs: 0, ...limits },
    setVerdict: (connId, verdict) => verdicts.push({ connId, verdict }),
    setPlainVerdict: (connId, verdict) => plainVerdicts.push({ connId, verdict }),
    leaveOut: (connId, direction, until) => leftOut.push({ connId, direction, until }),
    upidOf: (pid, startTicks) => `1:${pid}:${startTicks}`,
  })
  return { streams, sink, live, counters, verdicts, plainVerdicts, leftOut, settings }
}

export const bytesOf = (data: string | Uint8Array): Uint8Array =>
  typeof data === 'string' ? new Uint8Array(Buffer.from(data, 'latin1')) : data

const LOCAL = ['10.0.0.1', 80] as const
const REMOTE = ['10.0.0.2', 40000] as const

export interface SocketOptions {
  readonly connId?: number
  readonly role?: Role
  readonly pid?: number
  readonly local?: readonly [string, number]
  readonly remote?: readonly [string, number]
  readonly transport?: 'tcp' | 'udp'
  readonly netns?: number
  /** First sequence numbers of the two directions. */
  readonly sequence?: number
  /** Bytes that were moved in both directions before the first event of one whose opening isn't seen. */
  readonly before?: number
}

const NOTHING = new Uint8Array(0)

/** The process of an event that happened in no process's name. */
const NOBODY = { pid: 0, startTicks: 0, comm: '' }

/** Both ends of a connection begin where its client's address says. */
function beginning({ role, local = LOCAL, remote = REMOTE }: SocketOptions): number {
  return Bun.hash.crc32((role === ROLE_CLIENT ? local : remote).join())
}

/** Bytes that were moved on a connection before it was joined. */
const BEFORE = 1000

let lastConnId = 0

/** One end of a connection: makes the events that the kernel would send. */
export class Wire {
  readonly connId: number
  readonly role: Role
  timeNs = 1e9
  readonly #options: SocketOptions
  readonly #first: number
  readonly #offsets: [number, number]
  /** Bytes moved, by direction. */
  readonly #moved: [number, number] = [0, 0]
  #isOpened = false

  constructor(options: SocketOptions = {}) {
    this.connId = options.connId ?? ++lastConnId
    this.role = options.role ?? ROLE_SERVER
    this.#options = options
    const sequence = options.sequence ?? beginning(options)
    this.#first = sequence
    this.#offsets = [sequence, sequence]
  }

  /** `owner`: whose the socket is, as far as the kernel knows. */
  open(owner: Partial<typeof NOBODY> = {}): SocketEvent {
    this.#isOpened = true
    const [offset, sentOffset] = this.#offsets
    return { ...this.#event(EVENT_OPEN, RECEIVED, NOTHING, 0), ...NOBODY, ...owner, offset, sentOffset }
  }

  /** It was open before, and is at rest. */
  found(owner: Partial<typeof NOBODY> = {}): SocketEvent {
    this.#join()
    const [offset, sentOffset] = this.#offsets
    return { ...this.#event(EVENT_FOUND, RECEIVED, NOTHING, 0), ...NOBODY, ...owner, offset, sentOffset }
  }

  close(owner: Partial<typeof NOBODY> = {}): SocketEvent {
    const [bytesReceived, bytesSent] = this.#moved
    const totals = { bytesReceived, bytesSent, lostEvents: 0, shedExchanges: 0 }
    return { ...this.#event(EVENT_CLOSE, RECEIVED, NOTHING, 0), ...NOBODY, ...owner, totals }
  }

  request(data: string | Uint8Array, captured?: number): SocketEvent {
    return this.data(this.role === ROLE_CLIENT ? SENT : RECEIVED, data, captured)
  }

  response(data: string | Uint8Array, captured?: number): SocketEvent {
    return this.data(this.role === ROLE_CLIENT ? RECEIVED : SENT, data, captured)
  }

  /** `captured`: only so many of the bytes made it into the event. */
  data(direction: Direction, data: string | Uint8Array, captured?: number): SocketEvent {
    const bytes = bytesOf(data)
    this.#join()
    const offset = this.#offsets[direction]
    this.#offsets[direction] = (offset + bytes.length) >>> 0
    this.#moved[direction] += bytes.length
    const payload = captured === undefined ? bytes : bytes.subarray(0, captured)
    return { ...this.#event(EVENT_DATA, direction, payload, bytes.length), offset }
  }

  /** One that isn't opened was used before. */
  #join(): void {
    if (this.#isOpened) return
    this.#isOpened = true
    const { before = BEFORE } = this.#options
    this.#offsets[RECEIVED] = (this.#offsets[RECEIVED] + before) >>> 0
    this.#offsets[SENT] = (this.#offsets[SENT] + before) >>> 0
  }

  #event(kind: SocketEvent['kind'], direction: Direction, payload: Uint8Array, size: number): SocketEvent {
    const { pid = 77, local = LOCAL, remote = REMOTE, transport = 'tcp', netns = 1 } = this.#options
    this.timeNs += 1000
    return {
      kind,
      connId: this.connId,
      timeNs: this.timeNs,
      pid,
      startTicks: 5,
      comm: 'traced',
      transport,
      role: this.role,
      localAddr: local[0],
      localPort: local[1],
      remoteAddr: remote[0],
      remotePort: remote[1],
      netns,
      firstSent: transport === 'udp' ? 0 : this.#first,
      firstReceived: transport === 'udp' ? 0 : this.#first,
      afterClose: false,
      afterShed: false,
      isWithin: false,
      unread: false,
      awake: false,
      direction,
      offset: 0,
      size,
      payload,
    }
  }
}

/** Closes the connection, and lets the time pass in which the rest may still come. */
export function end(streams: Streams, wire: Wire): void {
  streams.handle(wire.close())
  wire.timeNs += 200e6
  streams.tick(wire.timeNs)
}

/** Lets time pass in which nobody says anything: what is unsure at the server's end is sure then. */
export function silence(streams: Streams, wire: Wire): void {
  wire.timeNs += 5e9
  streams.tick(wire.timeNs)
}

/** Lets time pass in which a call full of messages is read, a share at each tick. */
export function pass(streams: Streams, wire: Wire, ticks = 50): void {
  for (let i = 0; i < ticks; i++) {
    wire.timeNs += 50e6
    streams.tick(wire.timeNs)
  }
}

/** A small pseudo-random generator (mulberry32): the same numbers for the same seed. */
export function random(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}
