/** Each kind of exchange and its row. */
import { describe, expect, test } from 'bun:test'
import {
  AUTHENTICATED,
  BOUND,
  bind,
  COPY_DONE,
  call,
  cancel,
  columns,
  complete,
  copyData,
  copyFail,
  copyResponse,
  EMPTY,
  error,
  execute,
  GSSENC_REQUEST,
  keyData,
  MD5,
  message,
  notice,
  notification,
  PARSED,
  parse,
  password,
  query,
  ready,
  result,
  row,
  SSL_REQUEST,
  SYNC,
  startup,
  status,
  u32,
} from './build'
import { LOGIN, session, talk } from './talk'

describe('logins', () => {
  test('how it was proved, and never with what', () => {
    const { rows, said } = talk([
      ['client', startup({ user: 'ann', database: 'shop', options: '-c geqo=off' }, 2)],
      ['server', message('v', `${u32(196608)}${u32(0)}`) + MD5],
      ['client', password('md5hunter2')],
      ['server', AUTHENTICATED + status('server_version', '18.1') + keyData(7, 'k'.repeat(32)) + ready()],
    ])
    expect(said).toEqual([
      'StartupMessage | user=ann database=shop options=-c geqo=off | AuthenticationMD5Password\nAuthenticationOk',
    ])
    expect(JSON.stringify(rows)).not.toContain('hunter2')
    expect(Number(rows[0]!.latency)).toBeGreaterThan(0)
  })

  test('that fail', () => {
    const { rows } = talk([
      ['client', startup({ user: 'ann' })],
      ['server', error('28P01', 'password authentication failed for user "ann"')],
    ])
    expect(rows).toMatchObject([{ req_cmd: 'StartupMessage', error_code: '28P01', outcome: 'complete' }])
  })

  test('an old server answers a request for TLS with an error', () => {
    const { rows } = talk([
      ['client', SSL_REQUEST],
      ['server', error('0A000', 'unsupported frontend protocol 1234.5679')],
    ])
    expect(rows).toMatchObject([{ req_cmd: 'ErrorResponse', error_code: '0A000' }])
  })

  test('a cancel tells the process, and not the key', () => {
    const { rows } = talk([['client', cancel(4711, 'secr3t')]])
    expect(rows).toMatchObject([{ req_cmd: 'CancelRequest', req: 'process 4711', resp: '' }])
  })
})

describe('encryption', () => {
  const hello = '\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00'

  test('within GSS nothing is read', () => {
    const { rows, streams, counters } = talk(
      [
        ['client', GSSENC_REQUEST],
        ['server', 'G'],
        ['client', `\0\0\0\x10${'\xa7'.repeat(16)}`],
        ['server', `\0\0\0\x10${'\xa8'.repeat(16)}`],
      ],
      { open: true },
    )
    expect(rows).toEqual([])
    expect(counters.parseFailures).toBe(0)
    expect(streams.heldBytes).toBe(0)
  })

  test('a client may ask twice, and go on in the clear', () => {
    const { said } = talk([
      ['client', GSSENC_REQUEST],
      ['server', 'N'],
      ['client', SSL_REQUEST],
      ['server', 'N'],
      ...LOGIN,
    ])
    expect(said).toEqual(['StartupMessage | user=ann database=shop | AuthenticationOk'])
  })

  test('TLS begins behind S, also in the call of its first bytes', () => {
    const { streams, sink, wire } = talk(
      [
        ['client', SSL_REQUEST],
        ['server', 'S'],
        ['client', hello],
      ],
      { open: true },
    )
    streams.connStats(wire.timeNs + 1e9)
    expect(sink.rows('conn_stats')[0]).toMatchObject({ ssl: true })
  })
})

