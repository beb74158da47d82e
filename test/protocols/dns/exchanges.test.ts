/** Questions and answers through `Streams`, as live traffic would be. */
import { describe, expect, test } from 'bun:test'
import { RECEIVED, SENT, type SocketEvent } from '../../../src/events/socket-event'
import { dns } from '../../../src/protocols/dns'
import { ROLE_CLIENT, ROLE_SERVER, ROLE_UNKNOWN } from '../../../src/records/types'
import type { StreamLimits } from '../../../src/streams/limits'
import { type Rig, type Row, random, rig, type SocketOptions, Wire } from '../../streams/wire'
import {
  ANSWER,
  address,
  answer,
  framed,
  joined,
  message,
  NXDOMAIN,
  query,
  SERVFAIL,
  TRUNCATED,
} from './build'

const SECOND = 1e9

interface Said extends Row {
  readonly outcome: string
}

const rows = (all: Rig) => all.sink.rows('dns_events') as Said[]
const asked = (row: Row) => JSON.parse(row.req_body as string).queries[0].name as string
const addresses = (row: Row) =>
  (JSON.parse(row.resp_body as string).answers ?? []).map(({ addr }: { addr: string }) => addr)
const told = (all: Rig) => rows(all).map((row) => [asked(row), row.outcome])

const udp = (options: SocketOptions = {}) =>
  new Wire({
    transport: 'udp',
    role: ROLE_UNKNOWN,
    connId: 1,
    local: ['10.0.0.1', 53],
    remote: ['10.0.0.2', 4000],
    ...options,
  })
const open = (limits: Partial<StreamLimits> = {}) => rig([dns], limits)
const datagram = (event: SocketEvent): SocketEvent => ({ ...event, offset: 0 })

/** A server's datagram socket and what its clients send. */
function served(limits: Partial<StreamLimits> = {}) {
  const all = open(limits)
  const wires = new Map<string, Wire>()
  const of = (client: string) => {
    const wire = wires.get(client) ?? udp({ remote: [client, 4000] })
    wires.set(client, wire)
    wire.timeNs = now
    return wire
  }
  let now = SECOND
  const say = (direction: typeof SENT | typeof RECEIVED, client: string, bytes: Uint8Array) => {
    const event = datagram(of(client).data(direction, bytes))
    now = event.timeNs
    all.streams.handle(event)
  }
  return {
    all,
    asks: (bytes: Uint8Array, client = '10.0.0.2') => say(RECEIVED, client, bytes),
    answers: (bytes: Uint8Array, client = '10.0.0.2') => say(SENT, client, bytes),
    passes: (ns: number) => {
      now += ns
      all.streams.tick(now)
    },
    live: () => {
      all.live.tables.clear()
      all.streams.underWay(now)
      return (all.live.rows('dns_events') as Said[]).map((row) => [asked(row), row.outcome, row.latency])
    },
    closes: () => all.streams.handle(udp().close()),
  }
}

