/** What the kernel sheds is a known hole: nothing around it is mistaken, and its exchanges are counted once. */
import { describe, expect, test } from 'bun:test'
import { EVENT_SHED, type SocketEvent } from '../../src/events/socket-event'
import { PROTOCOLS } from '../../src/protocols'
import { ROLE_CLIENT, ROLE_SERVER } from '../../src/records/types'
import { end, type Rig, rig, Wire } from './wire'

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'
const get = (path: string) => `GET /${path} HTTP/1.1\r\n\r\n`

const paths = ({ sink }: Rig) => sink.rows('http_events').map(({ req_path }) => req_path)
const shedRows = ({ sink }: Rig) =>
  sink
    .rows('shed_exchanges')
    .map(({ upid, trace_role, protocol, exchanges }) => [upid, trace_role, protocol, exchanges])

const after = (event: SocketEvent): SocketEvent => ({ ...event, afterShed: true })
const shedFrom = (wire: Wire): SocketEvent => ({ ...wire.found(), kind: EVENT_SHED, pid: 0, startTicks: 0 })

function exchange({ streams }: Rig, wire: Wire, path: string, isFirst = false): void {
  const request = wire.request(get(path))
  streams.handle(isFirst ? after(request) : request)
  streams.handle(wire.response(OK))
}

/** It happens, and no event tells of it. */
function unseen(wire: Wire, count: number): void {
  for (let i = 0; i < count; i++) {
    wire.request(get('shed'))
    wire.response(OK)
  }
}

const ANSWER = 0x8180

/** A question for the address of `a`, or its answer (RFC 1035 §4.1). */
const dns = (id: number, flags = 0x100) =>
  Uint8Array.of(0, id, flags >> 8, flags & 0xff, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0x61, 0, 0, 1, 0, 1)

const totalsOf = (wire: Wire, shedExchanges: number) => ({
  connId: wire.connId,
  bytesSent: 0,
  bytesReceived: 0,
  lostEvents: 0,
  shedExchanges,
})

describe('a connection is shed and comes back', () => {
  for (const isTold of [true, false]) {
    test(`every exchange around it has its row, and nothing is a gap${isTold ? '' : ', also when its begin is not told'}`, () => {
      const all = rig(PROTOCOLS)
      const wire = new Wire()
      all.streams.handle(wire.open())
      exchange(all, wire, '1')
      exchange(all, wire, '2')
      if (isTold) all.streams.handle(shedFrom(wire))
      unseen(wire, 50)
      exchange(all, wire, '3', true)
      exchange(all, wire, '4')
      wire.timeNs += 1e9
      all.streams.tick(wire.timeNs)
      exchange(all, wire, '5')
      end(all.streams, wire)
      expect(paths(all)).toEqual(['/1', '/2', '/3', '/4', '/5'])
      expect(all.counters).toMatchObject({ gaps: 0, unpairedFrames: 0, parseFailures: 0 })
    })
  }

  test('a request that waits when it is shed is neither answered by a later response nor said to be unanswered', () => {
    const all = rig(PROTOCOLS)
    const wire = new Wire()
    all.streams.handle(wire.open())
    exchange(all, wire, '1')
    all.streams.handle(wire.request(get('cut')))
    all.streams.handle(shedFrom(wire))
    wire.response(OK)
    unseen(wire, 3)
    exchange(all, wire, '2', true)
    exchange(all, wire, '3')
    wire.timeNs += 1e9
    all.streams.tick(wire.timeNs)
    end(all.streams, wire)
    expect(paths(all)).toEqual(['/1', '/2', '/3'])
  })

  test('of a connection that is seen for one exchange only, between two times, that one has its row', () => {
    const all = rig(PROTOCOLS)
    const wire = new Wire()
    all.streams.handle(wire.open())
    exchange(all, wire, '1')
    for (const path of ['2', '3', '4']) {
      all.streams.handle(shedFrom(wire))
      unseen(wire, 5)
      exchange(all, wire, path, true)
    }
    all.streams.handle(shedFrom(wire))
    end(all.streams, wire)
    expect(paths(all)).toEqual(['/1', '/2', '/3', '/4'])
    expect(all.counters).toMatchObject({ gaps: 0, unpairedFrames: 0 })
  })

  test('one that is shed from its beginning is recognised when it comes', () => {
    const all = rig(PROTOCOLS)
    const wire = new Wire()
    all.streams.handle(wire.open())
    unseen(wire, 7)
    exchange(all, wire, '1', true)
    exchange(all, wire, '2')
    wire.timeNs += 1e9
    all.streams.tick(wire.timeNs)
    end(all.streams, wire)
    expect(paths(all)).toEqual(['/1', '/2'])
    expect(all.counters.gaps).toBe(0)
  })

  test('one that ends while it is shed lacks nothing', () => {
    const all = rig(PROTOCOLS)
    const wire = new Wire()
    all.streams.handle(wire.open())
    exchange(all, wire, '1')
    all.streams.handle(shedFrom(wire))
    unseen(wire, 5)
    const close = wire.close()
    all.streams.handle({ ...close, afterShed: true, totals: { ...close.totals!, shedExchanges: 5 } })
    wire.timeNs += 1e9
    all.streams.tick(wire.timeNs)
    all.streams.shedExchanges(wire.timeNs)
    expect(paths(all)).toEqual(['/1'])
    expect(all.counters).toMatchObject({ gaps: 0, shedExchanges: 5 })
  })
})

