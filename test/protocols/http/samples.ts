/** Readable builders of HTTP/1 messages, and the conversations that the shared suite plays. */
import { gzipSync } from 'node:zlib'
import type { Sample } from '../conformance'

type Headers = Readonly<Record<string, string | number>>

const lines = (headers: Headers) =>
  Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')

export function request(line: string, headers: Headers = {}, body = ''): string {
  const length: Headers = body === '' ? {} : { 'Content-Length': body.length }
  return `${line} HTTP/1.1\r\n${lines({ Host: 'example.org', ...headers, ...length })}\r\n${body}`
}

export function response(status: string, headers: Headers = {}, body = ''): string {
  return `HTTP/1.1 ${status}\r\n${lines({ 'Content-Length': body.length, ...headers })}\r\n${body}`
}

/** Chunks as they are; `end` is what follows the last one. */
export function chunked(chunks: readonly string[], end = '0\r\n\r\n'): string {
  return chunks.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join('') + end
}

export const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')

const gzipped = latin1(gzipSync(JSON.stringify({ items: Array.from({ length: 30 }, (_, i) => i * i) })))

export const SAMPLES: readonly Sample[] = [
  {
    name: 'three exchanges with bodies',
    shows: ['in-order', 'pipelined'],
    records: [
      ['/one?x=1', 'first answer'],
      ['/two', 'Created'],
      ['/three', 'No Content'],
    ],
    messages: [
      { from: 'client', bytes: request('GET /one?x=1', { Accept: '*/*' }) },
      { from: 'server', bytes: response('200 OK', { 'Content-Type': 'text/plain' }, 'first answer') },
      { from: 'client', bytes: request('POST /two', { 'Content-Type': 'application/json' }, '{"two":2}') },
      { from: 'server', bytes: response('201 Created', { Location: '/two/1' }, '{"id":1}') },
      { from: 'client', bytes: request('DELETE /three') },
      { from: 'server', bytes: 'HTTP/1.1 204 No Content\r\nX-Request-Id: 3\r\n\r\n' },
    ],
  },
  {
    name: 'HEAD, chunks and trailers',
    shows: ['in-order', 'pipelined', 'under-way'],
    underWayNs: 30e9,
    records: [
      ['/head', '4321'],
      ['/chunks', 'put this there', 'some chunks of text'],
      ['/gzip', 'items'],
    ],
    messages: [
      { from: 'client', bytes: request('HEAD /head') },
      { from: 'server', bytes: response('200 OK', { 'Content-Length': 4321 }) },
      {
        from: 'client',
        bytes: request('PUT /chunks', { 'Transfer-Encoding': 'chunked' }) + chunked(['put ', 'this there']),
      },
      {
        from: 'server',
        bytes: `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunked(
          ['some', ' chunks of', ' text'],
          '0;last=yes\r\nX-Sum: 7\r\n\r\n',
        )}`,
      },
      { from: 'client', bytes: request('GET /gzip', { 'Accept-Encoding': 'gzip' }) },
      {
        from: 'server',
        bytes: response(
          '200 OK',
          { 'Content-Encoding': 'gzip', 'Content-Type': 'application/json' },
          gzipped,
        ),
      },
    ],
  },
  {
    name: 'a body up to the end of the connection',
    shows: ['in-order', 'pipelined'],
    records: [
      ['/length', 'nothing here'],
      ['/close', 'all there is'],
    ],
    messages: [
      { from: 'client', bytes: request('GET /length') },
      { from: 'server', bytes: response('404 Not Found', {}, 'nothing here') },
      { from: 'client', bytes: request('GET /close') },
      { from: 'server', bytes: 'HTTP/1.0 200 OK\r\nServer: old\r\n\r\nall there is, up to the end' },
    ],
  },
  {
    name: 'secrets in headers, targets and forms',
    shows: ['in-order', 'pipelined'],
    records: [
      ['/login', 'welcome'],
      ['/basic', 'me again'],
      ['/cookie', 'Found'],
    ],
    secrets: ['s3cret', 'b3arer', 'c00kie', 'passw0rd'],
    messages: [
      {
        from: 'client',
        bytes: request(
          'POST /login?token=s3cret',
          { 'Content-Type': 'application/x-www-form-urlencoded' },
          'user=me&password=passw0rd',
        ),
      },
      { from: 'server', bytes: response('200 OK', { 'Set-Cookie': 'id=c00kie; Path=/' }, 'welcome') },
      { from: 'client', bytes: request('GET /basic', { Authorization: 'Bearer b3arer' }) },
      { from: 'server', bytes: response('200 OK', {}, 'me again') },
      { from: 'client', bytes: request('GET /cookie', { Cookie: 'a=b; id=c00kie' }) },
      { from: 'server', bytes: response('302 Found', { Location: '/?access_token=s3cret' }) },
    ],
  },
  {
    name: 'an upgrade',
    shows: ['in-order', 'hand-over'],
    next: 'websocket',
    records: [
      ['/page', 'text of the page'],
      ['/socket', 'Switching'],
    ],
    messages: [
      { from: 'client', bytes: request('GET /page') },
      { from: 'server', bytes: response('200 OK', {}, 'text of the page') },
      { from: 'client', bytes: request('GET /socket', { Connection: 'Upgrade', Upgrade: 'websocket' }) },
      {
        from: 'server',
        bytes: 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
      },
    ],
  },
]
