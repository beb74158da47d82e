import { describe, expect, test } from 'bun:test'
import { toCells } from '../../src/query/cells'
import { intsFromBigints, vectorOf } from '../../src/query/operand'
import { compact, concat, joinDictionaries } from '../../src/query/vectors'
import { StringTable, type Vector } from '../../src/records/batch'
import { gather } from '../../src/records/rows'

const NOW = 1_800_000_000_123_456_789n
const time = (base: bigint, ...values: number[]): Vector => ({
  type: 'TIME64NS',
  base,
  values: Float64Array.from(values),
})
const cells = (vector: Vector) =>
  toCells({ rows: 'codes' in vector ? vector.codes.length : vector.values.length, columns: [vector] })[0]!

describe('cells', () => {
  test('times are text, integers only when a double cannot hold them', () => {
    expect(cells(time(NOW, 0, 1))).toEqual(['1800000000123456789', '1800000000123456790'])
    expect(cells(vectorOf('INT64', [0, 2n ** 60n]))).toEqual([0, '1152921504606846976'])
    expect(cells({ type: 'INT64', base: 0n, values: Float64Array.of(2 ** 53, -3) })).toEqual([
      '9007199254740992',
      -3,
    ])
  })

  test('floats that JSON lacks are null', () => {
    expect(cells({ type: 'FLOAT64', values: Float64Array.of(1.5, Number.NaN, -Infinity) })).toEqual([
      1.5,
      null,
      null,
    ])
  })
})

describe('integers from bigints', () => {
  test('within 2^54 of each other they are exact', () => {
    const exact = [NOW, NOW + 2n ** 54n, NOW + 12345n]
    expect(cells(intsFromBigints('INT64', exact))).toEqual(exact.map(String))
  })

  test('0 stays 0 beside times', () => {
    expect(cells(intsFromBigints('TIME64NS', [0n, NOW]))).toEqual(['0', String(NOW)])
  })
})

describe('concat', () => {
  test('brings integers to one base', () => {
    const all = concat('TIME64NS', [time(NOW, 1, 2), time(NOW + 100n, 3), time(NOW, 4)])
    expect(cells(all)).toEqual([1n, 2n, 103n, 4n].map((offset) => String(NOW + offset)))
  })

  test('keeps the 0 of a row without a time', () => {
    expect(cells(concat('TIME64NS', [time(NOW, 1), time(0n, 0)]))).toEqual([String(NOW + 1n), '0'])
    expect(cells(concat('TIME64NS', [time(0n, 0), time(NOW, 1)]))).toEqual(['0', String(NOW + 1n)])
  })

  test('joins dictionaries, a shared one once', () => {
    const dict = StringTable.of(['a', 'é'])
    const part = (codes: number[], d: StringTable): Vector => ({
      type: 'STRING',
      codes: Uint32Array.from(codes),
      dict: d,
    })
    const all = concat('STRING', [part([0, 1], dict), part([0], StringTable.of(['x'])), part([1], dict)])
    expect(cells(all)).toEqual(['a', 'é', 'x', 'é'])
    expect(joinDictionaries([dict, dict]).dict).toBe(dict)
    expect((all as { dict: StringTable }).dict.length).toBe(3)
  })

  test('of nothing is empty', () => expect(cells(concat('STRING', []))).toEqual([]))
})

test('compact drops entries that no row uses', () => {
  const dict = StringTable.of(Array.from({ length: 100 }, (_, i) => `é${i}`))
  const small = compact({ type: 'STRING', codes: Uint32Array.of(70, 3, 70), dict })
  expect(cells(small)).toEqual(['é70', 'é3', 'é70'])
  expect((small as { dict: StringTable }).dict.length).toBe(2)
})

test('gather picks rows in the order given', () => {
  expect(cells(gather(time(NOW, 1, 2, 3), Uint32Array.of(2, 0, 2)))).toEqual(
    [3n, 1n, 3n].map((offset) => String(NOW + offset)),
  )
})
