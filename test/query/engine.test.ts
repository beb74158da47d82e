/** The engine against the slow reference, on random tables and plans; every failure names its seed. */
import { describe, expect, test } from 'bun:test'
import type { Expr, Node } from '../../src/query/plan'
import { reference } from './support/reference'
import {
  aggregate,
  call,
  column,
  filter,
  joined,
  limit,
  literal,
  MemorySource,
  NOW,
  project,
  type Row,
  random,
  run,
  scan,
  tableOf,
  typed,
  union,
  type Value,
} from './support/tables'

const SEEDS = Array.from({ length: 40 }, (_, i) => i + 1)
const COLUMNS = [
  typed('time_', 'TIME64NS'),
  typed('upid', 'UINT128'),
  typed('path', 'STRING'),
  typed('word', 'STRING'),
  typed('status', 'INT64'),
  typed('offset', 'INT64'),
  typed('ratio', 'FLOAT64'),
  typed('failed', 'BOOLEAN'),
]
const WORDS = ['', 'a', 'é', 'ab', 'größe', '😀', 'aé']

function rowsOf(next: () => number, count: number): Row[] {
  const whole = (limit: number) => Math.floor(next() * limit)
  let at = NOW
  return Array.from({ length: count }, () => {
    at += BigInt(whole(3))
    return {
      time_: at,
      upid: `1:${whole(4)}:7`,
      path: `/p/${whole(next() < 0.1 ? 100_000 : 6)}`,
      word: WORDS[whole(WORDS.length)]!,
      status: BigInt([200, 404, 500, -1, 70_000][whole(5)]!),
      offset: BigInt(whole(5)) * 2n ** 51n - 2n ** 52n,
      ratio: whole(5) / 4,
      failed: next() < 0.3,
    }
  })
}

/** As `toCells` gives it. */
function shown(value: Value, type: string): unknown {
  if (typeof value !== 'bigint') return value
  return type !== 'TIME64NS' && Number.isSafeInteger(Number(value)) ? Number(value) : String(value)
}

function expectSame(
  node: Node,
  tables: Readonly<Record<string, readonly Row[]>>,
  next: () => number,
  sorted = false,
) {
  const size = 1 + Math.floor(next() * 60)
  const source = new MemorySource(
    Object.fromEntries(Object.entries(tables).map(([name, rows]) => [name, tableOf(COLUMNS, rows, size)])),
  )
  const expected = reference(node, tables).map((row) =>
    node.columns.map(({ name, type }) => shown(row[name]!, type)),
  )
  const given = run(node, source)
  const order = (rows: unknown[][]) => (sorted ? rows.map((row) => JSON.stringify(row)).sort() : rows)
  expect(order(given)).toEqual(order(expected))
}

function condition(next: () => number, node: Node, depth: number): Expr {
  const pick = <T>(from: readonly T[]): T => from[Math.floor(next() * from.length)]!
  if (depth > 0 && next() < 0.6) {
    const left = condition(next, node, depth - 1)
    if (next() < 0.2) return call('logicalNot', left)
    return call(pick(['logicalAnd', 'logicalOr']), left, condition(next, node, depth - 1))
  }
  const ordered = ['equal', 'notEqual', 'lessThan', 'lessThanEqual', 'greaterThan', 'greaterThanEqual']
  const compare = (name: string, value: Expr) =>
    next() < 0.5
      ? call(pick(ordered), column(node, name), value)
      : call(pick(ordered), value, column(node, name))
  switch (Math.floor(next() * 8)) {
    case 0:
      return compare('status', literal('INT64', pick([200n, 404n, -1n])))
    case 1:
      return compare('time_', literal('TIME64NS', NOW + BigInt(Math.floor(next() * 200))))
    case 2:
      return compare('offset', literal('INT64', pick([0n, 2n ** 60n, -(2n ** 52n)])))
    case 3:
      return compare('ratio', literal('FLOAT64', pick([0.25, 0.5])))
    case 4:
      return call('contains', column(node, 'word'), literal('STRING', pick(['a', 'é', ''])))
    case 5:
      return call(pick(['equal', 'notEqual']), column(node, 'path'), literal('STRING', '/p/3'))
    case 6:
      return call(pick(['equal', 'notEqual']), column(node, 'word'), column(node, 'path'))
    default:
      return column(node, 'failed')
  }
}

