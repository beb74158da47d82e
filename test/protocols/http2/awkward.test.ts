/**
 * Exchanges that are allowed and rare, or forbidden and seen. Those that follow are in `http2.test.ts`: interim responses, padding with
 * priorities, heads in several frames, unknown frames, pushes, tunnels, resets by either side, responses before their requests' ends.
 */
import { describe, expect, test } from 'bun:test'
import { brief, client, closed, joined, type Said, said, server, talk } from './stage'
import {
  answer,
  block,
  data,
  END_HEADERS,
  END_STREAM,
  frame,
  get,
  headers,
  integer,
  OPENING,
  post,
  remembered,
  settings,
} from './talk'

const PADDED = 8
const PUSH = 5
const RST_STREAM = 3
const CONTINUATION = 9
const error = (code: number) => Uint8Array.from([0, 0, 0, code])
const CANCEL = error(8)
const REFUSED = error(7)
const window = (stream: number, bytes = 4096) =>
  frame(8, 0, stream, Uint8Array.from([0, 0, bytes >> 8, bytes & 255]))
const ping = (flags = 0) => frame(6, flags, 0, 'pingping')
const goAway = (last: number, code = 0) =>
  frame(
    7,
    0,
    0,
    joined(Uint8Array.from([last >>> 24, last >> 16, last >> 8, last]), error(code), Buffer.from('bye')),
  )
const priority = (stream: number) => frame(2, 0, stream, Uint8Array.from([0, 0, 0, 0, 15]))
/** A payload with `padding` bytes behind it. */
const padded = (payload: Uint8Array, padding: number) =>
  joined(Uint8Array.from([padding]), payload, new Uint8Array(padding))
const ok = (stream: number) => server(answer(stream, 200, {}, END_STREAM))
const numbers = (...all: readonly number[]) =>
  Uint8Array.from(all.flatMap((number) => integer(number, 7, 0x80)))
const size = (limit: number) => Uint8Array.from(integer(limit, 5, 0x20))
const times = (count: number, one: () => Said): Said[] => Array.from({ length: count }, one)

describe('heads and trailers', () => {
  test.each<[string, readonly Said[], readonly string[]]>([
    [
      'a request waits for 100, and several interim responses come',
      [
        client(post(1, '/up', { expect: '100-continue' })),
        server(answer(1, 100)),
        client(data(1, 'body', END_STREAM)),
        server(answer(1, 102)),
        server(answer(1, 103, { link: '</style>' })),
        server(answer(1, 201, {}, END_STREAM)),
      ],
      ['POST /up 201 complete 4 0'],
    ],
    [
      'trailers alone (an error of gRPC)',
      [
        client(post(1, '/shop/Get', { 'content-type': 'application/grpc' })),
        client(data(1, '\0\0\0\0\0', END_STREAM)),
        server(answer(1, 200, { 'content-type': 'application/grpc', 'grpc-status': '5' }, END_STREAM)),
      ],
      ['POST /shop/Get 200 complete 5 0'],
    ],
    [
      'a request has trailers, behind an empty frame of data',
      [
        client(post(1, '/up')),
        client(data(1, 'body')),
        client(data(1, '')),
        client(headers(1, { 'x-sum': '1' }, END_STREAM)),
        ok(1),
      ],
      ['POST /up 200 complete 4 0'],
    ],
    [
      'a block has empty parts',
      [
        client(frame(1, END_STREAM, 1)),
        ...times(5, () => client(frame(CONTINUATION, 0, 1))),
        client(frame(CONTINUATION, 0, 1, get(1, '/parts').subarray(9))),
        client(frame(CONTINUATION, END_HEADERS, 1)),
        ok(1),
      ],
      ['GET /parts 200 complete 0 0'],
    ],
    [
      'a promise comes in parts, and another one is refused',
      [
        client(get(1, '/page')),
        server(frame(PUSH, 0, 1, joined(Uint8Array.from([0, 0, 0, 2]), get(2, '/style').subarray(9, 14)))),
        server(frame(CONTINUATION, END_HEADERS, 1, get(2, '/style').subarray(14))),
        server(
          frame(PUSH, END_HEADERS, 1, joined(Uint8Array.from([0, 0, 0, 4]), get(4, '/not').subarray(9))),
        ),
        client(frame(RST_STREAM, 0, 4, REFUSED)),
        server(answer(4, 200)),
        server(data(4, 'late', END_STREAM)),
        server(answer(2, 200, {}, END_STREAM)),
        ok(1),
      ],
      ['GET /not 0 unanswered 0 0', 'GET /style 200 complete 0 0', 'GET /page 200 complete 0 0'],
    ],
    [
      'a server has no path and a client no authority',
      [
        client(
          headers(1, { ':method': 'OPTIONS', ':scheme': 'http', ':path': '*', host: 'shop' }, END_STREAM),
        ),
        ok(1),
      ],
      ['OPTIONS * 200 complete 0 0'],
    ],
    [
      'an extended CONNECT (RFC 8441) to a protocol that is not known',
      [
        client(
          headers(1, {
            ':method': 'CONNECT',
            ':protocol': 'connect-udp',
            ':scheme': 'https',
            ':path': '/udp',
            ':authority': 'shop',
          }),
        ),
        server(answer(1, 200)),
        client(data(1, 'in', END_STREAM)),
        server(data(1, 'out', END_STREAM)),
      ],
      ['CONNECT /udp 200 complete 2 3'],
    ],
  ])('%s', (_, all, rows) => {
    expect(said(...all)).toEqual([...rows])
  })
})

