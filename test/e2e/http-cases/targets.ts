/** Request targets (RFC 9112 §3.2), with what browsers, proxies and scanners put into them. */
import { answer, ask, type Case, exchange, head, lines, opened, row } from './case'

const SAME = [
  '/',
  '*',
  '//',
  '//user@host/is/a/path/',
  '/a/b/c',
  '/a//b',
  '/./../etc/passwd',
  '../../etc/passwd',
  'relative',
  '?',
  '/?',
  '/?q',
  '/?q=',
  '/?q=1&q=2',
  '/?a=b?c=d',
  '/?a=/b/c',
  '/#fragment',
  '/a?b#c',
  '/a?b#c?d#e',
  '/a;p=1;q=2?x',
  '/a:b',
  '/a,b',
  '/a+b%20c',
  '/%',
  '/%zz',
  '/%00',
  '/%2e%2e/%2f',
  '/%E2%82%AC',
  '/with_"quotes"?foo="bar"',
  "/it's",
  '/<script>alert(1)</script>',
  '/{a}|[b]\\c^`d',
  '/~user',
  '/a=b&c',
  '/$metadata?$filter=x%20eq%201',
  '/a@b',
  '/!$&()*+,;=:@',
  'http://example.org',
  'http://example.org/',
  'http://example.org:8080/a?b',
  'http://127.0.0.1/a',
  'http://[::1]:80/a',
  'HTTP://EXAMPLE.ORG/A',
  'https://example.org/a',
  'ftp://example.org/file',
  'ws://example.org/socket',
  'urn:isbn:1',
  'data:,x',
  'example.org:443',
  'http://a_b.c-d.example/e',
  'http://example.org?q=1',
  'http://example.org#f',
  '/ HTTP/1.1',
  '/HTTP/1.1',
  '/a HTTP/1.0',
  '/with space',
  '/two  spaces',
  '/a b c d e',
  '/index.html?path=GET /x',
]

/** As sent, and as shown: bytes that are UTF-8 are its characters, others one mark each. */
const BYTES: readonly (readonly [string, string])[] = [
  ['/\xc3\xa9', '/é'],
  ['/\xe2\x82\xac?\xf0\x9f\x98\x80', '/€?😀'],
  ['/\xa0', '/\ufffd'],
  ['/a\x85b', '/a\ufffdb'],
  ['/\xff\xfe', '/\ufffd\ufffd'],
  ['/a\tb', '/a\tb'],
]

const SECRET: readonly (readonly [string, string])[] = [
  ['/?password=hunter2', '/?password=[redacted]'],
  ['/?a=1&token=hunter2&b=2', '/?a=1&token=[redacted]&b=2'],
  ['http://me:hunter2@example.org/', 'http://me:[redacted]@example.org/'],
]

const LONG = [100, 1_000, 2_000, 4_000, 8_000, 12_000]

export const targets: readonly Case[] = [
  ...lines([
    ...SAME.map((target) => [JSON.stringify(target), `GET ${target}`] as const),
    ...BYTES.map(
      ([sent, shown]) => [`bytes ${JSON.stringify(sent)}`, `GET ${sent}`, `GET ${shown}`] as const,
    ),
    ...SECRET.map(([sent, shown]) => [`a secret in ${sent}`, `GET ${sent}`, `GET ${shown}`] as const),
    ...LONG.map((length) => [`${length} bytes`, `GET /${'long/'.repeat(length / 5)}`] as const),
  ]),
  ...['\0', '\x01', '\x0b', '\x0c', '\x1f', '\x7f', '\r', '\x1b[1m'].map((bytes) =>
    exchange(
      `${JSON.stringify(bytes)} in a target is text`,
      head(`GET /a${bytes}b HTTP/1.1`, 'Host: x'),
      row(`GET /a${bytes}b 400`),
      answer('400 Bad Request'),
    ),
  ),
  // On a joined connection no call is captured whole before anything is known of it.
  opened(
    exchange(
      '300 KB',
      ask(`GET /${'long/'.repeat(60_000)}`),
      row(`GET /${'long/'.repeat(60_000).slice(0, (256 << 10) - 1)}… 414`),
      answer('414 URI Too Long'),
    ),
  ),
]