const http = scan('http', COLUMNS)

describe('filter', () => {
  for (const seed of SEEDS)
    test(`seed ${seed}`, () => {
      const next = random(seed)
      expectSame(filter(http, condition(next, http, 3)), { http: rowsOf(next, 200) }, next)
    })
})

describe('filters, projection and limit in any order', () => {
  for (const seed of SEEDS)
    test(`seed ${seed}`, () => {
      const next = random(seed)
      let node: Node = http
      for (let step = 0; step < 5; step++) {
        const choice = Math.floor(next() * 4)
        if (choice === 0) node = limit(node, Math.floor(next() * 150))
        else if (choice === 1) {
          const same = Object.fromEntries(node.columns.map(({ name }) => [name, column(node, name)]))
          const path = call('add', column(node, 'path'), column(node, 'word'))
          node = project(node, {
            ...same,
            path,
            status: column(node, 'offset'),
            offset: column(node, 'status'),
          })
        } else node = filter(node, condition(next, node, 1))
      }
      expectSame(node, { http: rowsOf(next, 300) }, next)
    })
})

describe('aggregate', () => {
  for (const seed of SEEDS)
    test(`seed ${seed}`, () => {
      const next = random(seed)
      const keys = COLUMNS.map(({ name }) => name).filter(() => next() < 0.3)
      const node = aggregate(http, keys, [
        { name: 'count', fn: 'count', column: 'path' },
        { name: 'total', fn: 'sum', column: 'offset' },
        { name: 'errors', fn: 'sum', column: 'failed' },
        { name: 'weight', fn: 'sum', column: 'ratio' },
        { name: 'mean', fn: 'mean', column: 'status' },
        { name: 'first', fn: 'min', column: 'time_' },
        { name: 'last', fn: 'max', column: 'time_' },
        { name: 'low', fn: 'min', column: 'offset' },
        { name: 'high', fn: 'max', column: 'ratio' },
        { name: 'some', fn: 'any', column: 'word' },
        { name: 'when', fn: 'any', column: 'time_' },
      ])
      expectSame(node, { http: rowsOf(next, 1 + Math.floor(next() * 400)) }, next)
    })

  test('of many distinct pairs, beyond the dense table', () => {
    const rows: Row[] = rowsOf(random(1), 5000).map((row, i) => ({
      ...row,
      path: `/p/${i % 3000}`,
      word: `w${i % 2999}`,
    }))
    const node = aggregate(http, ['path', 'word', 'status'], [{ name: 'n', fn: 'count', column: 'path' }])
    const source = new MemorySource({ http: tableOf(COLUMNS, [...rows, ...rows], 700) })
    const groups = new Map<string, number>()
    for (const { path, word, status } of rows) {
      const key = `${path} ${word} ${status}`
      groups.set(key, (groups.get(key) ?? 0) + 2)
    }
    const given = run(node, source).map(([path, word, status, n]) => [`${path} ${word} ${status}`, n])
    expect(given).toEqual([...groups])
  })

  test('without keys there is one row, even of nothing', () => {
    const node = aggregate(
      http,
      [],
      [
        { name: 'n', fn: 'count', column: 'path' },
        { name: 'total', fn: 'sum', column: 'status' },
        { name: 'mean', fn: 'mean', column: 'status' },
        { name: 'last', fn: 'max', column: 'time_' },
        { name: 'some', fn: 'any', column: 'word' },
      ],
    )
    expect(run(node, new MemorySource({ http: tableOf(COLUMNS, []) }))).toEqual([[0, 0, null, '0', '']])
  })

  test('sums beyond 2^53 are exact and wrap as int64', () => {
    const columns = [typed('n', 'INT64')]
    const rows = [2n ** 62n, 2n ** 62n - 1n, 1n, 5n].map((n) => ({ n }))
    const numbers = scan('numbers', columns)
    const total = (count: number) =>
      run(
        aggregate(numbers, [], [{ name: 'sum', fn: 'sum', column: 'n' }]),
        new MemorySource({ numbers: tableOf(columns, rows.slice(0, count), 1) }),
      )
    expect(total(2)).toEqual([['9223372036854775807']])
    expect(total(4)).toEqual([[String(-(2n ** 63n) + 5n)]])
  })

  test('the newest value of each group, in whatever order and batches the rows come', () => {
    const columns = [typed('who', 'STRING'), typed('at', 'TIME64NS'), typed('held', 'INT64', 'ST_BYTES')]
    const row = (who: string, at: bigint, held: bigint) => ({ who, at: 10n ** 18n + at, held })
    const rows = [
      row('a', 5n, 50n),
      row('a', 9n, 90n),
      row('b', 1n, 10n),
      row('a', 7n, 70n),
      row('b', 1n, 11n),
    ]
    const specs = [{ name: 'held', fn: 'newest', column: 'held', more: ['at'] }]
    const node = aggregate(scan('gauges', columns), ['who'], specs)
    expect(node.columns[1]).toEqual({ name: 'held', type: 'FLOAT64', semantic: 'ST_BYTES' })
    for (const size of [1, 2, 5]) {
      expect(run(node, new MemorySource({ gauges: tableOf(columns, rows, size) }))).toEqual([
        ['a', 90],
        ['b', 11],
      ])
    }
  })

  test('quantiles are JSON', () => {
    const node = aggregate(http, [], [{ name: 'q', fn: 'quantiles', column: 'status' }])
    const rows = rowsOf(random(1), 3).map((row, i) => ({ ...row, status: BigInt(i) }))
    const [[text]] = run(node, new MemorySource({ http: tableOf(COLUMNS, rows) })) as [[string]]
    expect(JSON.parse(text)).toEqual({ p01: 0.02, p10: 0.2, p25: 0.5, p50: 1, p75: 1.5, p90: 1.8, p99: 1.98 })
  })
})

