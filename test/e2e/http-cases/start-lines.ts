/** Request lines and status lines (RFC 9112 §3, §4), and lines of other protocols that look like them. */
import { answer, ask, type Case, exchange, head, last, OK, row, turn } from './case'

/** What is forgiven: the line as it was sent, and its target. */
const FORGIVEN: readonly (readonly [string, string])[] = [
  ['GET  /a HTTP/1.1', '/a'],
  ['GET /a  HTTP/1.1', '/a'],
  ['GET   /a   HTTP/1.1', '/a'],
  ['GET /a HTTP/1.1 ', '/a'],
  ['GET /a HTTP/1.1\t', '/a'],
  ['\r\nGET /a HTTP/1.1', '/a'],
  ['\r\n\r\n\r\nGET /a HTTP/1.1', '/a'],
  ['\nGET /a HTTP/1.1', '/a'],
]

const NOT_REQUESTS = [
  'GET',
  'GET /a',
  'GET HTTP/1.1',
  'GET  HTTP/1.1',
  'GET /a HTTP/0.9',
  'GET /a HTTP/2.0',
  'GET /a HTTP/3.0',
  'GET /a HTTP/5.6',
  'GET /a HTTP/1',
  'GET /a HTTP/1.',
  'GET /a HTTP/1.10',
  'GET /a HTTP/11.1',
  'GET /a HTTP/1.x',
  'GET /a HTTP/1,1',
  'GET /a HTTP 1.1',
  'GET /a HTTP-1.1',
  'GET /a http/1.1',
  'GET /a Http/1.1',
  'GET /a HTTPS/1.1',
  'GET /a IHTTP/1.1',
  'GET /a ICE/1.0',
  'SOURCE /a ICE/1.0',
  'PUT /a RTSP/1.0',
  'OPTIONS sip:a@b SIP/2.0',
  'GET /aHTTP/1.1',
  'GET /a HTTP/1.1 more',
  'GET/a HTTP/1.1',
  'GET\t/a\tHTTP/1.1',
  'PRI * HTTP/2.0',
  'EHLO example.org',
  'SSH-2.0-OpenSSH_9.2',
  '{"jsonrpc":"2.0","method":"GET / HTTP/1.1"}',
]

/** A status line, its number, what is shown as its reason, and its minor version. */
const STATUS_LINES: readonly (readonly [string, number, string, number])[] = [
  ['HTTP/1.1 200 OK', 200, 'OK', 1],
  ['HTTP/1.0 200 OK', 200, 'OK', 0],
  ['HTTP/1.9 200 OK', 200, 'OK', 9],
  ['HTTP/1.1 200', 200, 'OK', 1],
  ['HTTP/1.1 200 ', 200, 'OK', 1],
  ['HTTP/1.1 303', 303, 'See Other', 1],
  ['HTTP/1.0 303 ', 303, 'See Other', 0],
  ['HTTP/1.1  200 OK', 200, 'OK', 1],
  ['HTTP/1.1 200  OK', 200, 'OK', 1],
  ['HTTP/1.1 200 OK ', 200, 'OK', 1],
  ['HTTP/1.1 404 Not Found', 404, 'Not Found', 1],
  ['HTTP/1.1 404 nothing: here / there?', 404, 'nothing: here / there?', 1],
  ['HTTP/1.1 500 Oops\ttab', 500, 'Oops\ttab', 1],
  ['HTTP/1.1 500 \xc3\xa9', 500, 'é', 1],
  ['HTTP/1.1 500 \xe9', 500, '\ufffd', 1],
  ['HTTP/1.1 500 "quoted" \\', 500, '"quoted" \\', 1],
  ['HTTP/1.1 200 O\0K', 200, 'O\0K', 1],
  ['HTTP/1.1 200 O\x7fK', 200, 'O\x7fK', 1],
  ['HTTP/1.1 299 HTTP/1.1 200 OK', 299, 'HTTP/1.1 200 OK', 1],
  ['HTTP/1.1 418 ', 418, "I'm a Teapot", 1],
  ['HTTP/1.1 499 Client closed', 499, 'Client closed', 1],
  ['HTTP/1.1 600 Beyond', 600, 'Beyond', 1],
  ['HTTP/1.1 799', 799, '', 1],
  ['HTTP/1.1 999 Denied', 999, 'Denied', 1],
]

const NOT_RESPONSES = [
  'HTTP/1.1 20 OK',
  'HTTP/1.1 2000 OK',
  'HTTP/1.1 OK',
  'HTTP/1.1  OK',
  'HTTP/1.1 2x0 OK',
  'HTTP/1.1 000 OK',
  'HTTP/1.1 099 OK',
  'HTTP/1.1 -200 OK',
  'HTTP/1.1200 OK',
  'HTTP/1. 200 OK',
  'HTTP/1.1z 200 OK',
  'HTTP/1.1\t200 OK',
  'HTTP/1.1 200\tOK',
  'HTTP/2.0 200 OK',
  'http/1.1 200 OK',
  'ICY 200 OK',
  'SIP/2.0 200 OK',
  'RTSP/1.0 200 OK',
  '200 OK',
]

const STATUSES = [
  200, 201, 202, 203, 206, 207, 208, 226, 300, 301, 302, 303, 305, 307, 308, 400, 401, 402, 403, 404, 405,
  406, 407, 408, 409, 410, 411, 412, 413, 414, 415, 416, 417, 421, 422, 423, 424, 425, 426, 428, 429, 431,
  451, 500, 501, 502, 503, 504, 505, 506, 507, 508, 510, 511,
]

export const startLines: readonly Case[] = [
  ...[0, 1, 2, 9].map((minor) =>
    exchange(
      `HTTP/1.${minor}`,
      head(`GET /a HTTP/1.${minor}`, 'Host: x'),
      row('GET /a 200', 0, 2, { minor }),
      OK.replace('HTTP/1.1', `HTTP/1.${minor}`),
    ),
  ),
  ...FORGIVEN.map(([line, target]) =>
    exchange(JSON.stringify(line), head(line, 'Host: x'), row(`GET ${target} 200`, 0, 2)),
  ),
  ...NOT_REQUESTS.map(
    (line): Case => ({
      name: `no request: ${JSON.stringify(line)}`,
      turns: turn(head(line, 'Host: x'), answer('400 Bad Request')),
      rows: [],
      closes: 'server',
    }),
  ),
  ...STATUS_LINES.map(([line, status, message, minor]) =>
    exchange(
      JSON.stringify(line),
      ask('GET /a'),
      row(`GET /a ${status}`, 0, 1, { message, minor }),
      `${head(line, 'Content-Length: 1')}x`,
    ),
  ),
  ...NOT_RESPONSES.map(
    (line): Case => ({
      ...last(
        `no response: ${JSON.stringify(line)}`,
        ask('GET /a'),
        row('- - 0'),
        head(line, 'Content-Length: 0'),
      ),
      rows: [],
    }),
  ),
  ...STATUSES.map((status) =>
    exchange(
      `status ${status}`,
      ask('GET /s'),
      row(`GET /s ${status}`, 0, 4),
      answer(`${status} Reason`, 'body'),
    ),
  ),
]
