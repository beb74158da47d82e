/** What expressions work on: a column of a batch, or one value that stands for all its rows. */
import { cell, StringTable, type Vector } from '../records/batch'
import type { DataType } from '../records/types'

export interface Constant {
  readonly type: DataType
  readonly constant: string | number | bigint | boolean
}

export type Operand = Vector | Constant

export const isConstant = (operand: Operand): operand is Constant => 'constant' in operand

/** A 64-bit integer as implementations see it: a number when a double holds it exactly. */
export const narrow = (value: bigint): number | bigint =>
  value >= -9007199254740991n && value <= 9007199254740991n ? Number(value) : value

export function valueAt(operand: Operand, row: number): string | number | bigint | boolean {
  if (!isConstant(operand)) return cell(operand, row)
  return typeof operand.constant === 'bigint' ? narrow(operand.constant) : operand.constant
}

/** The operand as a column of `rows` rows. */
export function materialise(operand: Operand, rows: number): Vector {
  if (!isConstant(operand)) return operand
  const { type, constant } = operand
  switch (type) {
    case 'STRING':
    case 'UINT128':
      return { type, codes: new Uint32Array(rows), dict: StringTable.of([String(constant)]) }
    case 'BOOLEAN':
      return { type, values: new Uint8Array(rows).fill(constant ? 1 : 0) }
    case 'FLOAT64':
      return { type, values: new Float64Array(rows).fill(Number(constant)) }
    default: {
      const { base, values } = ints(operand)
      return { type, base, values: new Float64Array(rows).fill(values[0]!) }
    }
  }
}

/** Values that a loop reads as `values[i & mask]`: a constant has one value and mask 0. */
export interface Broadcast<T> {
  readonly values: T
  readonly mask: number
}

export interface Ints extends Broadcast<Float64Array> {
  readonly base: bigint
}

export function ints(operand: Operand): Ints {
  if (isConstant(operand)) {
    const exact = BigInt(operand.constant)
    const small = narrow(exact)
    return typeof small === 'number'
      ? { base: 0n, values: Float64Array.of(small), mask: 0 }
      : { base: exact, values: new Float64Array(1), mask: 0 }
  }
  if (operand.type === 'BOOLEAN') return { base: 0n, values: Float64Array.from(operand.values), mask: -1 }
  if (operand.type !== 'INT64' && operand.type !== 'TIME64NS')
    throw new TypeError(`${operand.type} as integer`)
  return { base: operand.base, values: operand.values, mask: -1 }
}

/** The nearest doubles. */
export function doubles(operand: Operand): Broadcast<Float64Array> {
  if (isConstant(operand)) return { values: Float64Array.of(Number(operand.constant)), mask: 0 }
  if (operand.type === 'FLOAT64') return { values: operand.values, mask: -1 }
  const { base, values } = ints(operand)
  if (base === 0n) return { values, mask: -1 }
  const offset = Number(base)
  return { values: values.map((v) => offset + v), mask: -1 }
}

export function bools(operand: Operand): Broadcast<Uint8Array> {
  if (isConstant(operand)) return { values: Uint8Array.of(Number(operand.constant) === 0 ? 0 : 1), mask: 0 }
  if (operand.type === 'BOOLEAN') return { values: operand.values, mask: -1 }
  const { base, values } = ints(operand)
  if (base === 0n) return { values: Uint8Array.from(values, (v) => (v === 0 ? 0 : 1)), mask: -1 }
  return { values: Uint8Array.from(values, (v) => (base + BigInt(v) === 0n ? 0 : 1)), mask: -1 }
}

export interface Texts extends Broadcast<Uint32Array> {
  readonly dict: StringTable
}

export function texts(operand: Operand): Texts {
  if (isConstant(operand))
    return { values: new Uint32Array(1), mask: 0, dict: StringTable.of([String(operand.constant)]) }
  if (operand.type !== 'STRING' && operand.type !== 'UINT128') throw new TypeError(`${operand.type} as text`)
  return { values: operand.codes, mask: -1, dict: operand.dict }
}

const EXACT = 2 ** 53

/** Integers relative to `base`, which is folded in when that keeps them exact. `largest` bounds |values|. */
export function intVector(
  type: 'INT64' | 'TIME64NS',
  base: bigint,
  values: Float64Array,
  largest: number,
): Vector {
  if (base === 0n) return { type, base, values }
  const offset = narrow(base)
  if (typeof offset === 'number' && Math.abs(offset) + largest <= EXACT) {
    for (let i = 0; i < values.length; i++) values[i]! += offset
    return { type, base: 0n, values }
  }
  return { type, base, values }
}

/**
 * Any 64-bit integers, wrapped as int64 does. They are exact when they lie within 2^54 of each other, else the nearest
 * doubles to their offsets from the largest.
 */
export function intsFromBigints(type: 'INT64' | 'TIME64NS', exact: readonly bigint[]): Vector {
  const wrapped = exact.map((v) => BigInt.asIntN(64, v))
  let low = wrapped[0] ?? 0n
  let high = low
  for (const v of wrapped) {
    if (v < low) low = v
    if (v > high) high = v
  }
  const small = low >= -9007199254740991n && high <= 9007199254740991n
  const base = small ? 0n : high - low <= 2n ** 54n ? (low + high) / 2n : (high >> 16n) << 16n
  return { type, base, values: Float64Array.from(wrapped, (v) => Number(v - base)) }
}

/** A column of the results of scalar functions. */
export function vectorOf(type: DataType, values: readonly (string | number | bigint | boolean)[]): Vector {
  switch (type) {
    case 'STRING':
    case 'UINT128':
      return {
        type,
        codes: Uint32Array.from(values, (_, i) => i),
        dict: StringTable.of(values as readonly string[]),
      }
    case 'BOOLEAN':
      return { type, values: Uint8Array.from(values, (v) => (v ? 1 : 0)) }
    case 'FLOAT64':
      return { type, values: Float64Array.from(values, Number) }
    default:
      if (values.every((v) => typeof v === 'number' && Number.isSafeInteger(v)))
        return { type, base: 0n, values: Float64Array.from(values as readonly number[]) }
      return intsFromBigints(type, values.map(toBigint))
  }
}

const INT64_MAX = 2n ** 63n - 1n

/** The integer part, within int64; NaN is 0. */
export function toBigint(value: string | number | bigint | boolean): bigint {
  if (typeof value === 'bigint') return value
  const number = Math.trunc(Number(value))
  if (Number.isNaN(number)) return 0n
  if (number >= 2 ** 63) return INT64_MAX
  if (number <= -(2 ** 63)) return -INT64_MAX - 1n
  return BigInt(number)
}

/** What stands where there is nothing. */
export function zeroOf(type: DataType): string | number | bigint | boolean {
  if (type === 'STRING' || type === 'UINT128') return ''
  return type === 'BOOLEAN' ? false : type === 'FLOAT64' ? 0 : 0n
}