describe('over datagrams', () => {
  test('an exchange is a row, with the role of who answers', () => {
    const { all, asks, answers } = served()
    asks(query(7, 'www.example.com'))
    answers(answer(7, 'www.example.com', ['192.0.2.1', '192.0.2.2']))
    expect(rows(all)).toMatchObject([
      {
        ...{ remote_addr: '10.0.0.2', remote_port: 4000, local_addr: '10.0.0.1', local_port: 53 },
        ...{ trace_role: ROLE_SERVER, encrypted: false, latency: 1000, outcome: 'complete', remote_upid: '' },
      },
    ])
    expect(addresses(rows(all)[0]!)).toEqual(['192.0.2.1', '192.0.2.2'])
  })

  test("a client's socket too", () => {
    const all = open()
    const wire = udp({ local: ['10.0.0.9', 4000], remote: ['10.0.0.53', 53] })
    all.streams.handle(datagram(wire.data(SENT, query(1, 'a.example'))))
    all.streams.handle(datagram(wire.data(RECEIVED, answer(1, 'a.example'))))
    all.streams.tick(wire.timeNs + SECOND)
    expect(rows(all)).toMatchObject([{ trace_role: ROLE_CLIENT, remote_addr: '10.0.0.53', remote_port: 53 }])
  })

  test('answers come in any order, to several questions of one id as well', () => {
    const { all, asks, answers } = served()
    asks(query(1, 'a.example'))
    asks(query(2, 'b.example'))
    asks(query(2, 'c.example'))
    asks(query(2, 'c.example', 'AAAA'))
    for (const [id, name, type] of [
      [2, 'c.example', 'AAAA'],
      [1, 'a.example', 'A'],
      [2, 'c.example', 'A'],
      [2, 'b.example', 'A'],
    ] as const)
      answers(message({ id, name, type, flags: ANSWER }))
    expect(rows(all).map((row) => JSON.parse(row.req_body as string).queries[0])).toEqual([
      { name: 'c.example', type: 'AAAA' },
      { name: 'a.example', type: 'A' },
      { name: 'c.example', type: 'A' },
      { name: 'b.example', type: 'A' },
    ])
    expect(all.counters.unpairedFrames).toBe(0)
  })

  test('clients on one socket have conversations of their own', () => {
    const { all, asks, answers } = served()
    for (const client of ['10.0.0.2', '10.0.0.3']) asks(query(1, `of-${client}`), client)
    for (const client of ['10.0.0.3', '10.0.0.2']) answers(answer(1, `of-${client}`), client)
    expect(rows(all).map((row) => [asked(row), row.remote_addr])).toEqual([
      ['of-10.0.0.3', '10.0.0.3'],
      ['of-10.0.0.2', '10.0.0.2'],
    ])
  })

  test('a question that is sent again is the same exchange, with its first time', () => {
    const { all, asks, answers } = served()
    asks(query(1, 'a.example'))
    asks(query(1, 'A.example'))
    answers(answer(1, 'a.EXAMPLE'))
    answers(answer(1, 'a.example'))
    expect(rows(all)).toMatchObject([{ latency: 2000, outcome: 'complete' }])
    expect(all.counters.unpairedFrames).toBe(2)
  })

  test('an answer to nobody, or to another question, makes no row and is counted', () => {
    const { all, asks, answers } = served()
    asks(query(1, 'a.example'))
    answers(answer(2, 'a.example'))
    answers(answer(1, 'b.example'))
    expect(rows(all)).toEqual([])
    expect(all.counters.unpairedFrames).toBe(2)
  })

  test('an answer without a question answers the oldest of its id', () => {
    const { all, asks, answers } = served()
    asks(query(1, 'a.example'))
    asks(query(1, 'b.example'))
    answers(message({ id: 1, flags: 0x8001, isBare: true }))
    expect(told(all)).toEqual([['a.example', 'complete']])
    expect(JSON.parse(rows(all)[0]!.resp_header as string)).toMatchObject({ rcode: 1, num_queries: 0 })
  })

  test('errors and truncated answers are answers', () => {
    const { all, asks, answers } = served()
    for (const [id, flags] of [NXDOMAIN, SERVFAIL, TRUNCATED].entries()) {
      asks(query(id, 'a.example'))
      answers(message({ id, flags: ANSWER | flags, name: 'a.example' }))
    }
    const headers = rows(all).map((row) => JSON.parse(row.resp_header as string))
    expect(headers.map(({ rcode, tc }) => [rcode, tc])).toEqual([
      [NXDOMAIN, 0],
      [SERVFAIL, 0],
      [0, 1],
    ])
  })

  test('a question without an answer is shown as waiting after 2 s, and is unanswered after 30 s', () => {
    const { all, asks, answers, passes, live } = served()
    asks(query(1, 'a.example'))
    passes(1.9 * SECOND)
    expect(live()).toEqual([])
    passes(0.1 * SECOND)
    expect(live()).toEqual([['a.example', 'waiting', 2 * SECOND]])
    passes(27.9 * SECOND)
    expect(rows(all)).toEqual([])
    passes(0.1 * SECOND)
    expect(rows(all)).toMatchObject([
      { outcome: 'unanswered', latency: 30 * SECOND, resp_header: '{}', resp_body: '{}' },
    ])
    expect(live()).toEqual([])
    answers(answer(1, 'a.example'))
    expect(rows(all)).toHaveLength(1)
  })

  test('what waits when the socket closes is unanswered', () => {
    const { all, asks, closes } = served()
    asks(query(1, 'a.example'))
    closes()
    expect(told(all)).toEqual([['a.example', 'unanswered']])
  })

  test('a datagram that makes no sense costs itself only', () => {
    const { all, asks, answers } = served()
    asks(query(1, 'a.example'))
    for (let i = 0; i < 20; i++) answers(Uint8Array.of(1, 2, 3))
    answers(answer(1, 'a.example'))
    expect(told(all)).toEqual([['a.example', 'complete']])
  })

  test('an answer that was not captured whole is said as far as it was', () => {
    const { all, asks } = served()
    asks(query(1, 'a.example'))
    const bytes = answer(1, 'a.example', ['192.0.2.1', '192.0.2.2', '192.0.2.3'])
    const wire = udp()
    wire.timeNs = 2 * SECOND
    all.streams.handle(datagram(wire.data(SENT, bytes, bytes.length - 20)))
    expect(rows(all)).toMatchObject([{ outcome: 'cut' }])
    expect(addresses(rows(all)[0]!)).toEqual(['192.0.2.1', '192.0.2.2'])
  })

  test('of questions to a group nothing is said: others answer', () => {
    const all = open()
    const wire = udp({ local: ['10.0.0.9', 4000], remote: ['224.0.0.251', 5353] })
    all.streams.handle(datagram(wire.data(SENT, query(1, 'printer.local'))))
    all.streams.underWay(wire.timeNs + 3 * SECOND)
    all.streams.tick(wire.timeNs + 31 * SECOND)
    expect([rows(all), all.live.rows('dns_events')]).toEqual([[], []])
    expect(all.counters.unpairedFrames).toBe(1)
  })

  test('ids from many clients at once: each question has its row', () => {
    const { all, asks, answers } = served()
    const next = random(4)
    const open: { client: string; id: number; name: string }[] = []
    for (let i = 0; i < 3000; i++) {
      const client = `10.0.1.${i % 200}`
      const id = Math.floor(next() * 8)
      const name = `q${i}.example`
      asks(query(id, name), client)
      open.push({ client, id, name })
      while (open.length > 50) {
        const [{ client, id, name }] = open.splice(Math.floor(next() * open.length), 1) as [(typeof open)[0]]
        answers(answer(id, name), client)
      }
    }
    for (const { client, id, name } of open) answers(answer(id, name), client)
    expect(new Set(rows(all).map(asked)).size).toBe(3000)
    expect(rows(all)).toHaveLength(3000)
    expect(all.counters.unpairedFrames).toBe(0)
    expect(all.streams.heldBytes).toBe(0)
  })

  test('what waits is bounded, and nobody who was given up is called unanswered', () => {
    const { all, asks, passes } = served({ remotes: 16 })
    for (let i = 0; i < 20_000; i++) asks(query(i & 0xffff, `q${i}.example`), `10.0.${i & 1}.2`)
    expect(all.streams.heldBytes).toBeLessThan(3 << 20)
    expect(all.counters.unpairedFrames).toBe(20_000 - 2 * 2048)
    for (let i = 0; i < 100; i++) asks(query(1, 'x.example'), `10.1.0.${i}`)
    expect(rows(all)).toEqual([])
    passes(31 * SECOND)
    expect(rows(all).every(({ outcome }) => outcome === 'unanswered')).toBe(true)
    expect(rows(all).length).toBeLessThanOrEqual(16)
    expect(all.streams.heldBytes).toBe(0)
  })
})

