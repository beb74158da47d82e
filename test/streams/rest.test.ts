import { expect, test } from 'bun:test'
import { PROTOCOLS } from '../../src/protocols'
import { end, rig, Wire } from './wire'

const SECOND = 1e9
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'

test('a connection that has to rest is only counted, and goes on a second later with its next message', () => {
  const { streams, sink, counters, verdicts } = rig(PROTOCOLS)
  const wire = new Wire()
  streams.handle(wire.open())
  streams.handle(wire.request('GET /1 HTTP/1.1\r\n\r\n'))
  streams.handle(wire.response(OK))
  streams.rest(wire.connId)
  streams.rest(wire.connId)
  expect(counters.restedConnections).toBe(1)
  expect(verdicts.at(-1)!.verdict).toEqual({ action: 'count' })
  // What was in the ring by then.
  streams.handle(wire.request('GET /2 HTTP/1.1\r\n\r\n'))
  streams.handle(wire.response(OK))
  wire.timeNs += 2 * SECOND
  streams.tick(wire.timeNs)
  expect(verdicts.at(-1)!.verdict.action).toBe('capture')
  for (const n of [3, 4]) {
    wire.timeNs += SECOND
    streams.handle(wire.request(`GET /${n} HTTP/1.1\r\n\r\n`))
    streams.handle(wire.response(OK))
    streams.tick(wire.timeNs)
  }
  end(streams, wire)
  expect(sink.rows('http_events').map(({ req_path }) => req_path)).toEqual(['/1', '/3', '/4'])
})

test('with a budget its exchanges meanwhile are counted, and it is no loss', () => {
  const { streams, sink, counters, verdicts } = rig(PROTOCOLS, {}, { isGated: true })
  const wire = new Wire()
  streams.handle(wire.open())
  streams.handle(wire.request('GET /1 HTTP/1.1\r\n\r\n'))
  streams.handle(wire.response(OK))
  streams.rest(wire.connId)
  streams.rest(wire.connId)
  expect(counters.restedConnections).toBe(1)
  expect(verdicts.at(-1)!.verdict).toMatchObject({ action: 'capture', isShed: true })
  // What was in the ring by then.
  streams.handle(wire.request('GET /2 HTTP/1.1\r\n\r\n'))
  streams.handle(wire.response(OK))
  wire.timeNs += 2 * SECOND
  streams.tick(wire.timeNs)
  expect(verdicts.at(-1)!.verdict).not.toHaveProperty('isShed')
  for (const n of [3, 4]) {
    wire.timeNs += SECOND
    streams.handle(wire.request(`GET /${n} HTTP/1.1\r\n\r\n`))
    streams.handle(wire.response(OK))
    streams.tick(wire.timeNs)
  }
  end(streams, wire)
  expect(sink.rows('http_events').map(({ req_path }) => req_path)).toEqual(['/1', '/3', '/4'])
  streams.shedExchanges(wire.timeNs)
  expect(counters).toMatchObject({ shedExchanges: 1, gaps: 0 })
})

test('what is only counted already has no rest', () => {
  const { streams, counters, verdicts } = rig(PROTOCOLS)
  const wire = new Wire()
  streams.handle(wire.open())
  streams.handle(wire.request('\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'))
  const before = verdicts.length
  streams.rest(wire.connId)
  streams.rest(12_345)
  expect([counters.restedConnections, verdicts.length]).toEqual([0, before])
})

test('connections that end at once, with much that was never answered, end in several ticks; none is left', () => {
  const { streams, sink } = rig(PROTOCOLS)
  const wires = Array.from({ length: 100 }, (_, i) => new Wire({ remote: ['10.0.0.2', 20_000 + i] }))
  for (const wire of wires) {
    streams.handle(wire.open())
    streams.handle(wire.request('GET /n HTTP/1.1\r\n\r\n'.repeat(200)))
    streams.handle(wire.close())
  }
  let ticks = 0
  for (let timeNs = 2e9; streams.size > 0 && ticks < 1000; timeNs += 1e6, ticks++) streams.tick(timeNs)
  expect(ticks).toBeGreaterThan(1)
  expect(sink.rows('http_events')).toHaveLength(100 * 200)
})
