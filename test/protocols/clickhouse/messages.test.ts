/** What the rows of ClickHouse's native protocol say, packet by packet. */
import { describe, expect, test } from 'bun:test'
import { clickhouse } from '../../../src/protocols/clickhouse'
import { lz4Beginning } from '../../../src/protocols/clickhouse/lz4'
import { recognise } from '../../../src/protocols/clickhouse/recognise'
import { typeOf } from '../../../src/protocols/clickhouse/types'
import { bytesOf, end, pass, rig, Wire } from '../../streams/wire'
import * as Talk from './talk'

type Line = readonly [from: '>' | '<', bytes: string, lost?: number]
const LOGIN: readonly Line[] = [
  ['>', Talk.hello()],
  ['<', Talk.welcome()],
]

/** The rows of a session; a line may lose bytes from an offset of it on. */
function rowsOf(...lines: readonly Line[]) {
  const all = rig([clickhouse])
  const wire = new Wire()
  all.streams.handle(wire.open())
  for (const [from, bytes, captured] of lines)
    all.streams.handle(from === '>' ? wire.request(bytes, captured) : wire.response(bytes, captured))
  end(all.streams, wire)
  return { rows: all.sink.rows('clickhouse_events'), counters: all.counters }
}
/** Behind a login, with nothing that was not understood. */
const whole = (...lines: readonly Line[]) => {
  const { rows, counters } = rowsOf(...LOGIN, ...lines)
  expect([counters.parseFailures, counters.unpairedFrames]).toEqual([0, 0])
  return rows.slice(1)
}

test('a query and its result: all columns', () => {
  const [row, ...others] = whole(
    [
      '>',
      Talk.asked("SELECT name FROM t WHERE token = 'hunter2'", {
        id: 'q-1',
        settings: { max_threads: 3, mode: 'a' },
      }),
    ],
    ['<', Talk.answered('jane', 'joe')],
  )
  expect(others).toEqual([])
  expect(row).toMatchObject({
    cmd: 'query',
    query: "SELECT name FROM t WHERE token = '[redacted]'",
    query_id: 'q-1',
    database: 'shop',
    user: 'jane',
    client: 'ClickHouse client 18.16.1',
    compression: 'none',
    rows: 2,
    blocks: 1,
    read_rows: 100,
    read_bytes: 800,
    written_rows: 0,
    error_code: 0,
    error: '',
    outcome: 'complete',
  })
})

test('a login that fails, an exception with a cause, and the database in use', () => {
  const { rows } = rowsOf(['>', Talk.hello()], ['<', Talk.exception(193, 'Wrong password for user jane')])
  expect(rows).toMatchObject([
    { cmd: 'hello', user: 'jane', error_code: 193, error: 'DB::Exception: Wrong password for user jane' },
  ])
  const [failed, , used] = whole(
    ['>', Talk.asked('SELECT 1')],
    ['<', Talk.exception(60, 'no', true)],
    ['>', Talk.asked('USE `logs`')],
    ['<', Talk.END],
    ['>', Talk.asked('SELECT 2')],
    ['<', Talk.END],
  )
  expect(failed).toMatchObject({ error_code: 60, database: 'shop' })
  expect(used).toMatchObject({ query: 'SELECT 2', database: 'logs' })
})

