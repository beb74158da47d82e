/** What the rows of FastCGI say, record by record. */
import { describe, expect, test } from 'bun:test'
import { fastcgi } from '../../../src/protocols/fastcgi'
import { recognise, search } from '../../../src/protocols/fastcgi/recognise'
import { bytesOf, end, pass, rig, Wire } from '../../streams/wire'
import * as Talk from './talk'

type Line = readonly [from: '>' | '<', bytes: string, lost?: number]

/** The rows of a session; a line may lose bytes from an offset of it on. */
function rowsOf(...lines: readonly Line[]) {
  const all = rig([fastcgi])
  const wire = new Wire()
  all.streams.handle(wire.open())
  for (const [from, bytes, captured] of lines)
    all.streams.handle(from === '>' ? wire.request(bytes, captured) : wire.response(bytes, captured))
  end(all.streams, wire)
  return { rows: all.sink.rows('fastcgi_events'), counters: all.counters }
}
const whole = (...lines: readonly Line[]) => {
  const { rows, counters } = rowsOf(...lines)
  expect([counters.parseFailures, counters.unpairedFrames]).toEqual([0, 0])
  return rows
}

test('a request and its response: all columns', () => {
  const [row, ...others] = whole(
    [
      '>',
      Talk.request(
        7,
        'shop',
        {
          CONTENT_TYPE: 'application/x-www-form-urlencoded',
          LONG: 'y'.repeat(200),
          HTTP_COOKIE: 'a=b',
          EMPTY: '',
        },
        'item=kettle&password=hunter2',
      ),
    ],
    ['<', Talk.stderr(7, 'PHP Warning: slow')],
    ['<', Talk.response(7, 'made', 'Status: 201 Created\r\nSet-Cookie: s=hunter2\r\n')],
  )
  expect(others).toEqual([])
  expect(JSON.parse(String(row!.req_params))).toEqual({
    REQUEST_METHOD: 'POST',
    REQUEST_URI: '/shop.php',
    SCRIPT_FILENAME: '/srv/shop.php',
    CONTENT_TYPE: 'application/x-www-form-urlencoded',
    LONG: 'y'.repeat(200),
    HTTP_COOKIE: '[redacted]',
    EMPTY: '',
  })
  expect(row).toMatchObject({
    role: 'responder',
    req_method: 'POST',
    req_path: '/shop.php',
    script: '/srv/shop.php',
    req_body: 'item=kettle&password=[redacted]',
    req_body_size: 28,
    resp_status: 201,
    resp_headers: '{"Status":"201 Created","Set-Cookie":"[redacted]","Content-Type":"text/plain"}',
    resp_body: 'made',
    resp_body_size: 4,
    stderr: 'PHP Warning: slow',
    stderr_size: 17,
    app_status: 0,
    protocol_status: 'complete',
    aborted: false,
    keeps: true,
    outcome: 'complete',
    latency: 2000,
  })
})

test('the status where no field has it', () => {
  const status = (text: string) =>
    whole(['>', Talk.request(1, 'a')], ['<', Talk.stdout(1, text) + Talk.end(1)])[0]!.resp_status
  expect(status('Location: /b\r\n\r\n')).toBe(302)
  expect(status('Content-Type: text/plain\n\nhi')).toBe(200)
  expect(status('status: 404\r\nX: y\r\n\r\n')).toBe(404)
  // Its end, and perhaps its status, isn't there.
  expect(status('Content-Type: text')).toBe(0)
})

test('a path is made of the script and the query where there is no other', () => {
  const asked = { REQUEST_URI: '', SCRIPT_FILENAME: '', SCRIPT_NAME: '/a', QUERY_STRING: 'x=1&token=hunter2' }
  expect(whole(['>', Talk.request(1, 'a', asked)], ['<', Talk.response(1, '')])[0]).toMatchObject({
    req_path: '/a?x=1&token=[redacted]',
    script: '/a',
  })
})

test('streams of many records, of several requests at once', () => {
  const parts = (type: number, id: number, text: string) =>
    [...text].map((each) => Talk.record(type, id, each)).join('')
  const values = (name: string) => Talk.pairs({ REQUEST_URI: `/${name}`, REQUEST_METHOD: 'PUT' })
  const rows = whole(
    ['>', Talk.begin(1) + Talk.begin(2) + parts(4, 1, values('a')) + parts(4, 2, values('b'))],
    ['>', Talk.record(4, 2) + Talk.record(4, 1) + parts(5, 1, 'one') + Talk.record(8, 2, 'data')],
    ['>', Talk.record(5, 2) + Talk.record(5, 1)],
    ['<', parts(6, 2, 'Content-Type: a/b\r\n\r\nsecond') + parts(6, 1, 'Status: 204 None\r\n\r\n')],
    ['<', Talk.end(2, 3) + Talk.end(1)],
  )
  expect(rows).toMatchObject([
    { req_path: '/b', req_method: 'PUT', resp_body: 'second', resp_status: 200, app_status: 3 },
    { req_path: '/a', req_body: 'one', req_body_size: 3, resp_status: 204, resp_body_size: 0 },
  ])
})

