/** Nixie stops, or gives up a connection that goes on: what is under way is told as such, not as ended. */
import { describe, expect, test } from 'bun:test'
import { PROTOCOLS } from '../../src/protocols'
import { ROLE_UNKNOWN } from '../../src/records/types'
import type { StreamLimits } from '../../src/streams/limits'
import { framed, query } from '../protocols/dns/build'
import { request, response } from '../protocols/http/samples'
import { connect, INFO, NATS_SOCKET, pub } from '../protocols/nats/talk'
import { rig, type SocketOptions, Wire } from './wire'

const DNS_SOCKET: SocketOptions = { local: ['10.0.0.1', 53] }

function opened(options: SocketOptions = {}, limits: Partial<StreamLimits> = {}) {
  const all = rig(PROTOCOLS, limits)
  const wire = new Wire(options)
  all.streams.handle(wire.open())
  return { ...all, wire }
}

describe('HTTP', () => {
  test.each([
    ['a request without an answer', [request('GET /a')], [], ['waiting', 0, '']],
    [
      'a request that is being sent',
      ['PUT /a HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc'],
      [],
      ['waiting', 0, ''],
    ],
    [
      'a response of known length',
      [request('GET /a')],
      ['HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc'],
      ['running', 200, 'abc'],
    ],
    [
      'a chunked response',
      [request('GET /a')],
      ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n'],
      ['running', 200, 'abc'],
    ],
    [
      'a response up to the end of the connection',
      [request('GET /a')],
      ['HTTP/1.1 200 OK\r\n\r\nabc'],
      ['running', 200, 'abc'],
    ],
    [
      'an exchange that is over',
      [request('GET /a')],
      [response('200 OK', {}, 'abc')],
      ['complete', 200, 'abc'],
    ],
  ])('%s', (_, asks, answers, said) => {
    const { streams, wire, sink } = opened()
    for (const bytes of asks) streams.handle(wire.request(bytes))
    for (const bytes of answers) streams.handle(wire.response(bytes))
    streams.close()
    const rows = sink.rows('http_events')
    expect(rows.map((row) => [row.req_path, row.outcome, row.resp_status, row.resp_body])).toEqual([
      ['/a', ...said],
    ])
  })

  test('several requests in one go: one is running, the others wait', () => {
    const { streams, wire, sink } = opened()
    streams.handle(wire.request(request('GET /a') + request('GET /b') + request('GET /c')))
    streams.handle(
      wire.response(`${response('200 OK', {}, 'a')}HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nb`),
    )
    streams.close()
    expect(sink.rows('http_events').map((row) => `${row.req_path} ${row.outcome}`)).toEqual([
      '/a complete',
      '/b running',
      '/c waiting',
    ])
  })

  test('a body of which a part went by unseen stays cut', () => {
    const { streams, wire, sink } = opened()
    streams.handle(wire.request(request('GET /a')))
    wire.request('lost')
    streams.handle(wire.response('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n'))
    wire.response('3\r\nlos')
    streams.handle(wire.response('t\r\n'))
    streams.tick(wire.timeNs + 100e6)
    streams.close()
    expect(sink.rows('http_events').map(({ outcome }) => outcome)).toEqual(['cut'])
  })

  test('a connection that is forgotten, as too many are open', () => {
    const { streams, wire, sink } = opened({}, { connections: 1 })
    streams.handle(wire.request(request('GET /a')))
    streams.handle(new Wire({ remote: ['10.0.0.9', 5] }).open())
    expect(sink.rows('http_events')).toMatchObject([{ req_path: '/a', outcome: 'waiting' }])
  })

  test('a connection whose close was seen has ended', () => {
    const { streams, wire, sink } = opened()
    streams.handle(wire.request(request('GET /a')))
    streams.handle(wire.close())
    streams.close()
    expect(sink.rows('http_events')).toMatchObject([{ outcome: 'unanswered' }])
  })
})

describe('DNS', () => {
  test('over datagrams', () => {
    const { streams, wire, sink } = opened({ ...DNS_SOCKET, transport: 'udp', role: ROLE_UNKNOWN })
    streams.handle({ ...wire.request(query(1, 'a.example')), offset: 0 })
    streams.close()
    expect(sink.rows('dns_events')).toMatchObject([{ outcome: 'waiting' }])
  })

  test('over a stream', () => {
    const { streams, wire, sink } = opened(DNS_SOCKET)
    streams.handle(wire.request(framed(query(1, 'a.example'))))
    streams.close()
    expect(sink.rows('dns_events')).toMatchObject([{ outcome: 'waiting' }])
  })
})

describe('NATS', () => {
  const greeted = () => {
    const all = opened(NATS_SOCKET)
    all.streams.handle(all.wire.response(INFO))
    all.streams.handle(all.wire.request(connect({ verbose: true })))
    all.streams.handle(all.wire.response('+OK\r\n'))
    return all
  }
  const last = ({ sink }: ReturnType<typeof opened>) => {
    const rows = sink.rows('nats_events.beta')
    return rows.slice(2).map(({ cmd, resp, outcome }) => [cmd, resp, outcome])
  }

  test('a command of a verbose client that has no +OK yet', () => {
    const all = greeted()
    all.streams.handle(all.wire.request(pub('a', '1')))
    all.streams.close()
    expect(last(all)).toEqual([['PUB', '', 'waiting']])
  })

  test('a message that is being sent by the client', () => {
    const all = greeted()
    all.streams.handle(all.wire.request('PUB a 10\r\n123'))
    all.streams.close()
    expect(last(all)).toEqual([['PUB', '', 'running']])
  })

  test('a message that is being sent by the server', () => {
    const all = greeted()
    all.streams.handle(all.wire.response('MSG a 1 10\r\n123'))
    all.streams.close()
    expect(last(all)).toEqual([['MSG', '', 'running']])
  })
})
