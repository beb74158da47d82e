/**
 * Strings as bytes. The payload of a string column:
 *
 *     tag u8 · code width u8 · length width u8 · 0 u8 · rows u32 · entries u32 · text bytes u32
 *     codes, as byte planes (none when every row has its own entry, or all have the same)
 *     lengths of the entries, as byte planes
 *     UTF-8 texts, one behind the other
 *
 * Entries stand in the order in which rows first use them. Unused and doubled entries of the chunks are left out.
 */
import { StringTable, type StringVector } from '../records/batch'
import { viewOf } from '../records/text-index'
import { type BlobWriter, DamagedBlob, type RawBytes } from './blob'
import { Coding, Entries } from './entries'
import { type Grams, WORTH_BYTES } from './grams'
import { planesOf, toPlanes, widthOf, writePlanes } from './numbers'

/** Codes point into the entries. */
const DICTIONARY = 4
/** Row i is entry i. */
const PLAIN = 5

const HEAD_BYTES = 16
/** Rows coded between two rests of a compaction. */
const REST_ROWS = 8192
/** Bytes of the smallest and largest text that are kept as statistics. */
const PREFIX_BYTES = 32

/** Among more texts than this a range would rule nothing out. */
const RANGE_ENTRIES = 1024

/** Smallest and largest text in byte order, cut to a prefix; a cut maximum ends in 0xFF, which UTF-8 never holds. */
export interface TextRange {
  readonly min: Uint8Array | undefined
  readonly max: Uint8Array | undefined
}

export interface TextStatistics extends TextRange {
  /** `grams` was filled. */
  readonly indexed: boolean
}

/** Writes rows of several chunks as one column, in `order` (row numbers over all chunks); rests when it yields. */
export function* writeStrings(
  parts: readonly StringVector[],
  order: Uint32Array | undefined,
  out: BlobWriter,
  grams?: Grams,
): Generator<void, TextStatistics> {
  const rows = order?.length ?? parts.reduce((sum, part) => sum + part.codes.length, 0)
  const entries = new Entries(parts)
  const coding = new Coding(entries, parts, order, rows)
  for (let from = 0; from < rows; from += REST_ROWS) {
    if (from > 0) yield
    coding.rows(from, Math.min(rows, from + REST_ROWS))
  }
  const { codes, used, count, textBytes, rowBytes } = coding
  const codeWidth = widthOf(Math.max(0, count - 1))
  const plain = count === rows || rowBytes - textBytes < rows * codeWidth
  yield
  const wanted = plain ? gathered(used, codes) : used.subarray(0, count)
  const lengths = gathered(entries.lengths, wanted)
  const lengthWidth = widthOf(largest(lengths))
  out.write(headOf(plain, codeWidth, lengthWidth, rows, wanted.length, plain ? rowBytes : textBytes))
  if (!plain) writePlanes(out, toPlanes(codes, codeWidth), rows)
  yield
  out.section()
  writePlanes(out, toPlanes(lengths, lengthWidth), wanted.length)
  out.section()
  yield
  let since = out.rawBytes
  const indexed = textBytes >= WORTH_BYTES ? grams : undefined
  for (const run of entries.runs(wanted)) {
    out.write(run)
    indexed?.add(run)
    if (out.rawBytes !== since) {
      since = out.rawBytes
      yield
    }
  }
  return { ...textRange(entries, used.subarray(0, count)), indexed: indexed !== undefined }
}

function gathered(values: Uint32Array, at: Uint32Array): Uint32Array {
  const out = new Uint32Array(at.length)
  for (let i = 0; i < at.length; i++) out[i] = values[at[i]!]!
  return out
}

function largest(numbers: Uint32Array): number {
  let max = 0
  for (let i = 0; i < numbers.length; i++) if (numbers[i]! > max) max = numbers[i]!
  return max
}

