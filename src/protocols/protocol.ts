/**
 * The contract of a protocol. A protocol is a folder with an object of this type in it and one line in `index.ts`.
 *
 * A protocol recognises its own bytes and opens a conversation for each connection. The conversation owns all of its
 * state, is given the bytes of both sides in order, with the holes in them, and emits its records itself:
 * only it knows whether a message has an answer, is pushed, is a greeting, or is one of many outstanding ones.
 *
 * Wire data is hostile: nothing here throws, whatever the bytes. `test/protocols/conformance/` checks the invariants of every
 * member: any split of the same bytes gives the same records; a cut or garbage start resyncs within one
 * message; a gap costs only messages that it touches; memory per connection is bounded.
 */

import type { RecordOf, Table } from '../records/table'
import type { Role } from '../records/types'
import type { DecodeBudget } from './lib/decode-budget'
import type { SeenRequest } from './lib/http/seen'
import type { ProtocolIdentity } from './lib/identity'
import type { MessageNames } from './lib/protobuf/names'

/** The end of a connection that sends the bytes. */
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
  /** This side has ended (FIN or close) right after `end`. */
  readonly ended: boolean
  /** Bytes of the other side that wait for the rest of their message. */
  readonly unread?: Unread | undefined
  /** When the byte at `pos` was moved; with `pos` before `bytes`, when the newest earlier bytes were. */
  timeAt(pos: number): number
  /** Bytes of this side before `pos` since the connection's opening, modulo 2^32; undefined where that isn't known. */
  passedAt(pos: number): number | undefined
}

export type Unread = Pick<Input, 'bytes' | 'end' | 'timeAt'> & { readonly start: number }

// ── Recognition ──────────────────────────────────────────────────────────────

/** What is known of a connection when its protocol is recognised: the first bytes from one of its ends. */
export interface Head {
  readonly bytes: Uint8Array
  readonly transport: Transport
  /** `bytes` begin with the first byte that this end sent; else somewhere within its stream. */
  readonly isOpening: boolean
  /** The side that sends them, as far as the kernel knows which end connected. */
  readonly from: Side | undefined
  /** Ports of the end that sends the bytes, and of the other one. */
  readonly ownPort: number
  readonly peerPort: number
}

/** `sure`: such bytes are this protocol, wherever they are found. */
export interface Recognised {
  readonly side: Side
  readonly sure: boolean
}

/** 'no': not this protocol. 'need-more': it may be, there are too few bytes to tell. */
export type Recognition = 'no' | 'need-more' | Recognised

// ── Conversations ────────────────────────────────────────────────────────────

/** Pass over the next `skip` bytes from `pos` on, whether they have arrived or not, captured or lost (a body that isn't kept). */
export interface Skip {
  readonly skip: number
}

/**
 * At `pos` is no message of this protocol: the side resyncs with `seek` from the next byte on. `bytes`: in so many bytes no
 * message begins; they are passed over, so that searches don't look at the same bytes repeatedly. 0 where `read` has consumed some.
 */
export interface Invalid {
  readonly invalid: string
  readonly bytes?: number
}

export const invalid = (reason: string, bytes = 1): Invalid => ({ invalid: reason, bytes })

/**
 * The connection leaves this protocol here. `leave` is a protocol's name or one of its `upgrades`; 'any': the following bytes
 * are recognised anew; with a name that no protocol has, only bytes are counted from here on. So a protocol that turns to TLS
 * (STARTTLS and its like) leaves to 'tls', and that to `ENCRYPTED`.
 */
export interface Leave {
  readonly leave: string
  /**
   * For a turn to TLS: the protocol, or one of its `upgrades`, by which the data within TLS is read. Without it that is
   * recognised anew.
   */
  readonly within?: string
  readonly opening?: Opening | undefined
}

/**
 * The exchange of HTTP by which a connection, or a stream of one, comes to its next protocol (RFC 9110 §7.8, RFC 8441): the path, and
 * what both ends agreed on.
 */
export interface Opening {
  /** Undefined where it isn't known. */
  readonly request: SeenRequest | undefined
  /** The fields of the answer, as a JSON object. */
  readonly answer: string
  /** The request has its row. Else the next protocol brings the response to it, and makes the row (h2c). */
  readonly isAnswered: boolean
}

/** What follows can be read within TLS only, if at all. */
export const ENCRYPTED = 'encrypted'

/**
 * 'message': a whole message was read, and there may be more. 'need-more': nothing more can be read; the conversation remembers
 * what it consumed, and bytes that are left wait for the next ones.
 */
export type Read = 'message' | 'need-more' | Skip | Invalid | Leave

/** The columns that every protocol's table has: a record is made with `...connection`. Made once for each connection and owner. */
export interface Connection {
  readonly upid: string
  readonly remote_addr: string
  readonly remote_port: number
  readonly local_addr: string
  readonly local_port: number
  readonly trace_role: Role
  readonly encrypted: boolean
  /** The process at the other end if it is on this node, else ''. */
  readonly remote_upid: string
}

/** Settings that parsers read; they may change while Nixie runs. */
export interface ProtocolSettings {
  /** Bytes of a body that are kept at most. */
  bodyLimit: number
  /** Replace secrets (Authorization, Cookie, …) before anything is stored. */
  redact: boolean
  /** Time for compressed bodies, of all connections together. */
  readonly decodeBudget: DecodeBudget
  /** Names of what is coded without them; none without it. */
  readonly names?: MessageNames
}

/** Takes the records. */
export interface Sink {
  append<T extends Table>(table: T, record: RecordOf<T>): void
}

