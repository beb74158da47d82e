/** Secrets of HTTP, replaced in the bytes as they were said: no length changes, and whoever parses them finds the same messages. */
import { describe, expect, test } from 'bun:test'
import { brotliCompressSync, deflateRawSync, gzipSync } from 'node:zlib'
import { HttpRedactor, MAX_DECODED_IN_ALL } from '../../src/recording/http-bytes'
import { cpuMs } from '../support/cpu-time'

const redaction = () => ({ secret: 0, unread: 0, decodable: MAX_DECODED_IN_ALL })

/** The rest of runs of one direction, with lost bytes between two of them. */
function left(...runs: readonly (string | number | Buffer)[]): string[] {
  const direction = new HttpRedactor(redaction())
  let missing = 0
  const done: string[] = []
  for (const run of runs) {
    if (typeof run === 'number') {
      missing = run
      continue
    }
    const bytes = Buffer.isBuffer(run) ? Buffer.from(run) : Buffer.from(run, 'latin1')
    direction.run(bytes, missing)
    missing = 0
    done.push(bytes.toString('latin1'))
  }
  return done
}

const only = (text: string | Buffer): string => left(text)[0]!
const length = (body: string | Buffer) => Buffer.byteLength(body)
const ok = (body: string, fields = '') =>
  `HTTP/1.1 200 OK\r\n${fields}Content-Length: ${length(body)}\r\n\r\n${body}`

describe('heads', () => {
  test('values of fields that are secrets, in any spelling', () => {
    const head = (auth: string, cookie: string) =>
      `GET / HTTP/1.1\r\nHost: a\r\nauthorization: ${auth}\r\nX-Api-Key:${cookie}\r\n\r\n`
    expect(only(head('Bearer abc-123', 'k9'))).toBe(head('xxxxxxxxxxx000', 'x0'))
  })
  test('parameters of the address', () => {
    expect(only('GET /a?token=abc&n=1 HTTP/1.1\r\nHost: a\r\n\r\n')).toBe(
      'GET /a?token=xxx&n=1 HTTP/1.1\r\nHost: a\r\n\r\n',
    )
  })
  test('of pipelined requests, each', () => {
    const request = (token: string) => `GET / HTTP/1.1\r\nCookie: ${token}\r\n\r\n`
    expect(only(request('abc').repeat(3))).toBe(request('xxx').repeat(3))
  })
  test('behind the answer to a HEAD, whose length is of no body', () => {
    const head = 'HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n'
    const next = (cookie: string) => `HTTP/1.1 204 No Content\r\nSet-Cookie: ${cookie}\r\n\r\n`
    expect(only(head + next('sid'))).toBe(head + next('xxx'))
  })
  test('with spaces in the address, whose secrets lie behind them, and of versions that only parsers take', () => {
    const head = (token: string) => `GET /a b?token=${token} HTTP/1.2\r\nHost: a\r\n\r\n`
    expect(only(head('abc'))).toBe(head('xxx'))
    expect(only('HTTP/1.1 200 token=abc')).toBe('HTTP/1.1 200 token=xxx')
  })
  test('that end nowhere', () => {
    expect(only('GET / HTTP/1.1\r\nAuthorization: abc')).toBe('GET / HTTP/1.1\r\nAuthorization: xxx')
  })
  test('that go on in further lines', () => {
    expect(only('GET / HTTP/1.1\r\nCookie: abc\r\n def\r\n\tghi\r\nA: b\r\n\r\n')).toBe(
      'GET / HTTP/1.1\r\nCookie: xxx\r\nxxxx\r\nxxxx\r\nA: b\r\n\r\n',
    )
  })
  test('reasons', () => {
    expect(only('HTTP/1.1 401 bad token=abc\r\nContent-Length: 0\r\n\r\n')).toBe(
      'HTTP/1.1 401 bad token=xxx\r\nContent-Length: 0\r\n\r\n',
    )
  })
  test('in trailers', () => {
    const body = (sig: string) =>
      `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Signature: ${sig}\r\n\r\n`
    expect(only(body('abc') + ok('x'))).toBe(body('xxx') + ok('x'))
  })
})

