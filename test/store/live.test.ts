/** Rows of what is still under way: replaced by the next, never beside the record that they become. */
import { expect, test } from 'bun:test'
import { openReader } from '../../src/store'
import { batchOf, events, open, rowsOf, START_NS, settle, withDirectory } from './support'

const rows = (...numbers: number[]) => {
  if (numbers.length === 0) return []
  const records = numbers.map((n) => ({ time_: n * 1e6, n, filler: `row ${n}` }))
  return [{ table: events, batch: batchOf(events, records, START_NS) }]
}

const stored = (dir: string): number[] => {
  const reader = openReader(dir, [events])
  try {
    return rowsOf(reader, events).map(({ n }) => Number(n))
  } finally {
    reader.close()
  }
}

test('the next append replaces them, also with nothing', () =>
  withDirectory((dir) => {
    const writer = open(dir)
    writer.append(rows(1), rows(10, 11))
    expect(stored(dir).sort()).toEqual([1, 10, 11])
    writer.append([], rows(12))
    expect(stored(dir)).toEqual([1, 12])
    writer.append(rows(12))
    expect(stored(dir)).toEqual([1, 12])
    writer.append([], [])
    settle(writer)
    expect(stored(dir)).toEqual([1, 12])
    writer.close()
  }))

test('they are never merged with what is over', () =>
  withDirectory((dir) => {
    const writer = open(dir)
    for (let second = 0; second < 40; second++) {
      writer.append(rows(second), rows(100 + second))
      settle(writer)
    }
    expect(stored(dir)).toEqual([...Array(40).keys(), 139])
    writer.append([])
    expect(stored(dir)).toEqual([...Array(40).keys()])
    writer.close()
  }))

test('after a crash they stay as they were, and the next writer has its own', () =>
  withDirectory((dir) => {
    const first = open(dir)
    first.append(rows(1), rows(10))
    first.close()
    const second = open(dir)
    expect(stored(dir)).toEqual([1, 10])
    second.append(rows(2), rows(20))
    second.append(rows(3))
    expect(stored(dir)).toEqual([1, 2, 3, 10])
    second.close()
  }))
