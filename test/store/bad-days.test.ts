import { Database } from 'bun:sqlite'
import { describe, expect, test } from 'bun:test'
import { existsSync, mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { NixieError } from '../../src/errors'
import { defineTable, int, string, time } from '../../src/records/table'
import { openReader } from '../../src/store'
import { until } from '../support/scope'
import { crashOften } from './crash'
import {
  appendSeconds,
  at,
  batchOf,
  events,
  noise,
  numbersOf,
  open,
  SECOND_NS,
  START_MS,
  START_NS,
  said,
  second,
  settle,
  withDirectory,
  withDirectoryAsync,
} from './support'

const failure = (work: () => unknown): NixieError => {
  try {
    work()
  } catch (cause) {
    if (cause instanceof NixieError) return cause
    throw cause
  }
  throw new Error('it did not fail')
}

describe('retention', () => {
  test('by time: chunks whose newest row is too old go, and the processes that only they named', () =>
    withDirectory((dir) => {
      const writer = open(dir, { retentionSeconds: 60 })
      const reader = openReader(dir, [events])
      for (let s = 0; s < 120; s += 2) {
        const ms = START_MS + s * 1000
        at(writer, ms).append([{ table: events, batch: second(s, s, 2) }])
        const key = s === 10 ? 'old' : s === 100 ? 'young' : undefined
        if (key) writer.putEntities([{ kind: 'process', key, value: {}, firstSeenMs: ms, lastSeenMs: ms }])
      }
      settle(writer, START_MS + 121_000)
      const numbers = numbersOf(reader)
      expect(numbers.at(-1)).toBe(119)
      expect(numbers[0]).toBe(62)
      expect(writer.stats().expiredRows).toBe(numbers[0]!)
      expect([...reader.entities('process').keys()]).toEqual(['young'])
      settle(writer, START_MS + 1_000_000)
      expect(numbersOf(reader)).toEqual([])
      reader.close()
      writer.close()
    }))

  test('by bytes: the file stays within its budget, oldest rows go first, each table keeps its share', () =>
    withDirectoryAsync(async (dir) => {
      const other = defineTable('other', 'Rows that are few', { time_: time('When'), s: string('Text') })
      const budget = 4 << 20
      const writer = open(dir, { tables: [events, other], diskBudgetBytes: budget })
      const reader = openReader(dir, [events, other])
      writer.append([{ table: other, batch: batchOf(other, [{ time_: 0, s: 'the oldest of all' }]) }])
      let waited = 0
      const now = (s: number) => START_MS + (s + waited) * 1000
      for (let s = 0; s < 300; s++) {
        at(writer, now(s)).append([{ table: events, batch: second(s, s * 50, 50, noise) }])
        for (let k = 0; k < 8; k++) writer.maintain()
        // Flushes of the log end here, as between two drains.
        await Bun.sleep(1)
        if (s % 50 === 49) {
          settle(writer, now(s))
          // Time goes on: a log that was folded at once is begun anew by the upkeep of each minute.
          const isWithin = () => {
            waited++
            at(writer, now(s)).maintain()
            return writer.fileBytes() <= budget * 1.25
          }
          await until('the file is within its budget', isWithin)
        }
      }
      const numbers = numbersOf(reader)
      expect(numbers.length).toBeGreaterThan(2000)
      expect(numbers.length).toBeLessThan(15_000)
      expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, i) => 15_000 - numbers.length + i))
      expect(reader.tables().find((t) => t.name === 'other')!.rows).toBe(1)
      reader.close()
      writer.close()
      expect(Bun.file(join(dir, 'nixie.db')).size).toBeLessThanOrEqual(budget)
    }))
})

describe('a directory that cannot be used', () => {
  test('two writers: the second is refused, and let in once the first is gone', () =>
    withDirectory((dir) => {
      const first = open(dir)
      const error = failure(() => open(dir))
      expect(error.shape).toMatchObject({ code: 'store_error', message: `Another Nixie writes to ${dir}` })
      first.close()
      open(dir).close()
    }))

  test('a path below a file', () =>
    withDirectory((dir) => {
      writeFileSync(join(dir, 'file'), '')
      const { code, hint } = failure(() => open(join(dir, 'file', 'data'))).shape
      expect(code).toBe('store_error')
      expect(hint).toContain('--data-dir')
    }))
})

