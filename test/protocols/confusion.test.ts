/**
 * Nobody's traffic is taken for another's: what each protocol's samples say, and much that is none of ours, is read by all
 * recognisers together, from a connection's opening on and joined under way, at either end, and on ports that suggest another one.
 * `CONFUSION=1` prints the matrix.
 */
import { afterAll, describe, expect, test } from 'bun:test'
import { PROTOCOLS } from '../../src/protocols'
import { ROLE_CLIENT, ROLE_SERVER } from '../../src/records/types'
import { random, rig, type SocketOptions, Wire } from '../streams/wire'
import { eventsOf, piece } from './conformance/play'
import { type Member, type Piece, piecesOf, textsOf, transportOf } from './conformance/sample'
import { FOREIGN, scrambled } from './foreign'
import { MEMBERS } from './members'

const tables = [...new Set(PROTOCOLS.flatMap((protocol) => protocol.tables.map(({ name }) => name)))]
const tablesOf = ({ protocol, handshake }: Member): Set<string> =>
  new Set([protocol, ...(handshake?.protocols ?? [])].flatMap((each) => each.tables.map(({ name }) => name)))

/** Ports that suggest each of ours, and one that suggests none. */
const PORTS = [80, 443, 53, 853, 3306, 4222, 5432, 5672, 6379, 9042, 9092, 11211, 1883, 27017, 23456]

interface Heard {
  /** Rows by table. */
  readonly rows: ReadonlyMap<string, number>
  /** What the connection speaks, as `conn_stats` says; 0: unknown. */
  readonly code: number
}

interface Way {
  readonly isFresh: boolean
  readonly port: number
  readonly isAtClient?: boolean
}

function hear(pieces: readonly Piece[], transport: 'tcp' | 'udp', way: Way): Heard {
  const { streams, sink } = rig(PROTOCOLS)
  const server: SocketOptions['local'] = ['10.0.0.1', way.port]
  const client: SocketOptions['local'] = ['10.0.0.2', 40_000]
  const ends: SocketOptions = way.isAtClient
    ? { role: ROLE_CLIENT, local: client, remote: server }
    : { role: ROLE_SERVER, local: server, remote: client }
  const wire = new Wire({ ...ends, transport })
  if (way.isFresh) streams.handle(wire.open())
  // `eventsOf` writes what the server's end sees.
  const seen = way.isAtClient ? pieces.map(turned) : pieces
  for (const event of eventsOf(wire, seen, transport === 'udp')) {
    streams.handle(event)
    wire.timeNs += 1e6
    streams.tick(wire.timeNs)
  }
  wire.timeNs += 5e9
  streams.tick(wire.timeNs)
  streams.connStats(wire.timeNs)
  streams.handle(wire.close())
  wire.timeNs += 200e6
  streams.tick(wire.timeNs)
  const rows = new Map(
    tables.map((name) => [name, sink.rows(name).length] as const).filter(([, many]) => many > 0),
  )
  return { rows, code: Number(sink.rows('conn_stats')[0]?.protocol ?? 0) }
}

const turned = (part: Piece): Piece => ({ ...part, from: part.from === 'client' ? 'server' : 'client' })

/** Rows of each table, by whose traffic it was. */
const matrix = new Map<string, Map<string, number>>()

function enter(whose: string, rows: Heard['rows']): void {
  const line = matrix.get(whose) ?? new Map<string, number>()
  matrix.set(whose, line)
  for (const [table, many] of rows) line.set(table, (line.get(table) ?? 0) + many)
}

const othersIn = ({ rows }: Heard, own: ReadonlySet<string>): string[] =>
  [...rows.keys()].filter((name) => !own.has(name))

describe.each(MEMBERS.map((member) => [member.protocol.name, member] as const))('%s', (name, member) => {
  const own = tablesOf(member)
  const handshake = member.handshake ? piecesOf(member.handshake) : []
  describe.each(member.samples.map((sample) => [sample.name, sample] as const))('%s', (_, sample) => {
    const pieces = piecesOf(sample)
    const transport = transportOf(sample) === 'udp' ? 'udp' : 'tcp'

    test('from its opening on: all of its rows, at each end, whatever the port', () => {
      for (const port of PORTS)
        for (const isAtClient of [false, true]) {
          const heard = hear([...handshake, ...pieces], transport, { isFresh: true, port, isAtClient })
          const where = `port ${port}, at the ${isAtClient ? 'client' : 'server'}`
          expect(othersIn(heard, own), where).toEqual([])
          const ours = member.protocol.tables.reduce(
            (sum, table) => sum + (heard.rows.get(table.name) ?? 0),
            0,
          )
          const shared =
            handshake.length > 0 &&
            member.handshake!.protocols.some((p) => p.tables === member.protocol.tables)
          expect(ours, where).toBe(textsOf(sample).length + (shared ? 1 : 0))
          enter(name, heard.rows)
        }
    })

    test('joined at each message and within it: rows of its own or none', () => {
      const next = random(23)
      for (let first = 0; first < pieces.length; first++)
        for (const cut of [0, 1, Math.floor(next() * pieces[first]!.bytes.length)]) {
          const { bytes, from } = pieces[first]!
          const rest = [piece(from, bytes.subarray(cut)), ...pieces.slice(first + 1)]
          const port = PORTS[Math.floor(next() * PORTS.length)]!
          const heard = hear(rest, transport, { isFresh: false, port, isAtClient: next() < 0.5 })
          expect(othersIn(heard, own), `from byte ${cut} of message ${first} on, port ${port}`).toEqual([])
          enter(`${name}, joined`, heard.rows)
        }
    })
  })
})

describe('what none of ours speaks', () => {
  test.each(FOREIGN.map((foreign) => [foreign.name, foreign] as const))(
    '%s',
    (name, { pieces, transport }) => {
      for (const port of PORTS)
        for (const isFresh of [true, false])
          for (const isAtClient of [false, true])
            for (let first = 0; first < (isFresh ? 1 : pieces.length); first++) {
              const heard = hear(pieces.slice(first), transport, { isFresh, port, isAtClient })
              const where = `port ${port}, ${isFresh ? 'fresh' : `from message ${first} on`}, ${isAtClient ? 'client' : 'server'}`
              expect([...heard.rows.keys()], where).toEqual([])
              expect(heard.code, where).toBe(0)
              enter(`(${name})`, heard.rows)
            }
    },
  )

  test('noise of every length', () => {
    const next = random(29)
    for (let round = 0; round < 3000; round++) {
      const pieces = Array.from({ length: 1 + Math.floor(next() * 4) }, () =>
        piece(
          next() < 0.5 ? 'client' : 'server',
          Buffer.from(scrambled(next() * 2 ** 32, next() ** 3 * 3000), 'latin1'),
        ),
      )
      const way = { isFresh: next() < 0.5, port: PORTS[round % PORTS.length]!, isAtClient: next() < 0.5 }
      const heard = hear(pieces, next() < 0.3 ? 'udp' : 'tcp', way)
      expect([...heard.rows.keys()], `round ${round}`).toEqual([])
      enter('(noise)', heard.rows)
    }
  })
})

afterAll(() => {
  if (!process.env.CONFUSION) return
  const short = tables.map((table) => table.replace('_events', ''))
  console.log(['', ...short].join('\t'))
  for (const [whose, line] of matrix)
    console.log([whose, ...tables.map((table) => line.get(table) ?? 0)].join('\t'))
})
