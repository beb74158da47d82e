import { describe, expect, test } from 'bun:test'
import { execute } from '../../src/query/engine'
import { optimise } from '../../src/query/optimise'
import type { Expr, Node } from '../../src/query/plan'
import {
  aggregate,
  call,
  column,
  contextOf,
  filter,
  joined,
  limit,
  literal,
  MemorySource,
  NOW,
  project,
  run,
  scan,
  tableOf,
  typed,
} from './support/tables'

const COLUMNS = [
  typed('time_', 'TIME64NS'),
  typed('upid', 'UINT128'),
  typed('path', 'STRING'),
  typed('status', 'INT64'),
  typed('latency', 'INT64'),
  typed('encrypted', 'BOOLEAN'),
]
const http = scan('http', COLUMNS)
const status = column(http, 'status')
const failed = call('greaterThanEqual', status, literal('INT64', 400n))

const rows = Array.from({ length: 100 }, (_, i) => ({
  time_: NOW + BigInt(i),
  upid: '1:42:7',
  path: `/${i % 10}`,
  status: BigInt(i),
  latency: BigInt(i * 2),
  encrypted: i % 2 === 0,
}))
const source = () => new MemorySource({ http: tableOf(COLUMNS, rows, 10) })
const optimised = (node: Node) => optimise({ outputs: [{ name: 'o', node }] }).outputs[0]!.node

/** Operators from the output down the first inputs. */
function shape(node: Node): string {
  if (node.op === 'scan' || node.op === 'virtual' || node.op === 'empty') return node.op
  if (node.op === 'join') return `join(${shape(node.left)}, ${shape(node.right)})`
  if (node.op === 'union') return `union(${node.inputs.map(shape)})`
  return `${node.op} ${shape(node.input)}`
}

function scanOf(node: Node): Extract<Node, { op: 'scan' }> {
  if (node.op === 'scan') return node
  if (node.op === 'virtual' || node.op === 'empty' || node.op === 'union') throw new Error('no scan')
  return scanOf(node.op === 'join' ? node.left : node.input)
}
const names = (node: Node) => node.columns.map(({ name }) => name)

describe('columns', () => {
  test('only those that someone reads are scanned', () => {
    const node = aggregate(filter(http, failed), ['path'], [{ name: 'm', fn: 'mean', column: 'latency' }])
    expect(names(scanOf(optimised(node)))).toEqual(['path', 'status', 'latency'])
  })

  test('a count reads no values', () => {
    const node = aggregate(http, [], [{ name: 'n', fn: 'count', column: 'path' }])
    expect(names(scanOf(optimised(node)))).toEqual(['time_'])
    expect(run(node, source())).toEqual([[100]])
  })

  test('expressions that nobody reads are not computed', () => {
    const both = project(http, { a: column(http, 'path'), b: call('tolower', column(http, 'path')) })
    const node = aggregate(both, ['a'], [])
    expect(names(scanOf(optimised(node)))).toEqual(['path'])
    const inner = optimised(node) as Extract<Node, { op: 'aggregate' }>
    expect(names(inner.input)).toEqual(['a'])
  })

  test('a shared scan has what all its readers need, and is read once', () => {
    const slow = aggregate(http, ['path'], [{ name: 'm', fn: 'max', column: 'latency' }])
    const count = aggregate(http, ['status'], [{ name: 'n', fn: 'count', column: 'status' }])
    const given = source()
    const plan = {
      outputs: [
        { name: 'slow', node: slow },
        { name: 'count', node: count },
      ],
    }
    const { tables, stats } = execute(plan, contextOf(given))
    expect(given.scans.map(({ options }) => options.columns)).toEqual([['path', 'status', 'latency']])
    expect(tables.map(({ name, batch }) => [name, batch.rows])).toEqual([
      ['slow', 10],
      ['count', 100],
    ])
    expect(stats).toMatchObject({ rowsRead: 100, batchesRead: 10 })
  })
})

