/** Every aggregate, over values of each type that it takes. */
import { describe, expect, test } from 'bun:test'
import { toCells } from '../../../../src/query/cells'
import { AGGREGATES } from '../../../../src/query/functions/aggregates/aggregates'
import { vectorOf } from '../../../../src/query/operand'
import type { DataType } from '../../../../src/records/types'
import type { Value } from '../../support/tables'

const BIG = 2n ** 62n
const T = 1_800_000_000_000_000_000n

type Case = readonly [
  type: DataType,
  values: readonly Value[],
  result: unknown,
  ...more: (readonly [DataType, Value[]])[],
]

const CASES: Readonly<Record<string, readonly Case[]>> = {
  count: [
    ['STRING', ['a', '', 'a'], 3],
    ['FLOAT64', [Number.NaN], 1],
    ['INT64', [], 0],
  ],
  sum: [
    ['INT64', [1n, 2n, -4n], -1],
    ['INT64', [BIG, BIG - 1n], String(2n * BIG - 1n)],
    ['INT64', [BIG, BIG], String(-(2n ** 63n))],
    ['FLOAT64', [0.5, 1.25], 1.75],
    ['BOOLEAN', [true, false, true], 2],
    ['INT64', [], 0],
  ],
  mean: [
    ['INT64', [1n, 2n], 1.5],
    ['FLOAT64', [0.5, 1.5], 1],
    ['BOOLEAN', [true, false], 0.5],
  ],
  min: [
    ['INT64', [3n, -7n, 2n], -7],
    ['FLOAT64', [Number.NaN, 2.5, 1.5], 1.5],
    ['TIME64NS', [T, T - 1n], String(T - 1n)],
  ],
  max: [
    ['INT64', [-3n, -7n], -3],
    ['FLOAT64', [2.5, Number.NaN], 2.5],
    ['TIME64NS', [T, T - 1n], String(T)],
  ],
  any: [
    ['STRING', ['b', 'a'], 'b'],
    ['BOOLEAN', [true], true],
    ['UINT128', ['1:42:7'], '1:42:7'],
    ['TIME64NS', [T], String(T)],
    ['STRING', [], ''],
  ],
  newest: [['INT64', [1n, 2n, 3n], 2, ['TIME64NS', [T, T + 9n, T + 5n]]]],
  quantiles: [
    ['INT64', [5n], '{"p01":5,"p10":5,"p25":5,"p50":5,"p75":5,"p90":5,"p99":5}'],
    ['FLOAT64', [0.5, 0.5], '{"p01":0.5,"p10":0.5,"p25":0.5,"p50":0.5,"p75":0.5,"p90":0.5,"p99":0.5}'],
  ],
  sample: [
    ['STRING', ['b', 'a"'], '["b","a\\""]'],
    ['INT64', [1n, 2n ** 53n + 1n], '[1,9007199254740993]'],
    ['FLOAT64', [0.5, Number.NaN], '[0.5,null]'],
    ['BOOLEAN', [true], '[true]'],
    ['STRING', [], '[]'],
  ],
  _build_request_path_clusters: [['STRING', ['/users/1', '/users/2', '/about'], '["/about","/users/*"]']],
  pprof: [],
}

test('every aggregate has cases; those of pprof are in a file of their own', () => {
  expect([...AGGREGATES.keys()].filter((name) => !CASES[name])).toEqual([])
})

for (const [name, cases] of Object.entries(CASES)) {
  describe(name, () => {
    for (const [type, values, result, ...more] of cases) {
      test(`${type} ${values.join(', ')} → ${result}`, () => {
        const accumulator = AGGREGATES.get(name)!.create(type)
        // Row by row, as batches may come in any size.
        values.forEach((value, i) => {
          const others = more.map(([other, all]) => vectorOf(other, [all[i]!]))
          accumulator.add(vectorOf(type, [value]), Uint32Array.of(0), 1, 1, others)
        })
        const vector = accumulator.part ? accumulator.part(0, 1) : accumulator.finish(1)
        expect(toCells({ rows: 1, columns: [vector] })[0]).toEqual([result as never])
      })
    }
  })
}

test('a sample has ten of many values, each with the same chance', () => {
  const counts = new Array<number>(100).fill(0)
  for (let run = 0; run < 300; run++) {
    const accumulator = AGGREGATES.get('sample')!.create('INT64')
    const values = Array.from({ length: 100 }, (_, i) => BigInt((i + run) % 100))
    accumulator.add(vectorOf('INT64', values), new Uint32Array(100), 100, 1)
    const [text] = toCells({ rows: 1, columns: [accumulator.finish(1)] })[0]!
    const sample = JSON.parse(String(text)) as number[]
    expect(new Set(sample).size).toBe(10)
    for (const value of sample) counts[value]!++
  }
  expect(Math.min(...counts)).toBeGreaterThan(5)
  expect(Math.max(...counts)).toBeLessThan(90)
})
