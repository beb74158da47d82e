/** Numbers for the distinct values of one key column. */
import type { StringTable, Vector } from '../records/batch'
import { TextIndex, viewOf } from '../records/text-index'
import type { DataType } from '../records/types'
import { ints } from './operand'
import { commonBase, rebased } from './vectors'

/** Marks rows whose key isn't known (only when looking up). */
export const UNKNOWN = 0xffffffff

/** Distinct values of one column, numbered as they come. */
export interface KeyColumn {
  readonly size: number
  readonly bytes: number
  /** Writes each row's number to `out`; new values get one, or UNKNOWN when `insert` is false. */
  assign(vector: Vector, rows: number, out: Uint32Array, insert: boolean): void
  /** The values with these numbers. */
  values(numbers: Uint32Array): Vector
}

class TextKeys implements KeyColumn {
  readonly #index = new TextIndex()
  readonly #type: 'STRING' | 'UINT128'
  /** Per entry of the last dictionary its number + 1, for inserting and for looking up. */
  #known: { dict: StringTable; view: DataView; numbers: Uint32Array } | undefined

  constructor(type: 'STRING' | 'UINT128') {
    this.#type = type
  }

  get size(): number {
    return this.#index.size
  }

  get bytes(): number {
    return this.#index.bytes
  }

  assign(vector: Vector, rows: number, out: Uint32Array, insert: boolean): void {
    if (vector.type !== 'STRING' && vector.type !== 'UINT128') throw new TypeError('text key expected')
    const { codes, dict } = vector
    if (this.#known?.dict !== dict)
      this.#known = { dict, view: viewOf(dict.bytes), numbers: new Uint32Array(dict.length) }
    const { view, numbers } = this.#known
    const { offsets } = dict
    for (let i = 0; i < rows; i++) {
      const code = codes[i]!
      let number = numbers[code]!
      if (number === 0) {
        number = this.#index.number(view, offsets[code]!, offsets[code + 1]!, insert) + 1
        numbers[code] = number
      }
      // Not known is -1, and so UNKNOWN.
      out[i] = number - 1
    }
  }

  values(numbers: Uint32Array): Vector {
    return { type: this.#type, codes: numbers, dict: this.#index.table() }
  }
}

/** Status codes and ports, the usual integer keys, are looked up in an array. */
const DIRECT = 1 << 16

const double = new Float64Array(1)
const words = new Uint32Array(double.buffer)

class IntKeys implements KeyColumn {
  readonly #type: 'INT64' | 'TIME64NS'
  #direct = new Uint32Array(0)
  #values: Float64Array = new Float64Array(64)
  /** Number + 1 of a value, or 0: open addressing. */
  #table = new Uint32Array(256)
  #base: bigint | undefined
  size = 0

  constructor(type: 'INT64' | 'TIME64NS') {
    this.#type = type
  }

  get bytes(): number {
    return this.#values.byteLength + this.#table.byteLength + this.#direct.byteLength
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
    const slot = this.#slot(value)
    const known = this.#table[slot]!
    if (known > 0) return known - 1
    if (!insert) return UNKNOWN
    this.#add(value, slot)
    return this.size - 1
  }

  #add(value: number, slot: number): void {
    if (this.size === this.#values.length) {
      const wider = new Float64Array(this.size * 2)
      wider.set(this.#values)
      this.#values = wider
    }
    this.#values[this.size] = value
    this.#table[slot] = ++this.size
    if (value >= 0 && value < DIRECT) this.#direct[value] = this.size
    if (this.size * 2 > this.#table.length) this.#rehash(this.#table.length * 2)
  }

  #slot(value: number): number {
    const mask = this.#table.length - 1
    // 0 and -0 are one value.
    double[0] = value + 0
    const mixed = Math.imul(words[0]! ^ Math.imul(words[1]!, 0x85ebca6b), 0x9e3779b1)
    let slot = (mixed ^ (mixed >>> 15)) & mask
    for (;;) {
      const number = this.#table[slot]!
      if (number === 0 || this.#values[number - 1] === value) return slot
      slot = (slot + 1) & mask
    }
  }

  #rehash(length: number): void {
    this.#table = new Uint32Array(length)
    for (let n = 0; n < this.size; n++) this.#table[this.#slot(this.#values[n]!)] = n + 1
  }

  #align(vector: Vector): Float64Array {
    const given = ints(vector)
    this.#base ??= given.base
    if (given.base === this.#base) return given.values
    const own = { base: this.#base, values: this.#values.slice(0, this.size) }
    const base = commonBase([own, given])
    if (base !== this.#base) this.#renumber(rebased(own, base), base)
    return rebased(given, base)
  }

  #renumber(values: Float64Array, base: bigint): void {
    this.#base = base
    this.#values.set(values)
    this.#rehash(this.#table.length)
    this.#direct.fill(0)
    for (let n = 0; n < this.size; n++) {
      const value = values[n]!
      if (value >= 0 && value < DIRECT) this.#direct[value] = n + 1
    }
  }

  values(numbers: Uint32Array): Vector {
    const values = new Float64Array(numbers.length)
    for (let i = 0; i < numbers.length; i++) values[i] = this.#values[numbers[i]!]!
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

export function keysOf(type: DataType): KeyColumn {
  if (type === 'STRING' || type === 'UINT128') return new TextKeys(type)
  return type === 'FLOAT64' || type === 'BOOLEAN' ? new NumberKeys(type) : new IntKeys(type)
}
