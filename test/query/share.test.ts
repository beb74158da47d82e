import { describe, expect, test } from 'bun:test'
import { execute } from '../../src/query/engine'
import type { Node } from '../../src/query/plan'
import {
  aggregate,
  call,
  column,
  contextOf,
  filter,
  joined,
  literal,
  MemorySource,
  project,
  random,
  scan,
  tableOf,
  typed,
} from './support/tables'

const COLUMNS = [typed('path', 'STRING'), typed('status', 'INT64'), typed('ratio', 'FLOAT64')]
const next = random(3)
const rows = Array.from({ length: 200 }, (_, i) => ({
  path: `/${i % 7}`,
  status: BigInt(Math.floor(next() * 600)),
  ratio: next(),
}))
const http = () => scan('http', COLUMNS)
const atLeast = (node: Node, status: number) =>
  filter(node, call('greaterThanEqual', column(node, 'status'), literal('INT64', BigInt(status))))
const count = (node: Node, key: string) =>
  aggregate(node, [key], [{ name: 'n', fn: 'count', column: 'status' }])

function scansOf(...nodes: Node[]): number {
  const source = new MemorySource({ http: tableOf(COLUMNS, rows, 20) })
  execute({ outputs: nodes.map((node, i) => ({ name: `${i}`, node })) }, contextOf(source))
  return source.scans.length
}

describe('parts made apart', () => {
  test('that are equal run once', () =>
    expect(scansOf(count(atLeast(http(), 400), 'path'), count(atLeast(http(), 400), 'status'))).toBe(1))

  test('that read other chunks are their own', () =>
    expect(scansOf(count(atLeast(http(), 400), 'path'), count(atLeast(http(), 500), 'path'))).toBe(2))

  test('that read other times are their own', () =>
    expect(scansOf(count(http(), 'path'), count({ ...http(), startNs: 5n } as Node, 'path'))).toBe(2))

  test('that differ in a literal alone are told apart: 1, 1.0, -0.0, 0.0, NaN', () => {
    const over = (value: number | bigint) => {
      const node = http()
      const other = typeof value === 'bigint' ? literal('INT64', value) : literal('FLOAT64', value)
      return project(node, { x: call('multiply', column(node, 'ratio'), other) })
    }
    const values = [1n, 1, 0, -0, Number.NaN, Number.POSITIVE_INFINITY]
    const source = new MemorySource({ http: tableOf(COLUMNS, [{ path: '', status: 0n, ratio: 1 }]) })
    const { tables } = execute(
      { outputs: values.map((value, i) => ({ name: `${i}`, node: over(value) })) },
      contextOf(source),
    )
    expect(tables.map(({ batch }) => (batch.columns[0] as { values: Float64Array }).values[0])).toEqual([
      1,
      1,
      0,
      -0,
      Number.NaN,
      Number.POSITIVE_INFINITY,
    ])
    expect(source.scans.length).toBe(1)
  })

  test('of one projection are told apart too', () => {
    const node = http()
    const times = (value: number) => call('multiply', column(node, 'ratio'), literal('FLOAT64', value))
    const source = new MemorySource({ http: tableOf(COLUMNS, [{ path: '', status: 0n, ratio: 1 }]) })
    const plan = { outputs: [{ name: '', node: project(node, { a: times(0), b: times(-0) }) }] }
    const { columns } = execute(plan, contextOf(source)).tables[0]!.batch
    expect(columns.map((vector) => (vector as { values: Float64Array }).values[0])).toEqual([0, -0])
  })

  test('that stream through a join keep their scan, so that no row waits in memory', () => {
    const pairs = joined(http(), count(http(), 'path'), 'inner', ['path'])
    const counted = aggregate(pairs, ['l_path'], [{ name: 'n', fn: 'count', column: 'l_status' }])
    const many = Array.from({ length: 50 }, () => rows).flat()
    const source = new MemorySource({ http: tableOf(COLUMNS, many, 100) })
    const { stats } = execute({ outputs: [{ name: 'o', node: counted }] }, contextOf(source))
    expect(source.scans.length).toBe(2)
    expect(stats.peakBytes).toBeLessThan(64 << 10)
  })
})
