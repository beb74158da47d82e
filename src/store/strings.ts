/**
 * Strings as bytes. The payload of a string column:
 *
 *     tag u8 · code width u8 · length width u8 · 0 u8 · rows u32 · entries u32 · text bytes u32
 *     codes, as byte planes (none when every row has its own entry, or all have the same)
 *     lengths of the entries, as byte planes
 *     UTF-8 texts, one behind the other
 *
 * Entries stand in the order in which rows first use them. Unused and doubled entries of the sources are left out.
 */
import { StringTable, type StringVector } from '../records/batch'
import { viewOf } from '../records/text-index'
import { type BlobWriter, DamagedBlob, type RawBytes } from './blob'
import { planesOf, toPlanes, widthOf, writePlanes } from './numbers'

/** Codes point into the entries. */
const DICTIONARY = 4
/** Row i is entry i. */
const PLAIN = 5

const HEAD_BYTES = 16
/** What a compaction does between two rests: rows that it looks at, and as many for each new entry that it hashes. */
const REST_WORK = 16_384
const HASH_WORK = 4
/** Bytes of the smallest and largest text that are kept as statistics. */
const PREFIX_BYTES = 32

/** Among more texts than this a range would rule nothing out. */
const RANGE_ENTRIES = 1024

/** Smallest and largest text in byte order, cut to a prefix; a cut maximum ends in 0xFF, which UTF-8 never holds. */
export interface TextRange {
  readonly min: Uint8Array | undefined
  readonly max: Uint8Array | undefined
}

/** All entries of all sources under one numbering. */
class Entries {
  readonly #tables: readonly StringTable[]
  readonly #first: Uint32Array
  readonly total: number

  constructor(parts: readonly StringVector[]) {
    this.#tables = parts.map((part) => part.dict)
    this.#first = new Uint32Array(parts.length)
    let total = 0
    parts.forEach((part, i) => {
      this.#first[i] = total
      total += part.dict.length
    })
    this.total = total
  }

  /** Entry of every row, sources one behind the other. */
  ofRows(parts: readonly StringVector[], rows: number): Uint32Array {
    const entries = new Uint32Array(rows)
    let at = 0
    parts.forEach((part, p) => {
      const first = this.#first[p]!
      for (let i = 0; i < part.codes.length; i++) entries[at++] = first + part.codes[i]!
    })
    return entries
  }

  #tableOf(entry: number): number {
    let low = 0
    let high = this.#first.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (this.#first[middle]! <= entry) low = middle
      else high = middle - 1
    }
    return low
  }

  bytes(entry: number): Uint8Array {
    const t = this.#tableOf(entry)
    const { bytes, offsets } = this.#tables[t]!
    const code = entry - this.#first[t]!
    return bytes.subarray(offsets[code]!, offsets[code + 1]!)
  }

  length(entry: number): number {
    const t = this.#tableOf(entry)
    const { offsets } = this.#tables[t]!
    const code = entry - this.#first[t]!
    return offsets[code + 1]! - offsets[code]!
  }

  /** The texts of the wanted entries, neighbours in one piece. */
  *runs(wanted: Uint32Array): Generator<Uint8Array> {
    for (let i = 0; i < wanted.length; ) {
      const t = this.#tableOf(wanted[i]!)
      const { bytes, offsets } = this.#tables[t]!
      const first = this.#first[t]!
      const from = wanted[i]! - first
      let to = from + 1
      i++
      while (i < wanted.length && wanted[i] === first + to && to < offsets.length - 1) {
        to++
        i++
      }
      yield bytes.subarray(offsets[from]!, offsets[to]!)
    }
  }
}

/** Against texts chosen so that they collide. */
const SEED = crypto.getRandomValues(new Uint32Array(1))[0]!

/** Finds entries with the same text. */
class SameText {
  readonly #entries: Entries
  readonly #slots: Uint32Array
  readonly #hashes: Uint32Array
  readonly #mask: number

  constructor(entries: Entries) {
    this.#entries = entries
    const size = 1 << (33 - Math.clz32(Math.max(8, entries.total)))
    this.#slots = new Uint32Array(size)
    this.#hashes = new Uint32Array(size)
    this.#mask = size - 1
  }

  /** The first entry with the text of this one. */
  first(entry: number): number {
    const bytes = this.#entries.bytes(entry)
    const hash = Bun.hash.xxHash32(bytes, SEED)
    for (let slot = hash & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const taken = this.#slots[slot]!
      if (taken === 0) {
        this.#slots[slot] = entry + 1
        this.#hashes[slot] = hash
        return entry
      }
      if (this.#hashes[slot] === hash && Buffer.compare(this.#entries.bytes(taken - 1), bytes) === 0)
        return taken - 1
    }
  }
}

const UNSEEN = 0xffffffff

/** Writes rows of several sources as one column, in `order` (row numbers over all sources); rests when it yields. */
export function* writeStrings(
  parts: readonly StringVector[],
  order: Uint32Array | undefined,
  out: BlobWriter,
): Generator<void, TextRange> {
  const rows = order?.length ?? parts.reduce((sum, part) => sum + part.codes.length, 0)
  const entries = new Entries(parts)
  const entryOf = entries.ofRows(parts, rows)
  const same = parts.length > 1 ? new SameText(entries) : undefined
  const codeOf = new Uint32Array(entries.total).fill(UNSEEN)
  const codes = new Uint32Array(rows)
  const used: number[] = []
  let textBytes = 0
  let rowBytes = 0
  let work = 0
  for (let i = 0; i < rows; i++) {
    const entry = entryOf[order ? order[i]! : i]!
    let code = codeOf[entry]!
    if (code === UNSEEN) {
      const first = same ? same.first(entry) : entry
      code = codeOf[first]!
      if (code === UNSEEN) {
        code = used.push(first) - 1
        codeOf[first] = code
        textBytes += entries.length(first)
      }
      codeOf[entry] = code
      if (same) work += HASH_WORK
    }
    if (++work >= REST_WORK) {
      work = 0
      yield
    }
    codes[i] = code
    rowBytes += entries.length(used[code]!)
  }
  const codeWidth = widthOf(Math.max(0, used.length - 1))
  const plain = used.length === rows || rowBytes - textBytes < rows * codeWidth
  yield
  const wanted = new Uint32Array(plain ? rows : used.length)
  for (let i = 0; i < wanted.length; i++) wanted[i] = used[plain ? codes[i]! : i]!
  const lengths = wanted.map((entry) => entries.length(entry))
  const lengthWidth = widthOf(lengths.reduce((a, b) => Math.max(a, b), 0))
  out.write(headOf(plain, codeWidth, lengthWidth, rows, wanted.length, plain ? rowBytes : textBytes))
  if (!plain) writePlanes(out, toPlanes(codes, codeWidth), rows)
  yield
  out.section()
  writePlanes(out, toPlanes(lengths, lengthWidth), wanted.length)
  out.section()
  yield
  let since = out.rawBytes
  for (const run of entries.runs(wanted)) {
    out.write(run)
    if (out.rawBytes !== since) {
      since = out.rawBytes
      yield
    }
  }
  return textRange(entries, used)
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

function textRange(entries: Entries, used: readonly number[]): TextRange {
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
  if (!known || codeWidth > 4 || lengthWidth > 4 || view.getUint32(4, true) !== rows)
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
