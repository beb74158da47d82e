/** Connections that were open before Nixie: from where on what they say is read, and which of it is sure. */
import { describe, expect, test } from 'bun:test'
import { PROTOCOLS } from '../../src/protocols'
import { ROLE_CLIENT, ROLE_SERVER, ROLE_UNKNOWN } from '../../src/records/types'
import { end, type Rig, rig, silence, Wire } from './wire'

const ask = (path: string) => `GET ${path} HTTP/1.1\r\nHost: h\r\n\r\n`
const say = (body: string) => `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`
const pairs = ({ sink }: Rig) =>
  sink.rows('http_events').map(({ req_path, resp_body }) => `${req_path} ${resp_body}`)

describe('connections joined under way', () => {
  test('begin with the next message', () => {
    const all = rig(PROTOCOLS)
    const wire = new Wire()
    const { streams } = all
    streams.handle(wire.response('tail of an answer'))
    streams.handle(wire.request(ask('/1')))
    streams.handle(wire.response(say('1')))
    expect(pairs(all)).toEqual([])
    streams.tick(wire.timeNs + 3e9)
    expect(pairs(all)).toEqual(['/1 1'])
  })

  test('are as good as new ones where nothing was said before, which the sequence numbers tell', () => {
    for (const isFound of [false, true]) {
      const all = rig(PROTOCOLS)
      const wire = new Wire({ before: 0 })
      if (isFound) all.streams.handle(wire.found())
      all.streams.handle(wire.request(ask('/1') + ask('/2')))
      all.streams.handle(wire.response(say('1') + say('2')))
      expect(pairs(all)).toEqual(['/1 1', '/2 2'])
    }
    // Its other end had said something before.
    const all = rig(PROTOCOLS)
    const wire = new Wire({ before: 0 })
    wire.response('one that was not seen')
    all.streams.handle(wire.request(ask('/1') + ask('/2')))
    all.streams.handle(wire.response(say('1') + say('2')))
    expect(pairs(all)).toEqual([])
  })

  test('have rows at once where they were found at rest, unless something was moved since', () => {
    for (const isMissed of [false, true]) {
      const all = rig(PROTOCOLS)
      const wire = new Wire()
      all.streams.handle(wire.found())
      silence(all.streams, wire)
      if (isMissed) wire.request(ask('/0'))
      all.streams.handle(wire.request(ask('/1')))
      all.streams.handle(wire.response(say('1')))
      expect(pairs(all)).toEqual(isMissed ? [] : ['/1 1'])
    }
  })

  test('find a message behind the tail of another in one event', () => {
    const all = rig(PROTOCOLS)
    const wire = new Wire()
    all.streams.handle(wire.request(`tail of a form${ask('/1')}`))
    all.streams.handle(wire.response(say('1')))
    silence(all.streams, wire)
    expect(pairs(all)).toEqual(['/1 1'])
  })

  test('the role is what the bytes say', () => {
    for (const [role, direction, expected] of [
      [ROLE_UNKNOWN, 'request', ROLE_CLIENT],
      [ROLE_SERVER, 'response', ROLE_SERVER],
    ] as const) {
      const all = rig(PROTOCOLS)
      // For an unknown role, the builder's request direction is the received one; sent by this end, it is a client.
      const wire = new Wire({ role })
      all.streams.handle(wire.found())
      silence(all.streams, wire)
      const sends = role === ROLE_UNKNOWN ? wire.response(ask('/')) : wire.request(ask('/'))
      const gets = role === ROLE_UNKNOWN ? wire.request(say('x')) : wire.response(say('x'))
      all.streams.handle(sends)
      all.streams.handle(gets)
      silence(all.streams, wire)
      end(all.streams, wire)
      expect(all.sink.rows('http_events')[0]!.trace_role, direction).toBe(expected)
    }
  })
})

