/** The state of aggregates: one value per group, over any number of batches. */
import type { Vector } from '../../../records/batch'
import type { DataType } from '../../../records/types'
import { doubles, ints, intsFromBigints, vectorOf, zeroOf } from '../../operand'
import { commonBase, rebased } from '../../vectors'

export interface Accumulator {
  /** Row i belongs to group `groups[i]`, which is below `count`. `more`: the other columns, where there are several. */
  add(values: Vector, groups: Uint32Array, rows: number, count: number, more?: readonly Vector[]): void
  /** One value for each of `count` groups; 0, '' or false for a group without rows. */
  finish(count: number): Vector
  /** The same for the groups `from` to `to` only, where results are costly. */
  part?(from: number, to: number): Vector
  readonly bytes: number
}

function widened(values: Float64Array, count: number): Float64Array {
  if (values.length >= count) return values
  const wider = new Float64Array(Math.max(count, values.length * 2, 16))
  wider.set(values)
  return wider
}

export class Count implements Accumulator {
  #counts: Float64Array = new Float64Array(0)

  add(_: unknown, groups: Uint32Array, rows: number, count: number): void {
    this.#counts = widened(this.#counts, count)
    const counts = this.#counts
    for (let i = 0; i < rows; i++) counts[groups[i]!]! += 1
  }

