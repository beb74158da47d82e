/** What scripts can read follows from what is registered. */
import { expect, test } from 'bun:test'
import { PROTOCOLS } from '../../src/protocols'
import { SOURCES } from '../../src/sources'
import { EMPTY, RECORDED, TABLES } from '../../src/sources/tables'

test('a table of a registered source or protocol is recorded, all others are empty', () => {
  const filled = new Set([
    ...SOURCES.flatMap((source) => source.tables),
    ...PROTOCOLS.flatMap((protocol) => protocol.tables),
  ])
  expect(new Set(RECORDED)).toEqual(filled)
  for (const table of EMPTY) expect(filled.has(table)).toBe(false)
})

test('a table has one declaration and one name', () => {
  const names = TABLES.map((table) => table.name)
  expect(new Set(names).size).toBe(names.length)
})

test('shares leave room for the tables without one', () => {
  expect(RECORDED.reduce((sum, table) => sum + (table.share ?? 0), 0)).toBeLessThan(1)
})
