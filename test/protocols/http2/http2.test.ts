import { describe, expect, test } from 'bun:test'
import { headOf } from '../../../src/protocols/http2/head'
import { Field } from '../../../src/protocols/http2/hpack/table'
import { REDACTED } from '../../../src/protocols/lib/redact'
import { brief, client, closed, joined, type Said, said, server, type Talk, talk } from './stage'
import {
  answer,
  block,
  data,
  END_HEADERS,
  END_STREAM,
  type Fields,
  frame,
  get,
  headers,
  integer,
  neverIndexed,
  post,
  remembered,
} from './talk'

const RESET_NO_ERROR = '\0\0\0\0'
const RESET_CANCEL = '\0\0\0\x08'

describe('a stream is a row', () => {
  test('with what both sides said', () => {
    const stage = talk()
    stage.say(
      client(post(1, '/orders?x=1', { 'content-type': 'application/json' })),
      client(data(1, '{"milk":2}', END_STREAM)),
      server(answer(1, 201, { 'content-type': 'application/json' })),
      server(data(1, '{"id":7}')),
      server(headers(1, { 'x-sum': 'abc' }, END_STREAM)),
    )
    expect(closed(stage)).toMatchObject([
      {
        major_version: 2,
        minor_version: 0,
        content_type: 1,
        req_method: 'POST',
        req_path: '/orders?x=1',
        req_headers:
          '{":method":"POST",":scheme":"http",":path":"/orders?x=1",":authority":"shop","content-type":"application/json"}',
        req_body: '{"milk":2}',
        req_body_size: 10,
        resp_status: 201,
        resp_message: 'Created',
        resp_headers: '{":status":"201","content-type":"application/json","x-sum":"abc"}',
        resp_body: '{"id":7}',
        resp_body_size: 8,
        outcome: 'complete',
      },
    ])
  })

  test.each<[string, readonly Said[], readonly string[]]>([
    [
      'interim responses make none',
      [client(get(1, '/a')), server(answer(1, 103)), server(answer(1, 200, {}, END_STREAM))],
      ['GET /a 200 complete 0 0'],
    ],
    [
      'padding and priorities are no content',
      [
        client(
          frame(
            1,
            END_HEADERS | END_STREAM | 0x28,
            1,
            joined(Uint8Array.from([3, 0, 0, 0, 0, 9]), get(1, '/p').subarray(9), new Uint8Array(3)),
          ),
        ),
        server(answer(1, 200)),
        server(frame(0, 0x08 | END_STREAM, 1, '\x05hello\0\0\0\0\0')),
      ],
      ['GET /p 200 complete 0 5'],
    ],
    [
      'a head may come in several frames',
      [
        client(frame(1, END_STREAM, 1, get(1, '/parts').subarray(9, 12))),
        client(frame(9, 0, 1, get(1, '/parts').subarray(12, 20))),
        client(frame(9, END_HEADERS, 1, get(1, '/parts').subarray(20))),
        server(answer(1, 200, {}, END_STREAM)),
      ],
      ['GET /parts 200 complete 0 0'],
    ],
    [
      'frames of unknown types are passed over',
      [
        client(frame(0x42, 0xff, 1, 'whatever')),
        client(get(1, '/a')),
        server(answer(1, 200, {}, END_STREAM)),
      ],
      ['GET /a 200 complete 0 0'],
    ],
    [
      'what the server promises and pushes',
      [
        client(get(1, '/page')),
        server(frame(5, END_HEADERS, 1, joined(Uint8Array.from([0, 0, 0, 2]), get(2, '/style').subarray(9)))),
        server(answer(1, 200, {}, END_STREAM)),
        server(answer(2, 200)),
        server(data(2, 'css', END_STREAM)),
      ],
      ['GET /page 200 complete 0 0', 'GET /style 200 complete 0 3'],
    ],
    [
      'a tunnel',
      [
        client(headers(1, { ':method': 'CONNECT', ':authority': 'db:5432' })),
        server(answer(1, 200)),
        client(data(1, 'ping', END_STREAM)),
        server(data(1, 'pong', END_STREAM)),
      ],
      ['CONNECT db:5432 200 complete 4 4'],
    ],
    [
      'given up by the client before there was a response',
      [client(get(1, '/slow')), client(frame(3, 0, 1, RESET_CANCEL))],
      ['GET /slow 0 unanswered 0 0'],
    ],
    [
      'given up by the client within the response; what was on its way is nobody’s',
      [
        client(get(1, '/feed')),
        server(answer(1, 200)),
        server(data(1, 'one')),
        client(frame(3, 0, 1, RESET_CANCEL)),
        server(data(1, 'two')),
        server(headers(1, { 'x-end': '1' }, END_STREAM)),
        client(get(3, '/next')),
        server(answer(3, 204, {}, END_STREAM)),
      ],
      ['GET /feed 200 cut 0 3', 'GET /next 204 complete 0 0'],
    ],
    [
      'a server that needs no more of the request says so',
      [
        client(post(1, '/big')),
        client(data(1, 'some')),
        server(answer(1, 413, {}, END_STREAM)),
        server(frame(3, 0, 1, RESET_NO_ERROR)),
        client(data(1, 'more', END_STREAM)),
      ],
      ['POST /big 413 complete 4 0'],
    ],
    [
      'the connection ends within a response, and before one',
      [client(get(1, '/feed')), client(get(3, '/slow')), server(answer(1, 200)), server(data(1, 'one'))],
      ['GET /feed 200 cut 0 3', 'GET /slow 0 unanswered 0 0'],
    ],
  ])('%s', (_, all, rows) => {
    expect(said(...all)).toEqual([...rows])
  })

  test('a response that ends before its request makes one a second later', () => {
    const stage = talk()
    stage.say(client(post(1, '/up')), client(data(1, 'some')), server(answer(1, 401, {}, END_STREAM)))
    stage.streams.tick(stage.wire.timeNs + 0.5e9)
    expect(stage.rows()).toEqual([])
    stage.streams.tick(stage.wire.timeNs + 2e9)
    expect(stage.rows().map(brief)).toEqual(['POST /up 401 cut 4 0'])
    stage.say(client(data(1, 'more', END_STREAM)))
    expect(closed(stage)).toHaveLength(1)
  })

  test('one that streams is shown while it does, and one that waits', () => {
    const stage = talk()
    stage.say(
      client(get(1, '/watch')),
      server(answer(1, 200)),
      server(data(1, 'one')),
      client(get(3, '/wait')),
    )
    stage.streams.underWay(stage.wire.timeNs + 31e9)
    expect(stage.live.rows('http_events').map(brief)).toEqual([
      'GET /watch 200 running 0 3',
      'GET /wait 0 waiting 0 0',
    ])
    stage.streams.close()
    expect(stage.rows().map(brief)).toEqual(['GET /watch 200 running 0 3', 'GET /wait 0 waiting 0 0'])
  })
})

