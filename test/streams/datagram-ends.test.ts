/** Both ends of datagrams on one node, whatever their addresses look like: found by what the client says. */
import { describe, expect, test } from 'bun:test'
import { RECEIVED, SENT } from '../../src/events/socket-event'
import { ROLE_SERVER } from '../../src/records/types'
import { linesProtocol } from './plain-protocol'
import { rig, type SocketOptions, Wire } from './wire'

const LINES = [linesProtocol()]

/** One question and its answer at both ends; the rows of both. */
function exchange(client: SocketOptions, server: SocketOptions, order: 'client first' | 'server first') {
  const { streams, sink } = rig(LINES)
  const [asks, answers] = [
    new Wire({ ...client, transport: 'udp' }),
    new Wire({ ...server, transport: 'udp' }),
  ]
  for (const question of ['>one\n', '>two\n']) {
    const asked = { ...asks.data(SENT, question), offset: 0 }
    const got = { ...answers.data(RECEIVED, question), offset: 0 }
    for (const event of order === 'client first' ? [asked, got] : [got, asked]) streams.handle(event)
    streams.handle({ ...answers.data(SENT, `<${question.slice(1)}`), offset: 0 })
    streams.handle({ ...asks.data(RECEIVED, `<${question.slice(1)}`), offset: 0 })
    asks.timeNs = answers.timeNs = asks.timeNs + 200e6
    streams.tick(asks.timeNs)
  }
  streams.close()
  streams.connStats(10e9)
  const stats = sink.rows('conn_stats').map(({ upid, remote_upid }) => `${upid} ${remote_upid}`)
  return { rows: sink.rows('lines'), stats }
}

const server = { role: ROLE_SERVER, pid: 2, local: ['0.0.0.0', 53], remote: ['10.250.0.1', 4000] } as const

describe.each(['client first', 'server first'] as const)('%s', (order) => {
  test.each([
    ['a socket without an address, in another namespace', ['0.0.0.0', 4000], ['10.250.0.2', 53]],
    ['an address that is translated on the way', ['10.0.0.7', 4000], ['10.96.0.10', 5353]],
    ['a client whose own address is translated', ['172.17.0.2', 61_234], ['10.250.0.2', 53]],
  ] as const)('%s', (_, local, remote) => {
    const { rows, stats } = exchange({ pid: 1, local, remote }, server, order)
    expect(rows.map(({ upid, text }) => `${upid} ${text}`)).toEqual(
      ['>one', '<one', '>two', '<two'].map((text) => `1:2:5 ${text}`),
    )
    expect(stats.sort()).toEqual(['1:1:5 1:2:5', '1:2:5 1:1:5'])
  })
})

test('a process that passes on what it was asked is not its own client', () => {
  const upstream = { pid: 2, local: ['10.0.0.2', 5000], remote: ['8.8.8.8', 53] } as const
  const { rows } = exchange(upstream, server, 'server first')
  expect(rows).toHaveLength(8)
})

test('the same words to another server are another exchange when they are not at one time', () => {
  const { streams, sink } = rig(LINES)
  const here = new Wire({ ...server, transport: 'udp' })
  streams.handle({ ...here.data(RECEIVED, '>first\n'), offset: 0 })
  streams.handle({ ...here.data(RECEIVED, '>second\n'), offset: 0 })
  const away = new Wire({ transport: 'udp', pid: 1, local: ['0.0.0.0', 4001], remote: ['8.8.8.8', 53] })
  away.timeNs = here.timeNs
  streams.handle({ ...away.data(SENT, '>first\n'), offset: 0 })
  streams.handle({ ...away.data(RECEIVED, '<first\n'), offset: 0 })
  streams.close()
  expect(sink.rows('lines').filter(({ upid }) => upid === '1:1:5')).toHaveLength(2)
})

describe('a server that reads without asking from whom', () => {
  const nameless = { ...server, remote: ['0.0.0.0', 0] } as const
  const client = (pid: number, port: number) =>
    new Wire({ transport: 'udp', pid, local: ['127.0.0.1', port], remote: ['127.0.0.1', 53] })

  test.each([
    ['client first', 1],
    ['server first', 1],
    ['client first', 3],
    ['server first', 3],
  ] as const)('%s, %i clients: what is said is recorded once', (order, clients) => {
    const { streams, sink } = rig(LINES)
    const answers = new Wire({ ...nameless, transport: 'udp' })
    const asking = Array.from({ length: clients }, (_, i) => client(10 + i, 4000 + i))
    for (let round = 0; round < 3; round++) {
      for (const [i, asks] of asking.entries()) {
        const question = `>${round} of ${i}\n`
        const asked = { ...asks.data(SENT, question), offset: 0 }
        const got = { ...answers.data(RECEIVED, question), offset: 0 }
        for (const event of order === 'client first' ? [asked, got] : [got, asked]) streams.handle(event)
      }
      answers.timeNs += 200e6
      for (const asks of asking) asks.timeNs = answers.timeNs
      streams.tick(answers.timeNs)
    }
    streams.close()
    const rows = sink.rows('lines').map(({ upid, text }) => `${upid} ${text}`)
    const wanted = [0, 1, 2].flatMap((round) => asking.map((_, i) => `1:2:5 >${round} of ${i}`))
    expect(rows.sort()).toEqual(wanted.sort())
  })
})
