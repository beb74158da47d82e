/** Units of results: every operator with every pair of units, every aggregate with every unit. And quotients to the last bit. */
import { describe, expect, test } from 'bun:test'
import { apply } from '../../../../src/query/functions/base/lift'
import { findOverload, resolveAggregate, resolveFunction } from '../../../../src/query/functions/registry'
import type { Operand } from '../../../../src/query/operand'
import type { SemanticType } from '../../../../src/records/types'
import { functionContext } from '../apply'

const UNITS: Readonly<Record<string, SemanticType>> = {
  '-': 'ST_NONE',
  B: 'ST_BYTES',
  D: 'ST_DURATION_NS',
  T: 'ST_THROUGHPUT_PER_NS',
  BT: 'ST_THROUGHPUT_BYTES_PER_NS',
  P: 'ST_PERCENT',
  POD: 'ST_POD_NAME',
}

/** Rows: the left side; columns: the right side. */
const SUM = `
     -  B  D  T  BT P
  -  -  -  -  -  -  -
  B  -  B  -  -  -  -
  D  -  -  D  -  -  -
  T  -  -  -  T  -  -
  BT -  -  -  -  BT -
  P  -  -  -  -  -  -`
const QUOTIENT = `
     -  B  D  T  BT P
  -  -  -  T  -  -  -
  B  -  -  BT -  -  -
  D  -  -  T  -  -  -
  T  -  -  T  -  -  -
  BT -  -  T  -  -  -
  P  -  -  T  -  -  -`
const NOTHING = `
     -  B  D  T  BT P
  -  -  -  -  -  -  -
  B  -  -  -  -  -  -
  D  -  -  -  -  -  -
  T  -  -  -  -  -  -
  BT -  -  -  -  -  -
  P  -  -  -  -  -  -`
const CHOICE = `
     -  B  D  T  BT P  POD
  -  -  -  -  -  -  -  -
  B  -  B  -  -  -  -  -
  D  -  -  D  -  -  -  -
  T  -  -  -  T  -  -  -
  BT -  -  -  -  BT -  -
  P  -  -  -  -  -  P  -
  POD - -  -  -  -  -  POD`

const OPERATORS: Readonly<Record<string, string>> = {
  add: SUM,
  subtract: SUM,
  divide: QUOTIENT,
  multiply: NOTHING,
  modulo: NOTHING,
  bin: NOTHING,
  equal: NOTHING,
  lessThan: NOTHING,
  select: CHOICE,
}

const words = (line: string) => line.trim().split(/\s+/)

describe.each(Object.entries(OPERATORS))('%s', (name, matrix) => {
  const [head, ...rows] = matrix.trimStart().split('\n')
  const rights = words(head!)
  test.each(rows.map(words))('%s with each', (left, ...results) => {
    const flag = name === 'select' ? [{ type: 'BOOLEAN', semantic: 'ST_NONE' } as const] : []
    const found = rights.map((right) => {
      const sides = [left, right].map((unit) => ({ type: 'INT64', semantic: UNITS[unit]! }) as const)
      return resolveFunction(name, [...flag, ...sides])?.semantic
    })
    expect(found).toEqual(results.map((unit) => UNITS[unit]!))
  })
})

const AGGREGATES = `
           -  B  D  T  BT P
  sum      -  B  -  T  BT P
  mean     -  B  D  T  BT P
  min      -  B  D  T  BT P
  max      -  B  D  T  BT P
  any      -  B  D  T  BT P
  count    -  -  -  -  -  -`

test.each(
  AGGREGATES.trim()
    .split('\n')
    .slice(1)
    .map((line) => words(line)),
)('%s of each', (name, ...results) => {
  const found = ['-', 'B', 'D', 'T', 'BT', 'P'].map(
    (unit) => resolveAggregate(name!, { type: 'INT64', semantic: UNITS[unit]! })?.semantic,
  )
  expect(found).toEqual(results.map((unit) => UNITS[unit]!))
})

test('one number with its unit: abs', () => {
  const duration = { type: 'INT64', semantic: 'ST_DURATION_NS' } as const
  expect(resolveFunction('abs', [duration])).toEqual(duration)
})

test('one number without its unit: floor, ceil, round, negate', () => {
  for (const name of ['floor', 'ceil', 'negate']) {
    expect(resolveFunction(name, [{ type: 'FLOAT64', semantic: 'ST_DURATION_NS' }])?.semantic).toBe('ST_NONE')
  }
})

test('a quotient is the nearest double', () => {
  const dividends = Float64Array.from({ length: 4096 }, (_, i) => (i * 2_654_435_761) % 1_000_003)
  const divide = findOverload('divide', [
    { type: 'INT64', semantic: 'ST_NONE' },
    { type: 'INT64', semantic: 'ST_NONE' },
  ])!
  for (const divisor of [3n, 7n, 1_000_000n, 300_000_000_000n, 10_000_000_000n]) {
    const operands: Operand[] = [
      { type: 'INT64', base: 0n, values: dividends },
      { type: 'INT64', constant: divisor },
    ]
    const { values } = apply(divide, operands, dividends.length, functionContext) as {
      values: Float64Array
    }
    // Correctly rounded: no neighbour is nearer to the exact quotient, compared as fractions.
    for (const [i, found] of values.entries())
      expect(isNearest(found, BigInt(dividends[i]!), divisor)).toBe(true)
  }
})

const view = new DataView(new ArrayBuffer(8))

/** `mantissa × 2^-1074` of a positive double, exactly. */
function scaled(value: number): bigint {
  view.setFloat64(0, value)
  const bits = view.getBigUint64(0)
  const exponent = bits >> 52n
  const mantissa = bits & ((1n << 52n) - 1n)
  return exponent === 0n ? mantissa : (mantissa | (1n << 52n)) << (exponent - 1n)
}

function neighbour(value: number, step: bigint): number {
  view.setFloat64(0, value)
  view.setBigUint64(0, view.getBigUint64(0) + step)
  return view.getFloat64(0)
}

function isNearest(found: number, dividend: bigint, divisor: bigint): boolean {
  if (dividend === 0n) return found === 0
  const distance = (value: number) => {
    const off = scaled(value) * divisor - (dividend << 1074n)
    return off < 0n ? -off : off
  }
  const own = distance(found)
  return own <= distance(neighbour(found, 1n)) && own <= distance(neighbour(found, -1n))
}
