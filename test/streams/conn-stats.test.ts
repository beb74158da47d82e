import { describe, expect, test } from 'bun:test'
import { PROTOCOLS } from '../../src/protocols'
import { ROLE_CLIENT, ROLE_SERVER } from '../../src/records/types'
import { end, type Recorder, rig, Wire } from './wire'

const ASK = 'GET / HTTP/1.1\r\n\r\n'
const SAY = 'HTTP/1.1 204 No Content\r\n\r\n'

test('connections to one server add up in one row; counters only grow', () => {
  const { streams, sink } = rig(PROTOCOLS)
  const wires = [40001, 40002, 40003].map((port) => new Wire({ remote: ['10.0.0.2', port] }))
  for (const wire of wires) {
    streams.handle(wire.open())
    streams.handle(wire.request(ASK))
    streams.handle(wire.response(SAY))
  }
  end(streams, wires[0]!)
  streams.connStats(10e9)
  streams.handle(wires[1]!.request(ASK))
  streams.connStats(20e9)
  const rows = sink.rows('conn_stats')
  expect(rows[0]).toEqual({
    time_: 10e9,
    upid: '1:77:5',
    remote_addr: '10.0.0.2',
    remote_port: 0,
    trace_role: ROLE_SERVER,
    addr_family: 2,
    protocol: 1,
    ssl: false,
    unread: false,
    conn_open: 3,
    conn_close: 1,
    conn_active: 2,
    bytes_sent: 3 * SAY.length,
    bytes_recv: 3 * ASK.length,
    remote_upid: '',
  })
  expect(rows[1]).toMatchObject({ conn_open: 3, conn_active: 2, bytes_recv: 4 * ASK.length })
})

test('a client has a row per remote port; IPv6 and TLS are told', () => {
  const { streams, sink } = rig(PROTOCOLS)
  for (const port of [443, 8443]) {
    const wire = new Wire({ role: ROLE_CLIENT, remote: ['2001:db8::1', port] })
    streams.handle(wire.open())
    streams.handle(wire.request('\x16\x03\x01\x00\x05\x01ello'))
  }
  streams.connStats(10e9)
  expect(sink.rows('conn_stats').map((r) => [r.remote_port, r.addr_family, r.ssl, r.trace_role])).toEqual([
    [443, 10, true, ROLE_CLIENT],
    [8443, 10, true, ROLE_CLIENT],
  ])
})

test("the kernel's totals count what was not sent to us, also of the last moment", () => {
  const { streams, sink } = rig(PROTOCOLS)
  const wire = new Wire()
  streams.handle(wire.open())
  streams.handle(wire.request(ASK))
  streams.totals({
    connId: wire.connId,
    bytesSent: 5000,
    bytesReceived: 700,
    lostEvents: 3,
    shedExchanges: 0,
  })
  streams.connStats(10e9)
  streams.totals({
    connId: wire.connId,
    bytesSent: 6000,
    bytesReceived: 700,
    lostEvents: 3,
    shedExchanges: 0,
  })
  end(streams, wire)
  streams.connStats(20e9)
  expect(sink.rows('conn_stats').map((r) => [r.bytes_sent, r.bytes_recv, r.conn_active])).toEqual([
    [5000, 700, 1],
    [6000, 700, 0],
  ])
})