describe('bodies', () => {
  test('in chunks: a secret may lie in two, and the sizes stay', () => {
    const chunked = (one: string, two: string) =>
      `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${one.length.toString(16)}\r\n${one}\r\n${two.length.toString(16)};x=1\r\n${two}\r\n0\r\n\r\n`
    const before = chunked('{"password":"abc', 'def","n":1}') + ok('behind')
    expect(only(before)).toBe(chunked('{"password":"xxx', 'xxx","n":1}') + ok('behind'))
  })
  test('a name in one chunk and its value in the next', () => {
    const chunked = (value: string) =>
      `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\n{"pass\r\nf\r\nword":"${value}"}\r\n0\r\n\r\n`
    expect(only(chunked('abcde'))).toBe(chunked('xxxxx'))
  })
  test('with a length that is none, whatever follows', () => {
    for (const length of ['x', '-5', '1e3', '', '9'.repeat(30), '5, 6']) {
      const head = (path: string) => `POST ${path} HTTP/1.1\r\nContent-Length: ${length}\r\n\r\n`
      const next = (cookie: string) => `GET / HTTP/1.1\r\nCookie: ${cookie}\r\n\r\n`
      expect(only(head('/a') + next('abc')), length).toBe(head('/a') + next('xxx'))
      expect(only(`HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\ntoken=abc`), length).toEndWith(
        'token=xxx',
      )
    }
  })
  test('with a length that is said twice', () => {
    const post = (body: string, cookie: string) =>
      `POST /a HTTP/1.1\r\nContent-Length: 9, 9\r\n\r\n${body}GET / HTTP/1.1\r\nCookie: ${cookie}\r\n\r\n`
    expect(only(post('token=abc', 'def'))).toBe(post('token=xxx', 'xxx'))
  })
  test('until the close', () => {
    expect(only('HTTP/1.0 200 OK\r\n\r\n{"token":"abc"}')).toBe('HTTP/1.0 200 OK\r\n\r\n{"token":"xxx"}')
  })
  test('behind a hole', () => {
    const head = 'HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n'
    const rest = '{"token":"abc"}'
    const [, behind] = left(`${head}${'a'.repeat(10)}`, 15, `${rest}${ok('{"token":"def"}')}`)
    expect(behind).toBe(`{"token":"xxx"}${ok('{"token":"xxx"}')}`)
  })
})

describe('compressed bodies', () => {
  const message = (body: Buffer, encoding: string) =>
    Buffer.concat([
      Buffer.from(
        `HTTP/1.1 200 OK\r\nContent-Encoding: ${encoding}\r\nContent-Length: ${body.length}\r\n\r\n`,
      ),
      body,
      Buffer.from(ok('behind')),
    ])
  const encoders = { gzip: gzipSync, br: brotliCompressSync, deflate: deflateRawSync }
  const kept = (body: Buffer, encoding: string) =>
    only(message(body, encoding)).includes(body.toString('latin1'))
  for (const [encoding, encode] of Object.entries(encoders)) {
    test(`${encoding}: stay where no secret is in them`, () => {
      expect(kept(encode('{"price":12,"name":"something"}'), encoding)).toBe(true)
      expect(kept(encode('{"price":12,"token":"abc"}'), encoding)).toBe(false)
    })
  }
  test('are zeros of the same number else, and what follows is read', () => {
    const body = gzipSync('{"token":"abc"}')
    expect(only(message(body, 'gzip'))).toBe(message(Buffer.alloc(body.length), 'gzip').toString('latin1'))
  })
  test('of an unknown kind, twice packed, or packed without a word', () => {
    const body = gzipSync('{"price":12}')
    expect(kept(body, 'exi')).toBe(false)
    expect(kept(gzipSync(gzipSync('{"a":1}')), 'gzip')).toBe(false)
    expect(kept(gzipSync(gzipSync('{"a":1}')), 'gzip, gzip')).toBe(true)
    expect(kept(body, 'identity')).toBe(false)
  })
  test('by a transfer coding, or by one of two fields', () => {
    const body = deflateRawSync('{"price":12}')
    const chunk = `${body.length.toString(16)}\r\n${body.toString('latin1')}\r\n0\r\n\r\n`
    const hidden = `${body.length.toString(16)}\r\n${'\0'.repeat(body.length)}\r\n0\r\n\r\n`
    for (const fields of [
      'Transfer-Encoding: compress, chunked',
      'Content-Encoding: identity\r\nContent-Encoding: exi\r\nTransfer-Encoding: chunked',
    ]) {
      const head = `HTTP/1.1 200 OK\r\n${fields}\r\n\r\n`
      expect(only(Buffer.from(head + chunk, 'latin1'))).toBe(head + hidden)
    }
  })
  test('that are cut: what is there is looked into', () => {
    const body = gzipSync(`{"text":"${Array.from({ length: 300 }, (_, i) => i * 7919).join()}"}`)
    const head = `HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: ${body.length}\r\n\r\n`
    const start = Buffer.concat([Buffer.from(head), body.subarray(0, 200)])
    expect(only(start)).toBe(start.toString('latin1'))
    // The bytes after a hole can't be read.
    expect(left(start, 50, body.subarray(250, 300))[1]).toBe('\0'.repeat(50))
  })
  test('bombs are not unpacked to their end', () => {
    const bomb = gzipSync(Buffer.alloc(64 << 20))
    const state = redaction()
    const ms = cpuMs(() => {
      for (let i = 0; i < 200; i++) new HttpRedactor(state).run(Buffer.from(message(bomb, 'gzip')), 0)
    })
    expect(ms).toBeLessThan(5000)
    expect(state.decodable).toBeLessThanOrEqual(0)
  })
})

