/** Heads of 20 to 200 KB, many fields, and content of every kind (RFC 9110 §8). */
import zlib from 'node:zlib'
import { answer, ask, type Case, exchange, goesOn, head, OK, opened, row, turn } from './case'

const bytes = (data: Uint8Array) => Buffer.from(data).toString('latin1')

const BIG = [16, 17, 20, 33, 50, 64, 65, 100, 128, 200]
const big = (kilobytes: number) => `A: ${'v'.repeat(kilobytes << 10)}`
const MANY = [10, 50, 101, 200, 500, 1000, 2000]
const many = (count: number) => Array.from({ length: count }, (_, i) => `X-Field-${i}: value ${i}`)

const TEXT = JSON.stringify({ items: Array.from({ length: 300 }, (_, i) => ({ id: i, square: i * i })) })
const data = Buffer.from(TEXT)
const CODINGS: readonly (readonly [string, Uint8Array])[] = [
  ['gzip', zlib.gzipSync(data)],
  ['x-gzip', zlib.gzipSync(data)],
  ['GZIP', zlib.gzipSync(data)],
  ['deflate', zlib.deflateSync(data)],
  ['deflate', zlib.deflateRawSync(data)],
  ['br', zlib.brotliCompressSync(data)],
  ['zstd', zlib.zstdCompressSync(data)],
  ['identity', data],
  ['gzip, br', zlib.brotliCompressSync(zlib.gzipSync(data))],
  ['identity, gzip', zlib.gzipSync(data)],
]

const BINARY: readonly (readonly [string, string, string])[] = [
  ['every byte', bytes(Uint8Array.from({ length: 256 }, (_, i) => i)), '<binary 256 bytes> '],
  ['NUL', '\0', '<binary 1 bytes> .'],
  ['an image', '\x89PNG\r\n\x1a\n\0\0\0\rIHDR', '<binary 16 bytes> .PNG........IHDR'],
  ['ISO 8859-1', 'caf\xe9 au lait', '<binary 12 bytes> caf. au lait'],
  ['UTF-8', 'h\xc3\xa9llo \xe2\x82\xac', 'héllo €'],
  ['an empty line and another', '\r\n\r\n', '\r\n\r\n'],
  ['control characters', 'a\x01b', '<binary 3 bytes> a.b'],
  ['ANSI colours', '\x1b[1mbold\x1b[0m', '\x1b[1mbold\x1b[0m'],
]

const TYPES: readonly (readonly [string, string])[] = [
  ['application/json', '{"a":1}'],
  ['application/json; charset=utf-8', '{"a":1}'],
  ['application/x-www-form-urlencoded', 'user=me&x=1'],
  ['text/xml', '<a/>'],
  [
    'multipart/form-data; boundary=B',
    '--B\r\nContent-Disposition: form-data; name="f"\r\n\r\nGET / HTTP/1.1\r\n\r\n--B--\r\n',
  ],
  ['multipart/byteranges; boundary=B', '--B\r\nContent-Range: bytes 0-1/9\r\n\r\nab\r\n--B--'],
  ['message/http', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'],
]

/** On a joined connection more than 16 KiB of the first call aren't captured. */
const large: readonly Case[] = [
  ...BIG.map((kilobytes) =>
    exchange(
      `a request's head of ${kilobytes} KiB`,
      ask('GET /h', [big(kilobytes), 'B: c']),
      row('GET /h 200', 0, 2),
    ),
  ),
  ...BIG.map((kilobytes) =>
    exchange(
      `a response's head of ${kilobytes} KiB`,
      ask('GET /h'),
      row('GET /h 200', 0, 2),
      `${head('HTTP/1.1 200 OK', big(kilobytes), 'Content-Length: 2')}ok`,
    ),
  ),
  ...[20, 60, 150].map((kilobytes) =>
    exchange(
      `a target of ${kilobytes} KiB`,
      ask(`GET /${'t'.repeat(kilobytes << 10)}`),
      row(`GET /${'t'.repeat(kilobytes << 10)} 200`, 0, 2),
    ),
  ),
  ...[20, 60, 150].map((kilobytes) =>
    exchange(
      `a head of ${kilobytes} KiB and content behind it`,
      ask('POST /h', [big(kilobytes), 'Content-Length: 5'], 'hello'),
      row('POST /h 200', 5, 2, { asks: 'hello' }),
    ),
  ),
  ...MANY.map((count) =>
    exchange(
      `a request of ${count} fields`,
      ask('GET /h', many(count)),
      row('GET /h 200', 0, 2, {
        asked: { 'X-Field-0': 'value 0', [`X-Field-${count - 1}`]: `value ${count - 1}` },
      }),
    ),
  ),
  ...MANY.map((count) =>
    exchange(
      `a response of ${count} fields`,
      ask('GET /h'),
      row('GET /h 200', 0, 2, { answered: { [`X-Field-${count - 1}`]: `value ${count - 1}` } }),
      answer('200 OK', 'ok', many(count)),
    ),
  ),
]

export const sizes: readonly Case[] = [
  ...large.map(opened),
  ...CODINGS.map(([coding, content]) =>
    exchange(
      `Content-Encoding: ${coding}, ${content.length} bytes`,
      ask('GET /c'),
      row('GET /c 200', 0, content.length, { answers: TEXT.slice(0, 1024) }),
      answer('200 OK', bytes(content), [`Content-Encoding: ${coding}`]),
    ),
  ),
  ...CODINGS.map(([coding, content]) =>
    exchange(
      `a request with Content-Encoding: ${coding}, ${content.length} bytes`,
      ask('POST /c', [`Content-Encoding: ${coding}`, `Content-Length: ${content.length}`], bytes(content)),
      row('POST /c 200', content.length, 2, { asks: TEXT.slice(0, 1024) }),
    ),
  ),
  exchange(
    'an unknown coding',
    ask('GET /c'),
    row('GET /c 200', 0, 3, { answers: '<exotic 3 bytes>' }),
    answer('200 OK', 'abc', ['Content-Encoding: exotic']),
  ),
  exchange(
    'no gzip, whatever it says',
    ask('GET /c'),
    row('GET /c 200', 0, 3, { answers: '<gzip 3 bytes>' }),
    answer('200 OK', 'abc', ['Content-Encoding: gzip']),
  ),
  ...BINARY.map(([what, content, shown]) => {
    const expected = row(
      'POST /b 200',
      content.length,
      content.length,
      what === 'every byte' ? {} : { asks: shown, answers: shown },
    )
    return exchange(
      what,
      ask('POST /b', [`Content-Length: ${content.length}`], content),
      expected,
      answer('200 OK', content),
    )
  }),
  ...TYPES.map(([type, content]) =>
    goesOn(
      `Content-Type: ${type}`,
      turn(
        ask('POST /t', [`Content-Type: ${type}`, `Content-Length: ${content.length}`], content),
        answer('200 OK', content, [`Content-Type: ${type}`]),
      ),
      [row('POST /t 200', content.length, content.length, { asks: content, answers: content })],
    ),
  ),
  exchange('an empty answer', ask('GET /b'), row('GET /b 200'), answer('200 OK')),
  exchange(
    'the shortest exchange',
    'GET / HTTP/1.1\r\n\r\n',
    row('GET / 200'),
    'HTTP/1.1 200\r\nContent-Length:0\r\n\r\n',
  ),
  exchange('the shortest in line feeds', 'GET / HTTP/1.1\n\n', row('GET / 200', 0, 2), OK),
]
