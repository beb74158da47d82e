import { Database } from 'bun:sqlite'
import { describe, expect, test } from 'bun:test'
import { copyFileSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { defineTable, extra, string, upid } from '../../src/records/table'
import { openReader } from '../../src/store'
import { FORMAT_VERSION } from '../../src/store/database'
import { APPENDS, everyType, fixtureRows } from './fixtures/rows'
import { batchOf, open, type Row, rowsOf, START_MS, START_NS, said, settle, withDirectory } from './support'

const FIXTURES = join(import.meta.dir, 'fixtures')
const OLDER = readdirSync(FIXTURES)
  .filter((name) => name.endsWith('.db'))
  .sort()

const expected = (appends: number): Row[] =>
  Array.from({ length: appends }, (_, at) => fixtureRows(at))
    .flat()
    .map((row) => ({ ...row, time_: START_NS + BigInt(row.time_) }))

const versionOf = (path: string) => {
  const db = new Database(path, { readonly: true })
  const { user_version } = db.query('PRAGMA user_version').get() as { user_version: number }
  db.close()
  return user_version
}

test('there is a store of each older format', () => {
  expect(OLDER).toEqual(Array.from({ length: FORMAT_VERSION - 1 }, (_, i) => `format-${i + 1}.db`))
})

describe.each(OLDER)('%s', (name) => {
  test('is read as it is, and not touched', () =>
    withDirectory((dir) => {
      const path = join(dir, 'nixie.db')
      copyFileSync(join(FIXTURES, name), path)
      const reader = openReader(dir, [everyType])
      expect(rowsOf(reader, everyType)).toEqual(expected(APPENDS))
      // The first format didn't know its limits.
      const retentionSeconds = name === 'format-1.db' ? undefined : 86_400
      expect(reader.summary(START_NS)).toMatchObject({ retentionSeconds })
      reader.close()
      expect(readFileSync(path).equals(readFileSync(join(FIXTURES, name)))).toBe(true)
    }))

  test('is carried over by a writer, with all rows and processes, and goes on', () =>
    withDirectory((dir) => {
      const path = join(dir, 'nixie.db')
      copyFileSync(join(FIXTURES, name), path)
      const writer = open(dir, { tables: [everyType] })
      expect(said(writer)).toEqual([])
      expect(versionOf(path)).toBe(FORMAT_VERSION)
      const reader = openReader(dir, [everyType])
      expect(rowsOf(reader, everyType)).toEqual(expected(APPENDS))
      expect(reader.entities('process').get('0:1:2')?.value).toEqual({ comm: 'nginx' })
      for (let at = APPENDS; at < APPENDS + 40; at++)
        writer.append([{ table: everyType, batch: batchOf(everyType, fixtureRows(at)) }])
      settle(writer, START_MS)
      expect(rowsOf(reader, everyType)).toEqual(expected(APPENDS + 40))
      expect(reader.tables()[0]!.rows).toBe(5 * (APPENDS + 40))
      reader.close()
      writer.close()
    }))

  test('takes rows with columns that came since: older rows have them empty', () =>
    withDirectory((dir) => {
      copyFileSync(join(FIXTURES, name), join(dir, 'nixie.db'))
      const wider = defineTable('every_type', 'Every type, and more', {
        ...everyType.spec,
        outcome: extra(string('New')),
        remote_upid: extra(upid('New')),
      })
      const writer = open(dir, { tables: [wider] })
      for (let at = APPENDS; at < APPENDS + 40; at++) {
        const rows = fixtureRows(at).map((row) => ({ ...row, outcome: 'cut', remote_upid: `1:${at}:7` }))
        writer.append([{ table: wider, batch: batchOf(wider, rows) }])
      }
      settle(writer, START_MS)
      const reader = openReader(dir, [wider])
      const rows = rowsOf(reader, wider)
      const before = 5 * APPENDS
      expect(rows.slice(0, before)).toEqual(
        expected(APPENDS).map((row) => ({ ...row, outcome: '', remote_upid: '' })),
      )
      expect(rows.slice(before).map((row) => row.remote_upid)).toEqual(
        Array.from({ length: before }, (_, i) => `1:${APPENDS + Math.floor(i / 5)}:7`),
      )
      const empty = { column: 'remote_upid', op: '==', value: '' } as const
      const found = [...reader.scan('every_type', { columns: ['outcome'], prune: [empty] })]
      expect(found.reduce((sum, batch) => sum + batch.rows, 0)).toBe(before)
      reader.close()
      writer.close()
    }))
})

test('a store of a newer format is refused with what to do, and not touched', () =>
  withDirectory((dir) => {
    open(dir).close()
    const path = join(dir, 'nixie.db')
    const db = new Database(path)
    db.run('PRAGMA journal_mode = DELETE')
    db.run(`PRAGMA user_version = ${FORMAT_VERSION + 1}`)
    db.close()
    const before = readFileSync(path)
    expect(() => open(dir)).toThrow(
      `has format ${FORMAT_VERSION + 1}; this Nixie writes format ${FORMAT_VERSION}`,
    )
    expect(() => openReader(dir, [everyType]).tables()).toThrow('has another format than this Nixie reads')
    expect(readFileSync(path).equals(before)).toBe(true)
    expect(readdirSync(dir).filter((name) => name !== 'nixie.lock')).toEqual(['nixie.db'])
  }))
