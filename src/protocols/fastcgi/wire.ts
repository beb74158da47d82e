/**
 * Records of FastCGI 1.0 (https://fastcgi-archives.github.io/FastCGI_Specification.html, §3 to §5):
 *
 *     version:1 (1) type:1 id:2 contentLength:2 paddingLength:1 reserved:1 content padding        numbers are big-endian
 *
 *     BEGIN_REQUEST  1  role:2 flags:1 reserved:5
 *     ABORT_REQUEST  2
 *     END_REQUEST    3  appStatus:4 protocolStatus:1 reserved:3
 *     PARAMS  4, STDIN 5, STDOUT 6, STDERR 7, DATA 8     streams: any number of records, the last one empty
 *     GET_VALUES     9, GET_VALUES_RESULT 10, UNKNOWN_TYPE 11     about the connection itself, under id 0
 *
 * Parameters are pairs: nameLength (1 byte, or 4 with the highest bit set) valueLength (the same) name value.
 */
import type { Side } from '../protocol'

export const HEAD_BYTES = 8
export const BEGIN = 1
export const ABORT = 2
export const END = 3
export const PARAMS = 4
export const STDIN = 5
export const STDOUT = 6
export const STDERR = 7
const DATA = 8
export const GET_VALUES = 9
const GET_VALUES_RESULT = 10
const UNKNOWN_TYPE = 11

/** Bytes of the content of BEGIN_REQUEST and of END_REQUEST. */
export const BODY_BYTES = 8
const KEEP_CONN = 1

/** What each end says: the web server is the client, the application the server. */
const SAID: Record<Side, ReadonlySet<number>> = {
  client: new Set([BEGIN, ABORT, PARAMS, STDIN, DATA, GET_VALUES]),
  server: new Set([END, STDOUT, STDERR, GET_VALUES_RESULT, UNKNOWN_TYPE]),
}
export const isSaidBy = (side: Side, type: number): boolean => SAID[side].has(type)

const ROLES = ['', 'responder', 'authorizer', 'filter']
const STATUSES = ['complete', 'cant_multiplex', 'overloaded', 'unknown_role']

const u16 = (bytes: Uint8Array, at: number): number => (bytes[at]! << 8) | bytes[at + 1]!
const u32 = (bytes: Uint8Array, at: number): number => u16(bytes, at) * 65_536 + u16(bytes, at + 2)

/** Bytes of the record whose head is at `at`, its padding included; 0: there is none. */
export function lengthAt(bytes: Uint8Array, at: number): number {
  const type = bytes[at + 1]!
  if (bytes[at] !== 1 || type < BEGIN || type > UNKNOWN_TYPE) return 0
  return HEAD_BYTES + contentLengthAt(bytes, at) + bytes[at + 6]!
}

export const typeAt = (bytes: Uint8Array, at: number): number => bytes[at + 1]!
export const idAt = (bytes: Uint8Array, at: number): number => u16(bytes, at + 2)
export const contentLengthAt = (bytes: Uint8Array, at: number): number => u16(bytes, at + 4)

export interface Begun {
  readonly role: string
  readonly keeps: boolean
}

/** What the content of a BEGIN_REQUEST at `at` says; undefined: it is none. */
export function begunAt(bytes: Uint8Array, at: number): Begun | undefined {
  const role = ROLES[u16(bytes, at)]
  return role ? { role, keeps: (bytes[at + 2]! & KEEP_CONN) !== 0 } : undefined
}

export interface Ended {
  readonly appStatus: number
  readonly protocolStatus: string
}

export function endedAt(bytes: Uint8Array, at: number): Ended | undefined {
  const protocolStatus = STATUSES[bytes[at + 4]!]
  return protocolStatus === undefined ? undefined : { appStatus: u32(bytes, at), protocolStatus }
}

export interface Pair {
  /** Where the name and the value begin, and the value ends. */
  readonly name: number
  readonly value: number
  readonly end: number
}

/** The pair at `at`; undefined: it isn't whole within `bytes[at..end)`. */
export function pairAt(bytes: Uint8Array, at: number, end: number): Pair | undefined {
  const nameBytes = bytes[at]! < 0x80 ? 1 : 4
  const valueAt = at + nameBytes
  if (valueAt >= end) return undefined
  const valueBytes = bytes[valueAt]! < 0x80 ? 1 : 4
  const name = valueAt + valueBytes
  if (name > end) return undefined
  const value = name + sizeAt(bytes, at, nameBytes)
  const behind = value + sizeAt(bytes, valueAt, valueBytes)
  return behind > end ? undefined : { name, value, end: behind }
}

const sizeAt = (bytes: Uint8Array, at: number, size: number): number =>
  size === 1 ? bytes[at]! : u32(bytes, at) - 0x80000000