  finish(count: number): Vector {
    return { type: 'INT64', base: 0n, values: widened(this.#counts, count).slice(0, count) }
  }

  get bytes(): number {
    return this.#counts.byteLength
  }
}

const HALF = 2 ** 52

/** Exact sums: doubles up to 2^52, with the excess carried into a bigint. */
export class IntSum implements Accumulator {
  #low: Float64Array = new Float64Array(0)
  readonly #high = new Map<number, bigint>()

  add(vector: Vector, groups: Uint32Array, rows: number, count: number): void {
    this.#low = widened(this.#low, count)
    const low = this.#low
    if (vector.type === 'BOOLEAN') {
      // No run sees 2^52 rows.
      for (let i = 0; i < rows; i++) low[groups[i]!]! += vector.values[i]!
      return
    }
    const { base, values } = ints(vector)
    if (base !== 0n) {
      for (let i = 0; i < rows; i++) this.#carry(groups[i]!, base + BigInt(values[i]!))
      return
    }
    for (let i = 0; i < rows; i++) {
      const group = groups[i]!
      const sum = low[group]! + values[i]!
      if (sum < HALF && sum > -HALF) low[group] = sum
      else this.#carry(group, BigInt(values[i]!))
    }
  }

  #carry(group: number, value: bigint): void {
    this.#high.set(group, (this.#high.get(group) ?? 0n) + value)
  }

  finish(count: number): Vector {
    const low = widened(this.#low, count)
    if (this.#high.size === 0) return { type: 'INT64', base: 0n, values: low.slice(0, count) }
    const exact = Array.from({ length: count }, (_, g) => BigInt(low[g]!) + (this.#high.get(g) ?? 0n))
    return intsFromBigints('INT64', exact)
  }

  get bytes(): number {
    return this.#low.byteLength + this.#high.size * 64
  }
}

export class FloatSum implements Accumulator {
  #sums: Float64Array = new Float64Array(0)

  add(vector: Vector, groups: Uint32Array, rows: number, count: number): void {
    this.#sums = widened(this.#sums, count)
    const sums = this.#sums
    const { values } = doubles(vector)
    for (let i = 0; i < rows; i++) sums[groups[i]!]! += values[i]!
  }

  finish(count: number): Vector {
    return { type: 'FLOAT64', values: widened(this.#sums, count).slice(0, count) }
  }

  get bytes(): number {
    return this.#sums.byteLength
  }
}

/** NaN for a group without rows, as 0 / 0. */
export class Mean implements Accumulator {
  /** Sum and count of each group, side by side. */
  #totals: Float64Array = new Float64Array(0)

  add(vector: Vector, groups: Uint32Array, rows: number, count: number): void {
    this.#totals = widened(this.#totals, 2 * count)
    const totals = this.#totals
    const { values } = vector.type === 'BOOLEAN' ? vector : doubles(vector)
    for (let i = 0; i < rows; i++) {
      const at = 2 * groups[i]!
      totals[at]! += values[i]!
      totals[at + 1]! += 1
    }
  }

  finish(count: number): Vector {
    const totals = widened(this.#totals, 2 * count)
    const values = new Float64Array(count)
    for (let g = 0; g < count; g++) values[g] = totals[2 * g]! / totals[2 * g + 1]!
    return { type: 'FLOAT64', values }
  }

  get bytes(): number {
    return this.#totals.byteLength
  }
}

/** min and max; a NaN never wins. Integers stay relative to a base. */
export class Extreme implements Accumulator {
  #best: Float64Array = new Float64Array(0)
  #seen = new Uint8Array(0)
  #base: bigint | undefined
  readonly #type: 'INT64' | 'FLOAT64' | 'TIME64NS'
  readonly #sign: 1 | -1

  /** Sign 1 keeps the largest, -1 the least. */
  constructor(type: DataType, sign: 1 | -1) {
    this.#type = type as 'INT64' | 'FLOAT64' | 'TIME64NS'
    this.#sign = sign
  }

  add(vector: Vector, groups: Uint32Array, rows: number, count: number): void {
    this.#grow(count)
    const values = this.#align(vector)
    const best = this.#best
    const seen = this.#seen
    const sign = this.#sign
    for (let i = 0; i < rows; i++) {
      const group = groups[i]!
      const value = values[i]!
      if (seen[group] === 0) {
        if (Number.isNaN(value)) continue
        seen[group] = 1
        best[group] = value
      } else if (sign * value > sign * best[group]!) best[group] = value
    }
  }

  #grow(count: number): void {
    if (this.#best.length >= count) return
    this.#best = widened(this.#best, count)
    const seen = new Uint8Array(this.#best.length)
    seen.set(this.#seen)
    this.#seen = seen
  }

  #align(vector: Vector): Float64Array {
    if (this.#type === 'FLOAT64') return doubles(vector).values
    const given = ints(vector)
    this.#base ??= given.base
    if (given.base === this.#base) return given.values
    const base = commonBase([{ base: this.#base, values: this.#best }, given])
    this.#best = rebased({ base: this.#base, values: this.#best }, base)
    this.#base = base
    return rebased(given, base)
  }

  finish(count: number): Vector {
    this.#grow(count)
    const type = this.#type
    const values = this.#best.slice(0, count)
    if (type === 'FLOAT64') return { type, values }
    const base = this.#base ?? 0n
    const zero = Number(-base)
    for (let g = 0; g < count; g++) if (this.#seen[g] === 0) values[g] = zero
    return { type, base, values }
  }

  get bytes(): number {
    return this.#best.byteLength + this.#seen.byteLength
  }
}

/** The value of the newest row of each group, by a column of times; of rows with the same time, the last one. */
export class Newest implements Accumulator {
  /** Time, relative to the base, and value of each group, side by side. */
  #pairs: Float64Array = new Float64Array(0)
  #base: bigint | undefined

  add(
    vector: Vector,
    groups: Uint32Array,
    rows: number,
    count: number,
    [when]: readonly Vector[] = [],
  ): void {
    const { values } = vector.type === 'BOOLEAN' ? vector : doubles(vector)
    const times = ints(when!)
    this.#base ??= times.base
    const at = rebased(times, this.#base)
    this.#grow(count)
    const pairs = this.#pairs
    for (let i = 0; i < rows; i++) {
      const pair = 2 * groups[i]!
      if (!(at[i]! >= pairs[pair]!)) continue
      pairs[pair] = at[i]!
      pairs[pair + 1] = values[i]!
    }
  }

  #grow(count: number): void {
    const known = this.#pairs.length
    this.#pairs = widened(this.#pairs, 2 * count)
    for (let i = known; i < this.#pairs.length; i += 2) this.#pairs[i] = Number.NEGATIVE_INFINITY
  }

  finish(count: number): Vector {
    this.#grow(count)
    return {
      type: 'FLOAT64',
      values: Float64Array.from({ length: count }, (_, g) => this.#pairs[2 * g + 1]!),
    }
  }

  get bytes(): number {
    return this.#pairs.byteLength
  }
}

/** The first value of each group. */
export class First implements Accumulator {
  readonly #values: (string | number | bigint | boolean)[] = []
  readonly #type: DataType
  #bytes = 0

  constructor(type: DataType) {
    this.#type = type
  }

  add(vector: Vector, groups: Uint32Array, rows: number, _: number): void {
    const values = this.#values
    for (let i = 0; i < rows; i++) {
      const group = groups[i]!
      if (values[group] !== undefined) continue
      const value = exactCell(vector, i)
      values[group] = value
      this.#bytes += typeof value === 'string' ? 16 + value.length : 16
    }
  }

  finish(count: number): Vector {
    const missing = zeroOf(this.#type)
    return vectorOf(
      this.#type,
      Array.from({ length: count }, (_, g) => this.#values[g] ?? missing),
    )
  }

  get bytes(): number {
    return this.#bytes
  }
}

function exactCell(vector: Vector, row: number): string | number | bigint | boolean {
  switch (vector.type) {
    case 'STRING':
    case 'UINT128':
      return vector.dict.get(vector.codes[row]!)
    case 'BOOLEAN':
      return vector.values[row] === 1
    case 'FLOAT64':
      return vector.values[row]!
    default:
      return vector.base === 0n ? vector.values[row]! : vector.base + BigInt(vector.values[row]!)
  }
}
