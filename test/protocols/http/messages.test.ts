import { describe, expect, test } from 'bun:test'
import zlib from 'node:zlib'
import { DECODE_LIMITS, DecodeBudget } from '../../../src/protocols/lib/decode-budget'
import { latin1, request, response } from './samples'
import { talk } from './talk'

const GET = request('GET /')
const OK = response('200 OK', {}, 'ok')

describe('start lines and connections', () => {
  test('pipelined requests are answered in order', () => {
    const { rows } = talk([
      ['client', request('GET /1') + request('GET /2') + request('GET /3')],
      ['server', response('200 OK', {}, 'one') + response('201 Created', {}, 'two')],
      ['server', response('202 Accepted', {}, 'three')],
    ])
    expect(rows.map(({ req_path, resp_body }) => [req_path, resp_body])).toEqual([
      ['/1', 'one'],
      ['/2', 'two'],
      ['/3', 'three'],
    ])
  })

  test('interim responses make no row of their own', () => {
    const { rows } = talk([
      ['client', request('PUT /', { Expect: '100-continue', 'Content-Length': 4 })],
      ['server', 'HTTP/1.1 100 Continue\r\n\r\n'],
      ['client', 'body'],
      ['server', `HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n${OK}`],
    ])
    expect(rows.map(({ resp_status, req_body }) => [resp_status, req_body])).toEqual([[200, 'body']])
  })

  test('101: the row is written, then the connection leaves HTTP', () => {
    const { rows, verdicts, counters } = talk([
      ['client', request('GET /chat', { Upgrade: 'irc/6.9', Connection: 'Upgrade' })],
      ['server', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: irc/6.9\r\n\r\n'],
      ['client', '\x81\x85abcd\x01\x02\x03\x04\x05'],
      ['server', '\x81\x05hello'],
    ])
    expect(rows).toHaveLength(1)
    expect(rows[0]).toMatchObject({ resp_status: 101, resp_message: 'Switching Protocols' })
    expect(verdicts.at(-1)!.verdict).toEqual({ action: 'count' })
    expect(counters.parseFailures).toBe(0)
  })

  test('CONNECT: what is in the tunnel is looked at anew', () => {
    const tunnel = (bytes: string) =>
      talk([
        ['client', request('CONNECT example.org:443')],
        ['server', 'HTTP/1.1 200 Connection established\r\nContent-Length: 9\r\n\r\n'],
        ['client', bytes],
      ])
    const { rows, counters } = tunnel('\x16\x03\x01\x02\x00\x01hello')
    expect(rows[0]).toMatchObject({ req_method: 'CONNECT', req_path: 'example.org:443', resp_body_size: 0 })
    expect(counters.encryptedConnections).toBe(1)
  })

  test('targets are kept as they were sent', () => {
    for (const target of ['*', 'http://example.org/a?b=c', '/caf\xc3\xa9', '/%2e%2e/x'])
      expect(
        talk([
          ['client', request(`OPTIONS ${target}`)],
          ['server', OK],
        ]).row.req_path,
      ).toBe(target.replace('\xc3\xa9', 'é'))
  })

  test('an empty reason phrase becomes the standard one', () => {
    expect(
      talk([
        ['client', GET],
        ['server', response('404 ')],
      ]).row.resp_message,
    ).toBe('Not Found')
    expect(
      talk([
        ['client', GET],
        ['server', response('404')],
      ]).row.resp_message,
    ).toBe('Not Found')
    expect(
      talk([
        ['client', GET],
        ['server', response('299 Odd')],
      ]).row.resp_message,
    ).toBe('Odd')
  })

  test('empty lines between messages and bare line feeds are forgiven', () => {
    const { rows } = talk([
      ['client', `${GET}\r\n`],
      ['server', OK],
      ['client', `\r\n${request('GET /2').replaceAll('\r\n', '\n')}`],
      ['server', OK],
    ])
    expect(rows.map(({ req_path }) => req_path)).toEqual(['/', '/2'])
  })

  test('requests without an answer are told as such', () => {
    const { rows } = talk([
      ['client', GET + GET],
      ['server', OK],
    ])
    expect(rows.map(({ outcome, resp_status }) => [outcome, resp_status])).toEqual([
      ['complete', 200],
      ['unanswered', 0],
    ])
  })
})

describe('headers', () => {
  const headersOf = (fields: string, settings = {}) =>
    JSON.parse(
      talk(
        [
          ['client', `GET / HTTP/1.1\r\n${fields}\r\n\r\n`],
          ['server', OK],
        ],
        settings,
      ).row.req_headers as string,
    )

  test('names as sent, repeated ones joined', () => {
    expect(headersOf('Host: a\r\nACCEPT: x\r\nAccept:   y  \r\nempty:')).toEqual({
      Host: 'a',
      ACCEPT: 'x, y',
      empty: '',
    })
  })

  test('obs-fold is one space', () => {
    expect(headersOf('Host: a\r\nX-Long: one\r\n  two\r\n\tthree')).toEqual({
      Host: 'a',
      'X-Long': 'one two three',
    })
  })

  test('quotes, UTF-8 and control characters are valid JSON', () => {
    expect(headersOf('ETag: "a\\b"\r\nX-Name: caf\xc3\xa9\r\nX-Odd: a\x01b')).toEqual({
      ETag: '"a\\b"',
      'X-Name': 'café',
      'X-Odd': 'a\u0001b',
    })
  })

  test('__proto__ is a name like any other', () => {
    const text = talk([
      ['client', `GET / HTTP/1.1\r\n__proto__: x\r\n\r\n`],
      ['server', OK],
    ]).row.req_headers
    expect(text).toBe('{"__proto__":"x"}')
  })

  test('huge heads are bounded, and the message is still told', () => {
    const many = Array.from({ length: 3000 }, (_, i) => `X-Header-${i}: ${'v'.repeat(40)}`).join('\r\n')
    const { row } = talk([
      ['client', `GET /huge HTTP/1.1\r\n${many}\r\n\r\n`],
      ['server', OK],
    ])
    expect(row.req_path).toBe('/huge')
    expect((row.req_headers as string).length).toBeLessThan(66 << 10)
    expect(Object.keys(JSON.parse(row.req_headers as string)).length).toBeGreaterThan(500)
  })

  test('a head without an end is given up', () => {
    const { rows, counters } = talk([
      ['client', `GET / HTTP/1.1\r\nX: ${'a'.repeat(800 << 10)}`],
      ['server', OK],
    ])
    expect(rows).toEqual([])
    expect(counters.parseFailures).toBe(1)
  })

  test.each([
    ['application/json; charset=utf-8', 1],
    ['application/problem+json', 1],
    ['application/grpc+proto', 2],
    ['text/html', 0],
  ])('content_type of %s', (type, code) => {
    expect(
      talk([
        ['client', GET],
        ['server', response('200 OK', { 'Content-Type': type }, '{}')],
      ]).row.content_type,
    ).toBe(code)
  })
})

describe('secrets', () => {
  const SECRET = 'hunter2'
  const headers = ['Authorization', 'proxy-authorization', 'Cookie', 'SET-COOKIE', 'X-Api-Key']

  test.each(headers)('%s', (name) => {
    const exchange = [
      ['client', request('GET /', { [name]: SECRET })],
      ['server', response('200 OK', { [name]: SECRET })],
    ] as const
    const { row } = talk(exchange)
    expect(JSON.stringify(row)).not.toContain(SECRET)
    expect(JSON.parse(row.req_headers as string)[name]).toBe('[redacted]')
    expect(JSON.stringify(talk(exchange, { redact: false }).row)).toContain(SECRET)
  })

  test('a header that is sent twice', () => {
    const fields = `GET / HTTP/1.1\r\nCookie: a=${SECRET}\r\nCookie: b=${SECRET}\r\n\r\n`
    expect(
      talk([
        ['client', fields],
        ['server', OK],
      ]).row.req_headers,
    ).toBe('{"Cookie":"[redacted]"}')
  })

  test('passwords in URLs and forms', () => {
    const { row } = talk([
      [
        'client',
        request(
          `POST http://me:${SECRET}@host/?a=1&password=${SECRET}&b=2&Access_Token=${SECRET}`,
          { Referer: `http://x/?token=${SECRET}`, 'Content-Type': 'application/x-www-form-urlencoded' },
          `user=me&passwd=${SECRET}&x=1`,
        ),
      ],
      ['server', response('302 Found', { Location: `/?api_key=${SECRET}#top` })],
    ])
    expect(JSON.stringify(row)).not.toContain(SECRET)
    expect(row.req_path).toBe(
      'http://me:[redacted]@host/?a=1&password=[redacted]&b=2&Access_Token=[redacted]',
    )
    expect(row.req_body).toBe('user=me&passwd=[redacted]&x=1')
    expect(JSON.parse(row.resp_headers as string).Location).toBe('/?api_key=[redacted]#top')
  })
})

describe('content', () => {
  const bodyOf = (headers: Record<string, string>, body: Uint8Array | string) => {
    const text = typeof body === 'string' ? body : latin1(body)
    return talk([
      ['client', GET],
      ['server', response('200 OK', headers, text)],
    ]).row
  }
  const text = JSON.stringify({ numbers: Array.from({ length: 4000 }, (_, i) => i * 7919) })

  test.each([
    ['gzip', zlib.gzipSync(text)],
    ['deflate', zlib.deflateSync(text)],
    ['deflate', zlib.deflateRawSync(text)],
    ['br', zlib.brotliCompressSync(text)],
    ['zstd', zlib.zstdCompressSync(text)],
    ['gzip, br', zlib.brotliCompressSync(zlib.gzipSync(text))],
    ['identity', text.slice(0, 2000)],
  ])('%s is inflated, its size is what was sent', (coding, body) => {
    const row = bodyOf({ 'Content-Encoding': coding }, body)
    expect(row.resp_body).toBe(text.slice(0, 1024))
    expect(row.resp_body_size).toBe(body.length)
  })

  test.each([
    ['gzip', zlib.gzipSync(Buffer.alloc(16 << 20))],
    ['br', zlib.brotliCompressSync(Buffer.alloc(16 << 20))],
    ['zstd', zlib.zstdCompressSync(Buffer.alloc(16 << 20))],
  ])('a bomb in %s does not go off', (coding, body) => {
    const row = bodyOf({ 'Content-Encoding': coding }, body)
    expect((row.resp_body as string).length).toBeLessThan(1200)
    expect(row.resp_body_size).toBe(body.length)
  })

  test('what cannot be inflated is named', () => {
    expect(bodyOf({ 'Content-Encoding': 'gzip' }, 'no gzip at all').resp_body).toBe('<gzip 14 bytes>')
    expect(bodyOf({ 'Content-Encoding': 'exotic' }, 'abc').resp_body).toBe('<exotic 3 bytes>')
    expect(bodyOf({ 'Content-Encoding': 'gzip, Exotic' }, 'abc').resp_body).toBe('<gzip, exotic 3 bytes>')
  })

  test('what there is no time to inflate is named', () => {
    const limits = { ...DECODE_LIMITS, burstNs: 0 }
    const { row } = talk(
      [
        ['client', GET],
        ['server', response('200 OK', { 'Content-Encoding': 'br' }, latin1(zlib.brotliCompressSync(text)))],
      ],
      { decodeBudget: new DecodeBudget(() => 0, limits) },
    )
    expect(row.resp_body).toMatch(/^<br \d+ bytes>$/)
  })

  test('binary content is its length and a printable head', () => {
    const png = `\x89PNG\r\n\x1a\n\x00\x00${'\xff'.repeat(5000)}`
    expect(bodyOf({}, png).resp_body).toStartWith('<binary 5010 bytes> .PNG......')
  })

  test('UTF-8 that the limit cuts is cut before the character', () => {
    const body = latin1(Buffer.from(`a${'é'.repeat(600)}`))
    expect(bodyOf({}, body).resp_body).toBe(`a${'é'.repeat(511)}`)
  })
})
