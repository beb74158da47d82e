/** Where bytes come from: TCP, the plaintext within TLS, datagrams; and what comes late. */
import { describe, expect, test } from 'bun:test'
import { RECEIVED, SENT } from '../../src/events/socket-event'
import { PROTOCOLS } from '../../src/protocols'
import { ROLE_CLIENT, ROLE_SERVER } from '../../src/records/types'
import { cpuMs } from '../support/cpu-time'
import { linesProtocol } from './plain-protocol'
import { bytesOf, end, rig, Wire } from './wire'

const LINES = [linesProtocol()]
const texts = ({ sink }: ReturnType<typeof rig>) => sink.rows('lines').map(({ text }) => text)

describe('plaintext', () => {
  const said = (wire: Wire, direction: 0 | 1, offset: number, text: string, captured = text.length) => ({
    connId: wire.connId,
    timeNs: ++wire.timeNs,
    direction,
    offset,
    size: text.length,
    payload: bytesOf(text.slice(0, captured)),
  })

  test('has offsets of its own; the ciphertext is counted once and never read', () => {
    const all = rig(LINES)
    const { streams, sink } = all
    const wire = new Wire()
    streams.handle(wire.open())
    streams.handle(wire.data(RECEIVED, '\x16\x03\x01\x00\x05\x01ello'))
    expect(streams.plaintext(said(wire, RECEIVED, 0, '>one\n>t'))).toBe(true)
    streams.handle(wire.data(RECEIVED, `\x17\x03\x03\x00\x10${'>'.repeat(16)}`))
    streams.plaintext(said(wire, RECEIVED, 7, 'wo\n'))
    streams.plaintext(said(wire, SENT, 0, '<three\n'))
    streams.handle(wire.data(SENT, `\x17\x03\x03\x00\x10${'<'.repeat(16)}`))
    end(streams, wire)
    streams.connStats(10e9)
    expect(texts(all)).toEqual(['>one', '>two', '<three'])
    expect(sink.rows('conn_stats')[0]).toMatchObject({
      ssl: true,
      bytes_recv: 31,
      bytes_sent: 21,
      protocol: 99,
    })
  })

  test('that comes before the wire was understood, and with a hole', () => {
    const all = rig(LINES)
    const { streams } = all
    const wire = new Wire()
    streams.handle(wire.open())
    streams.handle(wire.data(RECEIVED, '\x16'))
    streams.plaintext(said(wire, RECEIVED, 0, '>one\n'))
    streams.plaintext(said(wire, RECEIVED, 5, '>lost line\n', 3))
    streams.plaintext(said(wire, RECEIVED, 16, '>three\n'))
    end(streams, wire)
    expect(texts(all)).toEqual(['>one', '>three'])
  })

  test('that waits is held, and given up when the memory is needed', () => {
    const all = rig(LINES, { heldBytes: 2000 })
    const wire = new Wire()
    all.streams.handle(wire.open())
    all.streams.handle(wire.data(RECEIVED, '\x16\x03\x01\x00\x05\x01ello'))
    all.streams.plaintext(said(wire, RECEIVED, 0, '>one\n'))
    all.streams.plaintext(said(wire, RECEIVED, 5, `>${'x'.repeat(100)}`))
    expect(all.streams.heldBytes).toBeGreaterThan(100)
    all.streams.plaintext(said(wire, RECEIVED, 106, 'x'.repeat(3000)))
    expect(all.streams.heldBytes).toBe(0)
    expect(all.counters.shedConnections).toBe(1)
    all.streams.plaintext(said(wire, RECEIVED, 3106, 'rest\n'))
    all.streams.plaintext(said(wire, RECEIVED, 3111, '>two\n'))
    end(all.streams, wire)
    expect(texts(all)).toEqual(['>one', '>two'])
  })

  test('of a connection that is not known is refused', () => {
    expect(rig(LINES).streams.plaintext(said(new Wire(), RECEIVED, 0, '>one\n'))).toBe(false)
  })
})

