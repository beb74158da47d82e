/** What real clients and servers send, and others forgive. */
import { describe, expect, test } from 'bun:test'
import { PROTOCOLS } from '../../../src/protocols'
import { end, rig, silence, Wire } from '../../streams/wire'
import { response } from './samples'
import { talk } from './talk'

const OK = response('200 OK')

describe('RFC 9112 §2.2: line ends', () => {
  test.each([
    ['GET /1 HTTP/1.1\r\nA: b\n\n', 'GET /2 HTTP/1.1\r\nA: b\r\n\r\n'],
    ['GET /1 HTTP/1.1\nA: b\r\n\r\n', 'GET /2 HTTP/1.1\r\nA: b\r\n\r\n'],
    ['GET /1 HTTP/1.1\r\nA: b\n\r\n', 'GET /2 HTTP/1.1\nA: b\n\n'],
    ['GET /1 HTTP/1.1\n\n', 'GET /2 HTTP/1.1\r\n\r\n'],
    ['GET /1 HTTP/1.1\r\n\n', 'GET /2 HTTP/1.1\n\r\n'],
  ])('%j and %j in one write, and byte by byte', (first, second) => {
    const answers = ['server', response('200 OK', {}, '1') + response('200 OK', {}, '2')] as const
    const whole = talk([['client', first + second], answers])
    const bytes = talk([...[...(first + second)].map((byte) => ['client', byte] as const), answers])
    for (const { rows } of [whole, bytes]) {
      expect(rows.map(({ req_path, resp_body }) => `${req_path} ${resp_body}`)).toEqual(['/1 1', '/2 2'])
    }
  })
})

describe('methods', () => {
  const IANA = (
    'ACL BASELINE-CONTROL BIND CHECKIN CHECKOUT CONNECT COPY DELETE GET HEAD LABEL LINK LOCK MERGE MKACTIVITY MKCALENDAR MKCOL ' +
    'MKREDIRECTREF MKWORKSPACE MOVE OPTIONS ORDERPATCH PATCH POST PROPFIND PROPPATCH PUT QUERY REBIND REPORT SEARCH TRACE ' +
    'UNBIND UNCHECKOUT UNLINK UNLOCK UPDATE UPDATEREDIRECTREF VERSION-CONTROL'
  ).split(' ')

  test.each([...IANA, 'M-SEARCH', 'PURGE', 'x-custom!', 'Foo'])('%s opens a connection', (method) => {
    expect(
      talk([
        ['client', `${method} / HTTP/1.1\r\n\r\n`],
        ['server', OK],
      ]).row.req_method,
    ).toBe(method)
  })

  test.each([...IANA, 'M-SEARCH', 'PURGE'])('%s is the first thing seen of a joined connection', (method) => {
    const { streams, sink } = rig(PROTOCOLS)
    const wire = new Wire()
    streams.handle(wire.request(`${method} / HTTP/1.1\r\n\r\n`))
    streams.handle(wire.response(OK))
    silence(streams, wire)
    expect(sink.rows('http_events').map(({ req_method }) => req_method)).toEqual([method])
  })

  test('the end of a method is no method', () => {
    for (const cut of ['EBIND', '-SEARCH', 'EDIRECTREF']) {
      const { streams, sink } = rig(PROTOCOLS)
      const wire = new Wire()
      streams.handle(wire.request(`${cut} / HTTP/1.1\r\n\r\n`))
      streams.handle(wire.response(OK))
      end(streams, wire)
      for (const { req_method } of sink.rows('http_events')) expect(IANA).toContain(req_method as string)
      expect(sink.rows('http_events')).toEqual([])
    }
  })
})

test('RFC 9110 §5.6.3: OWS is SP and HTAB, other bytes are part of the value', () => {
  const { row } = talk([
    ['client', 'GET /a\xa0b\x85 HTTP/1.1\r\nX: \t\xa0v\xa0 \t\r\n\r\n'],
    ['server', OK],
  ])
  expect(row.req_path).toHaveLength('/a?b?'.length)
  expect(JSON.parse(row.req_headers as string).X).toHaveLength(3)
})

describe('start lines', () => {
  test.each([
    ['GET  /two HTTP/1.1', '/two'],
    ['GET /with spaces in it HTTP/1.1', '/with spaces in it'],
    ['GET /trailing  HTTP/1.1', '/trailing'],
    ['GET /trailing HTTP/1.1 ', '/trailing'],
    ['\r\n\r\nGET /lines HTTP/1.1', '/lines'],
  ])('%j', (line, path) => {
    expect(
      talk([
        ['client', `${line}\r\nHost: x\r\n\r\n`],
        ['server', OK],
      ]).row.req_path,
    ).toBe(path)
  })

  test.each([
    ['HTTP/1.1  200 OK', 200, 'OK'],
    ['HTTP/1.1 200  OK', 200, 'OK'],
    ['HTTP/1.1 200', 200, 'OK'],
    ['HTTP/1.1 599 Odd one', 599, 'Odd one'],
  ])('%j', (line, status, message) => {
    const { row } = talk([
      ['client', 'GET / HTTP/1.1\r\n\r\n'],
      ['server', `${line}\r\nContent-Length: 0\r\n\r\n`],
    ])
    expect(row).toMatchObject({ resp_status: status, resp_message: message })
  })
})

test('zeros in front of lengths and chunk sizes', () => {
  const { rows } = talk([
    ['client', 'POST / HTTP/1.1\r\nContent-Length: 0000000000000000000005\r\n\r\nhello'],
    [
      'server',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0000000000000000005\r\nworld\r\n000\r\n\r\n',
    ],
    ['client', 'GET /next HTTP/1.1\r\n\r\n'],
    ['server', OK],
  ])
  expect(rows.map(({ req_body_size, resp_body }) => [req_body_size, resp_body])).toEqual([
    [5, 'world'],
    [0, ''],
  ])
})