function headOf(
  plain: boolean,
  codeWidth: number,
  lengthWidth: number,
  rows: number,
  entries: number,
  textBytes: number,
): Uint8Array {
  const view = new DataView(new ArrayBuffer(HEAD_BYTES))
  view.setUint8(0, plain ? PLAIN : DICTIONARY)
  view.setUint8(1, plain ? 0 : codeWidth)
  view.setUint8(2, lengthWidth)
  view.setUint32(4, rows, true)
  view.setUint32(8, entries, true)
  view.setUint32(12, textBytes, true)
  return new Uint8Array(view.buffer)
}

function textRange(entries: Entries, used: Uint32Array): TextRange {
  if (used.length === 0 || used.length > RANGE_ENTRIES) return { min: undefined, max: undefined }
  let min = entries.bytes(used[0]!)
  let max = min
  for (let i = 1; i < used.length; i++) {
    const bytes = entries.bytes(used[i]!)
    if (Buffer.compare(bytes, min) < 0) min = bytes
    else if (Buffer.compare(bytes, max) > 0) max = bytes
  }
  const cut =
    max.length <= PREFIX_BYTES ? max : Buffer.concat([max.subarray(0, PREFIX_BYTES), Buffer.of(0xff)])
  return { min: min.slice(0, PREFIX_BYTES), max: cut.slice() }
}

/** Reads what `writeStrings` wrote; throws `DamagedBlob` unless it is exactly `rows` strings. */
export function readStrings(
  raw: RawBytes,
  rows: number,
): { readonly codes: Uint32Array; readonly dict: StringTable } {
  const view = viewOf(raw.take(0, HEAD_BYTES))
  const tag = view.getUint8(0)
  const codeWidth = view.getUint8(1)
  const lengthWidth = view.getUint8(2)
  const entries = view.getUint32(8, true)
  const textBytes = view.getUint32(12, true)
  const lengthsAt = HEAD_BYTES + codeWidth * rows
  const textsAt = lengthsAt + lengthWidth * entries
  const known = tag === DICTIONARY || (tag === PLAIN && entries === rows)
  if (!known || entries > rows || codeWidth > 4 || lengthWidth > 4 || view.getUint32(4, true) !== rows)
    throw new DamagedBlob('a string column of unknown encoding')
  if (raw.length !== textsAt + textBytes) throw new DamagedBlob('a string column has the wrong length')
  const codes = new Uint32Array(rows)
  if (tag === PLAIN) for (let i = 0; i < rows; i++) codes[i] = i
  else if (rows > 0 && joinPlanes(planesOf(raw, HEAD_BYTES, rows, codeWidth), codes) >= entries)
    throw new DamagedBlob('a code without an entry')
  const offsets = new Uint32Array(entries + 1)
  joinPlanes(planesOf(raw, lengthsAt, entries, lengthWidth), offsets.subarray(1))
  let end = 0
  for (let i = 1; i <= entries; i++) {
    end += offsets[i]!
    offsets[i] = end
  }
  if (end !== textBytes) throw new DamagedBlob('a string column has the wrong text length')
  return { codes, dict: new StringTable(raw.take(textsAt, textBytes), offsets) }
}

/** Writes the numbers in byte planes to `out`; returns the largest. */
function joinPlanes(planes: readonly Uint8Array[], out: Uint32Array): number {
  const [a, b] = planes
  let max = 0
  if (!a) return max
  if (!b) {
    for (let i = 0; i < out.length; i++) {
      const n = a[i]!
      out[i] = n
      if (n > max) max = n
    }
    return max
  }
  for (let i = 0; i < out.length; i++) {
    const n = a[i]! | (b[i]! << 8)
    out[i] = n
    if (n > max) max = n
  }
  for (let k = 2; k < planes.length; k++) {
    const plane = planes[k]!
    for (let i = 0; i < out.length; i++) {
      out[i] = out[i]! | (plane[i]! << (8 * k))
      if (out[i]! > max) max = out[i]!
    }
  }
  return max
}
