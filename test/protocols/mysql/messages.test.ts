/** What is made of commands and answers. */
import { describe, expect, test } from 'bun:test'
import {
  bytes,
  command,
  eof,
  err,
  execute,
  FLAGS,
  greeting,
  LONG,
  le,
  login,
  NULL,
  ok,
  packet,
  parameters,
  prepared,
  query,
  result,
  SENT,
  TEXT,
  text,
  USUAL,
} from './build'
import { FETCHED } from './samples'
import { after, hello, type Turn, talk } from './talk'

const ask = (statement: string, answer: Uint8Array): Turn[] => [
  ['client', query(statement)],
  ['server', answer],
]

describe('results', () => {
  test('rows are counted, with and without an EOF behind the columns', () => {
    for (const noEof of [false, true])
      for (const flags of [USUAL, USUAL | FLAGS.NO_EOF]) {
        const rows = [
          ['1', 'one'],
          ['2', 'two'],
          ['', ''],
        ]
        const {
          rows: [row],
          said,
        } = after(ask('SELECT a, b', result(['a', 'b'], rows, { noEof })), flags)
        expect(said).toEqual(['SELECT a, b → Resultset rows = 3'])
        expect(row).toMatchObject({ req_cmd: 3, resp_status: 2, rows_sent: 3, database: 'shop' })
      }
    expect(after(ask('SELECT a', result(['a'], [], { noEof: true }))).said).toEqual([
      'SELECT a → Resultset rows = 0',
    ])
  })

  test('what was changed', () => {
    const answer = ok({ rows: 300, id: 70_000, warnings: 2, info: 'Records: 300' })
    const { rows, said } = after(ask('INSERT', answer))
    expect(said).toEqual(['INSERT → Rows affected = 300, last insert id = 70000, warnings = 2, Records: 300'])
    expect(rows[0]!.rows_affected).toBe(300)
  })

  test('an error ends a result', () => {
    const [head, error] = [result(['a'], [['1']]), err(1317, 'Query execution was interrupted', '70100', 5)]
    const { rows, said } = after(ask('SELECT a', bytes(head.subarray(0, -9), error)))
    expect(said).toEqual(['SELECT a → ERROR 1317 (70100): Query execution was interrupted'])
    expect(rows[0]).toMatchObject({ resp_status: 3, error_code: 1317, rows_sent: 1 })
  })

  test('reports of progress are none', () => {
    const report = packet(1, 0xff, 0xff, 0xff, 1, 1, 1, le(500, 3), text('copy'))
    expect(after(ask('ALTER TABLE t', bytes(report, ok({ seq: 2, rows: 4 })))).said).toEqual([
      'ALTER TABLE t → Rows affected = 4',
    ])
  })

  test('columns may be left out, or said to be there', () => {
    const rows = bytes(eof(2), packet(3, 0, 0, 7), packet(4, 0, 0, 8), eof(5))
    expect(after(ask('SELECT cached', bytes(packet(1, 1, 0), rows))).said).toEqual([
      'SELECT cached → Resultset rows = 2',
    ])
    const full = bytes(packet(1, 1, 2), result(['a', 'b'], [['1', '2']]).subarray(5))
    expect(after(ask('SELECT both', full)).said).toEqual(['SELECT both → Resultset rows = 1'])
  })

  test('more than 256 packets, and rows of more than 16 MiB', () => {
    const many = Array.from({ length: 1000 }, (_, i) => [String(i)])
    expect(after(ask('SELECT many', result(['a'], many))).said).toEqual([
      'SELECT many → Resultset rows = 1000',
    ])
    const long = bytes(0xfe, le(17_000_000, 8), Buffer.alloc(17_000_000, 'x'))
    const [columns, rows] = [result(['a'], []).subarray(0, -9), packet(4, long)]
    const answer = bytes(columns, rows, eof(6))
    expect(after(ask('SELECT long', answer)).said).toEqual(['SELECT long → Resultset rows = 1'])
  })

  test('a statement of more than 16 MiB', () => {
    const { said } = after([
      ['client', query(`SELECT '${'x'.repeat(17_000_000)}'`)],
      ['server', ok({ seq: 2, rows: 5 })],
    ])
    expect(said).toEqual([`${`SELECT '${'x'.repeat(1100)}`.slice(0, 1024)} → Rows affected = 5`])
  })

  test('many results are told in part', () => {
    const answer = bytes(
      ...Array.from({ length: 99 }, (_, i) => ok({ seq: i + 1, rows: 1, status: 10 })),
      ok({ seq: 100 }),
    )
    const {
      rows: [row],
      said,
    } = after(ask('CALL many()', answer))
    expect(said[0]!.endsWith('; … 100 results')).toBe(true)
    expect(row!.rows_affected).toBe(99)
  })
})

describe('prepared statements', () => {
  const prepare = (id: number, statement: string, count: number): Turn[] => [
    ['client', command(0x16, statement)],
    ['server', prepared(id, count, 1)],
  ]
  const said = (statement: string, values: string) =>
    `query=[${statement}] params=[${values}] → Rows affected = 1`

  test('values of each type', () => {
    const double = Buffer.alloc(8)
    double.writeDoubleLE(-1.5)
    const float = Buffer.alloc(4)
    float.writeFloatLE(0.1)
    const values: [number, Uint8Array, string][] = [
      [1, bytes(0xfb), '-5'],
      [2, le(0xffff, 2), '-1'],
      [3, le(7, 4), '7'],
      [8, Buffer.alloc(8, 0xff), '-1'],
      [4, float, '0.1'],
      [5, double, '-1.5'],
      [10, bytes(4, le(2026, 2), 11, 26), '2026-11-26'],
      [12, bytes(7, le(2026, 2), 11, 26, 1, 2, 3), '2026-11-26 01:02:03'],
      [7, bytes(11, le(2026, 2), 11, 26, 1, 2, 3, le(45, 4)), '2026-11-26 01:02:03.000045'],
      [11, bytes(8, 1, le(2, 4), 3, 4, 5), '-51:04:05'],
      [11, bytes(0), '00:00:00'],
      [252, bytes(4, 0x89, 'PNG'), '<binary 4 bytes> .PNG'],
      [253, text('é, ü'), 'é, ü'],
    ]
    const statement = `SELECT ${values.map(() => '?').join(', ')}`
    const turns: Turn[] = [
      ...prepare(1, statement, values.length),
      [
        'client',
        execute(
          1,
          values.map(([type, data]) => ({ type, data })),
        ),
      ],
      ['server', ok({ rows: 1 })],
    ]
    expect(after(turns).said[1]).toBe(said(statement, values.map(([, , shown]) => shown).join(', ')))
  })

  test('unsigned numbers', () => {
    const value = bytes(0, 1, 8, 0x80, Buffer.alloc(8, 0xff))
    const turns: Turn[] = [
      ...prepare(1, 'SELECT ?', 1),
      ['client', command(0x17, le(1, 4), 0, le(1, 4), value)],
      ['server', ok({ rows: 1 })],
    ]
    expect(after(turns).said[1]).toBe(said('SELECT ?', '18446744073709551615'))
  })

  test('types may be those of the execution before; what was lost of them is not guessed', () => {
    const turns = (lost: boolean): Turn[] => [
      ...prepare(3, 'SELECT ?, ?', 2),
      ['client', execute(3, [LONG(1), TEXT('a')])],
      ['server', ok({ rows: 1 })],
      ['client', execute(3, [LONG(9), TEXT('z')]), ...(lost ? [0] : [])] as unknown as Turn,
      ['server', ok({ rows: 1 })],
      ['client', execute(3, [LONG(2), NULL], false)],
      ['server', ok({ rows: 1 })],
    ]
    expect(after(turns(false)).said.slice(1)).toEqual(
      ['1, a', '9, z', '2, NULL'].map((values) => said('SELECT ?, ?', values)),
    )
    expect(after(turns(true)).said.filter((text) => text.includes('2, NULL'))).toEqual([])
  })

  test('values that come before, in parts', () => {
    const turns: Turn[] = [
      ...prepare(3, 'INSERT INTO t VALUES (?, ?)', 2),
      ['client', command(0x18, le(3, 4), le(1, 2), 'one ')],
      ['client', command(0x18, le(3, 4), le(1, 2), 'two')],
      ['client', execute(3, [LONG(5), SENT])],
      ['server', ok({ rows: 1 })],
      ['client', execute(3, [LONG(6), TEXT('x')])],
      ['server', ok({ rows: 1 })],
    ]
    expect(after(turns).said.slice(1)).toEqual([
      'Statement 3, parameter 1, 4 bytes → ',
      'Statement 3, parameter 1, 3 bytes → ',
      said('INSERT INTO t VALUES (?, ?)', '5, one two'),
      said('INSERT INTO t VALUES (?, ?)', '6, x'),
    ])
  })

  test('what was prepared unseen, or forgotten, is unknown', () => {
    const turns: Turn[] = [
      ['client', execute(12, [LONG(5)])],
      ['server', ok({ rows: 1 })],
      ...prepare(13, 'SELECT ?', 1),
      ['client', command(0x1f)],
      ['server', ok()],
      ['client', execute(13, [LONG(5)])],
      ['server', ok({ rows: 1 })],
    ]
    const unknown = after(turns).said.filter((text) => text.startsWith('<'))
    expect(unknown).toEqual([12, 13].map((id) => `<unknown statement ${id}> → Rows affected = 1`))
  })

  test('a cursor, and what is fetched from it', () => {
    const turns = FETCHED.map(({ from, bytes: content }) => [from, content] as Turn)
    expect(talk(turns).said.slice(1)).toEqual([
      'SELECT a FROM t WHERE b > ? → Statement 9, parameters = 1, columns = 1',
      'query=[SELECT a FROM t WHERE b > ?] params=[3] → Cursor',
      'Statement 9, rows = 2 → Resultset rows = 2',
    ])
  })

  test('MariaDB: many rows at once, and the statement that was prepared last', () => {
    const rows = bytes(0, LONG(1).data!, 0, TEXT('a').data!, 0, LONG(2).data!, 1)
    const statement = 'INSERT INTO t VALUES (?, ?)'
    const turns: Turn[] = [
      ...prepare(3, statement, 2),
      ['client', command(0xfa, le(3, 4), le(0x80, 2), 3, 0, 253, 0, rows)],
      ['server', ok({ rows: 2 })],
      ['client', execute(0xffffffff, [LONG(3), TEXT('c')])],
      ['server', ok({ rows: 1 })],
    ]
    expect(after(turns).said.slice(1)).toEqual([
      `query=[${statement}] params=[(1, a), (2, NULL)] → Rows affected = 2`,
      said(statement, '3, c'),
    ])
  })

  test('secrets among values, by what the statement says of their places', () => {
    const cases: [string, string[], string][] = [
      ['INSERT INTO u (name, password) VALUES (?, ?)', ["o'hara", 'hunter2'], "o'hara, [redacted]"],
      ['UPDATE u SET token = ?, note = ? WHERE id = ?', ['hunter2', 'hi', '7'], '[redacted], hi, 7'],
      ["SELECT '?', ? # ?\nFROM t WHERE a = ?", ['x', 'y'], 'x, y'],
      ["UPDATE u SET password = 'hunter2', a = ?", ['b'], 'b'],
    ]
    for (const [statement, values, shown] of cases) {
      const turns: Turn[] = [
        ...prepare(3, statement, values.length),
        ['client', execute(3, values.map(TEXT))],
        ['server', ok()],
      ]
      const { rows } = after(turns)
      expect(rows[1]!.req_body).toEndWith(`params=[${shown}]`)
      expect(JSON.stringify(rows)).not.toContain('hunter2')
    }
  })
})

describe('the beginning', () => {
  test('attributes of queries: on, off, and not known', () => {
    const values = parameters([{ ...TEXT('00-abc'), name: 'traceparent' }])
    const attributed: Turn[] = [
      ['client', command(3, 1, 1, values, 'SELECT 1')],
      ['server', ok()],
      ['client', command(3, 0, 1, 'SELECT 2')],
      ['server', ok()],
    ]
    const expected = ['SELECT 1 /* traceparent=00-abc */ → ', 'SELECT 2 → ']
    expect(after(attributed, USUAL | FLAGS.QUERY_ATTRIBUTES).said).toEqual(expected)
    // The server can't, though the client could.
    const turns: Turn[] = [
      ['server', greeting('8.0.1', 0x01ff_ffff)],
      ['client', login('alice', { flags: USUAL | FLAGS.QUERY_ATTRIBUTES })],
      ['server', ok({ seq: 2 })],
      ...ask('SELECT 3', ok()),
    ]
    expect(talk(turns).said.slice(1)).toEqual(['SELECT 3 → '])
  })

  test('the database in use', () => {
    const tracked = bytes(text(''), text(bytes(1, text(text('fourth')))))
    const turns: Turn[] = [
      ...ask('USE `second`', ok()),
      ...ask('USE missing', err(1049, 'Unknown database')),
      ['client', command(2, 'third')],
      ['server', ok()],
      ...ask('CALL changes()', ok({ status: 0x4002, info: tracked })),
      ...ask('SELECT 1', ok()),
    ]
    expect(after(turns, USUAL | FLAGS.TRACK).rows.map(({ database }) => database)).toEqual([
      ...['shop', 'second', 'second', 'second', 'third', 'fourth'].slice(0, 1),
      ...['second', 'second', 'third', 'fourth'],
    ])
  })

  test('proofs and passwords are in no row', () => {
    const secret = 'hunter2'
    const turns: Turn[] = [
      ['server', greeting()],
      ['client', login('alice', { proof: secret, attributes: { password: secret, program: 'x' } })],
      ['server', packet(2, 0xfe, 'mysql_clear_password\0')],
      ['client', packet(3, `${secret}\0`)],
      ['server', ok({ seq: 4 })],
      ['client', command(0x11, `bob\0`, text(secret), 'shop\0', le(45, 2), 'mysql_native_password\0')],
      ['server', packet(1, 0xfe, 'dialog\0')],
      ['client', packet(2, secret)],
      ['server', ok({ seq: 3 })],
      ['client', command(0x15, le(7, 4), text('replica'), text('repl'), text(secret), le(3306, 2), le(0, 8))],
      ['server', ok()],
      ...[
        `ALTER USER bob IDENTIFIED WITH mysql_native_password BY '${secret}'`,
        `SET PASSWORD FOR bob = PASSWORD('${secret}')`,
        `GRANT ALL ON *.* TO bob IDENTIFIED VIA ed25519 USING PASSWORD('${secret}')`,
        `CHANGE MASTER TO MASTER_PASSWORD='${secret}'`,
      ].flatMap((statement) => ask(statement, ok())),
    ]
    const { rows, said } = talk(turns)
    expect(rows).toHaveLength(7)
    expect(JSON.stringify(rows)).not.toContain(secret)
    expect(said.slice(0, 3)).toEqual([
      '{"user":"alice","database":"shop","plugin":"mysql_native_password","attributes":{"password":"[redacted]","program":"x"}} → ',
      '{"user":"bob","database":"shop","plugin":"mysql_native_password"} → ',
      'Server 7 replica → ',
    ])
  })

  test('an error in place of the greeting, and one that nobody asked for', () => {
    const refused = talk([['server', packet(0, 0xff, le(1040, 2), 'Too many connections')]])
    expect(refused.rows).toMatchObject([{ req_cmd: 11, resp_body: 'ERROR 1040: Too many connections' }])
    const closed = after([['server', err(4031, 'The client was disconnected', 'HY000', 0)]])
    expect(closed.rows).toMatchObject([{ req_cmd: 0, resp_status: 3, error_code: 4031 }])
  })

  test('a connection that was joined: EOFs are found by what comes', () => {
    for (const noEof of [false, true]) {
      const turns: Turn[] = [
        ...ask('SELECT 1', result(['a'], [['1']], { noEof })),
        ['client', command(0x16, 'SELECT ?')],
        ['server', prepared(4, 1, 1, noEof)],
        ['client', execute(4, [LONG(5)])],
        ['server', result(['a'], [bytes(0, 0, 'x')], { noEof })],
      ]
      expect(talk(turns, { joined: true }).said).toEqual([
        'SELECT 1 → Resultset rows = 1',
        'SELECT ? → Statement 4, parameters = 1, columns = 1',
        'query=[SELECT ?] params=[5] → Resultset rows = 1',
      ])
    }
  })
})

describe('other commands', () => {
  test('those without a statement', () => {
    const turns: Turn[] = [
      ['client', command(0x0e)],
      ['server', ok()],
      ['client', command(0x0c, le(77, 4))],
      ['server', err(1094, 'Unknown thread id: 77')],
      ['client', command(0x1b, le(1, 2))],
      ['server', eof(1)],
      ['client', command(4, 'goods\0', 'na%')],
      ['server', bytes(packet(1, text('def')), packet(2, text('def')), eof(3))],
      ['client', command(0x1a, le(8, 4))],
      ['server', ok()],
      ['client', command(1)],
    ]
    const { rows, said } = after(turns)
    expect(said).toEqual([
      ' → ',
      '77 → ERROR 1094 (HY000): Unknown thread id: 77',
      '1 → ',
      'goods na% → Fields = 2',
      'Statement 8 → ',
      ' → ',
    ])
    expect(rows.map(({ req_cmd, resp_status }) => [req_cmd, resp_status])).toEqual([
      ...[
        [14, 2],
        [12, 3],
        [27, 2],
        [4, 2],
        [26, 2],
        [1, 1],
      ],
    ])
  })

  test('a file in more than 256 packets', () => {
    const file = Array.from({ length: 600 }, (_, i) => packet((i + 2) & 0xff, `row ${i}\n`))
    const turns: Turn[] = [
      ['client', query("LOAD DATA LOCAL INFILE 'f' INTO TABLE t")],
      ['server', packet(1, 0xfb, 'f')],
      ['client', bytes(...file, packet(602 & 0xff))],
      ['server', ok({ seq: 603 & 0xff, rows: 600 })],
      ...ask('SELECT 1', ok()),
    ]
    expect(after(turns).said).toEqual([
      "LOAD DATA LOCAL INFILE 'f' INTO TABLE t → File f; Rows affected = 600",
      'SELECT 1 → ',
    ])
  })

  test('events of the log are passed over', () => {
    const event = (seq: number) => packet(seq & 0xff, 0, Buffer.alloc(5000, 3))
    const turns: Turn[] = [
      ['client', command(0x12, le(4, 4), le(0, 2), le(7, 4), 'log.000001')],
      ['server', bytes(...Array.from({ length: 300 }, (_, i) => event(i + 1)))],
      ['client', packet(0, 0xef, le(4, 8), 'log.000001')],
      ['server', event(301)],
    ]
    const { rows, counters } = after(turns)
    expect(rows).toMatchObject([{ req_cmd: 18, req_body: 'log.000001:4', outcome: 'cut' }])
    expect(counters.parseFailures).toBe(0)
  })

  test('bytes that are no text are dots, and other character sets are kept', () => {
    const { said } = after([
      ['client', query(bytes("SELECT '", 0, 1, "'"))],
      ['server', ok()],
      ['client', query(bytes("SELECT '", 0xe9, "'"))],
      ['server', ok()],
    ])
    expect(said).toEqual(["SELECT '..' → ", "SELECT 'é' → "])
  })
})

describe('losses', () => {
  test('a hole in a row costs nothing, one in a statement cuts it', () => {
    const long = 'y'.repeat(9000)
    const answer = result(['a'], [[long], ['2']])
    const { wire, streams, sink } = talk(hello(), { open: true })
    streams.handle(wire.request(query(`SELECT '${long}'`), 500))
    streams.handle(wire.response(answer.subarray(0, 6000), 5000))
    streams.handle(wire.response(answer.subarray(6000)))
    const rows = sink.rows('mysql_events')
    expect(rows.at(-1)).toMatchObject({ resp_body: 'Resultset rows = 2', outcome: 'cut' })
    expect(String(rows.at(-1)!.req_body)).toBe(`SELECT '${'y'.repeat(487)}`)
  })

  test('an answer that goes on is shown', () => {
    const { wire, streams, live } = talk([...hello(), ['client', query('SELECT SLEEP(60)')]], { open: true })
    wire.timeNs += 40e9
    streams.underWay(wire.timeNs)
    expect(live.rows('mysql_events')).toMatchObject([{ req_body: 'SELECT SLEEP(60)', outcome: 'waiting' }])
    streams.handle(wire.response(result(['a'], [['1'], ['2']]).subarray(0, -12)))
    streams.underWay(wire.timeNs)
    expect(live.rows('mysql_events').at(-1)).toMatchObject({
      outcome: 'running',
      resp_body: 'Resultset rows = 1',
    })
  })
})
