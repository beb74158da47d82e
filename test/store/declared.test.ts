/** Readers know the tables from the store, and those of their own program. */
import { Database } from 'bun:sqlite'
import { describe, expect, test } from 'bun:test'
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { numbersOf } from '../../src/records/batch'
import { bool, defineTable, extra, float, int, string, time, upid } from '../../src/records/table'
import { openReader } from '../../src/store'
import { sharesOf } from '../../src/store/retention'
import { APPENDS, everyType, fixtureRows } from './fixtures/rows'
import { batchOf, events, open, rowsOf, START_NS, second, settle, withDirectory } from './support'

const large = defineTable(
  'large',
  'Rows that are many',
  {
    time_: time('When'),
    upid: upid('Who'),
    size: int('How large', { semantic: 'ST_BYTES' }),
    outcome: extra(string('How it ended')),
  },
  { share: 0.5 },
)
const later = defineTable('later', 'Rows of another day', { time_: time('When'), text: string('What') })

test('a reader finds the tables that the writer was given, in their order, with all that is declared', () =>
  withDirectory((dir) => {
    const reader = openReader(dir)
    expect(reader.tables()).toEqual([])
    expect(() => [...reader.scan('events', { columns: [] })]).toThrow("There is no table 'events'")
    const writer = open(dir, { tables: [large, events], empty: [later] })
    const tables = reader.tables()
    expect(tables.map(({ name, recorded }) => [name, recorded])).toEqual([
      ['large', true],
      ['events', true],
      ['later', false],
    ])
    const { description, columns } = tables[0]!
    expect({ description, columns }).toEqual({
      description: large.description,
      columns: large.columns as never,
    })
    writer.append([{ table: events, batch: second(0, 0, 3) }])
    const rows = [...reader.scan('events', { columns: ['n'] })].reduce((sum, batch) => sum + batch.rows, 0)
    expect(rows).toBe(3)
    expect([...reader.scan('later', { columns: ['text'] })]).toEqual([])
    expect(() => [...reader.scan('nope', { columns: [] })]).toThrow("There is no table 'nope'")
    writer.close()
    reader.close()
  }))

test('what the next writer declares is seen by readers that are open; the same again writes nothing', () =>
  withDirectory((dir) => {
    open(dir, { empty: [later] }).close()
    const reader = openReader(dir)
    expect(reader.tables().map(({ name, recorded }) => [name, recorded])).toEqual([
      ['events', true],
      ['later', false],
    ])
    open(dir, { tables: [events, later] }).close()
    expect(reader.tables().find(({ name }) => name === 'later')!.recorded).toBe(true)
    reader.close()
    const db = new Database(join(dir, 'nixie.db'))
    db.run("CREATE TRIGGER no_change BEFORE DELETE ON tables BEGIN SELECT raise(ABORT, 'changed'); END")
    db.close()
    open(dir, { tables: [events, later] }).close()
    expect(() => open(dir, { tables: [events] })).toThrow('changed')
  }))

test('a store from before there were declarations has the tables that its chunks have', () =>
  withDirectory((dir) => {
    copyFileSync(join(import.meta.dir, 'fixtures/format-1.db'), join(dir, 'nixie.db'))
    const reader = openReader(dir)
    const [table] = reader.tables()
    expect(table).toMatchObject({
      name: everyType.name,
      recorded: true,
      rows: APPENDS * fixtureRows(0).length,
    })
    const typed = (columns: readonly { name: string; type: string }[]) =>
      columns.map(({ name, type }) => [name, type])
    expect(typed(table!.columns)).toEqual(typed(everyType.columns))
    open(dir, { tables: [everyType] }).close()
    expect(reader.tables()[0]!.description).toBe(everyType.description)
    reader.close()
  }))

