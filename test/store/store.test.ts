import { Database } from 'bun:sqlite'
import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { type Batch, cell, type IntVector } from '../../src/records/batch'
import { bool, defineTable, float, int, type RecordOf, string, time, upid } from '../../src/records/table'
import { openReader } from '../../src/store'
import { random } from '../bench/http-events'
import { entity } from '../support/entities'
import {
  appendSeconds,
  batchOf,
  events,
  numbersOf,
  open,
  type Row,
  rowsOf,
  SECOND_NS,
  START_NS,
  second,
  settle,
  withDirectory,
} from './support'

const wide = defineTable('wide', 'Every type', {
  time_: time('When'),
  upid: upid('Who'),
  n: int('Integer'),
  f: float('Float'),
  b: bool('Boolean'),
  few: string('Few texts'),
  many: string('Many texts'),
})

const key = (row: Row) => Object.values(row).map(String).join('\u0001')
const sorted = (rows: readonly Row[]) => rows.map(key).sort()

describe('random tables come back as they went in', () => {
  for (let seed = 1; seed <= 6; seed++) {
    test(`seed ${seed}`, () =>
      withDirectory((dir) => {
        const next = random(seed)
        const below = (n: number) => Math.floor(next() * n)
        const writer = open(dir, { tables: [wide, events] })
        const reader = openReader(dir, [wide, events])
        const reference: Row[] = []
        const seconds = 20 + below(120)
        for (let at = 0; at < seconds; at++) {
          const baseNs = START_NS + BigInt(below(1e9))
          const records: RecordOf<typeof wide>[] = Array.from({ length: below(120) }, () => ({
            time_: at * 1e9 + below(1.2e9),
            upid: `0:${below(9)}:${below(3)}`,
            n: below(2) === 0 ? below(1000) : below(2 ** 50) - 2 ** 49,
            f: below(3) === 0 ? below(10) : next() - 0.5,
            b: below(2) === 0,
            few: ['', 'GET', 'POST', 'é😀'][below(4)]!,
            many: `${seed}-${next()}${'x'.repeat(below(40))}`,
          }))
          for (const r of records) {
            const ns = baseNs + BigInt(r.time_)
            reference.push({ ...r, time_: ns })
          }
          writer.append([{ table: wide, batch: batchOf(wide, records, baseNs) }])
          if (below(3) === 0) for (let k = below(20); k > 0; k--) writer.maintain()
        }
        const whole = () => expect(sorted(rowsOf(reader, wide))).toEqual(sorted(reference))
        whole()
        settle(writer)
        whole()
        for (let k = 0; k < 10; k++) {
          const startNs = START_NS + BigInt(below(seconds * 1e9))
          const endNs = startNs + BigInt(below(2e10))
          const inside = reference.filter(
            (row) => (row.time_ as bigint) >= startNs && (row.time_ as bigint) <= endNs,
          )
          expect(sorted(rowsOf(reader, wide, { startNs, endNs }))).toEqual(sorted(inside))
        }
        expect(reader.tables().map((t) => [t.name, t.rows])).toEqual([
          ['wide', reference.length],
          ['events', 0],
        ])
        reader.close()
        writer.close()
      }))
  }
})

