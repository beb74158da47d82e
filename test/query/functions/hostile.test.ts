/** Whatever the values, a function answers or refuses in words; no engine's message, and no text beyond the bound. */
import { describe, expect, spyOn, test } from 'bun:test'
import { NixieError } from '../../../src/errors'
import { Budget } from '../../../src/query/budget'
import { toCells } from '../../../src/query/cells'
import { faultOf } from '../../../src/query/fault'
import { AGGREGATES } from '../../../src/query/functions/aggregates/aggregates'
import { LONGEST_TEXT } from '../../../src/query/functions/base/bounds'
import { apply } from '../../../src/query/functions/base/lift'
import { findOverload, listFunctions } from '../../../src/query/functions/registry'
import { materialise, type Operand, vectorOf } from '../../../src/query/operand'
import type { DataType } from '../../../src/records/types'
import { random, type Value } from '../support/tables'
import { functionContext } from './apply'

const ODD: Readonly<Record<DataType, readonly Value[]>> = {
  BOOLEAN: [true, false],
  INT64: [0n, -1n, 1n, 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n), 1_000n],
  TIME64NS: [0n, -1n, 1_800_000_000_000_000_000n, 2n ** 63n - 1n],
  FLOAT64: [0, -0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e308, 5e-324, -2.5],
  UINT128: ['', '1:42:7', '1:2', 'x', ':::', '99999999999999999999:1:1'],
  STRING: [
    '',
    'a',
    '\0',
    '\ud800',
    'é😀',
    '{"a":{"__proto__":1}}',
    '[[[[',
    `${'['.repeat(5000)}`,
    `{"a":${'['.repeat(50_000)}${']'.repeat(50_000)}}`,
    `[${'['.repeat(50_000)}${']'.repeat(50_000)}]`,
    `${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`,
    '{"p50":"NaN","a":1e999}',
    'http://[::1:80/%zz?#@',
    "select 'a",
    'query=[$1] params=[',
    '(?P<n>a)',
    '\\1',
    '10.0.0.0/99',
    'x'.repeat(3000),
    'a@b.c '.repeat(200),
  ],
}

function answered(act: () => Operand): void {
  try {
    for (const cell of toCells({ rows: 1, columns: [materialise(act(), 1)] })[0]!)
      expect(String(cell).length).toBeLessThanOrEqual(LONGEST_TEXT)
  } catch (cause) {
    if (!(cause instanceof NixieError)) throw cause
    expect(cause.shape.code).not.toBe('internal')
    expect(cause.shape.hint).not.toBe('')
  }
}

const next = random(12)
const oddOf = (type: DataType): Value => ODD[type][Math.floor(next() * ODD[type].length)]!

for (const { name, kind, args } of listFunctions()) {
  // Its answers come from the network.
  if (kind !== 'function' || name === 'nslookup') continue
  test(`${name}(${args.map(({ type }) => type)})`, () => {
    const overload = findOverload(
      name,
      args.map(({ type }) => ({ type, semantic: 'ST_NONE' })),
    )!
    for (let i = 0; i < 60; i++) {
      const operands = args.map(({ type }): Operand => {
        const operand = { type, constant: oddOf(type) }
        return next() < 0.5 ? operand : materialise(operand, 1)
      })
      answered(() => apply(overload, operands, 1, functionContext))
    }
  })
}

for (const { name, returns, create, more = [] } of AGGREGATES.values()) {
  test(`aggregate ${name}`, () => {
    for (const type of Object.keys(ODD) as DataType[]) {
      if (!returns(type)) continue
      const accumulator = create(type)
      const values = ODD[type]
      const others = more.map((other) =>
        vectorOf(
          other.type,
          values.map(() => oddOf(other.type)),
        ),
      )
      const groups = Uint32Array.from(values, (_, i) => i % 2)
      accumulator.add(vectorOf(type, values), groups, values.length, 2, others)
      expect(accumulator.bytes).toBeGreaterThan(0)
      const result = accumulator.part ? accumulator.part(0, 3) : accumulator.finish(3)
      expect(toCells({ rows: 3, columns: [result] })[0]!.length).toBe(3)
    }
  })
}

describe('memory is counted before it is taken', () => {
  const MIB = 1 << 20
  const long = 'x'.repeat(MIB)
  /** What a call holds at most; it is given back in the end. */
  function peakOf(name: string, ...operands: Operand[]): number {
    const budget = new Budget({ rows: 1, memoryBytes: 64 * MIB, deadlineMs: 60_000 }, () => false)
    const overload = findOverload(
      name,
      operands.map(({ type }) => ({ type, semantic: 'ST_NONE' })),
    )!
    apply(overload, operands, 30, { ...functionContext, hold: (bytes) => budget.hold(bytes) })
    budget.hold(0)
    return budget.peakBytes
  }
  const each = vectorOf(
    'STRING',
    Array.from({ length: 30 }, (_, i) => `${i}`),
  )
  const constant = (text: string): Operand => ({ type: 'STRING', constant: text })

  test('of a column of long texts', () => {
    expect(() => peakOf('add', each, constant(long))).toThrow('64 MiB')
    expect(peakOf('add', each, constant(long.slice(0, MIB / 8)))).toBeGreaterThan(8 * MIB)
  })

  test('of a text that is too long by itself', () => {
    expect(() => peakOf('add', constant(long + long), constant('x'))).toThrow('A text of 2.0 MiB')
    expect(() => peakOf('bytes_to_hex', constant(long))).toThrow('A text of 4.0 MiB')
    expect(() => peakOf('replace', constant('x'), constant(long), constant('yyyy'))).toThrow('A text of')
    const names = constant('\\0'.repeat(2000))
    expect(() => peakOf('replace', constant('.*'), constant(long), names)).toThrow('A text of')
  })

  test('of many long arguments', () => {
    const five = Array.from({ length: 5 }, () => constant(long))
    const two = [constant('a'), constant('b')]
    expect(() =>
      peakOf('uri_recompose', ...five.slice(0, 3), { type: 'INT64', constant: 1n }, ...five.slice(0, 3)),
    ).toThrow('A text of 6.0 MiB')
    expect(() => peakOf('_script_reference', ...two, ...five, constant('x'))).toThrow('A text of 5.0 MiB')
  })

  test('of dictionaries that a choice joins', () => {
    const texts = (name: string) =>
      vectorOf(
        'STRING',
        Array.from({ length: 30 }, (_, i) => `${name}${i}${long}`),
      )
    const condition: Operand = { type: 'BOOLEAN', values: Uint8Array.from({ length: 30 }, (_, i) => i % 2) }
    expect(() => peakOf('select', condition, texts('a'), texts('b'))).not.toThrow()
    const wide = (name: string) =>
      vectorOf(
        'STRING',
        Array.from({ length: 40 }, (_, i) => `${name}${i}${long}`),
      )
    expect(() => peakOf('select', condition, wide('a'), wide('b'))).toThrow('64 MiB')
  })
})

test('what fails in a function is no message of the engine', () => {
  const log = spyOn(console, 'error').mockImplementation(() => {})

  try {
    const broken = (undefined as unknown as { length: string }).length
    throw new Error(broken)
  } catch (cause) {
    const { code, message, hint } = faultOf(cause).shape
    expect([code, hint]).toEqual(['internal', expect.stringContaining('report')])
    expect(message).toMatch(/^A part of Nixie failed \(TypeError in hostile\.test\.ts:\d+\)$/)
    expect(log).toHaveBeenCalledTimes(1)
  }
  expect(faultOf(new RangeError('Out of memory')).shape.code).toBe('limit_exceeded')
  log.mockRestore()
})
