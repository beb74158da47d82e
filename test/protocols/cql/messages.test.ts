/** What the rows of CQL say, message by message. */
import { describe, expect, test } from 'bun:test'
import { cql } from '../../../src/protocols/cql'
import { ROLE_CLIENT, ROLE_SERVER } from '../../../src/records/types'
import { end, type Rig, type Row, rig, Wire } from '../../streams/wire'
import * as Talk from './talk'

const { INT, TYPE } = Talk
const V5 = { version: 5 }

type Line = readonly [from: '>' | '<', bytes: string, captured?: number]

interface Heard {
  readonly rows: readonly Row[]
  readonly all: Rig
}

/** The rows of a session; of a line perhaps only its beginning is captured. */
function hear(lines: readonly Line[], { isFresh = true, on = rig([cql]), wire = new Wire() } = {}): Heard {
  if (isFresh) on.streams.handle(wire.open())
  for (const [from, bytes, captured] of lines)
    on.streams.handle(from === '>' ? wire.request(bytes, captured) : wire.response(bytes, captured))
  end(on.streams, wire)
  return { rows: on.sink.rows('cql_events'), all: on }
}

const rowsOf = (...lines: readonly Line[]): readonly Row[] => hear(lines).rows
const bodiesOf = (...lines: readonly Line[]) => rowsOf(...lines).map((row) => row.req_body)

test('a request and its answer: all columns', () => {
  const [row] = rowsOf(
    [
      '>',
      Talk.query(
        7,
        'SELECT * FROM goods',
        { consistency: 6, pageSize: 50, timestamp: 5n },
        { flags: Talk.FLAG.TRACING },
      ),
    ],
    [
      '<',
      Talk.rows(7, { name: TYPE.text, price: TYPE.list(TYPE.int) }, [
        ['a', null],
        ['b', Talk.LIST(INT(1))],
      ]),
    ],
  )
  expect(row).toMatchObject({
    trace_role: ROLE_SERVER,
    req_op: 7,
    req_body: 'SELECT * FROM goods',
    resp_op: 8,
    resp_body: 'Response type = ROWS\nNumber of columns = 2\n["name","price"]\nNumber of rows = 2',
    consistency: 'LOCAL_QUORUM',
    keyspace: '',
    rows: 2,
    error_code: 0,
    traced: true,
    trace_id: '',
    version: 4,
    latency: 1000,
    outcome: 'complete',
  })
})

test('warnings, the id of a trace and the custom payload come before the message', () => {
  const payload = `\0\x02${Talk.text('from')}${Talk.long('tests')}${Talk.text('token')}${Talk.long('hunter2')}`
  const id = Buffer.from('f81d4fae7dec11d0a76500a0c91e6bf6', 'hex').toString('latin1')
  const { TRACING, PAYLOAD, WARNING } = Talk.FLAG
  const warnings = `\0\x01${Talk.text('a large batch')}`
  const [row] = rowsOf(
    [
      '>',
      Talk.envelope(7, 1, `${payload}${Talk.query(1, 'USE shop').slice(9)}`, { flags: PAYLOAD | TRACING }),
    ],
    [
      '<',
      Talk.envelope(
        8,
        1,
        `${id}${warnings}${payload}${Talk.used(1, 'shop').slice(9)}`,
        { flags: TRACING | WARNING | PAYLOAD },
        true,
      ),
    ],
  )
  expect(row).toMatchObject({
    req_body: 'USE shop',
    req_payload: '{"from":"tests","token":"[redacted]"}',
    resp_payload: '{"from":"tests","token":"[redacted]"}',
    warnings: '["a large batch"]',
    trace_id: 'f81d4fae-7dec-11d0-a765-00a0c91e6bf6',
    resp_body: 'Response type = SET_KEYSPACE\nKeyspace = shop',
  })
})

