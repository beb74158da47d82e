import { expect, test } from 'bun:test'
import { RowBuilders } from '../../src/capture/row-builders'
import { defineTable, int, time } from '../../src/records/table'

const table = defineTable('things', 'Things', { time_: time('When'), n: int('Which') })

test('rows wait per table until they are sealed, then begin anew', () => {
  const rows = new RowBuilders(() => 5n)
  // As sources keep it.
  const { append } = rows
  for (let n = 0; n < 3; n++) append(table, { time_: n, n })
  expect([rows.has(3), rows.has(4)]).toEqual([true, false])
  expect(rows.seal().map(({ table: { name }, batch }) => [name, batch.rows])).toEqual([['things', 3]])
  expect([rows.has(1), rows.seal()]).toEqual([false, []])
})