describe('over streams', () => {
  const onPort = (options: SocketOptions = {}) => new Wire({ local: ['10.0.0.1', 53], ...options })

  test('pipelined, answered out of order (RFC 7766 §6.2.1.1)', () => {
    const all = open()
    const wire = onPort()
    all.streams.handle(wire.open())
    all.streams.handle(
      wire.request(framed(query(1, 'a.example'), query(2, 'b.example'), query(3, 'c.example'))),
    )
    all.streams.handle(wire.response(framed(answer(3, 'c.example'), answer(1, 'a.example'))))
    all.streams.handle(wire.response(framed(answer(2, 'b.example'))))
    expect(told(all)).toEqual([
      ['c.example', 'complete'],
      ['a.example', 'complete'],
      ['b.example', 'complete'],
    ])
  })

  test.each([true, false])(
    'length and message in calls of their own, on a port that says nothing (opening seen: %p)',
    (isSeen) => {
      const all = open()
      const wire = new Wire({ local: ['10.0.0.1', 8600] })
      if (isSeen) all.streams.handle(wire.open())
      const [question, reply] = [framed(query(1, 'a.example')), framed(answer(1, 'a.example'))]
      for (const bytes of [question.subarray(0, 2), question.subarray(2)])
        all.streams.handle(wire.request(bytes))
      for (const bytes of [reply.subarray(0, 2), reply.subarray(2)]) all.streams.handle(wire.response(bytes))
      expect(told(all)).toEqual([['a.example', 'complete']])
    },
  )

  test('a large answer, of which a call brings only the beginning', () => {
    const all = open()
    const wire = onPort()
    all.streams.handle(wire.open())
    all.streams.handle(wire.request(framed(query(1, 'a.example'), query(2, 'b.example'))))
    const many = Array.from({ length: 900 }, (_, i) => `192.0.2.${i % 250}`)
    const large = framed(answer(1, 'a.example', many))
    all.streams.handle(wire.response(large, 16 << 10))
    all.streams.handle(wire.response(framed(answer(2, 'b.example'))))
    expect(told(all)).toEqual([
      ['a.example', 'cut'],
      ['b.example', 'complete'],
    ])
    expect(addresses(rows(all)[0]!)).toHaveLength(64)
    expect(JSON.parse(rows(all)[0]!.resp_header as string).num_answers).toBe(900)
  })

  test('a large answer in many calls is whole', () => {
    const all = open()
    const wire = onPort()
    all.streams.handle(wire.open())
    all.streams.handle(wire.request(framed(query(1, 'a.example'))))
    const large = framed(
      answer(
        1,
        'a.example',
        Array.from({ length: 300 }, (_, i) => `192.0.2.${i % 250}`),
      ),
    )
    for (let at = 0; at < large.length; at += 1000)
      all.streams.handle(wire.response(large.subarray(at, at + 1000)))
    expect(told(all)).toEqual([['a.example', 'complete']])
    expect(all.streams.heldBytes).toBe(0)
  })

  test('an answer that may be in a hole is not said to be missing', () => {
    const all = open()
    const wire = onPort()
    all.streams.handle(wire.open())
    all.streams.handle(wire.request(framed(query(1, 'a.example'), query(2, 'b.example'))))
    wire.response(framed(answer(1, 'a.example')))
    all.streams.handle(wire.response(framed(answer(2, 'b.example'))))
    all.streams.handle(wire.request(framed(query(3, 'c.example'))))
    all.streams.handle(wire.close())
    all.streams.tick(wire.timeNs + SECOND)
    expect(told(all)).toEqual([
      ['b.example', 'complete'],
      ['c.example', 'unanswered'],
    ])
  })

  test('an answer that the end of the connection cuts', () => {
    const all = open()
    const wire = onPort()
    all.streams.handle(wire.open())
    all.streams.handle(wire.request(framed(query(1, 'a.example'))))
    all.streams.handle(
      wire.response(framed(answer(1, 'a.example', ['192.0.2.1', '192.0.2.2'])).subarray(0, -3)),
    )
    all.streams.handle(wire.close())
    all.streams.tick(wire.timeNs + SECOND)
    expect(told(all)).toEqual([['a.example', 'cut']])
    expect(addresses(rows(all)[0]!)).toEqual(['192.0.2.1'])
  })

  test('a zone transfer is one row, and its further messages belong to it', () => {
    const all = open()
    const wire = onPort()
    all.streams.handle(wire.open())
    all.streams.handle(wire.request(framed(query(1, 'example.com', 'AXFR'))))
    const part = message({
      ...{ id: 1, name: 'example.com', type: 'AXFR', flags: ANSWER },
      answers: [{ name: 'a.example.com', type: 'A', data: address('192.0.2.1') }],
    })
    for (let i = 0; i < 5; i++) all.streams.handle(wire.response(framed(part)))
    expect(told(all)).toEqual([['example.com', 'complete']])
    expect(all.counters.unpairedFrames).toBe(0)
  })

  test('within TLS it is encrypted', () => {
    const all = open()
    const wire = onPort({ local: ['10.0.0.1', 853] })
    all.streams.handle(wire.open())
    const at = { received: 0, sent: 0 }
    const say = (direction: typeof RECEIVED | typeof SENT, payload: Uint8Array) => {
      const key = direction === RECEIVED ? 'received' : 'sent'
      const text = { connId: wire.connId, timeNs: 2e9 + at.received + at.sent, direction }
      all.streams.plaintext({ ...text, offset: at[key], size: payload.length, payload })
      at[key] += payload.length
    }
    say(RECEIVED, framed(query(1, 'a.example')))
    say(SENT, framed(answer(1, 'a.example')))
    expect(rows(all)).toMatchObject([{ encrypted: true, outcome: 'complete' }])
  })

  test('any bytes: nothing throws, and what is held is bounded', () => {
    const next = random(6)
    for (let round = 0; round < 400; round++) {
      const all = open({ streamBytes: 64 << 10 })
      const wire = onPort()
      all.streams.handle(wire.open())
      const bytes = joined(...Array.from({ length: 6 }, (_, i) => framed(query(i, `q${i}.example`))))
      for (let i = 0; i < 5; i++) bytes[Math.floor(next() * bytes.length)] = next() * 256
      for (let at = 0; at < bytes.length; ) {
        const size = 1 + Math.floor(next() * 60)
        const event = wire.data(next() < 0.5 ? RECEIVED : SENT, bytes.subarray(at, at + size))
        if (next() < 0.95) all.streams.handle(event)
        at += size
      }
      for (let i = 0; i < 20; i++)
        all.streams.handle(wire.request(Uint8Array.from({ length: 5000 }, () => next() * 256)))
      expect(all.streams.heldBytes).toBeLessThan(512 << 10)
      all.streams.close()
    }
  })
})

