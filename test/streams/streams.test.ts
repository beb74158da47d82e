import { describe, expect, test } from 'bun:test'
import { RECEIVED, type SocketEvent } from '../../src/events/socket-event'
import { PROTOCOLS } from '../../src/protocols'
import { ROLE_CLIENT, ROLE_SERVER, ROLE_UNKNOWN } from '../../src/records/types'
import { linesProtocol } from './plain-protocol'
import { end, type Rig, rig, type SocketOptions, silence, Wire } from './wire'

const ask = (path: string) => `GET ${path} HTTP/1.1\r\nHost: h\r\n\r\n`
const say = (body: string) => `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`
const pairs = ({ sink }: Rig) =>
  sink.rows('http_events').map(({ req_path, resp_body }) => `${req_path} ${resp_body}`)

function started(options: ConstructorParameters<typeof Wire>[0] = {}, limits = {}): Rig & { wire: Wire } {
  const all = rig(PROTOCOLS, limits)
  const wire = new Wire(options)
  all.streams.handle(wire.open())
  return { ...all, wire }
}

describe('order', () => {
  test('offsets wrap around 2^32', () => {
    const all = started({ sequence: 2 ** 32 - 30 })
    for (let i = 0; i < 5; i++) {
      all.streams.handle(all.wire.request(ask(`/${i}`)))
      all.streams.handle(all.wire.response(say(`${i}`)))
    }
    expect(pairs(all)).toEqual(['/0 0', '/1 1', '/2 2', '/3 3', '/4 4'])
    expect(all.counters.gaps).toBe(0)
  })

  test('events that change places are put right', () => {
    const all = started()
    const { wire, streams } = all
    streams.handle(wire.request('GET /a'))
    const parts = ['1 HTTP/1.1\r\n', 'Host: h\r\n', '\r\n'].map((part) => wire.request(part))
    for (const i of [2, 1, 0]) streams.handle(parts[i]!)
    streams.handle(wire.response(say('x')))
    expect(pairs(all)).toEqual(['/a1 x'])
    expect(all.counters.gaps).toBe(0)
  })

  test('duplicates and overlaps are used once', () => {
    const all = started()
    const { wire, streams } = all
    const first = wire.request(ask('/a').slice(0, 20))
    const rest = wire.request(ask('/a').slice(20))
    streams.handle(first)
    streams.handle(first)
    const overlap = Buffer.from(ask('/a').slice(10))
    streams.handle({ ...rest, offset: first.offset + 10, size: overlap.length, payload: overlap })
    streams.handle(rest)
    streams.handle(wire.response(say('x')))
    expect(pairs(all)).toEqual(['/a x'])
  })

  test('a hole is one when the other direction goes on', () => {
    const all = started()
    const { wire, streams } = all
    streams.handle(wire.request(ask('/1')))
    streams.handle(wire.response(say('1')))
    wire.request(ask('/lost'))
    streams.handle(wire.response(say('lost')))
    streams.handle(wire.request(ask('/2')))
    streams.handle(wire.response(say('2')))
    streams.handle(wire.request(ask('/3')))
    streams.handle(wire.response(say('3')))
    expect(pairs(all)).toEqual(['/1 1', '/2 2', '/3 3'])
    expect(all.counters).toMatchObject({ gaps: 1, gapBytes: ask('/lost').length })
  })

  test('a hole is one when nothing comes for a while', () => {
    const all = started()
    const { wire, streams } = all
    streams.handle(wire.request(ask('/1')))
    streams.handle(wire.response(say('1')))
    wire.response('lost')
    streams.handle(wire.response('bytes that are held'))
    expect(all.counters.gaps).toBe(0)
    streams.tick(wire.timeNs + 20e6)
    expect(all.counters.gaps).toBe(1)
  })

  test('offsets that jump far belong to another history', () => {
    const all = started()
    const { wire, streams } = all
    streams.handle(wire.request(ask('/1')))
    streams.handle(wire.response(say('1')))
    streams.handle({ ...wire.request(ask('/2')), offset: 2 ** 31 })
    streams.handle(wire.response(say('2')))
    expect(pairs(all)).toEqual(['/1 1'])
    wire.timeNs += 2e9
    streams.tick(wire.timeNs)
    streams.handle({ ...wire.request(ask('/3')), offset: 2 ** 31 + ask('/2').length })
    streams.handle(wire.response(say('3')))
    expect(pairs(all)).toEqual(['/1 1', '/2 2', '/3 3'])
  })
})

