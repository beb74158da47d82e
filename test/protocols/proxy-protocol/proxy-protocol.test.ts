/** A PROXY header in front of HTTP: the row has the true client's address. */
import { describe, expect, test } from 'bun:test'
import { readHeader } from '../../../src/protocols/proxy-protocol/header'
import { bytesOf } from '../../streams/wire'
import { request, response } from '../http/samples'
import { talk } from '../http/talk'

const SIGNATURE = '\r\n\r\n\0\r\nQUIT\n'
const binary = (command: number, family: number, rest: string, length = rest.length) =>
  `${SIGNATURE}${String.fromCharCode(command, family, length >> 8, length & 255)}${rest}`

const INET = '\xcb\x00\x71\x07\x0a\x00\x00\x01\xc7\xe1\x00\x50'
const INET6 = `\x20\x01\x0d\xb8${'\0'.repeat(11)}\x01${'\0'.repeat(15)}\x01\x01\xbb\x00\x50`
/** A TLV of type 1 (ALPN) with two bytes. */
const TLV = '\x01\x00\x02h2'

/** A certificate, and padding: as long as a header may be. */
const LONG = `${INET}\x20\x80\x00${'c'.repeat(0x8000)}\x04\x7f\xf0${'\0'.repeat(0x7fed)}`

const HEADERS: readonly (readonly [string, string, string, number])[] = [
  ['version 1, IPv4', 'PROXY TCP4 203.0.113.7 10.0.0.1 51169 80\r\n', '203.0.113.7', 51_169],
  ['version 1, IPv6', 'PROXY TCP6 2001:db8::1 ::1 443 80\r\n', '2001:db8::1', 443],
  ['version 1, unknown', 'PROXY UNKNOWN\r\n', '10.0.0.2', 40_000],
  ['version 1, unknown with addresses', 'PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n', '10.0.0.2', 40_000],
  ['version 2, IPv4', binary(0x21, 0x11, INET), '203.0.113.7', 51_169],
  ['version 2, IPv4 with TLVs', binary(0x21, 0x11, INET + TLV), '203.0.113.7', 51_169],
  [
    'version 2, IPv4 with 20 KB of TLVs',
    binary(0x21, 0x11, `${INET}\x20\x4e\x20${'c'.repeat(20_000)}`),
    '203.0.113.7',
    51_169,
  ],
  ['version 2, IPv6', binary(0x21, 0x21, INET6), '2001:db8::1', 443],
  ['version 2, the proxy itself', binary(0x20, 0x00, ''), '10.0.0.2', 40_000],
  ['version 2, Unix addresses', binary(0x21, 0x31, 'x'.repeat(216)), '10.0.0.2', 40_000],
]

describe.each(HEADERS)('%s', (_, header, address, port) => {
  const answer = ['server', response('200 OK', {}, 'x')] as const
  const row = {
    remote_addr: address,
    remote_port: port,
    req_path: '/',
    resp_status: 200,
    outcome: 'complete',
  }

  test('with the request in one write', () => {
    expect(talk([['client', header + request('GET /')], answer]).rows).toMatchObject([row])
  })

  test('on its own, and byte by byte', () => {
    expect(talk([['client', header], ['client', request('GET /')], answer]).rows).toMatchObject([row])
    const bytes = [...(header + request('GET /'))].map((byte) => ['client', byte] as const)
    expect(talk([...bytes, answer]).rows).toMatchObject([row])
  })
})

describe('what is no header', () => {
  test.each([
    'PROXY TCP4 999.0.0.1 10.0.0.1 1 2\r\n',
    'PROXY TCP6 203.0.113.7 10.0.0.1 1 2\r\n',
    'PROXY TCP4 203.0.113.7 10.0.0.1 port 2\r\n',
    'PROXY TCP4 203.0.113.7 10.0.0.1 1 2\n',
    `PROXY TCP4 ${' '.repeat(120)}\r\n`,
    binary(0x11, 0x11, INET),
    binary(0x2f, 0x11, INET),
    '\r\n\r\nGET / HTTP/1.1\r\n\r\n',
  ])('%j', (text) => {
    expect(readHeader(bytesOf(text), 0, text.length)).toBe('no')
  })

  test('one of 64 KB arrives in calls of any size', () => {
    const header = binary(0x21, 0x11, LONG.slice(0, 0xffff))
    for (const size of [1000, 16 << 10, 65_000]) {
      const calls = (header + request('GET /')).match(new RegExp(`[^]{1,${size}}`, 'g'))!
      const { rows } = talk([
        ...calls.map((call) => ['client', call] as const),
        ['server', response('200 OK')],
      ])
      expect(rows).toMatchObject([{ remote_addr: '203.0.113.7', req_path: '/', outcome: 'complete' }])
    }
  })

  test('any part of one may become one', () => {
    for (const [, header] of HEADERS)
      for (let end = 0; end < header.length; end += end < 500 ? 1 : 997)
        expect(readHeader(bytesOf(header), 0, end), `${end} bytes`).toBe('need-more')
  })
})