describe('blocks end where their columns end', () => {
  const { string, u64 } = Talk
  const float = '\0'.repeat(8)
  test.each([
    ['UInt8', 'ab'],
    ['Nullable(Int32)', `\0\x01${'\0'.repeat(8)}`],
    ["Enum16('a, (b' = 1, 'c\\'' = 2)", 'abcd'],
    ['FixedString(3)', 'abcdef'],
    ["DateTime64(3, 'Europe/Berlin')", '\0'.repeat(16)],
    ['Decimal(38, 2)', '\0'.repeat(32)],
    ['String', string('a') + string('b'.repeat(300))],
    ['Array(String)', u64(1) + u64(3) + string('a') + string('b') + string('c')],
    ['Array(Array(Nullable(Float64)))', `${u64(1) + u64(2) + u64(0) + u64(1)}\0${float}`],
    ['Tuple(UInt8, String)', `ab${string('x')}${string('y')}`],
    ['Tuple(id UInt8, name String)', `ab${string('x')}${string('y')}`],
    ['Map(String, UInt8)', `${u64(1) + u64(2) + string('k') + string('l')}\x01\x02`],
    [
      'LowCardinality(Nullable(String))',
      `${u64(1)}\x00\x06\0\0\0\0\0\0${u64(2)}${string('')}${string('a')}${u64(2)}\x01\x00`,
    ],
    [
      'Array(LowCardinality(String))',
      `${u64(1) + u64(0) + u64(1)}\x00\x06\0\0\0\0\0\0${u64(1)}${string('a')}${u64(1)}\x00`,
    ],
    ['SimpleAggregateFunction(sum, UInt64)', '\0'.repeat(16)],
  ])('%s', (type, values) => {
    const packets = Talk.data(1, Talk.block(2, [['c', type, values]])) + Talk.names('behind')
    const all = Talk.profile(3) + Talk.END
    const rows = whole(
      ['>', Talk.asked('SELECT c')],
      ['<', packets + all],
      ['>', Talk.asked('SELECT 1')],
      ['<', Talk.END],
    )
    expect(rows).toMatchObject([
      { rows: 3, blocks: 2, outcome: 'complete' },
      { query: 'SELECT 1', outcome: 'complete' },
    ])
  })

  test('a type that isn’t known costs its query', () => {
    const { rows, counters } = rowsOf(
      ...LOGIN,
      ['>', Talk.asked('SELECT odd')],
      ['<', Talk.data(1, Talk.block(1, [['c', 'AggregateFunction(uniq, UInt8)', 'x']])) + Talk.END],
      ['>', Talk.asked('SELECT 1')],
      ['<', Talk.answered('a')],
    )
    expect(rows.slice(1)).toMatchObject([
      { query: 'SELECT odd', outcome: 'cut' },
      { query: 'SELECT 1', outcome: 'complete', rows: 1 },
    ])
    expect(counters.parseFailures).toBe(1)
    expect(typeOf(`${'Array('.repeat(100)}UInt8${')'.repeat(100)}`)).toBeNull()
  })
})

test('compressed blocks, in several frames too', () => {
  const first = Talk.frame(Talk.block(5, [['c', 'String', '']]), 0x02, 1 << 20)
  const packets =
    Talk.data(1, first + Talk.frame('rest of it')) +
    Talk.data(1, Talk.frame(Talk.EMPTY)) +
    Talk.progress(5, 9)
  const rows = whole(
    ['>', Talk.asked('SELECT c', { compression: true })],
    ['<', packets + Talk.END],
    [
      '>',
      Talk.asked('INSERT INTO t VALUES', { compression: true }) + Talk.data(2, Talk.frame(Talk.block(3, []))),
    ],
    ['<', Talk.END],
  )
  expect(rows).toMatchObject([
    { rows: 5, blocks: 1, read_rows: 5 },
    { query: 'INSERT INTO t VALUES', written_rows: 3, rows: 0 },
  ])
})

test('LZ4: literals and copies, as far as they are there', () => {
  const text = (bytes: string, most = 100) => Buffer.from(lz4Beginning(bytesOf(bytes), most)).toString()
  expect(text('\x50hello')).toBe('hello')
  expect(text('\x24ab\x02\0\x10c')).toBe(`${'ababababab'.slice(0, 10)}c`)
  expect(text('\x24ab\x02\0', 5)).toBe('ababa')
  expect(text('\x24ab\x09\0\x10c')).toBe('ab')
  expect(text(`\xf0\x05${'x'.repeat(20)}`)).toBe('x'.repeat(20))
})