describe('both ends on the node', () => {
  const SERVER = {
    transport: 'udp',
    role: ROLE_UNKNOWN,
    connId: 11,
    pid: 500,
    local: ['0.0.0.0', 5300],
  } as const
  const CLIENT = {
    transport: 'udp',
    role: ROLE_UNKNOWN,
    connId: 12,
    pid: 600,
    remote: ['127.0.0.1', 5300],
  } as const

  test.each([
    ['connected', '127.0.0.1', '127.0.0.1'],
    ['not bound to an address', '0.0.0.0', '127.0.0.1'],
    ['connected, IPv6', '::1', '::1'],
    ['not bound to an address, IPv6', '::', '::1'],
  ])('recorded once, at the server, with the client that is %s', (_, local, seenAs) => {
    const all = open()
    const peer = seenAs === '::1' ? '::1' : '127.0.0.1'
    const client = new Wire({ ...CLIENT, local: [local, 4000], remote: [peer, 5300] })
    const server = new Wire({ ...SERVER, remote: [seenAs, 4000] })
    const say = (wire: Wire, direction: typeof SENT | typeof RECEIVED, bytes: Uint8Array) =>
      all.streams.handle(datagram(wire.data(direction, bytes)))
    for (const id of [1, 2]) {
      say(client, SENT, query(id, `q${id}.example`))
      say(server, RECEIVED, query(id, `q${id}.example`))
      say(server, SENT, answer(id, `q${id}.example`))
      say(client, RECEIVED, answer(id, `q${id}.example`))
    }
    expect(rows(all).map(({ trace_role, upid, remote_upid }) => [trace_role, upid, remote_upid])).toEqual([
      [ROLE_SERVER, '1:500:5', '1:600:5'],
      [ROLE_SERVER, '1:500:5', '1:600:5'],
    ])
    // One without an answer is shown once as well, while it waits and in the end.
    say(client, SENT, query(3, 'lost.example'))
    say(server, RECEIVED, query(3, 'lost.example'))
    all.streams.underWay(client.timeNs + 3 * SECOND)
    expect(all.live.rows('dns_events')).toHaveLength(1)
    all.streams.close()
    expect(rows(all)).toHaveLength(3)
    expect(rows(all)[2]).toMatchObject({ outcome: 'waiting', trace_role: ROLE_SERVER })
  })

  test('a client that outlives its server has its questions recorded itself', () => {
    const all = open()
    const client = new Wire({ ...CLIENT, local: ['127.0.0.1', 4000] })
    const server = new Wire({ ...SERVER, remote: ['127.0.0.1', 4000] })
    all.streams.handle(datagram(client.data(SENT, query(1, 'a.example'))))
    all.streams.handle(datagram(server.data(RECEIVED, query(1, 'a.example'))))
    all.streams.handle(datagram(server.data(SENT, answer(1, 'a.example'))))
    all.streams.handle(datagram(client.data(RECEIVED, answer(1, 'a.example'))))
    all.streams.handle(server.close())
    client.timeNs += 12 * SECOND
    all.streams.tick(client.timeNs)
    all.streams.handle(datagram(client.data(SENT, query(2, 'b.example'))))
    all.streams.tick(client.timeNs + 31 * SECOND)
    expect(rows(all).map((row) => [asked(row), row.outcome, row.trace_role])).toEqual([
      ['a.example', 'complete', ROLE_SERVER],
      ['b.example', 'unanswered', ROLE_CLIENT],
    ])
  })

  test('the first question that nobody answers is the one end only, too', () => {
    const all = open()
    const client = new Wire({ ...CLIENT, local: ['127.0.0.1', 4000] })
    const server = new Wire({ ...SERVER, remote: ['127.0.0.1', 4000] })
    all.streams.handle(datagram(client.data(SENT, query(1, 'lost.example'))))
    all.streams.handle(datagram(server.data(RECEIVED, query(1, 'lost.example'))))
    all.streams.underWay(client.timeNs + 3 * SECOND)
    expect(all.live.rows('dns_events')).toMatchObject([{ trace_role: ROLE_SERVER }])
    all.streams.tick(client.timeNs + 31 * SECOND)
    expect(rows(all)).toMatchObject([{ trace_role: ROLE_SERVER, remote_upid: '1:600:5' }])
  })
})