describe('what is no message', () => {
  test('behind a switch to another protocol is left out', () => {
    const head = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n'
    expect(left(`${head}\x81\x05hello`, 'more')).toEqual([`${head}${'\0'.repeat(7)}`, '\0\0\0\0'])
  })
  test('is left out, but for its ends of lines', () => {
    expect(only('token=abc\r\nGET / HTTP/1.1\r\n\r\n')).toBe(`${'\0'.repeat(9)}\r\nGET / HTTP/1.1\r\n\r\n`)
    expect(only('\r\n\nGET / HTTP/1.1\r\n\r\n')).toBe('\r\n\nGET / HTTP/1.1\r\n\r\n')
    expect(only('\x81\x83abc\r\nGET / HTTP/1.1\r\n\r\n')).toBe('\0\0\0\0\0\r\nGET / HTTP/1.1\r\n\r\n')
  })
  test("but for a proxy's header", () => {
    const one = 'PROXY TCP4 192.0.2.1 192.0.2.2 4000 80\r\nGET / HTTP/1.1\r\n\r\n'
    expect(only(one)).toBe(one)
    const two =
      '\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x0c\xc0\x00\x02\x01\xc0\x00\x02\x02\x0f\xa0\x00\x50GET / HTTP/1.1\r\n\r\n'
    expect(only(two)).toBe(two)
  })
  test('behind CONNECT, whatever it is', () => {
    const head = 'CONNECT a:25 HTTP/1.1\r\nHost: a\r\n\r\n'
    expect(only(`${head}AUTH PLAIN abc`)).toBe(`${head}${'\0'.repeat(14)}`)
  })
})

test('any bytes are looked through in time that grows with their number', () => {
  const parts = [
    'a ',
    'HTTP/1.1 200 ',
    'GET / HTTP/1.1\r\n',
    '\r\n',
    'Transfer-Encoding: chunked\r\n\r\n',
    '1\r\n',
    ' '.repeat(99),
  ]
  for (const part of parts) {
    const cost = (bytes: number) => {
      const run = Buffer.from(part.repeat(Math.ceil(bytes / part.length)))
      const from = Bun.nanoseconds()
      new HttpRedactor(redaction()).run(run, 0)
      return Bun.nanoseconds() - from
    }
    // With one look back from each byte it would take minutes.
    expect(cost(1_600_000) / 1e6, JSON.stringify(part)).toBeLessThan(2000)
  }
})