/** The kernel counts a call before its event is read, and its totals are read in between. */
describe('totals that are ahead of the events', () => {
  test('are no bytes more, and no hole in the end', () => {
    const { streams, sink, counters } = rig(PROTOCOLS)
    const wire = new Wire()
    streams.handle(wire.open({ pid: 77 }))
    const [ask, say] = [wire.request(ASK), wire.response(SAY)]
    const totals = {
      connId: wire.connId,
      bytesSent: SAY.length,
      bytesReceived: ASK.length,
      lostEvents: 0,
      shedExchanges: 0,
    }
    streams.totals(totals)
    streams.connStats(10e9)
    streams.handle(ask)
    streams.handle(say)
    end(streams, wire)
    streams.connStats(20e9)
    expect(sink.rows('conn_stats').map((row) => [row.bytes_sent, row.bytes_recv])).toEqual([
      [SAY.length, ASK.length],
      [SAY.length, ASK.length],
    ])
    expect(sink.rows('http_events')).toHaveLength(1)
    expect([counters.gaps, counters.parseFailures, counters.unpairedFrames]).toEqual([0, 0, 0])
  })

  test('count once with what was only counted before, and what comes after the end', () => {
    const { streams, sink } = rig(PROTOCOLS)
    const wire = new Wire()
    streams.handle(wire.open())
    streams.handle(wire.request(ASK))
    const totals = {
      connId: wire.connId,
      bytesSent: 5000,
      bytesReceived: ASK.length,
      lostEvents: 0,
      shedExchanges: 0,
    }
    streams.totals(totals)
    streams.handle(wire.response(SAY))
    streams.totals({ ...totals, bytesSent: 5000 + SAY.length })
    end(streams, wire)
    streams.handle({ ...wire.response(SAY), afterClose: true })
    streams.connStats(10e9)
    expect(sink.rows('conn_stats').at(-1)).toMatchObject({ bytes_sent: 5000 + 2 * SAY.length })
  })

  test('are no bytes more of datagrams, and of the right remote end', () => {
    const { streams, sink } = rig(PROTOCOLS)
    const wires = ['10.0.0.2', '10.0.0.3'].map(
      (remote) => new Wire({ connId: 1 << 20, transport: 'udp', role: ROLE_CLIENT, remote: [remote, 53] }),
    )
    const totals = { connId: 1 << 20, bytesSent: 8, bytesReceived: 0, lostEvents: 0, shedExchanges: 0 }
    const ask = (i: number) => streams.handle({ ...wires[i]!.request('question'), offset: 0 })
    const counted = () => {
      streams.connStats(10e9)
      const rows = new Map(sink.rows('conn_stats').map((row) => [row.remote_addr, row.bytes_sent]))
      return wires.map((_, i) => rows.get(`10.0.0.${i + 2}`))
    }
    ask(0)
    ask(1)
    streams.totals({ ...totals, bytesSent: 24 })
    ask(0)
    expect(counted()).toEqual([16, 8])
    // What is still missing at the next look was never told.
    streams.totals({ ...totals, bytesSent: 124 })
    expect(counted()).toEqual([16, 8])
    streams.totals({ ...totals, bytesSent: 124 })
    expect(counted()).toEqual([16, 108])
    streams.handle({ ...wires[0]!.close(), totals: { ...totals, bytesSent: 130 } })
    expect(counted()).toEqual([16, 114])
  })
})

test('rows without news and without a connection are not repeated', () => {
  const { streams, sink } = rig(PROTOCOLS)
  const wire = new Wire()
  streams.handle(wire.request(ASK))
  end(streams, wire)
  streams.connStats(10e9)
  streams.connStats(20e9)
  expect(sink.rows('conn_stats')).toHaveLength(1)
})

describe('datagram sockets', () => {
  const open = (count: number) => {
    const all = rig(PROTOCOLS)
    const wires = Array.from({ length: count }, (_, i) => {
      return new Wire({
        transport: 'udp',
        role: ROLE_CLIENT,
        local: ['10.0.0.1', 40_000 + i],
        remote: ['10.0.0.2', 53],
      })
    })
    for (const wire of wires) {
      all.streams.handle({ ...wire.request('question'), offset: 0 })
      all.streams.handle({ ...wire.response('answer'), offset: 0 })
    }
    return { ...all, wires }
  }
  const last = ({ sink }: ReturnType<typeof open>) => sink.rows('conn_stats').at(-1)

  test('that are quiet for a minute are closed', () => {
    const all = open(50)
    const { streams } = all
    streams.tick(50e9)
    streams.connStats(50e9)
    expect(last(all)).toMatchObject({ conn_open: 50, conn_close: 0, conn_active: 50 })
    streams.tick(62e9)
    streams.connStats(62e9)
    expect(last(all)).toMatchObject({ conn_open: 50, conn_close: 50, conn_active: 0, bytes_sent: 50 * 8 })
    expect(streams.size).toBe(0)
  })

  test('that only the kernel counts are quiet when its totals stand still', () => {
    const all = open(1)
    const { streams, wires } = all
    const totals = {
      connId: wires[0]!.connId,
      bytesSent: 8,
      bytesReceived: 6,
      lostEvents: 0,
      shedExchanges: 0,
    }
    streams.tick(50e9)
    streams.totals({ ...totals, bytesSent: 16 })
    streams.tick(100e9)
    expect(streams.size).toBe(1)
    streams.totals({ ...totals, bytesSent: 16 })
    streams.tick(111e9)
    expect(streams.size).toBe(0)
  })

  test('that speak again are another connection, and nothing is counted twice', () => {
    const all = open(1)
    const { streams, wires, verdicts } = all
    const wire = wires[0]!
    for (let i = 0; i < 40; i++) streams.handle({ ...wire.request('?'.repeat(1000)), offset: 0 })
    expect(verdicts.at(-1)!.verdict.action).toBe('count')
    streams.tick(70e9)
    expect(verdicts.at(-1)!.verdict.action).toBe('capture')
    wire.timeNs = 80e9
    streams.handle({ ...wire.request('again'), offset: 0 })
    streams.totals({
      connId: wire.connId,
      bytesSent: 40_013,
      bytesReceived: 6,
      lostEvents: 0,
      shedExchanges: 0,
    })
    streams.connStats(81e9)
    expect(last(all)).toMatchObject({ conn_open: 2, conn_close: 1, bytes_sent: 40_013, bytes_recv: 6 })
  })

  test('streams that are quiet stay', () => {
    const { streams } = rig(PROTOCOLS)
    streams.handle(new Wire().open())
    streams.tick(1e12)
    expect(streams.size).toBe(1)
  })
})

