import { describe, expect, test } from 'bun:test'
import { explain } from '../../src/query/explain'
import { expressionText } from '../../src/query/expression-text'
import type { Expr, Node, Plan } from '../../src/query/plan'
import type { ReadableStore } from '../../src/store/store'
import {
  aggregate,
  call,
  column,
  filter,
  joined,
  limit,
  literal,
  project,
  scan,
  typed,
  union,
} from './support/tables'

const http = scan('http_events', [
  typed('time_', 'TIME64NS'),
  typed('upid', 'UINT128'),
  typed('req_path', 'STRING'),
  typed('latency', 'INT64'),
  typed('ratio', 'FLOAT64'),
  typed('encrypted', 'BOOLEAN'),
])
const of = (name: string) => column(http, name)
const int = (value: number) => literal('INT64', BigInt(value))
const slow = call('greaterThanEqual', of('latency'), int(1000))
const path = call('contains', of('req_path'), literal('STRING', 'x'))
const planOf = (...nodes: Node[]): Plan => ({
  outputs: nodes.map((node, i) => ({ name: `out${i}`, node })),
})
const stepsOf = (...nodes: Node[]) => explain(planOf(...nodes)).steps

describe('an expression', () => {
  const cases: [Expr, string][] = [
    [call('logicalAnd', slow, path), "latency >= 1000 and contains(req_path, 'x')"],
    [call('logicalNot', call('logicalOr', slow, path)), "not (latency >= 1000 or contains(req_path, 'x'))"],
    [
      call('logicalAnd', call('logicalOr', slow, path), of('encrypted')),
      "(latency >= 1000 or contains(req_path, 'x')) and encrypted",
    ],
    [call('equal', slow, of('encrypted')), '(latency >= 1000) == encrypted'],
    [call('subtract', of('latency'), call('subtract', of('latency'), int(1))), 'latency - (latency - 1)'],
    [call('multiply', call('add', of('latency'), int(1)), int(2)), '(latency + 1) * 2'],
    [call('add', call('multiply', of('latency'), int(2)), int(1)), 'latency * 2 + 1'],
    [call('negate', call('add', of('latency'), int(1))), '-(latency + 1)'],
    [literal('STRING', `it's\n"so"`), `'it\\'s\\n"so"'`],
    [literal('STRING', 'y'.repeat(200)), `'${'y'.repeat(80)}…'`],
    [literal('TIME64NS', 1_767_225_600_500_000_000n), '2026-01-01T00:00:00.5Z'],
    [literal('TIME64NS', -1n), '1969-12-31T23:59:59.999999999Z'],
    [{ kind: 'column', name: 'latency(p50)', type: 'INT64', semantic: 'ST_NONE' }, "'latency(p50)'"],
  ]
  for (const [expr, text] of cases) test(text, () => expect(expressionText(expr)).toBe(text))
})

describe('steps', () => {
  test('of a scan: times, columns, what chunks it leaves out', () => {
    const timed: Node = { ...http, startNs: 1_767_225_600_000_000_000n } as Node
    const [first, second] = stepsOf(
      project(filter(timed, call('logicalAnd', slow, path)), { time_: of('time_') }),
    )
    expect(first).toEqual({
      id: 1,
      op: 'scan',
      detail:
        "http_events; from 2026-01-01T00:00:00Z to the newest; columns time_, req_path, latency; chunks where latency >= 1000 and req_path contains 'x'",
      columns: ['time_', 'req_path', 'latency'],
      inputs: [],
    })
    expect(second!.detail).toBe("latency >= 1000 and contains(req_path, 'x')")
  })

  test('of a scan from the newest row on, with the size of its table', () => {
    const source = {
      tables: () => [{ name: 'http_events', rows: 12, bytes: 3456 }],
    } as unknown as ReadableStore
    const newest: Node = { ...http, reverse: true } as Node
    const { steps } = explain(planOf(project(limit(newest, 5), { path: of('req_path') })), source)
    expect(steps.map(({ op, detail }) => [op, detail])).toEqual([
      ['scan', 'http_events (12 rows, 3456 bytes stored); all times; columns req_path; newest first'],
      ['limit', '5 rows'],
      ['project', 'path = req_path'],
    ])
  })

  test('of joins, unions, aggregates, virtual and empty tables', () => {
    const counted = aggregate(http, ['upid'], [{ name: 'n', fn: 'count', column: 'latency' }])
    const virtual: Node = { op: 'virtual', fn: 'GetTables', args: { a: 1 }, columns: counted.columns }
    const empty: Node = { op: 'empty', columns: counted.columns }
    const pairs = joined(virtual, empty, 'inner', [])
    const details = stepsOf(joined(counted, union([virtual, empty]), 'outer', ['upid']), pairs).map(
      ({ op, detail, inputs }) => `${op} ${detail} ${inputs}`,
    )
    expect(details).toContain('aggregate by (upid): n = count(latency) 1')
    expect(details.some((d) => d.startsWith('join outer on left.upid == right.upid '))).toBe(true)
    expect(details.some((d) => d.startsWith('join inner: every pair '))).toBe(true)
    expect(details.some((d) => d.startsWith('union one after the other '))).toBe(true)
    expect(details.some((d) => d.startsWith('virtual GetTables(a=1) '))).toBe(true)
    expect(details.some((d) => d.startsWith('empty no rows '))).toBe(true)
  })

  test('that two outputs read are there once, inputs first', () => {
    const shared = aggregate(http, ['upid'], [{ name: 'n', fn: 'count', column: 'latency' }])
    const { steps, outputs, text } = explain(planOf(shared, limit(shared, 3)))
    expect(steps.map(({ op }) => op)).toEqual(['scan', 'aggregate', 'limit'])
    expect(outputs).toEqual([
      { name: 'out0', step: 2 },
      { name: 'out1', step: 3 },
    ])
    for (const { id, inputs } of steps) for (const input of inputs) expect(input).toBeLessThan(id)
    expect(text).toBe(
      [
        'out0:',
        '  #2 aggregate by (upid): n = count(latency)',
        '    scan http_events; all times; columns upid',
        'out1:',
        '  limit 3 rows',
        '    #2 (aggregate, above)',
        '',
      ].join('\n'),
    )
  })
})
