/** Every exchange is a row: pipelined, answered early, cut off, still under way, never answered. */
import { describe, expect, test } from 'bun:test'
import { PROTOCOLS } from '../../../src/protocols'
import { end, type Row, rig, silence, Wire } from '../../streams/wire'
import { chunked, request, response } from './samples'
import { talk } from './talk'

const said = (rows: readonly Row[]) =>
  rows.map(({ req_path, resp_body, outcome }) => `${req_path} ${resp_body} ${outcome}`)

const opened = () => {
  const all = rig(PROTOCOLS)
  const wire = new Wire()
  all.streams.handle(wire.open())
  return { ...all, wire }
}

describe('RFC 9112 §9.3.2: pipelining', () => {
  test('requests in several writes before the first answer', () => {
    const { rows } = talk([
      ['client', request('GET /a')],
      ['client', request('GET /b')],
      ['client', request('GET /c')],
      ['server', response('200 OK', {}, 'a')],
      ['server', response('200 OK', {}, 'b') + response('200 OK', {}, 'c')],
    ])
    expect(said(rows)).toEqual(['/a a complete', '/b b complete', '/c c complete'])
  })

  test('where the opening was not seen, a pair that may be wrong is dropped', () => {
    const { streams, sink } = rig(PROTOCOLS)
    const wire = new Wire()
    streams.handle(wire.request(request('GET /a')))
    streams.handle(wire.request(request('GET /b')))
    streams.handle(wire.response(response('200 OK', {}, 'earlier')))
    streams.handle(wire.response(response('200 OK', {}, 'a')))
    streams.handle(wire.response(response('200 OK', {}, 'b')))
    end(streams, wire)
    for (const { req_path, resp_body } of sink.rows('http_events'))
      expect(`/${resp_body}`).toBe(`${req_path}`)
  })
})

describe('answers before the end of the request', () => {
  test.each([
    [413, 'Content-Length: 1000\r\n', 'a part of it'],
    [417, 'Content-Length: 1000\r\nExpect: 100-continue\r\n', ''],
    [400, 'Transfer-Encoding: chunked\r\n', '5\r\nhello\r\n'],
  ])('%d, and the connection ends', (status, headers, part) => {
    const { row } = talk([
      ['client', `POST /large HTTP/1.1\r\nHost: x\r\n${headers}\r\n${part}`],
      ['server', response(`${status} No`, { Connection: 'close' }, 'too large')],
    ])
    expect(row).toMatchObject({
      req_path: '/large',
      resp_status: status,
      resp_body: 'too large',
      outcome: 'cut',
      req_body_size: part.includes('hello') ? 5 : part.length,
    })
  })
})

describe('answers before the end of a head', () => {
  test.each([
    [408, 'GET /slow HTTP/1.1\r\nHost: x\r\nX-Half: a', 'GET', '/slow', { Host: 'x' }],
    [431, `GET /large HTTP/1.1\r\nHost: x\r\nCookie: ${'c'.repeat(20_000)}`, 'GET', '/large', { Host: 'x' }],
    [414, `GET /long/${'x'.repeat(20_000)}`, 'GET', `/long/${'x'.repeat(20_000)}`, {}],
    [408, 'POST /half', 'POST', '/half', {}],
    [408, 'GET /?token=s3cret', 'GET', '/?token=[redacted]', {}],
    [400, 'GET /bad HTTP/1.1\r\n', 'GET', '/bad', {}],
  ])('%d', (status, part, method, path, headers) => {
    for (const before of [
      [],
      [['client', request('GET /a')] as const, ['server', response('200 OK')] as const],
    ]) {
      const { rows, counters } = talk([
        ...before,
        ['client', part],
        ['server', response(`${status} No`, { Connection: 'close' }, 'why')],
      ])
      expect(rows).toHaveLength(1 + before.length / 2)
      const row = rows.at(-1)!
      expect(row).toMatchObject({
        req_method: method,
        req_path: path,
        resp_status: status,
        resp_body: 'why',
        outcome: 'cut',
      })
      expect(JSON.parse(row.req_headers as string)).toEqual(headers)
      expect(counters.unpairedFrames).toBe(0)
    }
  })

  test('the rest of the head makes no second row', () => {
    const { rows } = talk([
      ['client', 'POST /early HTTP/1.1\r\nContent-Length: 5\r\nX: '],
      ['server', response('400 No', {}, 'why')],
      ['client', 'y\r\n\r\nhello'],
      ['client', request('GET /next')],
      ['server', response('200 OK', {}, 'fine')],
    ])
    expect(said(rows)).toEqual(['/early why cut', '/next fine complete'])
  })

  test('what is no request line is no request', () => {
    const { rows } = talk([
      ['client', request('GET /a')],
      ['server', response('200 OK')],
      ['client', '\x16\x03\x01 hello'],
      ['server', response('400 Bad Request')],
    ])
    expect(rows.map(({ req_path }) => req_path)).toEqual(['/a'])
  })
})