describe('join', () => {
  for (const how of ['inner', 'left', 'right', 'outer'] as const)
    for (const seed of SEEDS.slice(0, 15))
      test(`${how}, seed ${seed}`, () => {
        const next = random(seed)
        const keys = ['upid', 'path', 'status', 'failed', 'time_'].filter(() => next() < 0.3)
        const other = scan('other', COLUMNS)
        const node = joined(http, other, how, keys)
        expectSame(node, { http: rowsOf(next, 60), other: rowsOf(next, Math.floor(next() * 40)) }, next, true)
      })

  test('with a side that has no rows, on texts and numbers', () => {
    const source = new MemorySource({
      http: tableOf(COLUMNS, rowsOf(random(4), 20)),
      none: tableOf(COLUMNS, []),
    })
    const keys = ['path', 'status', 'failed']
    const sums = aggregate(scan('none', COLUMNS), keys, [{ name: 'n', fn: 'count', column: 'path' }])
    expect(run(joined(http, sums, 'left', keys), source).length).toBe(20)
    expect(run(joined(http, sums, 'inner', keys), source)).toEqual([])
  })

  test('of a node with an aggregate of itself runs the scan once', () => {
    const next = random(3)
    const sums = aggregate(http, ['path'], [{ name: 'n', fn: 'count', column: 'path' }])
    const source = new MemorySource({ http: tableOf(COLUMNS, rowsOf(next, 100), 10) })
    const rows = run(joined(http, sums, 'inner', ['path']), source)
    expect(rows.length).toBe(100)
    expect(source.scans.length).toBe(1)
  })
})

describe('union', () => {
  for (const seed of SEEDS.slice(0, 10))
    test(`by time, seed ${seed}`, () => {
      const next = random(seed)
      const other = scan('other', [...COLUMNS].reverse())
      const node = limit(union([filter(http, condition(next, http, 1)), other, http]), 150)
      expectSame(node, { http: rowsOf(next, 80), other: rowsOf(next, 50) }, next)
    })

  test('without a time: one input behind the other', () => {
    const words = (prefix: string) =>
      project(http, { word: call('add', literal('STRING', prefix), column(http, 'word')) })
    const rows = rowsOf(random(5), 20)
    const given = run(union([words('a'), words('b')]), new MemorySource({ http: tableOf(COLUMNS, rows, 7) }))
    expect(given).toEqual([...rows.map(({ word }) => [`a${word}`]), ...rows.map(({ word }) => [`b${word}`])])
  })
})
