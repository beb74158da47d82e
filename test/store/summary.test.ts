import { expect, test } from 'bun:test'
import { defineTable, string, time } from '../../src/records/table'
import { openReader } from '../../src/store'
import { keptSeconds } from '../../src/store/summary'
import {
  appendSeconds,
  batchOf,
  events,
  open,
  SECOND_NS,
  START_MS,
  START_NS,
  settle,
  withDirectory,
} from './support'

const other = defineTable('other', 'Rows that are few', { time_: time('When'), s: string('Text') })

test('rows, spans and bytes by table; limits and write amplification as the writer has them', () =>
  withDirectory((dir) => {
    const reader = openReader(dir, [events, other])
    const now = START_NS + 100n * SECOND_NS
    expect(reader.summary(now)).toMatchObject({ fileBytes: 0, walBytes: 0, budgetBytes: undefined })
    const writer = open(dir, { tables: [events, other], retentionSeconds: 3600, diskBudgetBytes: 1 << 30 })
    appendSeconds(writer, 0, 40)
    writer.append([{ table: other, batch: batchOf(other, [{ time_: 7, s: 'x' }]) }])
    settle(writer, START_MS)
    const { writtenBytes, compactedBytes } = writer.stats()
    writer.close()
    const summary = reader.summary(now)
    const [of, few] = summary.tables
    expect(of).toMatchObject({
      name: 'events',
      rows: 400,
      chunks: 9,
      oldestNs: START_NS,
      newestNs: START_NS + 39_900_000_000n,
      spanSeconds: 39.9,
      keepsSeconds: 3600,
    })
    expect(of!.bytesPerRow).toBe(of!.bytes / 400)
    expect(of!.bytesPerSecond).toBeCloseTo(of!.bytes / 100)
    expect(few).toMatchObject({ rows: 1, chunks: 1, spanSeconds: 0, oldestNs: START_NS + 7n })
    expect(summary).toMatchObject({ budgetBytes: 1 << 30, retentionSeconds: 3600, walBytes: 0 })
    expect(summary.fileBytes).toBeGreaterThan(of!.bytes)
    expect(summary.writeAmplification).toBeCloseTo((writtenBytes + compactedBytes) / writtenBytes)
    // A table without rows of the last day has no rate, and one without a rate has no span that is kept.
    expect(reader.summary(START_NS + 200_000n * SECOND_NS).tables[0]).toMatchObject({
      bytesPerSecond: 0,
      keepsSeconds: undefined,
    })
    open(dir, { tables: [events, other] }).close()
    expect(reader.summary(now).writeAmplification).toBe(summary.writeAmplification)
    reader.close()
  }))

test('what the budget keeps: the retention where there is room, else what is left over the shares', () => {
  const shares = new Map([
    ['a', 0.4],
    ['b', 0.3],
    ['c', 0.3],
  ])
  const kept = (rates: Record<string, number>) =>
    Object.fromEntries(
      [
        ...keptSeconds(
          Object.entries(rates).map(([name, bytesPerSecond]) => ({ name, bytesPerSecond })),
          shares,
          1000,
          100,
        ),
      ].map(([name, seconds]) => [name, Math.round(seconds * 1000) / 1000]),
    )
  expect(kept({ a: 5, b: 4, c: 1 })).toEqual({ a: 100, b: 100, c: 100 })
  expect(kept({ a: 0, b: 0, c: 0 })).toEqual({})
  // c wants 100 of its 300; a and b are both 100 over: 500 and 400.
  expect(kept({ a: 50, b: 50, c: 1 })).toEqual({ a: 10, b: 8, c: 100 })
  expect(kept({ a: 40, b: 30, c: 30 })).toEqual({ a: 10, b: 10, c: 10 })
})
