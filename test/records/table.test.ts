import { describe, expect, test } from 'bun:test'
import { defineTable, extra, int, string, time } from '../../src/records/table'
import { TABLES } from '../../src/sources/tables'

describe('extra columns', () => {
  test('say so in their description', () => {
    expect(extra(int('How many'))).toMatchObject({
      type: 'INT64',
      extra: true,
      description: 'How many (not in Pixie: shown where a script names it)',
    })
  })

  test('are the last ones', () => {
    expect(() => defineTable('t', '', { time_: time(''), how: extra(string('')), n: int('') })).toThrow(
      "t: the extra column how stands before one of Pixie's",
    )
  })

  test('each table of a protocol and conn_stats ends with the process at the other end', () => {
    const ofOtherEnd = TABLES.filter(({ columns }) => columns.some(({ name }) => name === 'remote_addr'))
    expect(ofOtherEnd.length).toBeGreaterThan(12)
    for (const { name, columns } of ofOtherEnd) {
      if (name === 'tcp_stats_events') continue
      const { name: column, type, semantic, extra: isExtra } = columns.at(-1)!
      expect([name, column, type, semantic, isExtra]).toEqual([
        name,
        'remote_upid',
        'UINT128',
        'ST_UPID',
        true,
      ])
    }
  })
})