test.each([54401, 54428, 54429, 54441, 54448, 54449, 54453, 54458, 54459, 54463, 54468])(
  'revision %d',
  (revision) => {
    const login: readonly Line[] = [
      ['>', Talk.hello({ revision })],
      ['<', Talk.welcome(revision)],
    ]
    const asked = Talk.query('SELECT 1', { revision, settings: { max_threads: 4 } })
    const { rows } = rowsOf(
      ...login,
      ['>', asked + Talk.data(2, Talk.block(0, [], revision))],
      ['<', Talk.END],
    )
    expect(rows).toMatchObject([{ cmd: 'hello' }, { query: 'SELECT 1', outcome: 'complete' }])
  },
)

describe('recognition', () => {
  const asked = (bytes: string) =>
    recognise({
      bytes: bytesOf(bytes),
      transport: 'tcp',
      isOpening: false,
      from: undefined,
      ownPort: 40_000,
      peerPort: 80,
    })

  test('by a login, the answer to it, or a query', () => {
    expect(asked(Talk.hello())).toEqual({ side: 'client', sure: true })
    expect(asked(Talk.welcome())).toEqual({ side: 'server', sure: true })
    expect(asked(Talk.query('SELECT 1'))).toEqual({ side: 'client', sure: true })
    expect(asked(Talk.query('SELECT 1', { revision: 54468 }))).toEqual({ side: 'client', sure: true })
  })

  test.each([
    ['a result', Talk.answered('a')],
    ['a revision that there isn’t', Talk.hello({ revision: 7 })],
    ['zeros', '\0'.repeat(40)],
    ['a query of no text', Talk.query('')],
    ['FastCGI', '\x01\x01\0\x01\0\x08\0\0\0\x01\0\0\0\0\0\0\x01\x04\0\x01\0\0\0\0'],
  ])('not by %s', (_, bytes) => expect(asked(bytes)).toBe('no'))
})

describe('bounds', () => {
  const MIB = 1 << 20
  const took = (from: '>' | '<', bytes: string, count: number): number => {
    const all = rig([clickhouse])
    const wire = new Wire()
    all.streams.handle(wire.open())
    all.streams.handle(wire.request(Talk.hello()))
    all.streams.handle(wire.response(Talk.welcome()))
    all.streams.handle(wire.request(Talk.asked('SELECT 1')))
    const before = process.cpuUsage()
    for (let i = 0; i < count; i++) {
      all.streams.handle(from === '>' ? wire.request(bytes) : wire.response(bytes))
      pass(all.streams, wire)
    }
    const { user, system } = process.cpuUsage(before)
    expect(all.streams.heldBytes).toBeLessThan(4 * MIB)
    return (user + system) / 1000
  }

  const nested = `${'Tuple('.repeat(8)}UInt8${')'.repeat(8)}`
  test.each([
    ['queries that nobody answers', '>', Talk.asked('SELECT 1').repeat(600)],
    [
      'settings that are numbers or strings',
      '>',
      Talk.query('x', { settings: { a: 1 } }).slice(0, 60) + '\x01a\x01'.repeat(20_000),
    ],
    ['zeros and ones', '>', '\x01\0'.repeat(32 << 10)],
    [
      'strings of no bytes',
      '<',
      Talk.data(1, Talk.block(1e9, [['c', 'String', '']])) + '\0'.repeat(64 << 10),
    ],
    [
      'columns of no rows',
      '<',
      Talk.data(
        1,
        Talk.block(
          0,
          Array.from({ length: 8000 }, () => ['c', nested, ''] as const),
        ),
      ),
    ],
    ['rows of nothing', '<', Talk.data(1, Talk.block(1e12, [['c', 'Array(Tuple())', '']])).repeat(2000)],
    ['progress', '<', Talk.progress(1, 1).repeat(16_000)],
  ] as const)('%s: 4 MiB take less than 4 s of CPU, and are not kept', (_, from, bytes) => {
    expect(took(from, bytes, 64)).toBeLessThan(4000)
  })
})