describe('datagrams', () => {
  test('each remote end of a socket is a conversation of its own', () => {
    const all = rig(LINES)
    const { streams, sink } = all
    const server = { transport: 'udp', role: ROLE_SERVER, connId: 9001, local: ['10.0.0.1', 53] } as const
    const clients = [2, 3, 4].map((i) => new Wire({ ...server, remote: [`10.0.0.${i}`, 4000 + i] }))
    for (const wire of clients) streams.handle({ ...wire.data(RECEIVED, '>ask\n'), offset: 0 })
    for (const wire of clients) streams.handle({ ...wire.data(SENT, '<say\n'), offset: 0 })
    streams.close()
    streams.connStats(10e9)
    expect(texts(all)).toEqual(['>ask', '>ask', '>ask', '<say', '<say', '<say'])
    const rows = sink.rows('conn_stats')
    expect(
      rows.map(({ remote_addr, bytes_sent, bytes_recv }) => [remote_addr, bytes_sent, bytes_recv]),
    ).toEqual([2, 3, 4].map((i) => [`10.0.0.${i}`, 5, 5]))
  })

  test('of which a part was captured, or that come twice, cost nothing but themselves', () => {
    const all = rig(LINES)
    const wire = new Wire({ transport: 'udp', connId: 9003, local: ['10.0.0.1', 53] })
    const said = (text: string, captured = text.length) =>
      all.streams.handle({ ...wire.data(RECEIVED, text, captured), offset: 0 })
    said('>one\n')
    said('>half of it is cut\n', 8)
    said('no line')
    said('>two\n')
    said('>two\n')
    expect(texts(all)).toEqual(['>one', '>two', '>two'])
    expect(all.streams.heldBytes).toBe(0)
    all.streams.close()
  })

  test('a socket on which one end says something known is listened to, whatever the others say', () => {
    const all = rig(LINES)
    const ends = [2, 3].map(
      (i) => new Wire({ transport: 'udp', connId: 9004, remote: [`10.0.0.${i}`, 4000 + i] }),
    )
    all.streams.handle({ ...ends[0]!.data(RECEIVED, '>ask\n'), offset: 0 })
    for (let i = 0; i < 100; i++) all.streams.handle({ ...ends[1]!.data(RECEIVED, 'noise'), offset: 0 })
    all.streams.handle({ ...ends[0]!.data(RECEIVED, '>again\n'), offset: 0 })
    expect(texts(all)).toEqual(['>ask', '>again'])
    expect(all.counters.unknownConnections).toBe(0)
  })

  test('from ever new ends cost a bounded amount', () => {
    const all = rig(LINES, { remotes: 8 })
    for (let i = 0; i < 1000; i++) {
      const wire = new Wire({ transport: 'udp', connId: 9002, remote: ['10.0.0.2', 1000 + i] })
      all.streams.handle({ ...wire.data(RECEIVED, '>x\n'), offset: 0 })
    }
    expect(texts(all)).toHaveLength(1000)
    expect(all.streams.size).toBe(1)
    all.streams.connStats(10e9)
    expect(all.sink.rows('conn_stats')[0]).toMatchObject({ conn_open: 1000, conn_active: 8 })
  })

  test('cost the same with two thousand remote ends as with one', () => {
    const cost = (remotes: number) => {
      const all = rig(LINES)
      const wires = Array.from({ length: remotes }, (_, i) => {
        return new Wire({ transport: 'udp', connId: 9003, remote: ['10.0.0.2', 1000 + i] })
      })
      for (const wire of wires) all.streams.handle({ ...wire.data(RECEIVED, '>x\n'), offset: 0 })
      return cpuMs(() => {
        for (let i = 0; i < 20_000; i++)
          all.streams.handle({ ...wires[i % remotes]!.data(RECEIVED, '>x\n'), offset: 0 })
      })
    }
    const least = (remotes: number) => Math.min(...[1, 2, 3].map(() => cost(remotes)))
    const one = least(1)
    expect(least(2000) / one).toBeLessThan(8)
  })
})

describe('the end of a connection', () => {
  test('comes before what its last call moved, which is read all the same', () => {
    const all = rig(LINES)
    const { streams, sink } = all
    const wire = new Wire()
    streams.handle(wire.open())
    streams.handle(wire.data(RECEIVED, '>ask\n'))
    streams.handle(wire.close())
    streams.handle(wire.data(SENT, '<say\n'))
    streams.tick(wire.timeNs + 1e9)
    expect(texts(all)).toEqual(['>ask', '<say'])
    expect(streams.size).toBe(0)
    streams.connStats(10e9)
    expect(sink.rows('conn_stats').at(-1)).toMatchObject({ conn_open: 1, conn_close: 1, bytes_sent: 5 })
  })

  test('makes no phantom of what comes later still', () => {
    const all = rig(LINES)
    const { streams, sink, counters } = all
    const wire = new Wire()
    streams.handle(wire.open())
    streams.handle(wire.data(RECEIVED, '>ask\n'))
    end(streams, wire)
    streams.handle(wire.data(SENT, '<late\n'))
    expect(streams.size).toBe(0)
    expect(counters).toMatchObject({ connections: 1, lateEvents: 1 })
    streams.connStats(10e9)
    expect(sink.rows('conn_stats').at(-1)).toMatchObject({ conn_open: 1, conn_active: 0, bytes_sent: 6 })
  })
})

