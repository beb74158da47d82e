/** What becomes of a connection's bytes while its protocol isn't known, is a mistake, or is another than before. */
import { heapStats } from 'bun:jsc'
import { describe, expect, test } from 'bun:test'
import { RECEIVED, SENT } from '../../src/events/socket-event'
import { PROTOCOLS } from '../../src/protocols'
import type { Protocol } from '../../src/protocols/protocol'
import { ROLE_UNKNOWN } from '../../src/records/types'
import { query } from '../protocols/dns/build'
import { linesProtocol } from './plain-protocol'
import { end, type Rig, rig, Wire } from './wire'

const ask = (path: string) => `GET ${path} HTTP/1.1\r\nHost: h\r\n\r\n`
const say = (body: string) => `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`
const pairs = ({ sink }: Rig) =>
  sink.rows('http_events').map(({ req_path, resp_body }) => `${req_path} ${resp_body}`)
const texts = ({ sink }: Rig) => sink.rows('lines').map(({ text }) => text)

function started(protocols: readonly Protocol[], limits = {}) {
  const all = rig(protocols, limits)
  const wire = new Wire()
  all.streams.handle(wire.open())
  return { ...all, wire }
}

describe('while the protocol isn’t known', () => {
  test('what both ends say waits, and is read oldest first', () => {
    const all = started([linesProtocol({ client: '>>', server: '<<' })])
    all.streams.handle(all.wire.data(RECEIVED, '>'))
    all.streams.handle(all.wire.data(SENT, '<'))
    all.streams.handle(all.wire.data(RECEIVED, '>one\n'))
    all.streams.handle(all.wire.data(SENT, '<two\n'))
    expect(texts(all)).toEqual(['>>one', '<<two'])
  })

  // Otherwise the answer to the first request would be taken for that to the second.
  test.each(['shed', 'stuck'])('bytes that are given up (%s) are missing from there on', (why) => {
    const all = started(PROTOCOLS, { heldBytes: why === 'shed' ? 100 : 1 << 20, stuckNs: 1e9 })
    const { wire, streams, counters } = all
    streams.handle(wire.request('GET /lost'))
    if (why === 'stuck') streams.tick(wire.timeNs + 2e9)
    expect(streams.heldBytes).toBe(0)
    streams.handle(wire.request(' HTTP/1.1\r\nHost: h\r\n\r\n'))
    streams.handle(wire.request(ask('/b')))
    streams.handle(wire.response(say('lost')))
    streams.handle(wire.response(say('b')))
    end(streams, wire)
    // That there was one is sure.
    for (const pair of pairs(all)) expect(pair).toBe('/b b')
    expect(counters.gapBytes).toBeGreaterThanOrEqual('GET /lost'.length)
  })

  test('a connection that speaks nothing known is given up after so many bytes, or events', () => {
    for (const size of [1, 100, 5000]) {
      const all = started([linesProtocol()])
      let events = 0
      while (all.verdicts.length === 0 && events < 5000) {
        all.streams.handle(all.wire.data(RECEIVED, 'x'.repeat(size)))
        events++
      }
      expect(all.verdicts.at(-1)!.verdict.action).toBe('count')
      expect(events * size).toBeLessThanOrEqual((16 << 10) + 5000)
      expect(all.streams.heldBytes).toBe(0)
    }
  })
})

describe('hand-over', () => {
  const turn = (name: string) => linesProtocol({ name, client: `${name}>`, server: `${name}<` })

  test('back and forth ends', () => {
    const all = started([turn('a'), turn('b')])
    const script = Array.from({ length: 3000 }, (_, i) => (i % 2 === 0 ? 'a>leave b\n' : 'b>leave a\n')).join(
      '',
    )
    all.streams.handle(all.wire.data(RECEIVED, script))
    expect(texts(all).length).toBeLessThan(20)
    expect(all.verdicts.at(-1)!.verdict).toEqual({ action: 'count' })
    expect(all.streams.heldBytes).toBe(0)
  })

  test('without a byte read ends, too', () => {
    const leaver = (name: string, next: string): Protocol => ({
      ...linesProtocol({ name }),
      open: () => ({
        held: 0,
        isUndecided: false,
        read: () => ({ leave: next }),
        seek: () => -1,
        gap: () => false,
        settle: () => {},
        shed: () => {},
      }),
    })
    const all = started([leaver('a', 'b'), leaver('b', 'a')])
    all.streams.handle(all.wire.data(RECEIVED, '>x\n'))
    expect(all.verdicts.at(-1)!.verdict).toEqual({ action: 'count' })
  })

  test('what waited of the other end goes on with the next', () => {
    const all = started([linesProtocol(), linesProtocol({ name: 'next', client: '?', server: '!' })])
    const { streams, wire } = all
    streams.handle(wire.data(RECEIVED, '>hello\n'))
    streams.handle(wire.data(SENT, '!early'))
    streams.handle(wire.data(RECEIVED, '>leave next\n?one\n'))
    streams.handle(wire.data(SENT, ' bird\n'))
    end(streams, wire)
    expect(texts(all)).toEqual(expect.arrayContaining(['>hello', '>leave next', '?one']))
  })
})