describe('content', () => {
  test.each<[string, readonly Said[], readonly string[]]>([
    [
      'HEAD has a length and no content',
      [
        client(
          headers(
            1,
            { ':method': 'HEAD', ':scheme': 'http', ':path': '/big', ':authority': 'a' },
            END_STREAM,
          ),
        ),
        server(answer(1, 200, { 'content-length': '5000' }, END_STREAM)),
      ],
      ['HEAD /big 200 complete 0 0'],
    ],
    [
      '304 has a length and no content, and 204 has content',
      [
        client(get(1, '/cached')),
        client(get(3, '/none')),
        server(answer(1, 304, { 'content-length': '5000' }, END_STREAM)),
        server(answer(3, 204)),
        server(data(3, 'forbidden', END_STREAM)),
      ],
      ['GET /cached 304 complete 0 0', 'GET /none 204 complete 0 9'],
    ],
    [
      'more content than the length says, and less',
      [
        client(get(1, '/more')),
        client(get(3, '/less')),
        server(answer(1, 200, { 'content-length': '2' })),
        server(answer(3, 200, { 'content-length': '20' })),
        server(data(1, 'hello', END_STREAM)),
        server(data(3, 'hello', END_STREAM)),
      ],
      ['GET /more 200 complete 0 5', 'GET /less 200 complete 0 5'],
    ],
    [
      'everything is padded, as far as that goes, and a frame has padding alone',
      [
        client(frame(1, END_HEADERS | PADDED, 1, padded(post(1, '/p').subarray(9), 255))),
        client(frame(0, PADDED, 1, padded(Buffer.from('body'), 255))),
        client(frame(0, PADDED | END_STREAM, 1, padded(new Uint8Array(0), 255))),
        server(
          frame(
            PUSH,
            END_HEADERS | PADDED,
            1,
            padded(joined(Uint8Array.from([0, 0, 0, 2]), get(2, '/q').subarray(9)), 7),
          ),
        ),
        server(frame(1, END_HEADERS | PADDED, 1, padded(block({ ':status': '200' }), 255))),
        server(frame(0, PADDED, 1, padded(Buffer.from('hello'), 0))),
        server(frame(1, END_HEADERS | END_STREAM | PADDED, 1, padded(block({ 'x-sum': '1' }), 100))),
        server(answer(2, 200, {}, END_STREAM)),
      ],
      ['POST /p 200 complete 4 5', 'GET /q 200 complete 0 0'],
    ],
    [
      'many empty frames, of which the last one ends the stream',
      [
        client(post(1, '/up')),
        ...times(50, () => client(data(1, ''))),
        client(data(1, '', END_STREAM)),
        server(answer(1, 200)),
        ...times(50, () => server(data(1, ''))),
        server(data(1, '', END_STREAM)),
      ],
      ['POST /up 200 complete 0 0'],
    ],
    [
      'windows are used up again and again',
      [
        client(post(1, '/up')),
        ...Array.from({ length: 20 }, (_, i) => [
          client(data(1, 'x'.repeat(100), i === 19 ? END_STREAM : 0)),
          server(window(0, 100)),
          server(window(1, 100)),
        ]).flat(),
        server(answer(1, 200)),
        server(data(1, 'y'.repeat(65))),
        client(window(1, 0)),
        client(window(1)),
        server(data(1, 'z', END_STREAM)),
      ],
      ['POST /up 200 complete 2000 66'],
    ],
    [
      'an upload goes on for long behind the head of its response, which ends last',
      [
        client(post(1, '/up')),
        server(answer(1, 200)),
        ...times(30, () => client(data(1, 'x'.repeat(1000)))),
        client(get(3, '/other')),
        ok(3),
        client(data(1, 'end', END_STREAM)),
        server(data(1, 'thanks', END_STREAM)),
      ],
      ['GET /other 200 complete 0 0', 'POST /up 200 complete 30003 6'],
    ],
  ])('%s', (_, all, rows) => {
    expect(said(...all)).toEqual([...rows])
  })
})

