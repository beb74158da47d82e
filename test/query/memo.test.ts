import { describe, expect, test } from 'bun:test'
import { KnownResults } from '../../src/query/functions/base/lift'
import {
  aggregate,
  call,
  column,
  literal,
  MemorySource,
  metadata,
  project,
  type Row,
  run,
  scan,
  tableOf,
  typed,
} from './support/tables'

const COLUMNS = [typed('upid', 'UINT128'), typed('n', 'INT64')]

describe('functions of texts', () => {
  test('are asked once per text of a run, not per batch', () => {
    const rows: Row[] = Array.from({ length: 400 }, (_, i) => ({ upid: `1:${40 + (i % 4)}:7`, n: BigInt(i) }))
    const http = scan('http', COLUMNS)
    const asked: string[] = []
    const counting = {
      ...metadata,
      podName: (upid: string) => {
        asked.push(upid)
        return metadata.podName(upid)
      },
    }
    const named = project(http, { pod: call('upid_to_pod_name', column(http, 'upid')), n: column(http, 'n') })
    const node = aggregate(named, ['pod'], [{ name: 'n', fn: 'count', column: 'n' }])
    const result = run(node, new MemorySource({ http: tableOf(COLUMNS, rows, 50) }), { metadata: counting })
    expect(new Map(result as [string, number][])).toEqual(
      new Map([
        ['', 300],
        ['shop/web-1', 100],
      ]),
    )
    expect(asked.sort()).toEqual(['1:40:7', '1:41:7', '1:42:7', '1:43:7'])
  })

  test('remember nothing of other arguments, nor much', () => {
    const memo = new KnownResults()
    memo.with([1, 'x']).set('a', 'first')
    expect(memo.with([1, 'x']).get('a')).toBe('first')
    expect(memo.with(['1', 'x']).get('a')).toBeUndefined()
    memo.set('b'.repeat(1000), 1)
    expect(memo.get('b'.repeat(1000))).toBeUndefined()
    for (let i = 0; i < 5000; i++) memo.set(`${i}`, i)
    expect([memo.get('0'), memo.get('4999')]).toEqual([0, undefined])
  })
})

test('integers by the thousands are told apart, whatever their base', () => {
  const columns = [typed('n', 'INT64')]
  const rows = Array.from({ length: 20_000 }, (_, i) => ({
    n: BigInt(i % 9000) * 1_000_003n - 4_000_000_000n,
  }))
  const http = scan('http', columns)
  const node = aggregate(http, ['n'], [{ name: 'c', fn: 'count', column: 'n' }])
  const far = project(http, { n: call('add', column(http, 'n'), literal('INT64', 2n ** 61n)) })
  const source = () => new MemorySource({ http: tableOf(columns, rows, 700) })
  const counts = run(node, source())
  expect(counts.length).toBe(9000)
  expect(counts.every(([n, c], i) => n === i * 1_000_003 - 4_000_000_000 && c === (i < 2000 ? 3 : 2))).toBe(
    true,
  )
  expect(run(aggregate(far, ['n'], []), source()).length).toBe(9000)
})
