/** Texts of several chunks under one numbering, and the codes that rows get for them. */
import type { StringTable, StringVector } from '../records/batch'
import { hashOf, sameBytes, viewOf } from '../records/text-index'

/** All entries of all chunks under one numbering. */
export class Entries {
  readonly #tables: readonly StringTable[]
  readonly #views: readonly DataView[]
  readonly #first: Uint32Array
  readonly total: number
  /** Bytes of each entry. */
  readonly lengths: Uint32Array

  constructor(parts: readonly StringVector[]) {
    this.#tables = parts.map((part) => part.dict)
    this.#views = this.#tables.map((table) => viewOf(table.bytes))
    this.#first = new Uint32Array(parts.length)
    let total = 0
    parts.forEach((part, i) => {
      this.#first[i] = total
      total += part.dict.length
    })
    this.total = total
    this.lengths = new Uint32Array(total)
    let entry = 0
    for (const { offsets, length } of this.#tables)
      for (let i = 0; i < length; i++) this.lengths[entry++] = offsets[i + 1]! - offsets[i]!
  }

  /** Entry of every row, chunks one behind the other. */
  ofRows(parts: readonly StringVector[], rows: number): Uint32Array {
    if (parts.length === 1) return parts[0]!.codes
    const entries = new Uint32Array(rows)
    let at = 0
    parts.forEach(({ codes }, p) => {
      const first = this.#first[p]!
      for (let i = 0; i < codes.length; i++) entries[at++] = first + codes[i]!
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

  hash(entry: number): number {
    const t = this.#tableOf(entry)
    const from = this.#startOf(t, entry)
    return hashOf(this.#views[t]!, from, from + this.lengths[entry]!)
  }

  same(a: number, b: number): boolean {
    const length = this.lengths[a]!
    if (length !== this.lengths[b]) return false
    const tableA = this.#tableOf(a)
    const tableB = this.#tableOf(b)
    const fromA = this.#startOf(tableA, a)
    return sameBytes(this.#views[tableA]!, fromA, this.#views[tableB]!, this.#startOf(tableB, b), length)
  }

  #startOf(table: number, entry: number): number {
    return this.#tables[table]!.offsets[entry - this.#first[table]!]!
  }

  /** The texts of the wanted entries; those that stand behind each other in one piece. */
  *runs(wanted: Uint32Array): Generator<Uint8Array> {
    const { lengths } = this
    let table: StringTable | undefined
    let from = 0
    let to = 0
    for (let i = 0; i < wanted.length; i++) {
      const entry = wanted[i]!
      if (lengths[entry] === 0) continue
      const t = this.#tableOf(entry)
      const start = this.#startOf(t, entry)
      if (this.#tables[t] !== table || start !== to) {
        if (table) yield table.bytes.subarray(from, to)
        table = this.#tables[t]!
        from = start
      }
      to = start + lengths[entry]!
    }
    if (table) yield table.bytes.subarray(from, to)
  }
}

/** Finds entries with the same text. */
class SameText {
  readonly #entries: Entries
  /** Entry + 1, or 0. */
  readonly #slots: Uint32Array
  readonly #hashes: Int32Array
  readonly #mask: number

  constructor(entries: Entries) {
    this.#entries = entries
    const size = 1 << (33 - Math.clz32(Math.max(8, entries.total)))
    this.#slots = new Uint32Array(size)
    this.#hashes = new Int32Array(size)
    this.#mask = size - 1
  }

  /** The first entry with the text of this one. */
  first(entry: number): number {
    const hash = this.#entries.hash(entry)
    for (let slot = hash & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const taken = this.#slots[slot]!
      if (taken === 0) {
        this.#slots[slot] = entry + 1
        this.#hashes[slot] = hash
        return entry
      }
      if (this.#hashes[slot] === hash && this.#entries.same(taken - 1, entry)) return taken - 1
    }
  }
}

const UNSEEN = 0xffffffff
const NO_ENTRIES = new Uint32Array(0)

/** Gives rows their codes, in the order in which texts are first used. */
export class Coding {
  readonly codes: Uint32Array
  /** The entry behind each code. */
  readonly used: Uint32Array
  count = 0
  /** Bytes of the texts behind all codes, and of all rows. */
  textBytes = 0
  rowBytes = 0
  readonly #entries: Entries
  readonly #entryOf: Uint32Array
  readonly #order: Uint32Array | undefined
  readonly #codeOf: Uint32Array
  /** None for a single chunk: its entries are taken as they are. */
  readonly #same: SameText | undefined
  /** All rows have the same text, as in most columns. */
  readonly #isOneText: boolean

  constructor(
    entries: Entries,
    parts: readonly StringVector[],
    order: Uint32Array | undefined,
    rows: number,
  ) {
    this.#entries = entries
    this.#order = order
    this.#codeOf = new Uint32Array(entries.total).fill(UNSEEN)
    this.#same = parts.length > 1 ? new SameText(entries) : undefined
    this.#isOneText = this.#haveOneText(parts)
    this.#entryOf = this.#isOneText ? NO_ENTRIES : entries.ofRows(parts, rows)
    this.codes = new Uint32Array(rows)
    this.used = new Uint32Array(Math.min(rows, entries.total))
  }

  #haveOneText(parts: readonly StringVector[]): boolean {
    if (!parts.every(({ dict, codes }) => dict.length === 1 && codes.length > 0)) return false
    const first = this.#same?.first(0)
    for (let entry = 1; entry < parts.length; entry++) if (this.#same?.first(entry) !== first) return false
    return true
  }

  /** Rows [from, to). */
  rows(from: number, to: number): void {
    const { codes } = this
    const { lengths } = this.#entries
    if (this.#isOneText) {
      this.#code(0)
      this.rowBytes += (to - from) * lengths[0]!
      return
    }
    const entryOf = this.#entryOf
    const order = this.#order
    const codeOf = this.#codeOf
    let bytes = 0
    for (let i = from; i < to; i++) {
      const entry = entryOf[order ? order[i]! : i]!
      const code = codeOf[entry]!
      codes[i] = code === UNSEEN ? this.#code(entry) : code
      bytes += lengths[entry]!
    }
    this.rowBytes += bytes
  }

  #code(entry: number): number {
    const first = this.#same ? this.#same.first(entry) : entry
    let code = this.#codeOf[first]!
    if (code === UNSEEN) {
      code = this.count++
      this.used[code] = first
      this.#codeOf[first] = code
      this.textBytes += this.#entries.lengths[first]!
    }
    this.#codeOf[entry] = code
    return code
  }
}