describe('simple queries', () => {
  test('rows, NULL, and how many', () => {
    const { rows } = talk([
      ...LOGIN,
      ['client', query('SELECT * FROM t')],
      ['server', columns('id', 'name') + row('1', 'Ann') + row('2', null) + complete('SELECT 2') + ready()],
    ])
    expect(rows[1]).toMatchObject({
      req: 'SELECT * FROM t',
      resp: 'id,name\n1,Ann\n2,NULL\nSELECT 2',
      resp_rows: 2,
      error_code: '',
    })
  })

  test('several statements are one request; their rows are counted together', () => {
    const { rows } = talk([
      ...LOGIN,
      ['client', query('UPDATE a; SELECT 1; SELECT bad')],
      [
        'server',
        complete('UPDATE 7') +
          columns('x') +
          row('1') +
          complete('SELECT 1') +
          error('42703', 'no column') +
          ready('E'),
      ],
    ])
    expect(rows[1]).toMatchObject({
      resp: 'UPDATE 7\nx\n1\nSELECT 1\nERROR 42703: no column',
      resp_rows: 1,
      error_code: '42703',
    })
  })

  test('what changes rows counts them; what is empty says so', () => {
    const { rows } = talk([
      ...LOGIN,
      ['client', query('INSERT')],
      ['server', complete('INSERT 0 5') + ready()],
      ['client', query('')],
      ['server', EMPTY + ready()],
    ])
    expect(rows.slice(1).map(({ resp, resp_rows }) => [resp, resp_rows])).toEqual([
      ['INSERT 0 5', 5],
      ['EmptyQueryResponse', 0],
    ])
  })

  test('errors with their code, detail and hint; notices, in no matter what language', () => {
    expect(
      session([
        ['client', query('DROP')],
        [
          'server',
          notice('skipping') + error('23505', 'duplicate', { D: 'Key (a)=(1)', H: 'try' }) + ready(),
        ],
      ]),
    ).toEqual([
      'Query | DROP | NOTICE 00000: skipping\nERROR 23505: duplicate\nDETAIL: Key (a)=(1)\nHINT: try',
    ])
  })

  test('beyond the limit rows are counted, and what was left out is …', () => {
    const { rows } = talk(
      [
        ...LOGIN,
        ['client', query(`SELECT '${'a'.repeat(200)}'`)],
        ['server', columns('x') + row('b'.repeat(90)).repeat(500) + complete('SELECT 500') + ready()],
      ],
      { settings: { bodyLimit: 100 } },
    )
    expect(rows[1]!.req).toBe(`SELECT '${'a'.repeat(92)}…`)
    expect(rows[1]).toMatchObject({
      resp: `x\n${'b'.repeat(90)}\n${'b'.repeat(7)}…\nSELECT 500`,
      resp_rows: 500,
    })
  })

  test('a value of which the end was lost costs nothing else', () => {
    const big = row('y'.repeat(5000), 'z')
    const { said, rows } = talk([
      ...LOGIN,
      ['client', query('SELECT big')],
      ['server', columns('a', 'b')],
      ['server', big, 3000],
      ['server', row('1', '2') + complete('SELECT 2') + ready()],
      ['client', query('SELECT next')],
      ['server', complete('SELECT 0') + ready()],
    ])
    expect(rows[1]).toMatchObject({ resp_rows: 2, outcome: 'complete' })
    expect(said[2]).toBe('Query | SELECT next | SELECT 0')
  })

  test('pipelined, with the answers behind', () => {
    const names = ['a', 'b', 'c']
    expect(
      session([
        ['client', names.map((name) => query(`SELECT ${name}`)).join('')],
        ['server', names.map((name) => columns('x') + row(name) + complete('SELECT 1') + ready()).join('')],
      ]),
    ).toEqual(names.map((name) => `Query | SELECT ${name} | x\n${name}\nSELECT 1`))
  })
})

describe('what is said unasked', () => {
  test('notifications, notices and errors of an idle session', () => {
    const { rows } = talk([
      ...LOGIN,
      ['server', notification('jobs', 'done')],
      ['server', notice('going down')],
      ['server', status('TimeZone', 'UTC')],
      ['server', error('57P01', 'terminating connection due to administrator command')],
    ])
    expect(rows.slice(1)).toMatchObject([
      { req_cmd: 'NotificationResponse', req: '', resp: 'jobs: done', latency: 0 },
      { req_cmd: 'NoticeResponse', resp: 'NOTICE 00000: going down' },
      { req_cmd: 'ErrorResponse', error_code: '57P01' },
    ])
  })

  test('a notification within an answer is its own row', () => {
    expect(
      session([
        ['client', query('SELECT 1')],
        ['server', columns('x') + row('1')],
        ['server', notification('a', 'b') + complete('SELECT 1') + ready()],
      ]),
    ).toEqual(['NotificationResponse |  | a: b', 'Query | SELECT 1 | x\n1\nSELECT 1'])
  })
})

