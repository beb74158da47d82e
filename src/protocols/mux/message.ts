/**
 * Messages of Mux (twitter.github.io/finagle, "Mux: a session layer"; com.twitter.finagle.mux.transport.Message):
 *
 *     size:4 type:1 tag:3 data      size: of all behind it; numbers are big-endian
 *
 *     Tinit, Rinit   68, -68   version:2 (length:4 name length:4 value)*
 *     Treq            1        keys:1 (key:1 length:1 value)* body
 *     Rreq           -1        status:1 body
 *     Tdispatch       2        contexts:2 (length:2 name length:2 value)* length:2 destination
 *                              rules:2 (length:2 from length:2 to)* body
 *     Rdispatch      -2        status:1 contexts:2 (…)* body
 *     Tdiscarded     66, -62   tag:3 why          one way, under tag 0
 *     Tlease         67        unit:1 howmuch:8   one way
 *     Rerr         -128, 127   why
 *     Tping, Tdrain  65, 64    and their answers -65, -64: nothing
 *
 * The highest bit of a tag says that another part of the data follows, in a message of the same type and tag.
 */
import { utf8 } from '../lib/bytes'

export const HEAD_BYTES = 8
/** A message is longer in no known program: Finagle's own limit is 2^31, and its parts have 64 KiB and more. */
const MAX_SIZE = 256 << 20
/** Contexts, headers or rules that are read of one message. */
const MAX_PAIRS = 256

export const T_REQ = 1
export const R_REQ = -1
export const T_DISPATCH = 2
export const R_DISPATCH = -2
export const T_DISCARDED = 66
export const OLD_T_DISCARDED = -62
export const R_DISCARDED = -66
export const T_LEASE = 67
export const T_INIT = 68
export const R_INIT = -68
export const R_ERR = -128
export const OLD_R_ERR = 127

const ASKED: ReadonlySet<number> = new Set([T_REQ, T_DISPATCH, 64, 65, T_INIT])
const ANSWERED: ReadonlySet<number> = new Set([
  R_REQ,
  R_DISPATCH,
  -64,
  -65,
  R_DISCARDED,
  R_INIT,
  R_ERR,
  OLD_R_ERR,
])
const ONE_WAY: ReadonlySet<number> = new Set([T_DISCARDED, OLD_T_DISCARDED, T_LEASE])

/** 'ask' has an answer, 'one-way' none. */
export type Kind = 'ask' | 'answer' | 'one-way'

export function kindOf(type: number): Kind | undefined {
  if (ASKED.has(type)) return 'ask'
  if (ANSWERED.has(type)) return 'answer'
  return ONE_WAY.has(type) ? 'one-way' : undefined
}

export const isError = (type: number): boolean => type === R_ERR || type === OLD_R_ERR

const u16 = (bytes: Uint8Array, at: number): number => (bytes[at]! << 8) | bytes[at + 1]!
const u24 = (bytes: Uint8Array, at: number): number => (u16(bytes, at) << 8) | bytes[at + 2]!
const u32 = (bytes: Uint8Array, at: number): number => u16(bytes, at) * 65_536 + u16(bytes, at + 2)

/** Bytes of the message whose size, type and tag are at `at`; 0: they make no sense. */
export function lengthAt(bytes: Uint8Array, at: number): number {
  const size = u32(bytes, at)
  const isKnown = kindOf(typeAt(bytes, at)) !== undefined
  return size >= 4 && size <= MAX_SIZE && isKnown ? 4 + size : 0
}

export const typeAt = (bytes: Uint8Array, at: number): number => (bytes[at + 4]! << 24) >> 24

export interface Head {
  readonly type: number
  /** Without the bit of parts. */
  readonly tag: number
  readonly hasMore: boolean
}

export function headAt(bytes: Uint8Array, start: number): Head {
  const tag = u24(bytes, start + 5)
  return { type: typeAt(bytes, start), tag: tag & 0x7fffff, hasMore: tag > 0x7fffff }
}

/** A message, or its first part, as far as its bytes are there. */
export interface Message extends Head {
  /** Contexts of a request, headers of Tinit. */
  readonly pairs: readonly Pair[]
  readonly destination: string
  /** Of an answer to a request. */
  readonly status: number | undefined
  /** Where its body begins. */
  readonly bodyAt: number
}

export interface Pair {
  readonly name: string
  readonly value: Uint8Array
}

interface Place {
  readonly bytes: Uint8Array
  at: number
  readonly end: number
}