describe('exchanges that were shed', () => {
  test('are counted by process, side and protocol, each once', () => {
    const all = rig(PROTOCOLS)
    const wire = new Wire({ pid: 41 })
    all.streams.handle(wire.open({ pid: 41, startTicks: 5 }))
    exchange(all, wire, '1')
    all.streams.totals(totalsOf(wire, 30))
    all.streams.shedExchanges(2e9)
    all.streams.totals(totalsOf(wire, 30))
    all.streams.shedExchanges(3e9)
    all.streams.totals(totalsOf(wire, 42))
    all.streams.shedExchanges(4e9)
    const http = PROTOCOLS.find(({ name }) => name === 'http')!.code
    expect(shedRows(all)).toEqual([
      ['1:41:5', ROLE_SERVER, http, 30],
      ['1:41:5', ROLE_SERVER, http, 12],
    ])
    expect(all.counters.shedExchanges).toBe(42)
  })

  test("within the node are the server's only", () => {
    const all = rig(PROTOCOLS)
    const [one, other] = [['10.0.0.1', 80] as const, ['10.0.0.1', 40_001] as const]
    const server = new Wire({ pid: 1, local: one, remote: other })
    const client = new Wire({ pid: 2, role: ROLE_CLIENT, local: other, remote: one })
    for (const wire of [client, server])
      all.streams.handle(wire.open({ pid: wire === client ? 2 : 1, startTicks: 5 }))
    for (const wire of [client, server]) all.streams.totals(totalsOf(wire, 9))
    all.streams.shedExchanges(2e9)
    expect(shedRows(all).map(([upid, , , n]) => [upid, n])).toEqual([['1:1:5', 9]])
  })

  test('of a connection of which nothing was read are taken for what its server speaks', () => {
    const all = rig(PROTOCOLS)
    const http = PROTOCOLS.find(({ name }) => name === 'http')!.code
    const known = new Wire()
    all.streams.handle(known.open())
    exchange(all, known, '1')
    const short = new Wire({ remote: ['10.0.0.3', 50_000] })
    all.streams.handle(short.open({ pid: 77, startTicks: 5 }))
    all.streams.totals(totalsOf(short, 1))
    const unknown = new Wire({ local: ['10.0.0.1', 81], remote: ['10.0.0.3', 50_001] })
    all.streams.handle(unknown.open({ pid: 78, startTicks: 5 }))
    all.streams.totals(totalsOf(unknown, 2))
    all.streams.shedExchanges(2e9)
    expect(shedRows(all).map(([upid, , protocol, n]) => [upid, protocol, n])).toEqual([
      ['1:77:5', http, 1],
      ['1:78:5', 0, 2],
    ])
  })

  test('of a server that speaks nothing that makes rows are none', () => {
    const all = rig(PROTOCOLS)
    const known = new Wire()
    all.streams.handle(known.open())
    all.streams.handle(known.request('\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'))
    const short = new Wire({ remote: ['10.0.0.3', 50_000] })
    all.streams.handle(short.open({ pid: 77, startTicks: 5 }))
    all.streams.totals(totalsOf(short, 3))
    all.streams.shedExchanges(2e9)
    expect(all.counters.shedExchanges).toBe(0)
  })

  test('include requests whose answers are shed, as the client did not wait for them', () => {
    const all = rig(PROTOCOLS)
    const wire = new Wire()
    all.streams.handle(wire.open())
    exchange(all, wire, '1')
    all.streams.handle(wire.request(get('2') + get('3')))
    all.streams.handle(wire.response(OK))
    all.streams.handle(shedFrom(wire))
    all.streams.shedExchanges(2e9)
    expect(paths(all)).toEqual(['/1', '/2'])
    expect(all.counters).toMatchObject({ shedExchanges: 1, unpairedFrames: 0 })
  })

  test('include questions in datagrams whose answers are shed, at the server alone', () => {
    const all = rig(PROTOCOLS)
    const [one, other] = [['10.0.0.1', 53] as const, ['10.0.0.1', 40_001] as const]
    const server = new Wire({ pid: 1, transport: 'udp', local: one, remote: other })
    const client = new Wire({ pid: 2, transport: 'udp', role: ROLE_CLIENT, local: other, remote: one })
    const both = (event: (wire: Wire) => SocketEvent) => {
      for (const wire of [client, server]) all.streams.handle(event(wire))
    }
    both((wire) => wire.request(dns(1)))
    both((wire) => wire.response(dns(1, ANSWER)))
    both((wire) => wire.request(dns(2)))
    both((wire) => wire.request(dns(3)))
    both(shedFrom)
    // The next ones are shed whole, and of an answer of before nothing is known.
    both((wire) => after(wire.response(dns(3, ANSWER))))
    all.streams.shedExchanges(2e9)
    end(all.streams, server)
    expect(all.sink.rows('dns_events').map(({ outcome }) => outcome)).toEqual(['complete'])
    expect(all.counters.shedExchanges).toBe(2)
  })

  test('of a resting connection begin with the one whose request was seen', () => {
    const all = rig(PROTOCOLS, {}, { isGated: true })
    const wire = new Wire()
    all.streams.handle(wire.open())
    exchange(all, wire, '1')
    all.streams.handle(wire.request(get('2')))
    all.streams.rest(wire.connId)
    all.streams.handle(wire.response(OK))
    exchange(all, wire, '3')
    all.streams.shedExchanges(2e9)
    expect(paths(all)).toEqual(['/1'])
    expect(all.counters.shedExchanges).toBe(2)
  })
})

test('what comes back within an exchange has no row, and the next exchange has', () => {
  const all = rig(PROTOCOLS)
  const wire = new Wire()
  all.streams.handle(wire.open())
  exchange(all, wire, '1')
  all.streams.handle(shedFrom(wire))
  wire.request(`POST /2 HTTP/1.1\r\nContent-Length: 8\r\n\r\n1234`)
  all.streams.handle({ ...after(wire.request('5678')), isWithin: true })
  all.streams.handle(wire.response(OK))
  for (const path of ['3', '4', '5']) exchange(all, wire, path)
  wire.timeNs += 1e9
  all.streams.tick(wire.timeNs)
  exchange(all, wire, '6')
  end(all.streams, wire)
  expect(paths(all)).toEqual(['/1', '/3', '/4', '/5', '/6'])
})
