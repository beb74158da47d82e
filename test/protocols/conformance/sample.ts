/** What a protocol gives to the suite: sample conversations, and what each of them shows that it can. */
import type { Protocol, Side, Transport } from '../../../src/protocols/protocol'
import { bytesOf } from '../../streams/wire'

/**
 * - `in-order`: every record is a request of the client and its response, paired by their order
 * - `pipelined`: the client may send all its requests before the first response
 * - `keyed`: a key pairs them: responses come in any order
 * - `multiplexed`: messages of one record come in several parts, with those of others in between
 * - `greeting`: the server speaks first
 * - `one-way`: a message of the client's alone makes a record
 * - `pushed`: a message of the server's alone makes a record
 * - `hand-over`: the connection leaves the protocol at the sample's end
 * - `under-way`: an exchange that lasts is shown while it does
 * - `once`: a connection makes one record, of messages of both sides; behind that nothing is read
 * - `datagram`: each message is a datagram
 */
export type Capability =
  | 'in-order'
  | 'pipelined'
  | 'keyed'
  | 'multiplexed'
  | 'greeting'
  | 'one-way'
  | 'pushed'
  | 'hand-over'
  | 'under-way'
  | 'once'
  | 'datagram'

/** One message (or one part of it, in a multiplexed protocol), as one side sends it. */
export interface Message {
  readonly from: Side
  readonly bytes: string | Uint8Array
  /**
   * Which records (indices into `records`) it has a part in; [] for one that makes none, like a ping. When no message of
   * the sample has it, client and server take turns, and each turn is a record.
   */
  readonly of?: readonly number[]
}

export interface Sample {
  readonly name: string
  /** What the member can do and this conversation shows. */
  readonly shows: readonly Capability[]
  readonly messages: readonly Message[]
  /** For each record, in order: texts that its row, and none of the others, holds. */
  readonly records: readonly (string | readonly string[])[]
  /** Texts within the messages that may be in no row, however the bytes arrive. */
  readonly secrets?: readonly string[]
  /** Columns that repeat what was said at the connection's beginning: where that wasn't seen they are others, and rows are the same. */
  readonly context?: readonly string[]
  /** For 'hand-over': the name under which the connection goes on. */
  readonly next?: string
  /** For 'under-way': how long an exchange has lasted when it is shown. */
  readonly underWayNs?: number
}

export interface Member {
  readonly protocol: Protocol
  readonly samples: readonly Sample[]
  /** A connection comes to the protocol from another one only: what is said before, and who reads that. */
  readonly handshake?: { readonly messages: readonly Message[]; readonly protocols: readonly Protocol[] }
}

/** A message, or a part of one, as it is moved. */
export interface Piece {
  readonly from: Side
  readonly bytes: Uint8Array
  /** Index of its message. */
  readonly message: number
  /** Bytes that didn't make it into the ring: from here, so many. */
  readonly lost?: { readonly at: number; readonly bytes: number }
}

export const can = (sample: Sample, capability: Capability): boolean => sample.shows.includes(capability)

export const transportOf = (sample: Sample): Transport => (can(sample, 'datagram') ? 'udp' : 'tcp')

export const textsOf = (sample: Sample): readonly (readonly string[])[] =>
  sample.records.map((texts) => (typeof texts === 'string' ? [texts] : texts))

export const piecesOf = ({ messages }: Pick<Sample, 'messages'>): Piece[] =>
  messages.map(({ from, bytes }, message) => ({ from, bytes: bytesOf(bytes), message }))

/** For each message the records that it has a part in. */
export function partsOf({ messages }: Sample): readonly (readonly number[])[] {
  if (messages.some(({ of }) => of !== undefined)) return messages.map(({ of }) => of ?? [])
  let turn = -1
  return messages.map(({ from }, i) => {
    if (from === 'client' && messages[i - 1]?.from !== 'client') turn++
    return [Math.max(0, turn)]
  })
}

/** For each record its messages. */
export function messagesOf(sample: Sample): readonly (readonly number[])[] {
  const parts = partsOf(sample)
  return sample.records.map((_, record) =>
    parts.flatMap((records, message) => (records.includes(record) ? [message] : [])),
  )
}

/** Records without a message in `touched`. */
export function untouched(sample: Sample, touched: (message: number) => boolean): number[] {
  return messagesOf(sample).flatMap((messages, record) => (messages.some(touched) ? [] : [record]))
}

/** Nothing but the order tells which answer is to which request. */
export const isInOrder = (sample: Sample): boolean =>
  !can(sample, 'keyed') && !can(sample, 'multiplexed') && messagesOf(sample).some(({ length }) => length > 1)

/** A record's messages have those of another in between, and nothing but the order tells them apart. */
export function isPipelined(sample: Sample): boolean {
  if (can(sample, 'keyed') || can(sample, 'multiplexed')) return false
  const spans = messagesOf(sample).filter(({ length }) => length > 1)
  return spans.some((span, i) => spans[i + 1] !== undefined && span.at(-1)! > spans[i + 1]![0]!)
}