describe('streams', () => {
  test.each<[string, readonly Said[], readonly string[]]>([
    [
      'the server resets one before it answers',
      [client(get(1, '/busy')), server(frame(RST_STREAM, 0, 1, REFUSED)), client(get(3, '/busy')), ok(3)],
      ['GET /busy 0 unanswered 0 0', 'GET /busy 200 complete 0 0'],
    ],
    [
      'it goes away with streams in flight: some have their answers, some are never looked at',
      [
        client(get(1, '/one')),
        client(get(3, '/two')),
        client(get(5, '/three')),
        server(goAway(0x7fff_ffff)),
        server(goAway(3)),
        server(answer(3, 200, {}, END_STREAM)),
        server(answer(1, 200, {}, END_STREAM)),
      ],
      ['GET /two 200 complete 0 0', 'GET /one 200 complete 0 0', 'GET /three 0 unanswered 0 0'],
    ],
    [
      'numbers have gaps, and a reserved bit',
      [
        client(get(7, '/seven')),
        client(get(1001, '/more')),
        client(frame(1, END_HEADERS | END_STREAM, 0x8000_0000 + 1003, get(1, '/bit').subarray(9))),
        ok(1001),
        ok(7),
        ok(1003),
      ],
      ['GET /more 200 complete 0 0', 'GET /seven 200 complete 0 0', 'GET /bit 200 complete 0 0'],
    ],
    [
      'priorities come before, within and after their streams',
      [
        client(priority(1)),
        client(get(1, '/a')),
        client(priority(1)),
        client(priority(9)),
        ok(1),
        client(priority(1)),
        client(get(3, '/b')),
        ok(3),
      ],
      ['GET /a 200 complete 0 0', 'GET /b 200 complete 0 0'],
    ],
    [
      'frames of a stream that was reset, or never began',
      [
        client(get(1, '/a')),
        client(frame(RST_STREAM, 0, 1, CANCEL)),
        client(frame(RST_STREAM, 0, 1, CANCEL)),
        server(frame(RST_STREAM, 0, 99, CANCEL)),
        server(data(99, 'nobody’s')),
        server(window(99)),
        client(get(3, '/b')),
        ok(3),
      ],
      ['GET /a 0 unanswered 0 0', 'GET /b 200 complete 0 0'],
    ],
    [
      'both sides ping, and extensions speak (RFC 7838, 8336, 9218)',
      [
        ...times(500, () => client(ping())),
        client(get(1, '/a')),
        ...times(500, () => server(ping(1))),
        server(frame(10, 0, 0, '\0\x04shoph2=":443"')),
        server(frame(12, 0, 0, '\0\x09http://a.b')),
        client(frame(16, 0, 0, '\0\0\0\x01u=1')),
        server(frame(0xfa, 0xff, 1, 'grease')),
        ok(1),
      ],
      ['GET /a 200 complete 0 0'],
    ],
    [
      'one that begins with the bytes of the opening, and the server first',
      [server(settings([3, 100])), client(joined(settings(), frame(4, 1, 0), get(1, '/a'))), ok(1)],
      ['GET /a 200 complete 0 0'],
    ],
  ])('%s', (_, all, rows) => {
    expect(said(...all)).toEqual([...rows])
  })
})

describe('the header table', () => {
  const asks = (stream: number, ...parts: readonly Uint8Array[]) =>
    client(frame(1, END_HEADERS | END_STREAM, stream, joined(...parts)))

  test('its size goes to 0 and back, in the middle: what was in it is gone', () => {
    expect(
      said(
        asks(1, numbers(2, 6), remembered({ ':path': '/old' })),
        ok(1),
        server(settings([1, 0])),
        client(frame(4, 1, 0)),
        server(settings([1, 4096])),
        asks(3, size(0), size(4096), numbers(2, 6), remembered({ ':path': '/new' })),
        ok(3),
        asks(5, numbers(2, 6, 62)),
        ok(5),
        // There is no such field any more, so this is no request.
        asks(7, numbers(2, 6, 63)),
        asks(9, numbers(2, 6), remembered({ ':path': '/more' })),
        ok(9),
        asks(11, numbers(2, 6, 62)),
        ok(11),
      ),
    ).toEqual([
      'GET /old 200 complete 0 0',
      'GET /new 200 complete 0 0',
      'GET /new 200 complete 0 0',
      'GET /more 200 complete 0 0',
      'GET /more 200 complete 0 0',
    ])
  })

  test('it is made small, and the oldest fields leave', () => {
    expect(
      said(
        asks(1, numbers(2, 6), remembered({ ':path': '/one' })),
        ok(1),
        asks(3, size(82), numbers(2, 6), remembered({ ':path': '/two' })),
        ok(3),
        asks(5, numbers(2, 6, 62)),
        ok(5),
        asks(7, numbers(2, 6, 63)),
        ok(7),
        asks(9, size(41), numbers(2, 6, 62)),
        ok(9),
      ),
    ).toEqual([
      'GET /one 200 complete 0 0',
      'GET /two 200 complete 0 0',
      'GET /two 200 complete 0 0',
      'GET /one 200 complete 0 0',
      'GET /two 200 complete 0 0',
    ])
  })

  test('the opening, settings, and a request may come a byte at a time', () => {
    const stage = talk({ isFresh: false })
    const { wire, streams } = stage
    const fresh = wire.open()
    streams.handle(fresh)
    for (const byte of joined(OPENING, get(1, '/slow'))) streams.handle(wire.request(Uint8Array.of(byte)))
    for (const byte of joined(settings(), answer(1, 200, {}, END_STREAM)))
      streams.handle(wire.response(Uint8Array.of(byte)))
    expect(closed(stage).map(brief)).toEqual(['GET /slow 200 complete 0 0'])
  })
})
