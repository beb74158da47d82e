/** Rows age by a clock that is never set: changes of the wall clock remove nothing. */
import { Database } from 'bun:sqlite'
import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { openReader } from '../../src/store'
import { Age, systemUptime } from '../../src/store/uptime'
import {
  at,
  batchOf,
  events,
  numbersOf,
  open,
  START_MS,
  START_NS,
  settle,
  TestUptime,
  withDirectory,
} from './support'

const HOUR = 3600
const DAY = 24 * HOUR
const YEAR = 365 * DAY

/** A row whose time is what the wall clock says: `wall` seconds off from the true time. */
const row = (n: number, seconds: number, wall = 0) =>
  batchOf(events, [{ time_: 0, n, filler: 'x' }], START_NS + BigInt(Math.round((seconds + wall) * 1e9)))

describe.each([
  ['an hour ahead', HOUR],
  ['thirty days ahead', 30 * DAY],
  ['ten years ahead', 10 * YEAR],
  ['an hour back', -HOUR],
  ['back to 1970, as a device without a clock boots', -Number(START_NS / 1_000_000_000n)],
])('the wall clock jumps %s', (_, jump) => {
  test('for a minute: nothing leaves before its day is over, and then all of it does', () =>
    withDirectory((dir) => {
      const writer = open(dir)
      const reader = openReader(dir, [events])
      let n = 0
      for (let s = 0; s < 2 * HOUR; s += 60) {
        const wall = s === HOUR ? jump : 0
        at(writer, START_MS + s * 1000).append([{ table: events, batch: row(n++, s, wall) }])
        settle(writer, START_MS + s * 1000)
      }
      expect(numbersOf(reader)).toHaveLength(n)
      settle(writer, START_MS + (DAY - 60) * 1000)
      expect(numbersOf(reader)).toHaveLength(n)
      settle(writer, START_MS + (DAY + 2 * HOUR + 60) * 1000)
      expect(numbersOf(reader)).toEqual([])
      expect(writer.stats().expiredRows).toBe(n)
      reader.close()
      writer.close()
    }))

  test('for good: rows from before stay their day, and so do those from after', () =>
    withDirectory((dir) => {
      const writer = open(dir)
      const reader = openReader(dir, [events])
      const put = (n: number, s: number, wall: number) => {
        at(writer, START_MS + s * 1000).append([{ table: events, batch: row(n, s, wall) }])
        settle(writer, START_MS + s * 1000)
      }
      put(1, 0, 0)
      put(2, 12 * HOUR, jump)
      expect(numbersOf(reader).sort()).toEqual([1, 2])
      put(3, DAY + HOUR, jump)
      expect(numbersOf(reader).sort()).toEqual([2, 3])
      put(4, 1.5 * DAY + HOUR, jump)
      expect(numbersOf(reader).sort()).toEqual([3, 4])
      reader.close()
      writer.close()
    }))
})

test('over its budget the store gives up what came first, whatever times the rows have', () =>
  withDirectory((dir) => {
    const writer = open(dir, { diskBudgetBytes: 2 << 20 })
    const reader = openReader(dir, [events])
    const filler = (n: number) =>
      Buffer.from(crypto.getRandomValues(new Uint8Array(20_000))).toString('base64') + n
    for (let n = 0; n < 200; n++) {
      // The first rows are of the future, the later ones of 1970.
      const baseNs = n < 10 ? START_NS + BigInt(YEAR) * 1_000_000_000n : BigInt(n) * 1_000_000_000n
      const batch = batchOf(events, [{ time_: 0, n, filler: filler(n) }], baseNs)
      at(writer, START_MS + n * 1000).append([{ table: events, batch }])
      settle(writer, START_MS + n * 1000)
    }
    const numbers = numbersOf(reader).sort((a, b) => a - b)
    expect(numbers.at(-1)).toBe(199)
    expect(numbers[0]).toBeGreaterThan(10)
    reader.close()
    writer.close()
  }))

describe('from one writer to the next', () => {
  const begin = (dir: string, uptime: TestUptime) => open(dir, { uptime })
  const put = (dir: string) => {
    const uptime = new TestUptime(1)
    uptime.ms = 1_000_000
    const writer = begin(dir, uptime)
    writer.append([{ table: events, batch: row(1, 0) }])
    writer.close()
  }
  const rowsAfter = (dir: string, uptime: TestUptime) => {
    const writer = begin(dir, uptime)
    settle(writer, uptime.ms)
    const reader = openReader(dir, [events])
    const numbers = numbersOf(reader)
    reader.close()
    writer.close()
    return numbers
  }
  const clock = (boot: number, ms: number) => Object.assign(new TestUptime(boot), { ms })

  test('in one boot the time between them counts', () =>
    withDirectory((dir) => {
      put(dir)
      expect(rowsAfter(dir, clock(1, 1_000_000 + 23 * HOUR * 1000))).toEqual([1])
      expect(rowsAfter(dir, clock(1, 1_000_000 + 25 * HOUR * 1000))).toEqual([])
    }))

  test('after another boot only the time from then on does', () =>
    withDirectory((dir) => {
      put(dir)
      expect(rowsAfter(dir, clock(2, 90 * DAY * 1000))).toEqual([1])
      expect(rowsAfter(dir, clock(2, 90.5 * DAY * 1000))).toEqual([1])
      expect(rowsAfter(dir, clock(2, 91.1 * DAY * 1000))).toEqual([])
    }))
})

test('the age of a store never goes back', () =>
  withDirectory((dir) => {
    open(dir).close()
    const db = new Database(join(dir, 'nixie.db'), { safeIntegers: true, strict: true })
    const uptime = Object.assign(new TestUptime(1), { ms: 50_000 })
    const age = new Age(db, uptime)
    const first = age.now()
    uptime.ms = 80_000
    expect(age.now()).toBe(first + 30)
    uptime.ms = 10_000
    expect(age.now()).toBe(first + 30)
    db.close()
  }))

test('the system’s own clock runs, and knows its boot', () => {
  const { boot, seconds } = systemUptime()
  expect(Number.isSafeInteger(boot)).toBe(true)
  expect(boot).toBe(systemUptime().boot)
  expect(seconds()).toBeGreaterThan(0)
})
