/**
 * Envelopes of CQL (native_protocol_v3.spec, native_protocol_v4.spec and native_protocol_v5.spec, §2), which older versions call frames:
 *
 *     version:1  flags:1  stream:2  opcode:1  length:4  body      numbers are big-endian; a version with the highest bit is an answer's
 *
 * A body begins with what its flags tell: the id of the trace (16 bytes, of answers), warnings ([string list], of answers), the custom
 * payload ([bytes map]).
 */
import type { Side } from '../protocol'

export const HEAD_BYTES = 9
/** Cassandra's own limit. */
const MAX_BODY = 256 << 20

export const OP = {
  ERROR: 0,
  STARTUP: 1,
  READY: 2,
  AUTHENTICATE: 3,
  OPTIONS: 5,
  SUPPORTED: 6,
  QUERY: 7,
  RESULT: 8,
  PREPARE: 9,
  EXECUTE: 10,
  REGISTER: 11,
  EVENT: 12,
  BATCH: 13,
  AUTH_CHALLENGE: 14,
  AUTH_RESPONSE: 15,
  AUTH_SUCCESS: 16,
} as const

export const FLAG = { COMPRESSED: 1, TRACING: 2, PAYLOAD: 4, WARNING: 8 } as const
const ALL_FLAGS = 0x1f

const CLIENT_OPS: ReadonlySet<number> = new Set([
  OP.STARTUP,
  OP.OPTIONS,
  OP.QUERY,
  OP.PREPARE,
  OP.EXECUTE,
  OP.REGISTER,
  OP.BATCH,
  OP.AUTH_RESPONSE,
])
const SERVER_OPS: ReadonlySet<number> = new Set([
  OP.ERROR,
  OP.READY,
  OP.AUTHENTICATE,
  OP.SUPPORTED,
  OP.RESULT,
  OP.EVENT,
  OP.AUTH_CHALLENGE,
  OP.AUTH_SUCCESS,
])

const OLDEST = 3
const NEWEST = 5
/** Versions that clients offer first (6, and two of DataStax's own) and that are only told from the others here. */
const OFFERED: ReadonlySet<number> = new Set([6, 0x41, 0x42])
const ANSWER = 0x80

export const sideOf = (version: number): Side => (version & ANSWER ? 'server' : 'client')

export interface Head {
  /** Without the bit of answers. */
  readonly version: number
  readonly flags: number
  readonly stream: number
  readonly opcode: number
}

export function headAt(bytes: Uint8Array, at: number): Head {
  return {
    version: bytes[at]! & ~ANSWER,
    flags: bytes[at + 1]!,
    stream: ((bytes[at + 2]! << 24) >> 16) | bytes[at + 3]!,
    opcode: bytes[at + 4]!,
  }
}

const bodyAt = (bytes: Uint8Array, at: number): number =>
  bytes[at + 5]! * 2 ** 24 + ((bytes[at + 6]! << 16) | (bytes[at + 7]! << 8) | bytes[at + 8]!)

/** Bytes of the envelope whose head is at `at`; 0: this side says nothing that begins so. */
export function lengthAt(side: Side, bytes: Uint8Array, at: number): number {
  return mayBegin(side, bytes, at, at + HEAD_BYTES) ? HEAD_BYTES + bodyAt(bytes, at) : 0
}

/** Whether bytes[at..end), at most a head, may begin an envelope of this side. */
export function mayBegin(side: Side, bytes: Uint8Array, at: number, end: number): boolean {
  const there = end - at
  if (there <= 0 || sideOf(bytes[at]!) !== side) return false
  const version = bytes[at]! & ~ANSWER
  const isKnown = version >= OLDEST && version <= NEWEST
  if (!isKnown && !(side === 'client' && OFFERED.has(version))) return false
  if (there > 1 && bytes[at + 1]! > ALL_FLAGS) return false
  if (there < 5) return true
  const opcode = bytes[at + 4]!
  if (!(side === 'client' ? CLIENT_OPS : SERVER_OPS).has(opcode)) return false
  if (!isKnown && opcode !== OP.OPTIONS && opcode !== OP.STARTUP) return false
  return there < HEAD_BYTES || bodyAt(bytes, at) <= MAX_BODY
}

/** What a request with this opcode may be answered. */
const ANSWERS: Readonly<Record<number, readonly number[]>> = {
  [OP.STARTUP]: [OP.READY, OP.AUTHENTICATE],
  [OP.OPTIONS]: [OP.SUPPORTED],
  [OP.REGISTER]: [OP.READY],
  [OP.AUTH_RESPONSE]: [OP.AUTH_CHALLENGE, OP.AUTH_SUCCESS],
}
const RESULT_ONLY = [OP.RESULT]

export const isAnsweredBy = (opcode: number, answer: number): boolean =>
  answer === OP.ERROR || (ANSWERS[opcode] ?? RESULT_ONLY).includes(answer)
