/** Many connections at once; of datagrams, many remote ends of one socket. */
import { type Row, random, rig, Wire } from '../../streams/wire'
import { without } from './compare'
import { split } from './cut'
import { eventsOf, said as textOf, whole } from './play'
import { type Member, piecesOf, type Sample, transportOf } from './sample'

const CONNECTIONS = 12

const plain = (row: Row) => textOf({ ...row, upid: '', remote_port: 0 })

export function interleaved(member: Member, sample: Sample): string[] {
  const transport = transportOf(sample)
  const isDatagram = transport === 'udp'
  const samples = member.samples.filter((other) => transportOf(other) === transport)
  const next = random(3)
  const { protocols = [], messages = [] } = member.handshake ?? {}
  const { streams, sink } = rig([member.protocol, ...protocols])
  const talks = Array.from({ length: CONNECTIONS }, (_, i) => {
    const own = i % 2 === 0 ? sample : samples[(i >> 1) % samples.length]!
    const remote = ['10.0.0.2', 20_000 + i] as const
    const wire = new Wire(isDatagram ? { connId: 7_000_001, transport: 'udp', remote } : { remote })
    const pieces = isDatagram
      ? piecesOf(own)
      : split(piecesOf(own), (length) => (length > 1 ? [Math.ceil(next() * (length - 1))] : []))
    const open = isDatagram ? [] : [wire.open()]
    const said = eventsOf(wire, [...piecesOf({ messages }), ...pieces], isDatagram)
    return { own, port: remote[1], events: [...open, ...said, ...(isDatagram ? [] : [wire.close()])] }
  })
  const waiting = talks.map(({ events }) => [...events])
  while (waiting.some(({ length }) => length > 0)) {
    const event = waiting[Math.floor(next() * waiting.length)]!.shift()
    if (event) streams.handle(event)
  }
  streams.close()
  const rows = member.protocol.tables.flatMap(({ name }) => sink.rows(name))
  return talks.flatMap(({ own, port }, i) => {
    const found = rows.filter(({ remote_port }) => remote_port === port).map(plain)
    const wanted = whole(member, own).rows.map(plain)
    const differs = [...without(wanted, found), ...without(found, wanted)]
    return differs.map((record) => `connection ${i}, ${own.name}: missing or extra ${record}`)
  })
}