describe('COPY', () => {
  test('from the client: the head of the data, and how many rows', () => {
    const { rows } = talk(
      [
        ...LOGIN,
        ['client', query('COPY t FROM STDIN')],
        ['server', copyResponse('G')],
        ['client', copyData('1\ta\n').repeat(100)],
        ['client', COPY_DONE],
        ['server', complete('COPY 100') + ready()],
      ],
      { settings: { bodyLimit: 20 } },
    )
    expect(rows[1]).toMatchObject({ resp: 'COPY 100', resp_rows: 100, req_data: '1\ta\n'.repeat(5) })
  })

  test('that the client gives up', () => {
    const { rows } = talk([
      ...LOGIN,
      ['client', query('COPY t FROM STDIN')],
      ['server', copyResponse('G')],
      ['client', copyFail('no more')],
      ['server', error('57014', 'COPY from stdin failed: no more') + ready()],
    ])
    expect(rows[1]).toMatchObject({ error_code: '57014' })
  })

  test('by the extended protocol: the server passes over the Sync before the data', () => {
    expect(
      session([
        ['client', parse('', 'COPY t FROM STDIN') + bind('') + execute() + SYNC],
        ['server', PARSED + BOUND + copyResponse('G')],
        ['client', copyData('1\n') + COPY_DONE + SYNC],
        ['server', complete('COPY 1') + ready()],
        ['client', query('SELECT 1')],
        ['server', complete('SELECT 0') + ready()],
      ]),
    ).toEqual([
      'Parse | COPY t FROM STDIN | PARSE COMPLETE',
      'Execute | query=[COPY t FROM STDIN] params=[] | COPY 1',
      'Query | SELECT 1 | SELECT 0',
    ])
  })

  test('to the client', () => {
    const { rows } = talk([
      ...LOGIN,
      ['client', query('COPY t TO STDOUT')],
      [
        'server',
        copyResponse('H') +
          copyData('1\ta\n') +
          copyData('2\tb\n') +
          COPY_DONE +
          complete('COPY 2') +
          ready(),
      ],
    ])
    expect(rows[1]).toMatchObject({ resp: '1\ta\n2\tb\nCOPY 2', resp_rows: 2 })
  })

  test('a stream of replication is passed over, and ends', () => {
    const { said, streams } = talk([
      ...LOGIN,
      ['client', query('START_REPLICATION SLOT s LOGICAL 0/0')],
      ['server', copyResponse('W', 0)],
      ...Array.from({ length: 50 }, () => ['server', copyData(`w${'x'.repeat(500)}`)] as const),
      ['client', copyData(`r${'y'.repeat(33)}`)],
      ['client', COPY_DONE],
      ['server', COPY_DONE + complete('COPY 0') + ready()],
      ['client', query('SELECT 1')],
      ['server', complete('SELECT 0') + ready()],
    ])
    expect(said.slice(1)).toEqual([
      'Query | START_REPLICATION SLOT s LOGICAL 0/0 | CopyBothResponse: a stream of replication follows, which is not shown',
      'Query | SELECT 1 | SELECT 0',
    ])
    expect(streams.heldBytes).toBe(0)
  })
})

describe('calls of functions', () => {
  test('arguments and result', () => {
    expect(
      session([
        ['client', call(1598, ['12', null])],
        ['server', result('0.5') + ready()],
        ['client', call(1, [])],
        ['server', error('42883', 'no function') + ready()],
      ]),
    ).toEqual([
      'FunctionCall | function 1598 (12, NULL) | 0.5',
      'FunctionCall | function 1 () | ERROR 42883: no function',
    ])
  })
})

describe('how exchanges end', () => {
  test('a request without an answer, and one whose answer the end cuts', () => {
    expect(session([['client', query('SELECT pg_sleep(9)')]])).toEqual([
      'Query | SELECT pg_sleep(9) |  | unanswered',
    ])
    expect(
      session([
        ['client', query('SELECT 1')],
        ['server', columns('x') + row('1')],
      ]),
    ).toEqual(['Query | SELECT 1 | x\n1 | cut'])
  })

  test('an error that ends the session is its request’s answer', () => {
    const { rows } = talk([
      ...LOGIN,
      ['client', query('SELECT 1')],
      ['server', error('57P01', 'terminating connection')],
    ])
    expect(rows[1]).toMatchObject({ req: 'SELECT 1', error_code: '57P01' })
  })

  test('latency: from the first byte of the request to the last of the answer', () => {
    const { streams, sink, wire } = talk(LOGIN, { open: true })
    const asked = wire.request(query('SELECT 1'))
    streams.handle(asked)
    wire.timeNs += 7e6
    const answered = wire.response(complete('SELECT 0') + ready())
    streams.handle(answered)
    expect(sink.rows('pgsql_events')[1]).toMatchObject({ latency: answered.timeNs - asked.timeNs })
  })
})