test('what becomes of requests that don’t run to their end', () => {
  const last = (...lines: readonly Line[]) => rowsOf(...lines).rows[0]
  const asked: Line = ['>', Talk.request(1, 'a')]
  expect(last(asked)).toMatchObject({
    outcome: 'unanswered',
    resp_status: 0,
    app_status: -1,
    protocol_status: '',
  })
  expect(last(asked, ['<', Talk.stdout(1, 'A: b\r\n\r\nx')])).toMatchObject({
    outcome: 'cut',
    resp_body: 'x',
  })
  expect(last(['>', Talk.begin(1) + Talk.abort(1)], ['<', Talk.end(1, 1)])).toMatchObject({
    aborted: true,
    app_status: 1,
    outcome: 'complete',
  })
  expect(last(asked, ['<', Talk.end(1, 0, 2)])).toMatchObject({
    protocol_status: 'overloaded',
    outcome: 'complete',
  })
})

test('an answer before the end of the request', () => {
  const rows = whole(
    ['>', Talk.begin(1) + Talk.params(1, { REQUEST_URI: '/up' }) + Talk.record(5, 1, 'first')],
    ['<', Talk.response(1, 'too much', 'Status: 413 No\r\n')],
    ['>', Talk.record(5, 1, 'more') + Talk.record(5, 1)],
    ['>', Talk.request(1, 'next')],
    ['<', Talk.response(1, 'fine')],
  )
  expect(rows).toMatchObject([
    { req_path: '/up', req_body_size: 5, resp_status: 413 },
    { req_path: '/next.php', resp_body: 'fine' },
  ])
})

test('long contents are counted and kept to the limit, whatever of the rest was left out', () => {
  const part = 'z'.repeat(60_000)
  const { rows } = rowsOf(
    ['>', Talk.begin(1) + Talk.params(1, { REQUEST_URI: '/up' }) + Talk.record(5, 1, part), 5000],
    ['>', Talk.record(5, 1, part) + Talk.record(5, 1)],
    ['<', Talk.stdout(1, `Content-Type: text/plain\r\n\r\n${part}`), 5000],
    ['<', Talk.record(6, 1, part) + Talk.record(6, 1) + Talk.end(1)],
  )
  expect(rows).toMatchObject([
    {
      req_body: 'z'.repeat(1024),
      req_body_size: 120_000,
      resp_body: 'z'.repeat(1024),
      resp_body_size: 120_000,
      outcome: 'complete',
    },
  ])
})

describe('recognition', () => {
  const asked = (bytes: string) =>
    recognise({
      bytes: bytesOf(bytes),
      transport: 'tcp',
      isOpening: true,
      from: 'client',
      ownPort: 40_000,
      peerPort: 80,
    })
  const sure = { side: 'client', sure: true } as const

  test('by the beginning of a request, or the question for limits', () => {
    const bytes = Talk.request(1, 'a')
    expect(asked(bytes)).toEqual(sure)
    expect(asked(Talk.getValues('FCGI_MAX_CONNS'))).toEqual(sure)
    for (let length = 0; length < 20; length++) expect(asked(bytes.slice(0, length))).toBe('need-more')
    const older = bytesOf(`${Talk.record(5, 1, 'x'.repeat(300))}${bytes}`)
    expect(search(older, 0)).toBe(308)
  })

  test.each([
    ['a response', Talk.response(1, 'x')],
    ['a role that there isn’t', Talk.begin(1, { role: 9 }) + Talk.params(1, {})],
    ['parameters of another request', Talk.begin(1) + Talk.params(2, {})],
    ['zeros behind a one', `\x01${'\0'.repeat(40)}`],
    ['a Kafka request', '\0\0\0\x20\0\x01\0\x0c'],
  ])('not by %s', (_, bytes) => expect(asked(bytes)).toBe('no'))
})

describe('bounds', () => {
  const MIB = 1 << 20
  const took = (bytes: string, count: number): number => {
    const all = rig([fastcgi])
    const wire = new Wire()
    all.streams.handle(wire.open())
    all.streams.handle(wire.request(Talk.request(1, 'a')))
    const before = process.cpuUsage()
    for (let i = 0; i < count; i++) {
      all.streams.handle(wire.request(bytes))
      pass(all.streams, wire)
    }
    const { user, system } = process.cpuUsage(before)
    expect(all.streams.heldBytes).toBeLessThan(4 * MIB)
    return (user + system) / 1000
  }

  const ids = (of: (id: number) => string) => Array.from({ length: 2000 }, (_, id) => of(id + 1)).join('')
  test.each([
    ['requests that nobody answers', ids((id) => Talk.begin(id)), 128],
    ['empty records', Talk.record(5, 1).repeat(8192), 64],
    ['parameters without an end', Talk.record(4, 1, 'x'.repeat(65_000)), 64],
    ['parameters of one byte', Talk.record(4, 1, '\x01\0a'.repeat(20_000)) + Talk.record(4, 1), 64],
    ['no records', '\x01'.repeat(64 << 10), 64],
    ['heads of records, one in the other', '\x01\x04\0\x01\0\x08\0\0'.repeat(8192), 64],
  ])('%s: 4 MiB take less than 4 s of CPU, and are not kept', (_, bytes, count) => {
    expect(took(bytes, count)).toBeLessThan(4000)
  })
})