describe('filters', () => {
  test('become one at the scan, which learns what to leave out', () => {
    const renamed = project(http, { s: status, l: column(http, 'latency') })
    const small = call('lessThan', literal('INT64', 10n), column(renamed, 'l'))
    const node = filter(filter(renamed, small), call('equal', column(renamed, 's'), literal('INT64', 7n)))
    expect(shape(optimised(node))).toBe('project filter scan')
    expect(scanOf(optimised(node)).prune).toEqual([
      { column: 'latency', op: '>', value: 10n },
      { column: 'status', op: '==', value: 7n },
    ])
    const given = source()
    expect(run(node, given)).toEqual([[7, 14]])
    expect(given.batchesGiven).toBe(1)
  })

  test('stay above what computes their columns', () => {
    const sums = project(http, {
      sum: call('add', status, column(http, 'latency')),
      path: column(http, 'path'),
    })
    const node = filter(
      filter(sums, call('equal', column(sums, 'sum'), literal('INT64', 33n))),
      call('equal', column(sums, 'path'), literal('STRING', '/1')),
    )
    expect(shape(optimised(node))).toBe('filter project filter scan')
    expect(run(node, source())).toEqual([[33, '/1']])
  })

  test('are tested by the source, which reads the other columns only of rows that stay', () => {
    const path = call('contains', column(http, 'path'), literal('STRING', '7'))
    const given = source()
    const node = project(filter(http, call('logicalAnd', path, failed)), { latency: column(http, 'latency') })
    const never = call('greaterThan', status, literal('INT64', 97n))
    expect(run(project(filter(http, call('logicalAnd', path, never)), { s: status }), given)).toEqual([])
    const few = call('greaterThan', status, literal('INT64', 80n))
    expect(run(project(filter(http, call('logicalAnd', path, few)), { s: status }), given)).toEqual([
      [87],
      [97],
    ])
    run(node, given)
    const { columns, select } = given.scans.at(-1)!.options
    expect(columns).toEqual(['latency'])
    expect(select!.map((step) => step.columns)).toEqual([['status'], ['path']])
  })

  test('of one reader do not touch what another reads', () => {
    const some = filter(http, failed)
    const both = joined(limit(http, 3), limit(some, 2), 'inner', [])
    expect(scanOf(optimised(both)).prune).toBeUndefined()
  })

  const conditions: readonly [string, Expr, unknown][] = [
    ['a boolean column', column(http, 'encrypted'), { column: 'encrypted', op: '==', value: true }],
    [
      'its opposite',
      call('logicalNot', column(http, 'encrypted')),
      { column: 'encrypted', op: '==', value: false },
    ],
    [
      'a text',
      call('notEqual', column(http, 'path'), literal('STRING', 'x')),
      { column: 'path', op: '!=', value: 'x' },
    ],
    [
      'a part of a text',
      call('contains', column(http, 'path'), literal('STRING', 'x')),
      { column: 'path', op: 'contains', value: 'x' },
    ],
    ['the order of texts', call('lessThan', column(http, 'path'), literal('STRING', 'x')), undefined],
    ['a float', call('lessThan', status, literal('FLOAT64', 0.5)), { column: 'status', op: '<', value: 0.5 }],
    ['NaN', call('lessThan', status, literal('FLOAT64', Number.NaN)), undefined],
    ['two columns', call('lessThan', status, column(http, 'latency')), undefined],
    ['either of two', call('logicalOr', failed, failed), undefined],
  ]
  for (const [name, predicate, prune] of conditions)
    test(`${name} prunes ${JSON.stringify(prune) ?? 'nothing'}`, () =>
      expect(scanOf(optimised(filter(http, predicate))).prune).toEqual(prune ? [prune as never] : undefined))
})

describe('limits', () => {
  test('go below projections and stop the scan', () => {
    const node = limit(project(http, { p: call('tolower', column(http, 'path')) }), 15)
    expect(shape(optimised(node))).toBe('project limit scan')
    const given = source()
    expect(run(node, given).length).toBe(15)
    expect(given.batchesGiven).toBe(2)
  })

  test('stay above a filter', () => {
    const odd = filter(
      http,
      call('equal', call('modulo', status, literal('INT64', 2n)), literal('INT64', 1n)),
    )
    expect(shape(optimised(limit(odd, 3)))).toBe('limit filter scan')
    expect(run(limit(odd, 3), source()).map((row) => row[3])).toEqual([1, 3, 5])
  })

  test('of 0 reads nothing', () => {
    const given = source()
    expect(run(limit(http, 0), given)).toEqual([])
    expect(given.batchesGiven).toBe(0)
  })

  test('do not stop what others still read', () => {
    const given = source()
    const plan = {
      outputs: [
        { name: 'few', node: limit(http, 1) },
        { name: 'all', node: http },
      ],
    }
    const { tables } = execute(plan, contextOf(given))
    expect(tables.map(({ batch }) => batch.rows)).toEqual([1, 100])
  })
})

test('time ranges reach the source', () => {
  const given = source()
  run({ ...http, startNs: 5n, endNs: 9n } as Node, given)
  expect(given.scans[0]!.options).toMatchObject({ startNs: 5n, endNs: 9n })
})
