/** Connections that speak TLS: their handshake is a row, and what it carries is read where that can be had. */
import { describe, expect, test } from 'bun:test'
import { type Direction, RECEIVED, SENT } from '../../src/events/socket-event'
import type { Leave, Protocol } from '../../src/protocols/protocol'
import { tls } from '../../src/protocols/tls'
import { connStats } from '../../src/records/conn-stats'
import { ROLE_CLIENT } from '../../src/records/types'
import * as Tls from '../protocols/tls/build'
import { linesProtocol } from './plain-protocol'
import { bytesOf, type Rig, rig, Wire } from './wire'

const HELLO = Tls.handshake(
  Tls.clientHello({ extensions: [Tls.serverName('shop.test'), Tls.versions(0x0304)] }),
)
const ANSWER = Tls.join(
  Tls.handshake(Tls.serverHello({ extensions: [Tls.chosenVersion(0x0304)] })),
  Tls.CHANGE,
  Tls.data(800),
)
const DONE = Tls.join(Tls.CHANGE, Tls.data(53))
const LINES = linesProtocol({ transports: ['tcp', 'tls'] })

const ends = { server: ['127.0.0.1', 443], client: ['127.0.0.1', 40_001] } as const
const atServer = () => new Wire({ pid: 2, local: ends.server, remote: ends.client })
const atClient = () => new Wire({ role: ROLE_CLIENT, pid: 1, local: ends.client, remote: ends.server })

/** What one end says within TLS. */
const within = (wire: Wire, direction: Direction, offset: number, text: string) => ({
  ...wire.data(direction, ''),
  offset,
  size: text.length,
  payload: bytesOf(text),
})

const rows = ({ sink }: Rig) => sink.rows('tls_events')
const lines = ({ sink }: Rig) => sink.rows('lines').map(({ text, trace_role }) => `${trace_role} ${text}`)

function shakeHands({ streams }: Rig, ...wires: readonly Wire[]): void {
  for (const [say, bytes] of [
    ['request', HELLO],
    ['response', ANSWER],
    ['request', DONE],
  ] as const)
    for (const wire of say === 'request' ? wires : wires.toReversed()) streams.handle(wire[say](bytes))
}

function end({ streams }: Rig, ...wires: readonly Wire[]): void {
  for (const wire of wires) streams.handle(wire.close())
  const nowNs = Math.max(...wires.map(({ timeNs }) => timeNs)) + 20e9
  streams.tick(nowNs)
}

describe('a handshake between two processes of the node', () => {
  test('is one row, of the server’s end, with both processes', () => {
    const all = rig([tls, LINES])
    const [client, server] = [atClient(), atServer()]
    for (const wire of [client, server]) all.streams.handle(wire.open())
    shakeHands(all, client, server)
    all.streams.tick(server.timeNs + 1e9)
    end(all, client, server)
    expect(rows(all)).toMatchObject([
      { trace_role: 2, upid: '1:2:5', remote_upid: '1:1:5', server_name: 'shop.test', outcome: 'complete' },
    ])
    expect(all.counters.encryptedConnections).toBe(2)
  })

  test('is one row, of the client’s end, where the server’s isn’t seen', () => {
    const all = rig([tls, LINES])
    const client = atClient()
    all.streams.handle(client.open())
    shakeHands(all, client)
    expect(rows(all)).toEqual([])
    all.streams.tick(client.timeNs + 1e9)
    expect(rows(all)).toMatchObject([{ trace_role: 1, server_name: 'shop.test' }])
    end(all, client)
    expect(rows(all)).toHaveLength(1)
  })

  test('what a client says within it is recorded at its end, if the server’s can’t be read', () => {
    const all = rig([tls, LINES])
    const [client, server] = [atClient(), atServer()]
    for (const wire of [client, server]) all.streams.handle(wire.open())
    shakeHands(all, client, server)
    all.streams.plaintext(within(client, SENT, 0, '>one\n'))
    all.streams.tick(server.timeNs + 1e9)
    expect([lines(all), rows(all).length]).toEqual([['1 >one'], 1])
  })
})

