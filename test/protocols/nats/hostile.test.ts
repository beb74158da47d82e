/** Whatever comes over the wire: no secret in a row, nothing throws, time and memory stay bounded. */
import { describe, expect, test } from 'bun:test'
import type { SocketEvent } from '../../../src/events/socket-event'
import { nats } from '../../../src/protocols/nats'
import { random, rig, Wire } from '../../streams/wire'
import { cpuMs } from '../../support/cpu-time'
import { connect, GREETING, INFO, msg, NATS_SOCKET, pub, TABLE, type Turn, talk, withHeaders } from './talk'

describe('secrets', () => {
  const SECRET = 'hunter2'
  const turns: Turn[] = [
    [
      'server',
      `INFO ${JSON.stringify({
        server_id: 'N1',
        connect_urls: [`nats://${SECRET}@10.0.0.1:4222`, `nats://bob:${SECRET}@10.0.0.2:4222`],
        ip: `nats-route://${SECRET}:${SECRET}@10.0.0.1:6222/`,
        nested: { deep: [{ password: SECRET }] },
      })}\r\n`,
    ],
    [
      'client',
      connect({
        verbose: true,
        auth_token: SECRET,
        user: SECRET,
        pass: SECRET,
        jwt: SECRET,
        sig: SECRET,
        nkey: SECRET,
        PASS: SECRET,
      }),
    ],
    ['server', '+OK\r\n'],
    [
      'client',
      withHeaders('HPUB a', { Authorization: `Bearer ${SECRET}`, COOKIE: SECRET, Plain: 'kept' }, 'x'),
    ],
    ['client', withHeaders('HPUB a', { Link: `https://a/?access_token=${SECRET}&b=1` }, 'x')],
    ['server', withHeaders('HMSG a 1', { 'Set-Cookie': SECRET }, 'x')],
  ]

  test('are in no row', () => {
    const { rows, said } = talk(turns)
    expect(rows).toHaveLength(5)
    expect(JSON.stringify(rows)).not.toContain(SECRET)
    expect(said.join()).toContain('"Plain":"kept"')
    expect(said.find((text) => text.startsWith('CONNECT'))).toContain('"lang":"test"')
  })

  test('are in no row however the bytes are cut or lost', () => {
    const next = random(3)
    for (let round = 0; round < 200; round++) {
      const cut = turns.flatMap(([from, text]) => {
        const at = Math.floor(next() * text.length)
        const captured = next() < 0.3 ? Math.floor(next() * (text.length - at)) : undefined
        const rest = text.slice(at)
        const last: Turn = captured === undefined ? [from, rest] : [from, rest, captured]
        return at === 0 ? [last] : [[from, text.slice(0, at)] as Turn, last]
      })
      expect(JSON.stringify(talk(cut).rows)).not.toContain(SECRET)
    }
  })

  test('an object that is none shows nothing', () => {
    const { said } = talk([...GREETING, ['client', `CONNECT {"pass":"${SECRET}",}\r\n`]])
    expect(said.at(-1)).toBe('CONNECT {}')
  })

  test('an error says none, in neither column', () => {
    const { rows } = talk([...GREETING, ['server', `-ERR 'Authorization Violation token=${SECRET}'\r\n`]])
    expect(JSON.stringify(rows)).toContain('token=[redacted]')
    expect(JSON.stringify(rows)).not.toContain(SECRET)
  })

  test('they stay when they are wanted', () => {
    expect(JSON.stringify(talk(turns, { settings: { redact: false } }).rows)).toContain(SECRET)
  })
})

