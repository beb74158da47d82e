/**
 * What a stranger sends costs work in proportion to its length. Each of these took seconds to minutes of one event, or some
 * milliseconds of each tiny one. Processor time is measured, so that a busy machine changes nothing.
 */
import { expect, test } from 'bun:test'
import { PROTOCOLS } from '../../../src/protocols'
import { boundary, search } from '../../../src/protocols/http/start-lines'
import { pass, type Rig, rig, Wire } from '../../streams/wire'
import { cpuMs } from '../../support/cpu-time'
import { request } from './samples'

/** Milliseconds of processor time; far more than a linear one takes, far less than a quadratic one. */
const ENOUGH_MS = 1500

function talking(run: (all: Rig, wire: Wire) => void): number {
  const all = rig(PROTOCOLS)
  const wire = new Wire()
  all.streams.handle(wire.open())
  return cpuMs(() => run(all, wire))
}

const KIB = 1 << 10

test('a chunk size of zeros', () => {
  const ms = talking(({ streams }, wire) => {
    for (let i = 0; i < 20; i++) {
      streams.handle(wire.request(request(`GET /${i}`)))
      const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'
      streams.handle(wire.response(`${head}${'0'.repeat(16 * KIB)}x\n`))
    }
  })
  expect(ms).toBeLessThan(ENOUGH_MS)
})

test.each([
  ['bare LFs', '\n\n', ''],
  ['bare LFs, and one CRLF far behind them', '\n\n', 'X\r\n\r\n'],
  ['CRLFs', '\r\n\r\n', ''],
])('many requests that waited for one answer, with %s', (_, end, tail) => {
  const ms = talking(({ streams, counters }, wire) => {
    streams.handle(wire.request(`CONNECT a HTTP/1.1${end}`))
    const many = `GET / HTTP/1.1${end}`.repeat(1000)
    for (let i = 0; i < 40; i++) streams.handle(wire.request(many))
    if (tail !== '') streams.handle(wire.request(tail))
    streams.handle(wire.response('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n'))
    pass(streams, wire)
    expect(counters.frames).toBeGreaterThan(40_000)
  })
  expect(ms).toBeLessThan(ENOUGH_MS)
})

test('tunnels within tunnels', () => {
  let frames = 0
  const ms = talking(({ streams, counters }, wire) => {
    for (let i = 0; i < 40; i++) streams.handle(wire.request('CONNECT a HTTP/1.1\r\n\r\n'.repeat(1000)))
    for (let i = 0; i < 40; i++) streams.handle(wire.response('HTTP/1.1 200 OK\r\n\r\n'.repeat(1000)))
    frames = counters.frames
  })
  expect(ms).toBeLessThan(ENOUGH_MS)
  expect(frames).toBeLessThan(100)
})

/** Lines that look like requests up to a point. */
const PSEUDO: Record<string, string> = {
  'words in capitals and a CR': `${'ZZZ '.repeat(1023)}\rx`,
  'long words in capitals and a CR': `${'ZZZZZZZZZZZZZZZZZ '.repeat(227)}\rx`,
  versions: ' HTTP/1.'.repeat(512),
  'versions behind words': 'ZZZ HTTP/1.'.repeat(372),
  'versions far behind words': `${'ZZZ '.repeat(1020)}\r HTTP/1.`,
  'ends of methods': 'A-GET '.repeat(682),
  'a method and spaces': `ZZZ${' '.repeat(4093)}`,
  'status lines': 'HTTP/1.1 2'.repeat(409),
}

test.each(Object.entries(PSEUDO))('2000 searches in %s', (_, text) => {
  const bytes = new Uint8Array(Buffer.from(text, 'latin1'))
  const ms = cpuMs(() => {
    for (let i = 0; i < 1000; i++) {
      boundary('client', bytes, 0)
      boundary('server', bytes, 0)
    }
  })
  expect(ms).toBeLessThan(ENOUGH_MS)
})

test.each(Object.entries(PSEUDO))('a search in 64 KiB of %s', (_, text) => {
  const bytes = new Uint8Array(Buffer.from(text.repeat(16), 'latin1'))
  const ms = cpuMs(() => {
    for (let i = 0; i < 50; i++) search(bytes, 1)
  })
  expect(ms).toBeLessThan(ENOUGH_MS)
})

test('4 MB without a line break, in pieces and byte by byte', () => {
  const pieces = talking(({ streams }, wire) => {
    streams.handle(wire.request(request('GET /')))
    const filler = 'x'.repeat(16 * KIB)
    for (let i = 0; i < 256; i++) streams.handle(wire.request(i === 0 ? `GET /${filler}` : filler))
  })
  expect(pieces).toBeLessThan(ENOUGH_MS)
  const bytes = talking(({ streams }, wire) => {
    streams.handle(wire.request(request('GET /')))
    streams.handle(wire.request('GET /'))
    for (let i = 0; i < 200_000; i++) streams.handle(wire.request('x'))
  })
  expect(bytes).toBeLessThan(3 * ENOUGH_MS)
})

test('tiny events on a stream that is lost', () => {
  const ms = talking(({ streams }, wire) => {
    streams.handle(wire.request(request('GET /')))
    wire.request('lost')
    for (let i = 0; i < 100_000; i++) streams.handle(wire.request(i % 4 === 0 ? ' ' : 'Z'))
  })
  expect(ms).toBeLessThan(3 * ENOUGH_MS)
})

test('a head that grows by bytes, and one of very many lines', () => {
  const ms = talking(({ streams, counters }, wire) => {
    streams.handle(wire.request('GET / HTTP/1.1\r\nX: '))
    for (let i = 0; i < 100_000; i++) streams.handle(wire.request('x'))
    streams.handle(wire.request(`\r\n${'A: b\r\n'.repeat(20_000)}\r\n`))
    expect(counters.frames).toBe(1)
  })
  expect(ms).toBeLessThan(3 * ENOUGH_MS)
})