describe('answers that are cut off', () => {
  test.each([
    ['a length', 'Content-Length: 100\r\n\r\nhalf', 'half', 4],
    ['chunks', 'Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n', 'half', 4],
    ['a chunk', 'Transfer-Encoding: chunked\r\n\r\n64\r\nhalf', 'half', 4],
    ['the last line break', `Transfer-Encoding: chunked\r\n\r\n${chunked(['half'], '0\r\n')}`, 'half', 4],
    ['nothing yet', 'Content-Length: 100\r\n\r\n', '', 0],
  ])('within %s', (_, rest, body, size) => {
    const { rows } = talk([
      ['client', request('GET /events')],
      ['server', `HTTP/1.1 200 OK\r\n${rest}`],
    ])
    expect(rows).toHaveLength(1)
    expect(rows[0]).toMatchObject({ resp_status: 200, resp_body: body, resp_body_size: size, outcome: 'cut' })
  })

  test('by a hole in a head: nothing is made up', () => {
    const { streams, sink, wire } = opened()
    streams.handle(wire.request(request('GET /')))
    streams.handle(wire.response(response('200 OK', {}, 'x'), 20))
    end(streams, wire)
    expect(sink.rows('http_events')).toEqual([])
  })
})

describe('while an exchange is under way', () => {
  const shown = ({ streams, live }: ReturnType<typeof opened>, nowNs: number) => {
    live.tables.clear()
    streams.tick(nowNs)
    streams.underWay(nowNs)
    return live.rows('http_events')
  }

  test('a response that streams is shown as it is by then, and once in the end', () => {
    const all = opened()
    const { streams, wire, sink } = all
    streams.handle(wire.request(request('GET /events')))
    const asked = wire.timeNs
    streams.handle(wire.response('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'))
    streams.handle(wire.response('6\r\nfirst \r\n'))
    expect(shown(all, asked + 1e9)).toEqual([])
    expect(shown(all, asked + 10e9)).toMatchObject([
      { outcome: 'running', resp_status: 200, resp_body: 'first ', resp_body_size: 6, latency: 10e9 },
    ])
    wire.timeNs = asked + 10e9
    streams.handle(wire.response('6\r\nsecond\r\n'))
    expect(shown(all, asked + 11e9)).toMatchObject([{ resp_body: 'first second', resp_body_size: 12 }])
    expect(sink.rows('http_events')).toEqual([])
    streams.handle(wire.response('0\r\n\r\n'))
    expect(shown(all, asked + 30e9)).toEqual([])
    expect(sink.rows('http_events')).toMatchObject([{ outcome: 'complete', resp_body: 'first second' }])
  })

  test('a request without an answer is shown after half a minute, and told in the end', () => {
    const all = opened()
    const { streams, wire, sink } = all
    streams.handle(wire.request(request('GET /slow')))
    const asked = wire.timeNs
    expect(shown(all, asked + 29e9)).toEqual([])
    expect(shown(all, asked + 31e9)).toMatchObject([{ outcome: 'waiting', resp_status: 0, latency: 31e9 }])
    wire.timeNs = asked + 40e9
    end(streams, wire)
    expect(shown(all, asked + 50e9)).toEqual([])
    expect(sink.rows('http_events')).toMatchObject([{ outcome: 'unanswered', resp_status: 0 }])
  })

  const HEAD = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'

  test.each([
    ['whose request was seen behind a rest', true, true],
    ['whose request was seen', false, true],
    ['seen from its head on', false, false],
  ])('a response %s streams on a connection that was joined under way', (_, isAtRest, isAsked) => {
    const all = { ...rig(PROTOCOLS), wire: new Wire() }
    const { streams, wire, sink } = all
    if (isAtRest) {
      streams.handle(wire.found())
      silence(streams, wire)
    }
    if (isAsked) streams.handle(wire.request(request('GET /events')))
    streams.handle(wire.response(HEAD))
    const begun = wire.timeNs
    streams.handle(wire.response('6\r\nfirst \r\n'))
    expect(shown(all, begun + 11e9)).toMatchObject([
      {
        outcome: 'running',
        req_path: isAtRest ? '/events' : '',
        resp_status: 200,
        resp_body: 'first ',
        resp_body_size: 6,
      },
    ])
    wire.timeNs = begun + 11e9
    streams.handle(wire.response('6\r\nsecond\r\n0\r\n\r\n'))
    streams.tick(wire.timeNs + 5e9)
    end(streams, wire)
    expect(shown(all, wire.timeNs + 30e9)).toEqual([])
    expect(sink.rows('http_events')).toMatchObject([
      {
        outcome: isAsked ? 'complete' : 'cut',
        req_path: isAsked ? '/events' : '',
        resp_body: 'first second',
        resp_body_size: 12,
      },
    ])
  })

  test('a response whose request is not known is shown without one, and once in the end', () => {
    const all = opened()
    const { streams, wire, sink } = all
    wire.request(`GET /a HTTP/1.1\r\n${'x: y\r\n'.repeat(20)}\r\n`)
    streams.handle(wire.request(request('GET /b')))
    streams.handle(wire.response(HEAD))
    streams.handle(wire.response('6\r\nfirst \r\n'))
    expect(shown(all, wire.timeNs + 11e9)).toMatchObject([
      { outcome: 'running', req_path: '', resp_body: 'first ' },
    ])
    end(streams, wire)
    expect(sink.rows('http_events').map(({ req_path, resp_body }) => [req_path, resp_body])).toEqual([
      ['', 'first '],
    ])
  })

  test('a head that takes a minute to arrive makes its row', () => {
    const { streams, wire, sink } = opened()
    const text = request('GET /slowly', { 'X-Long': 'a'.repeat(60) })
    for (const character of text) {
      streams.handle(wire.request(character))
      wire.timeNs += 60e9 / text.length
      streams.tick(wire.timeNs)
    }
    streams.handle(wire.response(response('200 OK', {}, 'at last')))
    end(streams, wire)
    expect(said(sink.rows('http_events'))).toEqual(['/slowly at last complete'])
  })
})

