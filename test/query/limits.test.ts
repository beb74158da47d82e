import { describe, expect, test } from 'bun:test'
import type { ErrorCode } from '../../src/errors'
import { NixieError } from '../../src/errors'
import { type ExecuteContext, execute } from '../../src/query/engine'
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
  NOW,
  project,
  scan,
  tableOf,
  typed,
  union,
} from './support/tables'

const COLUMNS = [typed('time_', 'TIME64NS'), typed('path', 'STRING'), typed('n', 'INT64')]
const http = scan('http', COLUMNS)
const rows = Array.from({ length: 20_000 }, (_, i) => ({
  time_: NOW + BigInt(i),
  path: `/path/${i}`,
  n: BigInt(i),
}))
const TABLE = tableOf(COLUMNS, rows, 1000)
const source = () => new MemorySource({ http: TABLE })
const LIMITS = { rows: 10_000_000, memoryBytes: 256 << 20, deadlineMs: 60_000 }
const everyPair = joined(http, http, 'inner', [])

function codeOf(node: Node, changes: Partial<ExecuteContext>): ErrorCode | undefined {
  try {
    execute({ outputs: [{ name: 'o', node }] }, contextOf(source(), changes))
    return undefined
  } catch (cause) {
    if (!(cause instanceof NixieError)) throw cause
    return cause.shape.code
  }
}

describe('rows', () => {
  const counted = (node: Node, limit: number) => {
    const given = source()
    const limits = { ...LIMITS, rows: limit }
    const [table] = execute({ outputs: [{ name: 'o', node }] }, contextOf(given, { limits })).tables
    return { rows: table!.batch.rows, truncated: table!.truncated, batches: given.batchesGiven }
  }

  test('beyond the limit are cut, said, and not read', () =>
    expect(counted(http, 1500)).toEqual({ rows: 1500, truncated: true, batches: 2 }))

  test('as many as the limit are all', () =>
    expect(counted(http, 20_000)).toEqual({ rows: 20_000, truncated: false, batches: 20 }))

  test('of a join without keys stop it', () =>
    expect(counted(everyPair, 1000)).toMatchObject({ rows: 1000, truncated: true }))
})

describe('memory', () => {
  const groups = aggregate(http, ['path'], [{ name: 'q', fn: 'quantiles', column: 'n' }])
  const cases: Readonly<Record<string, Node>> = {
    'an aggregate of many groups': groups,
    'the held side of a join': joined(http, http, 'inner', ['path']),
    'a union by time': union([http, http]),
    'the result': http,
  }
  for (const [name, node] of Object.entries(cases))
    test(`${name} is accounted for`, () => {
      expect(codeOf(node, { limits: { ...LIMITS, memoryBytes: 300_000 } })).toBe('limit_exceeded')
      expect(codeOf(node, {})).toBeUndefined()
    })

  test('batches that pass by are not summed up', () => {
    const count = aggregate(http, [], [{ name: 'n', fn: 'count', column: 'path' }])
    expect(codeOf(count, { limits: { ...LIMITS, memoryBytes: 300_000 } })).toBeUndefined()
  })

  test('peaks are reported, and what ended is given back', () => {
    const few = aggregate(groups, [], [{ name: 'n', fn: 'count', column: 'path' }])
    const { stats } = execute({ outputs: [{ name: 'o', node: few }] }, contextOf(source()))
    expect(stats.peakBytes).toBeGreaterThan(1_000_000)
    expect(stats.bytesRead).toBeGreaterThan(20_000 * 8)
  })
})

describe('time', () => {
  test('a deadline ends a scan', () =>
    expect(codeOf(http, { limits: { ...LIMITS, deadlineMs: -1 } })).toBe('deadline_exceeded'))

  test('a deadline ends a join of every pair', () => {
    const filtered = filter(everyPair, call('lessThan', column(everyPair, 'l_n'), literal('INT64', -1n)))
    expect(codeOf(filtered, { limits: { ...LIMITS, deadlineMs: 50 } })).toBe('deadline_exceeded')
  })

  test('a deadline ends a regular expression over many texts', () => {
    const match = filter(http, call('regex_match', literal('STRING', '.*[0-9]'), column(http, 'path')))
    let asked = 0
    const cancelled = () => ++asked > 100
    expect(codeOf(match, { cancelled })).toBe('cancelled')
    expect(asked).toBe(101)
  })

  test('cancelling ends a scan of which no row stays', () => {
    let asked = 0
    const none = filter(http, call('lessThan', column(http, 'n'), call('negate', column(http, 'n'))))
    expect(codeOf(none, { cancelled: () => ++asked > 3 })).toBe('cancelled')
    expect(asked).toBe(4)
  })

  test('cancelling ends it between batches', () => {
    let asked = 0
    expect(codeOf(http, { cancelled: () => ++asked > 5 })).toBe('cancelled')
  })
})

describe('plans that cannot run are errors of the user', () => {
  test('an unknown column', () =>
    expect(
      codeOf(filter(http, { kind: 'column', name: 'nope', type: 'BOOLEAN', semantic: 'ST_NONE' }), {}),
    ).toBe('unknown_column'))

  test('an unknown function', () => {
    const bad = { kind: 'call', fn: 'nope', args: [], type: 'INT64', semantic: 'ST_NONE' } as const
    expect(codeOf(project(http, { bad }), {})).toBe('type_error')
  })
})

describe('virtual tables', () => {
  const columns = [typed('name', 'STRING'), typed('n', 'INT64')]
  const made = tableOf(columns, [
    { name: 'a', n: 1n },
    { name: 'b', n: 2n },
  ])

  test('come by name, with their arguments, their columns in any order', () => {
    const asked: unknown[] = []
    const virtualTable = (fn: string, args: unknown) => {
      asked.push([fn, args])
      return { columns, batch: made.batches[0]! }
    }
    const node: Node = {
      op: 'virtual',
      fn: 'GetTables',
      args: { all: true },
      columns: [columns[1]!, columns[0]!],
    }
    const { tables } = execute({ outputs: [{ name: 'o', node }] }, contextOf(source(), { virtualTable }))
    expect(asked).toEqual([['GetTables', { all: true }]])
    expect(tables[0]!.batch.columns.map(({ type }) => type)).toEqual(['INT64', 'STRING'])
  })
})
