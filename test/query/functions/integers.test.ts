/** Integer functions against bigints: every base, near and far from zero, near both ends of int64. */
import { describe, expect, test } from 'bun:test'
import { toCells } from '../../../src/query/cells'
import { apply } from '../../../src/query/functions/base/lift'
import { findOverload } from '../../../src/query/functions/registry'
import { materialise, type Operand } from '../../../src/query/operand'
import type { Vector } from '../../../src/records/batch'
import type { DataType } from '../../../src/records/types'
import { COMPARISONS } from '../support/reference'
import { NOW, random } from '../support/tables'
import { functionContext } from './apply'

const ROWS = 50
const BASES = [0n, 0n, 1n, -7n, NOW, -NOW, 2n ** 53n, 2n ** 63n - 2n ** 53n, -(2n ** 63n) + 2n ** 53n]
const SPANS = [3, 1000, 2 ** 31, 2 ** 52, 2 ** 53]

interface Column {
  readonly operand: Operand
  readonly exact: readonly bigint[]
}

function column(next: () => number, type: DataType): Column {
  const base = BASES[Math.floor(next() * BASES.length)]!
  const span = SPANS[Math.floor(next() * SPANS.length)]!
  const values = Float64Array.from({ length: ROWS }, () => Math.trunc((next() * 2 - 1) * span))
  if (next() < 0.3) {
    const constant = base + BigInt(values[0]!)
    return { operand: { type, constant }, exact: new Array(ROWS).fill(constant) }
  }
  const operand = { type, base, values } as Vector
  return { operand, exact: Array.from(values, (v) => base + BigInt(v)) }
}

const wrap = (value: bigint) => BigInt.asIntN(64, value)

const truncatedBin = (value: bigint, size: bigint) => (size === 0n ? value : (value / size) * size)

const EXACT: Readonly<Record<string, (a: bigint, b: bigint) => bigint | boolean>> = {
  add: (a, b) => wrap(a + b),
  subtract: (a, b) => wrap(a - b),
  multiply: (a, b) => wrap(a * b),
  modulo: (a, b) => (b === 0n ? 0n : a % b),
  bin: (a, b) => wrap(truncatedBin(a, b)),
  ...COMPARISONS,
}

/** A vector is exact while its values lie within 2^54 of each other. */
const representable = (values: readonly (bigint | boolean)[]) => {
  const all = values.filter((value) => typeof value === 'bigint').sort((a, b) => (a < b ? -1 : 1))
  return all.length === 0 || all.at(-1)! - all[0]! <= 2n ** 54n
}

for (const [name, exact] of Object.entries(EXACT)) {
  describe(name, () => {
    test('of random columns and constants', () => {
      const next = random(name.length)
      const overload = findOverload(name, [
        { type: 'INT64', semantic: 'ST_NONE' },
        { type: 'INT64', semantic: 'ST_NONE' },
      ])!
      let checked = 0
      for (let round = 0; round < 400; round++) {
        const a = column(next, 'INT64')
        const b = column(next, 'INT64')
        const expected = a.exact.map((value, i) => exact(value, b.exact[i]!))
        if (!representable(expected)) continue
        checked++
        const result = materialise(apply(overload, [a.operand, b.operand], ROWS, functionContext), ROWS)
        const [cells] = toCells({ rows: ROWS, columns: [result] })
        expect(cells!.map(String)).toEqual(expected.map(String))
      }
      expect(checked).toBeGreaterThan(50)
    })
  })
}
