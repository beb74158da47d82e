import { describe, expect, test } from 'bun:test'
import { execute } from '../../src/query/engine'
import type { Expr, Node } from '../../src/query/plan'
import { reference } from './support/reference'
import {
  aggregate,
  call,
  column,
  contextOf,
  filter,
  joined,
  literal,
  MemorySource,
  type Row,
  random,
  scan,
  tableOf,
  typed,
} from './support/tables'

const COLUMNS = [
  typed('path', 'STRING'),
  typed('body', 'STRING'),
  typed('status', 'INT64'),
  typed('n', 'INT64'),
]
const next = random(5)
const rows: Row[] = Array.from({ length: 300 }, (_, i) => ({
  path: `/${i % 5}`,
  body: `body ${i}`,
  status: BigInt(Math.floor(next() * 6) * 100),
  n: BigInt(i),
}))
const http = () => scan('http', COLUMNS)
const failed = (node: Node) => call('greaterThanEqual', column(node, 'status'), literal('INT64', 400n))
const even = (node: Node) => call('equal', column(node, 'path'), literal('STRING', '/2'))
const both = (node: Node): Expr => call('logicalAnd', even(node), failed(node))
const where = (node: Node, condition: (node: Node) => Expr) => filter(node, condition(node))
const count = (node: Node, key: string) => aggregate(node, [key], [{ name: 'n', fn: 'count', column: 'n' }])
const max = (node: Node, key: string) => aggregate(node, [key], [{ name: 'n', fn: 'max', column: 'n' }])

function scansOf(...nodes: Node[]): number {
  const source = new MemorySource({ http: tableOf(COLUMNS, rows, 20) })
  const plan = { outputs: nodes.map((node, i) => ({ name: `${i}`, node })) }
  const { tables } = execute(plan, contextOf(source))
  nodes.forEach((node, i) => {
    expect(tables[i]!.batch.rows).toBe(reference(node, { http: rows }).length)
  })
  return source.scans.length
}

describe('two scans of a table', () => {
  test('are one when the conditions of one are among those of the other', () => {
    expect(scansOf(count(where(http(), both), 'path'), count(where(http(), failed), 'path'))).toBe(1)
    expect(scansOf(max(where(http(), failed), 'path'), count(where(http(), both), 'path'))).toBe(1)
  })

  test('are one when one has no condition', () =>
    expect(scansOf(max(where(http(), failed), 'path'), count(http(), 'path'))).toBe(1))

  test('three of them, each narrower than the one before', () => {
    const third = (node: Node) =>
      call('logicalAnd', both(node), call('lessThan', column(node, 'n'), literal('INT64', 99n)))
    expect(
      scansOf(
        count(where(http(), third), 'path'),
        count(where(http(), failed), 'path'),
        count(where(http(), both), 'path'),
      ),
    ).toBe(1)
  })

  test('stay two when their conditions differ', () =>
    expect(scansOf(count(where(http(), even), 'path'), count(where(http(), failed), 'path'))).toBe(2))

  test('stay two when texts would be read of more rows', () =>
    expect(scansOf(where(http(), both), count(where(http(), failed), 'status'))).toBe(2))

  test('stay two when one streams through a join', () => {
    const streamed = joined(where(http(), both), count(http(), 'path'), 'inner', ['path'])
    expect(scansOf(aggregate(streamed, ['l_path'], []))).toBe(2)
  })
})
