/**
 * The contract of a protocol. A protocol is a folder with an object of this type in it and one line in `index.ts`.
 *
 * A protocol recognises its own bytes and opens a conversation for each connection. The conversation owns everything that
 * it must remember, is handed the bytes of both sides in order, with the holes in them, and emits its records itself:
 * whether a message has an answer, is pushed, greets, or is one of many on the wire at once is its own affair.
 *
 * Wire data is hostile: nothing here throws, whatever the bytes. `test/protocols/conformance/` holds every member to
 * the invariants: any split of the same bytes gives the same records; a cut or garbage start resyncs within one
 * message; a gap costs only the messages that it touches; memory per connection is bounded.
 */

import type { RecordOf, Table } from '../records/table'
import type { Role } from '../records/types'
import type { DecodeBudget } from './lib/decode-budget'

/** Who says something. */
export type Side = 'client' | 'server'

export const otherSide = (side: Side): Side => (side === 'client' ? 'server' : 'client')

/** Where bytes come from: a TCP connection, the plaintext within its TLS, or datagrams between two ends. */
export type Transport = 'tcp' | 'tls' | 'udp'

/**
 * The bytes at the head of one side's stream, or of one datagram: `bytes[pos..end)` are in order and without a gap. `read`
 * advances `pos` over what it consumed, whatever it returns.
 */
export interface Input {
  readonly bytes: Uint8Array
  pos: number
  readonly end: number
  /** This side has ended (FIN or close) right behind `end`. */
  readonly ended: boolean
  /** What the other side has said that waits for the rest of its message. */
  readonly unread?: Unread | undefined
  /** When the byte at `pos` was moved; for the byte before `bytes`, when the newest bytes before it were. */
  timeAt(pos: number): number
}

export type Unread = Pick<Input, 'bytes' | 'end' | 'timeAt'> & { readonly start: number }

// ── Recognition ──────────────────────────────────────────────────────────────

/** What is known when a connection is to be recognised: the first bytes that one of its ends said. */
export interface Head {
  readonly bytes: Uint8Array
  readonly transport: Transport
  /** `bytes` begin with the first byte that this end said; otherwise somewhere within what it says. */
  readonly isOpening: boolean
  /** Who says them, as far as the kernel knows who dialled. */
  readonly from: Side | undefined
  /** Port of the end that speaks, and of the one that listens to it. */
  readonly ownPort: number
  readonly peerPort: number
}

/** `sure`: nothing but this protocol says such bytes, wherever they are found. */
export interface Recognised {
  readonly side: Side
  readonly sure: boolean
}

/** 'no': not this protocol. 'need-more': it may be, there are too few bytes to tell. */
export type Recognition = 'no' | 'need-more' | Recognised

// ── Conversations ────────────────────────────────────────────────────────────

/** Pass over the next `skip` bytes from `pos` on, arrived or not, captured or lost (a body that isn't kept). */
export interface Skip {
  readonly skip: number
}

/**
 * Not this protocol's message at `pos`: the side resyncs with `seek` from the byte behind. `bytes`: that many can't hold a
 * beginning and are passed over, so that a search never looks at the same bytes again and again; 0 where `read` has used some.
 */
export interface Invalid {
  readonly invalid: string
  readonly bytes?: number
}

export const invalid = (reason: string, bytes = 1): Invalid => ({ invalid: reason, bytes })

/**
 * The connection leaves this protocol here. `next` is a protocol's name or one of its `upgrades`; 'any': whatever is recognised
 * in what follows; a name
 * that nobody has: only bytes are counted from here on.
 */
export interface Leave {
  readonly leave: string
}

/**
 * 'message': a whole message was read, and there may be more. 'need-more': nothing more to do with these bytes; what was consumed
 * is remembered. Bytes that are left wait for what follows them.
 */
export type Read = 'message' | 'need-more' | Skip | Invalid | Leave

