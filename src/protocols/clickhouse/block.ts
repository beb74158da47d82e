/**
 * Blocks of rows, column by column (https://clickhouse.com/docs/native-protocol/columns): only how many rows there are is of interest, but
 * where a block ends shows in its values alone.
 *
 *     block  = (1 isOverflow:1 | 2 bucket:4)* 0 columns rows (name type [custom:1] values)*
 *     frame  = checksum:16 method:1 size:4 plainSize:4 …      size: from `method` on; the block is in one frame, or in several of 1 MiB and more
 */
import { utf8 } from '../lib/bytes'
import type { DecodeBudget } from '../lib/decode-budget'
import { inflate } from '../lib/inflate'
import { byte, Cursor, needs, type Steps, skip, text, u64, varint, wrong } from './cursor'
import { lz4Beginning } from './lz4'
import { CUSTOM_SERIALIZATION } from './revisions'
import { type Type, typeOf } from './types'

const MAX_COLUMNS = 1 << 16
const MAX_TYPE = 4096
const MAX_FRAME = 1 << 30

export interface Block {
  /** -1: that isn't known. */
  readonly rows: number
  /** '' for none. */
  readonly method: string
  /** Another frame of it may follow. */
  readonly mayGoOn: boolean
}

export function* plainBlock(cursor: Cursor, revision: number): Steps<Block> {
  const { columns, rows } = yield* head(cursor)
  for (let i = 0; i < columns; i++) {
    yield* text(cursor, 0)
    const { bytes, size } = yield* text(cursor, MAX_TYPE)
    const isCustom = revision >= CUSTOM_SERIALIZATION && (yield* byte(cursor)) !== 0
    if (rows === 0) continue
    const type = size > MAX_TYPE || isCustom ? null : typeOf(utf8(bytes, 0, bytes.length))
    if (!type) return yield* wrong('a column of ClickHouse whose type isn’t known')
    yield* skip(cursor, 8 * dictionariesIn(type))
    yield* values(cursor, type, rows)
  }
  return { rows, method: '', mayGoOn: false }
}

function* head(cursor: Cursor): Steps<{ readonly columns: number; readonly rows: number }> {
  for (let field = yield* varint(cursor); field !== 0; field = yield* varint(cursor)) {
    if (field > 2) return yield* wrong('not a block of ClickHouse')
    const width = field === 1 ? 1 : 4
    yield* needs(cursor, width)
    cursor.at += width
  }
  const columns = yield* varint(cursor)
  const rows = yield* varint(cursor)
  if (columns > MAX_COLUMNS) return yield* wrong('a block of ClickHouse with too many columns')
  return { columns, rows }
}

/** Each dictionary has its version before all values. */
function dictionariesIn(type: Type): number {
  if (type.kind === 'tuple') return type.of.reduce((sum, each) => sum + dictionariesIn(each), 0)
  if (type.kind === 'dictionary') return 1
  return 'of' in type ? dictionariesIn(type.of) : 0
}

function* values(cursor: Cursor, type: Type, rows: number): Steps<void> {
  switch (type.kind) {
    case 'fixed':
      return yield* skip(cursor, type.width * rows)
    case 'string':
      return yield* strings(cursor, rows)
    case 'nullable':
      yield* skip(cursor, rows)
      return yield* values(cursor, type.of, rows)
    case 'array': {
      if (rows === 0) return
      yield* skip(cursor, 8 * (rows - 1))
      return yield* values(cursor, type.of, yield* u64(cursor))
    }
    case 'tuple':
      for (const each of type.of) yield* values(cursor, each, rows)
      return
    case 'dictionary':
      return yield* indices(cursor, type.of, rows)
  }
}

function* strings(cursor: Cursor, rows: number): Steps<void> {
  for (let i = 0; i < rows; ) {
    const size = cursor.varint()
    if (size === -1) {
      yield 'need-more'
      continue
    }
    if (size < 0) return yield* wrong('a text of ClickHouse that is too long')
    if (cursor.left >= size) cursor.at += size
    else yield { skip: size }
    i++
  }
}

const HAS_KEYS = 0x2
const IS_GLOBAL = 0x1

/** Of a dictionary: flags:8 count:8 keys rows:8 indices, where the first byte of the flags is the width of an index. */
function* indices(cursor: Cursor, keys: Type, rows: number): Steps<void> {
  if (rows === 0) return
  yield* needs(cursor, 8)
  const [width, flags] = [cursor.bytes[cursor.at]!, cursor.bytes[cursor.at + 1]!]
  cursor.at += 8
  if (width > 3 || (flags & HAS_KEYS) === 0 || (flags & IS_GLOBAL) !== 0)
    return yield* wrong('a dictionary of ClickHouse that isn’t known')
  yield* values(cursor, keys, yield* u64(cursor))
  yield* skip(cursor, (yield* u64(cursor)) * 2 ** width)
}

// ── Compressed ───────────────────────────────────────────────────────────────

export const FRAME_HEAD = 25
const METHODS: Readonly<Record<number, string>> = { 2: 'none', 130: 'LZ4', 144: 'ZSTD' }
/** From this size on a block may have several frames. */
const FULL = 1 << 20
/** Bytes of a frame that tell how many rows its block has. */
const BEGINNING = 256
const HEAD_BYTES = 48

/** Whether a frame may begin there; its head is there. */
export function isFrame(cursor: Cursor, at: number): boolean {
  const [size, plain] = [cursor.u32(at + 17), cursor.u32(at + 21)]
  return (
    METHODS[cursor.bytes[at + 16]!] !== undefined &&
    size > 9 &&
    size <= MAX_FRAME &&
    plain > 0 &&
    plain <= MAX_FRAME
  )
}

/** A frame; `isFirst`: a block begins in it. */
export function* frame(cursor: Cursor, isFirst: boolean, budget: DecodeBudget): Steps<Block> {
  yield* needs(cursor, FRAME_HEAD)
  if (!isFrame(cursor, cursor.at)) return yield* wrong('not a compressed block of ClickHouse')
  const method = METHODS[cursor.bytes[cursor.at + 16]!]!
  const [size, plain] = [cursor.u32(cursor.at + 17) - 9, cursor.u32(cursor.at + 21)]
  cursor.at += FRAME_HEAD
  const wanted = isFirst ? Math.min(size, method === 'ZSTD' ? size : BEGINNING, 64 << 10) : 0
  yield* needs(cursor, wanted)
  const rows = isFirst ? rowsIn(method, cursor.bytes.subarray(cursor.at, cursor.at + wanted), budget) : 0
  yield* skip(cursor, size)
  return { rows, method, mayGoOn: plain >= FULL }
}

function rowsIn(method: string, bytes: Uint8Array, budget: DecodeBudget): number {
  const plain =
    method === 'LZ4'
      ? lz4Beginning(bytes, HEAD_BYTES)
      : method === 'ZSTD'
        ? inflate(['zstd'], bytes, HEAD_BYTES, budget)
        : bytes.subarray(0, HEAD_BYTES)
  if (!plain) return -1
  const inner = new Cursor()
  inner.bytes = plain
  inner.end = plain.length
  const step = head(inner).next()
  return step.done ? step.value.rows : -1
}