/** A conversation cut into events, some of which are lost, doubled or changed. */
function events(seed: number, wire: Wire, loss: number): SocketEvent[] {
  const next = random(seed)
  const made: SocketEvent[] = []
  const say = (from: 'client' | 'server', text: string) => {
    for (let at = 0; at < text.length; ) {
      const end = next() < 0.6 ? text.length : at + 1 + Math.floor(next() * (text.length - at))
      const part = text.slice(at, end)
      const captured = next() < loss ? Math.floor(next() * part.length) : undefined
      const event = from === 'client' ? wire.request(part, captured) : wire.response(part, captured)
      if (next() >= loss) made.push(event)
      at = end
    }
  }
  const isVerbose = seed % 2 === 0
  say('server', INFO)
  say('client', connect({ verbose: isVerbose }))
  if (isVerbose) say('server', '+OK\r\n')
  for (let n = 0; n < 60; n++) {
    const payload = `${n}:${'p'.repeat(Math.floor(next() ** 4 * 9000))}`
    say(
      'client',
      next() < 0.5 ? pub(`s.${n}`, payload) : withHeaders(`HPUB s.${n}`, { N: String(n) }, payload),
    )
    if (isVerbose)
      say('server', next() < 0.9 ? '+OK\r\n' : `-ERR 'Permissions Violation for Publish to "s.${n}"'\r\n`)
    if (next() < 0.5) say('server', msg(`s.${n} 1`, payload))
    if (next() < 0.1) say('client', 'PING\r\n')
  }
  return made
}

describe('losses', () => {
  test('a row is a message that was sent, and no answer is another’s', () => {
    let found = 0
    for (let seed = 1; seed <= 30; seed++) {
      const { streams, sink } = rig([nats], { streamBytes: 128 << 10 })
      const wire = new Wire(NATS_SOCKET)
      if (seed % 3 !== 0) streams.handle(wire.open())
      for (const event of events(seed, wire, [0, 0.02, 0.1][seed % 3]!)) {
        streams.handle(event)
        if (seed % 5 === 0) streams.handle(event)
      }
      streams.close()
      for (const { cmd, body, resp } of sink.rows(TABLE)) {
        const { subject, payload, size } = JSON.parse(body as string)
        if (subject === undefined) continue
        found++
        const n = subject.slice(2)
        if (payload !== '')
          expect(`${n}:${'p'.repeat(size)}`, `${cmd} ${seed}`).toStartWith(payload.slice(0, n.length + 1))
        if (String(resp).startsWith('-ERR')) expect(resp).toContain(`"${subject}"`)
      }
    }
    expect(found).toBeGreaterThan(30 * 60)
  })

  test('changed bytes never throw, and nothing stays', () => {
    for (let seed = 1; seed <= 30; seed++) {
      const next = random(500 + seed)
      const { streams, counters } = rig([nats], { streamBytes: 64 << 10 })
      const wire = new Wire(NATS_SOCKET)
      streams.handle(wire.open())
      for (const event of events(seed, wire, 0.02)) {
        const payload = event.payload.slice()
        for (let i = 0; payload.length > 0 && i < next() * 3; i++)
          payload[Math.floor(next() * payload.length)] = next() * 256
        streams.handle({ ...event, payload })
      }
      streams.tick(wire.timeNs + 60e9)
      streams.handle(wire.close())
      streams.close()
      expect(streams.heldBytes).toBe(0)
      expect(counters.frames).toBeGreaterThan(0)
    }
  })
})

