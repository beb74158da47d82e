/**
 * The contract of a protocol. A protocol is a folder with an object of this type in it and one line in `index.ts`.
 *
 * Wire data is hostile: nothing here throws, whatever the bytes. `test/protocols/conformance.ts` holds every member to
 * the invariants: any split of the same bytes gives the same records; a cut or garbage start resyncs within one
 * message; a gap costs only the messages that it touches; memory per connection is bounded.
 */

import type { RecordOf, Table } from '../records/table'
import type { Role } from '../records/types'
import type { DecodeBudget } from './lib/decode-budget'

export type Kind = 'request' | 'response'

/** One parsed message. Protocols add their fields. */
export interface Frame {
  /** When its first byte was moved, in capture-clock nanoseconds. */
  readonly startNs: number
  /** When its last byte was moved. */
  readonly endNs: number
}

/**
 * The bytes at the head of one direction's stream: `bytes[pos..end)` are in order and without a gap. `parse` advances
 * `pos` over what it consumed, whatever it returns.
 */
export interface Input {
  readonly bytes: Uint8Array
  pos: number
  readonly end: number
  /** The direction has ended (FIN or close) right behind `end`. */
  readonly ended: boolean
  /** When the byte at `pos` was moved; for the byte before `bytes`, when the newest bytes before it were. */
  timeAt(pos: number): number
}

export type ParseResult<F extends Frame> =
  /** A whole message; its bytes are consumed. */
  | { readonly status: 'frame'; readonly frame: F }
  /** Nothing more to do with these bytes; what was consumed is kept in the state. */
  | { readonly status: 'need-more' }
  /** Pass over the next `bytes` from `pos` on, arrived or not, captured or lost, then go on (a body that isn't kept). */
  | { readonly status: 'skip'; readonly bytes: number }
  /** Not this protocol's message at `pos`: the stream resyncs with `boundary`. */
  | { readonly status: 'invalid'; readonly reason: string }
  /** The connection leaves this protocol here (an upgrade, a tunnel). */
  | { readonly status: 'end'; readonly next: string }

export const NEED_MORE = { status: 'need-more' } as const

/** Columns that every protocol table starts with; made once per connection. */
export interface Connection {
  readonly upid: string
  readonly remote_addr: string
  readonly remote_port: number
  readonly local_addr: string
  readonly local_port: number
  readonly trace_role: Role
  readonly encrypted: boolean
}

/** Settings that parsers read; they may change while Nixie runs. */
export interface ProtocolSettings {
  /** Bytes of a body that are kept. */
  bodyLimit: number
  /** Replace secrets (Authorization, Cookie, …) before anything is stored. */
  redact: boolean
  /** Time for compressed bodies, of all connections together. */
  readonly decodeBudget: DecodeBudget
}

/** Where records go. */
export interface Sink {
  append<T extends Table>(table: T, record: RecordOf<T>): void
}

export interface Protocol<F extends Frame = Frame, S = unknown> {
  readonly name: string
  /** Its number in `conn_stats.protocol`. */
  readonly code: number
  readonly tables: readonly Table[]
  /** Bytes per call that the kernel should capture once a socket is known to speak this. */
  readonly captureCap: number

  /** What the first bytes of one direction are, if they are this protocol's; first bytes only. */
  infer(head: Uint8Array): Kind | undefined
  newState(settings: ProtocolSettings): S
  /** The first offset ≥ `from` at which a message of this kind may start, or -1. */
  boundary(kind: Kind, bytes: Uint8Array, from: number): number
  parse(kind: Kind, input: Input, state: S): ParseResult<F>
  /**
   * `bytes` of this direction are missing at the parser's position (Infinity: nobody knows how many). True when they lie
   * within a message whose end is still known, and parsing goes on behind them; false when the message under way
   * is lost, and the stream resyncs with `boundary`.
   */
  gap(kind: Kind, state: S, bytes: number): boolean
  /**
   * Pairs what can be paired, takes it out of both queues and emits records. `nowNs` is the capture clock: what waits
   * for certainty is asked about again later. `final` is the connection's end: what can still be said about
   * the rest is said, and the queues are empty after. Returns how many frames were dropped without a record.
   */
  stitch(
    requests: F[],
    responses: F[],
    connection: Connection,
    state: S,
    sink: Sink,
    nowNs: number,
    final: boolean,
  ): number
}