describe('mistakes', () => {
  test('every protocol that proves wrong makes room, until none is left', () => {
    const wrong = (name: string): Protocol => ({
      ...linesProtocol({ name, sure: false }),
      open: () => ({
        held: 0,
        isUndecided: false,
        read: () => ({ invalid: 'never' }),
        seek: (_side, _bytes, from) => from,
        gap: () => false,
        settle: () => {},
        shed: () => {},
      }),
    })
    const all = started([wrong('a'), wrong('b'), wrong('c')])
    for (let i = 0; i < 100; i++) all.streams.handle(all.wire.data(RECEIVED, `>${'x'.repeat(50)}\n`))
    expect(all.verdicts.at(-1)!.verdict.action).toBe('count')
    expect(all.counters.unknownConnections).toBe(1)
    expect(all.streams.heldBytes).toBe(0)
  })
})

/** One collection leaves what earlier files of this process did: some megabytes, which the next one frees. */
function collect(): void {
  Bun.gc(true)
  Bun.gc(true)
}

/** Memory of everything that is alive. */
function liveBytes(): number {
  collect()
  const { heapSize, extraMemorySize } = heapStats()
  return heapSize + extraMemorySize
}

/** The heap with what is outside of it but belongs to it. */
function heapBytes(): number {
  collect()
  return heapStats().heapSize
}

describe('memory', () => {
  test.each([
    [
      'a short one in front',
      (n: number, filler: string) =>
        `GET /${n}${'p'.repeat(40)} HTTP/1.1\r\nA: ${n}${'a'.repeat(40)}\r\nB: ${filler}\r\n\r\n`,
    ],
    [
      'many that repeat',
      (n: number, filler: string) =>
        `GET /${n}${'p'.repeat(40)} HTTP/1.1\r\nA: ${n}${'a'.repeat(40)}\r\n${'b: c\r\n'.repeat(filler.length / 6)}\r\n`,
    ],
  ])('of heads with much that is not kept, only what waits is in memory: %s', (_, head) => {
    const filler = 'x'.repeat(190_000)
    const all = rig(PROTOCOLS)
    const wires = Array.from({ length: 50 }, (_, i) => new Wire({ remote: ['10.0.0.2', 20_000 + i] }))
    const before = heapBytes()
    for (let n = 0; n < 100; n++) all.streams.handle(wires[n % 50]!.request(head(n, filler)))
    const waits = all.streams.heldBytes
    expect(waits).toBeGreaterThan(0)
    expect(heapBytes() - before).toBeLessThan(2 * waits + (5 << 20))
    all.streams.close()
  })

  test('100 connections with 800 requests of 8 KB each that nobody answers stay within the budget', () => {
    const budget = 48 << 20
    const filler = 'x'.repeat(8000)
    const all = rig(PROTOCOLS)
    const wires = Array.from({ length: 100 }, (_, i) => new Wire({ remote: ['10.0.0.2', 20_000 + i] }))
    for (const wire of wires) all.streams.handle(wire.open())
    const before = liveBytes()
    let most = 0
    for (let i = 0; i < 800; i++) {
      for (const wire of wires) {
        const text = `GET /${i} HTTP/1.1\r\nHost: h\r\nX: ${filler}${i}\r\n\r\n`
        all.streams.handle(wire.request(text))
        most = Math.max(most, all.streams.heldBytes)
      }
    }
    const grown = liveBytes() - before
    expect(most).toBeLessThanOrEqual(budget)
    expect(all.counters.frames).toBe(80_000)
    expect(all.counters.shedConnections).toBeGreaterThan(0)
    expect(all.counters.unpairedFrames).toBeGreaterThan(60_000)
    // What is counted as held is what is in memory.
    expect(grown).toBeLessThan(1.5 * budget)
    all.streams.close()
    expect(all.streams.heldBytes).toBe(0)
  })

  test('200 sockets with 200 long DNS questions each that nobody answers take what is counted', () => {
    const all = rig(PROTOCOLS)
    const options = { role: ROLE_UNKNOWN, transport: 'udp', remote: ['10.0.0.2', 53] } as const
    const wires = Array.from(
      { length: 200 },
      (_, i) => new Wire({ ...options, local: ['10.0.0.1', 20_000 + i] }),
    )
    const labels = ['y'.repeat(63), 'z'.repeat(63), 'com'].join('.')
    for (const wire of wires) all.streams.handle(wire.data(SENT, query(0, 'example.com')))
    const before = heapBytes()
    const counted = all.streams.heldBytes
    for (let i = 1; i < 200; i++)
      for (const wire of wires) {
        const name = `${String(i * 1000 + wire.connId).padStart(63, '0')}.${labels}`
        all.streams.handle(wire.data(SENT, query(i, name)))
      }
    const grown = heapBytes() - before
    const held = all.streams.heldBytes - counted
    expect(all.counters.shedConnections).toBe(0)
    expect(grown).toBeLessThan(1.2 * held)
    // Nor is it given up before it must be.
    expect(grown).toBeGreaterThan(0.7 * held)
    all.streams.close()
    expect(all.streams.heldBytes).toBe(0)
  })
})
