/** Which processes are told as unread: those whose clients have said something within TLS, and of which nothing is read. */
import { expect, test } from 'bun:test'
import { type Direction, RECEIVED, SENT } from '../../src/events/socket-event'
import { newCounters } from '../../src/health/counters'
import { DecodeBudget } from '../../src/protocols/lib/decode-budget'
import { tls } from '../../src/protocols/tls'
import { connStats } from '../../src/records/conn-stats'
import { ROLE_CLIENT } from '../../src/records/types'
import { Streams } from '../../src/streams'
import { UnreadTls } from '../../src/streams/unread-tls'
import * as Tls from '../protocols/tls/build'
import { linesProtocol } from './plain-protocol'
import { bytesOf, Recorder, Wire } from './wire'

const ends = { server: ['127.0.0.1', 443], client: ['127.0.0.1', 40_001] } as const
const atServer = () => new Wire({ pid: 2, local: ends.server, remote: ends.client })
const atClient = () => new Wire({ role: ROLE_CLIENT, pid: 1, local: ends.client, remote: ends.server })

function started() {
  const unread = new UnreadTls()
  const sink = new Recorder()
  const streams = new Streams({
    protocols: [tls, linesProtocol({ transports: ['tls'] })],
    sink,
    liveSink: new Recorder(),
    counters: newCounters(),
    settings: { bodyLimit: 1024, redact: true, decodeBudget: new DecodeBudget(() => 0) },
    unread,
    defaultCap: 4096,
    setVerdict: () => {},
    setPlainVerdict: () => {},
    leaveOut: () => {},
    upidOf: (pid, startTicks) => `1:${pid}:${startTicks}`,
  })
  const shakesHands = (...wires: readonly Wire[]) => {
    for (const wire of wires) streams.handle(wire.open())
    const hello = Tls.handshake(Tls.clientHello({ extensions: [Tls.versions(0x0304)] }))
    const answer = Tls.handshake(Tls.serverHello({ extensions: [Tls.chosenVersion(0x0304)] }))
    for (const wire of wires) streams.handle(wire.request(hello))
    for (const wire of wires.toReversed()) streams.handle(wire.response(Tls.join(answer, Tls.data(900))))
    for (const wire of wires) streams.handle(wire.request(Tls.join(Tls.CHANGE, Tls.data(53))))
  }
  const within = (wire: Wire, direction: Direction, text: string) =>
    streams.plaintext({ ...wire.data(direction, ''), offset: 0, size: text.length, payload: bytesOf(text) })
  const told = (nowNs = 5e9) => {
    streams.tick(nowNs)
    streams.connStats(nowNs)
    const stats = sink.rows(connStats.name)
    return {
      unread: Object.fromEntries(stats.map((row) => [String(row.upid), row.unread])),
      processes: [...unread.list(nowNs)].map(([upid, { port, pid }]) => `${upid} ${pid} ${port}`),
    }
  }
  return { streams, shakesHands, within, told }
}

test('a handshake alone, and a goodbye, are nothing that could be read', () => {
  const { streams, shakesHands, told } = started()
  const server = atServer()
  shakesHands(server)
  streams.handle(server.request(Tls.data(19)))
  expect(told()).toEqual({ unread: { '1:2:5': false }, processes: [] })
})

test('what comes together with the last words of the handshake counts', () => {
  const { streams, told } = started()
  const server = atServer()
  streams.handle(server.open())
  streams.handle(server.request(Tls.handshake(Tls.clientHello({ extensions: [Tls.versions(0x0304)] }))))
  streams.handle(server.response(Tls.handshake(Tls.serverHello({ extensions: [Tls.chosenVersion(0x0304)] }))))
  streams.handle(server.request(Tls.join(Tls.CHANGE, Tls.data(53), Tls.data(100))))
  expect(told()).toEqual({ unread: { '1:2:5': true }, processes: ['1:2:5 2 443'] })
})

test('what a client says, and nobody reads, is told of both processes', () => {
  const { streams, shakesHands, told } = started()
  const [client, server] = [atClient(), atServer()]
  shakesHands(client, server)
  for (const wire of [client, server]) streams.handle(wire.request(Tls.data(200)))
  const both = { '1:1:5': true, '1:2:5': true }
  expect(told()).toEqual({ unread: both, processes: ['1:1:5 1 443', '1:2:5 2 443'] })
})

test('what is read at one end is read', () => {
  const { streams, shakesHands, within, told } = started()
  const [client, server] = [atClient(), atServer()]
  shakesHands(client, server)
  within(client, SENT, '>one\n')
  for (const wire of [client, server]) streams.handle(wire.request(Tls.data(200)))
  expect(told()).toEqual({ unread: { '1:1:5': false, '1:2:5': false }, processes: [] })
})

test('a process of which one connection is read isn’t told, but its other connection is', () => {
  const { streams, shakesHands, within, told } = started()
  const [read, other] = [atServer(), new Wire({ pid: 2, local: ends.server, remote: ['10.0.0.9', 4] })]
  shakesHands(read)
  shakesHands(other)
  within(read, RECEIVED, '>one\n')
  for (const wire of [read, other]) streams.handle(wire.request(Tls.data(200)))
  expect(told().processes).toEqual([])
})

test('a connection that is older than Nixie is unread from its first bytes on', () => {
  const { streams, told } = started()
  const server = atServer()
  for (let i = 0; i < 2; i++) streams.handle(server.request(Tls.data(200)))
  expect(told()).toEqual({ unread: { '1:2:5': true }, processes: ['1:2:5 2 443'] })
})

test('it is told for ten minutes, and of so many processes', () => {
  const unread = new UnreadTls()
  const look = (pid: number) =>
    unread.look(
      {
        upid: `1:${pid}:5`,
        role: ROLE_CLIENT,
        localPort: 1,
        remotePort: 443,
        isUnread: true,
        isReadWithin: false,
        countedUnread: false,
      },
      1e9,
    )
  for (let pid = 1; pid <= 2000; pid++) look(pid)
  expect(unread.list(2e9).size).toBe(512)
  expect(unread.list(602e9).size).toBe(0)
})