describe('a connection that was joined under way', () => {
  const asked = (stream: number, number: number, flags = END_STREAM) =>
    frame(1, END_HEADERS | flags, stream, Uint8Array.from([0x82, 0x86, ...integer(number, 7, 0x80)]))

  test('shows what was sent before as unknown, and never as something else', () => {
    const stage = talk({ isFresh: false })
    const added = remembered({ ':path': '/new' })
    stage.say(
      client(asked(101, 62)),
      server(answer(101, 200, {}, END_STREAM)),
      client(frame(1, END_HEADERS | END_STREAM, 103, joined(Uint8Array.from([0x82]), added))),
      server(frame(1, END_HEADERS | END_STREAM, 103, Uint8Array.from(integer(63, 7, 0x80)))),
      client(asked(105, 62)),
      server(answer(105, 500, {}, END_STREAM)),
      client(asked(107, 63)),
      server(answer(107, 204, {}, END_STREAM)),
    )
    expect(closed(stage).map(brief)).toEqual([
      'GET <unknown> 200 complete 0 0',
      'GET /new -1 complete 0 0',
      'GET /new 500 complete 0 0',
      'GET <unknown> 204 complete 0 0',
    ])
    expect(stage.rows()[0]!.req_headers).toBe('{":method":"GET",":scheme":"http","<unknown>":"<unknown>"}')
  })

  test('after lost bytes older fields are unknown too', () => {
    const stage = talk()
    stage.say(
      client(
        frame(
          1,
          END_HEADERS | END_STREAM,
          1,
          joined(Uint8Array.from([0x82]), remembered({ ':path': '/old' })),
        ),
      ),
      server(answer(1, 200, {}, END_STREAM)),
    )
    const lost = frame(
      1,
      END_HEADERS | END_STREAM,
      3,
      joined(Uint8Array.from([0x82]), remembered({ ':path': '/lost' })),
    )
    stage.streams.handle(stage.wire.data(0, lost, 0))
    stage.say(
      client(asked(5, 62)),
      server(answer(3, 201, {}, END_STREAM)),
      server(answer(5, 200, {}, END_STREAM)),
    )
    expect(closed(stage).map(brief)).toEqual(['GET /old 200 complete 0 0', 'GET <unknown> 200 complete 0 0'])
    expect(stage.counters.unpairedFrames).toBeGreaterThan(0)
  })

  test('trailers behind a lost head aren’t taken for a whole response', () => {
    const stage = talk()
    stage.say(
      client(get(1, '/a')),
      client(get(3, '/b')),
      server(
        frame(
          1,
          END_HEADERS | END_STREAM,
          3,
          joined(answer(3, 200).subarray(9), remembered({ 'x-sum': '1' })),
        ),
      ),
    )
    stage.streams.handle(stage.wire.data(1, joined(answer(1, 200), data(1, 'hello')), 0))
    stage.say(server(frame(1, END_HEADERS | END_STREAM, 1, Uint8Array.from(integer(62, 7, 0x80)))))
    expect(closed(stage).map(brief)).toEqual(['GET /b 200 complete 0 0', 'GET /a -1 cut 0 0'])
  })

  test('a response whose request is among lost bytes is no row without a request', () => {
    const stage = talk()
    stage.say(server(answer(1, 200)), server(data(1, 'hello', END_STREAM)))
    stage.streams.handle(stage.wire.data(0, get(1, '/lost'), 0))
    stage.say(client(get(3, '/b')), server(answer(3, 200, {}, END_STREAM)))
    expect(closed(stage).map(brief)).toEqual(['GET /b 200 complete 0 0'])
    expect(stage.counters.unpairedFrames).toBe(1)
  })

  test('messages of a content whose type isn’t known aren’t counted', () => {
    const stage = talk({ isFresh: false })
    const call = frame(1, END_HEADERS, 1, Uint8Array.from([0x83, 0x86, ...integer(62, 7, 0x80)]))
    stage.say(
      client(call),
      client(data(1, '\0\0\0\0\x01a', END_STREAM)),
      server(answer(1, 200, { 'content-type': 'application/grpc' })),
      server(data(1, '\0\0\0\0\x01a', END_STREAM)),
      client(get(3, '/b')),
      server(answer(3, 200, { 'content-type': 'text/plain' })),
      server(data(3, 'b', END_STREAM)),
    )
    expect(closed(stage).map(({ req_messages, resp_messages }) => [req_messages, resp_messages])).toEqual([
      [-1, 1],
      [0, 0],
    ])
  })

  test('answers to requests from before are counted', () => {
    const stage = talk({ isFresh: false })
    stage.say(server(answer(7, 200, { server: 'nginx' })), server(data(7, 'old', END_STREAM)))
    expect(closed(stage)).toEqual([])
    expect(stage.counters.unpairedFrames).toBe(1)
  })
})

