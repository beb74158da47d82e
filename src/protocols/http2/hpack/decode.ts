/** Header blocks (RFC 7541 §6): the fields of a message, most of them as numbers of earlier fields. */
import { ByteMemo } from '../../lib/byte-memo'
import { latin1 } from '../../lib/bytes'
import { decodeHuffman } from './huffman'
import { type Field, type FieldTable, fieldOf } from './table'

/** Fields of a block that are kept at most, and their characters: a byte may stand for a field of 4 KB. */
const MAX_FIELDS = 512
const MAX_LIST = 256 << 10
/** More bits than a number of any use has. */
const MAX_SHIFT = 28

const INDEXED = 0x80
const INCREMENTAL = 0x40
const SIZE_UPDATE = 0x20
const NEVER_INDEXED = 0x10
const HUFFMAN = 0x80

/** Reads one block; it has the place in it. All blocks share one object, as reads don't nest. */
class Cursor {
  bytes: Uint8Array = new Uint8Array(0)
  at = 0
  end = 0

  /** §5.1: a number that begins in the lower `bits` of the next byte; -1 where it doesn't end or is too large. */
  integer(bits: number): number {
    const most = (1 << bits) - 1
    let value = this.bytes[this.at++]! & most
    if (value < most) return value
    for (let shift = 0; shift <= MAX_SHIFT && this.at < this.end; shift += 7) {
      const byte = this.bytes[this.at++]!
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) return value
    }
    return -1
  }

  /** §5.2. */
  text(): string | undefined {
    if (this.at >= this.end) return undefined
    const isCoded = (this.bytes[this.at]! & HUFFMAN) !== 0
    const length = this.integer(7)
    const start = this.at
    if (length < 0 || length > this.end - start) return undefined
    this.at += length
    return isCoded ? decodeHuffman(this.bytes, start, this.at) : latin1(this.bytes, start, this.at)
  }

  /** Passes over a text; false where it doesn't end within the block. */
  passText(): boolean {
    if (this.at >= this.end) return false
    const length = this.integer(7)
    if (length < 0 || length > this.end - this.at) return false
    this.at += length
    return true
  }
}

const cursor = new Cursor()

/**
 * Reads bytes[start..end), a whole block, and keeps `table` as its sender does. undefined where they are no block; the
 * table is to be forgotten then.
 */
export function decodeBlock(
  table: FieldTable,
  bytes: Uint8Array,
  start: number,
  end: number,
): Field[] | undefined {
  cursor.bytes = bytes
  cursor.at = start
  cursor.end = end
  const fields: Field[] = []
  let length = 0
  while (cursor.at < end) {
    const byte = bytes[cursor.at]!
    if ((byte & (INDEXED | INCREMENTAL | SIZE_UPDATE)) === SIZE_UPDATE) {
      const limit = cursor.integer(5)
      // §4.2: it stands before the first field.
      if (limit < 0 || fields.length > 0) return undefined
      table.resize(limit)
      continue
    }
    const field = byte >= INDEXED ? table.at(cursor.integer(7)) : literal(table, byte)
    if (field === undefined) return undefined
    length += field.size
    if (fields.length < MAX_FIELDS && length <= MAX_LIST) fields.push(field)
  }
  return fields
}

/** §6.2. */
function literal(table: FieldTable, first: number): Field | undefined {
  const isAdded = first >= INCREMENTAL
  const start = cursor.at
  const index = cursor.integer(isAdded ? 6 : 4)
  if (index < 0) return undefined
  const field = index === 0 ? wholeLiteral(start) : namedLiteral(table.at(index)?.name, first)
  if (isAdded && field) table.add(field)
  return field
}

/** `first`: the first byte of the literal. */
function namedLiteral(name: string | undefined, first: number): Field | undefined {
  const value = name === undefined ? undefined : cursor.text()
  if (name === undefined || value === undefined) return undefined
  return fieldOf(name, value, first < INCREMENTAL && (first & NEVER_INDEXED) !== 0)
}

/** One that has its name, too: most of these are the same again and again, and all that they mean is in their bytes. */
function wholeLiteral(start: number): Field | undefined {
  if (!cursor.passText() || !cursor.passText()) return undefined
  const end = cursor.at
  const field = literals.get(cursor.bytes, start, end)
  cursor.at = end
  return field
}

/** Literals that are remembered, and bytes of one, and of memory for all. */
const KNOWN = 1024
const LONGEST = 256
const KNOWN_BYTES = 1 << 20
const literals = new ByteMemo<Field | undefined>(
  (bytes, from) => {
    cursor.at = from + 1
    return namedLiteral(cursor.text(), bytes[from]!)
  },
  KNOWN,
  LONGEST,
  KNOWN_BYTES,
)