describe('pairs behind holes', () => {
  const lossy = (all: Rig & { wire: Wire }, steps: string) => {
    const numbers = { request: 0, response: 0 }
    for (const step of steps.split(' ')) {
      if (step === 'qq') {
        all.streams.handle(all.wire.request(ask(`/${++numbers.request}`) + ask(`/${++numbers.request}`)))
        continue
      }
      const isRequest = step.toLowerCase().startsWith('q')
      const n = isRequest ? ++numbers.request : ++numbers.response
      const event = isRequest ? all.wire.request(ask(`/${n}`)) : all.wire.response(say(`${n}`))
      if (step === step.toLowerCase()) all.streams.handle(event)
    }
    end(all.streams, all.wire)
    for (const pair of pairs(all)) expect(pair).toMatch(/^\/(\d+) \1$/)
    return pairs(all).map((pair) => Number(pair.split(' ')[1]))
  }

  // q: a request, p: a response, qq: two requests in one event; in capitals: lost in the ring.
  test.each([
    ['q p Q p q p q p', [1, 3, 4]],
    ['q p q P q p q p', [1, 3, 4]],
    ['q p q p Q P q p q p', [1, 2, 4, 5]],
    ['q P q p q p', [2, 3]],
    ['Q p q p q p q p', [2, 3, 4]],
    ['q p q p Q p Q p q p q p', [1, 2, 5, 6]],
    ['q p q P Q p q p q p', [1, 4, 5]],
  ])('%s', (steps, wanted) => {
    expect(lossy(started(), steps)).toEqual(wanted)
  })

  test.each(['qq p p q q p p Q q p p q q p p', 'qq p p q q P p q q p p', 'qq p p q Q q p p p q q p p'])(
    'pipelined: %s',
    (steps) => {
      // It isn't known which request was lost: no row is right, a wrong pair isn't.
      expect(lossy(started(), steps).slice(0, 2)).toEqual([1, 2])
    },
  )

  test('a pipelined connection is followed again after it has been silent', () => {
    const all = started()
    const { wire, streams } = all
    const both = (a: string, b: string) => {
      streams.handle(wire.request(ask(`/${a}`) + ask(`/${b}`)))
      streams.handle(wire.response(say(a) + say(b)))
    }
    both('1', '2')
    wire.request(ask('/lost') + ask('/lost'))
    streams.handle(wire.request(ask('/3') + ask('/4')))
    streams.handle(wire.response(say('lost') + say('lost') + say('3') + say('4')))
    expect(pairs(all)).toEqual(['/1 1', '/2 2'])
    wire.timeNs += 2e9
    both('5', '6')
    expect(pairs(all)).toEqual(['/1 1', '/2 2', '/3 3', '/4 4', '/5 5', '/6 6'])
  })
})

describe('what is lost at the ends of a connection', () => {
  test("a first request is a known gap, and its answer is nobody else's", () => {
    const all = started()
    const { wire, streams } = all
    wire.request(ask('/lost'))
    streams.handle(wire.request(ask('/2')))
    streams.handle(wire.response(say('lost')))
    streams.handle(wire.response(say('2')))
    streams.handle(wire.request(ask('/3')))
    streams.handle(wire.response(say('3')))
    end(streams, wire)
    for (const pair of pairs(all)) expect(['/2 2', '/3 3']).toContain(pair)
    expect(all.counters).toMatchObject({ gaps: 1, gapBytes: ask('/lost').length })
  })

  test('a first answer is a known gap', () => {
    const all = started()
    const { wire, streams } = all
    streams.handle(wire.request(ask('/1')))
    wire.response(say('lost'))
    wire.request(ask('/lost'))
    streams.handle(wire.response(say('2')))
    streams.handle(wire.request(ask('/3')))
    streams.handle(wire.response(say('3')))
    streams.handle(wire.request(ask('/4')))
    streams.handle(wire.response(say('4')))
    end(streams, wire)
    expect(pairs(all)).toEqual(['/3 3', '/4 4'])
    expect(all.counters).toMatchObject({ gaps: 2, gapBytes: ask('/lost').length + say('lost').length })
  })

  test('bytes lost before anyone knew the protocol are counted once it is known', () => {
    const all = started()
    const { wire, streams } = all
    wire.request('lost')
    streams.handle(wire.request(ask('/1')))
    streams.tick(wire.timeNs + 20e6)
    expect(all.counters).toMatchObject({ gaps: 1, gapBytes: 4 })
  })

  test('the last bytes are missed when the kernel counted them', () => {
    const all = started()
    const { wire, streams } = all
    streams.handle(wire.request(ask('/1')))
    streams.handle(wire.response(say('1')))
    wire.request(ask('/2'))
    wire.response(say('2'))
    end(streams, wire)
    expect(pairs(all)).toEqual(['/1 1'])
    expect(all.counters).toMatchObject({ gaps: 2, gapBytes: ask('/2').length + say('2').length })
  })

  test('nothing is missed when the probe joined late, or when bytes were only counted for a while', () => {
    const all = rig(PROTOCOLS)
    const wire = new Wire({ sequence: 2 ** 32 - 20 })
    const { streams } = all
    streams.handle(wire.request(ask('/1')))
    streams.handle(wire.response(say('1')))
    silence(streams, wire)
    end(streams, wire)
    const silent = new Wire()
    streams.handle(silent.open())
    for (let i = 0; i < 10; i++) streams.handle(silent.request('\x00\x01\x02'.repeat(1000)))
    silent.request('counted by the kernel')
    silent.timeNs += 40e9
    streams.tick(silent.timeNs)
    streams.handle(silent.request(ask('/2')))
    streams.handle(silent.response(say('2')))
    silence(streams, silent)
    end(streams, silent)
    expect(pairs(all)).toEqual(['/1 1', '/2 2'])
    expect(all.counters.gaps).toBe(0)
  })
})