describe('bounds', () => {
  /** Milliseconds of processor time that it takes to read all this from a client, in calls of 64 KiB. */
  function timed(text: string, bytes: number): number {
    const { streams, wire } = talk(GREETING, { open: true })
    const call = text.repeat(Math.ceil(65_536 / text.length)).slice(0, 65_536)
    const calls = Array.from({ length: Math.ceil(bytes / call.length) }, () => wire.request(call))
    return cpuMs(() => {
      for (const event of calls) streams.handle(event)
    })
  }

  /** Each costs the square of its length, or a long time for every byte, when it is read carelessly. */
  test.each([
    ['no line break', 'x'],
    ['lines without an end', 'PUB '],
    ['line breaks only', '\n'],
    ['lines that begin like a verb', 'P\n'],
    ['lines of too few parts', 'PUB a\r\n'],
    ['lines of many parts', `PUB ${'a '.repeat(8000)}\r\n`],
    ['blanks', `PUB a${' '.repeat(30_000)}\r\n`],
    ['lengths that are wrong', 'PUB a 5\r\nhello, world\r\n'],
    ['objects that are none', `CONNECT ${'{"a":'.repeat(12_000)}}\r\n`],
    ['objects of many fields', `CONNECT {${Array.from({ length: 5000 }, (_, i) => `"${i}":1`).join()}}\r\n`],
    ['user info without a host', `CONNECT {"a":"${'://x:y'.repeat(9000)}"}\r\n`],
    [
      'headers of many lines',
      withHeaders('HPUB a', Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`${i}`, ''])), ''),
    ],
  ])('%s: 4 MiB take less than a second', (_, text) => {
    expect(timed(text, 4 << 20)).toBeLessThan(1000)
  })

  test('a line that comes byte by byte', () => {
    const { streams, wire } = talk(GREETING, { open: true })
    const calls = Array.from({ length: 100_000 }, (_, i) => wire.request(i < 4 ? 'PUB '[i]! : 'a'))
    const ms = cpuMs(() => {
      for (const event of calls) streams.handle(event)
    })
    expect(ms).toBeLessThan(1000)
    expect(streams.heldBytes).toBeLessThan(256 << 10)
  })

  test('what waits is bounded in bytes', () => {
    const { streams, sink } = rig([nats], { heldBytes: 4 << 20 })
    const wires = Array.from(
      { length: 100 },
      (_, i) => new Wire({ ...NATS_SOCKET, remote: ['10.0.0.9', 10_000 + i] }),
    )
    for (const wire of wires) {
      streams.handle(wire.open())
      streams.handle(wire.response(INFO))
      streams.handle(wire.request(connect({ verbose: true })))
      for (let i = 0; i < 100; i++) streams.handle(wire.request(pub('a', 'x'.repeat(1000))))
      expect(streams.heldBytes).toBeLessThanOrEqual(4 << 20)
    }
    streams.close()
    // Given up early is written early, not lost.
    expect(sink.rows(TABLE).filter(({ cmd }) => cmd === 'PUB')).toHaveLength(10_000)
  })
})

describe('the rest of a line whose beginning is missing', () => {
  const secret = withHeaders('HMSG h 73', { Authorization: 'Bearer hunter2' }, 'text')

  test.each([
    ['headers', 'server', secret],
    ['headers', 'client', secret.replace('HMSG h 73', 'HPUB h')],
    ['UNSUB', 'client', 'UNSUB 3 77\r\n'],
  ] as const)('%s of the %s', (_, from, text) => {
    for (let lost = 1; lost < 4; lost++) {
      const { wire, streams, sink } = talk(GREETING, { open: true })
      const say = (part: string, captured?: number) =>
        from === 'client' ? wire.request(part, captured) : wire.response(part, captured)
      say(text.slice(0, lost))
      streams.handle(say(text.slice(lost)))
      streams.handle(say(from === 'client' ? pub('after', '') : msg('after 1', '')))
      streams.tick(wire.timeNs + 1e9)
      const rows = sink.rows(TABLE).slice(4)
      expect(rows.map(({ body }) => JSON.parse(body as string).subject)).toEqual(['after'])
    }
  })

  test('a message that begins right behind a hole is one', () => {
    const { wire, streams, sink } = talk(GREETING, { open: true })
    wire.request(pub('lost', '1'))
    streams.handle(wire.request('SUB whole 9\r\n'))
    streams.tick(wire.timeNs + 1e9)
    expect(sink.rows(TABLE).at(-1)).toMatchObject({ cmd: 'SUB', body: '{"subject":"whole","sid":"9"}' })
  })
})