/** The message at `start`; undefined: what is there doesn't fit its type. `isCut`: more of it than what ends at `end` isn't there. */
export function messageAt(
  bytes: Uint8Array,
  start: number,
  end: number,
  isCut: boolean,
): Message | undefined {
  const head = headAt(bytes, start)
  const place: Place = { bytes, at: start + HEAD_BYTES, end }
  const contents = contentsOf(head.type, place)
  if (contents === 'no') return undefined
  const common = { ...head, destination: '', status: undefined, pairs: [] }
  if (contents !== 'cut') return { ...common, ...contents, bodyAt: place.at }
  return isCut ? { ...common, bodyAt: end } : undefined
}

type Contents = Partial<Pick<Message, 'pairs' | 'destination' | 'status'>>

/** Reads up to the body. 'cut': the bytes end before it. */
function contentsOf(type: number, place: Place): Contents | 'no' | 'cut' {
  switch (type) {
    case T_INIT:
    case R_INIT:
      return initOf(place)
    case T_REQ:
      return keysOf(place)
    case T_DISPATCH:
      return dispatchOf(place)
    case R_REQ:
      return statusOf(place)
    case R_DISPATCH: {
      const status = statusOf(place)
      if (typeof status === 'string') return status
      const pairs = pairsOf(place)
      return typeof pairs === 'string' ? pairs : { ...status, pairs }
    }
    default:
      return {}
  }
}

function initOf(place: Place): Contents | 'no' | 'cut' {
  if (place.at + 2 > place.end) return 'cut'
  place.at += 2
  const pairs: Pair[] = []
  while (place.at < place.end && pairs.length < MAX_PAIRS) {
    const name = stretchOf(place, 4)
    const value = name && stretchOf(place, 4)
    if (!value) return 'cut'
    pairs.push({ name: utf8(name, 0, name.length), value })
  }
  return { pairs }
}

/** Of Treq: ids of a trace, under numbers. */
function keysOf(place: Place): Contents | 'no' | 'cut' {
  if (place.at >= place.end) return 'cut'
  const count = place.bytes[place.at++]!
  const pairs: Pair[] = []
  for (let i = 0; i < count; i++) {
    const key = place.bytes[place.at++]
    const value = stretchOf(place, 1)
    if (!value || key === undefined) return 'cut'
    pairs.push({ name: String(key), value })
  }
  return { pairs }
}

function dispatchOf(place: Place): Contents | 'no' | 'cut' {
  const pairs = pairsOf(place)
  if (typeof pairs === 'string') return pairs
  const destination = stretchOf(place, 2)
  const rules = destination ? pairsOf(place) : 'cut'
  if (typeof rules === 'string') return rules
  return { pairs, destination: utf8(destination!, 0, destination!.length) }
}

function statusOf(place: Place): Contents | 'no' | 'cut' {
  if (place.at >= place.end) return 'cut'
  const status = place.bytes[place.at++]!
  return status <= 2 ? { status } : 'no'
}

function pairsOf(place: Place): Pair[] | 'no' | 'cut' {
  if (place.at + 2 > place.end) return 'cut'
  const count = u16(place.bytes, place.at)
  place.at += 2
  if (count > MAX_PAIRS) return 'no'
  const pairs: Pair[] = []
  for (let i = 0; i < count; i++) {
    const name = stretchOf(place, 2)
    const value = name && stretchOf(place, 2)
    if (!value) return 'cut'
    pairs.push({ name: utf8(name, 0, name.length), value })
  }
  return pairs
}

/** The bytes behind their length, a number of `size` bytes; undefined when not all of them are there. */
function stretchOf(place: Place, size: 1 | 2 | 4): Uint8Array | undefined {
  const { bytes, at, end } = place
  const from = at + size
  if (from > end) return undefined
  const length = size === 1 ? bytes[at]! : size === 2 ? u16(bytes, at) : u32(bytes, at)
  if (from + length > end) return undefined
  place.at = from + length
  return bytes.subarray(from, from + length)
}

/** Version 1 of Thrift's binary protocol (thrift-binary-protocol.md): 0x80 0x01, 0, type:1, length:4, name. */
const THRIFT = 0x8001
const MAX_METHOD = 256

/** The method of a call of Thrift, '' where the body is none. */
export function thriftMethod(bytes: Uint8Array, at: number, end: number): string {
  if (end - at < 8 || u16(bytes, at) !== THRIFT || bytes[at + 2] !== 0) return ''
  const length = u32(bytes, at + 4)
  const behind = at + 8 + length
  return length <= MAX_METHOD && behind <= end ? utf8(bytes, at + 8, behind) : ''
}