test('the keyspace in use, and one that the request names', () => {
  const rows = rowsOf(
    ['>', Talk.query(1, 'USE shop', V5)],
    ['<', Talk.used(1, 'shop', V5)],
    ['>', Talk.query(2, 'SELECT a FROM b', V5)],
    ['<', Talk.done(2, V5)],
    ['>', Talk.query(3, 'SELECT a FROM c', { ...V5, keyspace: 'other' })],
    ['<', Talk.done(3, V5)],
  )
  expect(rows.map((row) => row.keyspace)).toEqual(['', 'shop', 'other'])
})

describe('prepared statements', () => {
  const statement = 'INSERT INTO goods (a, b) VALUES (?, ?)'
  const columns = { a: TYPE.text, b: TYPE.int }
  const values = ['it’s', INT(-5)].map((value) => Buffer.from(value, 'utf8').toString('latin1'))

  test.each([3, 4, 5])('version %i: values by the types that were told', (version) => {
    const more = { version }
    const bodies = bodiesOf(
      ['>', Talk.prepare(1, statement, more)],
      ['<', Talk.prepared(1, statement, columns, more)],
      ['>', Talk.execute(2, statement, { ...more, values: [values[0]!, INT(-5)] })],
      ['<', Talk.done(2, more)],
    )
    expect(bodies[1]).toBe(`query=[${statement}] params=['it’s', -5]`)
  })

  test('null, what isn’t set, and names', () => {
    const bodies = bodiesOf(
      ['>', Talk.prepare(1, statement)],
      ['<', Talk.prepared(1, statement, columns)],
      ['>', Talk.execute(2, statement, { values: [null, undefined] })],
      ['<', Talk.done(2)],
      ['>', Talk.execute(3, statement, { values: [INT(7), 'x'], names: ['b', 'a'] })],
      ['<', Talk.done(3)],
    )
    expect(bodies.slice(1)).toEqual([
      `query=[${statement}] params=[null, UNSET]`,
      `query=[${statement}] params=[b = 7, a = 'x']`,
    ])
  })

  test('what was prepared on another connection of the process is known; elsewhere it is unknown', () => {
    const on = rig([cql])
    hear(
      [
        ['>', Talk.prepare(1, statement)],
        ['<', Talk.prepared(1, statement, columns)],
      ],
      { on },
    )
    const run: readonly Line[] = [
      ['>', Talk.execute(2, statement, { values: ['x', INT(1)] })],
      ['<', Talk.done(2)],
    ]
    hear(run, { on })
    hear(run, { on, wire: new Wire({ pid: 78 }) })
    hear(run, { on, wire: new Wire({ local: ['10.0.0.1', 9043] }) })
    const unknown = `<unknown statement ${Talk.hexOf(statement)}>`
    expect(on.sink.rows('cql_events').map((row) => row.req_body)).toEqual([
      statement,
      `query=[${statement}] params=['x', 1]`,
      unknown,
      unknown,
    ])
  })

  test('of a statement whose parameters weren’t all seen no value is shown', () => {
    const told = Talk.prepared(1, statement, columns)
    const bodies = bodiesOf(
      ['>', Talk.prepare(1, statement)],
      ['<', told, told.indexOf('goods')],
      ['>', Talk.execute(2, statement, { values: ['x', INT(1)] })],
      ['<', Talk.done(2)],
    )
    expect(bodies[1]).toBe(`query=[${statement}] params=[<unknown values>]`)
  })

  test('a server’s connections stay within bounds, whatever is prepared', () => {
    const on = rig([cql])
    const lines = Array.from({ length: 3000 }, (_, i): Line[] => {
      const text = `SELECT a FROM t WHERE b = ${i}`
      return [
        ['>', Talk.prepare(1, text)],
        ['<', Talk.prepared(1, text, {})],
      ]
    }).flat()
    const wire = new Wire()
    on.streams.handle(wire.open())
    for (const [from, bytes] of lines)
      on.streams.handle(from === '>' ? wire.request(bytes) : wire.response(bytes))
    expect(on.streams.heldBytes).toBeGreaterThan(100_000)
    expect(on.streams.heldBytes).toBeLessThan(300_000)
    end(on.streams, wire)
    expect(on.streams.heldBytes).toBe(0)
  })
})