describe('hostile peers', () => {
  test('a head without an end is bounded (CONTINUATION flood)', () => {
    const stage = talk()
    stage.say(client(frame(1, END_STREAM, 1, get(1, '/a').subarray(9, 12))))
    const part = frame(9, 0, 1, new Uint8Array(8000).fill(0x82))
    for (let i = 0; i < 500; i++) stage.say(client(part))
    expect(stage.streams.heldBytes).toBeLessThan(256 << 10)
    stage.say(client(frame(9, END_HEADERS, 1)), client(get(3, '/b')), server(answer(3, 200, {}, END_STREAM)))
    expect(closed(stage).map(brief)).toEqual(['GET /b 200 complete 0 0'])
  })

  test('streams that nobody answers are bounded, and counted (rapid reset, too)', () => {
    const stage = talk()
    for (let i = 0; i < 10_000; i++) stage.say(client(get(2 * i + 1, `/${i}`)))
    expect(stage.counters.unpairedFrames).toBe(10_000 - 4096)
    const rows = closed(stage)
    expect(rows).toHaveLength(4096)
    expect(stage.streams.heldBytes).toBe(0)
  })

  test('numbers of fields that no table has lose that stream only', () => {
    const stage = talk()
    stage.say(
      client(frame(1, END_HEADERS | END_STREAM, 1, Uint8Array.from([0x82, ...integer(4000, 7, 0x80)]))),
      client(get(3, '/b')),
      server(answer(3, 200, {}, END_STREAM)),
    )
    expect(closed(stage).map(brief)).toEqual(['GET /b 200 complete 0 0'])
  })

  test('a head with a long secret isn’t remembered', () => {
    const fields = [':method GET', ':path /', `authorization ${'s'.repeat(60_000)}`].map(
      (field) => new Field(...(field.split(' ') as [string, string])),
    )
    const heads = Array.from({ length: 3 }, () => headOf(fields, true))
    expect(new Set(heads).size).toBe(3)
    const short = [new Field(':method', 'GET'), new Field(':path', '/short')]
    expect(new Set(Array.from({ length: 3 }, () => headOf(short, true))).size).toBe(2)
  })

  test('blocks behind a head are bounded, however many there are', () => {
    const stage = talk()
    stage.say(client(get(1, '/a')), server(answer(1, 200)))
    for (let i = 0; i < 200; i++) stage.say(server(headers(1, { [`x-${i}`]: 'v'.repeat(1000) })))
    expect(stage.streams.heldBytes).toBeLessThan(256 << 10)
    stage.say(server(data(1, 'x', END_STREAM)))
    const [row] = closed(stage)
    expect(String(row!.resp_headers).length).toBeLessThanOrEqual(64 << 10)
    expect(JSON.parse(String(row!.resp_headers))).toMatchObject({ 'x-0': expect.any(String) })
  })

  test('secrets in names that break the rules are in no row', () => {
    const stage = talk()
    stage.say(
      client(
        get(1, '/a', { 'X-Auth': 's3cret', DPoP: 's3cret', 'Fastly-Key': 's3cret', 'x-auth ': 's3cret' }),
      ),
      server(answer(1, 200, { 'Content-Type': 'application/json' }, END_STREAM)),
    )
    const rows = closed(stage)
    expect(rows).toMatchObject([{ req_path: '/a', content_type: 1 }])
    expect(JSON.stringify(rows)).not.toContain('s3cret')
  })

  test('secrets are in no row, whichever way they are sent', () => {
    const stage = talk()
    const secret: Fields = { authorization: 'Bearer s3cret', cookie: 'sid=s3cret', 'x-api-key': 's3cret' }
    stage.say(
      client(
        frame(
          1,
          END_HEADERS | END_STREAM,
          1,
          joined(get(1, '/?token=s3cret').subarray(9), remembered(secret)),
        ),
      ),
      client(
        frame(
          1,
          END_HEADERS | END_STREAM,
          3,
          joined(get(3, '/b').subarray(9), Uint8Array.from([62, 63, 64].flatMap((n) => integer(n, 7, 0x80)))),
        ),
      ),
      server(answer(1, 200, { 'set-cookie': 'sid=s3cret' }, END_STREAM)),
      server(answer(3, 200, {}, END_STREAM)),
    )
    const rows = closed(stage)
    expect(rows).toHaveLength(2)
    expect(JSON.stringify(rows)).not.toContain('s3cret')
  })

  test('what a sender wants in no table is a secret, whatever its name; what tells the exchange is not', () => {
    const secret = joined(
      neverIndexed({ ':path': '/find?who=s3cret', ':method': 'GET', 'x-customer': 's3cret' }),
      neverIndexed({ 'x-customer': 's3cret again' }),
      block({ 'x-customer': 'ordinary', 'x-plain': 'shown' }),
    )
    const said = joined(
      neverIndexed({ ':status': '200', 'content-type': 'application/json', 'content-length': '2' }),
      block({ 'x-customer': 'shown' }),
    )
    const exchange = (stage: Talk) => {
      stage.say(
        client(frame(1, END_HEADERS | END_STREAM, 1, secret)),
        server(frame(1, END_HEADERS, 1, said)),
        server(data(1, '{}', END_STREAM)),
      )
      return closed(stage)
    }
    const rows = exchange(talk())
    expect(JSON.stringify(rows)).not.toContain('s3cret')
    expect(rows).toMatchObject([
      {
        req_method: 'GET',
        req_path: `/find?${REDACTED}`,
        req_headers: JSON.stringify({
          ':path': `/find?${REDACTED}`,
          ':method': 'GET',
          'x-customer': REDACTED,
          'x-plain': 'shown',
        }),
        resp_status: 200,
        content_type: 1,
        resp_headers: JSON.stringify({
          ':status': '200',
          'content-type': REDACTED,
          'content-length': REDACTED,
          'x-customer': 'shown',
        }),
        resp_body_size: 2,
      },
    ])
    const open = talk()
    open.settings.redact = false
    expect(exchange(open)).toMatchObject([
      { req_path: '/find?who=s3cret', resp_headers: expect.stringContaining('"content-length":"2"') },
    ])
  })
})
