/** Upgrade: h2c (RFC 7540 §3.2): the request came by HTTP/1.1, its response is on stream 1 of HTTP/2. */
import { describe, expect, test } from 'bun:test'
import { PROTOCOLS } from '../../../src/protocols'
import { ROLE_CLIENT, type Role } from '../../../src/records/types'
import { end, rig, Wire } from '../../streams/wire'
import { answer, data, END_STREAM, frame, get, OPENING, remembered, settings } from './talk'

type Turn = readonly ['client' | 'server', string | Uint8Array]

const fields = (...more: readonly string[]) =>
  [
    'Host: shop',
    'Connection: Upgrade, HTTP2-Settings',
    'Upgrade: h2c',
    'HTTP2-Settings: AAMAAABkAAQAAP__',
    ...more,
  ].join('\r\n')
const asks = (line = 'GET /first', more: readonly string[] = [], body = ''): Turn => [
  'client',
  `${line} HTTP/1.1\r\n${fields(...more)}\r\n\r\n${body}`,
]
const SWITCH = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n'

function rowsOf(
  turns: readonly Turn[],
  { role, isOpen, joined }: { role?: Role; isOpen?: true; joined?: true } = {},
) {
  const { streams, sink, live, counters } = rig(PROTOCOLS)
  const wire = new Wire(role === undefined ? {} : { role })
  streams.handle(joined ? wire.found() : wire.open())
  for (const [from, bytes] of turns)
    streams.handle(from === 'client' ? wire.request(bytes) : wire.response(bytes))
  if (!isOpen) end(streams, wire)
  return { rows: sink.rows('http_events'), streams, wire, live, counters, sink }
}

const THEN: readonly Turn[] = [
  ['client', OPENING],
  ['server', settings([3, 100])],
]

test('one row has the request and its true response', () => {
  const { rows, counters } = rowsOf([
    asks(),
    ['server', SWITCH],
    ...THEN,
    ['server', answer(1, 404, { 'x-why': 'not there' })],
    ['server', data(1, 'no such thing', END_STREAM)],
    ['client', get(3, '/second')],
    ['server', answer(3, 200, {}, END_STREAM)],
  ])
  expect(rows).toMatchObject([
    {
      req_method: 'GET',
      req_path: '/first',
      resp_status: 404,
      resp_body: 'no such thing',
      resp_body_size: 13,
      major_version: 2,
      outcome: 'complete',
    },
    { req_path: '/second', resp_status: 200 },
  ])
  expect(JSON.parse(String(rows[0]!.req_headers))).toMatchObject({ Host: 'shop', Upgrade: 'h2c' })
  expect(JSON.parse(String(rows[0]!.resp_headers))).toEqual({ ':status': '404', 'x-why': 'not there' })
  expect(Number(rows[0]!.latency)).toBeGreaterThan(0)
  expect(counters).toMatchObject({ unpairedFrames: 0, parseFailures: 0 })
})

test('at the client’s end, with content, and with its secrets replaced', () => {
  const { rows } = rowsOf(
    [
      asks('POST /upload?token=s3cret', ['Content-Length: 5', 'Authorization: Bearer s3cret'], 'hello'),
      ['server', SWITCH],
      ...THEN,
      ['server', answer(1, 201, {}, END_STREAM)],
    ],
    { role: ROLE_CLIENT },
  )
  expect(rows).toMatchObject([
    { req_method: 'POST', req_body: 'hello', req_body_size: 5, resp_status: 201, outcome: 'complete' },
  ])
  expect(JSON.stringify(rows)).not.toContain('s3cret')
})

test('the answer comes with the switch, in one call', () => {
  const all = Buffer.concat([
    Buffer.from(SWITCH),
    settings([3, 100]),
    answer(1, 200),
    data(1, 'all at once', END_STREAM),
  ])
  const { rows } = rowsOf([asks(), ['server', all], ['client', OPENING]])
  expect(rows).toMatchObject([{ req_path: '/first', resp_status: 200, resp_body: 'all at once' }])
})

test('what both sides remember is known from the switch on, also on connections that were joined before it', () => {
  const block = remembered({ ':status': '200', 'x-kept': 'remembered' })
  const turns: Turn[] = [
    ['client', 'GET /before HTTP/1.1\r\nHost: shop\r\n\r\n'],
    ['server', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'],
    asks(),
    ['server', SWITCH],
    ...THEN,
    ['server', frame(1, 5, 1, block)],
    ['client', get(3, '/second')],
    // Both fields by their numbers.
    ['server', frame(1, 5, 3, Uint8Array.of(0x88, 0xbe))],
  ]
  for (const joined of [undefined, true] as const) {
    const { rows } = rowsOf(turns, joined ? { joined } : {})
    const last = rows.at(-1)!
    expect(last).toMatchObject({ req_path: '/second', resp_status: 200 })
    expect(JSON.parse(String(last.resp_headers))).toMatchObject({ 'x-kept': 'remembered' })
  }
})

describe('without a response', () => {
  test('the request waits, and is unanswered in the end', () => {
    const { rows, streams, wire, live, sink } = rowsOf([asks(), ['server', SWITCH], ...THEN], {
      isOpen: true,
    })
    expect(rows).toEqual([])
    expect(streams.heldBytes).toBeGreaterThan(0)
    wire.timeNs += 31e9
    streams.tick(wire.timeNs)
    streams.underWay(wire.timeNs)
    expect(live.rows('http_events')).toMatchObject([{ req_path: '/first', outcome: 'waiting' }])
    end(streams, wire)
    expect(sink.rows('http_events')).toMatchObject([
      { req_path: '/first', resp_status: 0, outcome: 'unanswered' },
    ])
  })

  test('a reset ends it', () => {
    const { rows } = rowsOf([asks(), ['server', SWITCH], ...THEN, ['server', frame(3, 0, 1, '\0\0\0\x02')]])
    expect(rows).toMatchObject([{ req_path: '/first', resp_status: 0 }])
  })
})

test('a server that doesn’t switch answers by HTTP/1.1', () => {
  const { rows } = rowsOf([asks(), ['server', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok']])
  expect(rows).toMatchObject([{ req_path: '/first', resp_status: 200, major_version: 1, resp_body: 'ok' }])
})
