import { expect, test } from 'bun:test'
import { PROTOCOLS } from '../../src/protocols'
import { end, rig, Wire } from './wire'

const SECOND = 1e9
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'

/** Two exchanges, the second while the connection rests, then two more. `rested` looks at it once it rests, `awake` once it doesn't. */
function playRest(played: ReturnType<typeof rig>, rested: () => void, awake: () => void): Wire {
  const { streams, sink, counters } = played
  const wire = new Wire()
  const exchange = (n: number) => {
    streams.handle(wire.request(`GET /${n} HTTP/1.1\r\n\r\n`))
    streams.handle(wire.response(OK))
  }
  streams.handle(wire.open())
  exchange(1)
  streams.rest(wire.connId)
  streams.rest(wire.connId)
  expect(counters.restedConnections).toBe(1)
  rested()
  // What was in the ring by then.
  exchange(2)
  wire.timeNs += 2 * SECOND
  streams.tick(wire.timeNs)
  awake()
  for (const n of [3, 4]) {
    wire.timeNs += SECOND
    exchange(n)
    streams.tick(wire.timeNs)
  }
  end(streams, wire)
  expect(sink.rows('http_events').map(({ req_path }) => req_path)).toEqual(['/1', '/3', '/4'])
  return wire
}

test('a connection that has to rest is only counted, and goes on a second later with its next message', () => {
  const played = rig(PROTOCOLS)
  const verdict = () => played.verdicts.at(-1)!.verdict
  playRest(
    played,
    () => expect(verdict()).toEqual({ action: 'count' }),
    () => expect(verdict().action).toBe('capture'),
  )
})

test('with a budget its exchanges meanwhile are counted, and it is no loss', () => {
  const played = rig(PROTOCOLS, {}, { isGated: true })
  const verdict = () => played.verdicts.at(-1)!.verdict
  const wire = playRest(
    played,
    () => expect(verdict()).toMatchObject({ action: 'capture', isShed: true }),
    () => expect(verdict()).not.toHaveProperty('isShed'),
  )
  played.streams.shedExchanges(wire.timeNs)
  expect(played.counters).toMatchObject({ shedExchanges: 1, gaps: 0 })
})

test('what is only counted already has no rest', () => {
  const { streams, counters, verdicts } = rig(PROTOCOLS)
  const wire = new Wire()
  streams.handle(wire.open())
  streams.handle(wire.request('\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'))
  streams.handle(wire.response('\x15\x03\x03\x00\x02\x02\x28'))
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
