/**
 * What one request and its response cost from the event to the column builders: `bun test/bench/http-parse.ts`.
 * Prints nanoseconds of CPU per request (all threads of the runtime) for a few shapes of traffic.
 */
import type { SocketEvent } from '../../src/events/socket-event'
import { newCounters } from '../../src/health/counters'
import { PROTOCOLS } from '../../src/protocols'
import { DecodeBudget } from '../../src/protocols/lib/decode-budget'
import { httpEvents } from '../../src/protocols/lib/http/table'
import { BatchBuilder } from '../../src/records/builder'
import { Streams } from '../../src/streams/streams'
import { Wire } from '../streams/wire'
import { callExchange, getExchange } from './http2-shapes'

const CONNECTIONS = 100
const REQUESTS = 200_000

/** Which exchange of its connection it is. */
const nth = (i: number) => Math.floor(i / CONNECTIONS)

const request = (path: string, more = '') =>
  `GET ${path} HTTP/1.1\r\nHost: localhost:8080\r\nUser-Agent: wrk/4.1.0\r\nAccept: */*\r\n${more}\r\n`
const response = (body: string, more = '') =>
  `HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Sun, 22 Nov 2026 19:00:00 GMT\r\nContent-Type: text/html\r\n` +
  `Content-Length: ${body.length}\r\nConnection: keep-alive\r\n${more}\r\n${body}`

interface Shape {
  readonly name: string
  exchange(i: number): readonly [string | Uint8Array, string | Uint8Array]
}

const shapes: readonly Shape[] = [
  { name: 'same heads, 34-byte body', exchange: () => [request('/'), response('x'.repeat(34))] },
  {
    name: 'new path each time',
    exchange: (i) => [request(`/api/items/${i}?page=2`), response('x'.repeat(34))],
  },
  {
    name: 'new heads each time (request id)',
    exchange: (i) => [
      request(`/api/items/${i}`, `X-Request-Id: ${i}\r\nAccept-Encoding: gzip\r\nAccept-Language: en\r\n`),
      response('x'.repeat(34), `X-Request-Id: ${i}\r\nETag: "${i}"\r\n`),
    ],
  },
  {
    name: '1 KiB of JSON each way',
    exchange: () => {
      const body = JSON.stringify({ items: Array.from({ length: 40 }, (_, i) => ({ id: i, name: `n${i}` })) })
      return [
        `POST /api HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
        response(body),
      ]
    },
  },
  {
    name: 'new JSON of 1 KiB each way',
    exchange: (i) => {
      const body = JSON.stringify({
        items: Array.from({ length: 10 }, (_, n) => ({
          id: i + n,
          name: `item ${n}`,
          email: `jane.${i}@example.org`,
          state: 'shipped',
          url: `https://example.org/items/${n}`,
        })),
      }).slice(0, 1024)
      return [
        `POST /api HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
        response(body),
      ]
    },
  },
  {
    name: 'chunked response',
    exchange: () => [
      request('/'),
      `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n100\r\n${'x'.repeat(256)}\r\n0\r\n\r\n`,
    ],
  },
  { name: 'HTTP/2, same heads, 34-byte body', exchange: (i) => getExchange(nth(i), '/') },
  { name: 'HTTP/2, new path each time', exchange: (i) => getExchange(nth(i), `/api/items/${i}?page=2`) },
  { name: 'gRPC, small messages', exchange: (i) => callExchange(nth(i)) },
]

function measure({ name, exchange }: Shape): void {
  let builder = new BatchBuilder(httpEvents, 0n)
  let rows = 0
  const streams = new Streams({
    protocols: PROTOCOLS,
    sink: {
      append: (_table, record) => {
        builder.append(record as never)
        rows++
      },
    },
    liveSink: { append: () => {} },
    counters: newCounters(),
    settings: { bodyLimit: 1024, redact: true, decodeBudget: new DecodeBudget() },
    defaultCap: 16 << 10,
    setVerdict: () => {},
    setPlainVerdict: () => {},
    leaveOut: () => {},
    upidOf: (pid, ticks) => `1:${pid}:${ticks}`,
  })
  const wires = Array.from({ length: CONNECTIONS }, (_, i) => new Wire({ remote: ['10.0.0.2', 20_000 + i] }))
  for (const wire of wires) streams.handle(wire.open())
  let cpuUs = 0
  const events: SocketEvent[] = []
  for (let done = 0; done < REQUESTS; ) {
    events.length = 0
    for (let i = 0; i < 1000; i++, done++) {
      const wire = wires[done % CONNECTIONS]!
      const [ask, say] = exchange(done)
      events.push(wire.request(ask), wire.response(say))
    }
    const start = process.cpuUsage()
    for (const event of events) streams.handle(event)
    const { user, system } = process.cpuUsage(start)
    if (done > REQUESTS / 2) cpuUs += user + system
    if (done % 20_000 === 0) builder = new BatchBuilder(httpEvents, 0n)
  }
  if (rows !== REQUESTS) throw new Error(`${name}: ${rows} rows of ${REQUESTS}`)
  console.log(`${name.padEnd(36)} ${Math.round((1000 * cpuUs) / (REQUESTS / 2))} ns`)
}

for (const shape of shapes) measure(shape)
