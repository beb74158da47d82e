/**
 * Messages of MongoDB (mongodb.com/docs/manual/reference/mongodb-wire-protocol). Numbers are little-endian.
 *
 *     length:4 id:4 responseTo:4 opcode:4 …       length: of all
 *
 *     OP_MSG 2013         flags:4 section* [checksum:4]
 *                         section   0, a document (the body) | 1, size:4, name, NUL, documents (members of the body)
 *                         flags     1: a checksum (CRC-32C), 2: more to come without being asked, 65536: several answers are welcome
 *     OP_COMPRESSED 2012  opcode:4 size:4 compressor:1 content        0 nothing, 1 snappy, 2 zlib, 3 zstd
 *     OP_QUERY 2004       flags:4 collection, NUL, skip:4 return:4 document           only to say hello, since MongoDB 5.1
 *     OP_REPLY 1          flags:4 cursor:8 from:4 count:4 document*
 *
 * The first answer to a request names the request's id; one that comes without being asked again, that of the answer before.
 */

export const HEAD_BYTES = 16
/** The server's own limit is 48,000,000. */
export const MAX_LENGTH = 64 << 20

export const OP_REPLY = 1
export const OP_QUERY = 2004
export const OP_COMPRESSED = 2012
export const OP_MSG = 2013
/** OP_UPDATE, OP_INSERT, OP_GET_MORE, OP_DELETE and OP_KILL_CURSORS: nobody has said them since MongoDB 3.6. */
const OLD: ReadonlySet<number> = new Set([2001, 2002, 2005, 2006, 2007])

export const CHECKSUM = 1
export const MORE_TO_COME = 2
/** The lower 16 bits must be known, of the others one is. */
const UNKNOWN_FLAGS = 0xfffc

/** Bytes of a message up to its first document, at least. */
export const LEAST: ReadonlyMap<number, number> = new Map([
  [OP_MSG, HEAD_BYTES + 4 + 1 + 5],
  [OP_QUERY, HEAD_BYTES + 4 + 1 + 8 + 5],
  [OP_REPLY, HEAD_BYTES + 20],
  [OP_COMPRESSED, HEAD_BYTES + 9],
])
const LEAST_OLD = HEAD_BYTES + 8

export const i32 = (bytes: Uint8Array, at: number): number =>
  bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)

export interface Head {
  readonly length: number
  readonly id: number
  readonly responseTo: number
  readonly opcode: number
}

/** The head of the message at `at`, of which HEAD_BYTES are there; undefined: none begins there. */
export function headAt(bytes: Uint8Array, at: number): Head | undefined {
  const length = i32(bytes, at)
  const opcode = i32(bytes, at + 12)
  const least = LEAST.get(opcode) ?? (OLD.has(opcode) ? LEAST_OLD : Number.POSITIVE_INFINITY)
  if (length < least || length > MAX_LENGTH) return undefined
  return { length, id: i32(bytes, at + 4), responseTo: i32(bytes, at + 8), opcode }
}

export const areFlags = (flags: number): boolean => (flags & UNKNOWN_FLAGS) === 0