describe('bytes behind a request that are no request', () => {
  test.each([
    ['CONNECT', 'CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n', '\x16\x03\x01\x00\x05\x01ello', '200 OK'],
    [
      'a WebSocket frame',
      'GET /ws HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
      '\x81\x05hello',
      '101 Switching Protocols\r\nUpgrade: websocket',
    ],
    ['junk behind a body', request('POST /junk', {}, '{"a":1}'), '\r\njunk\x00junk', '200 OK'],
  ])('%s: the row is there', (_, ask, more, status) => {
    for (const turns of [
      [['client', ask + more] as const],
      [['client', ask] as const, ['client', more] as const],
    ]) {
      const { rows } = talk([...turns, ['server', `HTTP/1.1 ${status}\r\nContent-Length: 0\r\n\r\n`]])
      expect(rows.map(({ resp_status, outcome }) => [resp_status, outcome])).toEqual([
        [Number(status.slice(0, 3)), 'complete'],
      ])
    }
  })

  test('a refused CONNECT leaves the connection HTTP', () => {
    const { rows } = talk([
      ['client', 'CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n'],
      ['server', response('407 Proxy Authentication Required')],
      ['client', 'CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n'],
      ['server', response('403 Forbidden')],
    ])
    expect(rows.map(({ resp_status }) => resp_status)).toEqual([407, 403])
  })
})