test('values of statements that weren’t prepared: bytes, as text where they are one', () => {
  const statement = 'SELECT a FROM goods WHERE b = ? AND c = ?'
  expect(
    bodiesOf(['>', Talk.query(1, statement, { values: ['text', '\0\x01'] })], ['<', Talk.done(1)]),
  ).toEqual([`query=[${statement}] params=['text', 0x0001]`])
})

test('a batch: statements and executions, of which the first ones are shown', () => {
  const statement = 'UPDATE t SET a = ? WHERE b = ?'
  const rows = rowsOf(
    ['>', Talk.prepare(1, statement)],
    ['<', Talk.prepared(1, statement, { a: TYPE.int, b: TYPE.int })],
    [
      '>',
      Talk.batch(
        2,
        [
          [statement, [INT(1), INT(2)], true],
          ['UNKNOWN', [], true],
          ['DELETE FROM t WHERE a = ?', ['x']],
        ],
        { kind: 2 },
      ),
    ],
    ['<', Talk.done(2)],
    [
      '>',
      Talk.batch(
        3,
        Array.from({ length: 100 }, (_, i) => [`DELETE ${i}`] as const),
      ),
    ],
    ['<', Talk.done(3)],
  )
  expect(rows[1]).toMatchObject({
    req_body: [
      'BEGIN COUNTER BATCH',
      `query=[${statement}] params=[1, 2]`,
      `<unknown statement ${Talk.hexOf('UNKNOWN')}>`,
      "query=[DELETE FROM t WHERE a = ?] params=['x']",
      'APPLY BATCH',
    ].join(';\n'),
    consistency: 'ONE',
  })
  const lines = String(rows[2]!.req_body).split(';\n')
  expect(lines).toHaveLength(67)
  expect(lines.at(-2)).toBe('… 36 more')
})

describe('no secret is shown', () => {
  test.each([
    ["CREATE ROLE bob WITH PASSWORD = 'hunter2' AND LOGIN = true"],
    ["ALTER ROLE bob WITH HASHED PASSWORD = '$2a$10$hunter2'"],
    ["CREATE USER bob WITH PASSWORD 'hunter2' SUPERUSER"],
    ["alter role bob with options = {'password': 'hunter2'}"],
    ["INSERT INTO users (name, password) VALUES ('bob', 'hunter2')"],
    ["UPDATE users SET api_key = 'hunter2' WHERE name = 'bob'"],
  ])('%s', (statement) => {
    const [row] = rowsOf(['>', Talk.query(1, statement)], ['<', Talk.done(1)])
    expect(row!.req_body).not.toContain('hunter2')
    expect(row!.req_body).toContain('bob')
  })

  test.each([
    ['INSERT INTO users (name, password) VALUES (?, ?)', ['bob', 'hunter2']],
    ['INSERT INTO users (id, name, password) VALUES (uuid(), ?, lower(?)) USING TTL 5', ['bob', 'hunter2']],
    ['SELECT a FROM b WHERE (name, password) = (?, ?)', ['bob', 'hunter2']],
    ['UPDATE users SET password = ? WHERE name = ?', ['hunter2', 'bob']],
    ['UPDATE users SET name = :name, "apiKey" = :secret', ['bob', 'hunter2']],
    [
      "SELECT a FROM b WHERE c = '?' /* ? */ AND name = ? AND token_secret IN (?, ?)",
      ['bob', 'hunter2', 'hunter2'],
    ],
  ])('%s, by its place', (statement, values) => {
    const [row] = rowsOf(['>', Talk.query(1, statement, { values })], ['<', Talk.done(1)])
    expect(row!.req_body).not.toContain('hunter2')
    expect(row!.req_body).toContain("'bob'")
  })

  test('of logins: every token, whatever its form', () => {
    const rows = rowsOf(
      ['>', Talk.startup(0)],
      ['<', Talk.authenticate(0)],
      ['>', Talk.authResponse(1, '\0bob\0hunter2')],
      ['<', Talk.envelope(14, 1, Talk.long('hunter2'), {}, true)],
      ['>', Talk.authResponse(2, 'hunter2')],
      ['<', Talk.authSuccess(2, 'hunter2')],
      ['>', Talk.authResponse(3, '\0bob\0hunter2')],
      ['<', Talk.error(3, 0x100, 'Provided username bob and/or password are incorrect')],
    )
    expect(JSON.stringify(rows)).not.toContain('hunter2')
    expect(rows.map((row) => row.req_body).slice(1)).toEqual([
      '{"user":"bob","token":"[redacted]"}',
      '[redacted]',
      '{"user":"bob","token":"[redacted]"}',
    ])
    expect(rows.at(-1)).toMatchObject({ error_code: 0x100, resp_op: 0 })
    expect(String(rows.at(-1)!.resp_body)).toStartWith('ERROR 0x0100 (Authentication error): ')
  })
})

