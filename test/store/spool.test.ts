/** Where little comes, rows wait for the store in a file beside it: readers find them when they ask, and a kill costs none. */
import { expect, test } from 'bun:test'
import {
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import type { Entity } from '../../src/records/entities'
import { openReader, type Writer } from '../../src/store'
import {
  at,
  batchOf,
  events,
  noise,
  numbersOf,
  open,
  START_MS,
  START_NS,
  said,
  second,
  settle,
  TestUptime,
  withDirectory,
} from './support'

const SPOOLS = ['nixie.db-spool-0', 'nixie.db-spool-1']
/** The one that a new store begins with. */
const SPOOL = SPOOLS[1]!

function soon(writer: Writer, from: number, count = 10, live: readonly number[] = []): void {
  const under = live.map((n) => ({ time_: n * 1e6, n, filler: 'under way' }))
  const steps = writer.appendInSteps(
    count > 0 ? [{ table: events, batch: second(from / 10, from, count) }] : [],
    live.length > 0 ? [{ table: events, batch: batchOf(events, under, START_NS) }] : [],
    'soon',
  )
  while (!steps.next().done) {
    // One after the other.
  }
}

const upTo = (n: number) => Array.from({ length: n }, (_, i) => i)

function stored(dir: string): number[] {
  const reader = openReader(dir, [events])
  try {
    return numbersOf(reader).sort((a, b) => a - b)
  } finally {
    reader.close()
  }
}

/** A copy of the directory, as a kill at this moment leaves it. */
function killed(dir: string, copy: string): string {
  mkdirSync(copy)
  for (const name of readdirSync(dir))
    if (name.startsWith('nixie.db')) copyFileSync(join(dir, name), join(copy, name))
  rmSync(join(copy, 'nixie.db-shm'), { force: true })
  return copy
}

const process = (key: string, cmdline: string) =>
  ({
    kind: 'process',
    key,
    value: { cmdline },
    firstSeenMs: 1,
    lastSeenMs: 2,
  }) as unknown as Entity<'process'>

test('few rows wait for a minute, and are stored as one chunk', () =>
  withDirectory((dir) => {
    const writer = open(dir)
    for (let s = 0; s < 60; s++) soon(at(writer, START_MS + s * 1000), s * 10)
    expect(stored(dir)).toEqual([])
    expect(statSync(join(dir, SPOOL)).mode & 0o777).toBe(0o600)
    soon(at(writer, START_MS + 60_000), 600)
    expect(stored(dir)).toEqual(upTo(610))
    const reader = openReader(dir, [events])
    expect(reader.summary(START_NS).tables[0]).toMatchObject({ rows: 610, chunks: 1 })
    reader.close()
    writer.close()
    expect(readdirSync(dir).sort()).toEqual(['nixie.db', 'nixie.lock', 'readers'])
  }))

test('they are stored when their minute is over, also when no row comes any more', () =>
  withDirectory((dir) => {
    const writer = open(dir)
    soon(writer, 0)
    soon(at(writer, START_MS + 59_000), 10, 0)
    expect(stored(dir)).toEqual([])
    soon(at(writer, START_MS + 60_000), 10, 0)
    expect(stored(dir)).toEqual(upTo(10))
    writer.close()
  }))

test('a reader that asks has them all, and so has who closes', () =>
  withDirectory((dir) => {
    const writer = open(dir)
    soon(writer, 0)
    writer.append([])
    expect(stored(dir)).toEqual(upTo(10))
    soon(writer, 10)
    writer.append([{ table: events, batch: second(2, 20, 10) }])
    expect(stored(dir)).toEqual(upTo(30))
    soon(writer, 30)
    writer.close()
    expect(stored(dir)).toEqual(upTo(40))
  }))

test('many rows, or large ones, do not wait', () =>
  withDirectory((dir) => {
    const writer = open(dir)
    soon(writer, 0)
    soon(writer, 10, 300)
    expect(stored(dir)).toEqual(upTo(310))
    const large = second(31, 310, 200, noise)
    soon(writer, 310, 0)
    const steps = writer.appendInSteps([{ table: events, batch: large }], [], 'soon')
    while (!steps.next().done) {
      // One after the other.
    }
    expect(stored(dir)).toEqual(upTo(510))
    let waited = 0
    for (let s = 51; stored(dir).length <= 510; s++, waited += 200) soon(writer, s * 10, 200)
    // What is held has a bound, too.
    expect(waited).toBeLessThan(5000)
    writer.close()
  }))

test('a kill costs nothing, whenever it comes', () =>
  withDirectory((dir) => {
    const live = join(dir, 'live')
    const writer = open(live)
    let copies = 0
    const check = (rows: number) => {
      const copy = killed(live, join(dir, `${copies++}`))
      const next = open(copy)
      expect(stored(copy)).toEqual(upTo(rows))
      expect(said(next)).toEqual([])
      // Nor is anything taken twice.
      next.close()
      const again = open(copy)
      expect(stored(copy)).toEqual(upTo(rows))
      again.close()
    }
    for (let s = 0; s < 5; s++) {
      soon(writer, s * 10)
      check(s * 10 + 10)
    }
    for (let n = 50; n < 200; n += 50) {
      writer.append([])
      check(n)
      soon(writer, n, 50)
      check(n + 50)
    }
    writer.close()
  }))

test('a power cut right after a transaction costs nothing either: what it took is still there', () =>
  withDirectory((dir) => {
    const live = join(dir, 'live')
    const writer = open(live)
    soon(writer, 0)
    // The transaction is not on the disk yet, what was written since is.
    const cut = killed(live, join(dir, 'cut'))
    writer.append([])
    soon(writer, 10)
    soon(writer, 20)
    for (const name of SPOOLS) copyFileSync(join(live, name), join(cut, name))
    const next = open(cut)
    expect([stored(cut), said(next)]).toEqual([upTo(30), []])
    expect(readdirSync(cut).filter((name) => SPOOLS.includes(name))).toEqual([])
    next.close()
    writer.close()
  }))

test('a record that is there in part is no damage; one with a wrong byte is told, and what is before it kept', () =>
  withDirectory((dir) => {
    const live = join(dir, 'live')
    const writer = open(live)
    soon(writer, 0)
    const first = statSync(join(live, SPOOL)).size
    soon(writer, 10)
    const cut = killed(live, join(dir, 'cut'))
    truncateSync(join(cut, SPOOL), statSync(join(cut, SPOOL)).size - 1)
    const next = open(cut)
    expect([stored(cut), said(next)]).toEqual([upTo(10), []])
    next.close()
    const bent = killed(live, join(dir, 'bent'))
    const bytes = readFileSync(join(bent, SPOOL))
    bytes[first + 40]! ^= 1
    writeFileSync(join(bent, SPOOL), bytes)
    const other = open(bent)
    expect(stored(bent)).toEqual(upTo(10))
    expect(said(other).join()).toContain(`${bytes.length - first} of its bytes cannot be read`)
    other.close()
    const third = open(bent)
    expect(said(third)).toEqual([])
    third.close()
    writer.close()
  }))

test.each([
  ['noise', crypto.getRandomValues(new Uint8Array(5000))],
  ['zeros', new Uint8Array(5000)],
])('a file of %s in its place is told once', (_, bytes) =>
  withDirectory((dir) => {
    open(dir).close()
    writeFileSync(join(dir, SPOOL), bytes)
    const writer = open(dir)
    expect(said(writer).join()).toContain('5000 of its bytes cannot be read')
    soon(writer, 0)
    writer.append([])
    writer.close()
    const next = open(dir)
    expect([said(next), stored(dir)]).toEqual([[], upTo(10)])
    next.close()
  }),
)

test('rows of what is under way: only the last ones are there after a kill, none when they have become records', () =>
  withDirectory((dir) => {
    const live = join(dir, 'live')
    const writer = open(live)
    writer.append(
      [{ table: events, batch: second(0, 0, 10) }],
      [{ table: events, batch: batchOf(events, [{ time_: 1, n: 100, filler: '' }], START_NS) }],
    )
    soon(writer, 10, 10, [101, 102])
    const running = killed(live, join(dir, 'running'))
    open(running).close()
    expect(stored(running)).toEqual([...upTo(20), 101, 102])
    soon(writer, 20, 10)
    const over = killed(live, join(dir, 'over'))
    open(over).close()
    expect(stored(over)).toEqual(upTo(30))
    writer.append([])
    expect(stored(live)).toEqual(upTo(30))
    writer.close()
  }))

test('entities wait too, and the newest of each is what stays', () =>
  withDirectory((dir) => {
    const live = join(dir, 'live')
    const writer = open(live)
    const command = (of: string, key: string) => {
      const reader = openReader(of)
      try {
        return reader.process(key)?.value.cmdline
      } finally {
        reader.close()
      }
    }
    writer.putEntities([process('1:1:1', 'sh')], 'soon')
    writer.putEntities([process('1:1:1', 'cat'), process('1:2:1', 'ls')], 'soon')
    expect(command(live, '1:1:1')).toBeUndefined()
    const copy = killed(live, join(dir, 'copy'))
    open(copy).close()
    expect([command(copy, '1:1:1'), command(copy, '1:2:1')]).toEqual(['cat', 'ls'])
    writer.putEntities([process('1:1:1', 'cat x')])
    writer.append([])
    expect([command(live, '1:1:1'), command(live, '1:2:1')]).toEqual(['cat x', 'ls'])
    writer.close()
  }))

test('a store that is removed while rows wait has them once it is made anew', () =>
  withDirectory((dir) => {
    const data = join(dir, 'data')
    const writer = open(data)
    soon(writer, 0)
    rmSync(data, { recursive: true })
    soon(writer, 10)
    writer.append([])
    expect(stored(data)).toEqual(upTo(20))
    for (const n of [20, 30]) {
      for (const name of SPOOLS) rmSync(join(data, name), { force: true })
      soon(writer, n)
    }
    const copy = killed(data, join(dir, 'copy'))
    open(copy).close()
    expect(stored(copy)).toEqual(upTo(40))
    writer.close()
  }))

test('where the file can’t be written rows are stored at once', () =>
  withDirectory((dir) => {
    const writer = open(dir)
    mkdirSync(join(dir, SPOOL))
    soon(writer, 0)
    expect(stored(dir)).toEqual(upTo(10))
    writer.close()
  }))

test('it may be as long as a writer makes it, and columns that have changed since are read as they were', () =>
  withDirectory((dir) => {
    const live = join(dir, 'live')
    const writer = open(live)
    soon(writer, 0)
    const copy = killed(live, join(dir, 'copy'))
    // The declaration of today has other columns.
    const wider = { ...events, columns: [...events.columns].reverse() }
    open(copy, { tables: [wider] }).close()
    expect(stored(copy)).toEqual(upTo(10))
    writer.close()
  }))

test('a minute of ten rows a second costs the disk a tenth of the pages', () =>
  withDirectory((dir) => {
    const pages = (when: 'now' | 'soon') => {
      const home = join(dir, when)
      const writer = open(home, { uptime: new TestUptime() })
      settle(writer)
      const log = () => statSync(join(home, 'nixie.db-wal')).size
      const before = log()
      let spooled = 0
      for (let s = 0; s <= 60; s++) {
        at(writer, START_MS + s * 1000)
        if (when === 'soon') soon(writer, s * 10)
        else writer.append([{ table: events, batch: second(s, s * 10, 10) }])
        if (when === 'soon') spooled = statSync(join(home, SPOOL)).size
      }
      const bytes = log() - before + spooled
      writer.close()
      return bytes
    }
    expect(pages('soon') * 10).toBeLessThan(pages('now'))
  }))
