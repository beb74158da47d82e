/** Numbers for the distinct values of key columns: groups of an aggregate, buckets of a join. */
import type { StringTable, Vector } from '../records/batch'
import type { DataType } from '../records/types'
import { ints, vectorOf } from './operand'
import { commonBase, rebased } from './vectors'

/** Marks rows whose key isn't known (only when looking up). */
export const UNKNOWN = 0xffffffff

/** Distinct values of one column, numbered as they come. */
interface KeyColumn {
  readonly size: number
  readonly bytes: number
  /** Writes each row's number to `out`; new values get one, or UNKNOWN when `insert` is false. */
  assign(vector: Vector, rows: number, out: Uint32Array, insert: boolean): void
  /** The values with these numbers. */
  values(numbers: Uint32Array): Vector
}

class TextKeys implements KeyColumn {
  readonly #numbers = new Map<string, number>()
  readonly #texts: string[] = []
  readonly #type: 'STRING' | 'UINT128'
  #bytes = 0
  /** Per entry of the last dictionary its number + 1, for inserting and for looking up. */
  #known: { dict: StringTable; numbers: Uint32Array } | undefined

  constructor(type: 'STRING' | 'UINT128') {
    this.#type = type
  }

  get size(): number {
    return this.#texts.length
  }

  get bytes(): number {
    return this.#bytes
  }

  assign(vector: Vector, rows: number, out: Uint32Array, insert: boolean): void {
    if (vector.type !== 'STRING' && vector.type !== 'UINT128') throw new TypeError('text key expected')
    const { codes, dict } = vector
    if (this.#known?.dict !== dict) this.#known = { dict, numbers: new Uint32Array(dict.length) }
    const known = this.#known.numbers
    for (let i = 0; i < rows; i++) {
      const code = codes[i]!
      let number = known[code]!
      if (number === 0) {
        number = this.#number(dict.get(code), insert) + 1
        if (number <= UNKNOWN) known[code] = number
      }
      out[i] = number - 1
    }
  }

  #number(text: string, insert: boolean): number {
    const number = this.#numbers.get(text)
    if (number !== undefined) return number
    if (!insert) return UNKNOWN
    this.#numbers.set(text, this.#texts.length)
    this.#bytes += 80 + text.length
    return this.#texts.push(text) - 1
  }

  values(numbers: Uint32Array): Vector {
    const { dict } = vectorOf(this.#type, this.#texts) as { dict: StringTable }
    return { type: this.#type, codes: numbers, dict }
  }
}

/** Status codes and ports, the usual integer keys, are looked up in an array. */
const DIRECT = 1 << 16

class IntKeys implements KeyColumn {
  readonly #type: 'INT64' | 'TIME64NS'
  #numbers = new Map<number, number>()
  #direct = new Uint32Array(0)
  #values: number[] = []
  #base: bigint | undefined

  constructor(type: 'INT64' | 'TIME64NS') {
    this.#type = type
  }

  get size(): number {
    return this.#values.length
  }

  get bytes(): number {
    return this.#values.length * 48 + this.#direct.byteLength
  }

  assign(vector: Vector, rows: number, out: Uint32Array, insert: boolean): void {
    const values = this.#align(vector)
    if (this.#direct.length === 0) this.#direct = new Uint32Array(DIRECT)
    const direct = this.#direct
    let last = Number.NaN
    let number = 0
    for (let i = 0; i < rows; i++) {
      const value = values[i]!
      // Neighbours are often in the same window of time.
      if (value !== last) {
        const slot = value >= 0 && value < DIRECT ? direct[value]! : 0
        number = slot > 0 ? slot - 1 : this.#number(value, insert)
        last = value
      }
      out[i] = number
    }
  }

  #number(value: number, insert: boolean): number {
    const number = this.#numbers.get(value)
    if (number !== undefined) return number
    if (!insert) return UNKNOWN
    const fresh = this.#values.push(value) - 1
    this.#numbers.set(value, fresh)
    if (value >= 0 && value < DIRECT) this.#direct[value] = fresh + 1
    return fresh
  }

  #align(vector: Vector): Float64Array {
    const given = ints(vector)
    this.#base ??= given.base
    if (given.base === this.#base) return given.values
    const own = { base: this.#base, values: Float64Array.from(this.#values) }
    const base = commonBase([own, given])
    if (base !== this.#base) this.#renumber(rebased(own, base), base)
    return rebased(given, base)
  }

  #renumber(values: Float64Array, base: bigint): void {
    this.#base = base
    this.#values = Array.from(values)
    this.#numbers = new Map(this.#values.map((value, number) => [value, number]))
    this.#direct.fill(0)
    for (const [value, number] of this.#numbers)
      if (value >= 0 && value < DIRECT) this.#direct[value] = number + 1
  }

  values(numbers: Uint32Array): Vector {
    const values = Float64Array.from(numbers, (number) => this.#values[number]!)
    return { type: this.#type, base: this.#base ?? 0n, values }
  }
}

/** FLOAT64 and BOOLEAN; NaN is one value, and so are 0 and -0. */
class NumberKeys implements KeyColumn {
  readonly #type: 'FLOAT64' | 'BOOLEAN'
  readonly #numbers = new Map<number, number>()
  readonly #values: number[] = []

  constructor(type: 'FLOAT64' | 'BOOLEAN') {
    this.#type = type
  }

  get size(): number {
    return this.#values.length
  }

  get bytes(): number {
    return this.#values.length * 48
  }

  assign(vector: Vector, rows: number, out: Uint32Array, insert: boolean): void {
    if (!('values' in vector)) throw new TypeError('number key expected')
    for (let i = 0; i < rows; i++) {
      const value = vector.values[i]!
      let number = this.#numbers.get(value)
      if (number === undefined && insert) {
        number = this.#values.push(value) - 1
        this.#numbers.set(value, number)
      }
      out[i] = number ?? UNKNOWN
    }
  }

  values(numbers: Uint32Array): Vector {
    const values = Array.from(numbers, (number) => this.#values[number]!)
    if (this.#type === 'BOOLEAN') return { type: 'BOOLEAN', values: Uint8Array.from(values) }
    return { type: 'FLOAT64', values: Float64Array.from(values) }
  }
}

function keysOf(type: DataType): KeyColumn {
  if (type === 'STRING' || type === 'UINT128') return new TextKeys(type)
  return type === 'FLOAT64' || type === 'BOOLEAN' ? new NumberKeys(type) : new IntKeys(type)
}

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
    const rows = out.length
    for (let i = 0; i < rows; i++) {
      const left = a[i]!
      const right = b[i]!
      if (left === UNKNOWN || right === UNKNOWN) {
        out[i] = UNKNOWN
        continue
      }
      const slot = this.#dense ? (left << this.#bits) | right : this.#slot(left, right)
      let number = this.#table[slot]!
      if (number === 0) {
        if (!insert) {
          out[i] = UNKNOWN
          continue
        }
        number = this.#insert(left, right, slot)
      }
      out[i] = number - 1
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
