/** Numbers for the distinct combinations of key columns: groups of an aggregate, buckets of a join. */
import type { StringVector, Vector } from '../records/batch'
import { gather } from '../records/rows'
import type { DataType } from '../records/types'
import { type KeyColumn, keysOf, UNKNOWN } from './key-columns'

/** Entries of the table by which small numbers of pairs are looked up directly. */
const DENSE = 1 << 20

const hash = (a: number, b: number) => (Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b)) >>> 0

/** Distinct pairs of numbers, numbered as they come: a dense table while it is small, open addressing after. */
class Pairs {
  #lefts = new Uint32Array(64)
  #rights = new Uint32Array(64)
  size = 0
  /** Pair number + 1, or 0. */
  #table = new Uint32Array(0)
  #bits = 0
  #dense = true

  get bytes(): number {
    return this.#lefts.byteLength * 2 + this.#table.byteLength
  }

  assign(a: Uint32Array, b: Uint32Array, out: Uint32Array, insert: boolean, sizes: [number, number]): void {
    if (this.#dense) this.#fit(sizes)
    if (this.#dense) this.#assignDense(a, b, out, insert)
    else this.#assignHashed(a, b, out, insert)
  }

  #assignDense(a: Uint32Array, b: Uint32Array, out: Uint32Array, insert: boolean): void {
    const table = this.#table
    const bits = this.#bits
    for (let i = 0; i < out.length; i++) {
      const left = a[i]!
      const right = b[i]!
      if (left === UNKNOWN || right === UNKNOWN) {
        out[i] = UNKNOWN
        continue
      }
      const slot = (left << bits) | right
      const number = table[slot]!
      // Not known is -1, and so UNKNOWN.
      out[i] = (number === 0 && insert ? this.#insert(left, right, slot) : number) - 1
    }
  }

  #assignHashed(a: Uint32Array, b: Uint32Array, out: Uint32Array, insert: boolean): void {
    for (let i = 0; i < out.length; i++) {
      const left = a[i]!
      const right = b[i]!
      if (left === UNKNOWN || right === UNKNOWN) {
        out[i] = UNKNOWN
        continue
      }
      const slot = this.#slot(left, right)
      const number = this.#table[slot]!
      out[i] = (number === 0 && insert ? this.#insert(left, right, slot) : number) - 1
    }
  }

  #insert(left: number, right: number, slot: number): number {
    if (this.size === this.#lefts.length) this.#widen()
    this.#lefts[this.size] = left
    this.#rights[this.size] = right
    const number = ++this.size
    this.#table[slot] = number
    if (!this.#dense && this.size * 2 > this.#table.length) this.#rehash(this.#table.length * 2)
    return number
  }

  #widen(): void {
    const lefts = new Uint32Array(this.size * 2)
    lefts.set(this.#lefts)
    this.#lefts = lefts
    const rights = new Uint32Array(this.size * 2)
    rights.set(this.#rights)
    this.#rights = rights
  }

  /** Lays the dense table out for that many lefts and rights, or gives it up. */
  #fit([lefts, rights]: [number, number]): void {
    const bits = Math.max(this.#bits, Math.ceil(Math.log2(Math.max(2, rights))))
    const needed = lefts * 2 ** bits
    if (needed > DENSE) {
      this.#dense = false
      this.#rehash(Math.max(1024, 2 ** Math.ceil(Math.log2(this.size + 1) + 2)))
      return
    }
    if (bits === this.#bits && needed <= this.#table.length) return
    this.#bits = bits
    this.#table = new Uint32Array(Math.min(DENSE, needed * 2))
    for (let n = 0; n < this.size; n++) this.#table[(this.#lefts[n]! << bits) | this.#rights[n]!] = n + 1
  }

  #slot(left: number, right: number): number {
    const mask = this.#table.length - 1
    let slot = hash(left, right) & mask
    for (;;) {
      const number = this.#table[slot]!
      if (number === 0) return slot
      if (this.#lefts[number - 1] === left && this.#rights[number - 1] === right) return slot
      slot = (slot + 1) & mask
    }
  }

  #rehash(length: number): void {
    this.#table = new Uint32Array(length)
    for (let n = 0; n < this.size; n++) this.#table[this.#slot(this.#lefts[n]!, this.#rights[n]!)] = n + 1
  }

  /** Both sides of the pairs with these numbers. */
  split(numbers: Uint32Array): [lefts: Uint32Array, rights: Uint32Array] {
    return [numbers.map((n) => this.#lefts[n]!), numbers.map((n) => this.#rights[n]!)]
  }
}

/** Combinations of codes that are told apart by a table, which should stay in the processor's cache. */
const CODED = 1 << 17

/**
 * Rows whose texts differ in their codes, one row number for each, and per row a slot: `numbered` gives each row what
 * the row that stands for its slot got.
 */
function distinctOf(
  columns: readonly Vector[],
  rows: number,
): { slots: Uint32Array; size: number; firsts: Uint32Array } | undefined {
  let size = 1
  for (const column of columns) {
    if (!('codes' in column)) return undefined
    size *= column.dict.length
  }
  if (size > CODED || size > 8 * rows) return undefined
  const [first, ...others] = columns as readonly StringVector[]
  const last = others.pop()!
  let slots = first!.codes
  for (const column of others) slots = combined(slots, column, rows)
  const seen = new Uint8Array(size)
  const firsts = new Uint32Array(Math.min(rows, size))
  const out = new Uint32Array(rows)
  const { codes } = last
  const { length } = last.dict
  let count = 0
  for (let i = 0; i < rows; i++) {
    const slot = slots[i]! * length + codes[i]!
    out[i] = slot
    if (seen[slot] === 0) {
      seen[slot] = 1
      firsts[count++] = i
    }
  }
  return { slots: out, size, firsts: firsts.subarray(0, count) }
}

function combined(slots: Uint32Array, { codes, dict }: StringVector, rows: number): Uint32Array {
  const { length } = dict
  const out = new Uint32Array(rows)
  for (let i = 0; i < rows; i++) out[i] = slots[i]! * length + codes[i]!
  return out
}

/** Distinct combinations of key columns. Without key columns there is one, number 0. */
export class Grouping {
  readonly #keys: readonly KeyColumn[]
  /** pairs[i] joins the combination of the columns up to i with column i + 1. */
  readonly #pairs: readonly Pairs[]

  constructor(types: readonly DataType[]) {
    this.#keys = types.map(keysOf)
    this.#pairs = types.slice(1).map(() => new Pairs())
  }

  get size(): number {
    return this.#pairs.at(-1)?.size ?? this.#keys[0]?.size ?? 1
  }

  get bytes(): number {
    return [...this.#keys, ...this.#pairs].reduce((sum, part) => sum + part.bytes, 0)
  }

  /** Each row's combination. With `insert` false, combinations never seen are UNKNOWN. */
  assign(columns: readonly Vector[], rows: number, insert = true): Uint32Array {
    const coded = this.#pairs.length > 0 ? distinctOf(columns, rows) : undefined
    if (!coded) return this.#assign(columns, rows, insert)
    const { slots, size, firsts } = coded
    const numbers = this.#assign(
      columns.map((column) => gather(column, firsts)),
      firsts.length,
      insert,
    )
    const numberOf = new Uint32Array(size)
    for (let n = 0; n < firsts.length; n++) numberOf[slots[firsts[n]!]!] = numbers[n]!
    for (let i = 0; i < rows; i++) slots[i] = numberOf[slots[i]!]!
    return slots
  }

  #assign(columns: readonly Vector[], rows: number, insert: boolean): Uint32Array {
    const out = new Uint32Array(rows)
    const [first] = this.#keys
    if (!first) return out
    first.assign(columns[0]!, rows, out, insert)
    const numbers = new Uint32Array(this.#pairs.length > 0 ? rows : 0)
    for (let k = 1; k < this.#keys.length; k++) {
      const key = this.#keys[k]!
      const left = this.#pairs[k - 2]?.size ?? first.size
      key.assign(columns[k]!, rows, numbers, insert)
      this.#pairs[k - 1]!.assign(out, numbers, out, insert, [left, key.size])
    }
    return out
  }

  /** The key columns of all combinations, in the order of their numbers. */
  keys(): Vector[] {
    let numbers = Uint32Array.from({ length: this.size }, (_, i) => i)
    const vectors: Vector[] = []
    for (let k = this.#keys.length - 1; k > 0; k--) {
      const [lefts, rights] = this.#pairs[k - 1]!.split(numbers)
      vectors.unshift(this.#keys[k]!.values(rights))
      numbers = lefts as Uint32Array<ArrayBuffer>
    }
    if (this.#keys[0]) vectors.unshift(this.#keys[0].values(numbers))
    return vectors
  }
}