describe('a damaged store', () => {
  const damages: Record<string, (path: string) => void> = {
    'no database at all': (path) =>
      writeFileSync(path, 'this is not a database, it is a text of some length'.repeat(100)),
    'cut to half': (path) => truncateSync(path, 8192),
    'another program’s database': (path) => {
      rmSync(path)
      const db = new Database(path)
      db.run('CREATE TABLE theirs (x)')
      db.close()
    },
  }
  for (const [name, damage] of Object.entries(damages))
    test(`${name}: is set aside, and a new one begun`, () =>
      withDirectory((dir) => {
        const path = join(dir, 'nixie.db')
        const before = open(dir)
        for (let at = 0; at < 5; at++) before.append([{ table: events, batch: second(at, 0, 50, noise) }])
        before.close()
        damage(path)
        const writer = open(dir)
        expect(said(writer).join()).toContain('set aside')
        expect(
          readdirSync(dir).filter((file) => file.startsWith('nixie.db.damaged-')).length,
        ).toBeGreaterThan(0)
        writer.append([{ table: events, batch: second(0, 0, 3) }])
        const reader = openReader(dir, [events])
        expect(numbersOf(reader)).toEqual([0, 1, 2])
        reader.close()
        writer.close()
      }))

  test('a damaged blob costs its chunk: others are read and merged, and it is said', () =>
    withDirectory((dir) => {
      const writer = open(dir)
      appendSeconds(writer, 0, 40)
      const db = new Database(join(dir, 'nixie.db'))
      db.run("UPDATE columns SET data = CAST(data || x'00' AS BLOB) WHERE id = 3 * 1024 + 1")
      db.close()
      const reader = openReader(dir, [events])
      const left = Array.from({ length: 400 }, (_, i) => i).filter((n) => n < 20 || n >= 30)
      expect(numbersOf(reader)).toEqual(left)
      expect(reader.damagedChunks).toBe(1)
      expect(reader.takeDamage()).toMatchObject([{ table: 'events', rows: 10 }])
      settle(writer)
      expect(said(writer).join()).toContain('damaged')
      expect(numbersOf(reader)).toEqual(left)
      expect(writer.stats().compactedBytes).toBeGreaterThan(0)
      reader.close()
      writer.close()
    }))

  test('a file replaced under a reader is read anew', () =>
    withDirectory((dir) => {
      const reader = openReader(dir, [events])
      for (const count of [3, 5]) {
        for (const part of ['', '-wal', '-shm']) rmSync(join(dir, `nixie.db${part}`), { force: true })
        const writer = open(dir)
        writer.append([{ table: events, batch: second(0, 0, count) }])
        expect(numbersOf(reader)).toHaveLength(count)
        writer.close()
      }
      reader.close()
    }))
})

test('a full disk: the append fails with a hint, what is stored stays, later appends succeed', () =>
  withDirectory((dir) => {
    const limited = `trap '' XFSZ; ulimit -f 160; exec "$0" "$@"`
    const child = ['sh', '-c', limited, process.execPath, `${import.meta.dir}/writer-process.ts`, dir, '120']
    const ran = Bun.spawnSync(child, { stderr: 'inherit' })
    expect(ran.success).toBe(true)
    const lines = ran.stdout.toString().trim().split('\n')
    const refused = lines.filter((line) => line.startsWith('store_error'))
    expect(refused.length).toBeGreaterThan(0)
    expect(refused[0]).toContain('full')
    const promised = Math.max(...lines.map(Number).filter((n) => !Number.isNaN(n)))
    const writer = open(dir)
    const reader = openReader(dir, [events])
    expect(said(writer)).toEqual([])
    expect(numbersOf(reader)).toEqual(Array.from({ length: promised }, (_, i) => i))
    writer.append([{ table: events, batch: second(promised, promised, 10) }])
    expect(numbersOf(reader)).toHaveLength(promised + 10)
    reader.close()
    writer.close()
  }))

test('kill -9 while appending and compacting: every store opens, nothing promised is lost', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'nixie-crash-'))
  try {
    const { rows } = await crashOften(dir, 30, 1)
    expect(rows).toBeGreaterThan(1000)
    expect(existsSync(join(dir, 'nixie.db'))).toBe(true)
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
})

test('times no double holds exactly from one base are kept to the nanosecond within a chunk', () =>
  withDirectory((dir) => {
    const plain = defineTable('plain', 'A clock that jumped', { time_: time('When'), n: int('Which') })
    const writer = open(dir, { tables: [plain], retentionSeconds: 4e9, diskBudgetBytes: 1 << 30 })
    writer.append([{ table: plain, batch: batchOf(plain, [{ time_: 7, n: 1 }], 1_000n) }])
    writer.append([{ table: plain, batch: batchOf(plain, [{ time_: 7, n: 2 }], START_NS) }])
    settle(writer)
    const reader = openReader(dir, [plain])
    const { oldestNs, newestNs, rows } = reader.tables()[0]!
    expect({ oldestNs, newestNs, rows }).toEqual({ oldestNs: 1_007n, newestNs: START_NS + 7n, rows: 2 })
    const recent = [
      ...reader.scan('plain', { columns: ['n'], startNs: START_NS, endNs: START_NS + SECOND_NS }),
    ]
    expect(recent.map((batch) => batch.rows)).toEqual([1])
    reader.close()
    writer.close()
  }))
