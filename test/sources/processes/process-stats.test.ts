import { describe, expect, test } from 'bun:test'
import type { processStats } from '../../../src/records/process-stats'
import type { RecordOf } from '../../../src/records/table'
import { ProcessStats } from '../../../src/sources/processes/process-stats'
import { PAGE, samplesOf, type Thread } from './samples'

type Row = RecordOf<typeof processStats>

/** Walks at the given seconds; the rows that came of each. */
function rowsOf(walks: readonly (readonly [second: number, threads: readonly Thread[]])[]): Row[][] {
  let rows: Row[] = []
  const stats = new ProcessStats({
    upidOf: (pid, startTicks, comm) => `1:${pid}:${startTicks}${comm && `:${comm}`}`,
    append: (_, row) => rows.push(row),
  })
  return walks.map(([second, threads]) => {
    rows = []
    stats.take(samplesOf(threads), second * 1e9)
    return rows
  })
}

test('a process is the sum of its threads, its memory is counted once', () => {
  const [rows] = rowsOf([
    [
      1,
      [
        { pid: 5, runtime_ns: 100, user_ns: 3, kernel_ns: 1, wchar: 10, rss_pages: 2 },
        {
          pid: 5,
          threads: 2,
          runtime_ns: 300,
          user_ns: 3,
          kernel_ns: 1,
          wchar: 5,
          rss_pages: 2,
          comm: 'web',
        },
        { pid: 6, threads: 1, rss_pages: 1 },
      ],
    ],
  ])
  expect(rows!.map((row) => row.upid)).toEqual(['1:5:7', '1:6:7'])
  expect(rows![0]).toMatchObject({
    cpu_utime_ns: 300,
    cpu_ktime_ns: 100,
    num_threads: 2,
    wchar_bytes: 15,
    rss_bytes: 2 * PAGE,
  })
})

test('a name comes from the first sample of a process', () => {
  const [rows] = rowsOf([[1, [{ pid: 5, threads: 1, comm: 'web' }]]])
  expect(rows![0]!.upid).toBe('1:5:7:web')
})

describe('processor time', () => {
  const walk = (second: number, runtime_ns: number, user_ns: number, kernel_ns: number) =>
    [second, [{ pid: 5, threads: 1, runtime_ns, user_ns, kernel_ns }]] as const

  test('neither share falls when the samples lean the other way', () => {
    const rows = rowsOf([walk(1, 1000, 1, 1), walk(2, 1100, 9, 1), walk(3, 1200, 9, 41)]).flat()
    expect(rows.map((row) => [row.cpu_utime_ns, row.cpu_ktime_ns])).toEqual([
      [500, 500],
      [600, 500],
      [600, 600],
    ])
  })

  test('the sum is the run time, to the nanosecond', () => {
    const rows = rowsOf([walk(1, 1001, 2, 1), walk(2, 5003, 7, 13)]).flat()
    expect(rows.map((row) => row.cpu_utime_ns + row.cpu_ktime_ns)).toEqual([1001, 5003])
  })

  test('without a sample all of it is user time', () => {
    expect(rowsOf([walk(1, 40, 0, 0)])[0]![0]).toMatchObject({ cpu_utime_ns: 40, cpu_ktime_ns: 0 })
  })
})

test('a process that stands still has a row every 10 s, one that does something each second', () => {
  const still = { pid: 5, threads: 1, runtime_ns: 9 }
  const walks = Array.from(
    { length: 22 },
    (_, s) => [s, [still, { pid: 6, threads: 1, runtime_ns: s }]] as const,
  )
  const seconds = (upid: string) =>
    rowsOf(walks).flatMap((rows, s) => (rows.some((r) => r.upid === upid) ? [s] : []))
  expect(seconds('1:5:7')).toEqual([0, 10, 20])
  expect(seconds('1:6:7')).toHaveLength(22)
})

test('a pid that another process has now starts anew', () => {
  const [, rows] = rowsOf([
    [1, [{ pid: 5, threads: 1, runtime_ns: 900, start_ticks: 7 }]],
    [2, [{ pid: 5, threads: 1, runtime_ns: 3, start_ticks: 8 }]],
  ])
  expect(rows![0]).toMatchObject({ upid: '1:5:8', cpu_utime_ns: 3 })
})