describe('scan', () => {
  test('merged chunks are in time order, also where batches were not; all times share one base', () =>
    withDirectory((dir) => {
      const writer = open(dir)
      for (let at = 63; at >= 0; at--) writer.append([{ table: events, batch: second(at, at * 10, 10) }])
      settle(writer)
      const reader = openReader(dir, [events])
      expect(numbersOf(reader)).toEqual(Array.from({ length: 640 }, (_, i) => i))
      const bases = new Set<bigint>()
      const firsts: number[] = []
      for (const batch of reader.scan('events', { columns: ['n', 'time_'], reverse: true })) {
        bases.add((batch.columns[1] as { base: bigint }).base)
        firsts.push((batch.columns[0] as { values: Float64Array }).values[0]!)
      }
      expect(bases.size).toBe(1)
      expect(firsts).toEqual(firsts.toSorted((a, b) => b - a))
      expect(firsts.length).toBeGreaterThan(1)
      reader.close()
      writer.close()
    }))

  test('conditions pass over chunks that cannot meet them', () =>
    withDirectory((dir) => {
      const writer = open(dir)
      for (let at = 0; at < 10; at++)
        writer.append([{ table: events, batch: second(at, at * 10, 10, () => `text ${at}`) }])
      const reader = openReader(dir, [events])
      const rows = (prune: { column: string; op: '==' | '<' | '>='; value: number | string | bigint }) =>
        [...reader.scan('events', { columns: ['n'], prune: [prune] })].reduce(
          (sum, batch) => sum + batch.rows,
          0,
        )
      expect(rows({ column: 'n', op: '==', value: 55 })).toBe(10)
      expect(rows({ column: 'n', op: '>=', value: 80 })).toBe(20)
      expect(rows({ column: 'n', op: '<', value: 0 })).toBe(0)
      expect(rows({ column: 'filler', op: '==', value: 'text 3' })).toBe(10)
      expect(rows({ column: 'time_', op: '<', value: START_NS + SECOND_NS })).toBe(10)
      reader.close()
      writer.close()
    }))

  test('a snapshot stays as it was while the writer appends and merges; the next scan sees the new rows', () =>
    withDirectory((dir) => {
      const writer = open(dir)
      appendSeconds(writer, 0, 40)
      const reader = openReader(dir, [events])
      const scan = reader.scan('events', { columns: ['n'] })[Symbol.iterator]()
      let seen = (scan.next().value as { rows: number }).rows
      appendSeconds(writer, 40, 80)
      settle(writer)
      expect(numbersOf(reader)).toHaveLength(800)
      for (let step = scan.next(); !step.done; step = scan.next()) seen += step.value.rows
      expect(seen).toBe(400)
      reader.close()
      writer.close()
    }))

  test('unknown tables and columns are errors with what there is', () =>
    withDirectory((dir) => {
      open(dir).close()
      const reader = openReader(dir)
      expect(() => [...reader.scan('nope', { columns: [] })]).toThrow("no table 'nope'")
      expect(() => [...reader.scan('events', { columns: ['nope'] })]).toThrow("no column 'nope'")
    }))

  test('a store that is not there yet is empty, and seen once it is', () =>
    withDirectory((dir) => {
      const reader = openReader(dir, [events])
      expect(reader.tables()).toEqual([])
      expect(() => numbersOf(reader)).toThrow("There is no table 'events'")
      expect(reader.entities('process').size).toBe(0)
      const writer = open(dir)
      expect(numbersOf(reader)).toEqual([])
      expect(reader.tables()[0]).toMatchObject({ name: 'events', rows: 0, oldestNs: undefined })
      writer.append([{ table: events, batch: second(0, 0, 3) }])
      expect(numbersOf(reader)).toEqual([0, 1, 2])
      reader.close()
      writer.close()
    }))

  test('rows survive a restart', () =>
    withDirectory((dir) => {
      for (let run = 0; run < 3; run++) {
        const writer = open(dir)
        writer.append([{ table: events, batch: second(run, run * 10, 10) }])
        writer.close()
      }
      const reader = openReader(dir, [events])
      expect(numbersOf(reader)).toEqual(Array.from({ length: 30 }, (_, i) => i))
      reader.close()
    }))
})