test('the process at the other end: of a server the only one, of a client the newest', () => {
  const { streams, sink } = rig([])
  const dial = (pid: number, port: number) => {
    const ends = { client: ['127.0.0.1', port], server: ['127.0.0.1', 80] } as const
    const server = new Wire({ pid: 9, local: ends.server, remote: ends.client })
    const client = new Wire({ role: ROLE_CLIENT, pid, local: ends.client, remote: ends.server })
    for (const wire of [server, client]) streams.handle(wire.open())
    streams.handle(client.request('x'))
    streams.handle(server.request('x'))
    streams.connStats(port * 1e9)
    return sink.rows('conn_stats').findLast(({ upid }) => upid === '1:9:5')!.remote_upid
  }
  expect([dial(1, 1), dial(1, 2), dial(2, 3), dial(1, 4)]).toEqual(['1:1:5', '1:1:5', '', ''])
})

describe('a connection without data', () => {
  const counts = (sink: Recorder) =>
    sink.rows('conn_stats').map((row) => [row.upid, row.conn_open, row.conn_close, row.conn_active])
  const owner = { pid: 9, startTicks: 4, comm: 'idle' }
  const LATER = 1e9

  test("is its owner's from the opening on", () => {
    const { streams, sink } = rig(PROTOCOLS)
    const wire = new Wire()
    streams.handle(wire.open(owner))
    streams.connStats(10e9)
    streams.handle(wire.close(owner))
    streams.tick(wire.timeNs + LATER)
    streams.connStats(20e9)
    expect(counts(sink)).toEqual([
      ['1:9:4', 1, 0, 1],
      ['1:9:4', 1, 1, 0],
    ])
  })

  test('that was open before Nixie counts as open', () => {
    const { streams, sink } = rig(PROTOCOLS)
    streams.handle(new Wire({ role: ROLE_CLIENT }).found(owner))
    streams.connStats(10e9)
    expect(counts(sink)).toEqual([['1:9:4', 1, 0, 1]])
  })

  test('whose owner is known at its close only counts then', () => {
    const { streams, sink } = rig(PROTOCOLS)
    const wire = new Wire()
    streams.handle(wire.open())
    streams.connStats(10e9)
    expect(counts(sink)).toEqual([])
    streams.handle(wire.close(owner))
    streams.tick(wire.timeNs + LATER)
    streams.connStats(20e9)
    expect(counts(sink)).toEqual([['1:9:4', 1, 1, 0]])
  })

  test('that is found at rest is joined: what it says later is read from any message on', () => {
    const { streams, sink } = rig(PROTOCOLS)
    const wire = new Wire()
    streams.handle(wire.found(owner))
    for (let i = 0; i < 3; i++) {
      streams.handle(wire.request(ASK))
      streams.handle(wire.response(SAY))
    }
    streams.tick(wire.timeNs + 3e9)
    expect(sink.rows('http_events').map((row) => row.upid)).toContain('1:77:5')
  })
})

test('connections that move nothing do not hide what the others speak', () => {
  const { streams, sink } = rig(PROTOCOLS)
  const talking = new Wire()
  streams.handle(talking.open())
  streams.handle(talking.request(ASK))
  streams.connStats(10e9)
  const empty = new Wire({ remote: ['10.0.0.2', 40_001] })
  streams.handle(empty.open())
  streams.handle({ ...empty.close(), pid: 77, startTicks: 5 })
  streams.tick(empty.timeNs + 1e9)
  streams.connStats(20e9)
  expect(sink.rows('conn_stats').map(({ protocol, conn_open }) => [protocol, conn_open])).toEqual([
    [1, 1],
    [1, 2],
  ])
})
