/** Traffic that makes a reader wait and keep data: requests without answers, messages without an end. */
import type { Attack, Field } from '../field'

const long = (bytes: number) => 'x'.repeat(bytes)

/** 100 connections, 800 requests each. */
async function unanswered(field: Field, request: (n: number) => string): Promise<void> {
  const port = await field.listen()
  const sockets = await field.openMany(port, 100)
  await field.flood(sockets, (round, at) => request(round * 100 + at), 200, 800)
  await field.rest()
}

/** Connections that say `first` and then `more`, again and again. */
async function endless(
  field: Field,
  first: string,
  more: (round: number) => string,
  count = 50,
): Promise<void> {
  const port = await field.listen()
  const sockets = await field.openMany(port, count)
  await field.flood(sockets, (round) => (round === 0 ? first : more(round)), 100)
}

async function answered(field: Field, request: (n: number) => string): Promise<void> {
  const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'
  let waiting = 0
  const port = await field.listen((socket, bytes) => {
    // One answer for each request; a request may come in pieces.
    for (let at = bytes.indexOf('\r\n\r\n'); at >= 0; at = bytes.indexOf('\r\n\r\n', at + 4)) {
      waiting++
      void field.write(socket, ok)
    }
  })
  const sockets = await field.openMany(port, 8)
  await field.flood(sockets, (round, at) => request(round * 8 + at), 100)
  field.count('answers', waiting)
}

export const WAITING: readonly Attack[] = [
  {
    name: 'unanswered-headers',
    what: '80,000 requests with 8 KB of headers, unanswered',
    run: (field) => unanswered(field, (n) => `GET /u${n} HTTP/1.1\r\nA: ${n}${long(8000)}\r\n\r\n`),
  },
  {
    name: 'unanswered-targets',
    what: '80,000 requests with targets of 8 KB, unanswered',
    run: (field) => unanswered(field, (n) => `GET /u${n}${long(8000)} HTTP/1.1\r\nHost: a\r\n\r\n`),
  },
  {
    name: 'unanswered-bodies',
    what: '80,000 requests with bodies of 8 KB, unanswered',
    run: (field) =>
      unanswered(field, (n) => `POST /u${n} HTTP/1.1\r\nContent-Length: 8000\r\n\r\n${long(8000)}`),
  },
  {
    name: 'long-heads-short-paths',
    what: '80,000 requests with 8 KB of the same headers 2,000 times over, unanswered',
    run: (field) =>
      unanswered(field, (n) => `GET /u${n} HTTP/1.1\r\nX${n}: a\r\n${'a:b\r\n'.repeat(1600)}\r\n`),
  },
  {
    name: 'unfinished-heads',
    what: 'heads that grow by 4 KB and never end',
    run: (field) => endless(field, 'GET / HTTP/1.1\r\n', (round) => `X-${round}: ${long(4000)}\r\n`, 200),
  },
  {
    name: 'unfinished-bodies',
    what: 'bodies of 1 GiB that come slowly',
    run: (field) =>
      endless(field, 'PUT / HTTP/1.1\r\nContent-Length: 1073741824\r\n\r\n', () => long(4000), 200),
  },
  {
    name: 'endless-chunks',
    what: 'chunked bodies that never end, chunks of one byte',
    run: (field) =>
      endless(field, 'PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n', () => '1\r\nx\r\n'.repeat(500)),
  },
  {
    name: 'huge-headers',
    what: 'heads of 200 KB, each answered',
    run: (field) =>
      answered(field, (n) => `GET /h${n} HTTP/1.1\r\nCookie-${n}: ${n}${long(200_000)}\r\n\r\n`),
  },
  {
    name: 'huge-targets',
    what: 'targets of 200 KB, each answered',
    run: (field) => answered(field, (n) => `GET /h${n}${long(200_000)} HTTP/1.1\r\nHost: a\r\n\r\n`),
  },
]