describe('verdicts', () => {
  test('TLS is counted, not captured, from the end of its handshake on', () => {
    const all = started()
    all.streams.handle(all.wire.request('\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'))
    expect(all.verdicts.map(({ verdict }) => verdict.action)).toEqual(['capture'])
    all.streams.handle(all.wire.response('\x15\x03\x03\x00\x02\x02\x28'))
    expect(all.verdicts.slice(1)).toEqual([{ connId: all.wire.connId, verdict: { action: 'count' } }])
    expect(all.counters.encryptedConnections).toBe(1)
  })

  test('what nobody speaks is counted, and looked at again', () => {
    const all = started()
    const { wire, streams, verdicts } = all
    for (let i = 0; i < 10; i++) streams.handle(wire.request('\x00\x01\x02'.repeat(1000)))
    expect(verdicts.map(({ verdict }) => verdict.action)).toEqual(['count'])
    streams.tick(wire.timeNs + 10e9)
    expect(verdicts).toHaveLength(1)
    wire.timeNs += 40e9
    streams.tick(wire.timeNs)
    expect(verdicts.at(-1)!.verdict.action).toBe('capture')
    streams.handle(wire.request(ask('/late')))
    streams.handle(wire.response(say('x')))
    silence(streams, wire)
    expect(pairs(all)).toEqual(['/late x'])
    expect(all.counters.unknownConnections).toBe(1)
  })

  test('what is counted is shown as far as a new connection would be, and a head in several calls brings it back', () => {
    const all = started()
    const { wire, streams, verdicts } = all
    for (let i = 0; i < 10; i++) streams.handle(wire.request('\x00\x01\x02'.repeat(1000)))
    expect(verdicts.at(-1)!.verdict).toEqual({ action: 'count', peek: 1 << 20 })
    const head = `GET /long HTTP/1.1\r\nHost: x\r\nCookie: ${'c'.repeat(40_000)}\r\n\r\n`
    for (let at = 0; at < head.length; at += 8000) streams.handle(wire.request(head.slice(at, at + 8000)))
    streams.handle(wire.response(say('x')))
    silence(streams, wire)
    expect(pairs(all)).toEqual(['/long x'])
  })
})