test('events, as a client would have registered for them', () => {
  const rows = rowsOf(
    ['>', Talk.register(1, ['STATUS_CHANGE', 'SCHEMA_CHANGE'])],
    ['<', Talk.ready(1)],
    [
      '<',
      Talk.statusChange(
        'UP',
        Array.from({ length: 16 }, (_, i) => (i === 15 ? 1 : 0)),
        9042,
      ),
    ],
    [
      '<',
      Talk.event(
        'SCHEMA_CHANGE',
        ['UPDATED', 'FUNCTION', 'shop', 'sum'].map(Talk.text).join('') +
          '\0\x02' +
          Talk.text('int') +
          Talk.text('int'),
      ),
    ],
  )
  expect(rows.map((row) => [row.req_op, row.req_body, row.resp_op, row.resp_body])).toEqual([
    [11, '["STATUS_CHANGE","SCHEMA_CHANGE"]', 2, ''],
    [11, '', 12, 'STATUS_CHANGE UP [::1]:9042'],
    [11, '', 12, 'SCHEMA_CHANGE UPDATED FUNCTION shop.sum(int, int)'],
  ])
  expect(rows[1]).toMatchObject({ latency: 0, outcome: 'complete', trace_role: ROLE_SERVER })
})

test('seen at the client’s end', () => {
  const { rows } = hear(
    [
      ['>', Talk.query(1, 'SELECT a FROM b')],
      ['<', Talk.done(1)],
    ],
    { wire: new Wire({ role: ROLE_CLIENT }) },
  )
  expect(rows[0]).toMatchObject({ trace_role: ROLE_CLIENT, req_body: 'SELECT a FROM b' })
})

test('a stream that is used again has lost its answer, and nobody gets another’s', () => {
  const { rows, all } = hear([
    ['>', Talk.query(1, 'SELECT a FROM b')],
    ['>', Talk.query(1, 'SELECT c FROM d')],
    ['<', Talk.done(1)],
  ])
  expect(rows.map((row) => row.req_body)).toEqual(['SELECT c FROM d'])
  expect(all.counters.unpairedFrames).toBe(1)
})

test('a request whose answer may have been lost isn’t paired with that to one that was lost', () => {
  const lost = Talk.query(1, 'SELECT lost FROM b')
  const answer = Talk.done(1)
  const { rows, all } = hear([
    ['>', Talk.query(1, 'SELECT a FROM b')],
    ['<', answer, 0],
    ['>', lost, 0],
    ['>', Talk.query(2, 'SELECT c FROM d')],
    ['<', Talk.done(1)],
    ['<', Talk.done(2)],
  ])
  expect(rows.map((row) => row.req_body)).toEqual(['SELECT c FROM d'])
  expect(all.counters.unpairedFrames).toBe(2)
})

test('a client that offers what the server doesn’t speak', () => {
  const rows = rowsOf(
    ['>', Talk.startup(1, {}, { version: 0x42 })],
    ['<', Talk.error(1, 10, 'Invalid or unsupported protocol version (66)', V5)],
  )
  expect(rows).toMatchObject([{ version: 0x42, error_code: 10 }])
})