/** The connection, as its conversation sees it. */
export interface Link {
  /** The columns about it; ask for them with each record, as a connection may be passed to another process. */
  readonly connection: Connection
  readonly transport: Transport
  /** Every byte since the connection's opening has been read here or is known as a gap. */
  readonly isWhole: boolean
  /** If not, it still begins with a request, and earlier requests have their answers unless the client doesn't wait for them. */
  readonly isAtTurn?: boolean
  /**
   * How often something was lost on any connection since this one was first seen; known up to a second later. Losses that
   * `gap` reports may not be counted in it.
   */
  readonly losses: number
  /**
   * When this end last said something while it hadn't read all that had come; -1: never. So what came wasn't said behind that, and
   * may have been there for long.
   */
  readonly unreadNs: number
  /** If it isn't whole: nobody said anything from then on until what is read here; undefined when that isn't known. */
  readonly restingNs: number | undefined
  /** When this end's thread last came back from sleep to say or hear something; -1: never. */
  readonly asleepNs: number
  /** What the server says is seen when it says it, and not when the client reads it. */
  readonly isAtServer: boolean
  /** With the final `settle`: the connection has not ended, but nobody looks at it any longer. So what is under way goes on. */
  readonly goesOn: boolean
  readonly settings: ProtocolSettings
  readonly sink: Sink
  /** Counts messages that make no record: their other half was lost, or they were given up. */
  dropped(messages: number): void
  /** Counts a message whose record lacks fields, as it refers to earlier ones that aren't known. */
  lacksFields(): void
  /** Counts whole requests whose answers are left out on purpose: see `passOver`. Negative: too many were counted elsewhere. */
  passedOver(requests: number): void
  /** The client's address as a proxy in between tells it (PROXY protocol). */
  setRemote(address: string, port: number): void
  /**
   * Begins a conversation of another protocol within this one: on a stream, or in its messages. `name` as in `Leave`; undefined where
   * no protocol has it.
   */
  tunnel(name: string, opening: Opening): Tunnel | undefined
}

/** A conversation within another one, which gives it its bytes. */
export interface Tunnel {
  /** As those of a conversation. */
  readonly held: number
  readonly isUndecided: boolean
  bytes(side: Side, bytes: Uint8Array, timeNs: number): void
  /** `bytes` are missing; Infinity when it isn't known how many. */
  missing(side: Side, bytes: number, timeNs: number): void
  unwanted(side: Side): number
  settle(nowNs: number, final: boolean): void
  underWay(nowNs: number, sink: Sink): void
  shed(): void
}

export interface Conversation {
  /** Bytes of memory that wait here: unanswered requests, unfinished bodies. They count against the budget of waiting data. */
  readonly held: number
  /** Reads from `input.pos` on. Called until it returns 'need-more' or no bytes are left. */
  read(side: Side, input: Input): Read
  /** The first offset ≥ `from` at which a message of this side may begin, or -1. */
  seek(side: Side, bytes: Uint8Array, from: number): number
  /**
   * `bytes` of this side are missing at the reader's position (Infinity: it isn't known how many). True when they lie
   * within a message whose end is still known, and reading goes on after them; false when the current message
   * is lost, and the side resyncs with `seek`. The bytes after the hole were moved at `timeNs`.
   */
  gap(side: Side, bytes: number, timeNs: number): boolean
  /**
   * Whole exchanges were left out on purpose. `begins`: a request follows, and earlier requests have their answers
   * unless the client doesn't wait for them. Requests that wait are told to `link.passedOver`, as the answers aren't seen. Without
   * this method both sides have a gap. `counted`: the kernel has counted so many of them; undefined: it hasn't told.
   */
  passOver?(timeNs: number, begins: boolean, counted: number | undefined): void
  /** Answers that wait until it is sure which request each belongs to. */
  readonly unsure?: number
  /** Passing time may decide something: `settle` is called many times a second as long as this is true. */
  readonly isUndecided: boolean
  /**
   * How many bytes of this side, from the reader's position on, aren't needed: the rest of a body of known length that won't be
   * kept. The kernel needn't capture them; they come as a gap.
   */
  unwanted?(side: Side): number
  /** Decides what passing time tells. `final`: the connection has ended, or `goesOn`; everything that waits is emitted or dropped. */
  settle(nowNs: number, final: boolean): void
  /**
   * Appends a row, marked as such, for each exchange that has not ended for a while: a response that
   * streams, a request without an answer. The next such rows replace these, and the record does in the end.
   */
  underWay?(nowNs: number, sink: Sink): void
  /** Gives up what waits, as the memory is needed elsewhere, and reports it to `link.dropped`. */
  shed(): void
}

export interface Protocol extends ProtocolIdentity {
  /** By which other protocols hand a connection over to this one. */
  readonly name: string
  readonly transports: readonly Transport[]
  /** Bytes per call that the kernel should capture once a socket is known to speak this. */
  readonly captureCap: number
  /** Further such names. */
  readonly upgrades?: readonly string[]
  /** The kernel counts exchanges that are left out by frames of HTTP/2, and not by turns: many share a connection. */
  readonly isFramed?: boolean
  /** What follows its messages is encrypted: the connection is an encrypted one from its first message on. */
  readonly encrypts?: boolean
  /** Texts are in a code, so that secrets aren't seen in its bytes. */
  readonly isCoded?: boolean
  recognise(head: Head): Recognition
  /**
   * For a connection that was joined after its opening: the first offset ≥ `from` at which a message may begin that `recognise`
   * would be sure of, or -1. Without it the protocol is recognised only at the beginning of a call's bytes.
   */
  search?(bytes: Uint8Array, from: number): number
  /** `opening`: how the connection came here from another protocol; its bytes begin behind that. */
  open(link: Link, opening?: Opening): Conversation
}
