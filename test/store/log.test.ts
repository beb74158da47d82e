import { expect, test } from 'bun:test'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { openReader } from '../../src/store'
import { events, numbersOf, open, START_MS, second, settle, withDirectoryAsync } from './support'

const noise = (n: number) => Buffer.from(crypto.getRandomValues(new Uint8Array(900))).toString('base64') + n

test('the log is folded while nobody waits, and begun anew: it stays small, also under readers', () =>
  withDirectoryAsync(async (dir) => {
    const writer = open(dir, { diskBudgetBytes: 16 << 20 })
    const reader = openReader(dir, [events])
    // A scan that is never read to its end.
    const paused = reader.scan('events', { columns: ['n'] })[Symbol.iterator]()
    const sizes: number[] = []
    for (let at = 0; at < 60; at++) {
      writer.append([{ table: events, batch: second(at, at * 100, 100, noise) }])
      settle(writer, START_MS + at * 1000)
      if (at === 0) paused.next()
      await Bun.sleep(4)
      sizes.push(statSync(join(dir, 'nixie.db-wal')).size)
    }
    expect(Math.max(...sizes)).toBeLessThan(4 << 20)
    expect(numbersOf(reader)).toEqual(Array.from({ length: 6000 }, (_, n) => n))
    expect(reader.summary(BigInt(START_MS) * 1_000_000n).walBytes).toBe(sizes.at(-1)!)
    reader.close()
    writer.close()
  }))

test('a chunk that was replaced is there for readers that began before, and gone after a while', () =>
  withDirectoryAsync(async (dir) => {
    const writer = open(dir)
    const reader = openReader(dir, [events])
    for (let at = 0; at < 32; at++) writer.append([{ table: events, batch: second(at, at * 10, 10) }])
    const early = reader.scan('events', { columns: ['n'] })[Symbol.iterator]()
    const late = reader.scan('events', { columns: ['n'] })[Symbol.iterator]()
    let seen = early.next().value!.rows
    late.next()
    settle(writer)
    expect(reader.tables()[0]!.rows).toBe(320)
    for (let step = early.next(); !step.done; step = early.next()) seen += step.value.rows
    expect(seen).toBe(320)
    settle(writer, START_MS + 60_000)
    expect(() => late.next()).toThrow('left the store while they were read')
    expect(numbersOf(reader)).toHaveLength(320)
    reader.close()
    writer.close()
  }))

test('what an ended writer left dead is not read and taken out by the next', () =>
  withDirectoryAsync(async (dir) => {
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