describe('both ends on this node', () => {
  const from = ['127.0.0.1', 40_000] as const
  const to = ['127.0.0.1', 80] as const
  const ends = () => ({
    client: new Wire({ role: ROLE_CLIENT, pid: 1, local: from, remote: to }),
    server: new Wire({ role: ROLE_SERVER, pid: 2, local: to, remote: from }),
  })

  test('the record has the process at the other end', () => {
    const { streams, sink } = rig(LINES)
    const { client, server } = ends()
    for (const wire of [client, server]) streams.handle(wire.open())
    streams.handle(client.data(SENT, '>ask\n'))
    streams.handle(server.data(RECEIVED, '>ask\n'))
    streams.handle(server.data(SENT, '<say\n'))
    streams.handle(client.data(RECEIVED, '<say\n'))
    streams.connStats(10e9)
    const rows = sink.rows('conn_stats').map(({ upid, remote_upid }) => [upid, remote_upid])
    expect(rows.sort()).toEqual([
      ['1:1:5', '1:2:5'],
      ['1:2:5', '1:1:5'],
    ])
  })

  test('is recorded once also when the server closes before the client reads', () => {
    const { streams, sink } = rig(LINES)
    const { client, server } = ends()
    for (const wire of [client, server]) streams.handle(wire.open())
    streams.handle(client.data(SENT, '>ask\n'))
    streams.handle(server.data(RECEIVED, '>ask\n'))
    streams.handle(server.data(SENT, '<say\n'))
    end(streams, server)
    client.timeNs = server.timeNs + 2e9
    streams.handle(client.data(RECEIVED, '<say\n'))
    end(streams, client)
    const answers = sink.rows('lines').filter(({ side }) => side === 'server')
    expect(answers.map(({ upid }) => upid)).toEqual(['1:2:5'])
  })
})

test('a connection that is first seen when it has closed is read, and over soon', () => {
  const all = rig(LINES)
  const wire = new Wire()
  all.streams.handle({ ...wire.data(RECEIVED, '>ask\n'), afterClose: true })
  all.streams.handle({ ...wire.data(SENT, '<say\n'), afterClose: true })
  all.streams.tick(wire.timeNs + 1e9)
  expect(texts(all)).toEqual(['>ask', '<say'])
  expect(all.streams.size).toBe(0)
})

describe('a client that closes before its server accepts', () => {
  const from = ['127.0.0.1', 40_000] as const
  const to = ['127.0.0.1', 80] as const
  const asked = () => {
    const all = rig(PROTOCOLS)
    const client = new Wire({ role: ROLE_CLIENT, pid: 1, local: from, remote: to })
    const server = new Wire({ role: ROLE_SERVER, pid: 2, local: to, remote: from })
    all.streams.handle(client.open())
    all.streams.handle(client.request('GET / HTTP/1.1\r\n\r\n'))
    end(all.streams, client)
    return { ...all, client, server }
  }
  const outcomes = ({ sink }: ReturnType<typeof asked>) =>
    sink.rows('http_events').map(({ upid, outcome }) => `${upid} ${outcome}`)

  test('leaves the row to the server that accepts in the end', () => {
    const all = asked()
    const { streams, client, server } = all
    server.timeNs = client.timeNs + 3e9
    streams.handle(server.open())
    streams.handle(server.request('GET / HTTP/1.1\r\n\r\n'))
    streams.handle(server.response('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'))
    end(streams, server)
    streams.tick(server.timeNs + 20e9)
    expect(outcomes(all)).toEqual(['1:2:5 complete'])
  })

  test('has the only row when nobody ever does', () => {
    const all = asked()
    all.streams.tick(all.client.timeNs + 2e9)
    expect(outcomes(all)).toEqual([])
    all.streams.tick(all.client.timeNs + 9e9)
    expect(outcomes(all)).toEqual(['1:1:5 unanswered'])
  })
})