test('a table that nothing fills takes no share of the budget', () =>
  withDirectory((dir) => {
    const writer = open(dir, { tables: [events], empty: [large, later], diskBudgetBytes: 1 << 24 })
    for (let at = 0; at < 10; at++) writer.append([{ table: events, batch: second(at, at, 10) }])
    writer.close()
    const reader = openReader(dir)
    const kept = reader.summary(START_NS + 10_000_000_000n).tables[0]!.keepsSeconds
    const alone = openReader(dir, [events]).summary(START_NS + 10_000_000_000n).tables[0]!.keepsSeconds
    expect(kept).toBe(alone!)
    reader.close()
  }))

test('shares stand on the tables; the rest is split evenly', () => {
  expect(sharesOf([large, events, later])).toEqual(
    new Map([
      ['large', 0.5],
      ['events', 0.25],
      ['later', 0.25],
    ]),
  )
  expect(sharesOf([large])).toEqual(new Map([['large', 0.5]]))
})

describe('a reader that knows tables beside those that the store declares', () => {
  const before = defineTable('events', 'As an older program had them', {
    time_: time('When'),
    n: int('Which'),
    changed: int('A number'),
    gone: string('What later programs have no longer'),
  })
  const now = defineTable('events', 'As they are', {
    time_: time('When'),
    text: string('Added among those of Pixie'),
    n: int('Which, in better words'),
    changed: string('A text'),
    is: extra(bool('Whether')),
    size: extra(int('How large', { absent: -1 })),
    share: extra(float('How much', { absent: 0.5 })),
    by: extra(upid('Who')),
  })
  const row = { time_: 0, n: 7, changed: 3, gone: 'kept' }

  test('reads columns that rows lack as empty, and tables that the store lacks as without rows', () =>
    withDirectory((dir) => {
      const writer = open(dir, { tables: [before] })
      writer.append([{ table: before, batch: batchOf(before, [row]) }])
      writer.close()
      const reader = openReader(dir, [later, now])
      const [none, events] = reader.tables()
      expect(none).toMatchObject({ name: 'later', recorded: false, rows: 0 })
      expect([...reader.scan('later', { columns: ['text'] })]).toEqual([])
      expect(events!.columns.map(({ name, type }) => `${name} ${type}`)).toEqual([
        'time_ TIME64NS',
        'text STRING',
        'n INT64',
        'changed INT64',
        'is BOOLEAN',
        'size INT64',
        'share FLOAT64',
        'by UINT128',
        'gone STRING',
      ])
      expect(events!.columns[2]!.description).toBe('Which, in better words')
      expect(events).toMatchObject({ recorded: true, rows: 1 })
      const table = { ...now, columns: events!.columns }
      const empty = { text: '', is: false, size: -1, share: 0.5, by: '' }
      const shown = rowsOf(reader, table).map(({ time_, ...values }) => values)
      expect(shown).toEqual([{ n: 7, changed: 3, gone: 'kept', ...empty }])
      reader.close()
    }))

  test('reads rows of both, once a newer program goes on', () =>
    withDirectory((dir) => {
      const old = open(dir, { tables: [before] })
      old.append([{ table: before, batch: batchOf(before, [row]) }])
      old.close()
      const fresh = { time_: 1, text: 'a', n: 8, changed: 'b', is: true, size: 4, share: 0.1, by: '1:2:3' }
      const writer = open(dir, { tables: [now] })
      writer.append([{ table: now, batch: batchOf(now, [fresh]) }])
      settle(writer)
      writer.close()
      for (const known of [[], [now]]) {
        const reader = openReader(dir, known)
        const shown = rowsOf(reader, now).map(({ n, size, share, is }) => [n, size, share, is])
        expect(shown).toEqual([
          [7, -1, 0.5, false],
          [8, 4, 0.1, true],
        ])
        const picked = [
          ...reader.scan('events', { columns: ['n'], prune: [{ column: 'size', op: '==', value: -1 }] }),
        ]
        expect(picked.map(({ columns: [vector] }) => numbersOf(vector!).values[0])).toEqual([7])
        reader.close()
      }
    }))
})