describe('traffic within the node', () => {
  const ends = { server: ['127.0.0.1', 80], client: ['127.0.0.1', 40001] } as const

  test('is recorded once, at the server', () => {
    const all = rig(PROTOCOLS)
    const { streams } = all
    const client = new Wire({ role: ROLE_CLIENT, pid: 1, local: ends.client, remote: ends.server })
    const server = new Wire({ role: ROLE_SERVER, pid: 2, local: ends.server, remote: ends.client })
    for (const path of ['/1', '/2', '/3']) {
      streams.handle(client.request(ask(path)))
      streams.handle(server.request(ask(path)))
      streams.handle(server.response(say(path)))
      streams.handle(client.response(say(path)))
    }
    streams.tick(5e9)
    expect(all.sink.rows('http_events').map(({ upid, trace_role }) => [upid, trace_role])).toEqual(
      Array.from({ length: 3 }, () => ['1:2:5', ROLE_SERVER]),
    )
    expect(all.counters.peerRecords).toBe(1)
    expect(all.verdicts.filter(({ verdict }) => verdict.action === 'count')).toEqual([
      { connId: client.connId, verdict: { action: 'count' } },
    ])
  })

  /** One exchange between two ends that begin at these numbers; the roles that were recorded. */
  function dialled(client: SocketOptions, server: SocketOptions): unknown[] {
    const all = rig(PROTOCOLS)
    const [from, to] = [
      new Wire({ ...client, role: ROLE_CLIENT, pid: 1 }),
      new Wire({ ...server, role: ROLE_SERVER, pid: 2 }),
    ]
    for (const wire of [from, to]) all.streams.handle(wire.found())
    for (const wire of [from, to]) silence(all.streams, wire)
    for (const event of [
      from.request(ask('/')),
      to.request(ask('/')),
      to.response(say('x')),
      from.response(say('x')),
    ])
      all.streams.handle(event)
    for (const timeNs of [10e9, 11e9]) all.streams.tick(timeNs)
    return all.sink.rows('http_events').map(({ trace_role }) => trace_role)
  }

  test('through translated addresses, of a service or a published port, it is recorded once, too', () => {
    const server = { local: ['10.244.0.2', 8080], sequence: 7 } as const
    const client = { local: ['10.244.0.4', 40001], remote: ['10.96.0.7', 80], sequence: 7 } as const
    expect(dialled(client, { ...server, remote: client.local })).toEqual([ROLE_SERVER])
    expect(dialled(client, { ...server, remote: ['10.244.0.1', 31000] })).toEqual([ROLE_SERVER])
  })

  test('equal addresses that began otherwise are those of two connections', () => {
    const client = { local: ends.client, remote: ends.server, sequence: 7, netns: 1 } as const
    const server = { local: ends.server, remote: ends.client, sequence: 8, netns: 2 } as const
    expect(dialled(client, server).toSorted()).toEqual([ROLE_CLIENT, ROLE_SERVER])
  })

  test('a side that the kernel did not know is matched when it turns out', () => {
    const all = rig(PROTOCOLS)
    const { streams } = all
    const server = new Wire({
      role: ROLE_SERVER,
      pid: 2,
      local: ends.server,
      remote: ends.client,
      sequence: 9,
    })
    const client = new Wire({
      role: ROLE_CLIENT,
      pid: 1,
      local: ends.client,
      remote: ends.server,
      sequence: 9,
    })
    const unknown = (event: SocketEvent): SocketEvent => ({ ...event, role: ROLE_UNKNOWN, firstSent: 8 })
    for (const path of ['/1', '/2'])
      for (const event of [
        unknown(client.request(ask(path))),
        server.request(ask(path)),
        server.response(say(path)),
        unknown(client.response(say(path))),
      ])
        streams.handle(event)
    streams.tick(5e9)
    expect(all.sink.rows('http_events').map(({ trace_role }) => trace_role)).toEqual([
      ROLE_SERVER,
      ROLE_SERVER,
    ])
  })

  test('is recorded at the client when the server is not seen', () => {
    const all = started({ role: ROLE_CLIENT, local: ends.client, remote: ends.server })
    all.streams.handle(all.wire.request(ask('/')))
    all.streams.handle(all.wire.response(say('x')))
    all.streams.tick(all.wire.timeNs + 200e6)
    expect(all.sink.rows('http_events')[0]).toMatchObject({ trace_role: ROLE_CLIENT, remote_port: 80 })
  })
})

