/**
 * Which bytes are MongoDB: the head of a message with one of its operations, and lengths, flags and names within that fit it. Which
 * side says it is told by whether it answers something.
 */
import { indexOfBytes } from '../lib/bytes'
import type { Head as Bytes, Recognition, Side } from '../protocol'
import { isType } from './bson'
import { COMPRESSED_BYTES, compressionAt, mayBegin } from './compressed'
import {
  areFlags,
  HEAD_BYTES,
  type Head,
  headAt,
  i32,
  LEAST,
  MAX_LENGTH,
  OP_COMPRESSED,
  OP_MSG,
  OP_QUERY,
  OP_REPLY,
} from './message'

/** What bytes may be: a message's beginning for sure, one if more bytes say so, none. */
type Likeness = 'sure' | 'part' | 'no'

const OPCODES = [OP_MSG, OP_QUERY, OP_COMPRESSED, OP_REPLY]
/** Bytes of a name of a collection, a section or a member. */
const MAX_NAME = 128
const SECTION = /^(?:documents|updates|deletes|ops|nsInfo)$/

export function recognise({ bytes }: Bytes): Recognition {
  const likeness = likenessAt(bytes, 0)
  if (likeness === 'no') return 'no'
  return likeness === 'part' ? 'need-more' : { side: sideAt(bytes, 0), sure: true }
}

/** Answers name what they answer. */
const sideAt = (bytes: Uint8Array, at: number): Side => (i32(bytes, at + 8) === 0 ? 'client' : 'server')

function likenessAt(bytes: Uint8Array, at: number): Likeness {
  if (bytes.length - at < HEAD_BYTES) return headMayBegin(bytes, at) ? 'part' : 'no'
  const head = headAt(bytes, at)
  if (!head || !LEAST.has(head.opcode)) return 'no'
  switch (head.opcode) {
    case OP_MSG:
      return messageAt(bytes, at, head)
    case OP_QUERY:
      return queryAt(bytes, at, head)
    case OP_REPLY:
      return replyAt(bytes, at, head)
    default:
      return compressedAt(bytes, at, head)
  }
}

function headMayBegin(bytes: Uint8Array, at: number): boolean {
  const have = bytes.length - at
  if (have >= 4) {
    const length = i32(bytes, at)
    if (length < HEAD_BYTES || length > MAX_LENGTH) return false
  }
  const opcode = bytes.subarray(at + 12)
  return OPCODES.some((each) => opcode.every((byte, i) => byte === ((each >> (8 * i)) & 0xff)))
}

function messageAt(bytes: Uint8Array, at: number, { length }: Head): Likeness {
  const section = at + HEAD_BYTES + 4
  if (bytes.length < section + 1) return 'part'
  if (!areFlags(i32(bytes, at + HEAD_BYTES))) return 'no'
  const kind = bytes[section]!
  if (kind === 0) return documentAt(bytes, section + 1, at + length)
  if (kind !== 1) return 'no'
  if (bytes.length < section + 5) return 'part'
  const size = i32(bytes, section + 1)
  if (size < 5 || section + 1 + size > at + length) return 'no'
  const name = nameAt(bytes, section + 5)
  if (name === undefined) return 'no'
  return name === 'part' ? 'part' : SECTION.test(name.text) ? 'sure' : 'no'
}

function queryAt(bytes: Uint8Array, at: number, { length, responseTo }: Head): Likeness {
  if (responseTo !== 0) return 'no'
  const name = nameAt(bytes, at + HEAD_BYTES + 4)
  if (name === undefined) return 'no'
  if (name === 'part') return 'part'
  return name.text.includes('.') ? documentAt(bytes, name.end + 8, at + length) : 'no'
}

/** With one document, or more, of which the first is looked at. */
function replyAt(bytes: Uint8Array, at: number, { length, responseTo }: Head): Likeness {
  if (responseTo === 0) return 'no'
  const document = at + HEAD_BYTES + 20
  if (bytes.length < document) return 'part'
  const [flags, count] = [i32(bytes, at + HEAD_BYTES), i32(bytes, document - 4)]
  return (flags & ~15) === 0 && count > 0 && count < length ? documentAt(bytes, document, at + length) : 'no'
}

function compressedAt(bytes: Uint8Array, at: number, { length }: Head): Likeness {
  if (bytes.length < at + COMPRESSED_BYTES) return 'part'
  const compression = compressionAt(bytes, at)
  if (!compression || compression.compressor === 0) return 'no'
  const content = bytes.subarray(at + COMPRESSED_BYTES, at + Math.min(length, COMPRESSED_BYTES + 5))
  if (!mayBegin(compression, content)) return 'no'
  const isThere = content.length === 5 || bytes.length >= at + length
  return isThere ? 'sure' : 'part'
}

/** A document whose size fits what it is in, and whose first member has a type and a name. */
function documentAt(bytes: Uint8Array, at: number, end: number): Likeness {
  if (bytes.length < at + 5) return 'part'
  const size = i32(bytes, at)
  const type = bytes[at + 4]!
  if (size < 5 || at + size > end || !isType(type)) return 'no'
  const name = nameAt(bytes, at + 5)
  return name === undefined ? 'no' : name === 'part' ? 'part' : 'sure'
}

/** A name in plain letters, and the offset behind its NUL; undefined: there is none. */
function nameAt(
  bytes: Uint8Array,
  from: number,
): { readonly text: string; readonly end: number } | 'part' | undefined {
  for (let at = from; at < bytes.length && at < from + MAX_NAME; at++) {
    const byte = bytes[at]!
    if (byte === 0)
      return at > from ? { text: String.fromCharCode(...bytes.subarray(from, at)), end: at + 1 } : undefined
    if (byte <= 0x20 || byte > 0x7e) return undefined
  }
  return bytes.length < from + MAX_NAME ? 'part' : undefined
}

const bytesOfCode = (opcode: number) => Uint8Array.of(opcode & 0xff, opcode >> 8, 0, 0)
const SEARCHED = [OP_MSG, OP_QUERY, OP_COMPRESSED].map(bytesOfCode)
/** OP_REPLY is 1, as much else is: it is looked for only among what a server says. */
const OF_SERVERS = [...SEARCHED, bytesOfCode(OP_REPLY)]
/** Places that a search looks at. */
const MAX_CANDIDATES = 256

/** The first offset ≥ `from` of a message that is one for sure; or -1. */
export const search = (bytes: Uint8Array, from: number): number => found(bytes, from, undefined)

/** The same of one side, also where its end isn't there yet. */
export function boundary(side: Side, bytes: Uint8Array, from: number): number {
  return found(bytes, from, side)
}

function found(bytes: Uint8Array, from: number, side: Side | undefined): number {
  let first = -1
  for (const code of side === 'server' ? OF_SERVERS : SEARCHED) {
    let at = from + 12
    for (let i = 0; i < MAX_CANDIDATES; i++) {
      at = indexOfBytes(bytes, code, at, first < 0 ? bytes.length : first + 12)
      if (at < 0) break
      const start = at - 12
      if (likenessAt(bytes, start) === 'sure' && (side === undefined || sideAt(bytes, start) === side)) {
        first = start
        break
      }
      at++
    }
  }
  return first
}