/** Columns that every protocol table has, by their names: a record is made with `...connection`. Made once per connection and owner. */
export interface Connection {
  readonly upid: string
  readonly remote_addr: string
  readonly remote_port: number
  readonly local_addr: string
  readonly local_port: number
  readonly trace_role: Role
  readonly encrypted: boolean
  /** The process at the other end when it is on this node, else ''. */
  readonly remote_upid: string
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

/** What a conversation knows of the connection that it is on. */
export interface Link {
  /** What a record says about it; to be asked for each record, as a connection may change hands. */
  readonly connection: Connection
  readonly transport: Transport
  /** Every byte from the connection's opening on is accounted for: what was not said here was not said. */
  readonly isWhole: boolean
  /** If not: it begins with a request all the same, and what was asked before has its answer unless the client doesn't wait. */
  readonly isAtTurn?: boolean
  /**
   * How often anything was lost since this connection was first seen, on any connection; known a second later. What is told by
   * `gap` is not counted for sure.
   */
  readonly losses: number
  readonly settings: ProtocolSettings
  readonly sink: Sink
  /** Messages that make no record: their other half was lost, or they were given up. */
  dropped(messages: number): void
  /** Whom this end really talks to, as a proxy in between says (PROXY protocol). */
  setRemote(address: string, port: number): void
}

export interface Conversation {
  /** Bytes of memory that wait here: unanswered requests, unfinished bodies. The connection's share of the budget for it. */
  readonly held: number
  /** Reads what stands at `input.pos`. Called until it says 'need-more' or there is nothing left. */
  read(side: Side, input: Input): Read
  /** The first offset ≥ `from` at which a message of this side may begin, or -1. */
  seek(side: Side, bytes: Uint8Array, from: number): number
  /**
   * `bytes` of this side are missing at the reader's position (Infinity: nobody knows how many). True when they lie
   * within a message whose end is still known, and reading goes on behind them; false when the message under way
   * is lost, and the side resyncs with `seek`. What comes behind the hole was moved at `timeNs`.
   */
  gap(side: Side, bytes: number, timeNs: number): boolean
  /**
   * Whole exchanges went by unseen, on purpose. `begins`: what comes next is a request, and what was asked before has its answer
   * unless the client doesn't wait. Without this method it is a gap of both sides.
   */
  passOver?(timeNs: number, begins: boolean): void
  /** Time may decide something: `settle` is called many times a second as long as this is true. */
  readonly isUndecided: boolean
  /**
   * How many bytes of this side, from the reader's position on, it can do without: of a body whose length is known no more
   * is kept. The kernel needn't capture them; they come as a gap.
   */
  unwanted?(side: Side): number
  /** What time decides. `final`: the connection has ended; what can still be said is said, and nothing is held after. */
  settle(nowNs: number, final: boolean): void
  /**
   * Appends a row, marked as such, for each exchange that is still under way and has been for a while: a response that
   * streams, a request that nobody answers. Such rows are replaced by the next ones, and by the record in the end.
   */
  underWay?(nowNs: number, sink: Sink): void
  /** Gives up what waits, as the memory is needed elsewhere; what is dropped is reported to `link.dropped`. */
  shed(): void
}

export interface Protocol {
  readonly name: string
  /** Its number in `conn_stats.protocol`. */
  readonly code: number
  readonly tables: readonly Table[]
  readonly transports: readonly Transport[]
  /** Bytes per call that the kernel should capture once a socket is known to speak this. */
  readonly captureCap: number
  /** Names by which other protocols hand a connection over to this one. */
  readonly upgrades?: readonly string[]
  recognise(head: Head): Recognition
  /**
   * Where in bytes that were joined under way a message may begin which `recognise` would then be sure of, at `from` or
   * behind it, or -1. Without it the protocol is recognised at the beginning of what one call moved only.
   */
  search?(bytes: Uint8Array, from: number): number
  open(link: Link): Conversation
}
