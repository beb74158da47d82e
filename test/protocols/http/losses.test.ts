/** HTTP through `Streams` with everything that can go wrong at once; bounded, and the same each time. */
import { expect, test } from 'bun:test'
import type { SocketEvent } from '../../../src/events/socket-event'
import { PROTOCOLS } from '../../../src/protocols'
import { random, rig, Wire } from '../../streams/wire'
import { chunked, request, response } from './samples'

const SEEDS = 60
const EXCHANGES = 40

interface Fuzzed {
  readonly event: SocketEvent
  readonly exchange: number
}

/** A keep-alive conversation, cut into events; every answer names its question. */
function conversation(next: () => number, wire: Wire): Fuzzed[] {
  const events: Fuzzed[] = []
  const cut = (exchange: number, isRequest: boolean, text: string) => {
    for (let at = 0; at < text.length; ) {
      const end = next() < 0.7 ? text.length : at + 1 + Math.floor(next() * (text.length - at))
      const part = text.slice(at, end)
      const captured = next() < 0.05 ? Math.floor(next() * part.length) : undefined
      events.push({
        exchange,
        event: isRequest ? wire.request(part, captured) : wire.response(part, captured),
      })
      at = end
    }
  }
  for (let n = 0; n < EXCHANGES; n++) {
    const method = ['GET', 'HEAD', 'POST'][Math.floor(next() * 3)]!
    const size = Math.floor(next() ** 4 * 20_000)
    cut(n, true, request(`${method} /${n}`, {}, method === 'POST' ? 'p'.repeat(1 + size) : ''))
    const mark = { 'X-Answer': n }
    if (method === 'HEAD') cut(n, false, response('200 OK', { ...mark, 'Content-Length': size }))
    else if (next() < 0.5) cut(n, false, response('200 OK', mark, 'b'.repeat(size)))
    else {
      const head = `HTTP/1.1 200 OK\r\nX-Answer: ${n}\r\nTransfer-Encoding: chunked\r\n\r\n`
      cut(n, false, head + chunked(['c'.repeat(1 + size), 'end']))
    }
  }
  return events
}

/** Plays a conversation that loses some events; gives `question answer` of every row. */
function lossy(seed: number, loss: number, end: 'close' | 'shutdown'): [string, string][] {
  const next = random(seed)
  const { streams, sink } = rig(PROTOCOLS, { streamBytes: 128 << 10 })
  const wire = new Wire()
  if (next() < 0.5) streams.handle(wire.open())
  const events = conversation(next, wire).map(({ event }) => event)
  for (let i = 0; i < events.length; i++) {
    if (next() < loss) continue
    const event = events[i]!
    const after = events[i + 1]
    if (after && after.direction === event.direction && next() < 0.05) {
      streams.handle(after)
      events[i + 1] = event
      continue
    }
    streams.handle(event)
    if (next() < 0.02) streams.handle(event)
    if (next() < 0.02) streams.tick(event.timeNs)
  }
  if (end === 'close') streams.handle(wire.close())
  streams.close()
  return sink.rows('http_events').map(({ req_path, resp_headers }) => {
    return [req_path as string, `/${JSON.parse(resp_headers as string)['X-Answer']}`]
  })
}

test('losses, cuts, duplicates and changed places never pair a request with the answer to another', () => {
  let rows = 0
  for (let seed = 1; seed <= SEEDS; seed++) {
    const loss = [0, 0.01, 0.1][seed % 3]!
    for (const [question, answer] of lossy(seed, loss, 'close')) {
      expect(answer, `seed ${seed}`).toBe(question)
      rows++
    }
  }
  // Some messages after a hole stay unpaired, as neither side is ever silent here.
  expect(rows).toBeGreaterThan(SEEDS * EXCHANGES * 0.25)
})

/** Each of them paired wrongly once. */
test.each([
  [0.05, 'close', [113, 489, 587]],
  [0.1, 'close', [57, 241, 313, 330, 371, 440, 531, 581, 715, 10_058, 12_681, 12_746]],
  [0.1, 'shutdown', [257, 715, 10_058, 12_681, 12_746]],
  [
    0.2,
    'close',
    [23, 173, 188, 198, 248, 329, 339, 370, 400, 420, 445, 489, 692, 693, 704, 723, 743, 752, 789],
  ],
] as const)('no pair is wrong under %p loss, at the %s, with seeds %p', (loss, end, seeds) => {
  for (const seed of seeds)
    for (const [question, answer] of lossy(seed, loss, end)) expect(answer, `seed ${seed}`).toBe(question)
})

test('changed bytes never throw, and what is held stays bounded', () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const next = random(1000 + seed)
    const { streams, counters } = rig(PROTOCOLS, { streamBytes: 64 << 10 })
    const wire = new Wire()
    streams.handle(wire.open())
    for (const { event } of conversation(next, wire)) {
      const payload = event.payload.slice()
      if (payload.length > 0)
        for (let i = 0; i < next() * 4; i++) payload[Math.floor(next() * payload.length)] = next() * 256
      streams.handle({ ...event, payload })
    }
    streams.tick(wire.timeNs + 60e9)
    streams.close()
    expect(streams.size).toBe(0)
    expect(counters.frames).toBeGreaterThan(0)
  }
})
