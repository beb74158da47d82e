import { describe, expect, test } from 'bun:test'
import type { ErrorCode } from '../../src/errors'
import { NixieError } from '../../src/errors'
import { toCells } from '../../src/query/cells'
import { type ExecuteContext, execute } from '../../src/query/engine'
import type { Node } from '../../src/query/plan'
import type { Batch } from '../../src/records/batch'
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

describe('emitted rows', () => {
  const emitted = (limit: number, ...nodes: Node[]) => {
    const given = source()
    const batches: Batch[][] = nodes.map(() => [])
    const { tables } = execute(
      { outputs: nodes.map((node, i) => ({ name: `${i}`, node })) },
      contextOf(given, {
        limits: { ...LIMITS, rows: limit },
        emit: (output, batch) => batches[output]!.push(batch),
      }),
    )
    const rows = batches.map((list) => list.reduce((sum, batch) => sum + batch.rows, 0))
    return { rows, batches, tables, given }
  }

  test('come batch by batch, in order, cut at the limit, and nothing is read on', () => {
    const { rows: counts, batches, tables, given } = emitted(2500, http)
    expect(counts).toEqual([2500])
    expect(batches[0]!.map((batch) => batch.rows)).toEqual([1000, 1000, 500])
    const numbers = batches[0]!.flatMap((batch) => toCells(batch)[2]!)
    expect(numbers).toEqual(Array.from({ length: 2500 }, (_, i) => i))
    expect(tables[0]).toMatchObject({ rows: 2500, truncated: true, batch: { rows: 0 } })
    expect(given.batchesGiven).toBe(3)
  })

  test('of several outputs: each has its own limit, and the others go on', () => {
    const groups = aggregate(http, ['n'], [{ name: 'c', fn: 'count', column: 'n' }])
    const few = filter(http, call('lessThan', column(http, 'n'), literal('INT64', 5n)))
    const { rows: counts, tables } = emitted(12_000, http, groups, few)
    expect(counts).toEqual([12_000, 12_000, 5])
    expect(tables.map(({ rows: shown, truncated }) => [shown, truncated])).toEqual([
      [12_000, true],
      [12_000, true],
      [5, false],
    ])
  })

  test('keep no dictionary much larger than they need', () => {
    const { batches } = emitted(10, http)
    expect((batches[0]![0]!.columns[1] as { dict: { length: number } }).dict.length).toBe(10)
  })

  test('that their receiver refuses end the run', () => {
    const given = source()
    const refused = () =>
      execute(
        { outputs: [{ name: 'o', node: http }] },
        contextOf(given, {
          emit: () => {
            throw new NixieError('cancelled', 'gone')
          },
        }),
      )
    expect(refused).toThrow('gone')
    expect(given.batchesGiven).toBe(1)
  })
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