describe('what is within TLS', () => {
  test('is counted by exchanges while the connection has to rest', () => {
    const all = rig([tls, LINES], {}, { isGated: true })
    const server = atServer()
    all.streams.handle(server.open())
    shakeHands(all, server)
    all.streams.plaintext(within(server, RECEIVED, 0, '>one\n'))
    all.streams.plaintext(within(server, SENT, 0, '<one\n'))
    all.streams.rest(server.connId)
    for (let i = 1; i <= 3; i++) {
      all.streams.plaintext(within(server, RECEIVED, 5 * i, ''))
      all.streams.plaintext(within(server, SENT, 5 * i, ''))
    }
    all.streams.shedExchanges(server.timeNs)
    expect(all.counters).toMatchObject({ restedConnections: 1, shedExchanges: 3 })
    expect(all.sink.rows('shed_exchanges')).toMatchObject([{ exchanges: 3, protocol: 99 }])
    expect(lines(all)).toEqual(['2 >one', '2 <one'])
  })

  test('may come before its handshake is read to the end', () => {
    const all = rig([tls, LINES])
    const server = atServer()
    all.streams.handle(server.open())
    all.streams.handle(server.request(HELLO))
    all.streams.handle(server.response(ANSWER))
    all.streams.plaintext(within(server, SENT, 0, '<early\n'))
    all.streams.handle(server.request(DONE))
    all.streams.plaintext(within(server, RECEIVED, 0, '>late\n'))
    end(all, server)
    expect(lines(all)).toEqual(['2 <early', '2 >late'])
    expect(rows(all)).toMatchObject([{ outcome: 'complete', version: 'TLS 1.3' }])
  })

  test('is nothing that is read again on the wire', () => {
    const all = rig([tls, LINES])
    const server = atServer()
    all.streams.handle(server.open())
    shakeHands(all, server)
    const { length } = all.verdicts
    for (let i = 0; i < 50; i++) all.streams.handle(server.request(HELLO))
    end(all, server)
    expect(rows(all)).toHaveLength(1)
    expect(all.verdicts).toHaveLength(length)
  })
})

test('a connection that is joined after its handshake is encrypted, and makes no row', () => {
  const all = rig([tls, LINES])
  const server = atServer()
  all.streams.handle(server.request(Tls.data(100)))
  all.streams.connStats(2e9)
  expect(rows(all)).toEqual([])
  expect(all.sink.rows(connStats.name)).toMatchObject([{ protocol: 13, ssl: true }])
})

/** Speaks lines, and says what follows when one asks for TLS. */
function turning(within_: string | undefined): Protocol {
  const lines = linesProtocol({ client: '>', server: '<', transports: ['tcp', 'tls'] })
  return {
    ...lines,
    open(link) {
      const inner = lines.open(link)
      return Object.assign(Object.create(inner) as typeof inner, {
        held: 0,
        isUndecided: false,
        gap: () => false,
        settle: () => {},
        shed: () => {},
        seek: () => -1,
        read(...[side, input]: Parameters<typeof inner.read>) {
          const read = inner.read(side, input)
          if (typeof read === 'string' || !('leave' in read)) return read
          const leave: Leave = within_ === undefined ? { leave: 'tls' } : { leave: 'tls', within: within_ }
          return leave
        },
      })
    },
  }
}

describe('a turn to TLS within a connection', () => {
  const says = (all: Rig, server: Wire) => {
    all.streams.handle(server.open())
    all.streams.handle(server.request('>hello\n'))
    all.streams.handle(server.response('<leave tls\n'))
    shakeHands(all, server)
  }

  test('both are read: the words before, the handshake, and the words within', () => {
    const all = rig([tls, turning(undefined)])
    const server = atServer()
    says(all, server)
    all.streams.plaintext(within(server, RECEIVED, 0, '>secret\n'))
    all.streams.plaintext(within(server, SENT, 0, '<answer\n'))
    end(all, server)
    expect(lines(all)).toEqual(['2 >hello', '2 <leave tls', '2 >secret', '2 <answer'])
    expect(rows(all)).toMatchObject([{ server_name: 'shop.test', outcome: 'complete' }])
  })

  test('a protocol may say which one goes on within, though nobody would recognise it', () => {
    const inner = {
      ...linesProtocol({ name: 'inner', client: '', server: '' }),
      recognise: () => 'no' as const,
    }
    const all = rig([tls, turning('inner'), { ...inner, transports: ['tls'] }])
    const server = atServer()
    says(all, server)
    all.streams.plaintext(within(server, SENT, 0, 'first words\n'))
    all.streams.plaintext(within(server, RECEIVED, 0, 'an answer\n'))
    end(all, server)
    expect(lines(all)).toEqual(['2 >hello', '2 <leave tls', '2 first words', '2 an answer'])
    const said = all.sink.rows('lines').map(({ side }) => side)
    expect(said.slice(2)).toEqual(['server', 'client'])
  })

  test('where nothing within is read, it is an encrypted connection', () => {
    const all = rig([tls, turning('lines')])
    const server = atServer()
    says(all, server)
    all.streams.connStats(2e9)
    expect(all.sink.rows(connStats.name)).toMatchObject([{ protocol: 13, ssl: true }])
  })
})
