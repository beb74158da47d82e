import { describe, expect, test } from 'bun:test'
import { execute } from '../../src/query/engine'
import { explain } from '../../src/query/explain'
import type { Expr, Node } from '../../src/query/plan'
import type { Vector } from '../../src/records/batch'
import {
  aggregate,
  call,
  column,
  contextOf,
  literal,
  MemorySource,
  project,
  type Row,
  random,
  run,
  scan,
  tableOf,
  typed,
} from './support/tables'

const COLUMNS = [typed('path', 'STRING'), typed('latency', 'INT64'), typed('ratio', 'FLOAT64')]
const http = scan('http', COLUMNS)
const next = random(11)
/** Some groups are exact, one is larger than that. */
const rows: Row[] = Array.from({ length: 3000 }, (_, i) => ({
  path: i < 1500 ? '/large' : `/${i % 40}`,
  latency: BigInt(Math.floor(Math.exp(next() * 20))),
  ratio: next() < 0.1 ? Number.NaN : next() - 0.5,
}))
const source = () => new MemorySource({ http: tableOf(COLUMNS, rows, 500) })
const ops = (node: Node) => explain({ outputs: [{ name: '', node }] }).steps.map(({ op }) => op)

/** Columns that are there, and one more. */
const plus = (node: Node, name: string, expr: Expr) =>
  project(node, {
    ...Object.fromEntries(node.columns.map((c) => [c.name, column(node, c.name)])),
    [name]: expr,
  })
const pluck = (node: Node, name: string, quantile: string) =>
  call('pluck_float64', column(node, name), literal('STRING', quantile))

describe('projections over projections', () => {
  test('are one', () => {
    const twice = plus(http, 'twice', call('multiply', column(http, 'latency'), literal('INT64', 2n)))
    const more = plus(twice, 'more', call('add', column(twice, 'twice'), literal('INT64', 1n)))
    expect(ops(more)).toEqual(['scan', 'project'])
    const { outputs } = { outputs: run(more, source()) }
    expect(outputs.slice(0, 5).map((row) => row[4])).toEqual(
      rows.slice(0, 5).map(({ latency }) => Number(latency) * 2 + 1),
    )
  })

  test('that double an expression over and over stay several, and end', () => {
    let node: Node = http
    for (let i = 0; i < 60; i++) {
      const ratio = column(node, 'ratio')
      node = project(node, { ratio: call('add', ratio, ratio) })
    }
    const one = new MemorySource({ http: tableOf(COLUMNS, [{ path: '', latency: 0n, ratio: 1 }]) })
    expect(run(node, one)).toEqual([[2 ** 60]])
  })
})

describe('numbers picked from quantiles', () => {
  const quantiles = aggregate(
    http,
    ['path'],
    [
      { name: 'q', fn: 'quantiles', column: 'latency' },
      { name: 'r', fn: 'quantiles', column: 'ratio' },
    ],
  )

  test('need no JSON, and are the same numbers', () => {
    const names = ['p01', 'p50', 'p99']
    let picked = quantiles
    for (const name of names)
      for (const from of ['q', 'r']) picked = plus(picked, `${from}_${name}`, pluck(picked, from, name))
    const vectors = (node: Node) =>
      execute({ outputs: [{ name: '', node }] }, contextOf(source())).tables[0]!.batch.columns
    const values = (vector: Vector) => Array.from((vector as { values: Float64Array }).values)
    const alone = project(
      picked,
      Object.fromEntries(picked.columns.slice(3).map(({ name }) => [name, column(picked, name)])),
    )
    expect(explain({ outputs: [{ name: '', node: alone }] }).text).not.toContain('pluck')
    const texts = run(quantiles, source())
    const expected = names.flatMap((name) =>
      [1, 2].map((place) => texts.map((row) => JSON.parse(String(row[place]))[name])),
    )
    expect(vectors(alone).map(values)).toEqual(expected)
    expect(vectors(picked).slice(3).map(values)).toEqual(expected)
  })

  test('that quantiles do not give stay what they were', () => {
    const node = plus(quantiles, 'p95', pluck(quantiles, 'q', 'p95'))
    expect(new Set(run(node, source()).map((row) => row[3]))).toEqual(
      new Set([
        run(
          plus(http, 'x', call('pluck_float64', literal('STRING', '{}'), literal('STRING', 'p95'))),
          source(),
        )[0]![3],
      ]),
    )
  })

  test('with a column of the same name', () => {
    const named = aggregate(
      http,
      ['path'],
      [
        { name: 'q', fn: 'quantiles', column: 'latency' },
        { name: 'q.p50', fn: 'count', column: 'latency' },
      ],
    )
    const node = plus(named, 'x', pluck(named, 'q', 'p50'))
    for (const [, q, count, x] of run(node, source())) {
      expect(x).toBe(JSON.parse(String(q)).p50)
      expect(count).toBeGreaterThan(1)
    }
  })
})
