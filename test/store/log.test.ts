import { Database } from 'bun:sqlite'
import { expect, test } from 'bun:test'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { openReader } from '../../src/store'
import { Log } from '../../src/store/log'
import { putMark } from '../../src/store/marks'
import {
  appendSeconds,
  events,
  noise,
  numbersOf,
  open,
  START_MS,
  second,
  settle,
  withDirectory,
  withDirectoryAsync,
} from './support'

test.each([
  ['now and then', (round: number) => round % 3 === 0],
  ['always', () => true],
])('the log is folded while rows come %s, and begun anew: it stays small', (_, comes) =>
  withDirectoryAsync(async (dir) => {
    const path = join(dir, 'log.db')
    const db = new Database(path, { create: true, readwrite: true })
    db.run('PRAGMA journal_mode = WAL')
    db.run('PRAGMA synchronous = NORMAL')
    db.run('PRAGMA wal_autocheckpoint = 0')
    db.run('CREATE TABLE t (x)')
    let rows = 0
    const insert = (bytes: number) => {
      db.query('INSERT INTO t VALUES (?)').run(new Uint8Array(bytes))
      rows++
    }
    let begun = Promise.withResolvers<void>()
    const log = new Log(db, path, 100_000, () => {
      insert(1)
      begun.resolve()
    })
    for (let round = 0; round < 20; round++) {
      begun = Promise.withResolvers<void>()
      insert(120_000)
      log.wrote(120_000)
      log.tend()
      // Behind the pin: this part of the log is not folded in this round.
      if (comes(round)) insert(1)
      await begun.promise
      expect(statSync(`${path}-wal`).size).toBeLessThan(800_000)
    }
    expect(db.query('SELECT count(*) AS n FROM t').get()).toEqual({ n: rows })
    log.unpin()
    db.close()
    log.close()
  }),
)

test('past all patience the log is folded at once', () =>
  withDirectory((dir) => {
    const writer = open(dir, { diskBudgetBytes: 4 << 20 })
    for (let at = 0; at < 40; at++)
      writer.append([{ table: events, batch: second(at, at * 100, 100, noise) }])
    expect(statSync(join(dir, 'nixie.db-wal')).size).toBeLessThan(2 << 20)
    writer.close()
  }))

test('a scan under way keeps the log from nothing', () =>
  withDirectory((dir) => {
    const writer = open(dir)
    appendSeconds(writer, 0, 5)
    const reader = openReader(dir, [events])
    const scan = reader.scan('events', { columns: ['n'] })[Symbol.iterator]()
    expect(scan.next().value!.rows).toBe(10)
    const db = new Database(join(dir, 'nixie.db'))
    expect(db.query('PRAGMA wal_checkpoint(TRUNCATE)').get()).toMatchObject({ busy: 0 })
    db.close()
    scan.return!(undefined)
    reader.close()
    writer.close()
  }))

test('a chunk that was replaced is there for readers that began before, and gone after a while', () =>
  withDirectory((dir) => {
    const writer = open(dir)
    const reader = openReader(dir, [events])
    appendSeconds(writer, 0, 32)
    const early = reader.scan('events', { columns: ['n'] })[Symbol.iterator]()
    const late = reader.scan('events', { columns: ['n'] })[Symbol.iterator]()
    let seen = early.next().value!.rows
    late.next()
    settle(writer)
    expect(reader.tables()[0]!.rows).toBe(320)
    for (let step = early.next(); !step.done; step = early.next()) seen += step.value.rows
    expect(seen).toBe(320)
    settle(writer, START_MS + 700_000)
    expect(() => late.next()).toThrow('left the store while they were read')
    expect(numbersOf(reader)).toHaveLength(320)
    reader.close()
    writer.close()
  }))

function restOf(scan: Iterator<{ readonly rows: number }>): number {
  let rows = 0
  for (let step = scan.next(); !step.done; step = scan.next()) rows += step.value.rows
  return rows
}

const deadIn = (dir: string) => {
  const db = new Database(join(dir, 'nixie.db'), { readonly: true })
  const { n } = db.query('SELECT count(*) AS n FROM chunks WHERE level = -2').get() as { n: number }
  db.close()
  return n
}

test('replaced chunks wait for the readers that may want them, and for no others', () =>
  withDirectory((dir) => {
    const writer = open(dir)
    const reader = openReader(dir, [events])
    appendSeconds(writer, 0, 32)
    const early = reader.scan('events', { columns: ['n'] })[Symbol.iterator]()
    early.next()
    settle(writer)
    const late = reader.scan('events', { columns: ['n'] })[Symbol.iterator]()
    late.next()
    expect(deadIn(dir)).toBe(32)
    settle(writer, START_MS + 300_000)
    expect(deadIn(dir)).toBe(32)
    expect(restOf(early)).toBe(310)
    // Where nothing was written only time can change anything: it is looked at again after 5 s.
    settle(writer, START_MS + 301_000)
    expect(deadIn(dir)).toBe(32)
    settle(writer, START_MS + 305_000)
    expect(deadIn(dir)).toBe(0)
    expect(readdirSync(join(dir, 'readers'))).toHaveLength(1)
    late.return!(undefined)
    expect(readdirSync(join(dir, 'readers'))).toHaveLength(0)
    reader.close()
    writer.close()
  }))

test('a reader that was killed is waited for no longer than a result may take', () =>
  withDirectory((dir) => {
    const writer = open(dir)
    putMark(dir)
    appendSeconds(writer, 0, 32)
    settle(writer)
    settle(writer, START_MS + 600_000)
    expect(deadIn(dir)).toBe(32)
    settle(writer, START_MS + 700_000)
    expect(deadIn(dir)).toBe(0)
    appendSeconds(writer, 32, 64)
    settle(writer, START_MS + 1_400_000)
    settle(writer, START_MS + 1_420_000)
    expect(readdirSync(join(dir, 'readers'))).toHaveLength(0)
    writer.close()
  }))

test('what an ended writer left dead is not read and taken out by the next', () =>
  withDirectory((dir) => {
    const first = open(dir)
    for (let at = 0; at < 32; at++) first.append([{ table: events, batch: second(at, at * 10, 10) }])
    settle(first)
    first.close()
    const writer = open(dir)
    const reader = openReader(dir, [events])
    expect(numbersOf(reader)).toHaveLength(320)
    const scan = reader.scan('events', { columns: ['n'] })[Symbol.iterator]()
    expect(scan.next().value!.rows).toBe(320)
    settle(writer)
    expect(reader.summary(BigInt(START_MS) * 1_000_000n).tables[0]!.chunks).toBe(1)
    expect(numbersOf(reader)).toHaveLength(320)
    reader.close()
    writer.close()
  }))