describe('busy with large bodies', () => {
  const BYTES = 'x'.repeat(60_000)
  const put = (n: number) => `PUT /${n} HTTP/1.1\r\nHost: h\r\nContent-Length: 600000\r\n\r\n`
  const large = 'HTTP/1.1 200 OK\r\nContent-Length: 600000\r\n\r\n'

  /** Only counted, the kernel shows no more than where the other direction begins. */
  const isShown = (all: Rig, wasResponse: boolean | undefined, isResponse: boolean) =>
    all.verdicts.at(-1)?.verdict.action !== 'count' || wasResponse !== isResponse

  test.each([
    ['uploads', ROLE_SERVER],
    ['uploads', ROLE_CLIENT],
    ['downloads', ROLE_SERVER],
    ['downloads', ROLE_CLIENT],
  ] as const)('%s at end %p: known by the beginning of the next message at the latest', (what, role) => {
    const all = rig(PROTOCOLS)
    const wire = new Wire({ role })
    let was: boolean | undefined
    const says = (isResponse: boolean, text: string) => {
      wire.timeNs += 10e6
      const seen = isShown(all, was, isResponse) ? undefined : 0
      const event = isResponse ? wire.response(text, seen) : wire.request(text, seen)
      was = isResponse
      if (seen === undefined) all.streams.handle(event)
    }
    const isKnown = () => {
      all.streams.connStats(wire.timeNs)
      return all.sink.rows('conn_stats').at(-1)?.protocol === 1
    }
    const body = () => {
      for (let i = 0; i < 10; i++) says(what === 'downloads', BYTES)
    }
    // In the middle of one when Nixie begins.
    body()
    expect(isKnown()).toBe(false)
    says(what === 'uploads', what === 'uploads' ? say('ok') : ask('/next'))
    expect(isKnown()).toBe(true)
    for (let n = 1; n < 4; n++) {
      wire.timeNs += 400e6 * n
      says(false, what === 'uploads' ? put(n) : ask(`/${n}`))
      if (what === 'downloads') says(true, large)
      body()
      if (what === 'uploads') says(true, say('ok'))
    }
    // What a client's end says waits for what its server's end may say. It is no silence that tells anything there.
    wire.timeNs += 200e6
    all.streams.tick(wire.timeNs)
    // Pauses of different lengths show that its client waits, at either end.
    expect(all.sink.rows('http_events').map(({ req_path }) => req_path)).toContain('/3')
  })
})

describe('messages of one length', () => {
  const put = (n: number) =>
    `PUT /${n} HTTP/1.1\r\nHost: an.example.com\r\nContent-Length: 100000\r\n\r\n${BODY}`
  const BODY = 'x'.repeat(100_000)
  const ok = `${say('ok').replace('OK', 'OK, that was stored in a place that is safe')}`
  const before = [put(1000).length, ok.length] as const

  const wireBehind = (requests: number, responses: number) => {
    const wire = new Wire({ before: 0 })
    for (let n = 0; n < requests; n++) wire.request(put(1000))
    for (let n = 0; n < responses; n++) wire.response(ok)
    return wire
  }

  test.each([
    [7, 7, ['/1000 ok', '/1001 ok']],
    [8, 7, []],
    [9, 7, []],
  ] as const)(
    'behind %p requests and %p responses: the second exchange shows which are outstanding',
    (asked, answered, expected) => {
      const all = rig(PROTOCOLS)
      const wire = wireBehind(asked, answered)
      for (let n = 1000; n < 1002; n++) {
        all.streams.handle(wire.request(put(n)))
        all.streams.handle(wire.response(ok))
      }
      expect(before[0] * before[1]).toBeGreaterThan(8192)
      expect(pairs(all)).toEqual([...expected])
    },
  )

  test('a lost event costs the exchanges that it touches', () => {
    const all = rig(PROTOCOLS)
    const wire = wireBehind(7, 7)
    for (let n = 1000; n < 1010; n++) {
      const events = [wire.request(put(n)), wire.response(ok)]
      if (n === 1004) continue
      for (const event of events) all.streams.handle(event)
    }
    wire.timeNs += 10e6
    all.streams.tick(wire.timeNs)
    expect(pairs(all).map((pair) => pair.split(' ')[0])).toEqual([
      '/1000',
      '/1001',
      '/1002',
      '/1003',
      '/1005',
      '/1006',
      '/1007',
      '/1008',
      '/1009',
    ])
  })
})

test('it is said how many answers wait until it is sure what they answer, and for how long they do', () => {
  const { streams, sink, counters } = rig(PROTOCOLS)
  const wires = [1, 2].map((n) => new Wire({ remote: ['10.0.0.9', n] }))
  for (const wire of wires)
    for (let i = 0; i < 3; i++) {
      streams.handle(wire.request(ask(`/${i}`)))
      streams.handle(wire.response(say(`${i}`)))
    }
  streams.underWay(wires[0]!.timeNs)
  expect([counters.unsureAnswers, counters.unpairedFrames, sink.rows('http_events').length]).toEqual([
    6, 0, 0,
  ])
  for (const wire of wires) silence(streams, wire)
  streams.underWay(wires[0]!.timeNs)
  expect([counters.unsureAnswers, sink.rows('http_events').length]).toEqual([0, 6])
})

test('what is sure, and what still runs, does not count as unsure', () => {
  const { streams, counters } = rig(PROTOCOLS)
  const wire = new Wire()
  streams.handle(wire.open())
  streams.handle(wire.request(ask('/1')))
  streams.handle(wire.response('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc'))
  streams.underWay(wire.timeNs)
  expect(counters.unsureAnswers).toBe(0)
})