test('a table may change between versions: missing columns are 0, empty and false', () =>
  withDirectory((dir) => {
    const before = open(dir)
    before.append([{ table: events, batch: second(0, 0, 3) }])
    before.close()
    const changed = defineTable('events', 'Changed', {
      time_: time('When'),
      filler: int('Now a number'),
      added: string('New'),
      flag: bool('New'),
      n: int('Which'),
    })
    const writer = open(dir, { tables: [changed] })
    writer.append([
      { table: changed, batch: batchOf(changed, [{ time_: 5e9, filler: 7, added: 'x', flag: true, n: 3 }]) },
    ])
    settle(writer)
    const reader = openReader(dir, [changed])
    expect(rowsOf(reader, changed).map(({ time_: _, ...row }) => row)).toEqual([
      ...[0, 1, 2].map((n) => ({ filler: 0, added: '', flag: false, n })),
      { filler: 7, added: 'x', flag: true, n: 3 },
    ])
    reader.close()
    writer.close()
  }))

test('entities: newest value, widest time, cached until they change', () =>
  withDirectory((dir) => {
    const writer = open(dir)
    const reader = openReader(dir, [events])
    const process = (key: string, comm: string, ms: number) => ({
      ...entity('process', key, { comm }, ms),
      firstSeenMs: ms,
    })
    writer.putEntities([
      process('a', 'nginx', 5),
      process('b', 'curl', 6),
      entity('pod', 'c', { name: 'x' }, 1),
    ])
    const first = reader.entities('process')
    expect([...first.keys()].sort()).toEqual(['a', 'b'])
    writer.append([{ table: events, batch: second(0, 0, 3) }])
    expect(reader.entities('process')).toBe(first)
    writer.putEntities([process('a', 'nginx: worker', 9)])
    expect(reader.entities('process').get('a')).toEqual({
      kind: 'process',
      key: 'a',
      value: { comm: 'nginx: worker' },
      firstSeenMs: 5,
      lastSeenMs: 9,
    })
    reader.close()
    writer.close()
  }))

test('select: rows are chosen step by step, and no column is read before it is needed', () =>
  withDirectory((dir) => {
    const writer = open(dir)
    for (let at = 0; at < 8; at++)
      writer.append([{ table: events, batch: second(at, at * 10, 10, (n) => `text ${n}`) }])
    // Nobody may read the texts of chunk 3: that would cost its rows.
    const db = new Database(join(dir, 'nixie.db'))
    db.run('UPDATE columns SET data = zeroblob(4) WHERE id = 3 * 1024 + 2')
    db.close()
    const reader = openReader(dir, [events])
    const seen: number[] = []
    const where = (test: (n: number) => boolean) => (batch: Batch) => {
      seen.push(batch.rows)
      const { values } = batch.columns[0] as IntVector
      return Uint32Array.from(values.keys()).filter((i) => test(values[i]!))
    }
    const all = (batch: Batch) => {
      seen.push(-batch.rows)
      return undefined
    }
    const select = [
      { columns: ['n'], keep: where((n) => n % 2 === 0 && (n < 20 || n >= 30)) },
      { columns: ['filler'], keep: all },
      { columns: ['n', 'filler'], keep: where((n) => n !== 4) },
    ]
    const options = {
      columns: ['filler', 'n'],
      startNs: START_NS + SECOND_NS / 2n,
      endNs: START_NS + 5n * SECOND_NS - 1n,
    }
    const got = [...reader.scan('events', { ...options, select })].flatMap((batch) =>
      Array.from({ length: batch.rows }, (_, i) => [cell(batch.columns[0]!, i), cell(batch.columns[1]!, i)]),
    )
    const wanted = Array.from({ length: 50 }, (_, n) => n).filter(
      (n) => n >= 5 && n % 2 === 0 && (n < 20 || n >= 30),
    )
    expect(got).toEqual(wanted.map((n) => [`text ${n}`, n]))
    expect(reader.damagedChunks).toBe(0)
    expect(seen).toEqual([5, -2, 2, 10, -5, 5, 10, 10, -5, 5, 10, -5, 5])
    const fails = () => {
      throw new RangeError('of the condition')
    }
    const failing = { ...options, select: [{ columns: ['n'], keep: fails }] }
    expect(() => [...reader.scan('events', failing)]).toThrow(new RangeError('of the condition'))
    reader.close()
    writer.close()
  }))
