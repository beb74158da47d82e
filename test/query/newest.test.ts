/** Rows of chunks that overlap in time, from the newest to the oldest. */
import { describe, expect, test } from 'bun:test'
import { openMetadata } from '../../src/metadata'
import { httpEvents } from '../../src/protocols/lib/http/table'
import { newestFirst } from '../../src/query/newest'
import type { Batch, IntVector } from '../../src/records/batch'
import { BatchBuilder } from '../../src/records/builder'
import { TABLES } from '../../src/sources/tables'
import { openReader } from '../../src/store'
import type { ScanBatch } from '../../src/store/store'
import { NOW } from '../pxl/support/stored-tables'
import { readTable, runScript } from '../runner/support'
import { open, settle, withDirectory } from '../store/support'
import { columnOf, typed } from './support/tables'

const N = [typed('n', 'INT64')]

/** `n` is the time; a chunk ends with the times of its rows. */
function chunk(times: readonly number[], restUntil?: number): ScanBatch {
  const columns = [columnOf('INT64', times), columnOf('TIME64NS', times.map(BigInt))]
  const rest = restUntil === undefined ? {} : { restUntilNs: BigInt(restUntil) }
  return { rows: times.length, columns, ...rest }
}

function scan(batches: readonly ScanBatch[]) {
  let held = 0
  let most = 0
  const hold = (bytes: number) => {
    held += bytes
    most = Math.max(most, held)
  }
  const given = [...newestFirst(batches, N, { hold })].map(({ columns }) => [
    ...(columns[0] as IntVector).values,
  ])
  return { given, held, most }
}

describe('rows of a reverse scan', () => {
  test('wait while an older chunk may hold newer ones, and no longer', () => {
    const { given, held, most } = scan([chunk([1, 7, 8, 9], 6), chunk([2, 5, 6], 4), chunk([3, 4])])
    expect(given).toEqual([
      [9, 8, 7],
      [6, 5],
      [4, 3, 2, 1],
    ])
    expect(most).toBeGreaterThan(0)
    expect(held).toBe(0)
  })

  test('are sorted within a chunk, and come at once where later chunks are unknown', () => {
    expect(scan([chunk([3, 1, 2]), chunk([9])]).given).toEqual([[3, 2, 1], [9]])
  })

  test('that wait are bounded: the newest of too many go on', () => {
    const many = 1 << 17
    const { given } = scan([
      chunk(
        Array.from({ length: many }, (_, i) => i),
        many,
      ),
      chunk([many]),
    ])
    expect(given[0]).toHaveLength(many / 2)
    expect(given.flat()).toHaveLength(many + 1)
  })

  test('hold nothing when the reader stops', () => {
    let held = 0
    const rows = newestFirst([chunk([1, 5], 3), chunk([2])], N, {
      hold: (bytes) => {
        held += bytes
      },
    })
    expect((rows.next().value as Batch).rows).toBe(1)
    expect(held).toBeGreaterThan(0)
    rows.return(undefined)
    expect(held).toBe(0)
  })
})

const MS = 1_000_000

/** A second of requests; the first was stored long after its time, so that chunks overlap. */
function requests(second: number): Batch {
  const builder = new BatchBuilder(httpEvents, NOW - 600_000_000_000n)
  const empty = Object.fromEntries(
    httpEvents.columns.map(({ name, type }) => [name, type === 'STRING' || type === 'UINT128' ? '' : 0]),
  )
  const starts = [second * 1000 - 17_350, second * 1000 - 950, second * 1000 - 20, second * 1000 - 400]
  for (const ms of starts) {
    const row = { ...empty, encrypted: false, time_: ms * MS, req_path: `/${ms}` }
    builder.append(row as unknown as Parameters<typeof builder.append>[0])
  }
  return builder.seal()
}

describe.each(['as stored', 'merged'])('the newest rows of a store, %s', (kind) => {
  test('are the newest, in order, by table and by script', () =>
    withDirectory((dir) => {
      const writer = open(dir, { tables: TABLES })
      for (let second = 100; second < 160; second++)
        writer.append([{ table: httpEvents, batch: requests(second) }])
      if (kind === 'merged') settle(writer)
      const store = openReader(dir, TABLES)
      const context = {
        store,
        metadata: openMetadata(store, 'edge'),
        scripts: new Map(),
        cancelled: () => false,
        nowNs: NOW,
      }
      const all = Array.from({ length: 60 }, (_, i) => i + 100)
        .flatMap((s) => [s * 1000 - 17_350, s * 1000 - 950, s * 1000 - 20, s * 1000 - 400])
        .sort((a, b) => b - a)
        .map((ms) => `/${ms}`)
      const paths = (table: ReturnType<typeof readTable>) =>
        table.values[table.columns.findIndex(({ name }) => name === 'req_path')] as string[]
      expect(paths(readTable({ name: 'http_events', limit: 1000 }, context))).toEqual(all)
      expect(paths(readTable({ name: 'http_events', limit: 7 }, context))).toEqual(all.slice(0, 7))
      const text = "import px\ndf = px.DataFrame('http_events')\ndf = df[['req_path']]\n"
      const shown = (end: string) => runScript({ text: text + end }, context).tables[0]!
      expect(paths(shown('px.display(df.head(9))'))).toEqual(all.slice(0, 9))
      expect(paths(shown("px.display(df[px.contains(df.req_path, '50')])"))).toEqual(
        all.filter((path) => path.includes('50')),
      )
      store.close()
      writer.close()
    }))
})
