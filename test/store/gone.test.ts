/** Files that are taken away while the store is open: it is noticed, counted and said, and what comes next is kept. */
import { describe, expect, test } from 'bun:test'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { NixieError } from '../../src/errors'
import { openReader, type Writer } from '../../src/store'
import { events, noise, numbersOf, open, second, settle } from './support'

/** The data directory, in one of its own that may lose it. */
function withHome(work: (home: string, dir: string) => void): void {
  const home = mkdtempSync(join(tmpdir(), 'nixie-gone-'))
  try {
    work(home, join(home, 'data'))
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
}

const parts = (dir: string, ...names: string[]) => names.map((name) => join(dir, `nixie.${name}`))
const remove = (...paths: string[]) => {
  for (const path of paths) rmSync(path)
}

const put = (writer: Writer, from: number, count = 10) =>
  writer.append([{ table: events, batch: second(from / 10, from, count) }])

/** Takes files away; the rows of the 50 stored ones that are lost with them, and what the warning says. */
const DEEDS: Record<string, { deed: (dir: string, home: string) => void; gone: number; said: RegExp }> = {
  'the directory is removed': {
    deed: (dir) => rmSync(dir, { recursive: true }),
    gone: 50,
    said: /was removed or moved away while Nixie ran: 50 stored rows are lost/,
  },
  'the directory is moved': {
    deed: (dir, home) => renameSync(dir, join(home, 'elsewhere')),
    gone: 50,
    said: /was removed or moved away/,
  },
  'the directory is moved, and an empty one is there': {
    deed: (dir, home) => {
      renameSync(dir, join(home, 'elsewhere'))
      mkdirSync(dir)
    },
    gone: 50,
    said: /was removed or moved away/,
  },
  'all files are unlinked': {
    deed: (dir) => remove(...parts(dir, 'db', 'db-wal', 'db-shm', 'lock')),
    gone: 50,
    said: /was removed or moved away/,
  },
  'the database is unlinked': {
    deed: (dir) => remove(...parts(dir, 'db')),
    gone: 50,
    said: /was removed or moved away/,
  },
  'the database is replaced by a store of 20 rows': {
    deed: (dir, home) => {
      const other = open(join(home, 'other'))
      put(other, 1000, 20)
      other.close()
      renameSync(join(home, 'other', 'nixie.db'), join(dir, 'nixie.db'))
    },
    gone: 50,
    said: /was replaced by another file while Nixie ran: 50 stored rows are lost/,
  },
  'the log is unlinked': { deed: (dir) => remove(...parts(dir, 'db-wal')), gone: 0, said: /^$/ },
  'the log’s index is unlinked': { deed: (dir) => remove(...parts(dir, 'db-shm')), gone: 0, said: /^$/ },
  'the lock is unlinked': { deed: (dir) => remove(...parts(dir, 'lock')), gone: 0, said: /^$/ },
}

describe.each(Object.entries(DEEDS))('%s', (name, { deed, gone, said }) => {
  test.each([
    ['an append', (writer: Writer) => put(writer, 50)],
    [
      'upkeep, when no row comes',
      (writer: Writer) => {
        writer.maintain()
        put(writer, 50)
      },
    ],
  ])('%s notices', (_, next) =>
    withHome((home, dir) => {
      const heard: string[] = []
      const writer = open(dir, { warn: (sentence) => heard.push(sentence) })
      for (let n = 0; n < 50; n += 10) put(writer, n)
      deed(dir, home)
      next(writer)
      expect(writer.stats().goneRows).toBe(gone)
      expect(heard.join()).toMatch(said)
      const kept = gone > 0 ? [] : Array.from({ length: 50 }, (_, i) => i)
      const foreign = name.includes('20 rows') ? Array.from({ length: 20 }, (_, i) => 1000 + i) : []
      const reader = openReader(dir, [events])
      const fresh = Array.from({ length: 10 }, (_, i) => 50 + i)
      expect(numbersOf(reader)).toEqual([...kept, ...fresh, ...foreign].sort((a, b) => a - b))
      settle(writer)
      expect(() => open(dir)).toThrow('Another Nixie writes')
      reader.close()
      writer.close()
      open(dir).close()
    }),
  )
})

test('a store put into its place while it ran keeps its log when this one is closed', () =>
  withHome((home, dir) => {
    const writer = open(dir)
    put(writer, 0)
    const other = open(join(home, 'other'))
    put(other, 1000, 20)
    renameSync(dir, join(home, 'old'))
    mkdirSync(dir)
    // As a backup of a running store: its newest rows are in its log alone.
    for (const part of ['nixie.db', 'nixie.db-wal'])
      writeFileSync(
        join(dir, part),
        new Uint8Array(require('node:fs').readFileSync(join(home, 'other', part))),
      )
    writer.close()
    expect(statSync(join(dir, 'nixie.db-wal')).size).toBeGreaterThan(0)
    other.close()
    const next = open(dir)
    const reader = openReader(dir, [events])
    expect(numbersOf(reader)).toHaveLength(20)
    reader.close()
    next.close()
  }))

test('while the directory can’t be made rows are refused with the reason; once it can they are kept', () =>
  withHome((home, dir) => {
    const writer = open(dir)
    for (let n = 0; n < 50; n += 10) put(writer, n)
    rmSync(dir, { recursive: true })
    writeFileSync(dir, 'a file in its place')
    for (const attempt of [() => put(writer, 50), () => writer.maintain(), () => put(writer, 50)]) {
      try {
        attempt()
        throw new Error('it was not refused')
      } catch (cause) {
        expect((cause as NixieError).shape.code).toBe('store_error')
        expect((cause as NixieError).shape.hint).toContain('--data-dir')
      }
    }
    expect(writer.stats().goneRows).toBe(50)
    rmSync(dir)
    put(writer, 60)
    const reader = openReader(dir, [events])
    expect(numbersOf(reader)).toHaveLength(10)
    expect(writer.stats().goneRows).toBe(50)
    reader.close()
    writer.close()
    expect(existsSync(join(home, 'data', 'nixie.db'))).toBe(true)
  }))

test('a file cut short while it is open is set aside, its rows are counted, and the next are kept', () =>
  withHome((_, dir) => {
    const writer = open(dir, { logBytes: 4000 })
    for (let n = 0; n < 400; n += 10) writer.append([{ table: events, batch: second(n / 10, n, 10, noise) }])
    writer.close()
    const again = open(dir)
    truncateSync(join(dir, 'nixie.db'), 8192)
    let refused = 0
    for (let n = 400; n < 460; n += 10) {
      try {
        put(again, n)
        again.maintain()
      } catch {
        refused++
      }
    }
    expect(refused).toBeLessThan(6)
    expect(again.stats().goneRows).toBeGreaterThanOrEqual(400)
    const reader = openReader(dir, [events])
    expect(numbersOf(reader).at(-1)).toBe(459)
    reader.close()
    again.close()
  }))

test('one damaged store is kept aside, not one for each time', () =>
  withHome((_, dir) => {
    for (let i = 0; i < 3; i++) {
      open(dir).close()
      writeFileSync(join(dir, 'nixie.db'), `damage ${i}`.repeat(500))
    }
    open(dir).close()
    expect(readdirSync(dir).filter((name) => name.includes('.damaged-'))).toHaveLength(1)
  }))