describe('bounds', () => {
  test('a message that stops half-way is given up after a while, the connection goes on', () => {
    const all = started({}, { stuckNs: 10e9 })
    const { wire, streams } = all
    streams.handle(wire.request(ask('/1')))
    streams.handle(wire.response(say('1')))
    streams.handle(wire.request('GET /half HTTP/1.1\r\nHos'))
    streams.tick(wire.timeNs + 9e9)
    expect(all.counters).toMatchObject({ resets: 0, gaps: 0 })
    streams.tick(wire.timeNs + 11e9)
    expect(all.counters).toMatchObject({ resets: 1, gaps: 1, gapBytes: 'GET /half HTTP/1.1\r\nHos'.length })
    // A reader that takes the two for one has an answer for both.
    streams.handle(wire.request(ask('/2')))
    streams.handle(wire.response(say('2')))
    wire.timeNs += 2e9
    streams.handle(wire.request(ask('/3')))
    streams.handle(wire.response(say('3')))
    end(streams, wire)
    expect(pairs(all)).toEqual(['/1 1', '/3 3'])
  })

  // The clock begins with Nixie: a time that was never set looked like one long ago only after the first minutes.
  test.each([0, 3600e9])('a first message in pieces is waited for, %d ns after the start', (startNs) => {
    const all = rig(PROTOCOLS)
    const wire = new Wire()
    wire.timeNs = startNs
    all.streams.handle(wire.open())
    for (const piece of ['G', 'ET /pieces HT', 'TP/1.1\r\nHo', 'st: h\r\n\r\n']) {
      all.streams.handle(wire.request(piece))
      all.streams.tick(wire.timeNs + 1e6)
    }
    all.streams.handle(wire.response(say('whole')))
    end(all.streams, wire)
    expect(pairs(all)).toEqual(['/pieces whole'])
    expect(all.counters.resets).toBe(0)
  })

  test('of what comes in the wrong order the missing piece is waited for, the first one too', () => {
    const all = rig(PROTOCOLS)
    const { streams } = all
    const wire = new Wire()
    streams.handle(wire.open())
    const [first, second] = [wire.request('GET /swapped HT'), wire.request('TP/1.1\r\nHost: h\r\n\r\n')]
    streams.handle(second)
    streams.tick(wire.timeNs + 1e6)
    streams.handle(first)
    streams.handle(wire.response(say('whole')))
    end(streams, wire)
    expect(pairs(all)).toEqual(['/swapped whole'])
    expect(all.counters.gaps).toBe(0)
  })

  test('requests that nobody answers are bounded', () => {
    const all = started()
    for (let i = 0; i < 5000; i++) all.streams.handle(all.wire.request(ask(`/${i}`)))
    expect(all.counters.unpairedFrames).toBe(2048)
    expect(all.streams.heldBytes).toBeLessThan(4 << 20)
  })

  test('the most idle of the oldest connections makes room', () => {
    const all = rig(PROTOCOLS, { connections: 10 })
    for (let i = 0; i < 25; i++) all.streams.handle(new Wire({ remote: ['10.0.0.9', i] }).open())
    expect(all.streams.size).toBe(10)
    expect(all.counters.evictedConnections).toBe(15)
  })

  test('when memory is needed elsewhere very many connections become fewer, and what waits less', () => {
    const all = rig(PROTOCOLS)
    const half = `GET /half HTTP/1.1\r\nHost: ${'a'.repeat(2000)}`
    for (let i = 0; i < 10_000; i++) {
      const wire = new Wire({ remote: [`10.1.0.${i >> 12}`, i & 0xfff] })
      all.streams.handle(wire.open())
      all.streams.handle(wire.request(half))
    }
    const held = all.streams.heldBytes
    expect(held).toBeGreaterThan(20 << 20)
    for (let i = 0; i < 200; i++) all.streams.giveUpMemory()
    expect(all.streams.size).toBe(4096)
    expect(all.streams.heldBytes).toBeLessThanOrEqual(8 << 20)
    expect(all.counters.evictedConnections).toBe(10_000 - 4096)
    expect(all.counters.shedConnections).toBeGreaterThan(0)
  })

  test('datagrams are messages of their own', () => {
    const all = rig([linesProtocol()])
    const wire = new Wire({ transport: 'udp', role: ROLE_SERVER })
    // In a stream the second and the third would be one line.
    for (const said of ['>one\n', '>ha', '>two\n'])
      all.streams.handle({ ...wire.data(RECEIVED, said), offset: 0 })
    all.streams.close()
    expect(all.sink.rows('lines').map(({ text }) => text)).toEqual(['>one', '>two'])
    expect(all.counters.gaps).toBe(0)
  })

  test('datagrams of no protocol are one unknown connection', () => {
    const all = rig(PROTOCOLS)
    const wire = new Wire({ transport: 'udp' })
    for (let i = 0; i < 40; i++) all.streams.handle({ ...wire.data(RECEIVED, `${i}`.repeat(100)), offset: 0 })
    expect(all.counters).toMatchObject({ gaps: 0, resets: 0, unknownConnections: 1 })
  })
})
