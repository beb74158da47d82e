/** Whatever comes over the wire: nothing throws, time and memory stay bounded, and what is lost never makes a wrong row. */
import { describe, expect, test } from 'bun:test'
import { deflateRawSync } from 'node:zlib'
import type { SocketEvent } from '../../../src/events/socket-event'
import { PROTOCOLS } from '../../../src/protocols'
import { DecodeBudget } from '../../../src/protocols/lib/decode-budget'
import type { Side } from '../../../src/protocols/protocol'
import { random, rig, Wire } from '../../streams/wire'
import { cpuMs } from '../../support/cpu-time'
import {
  agrees,
  asks,
  binary,
  close,
  Deflater,
  deflating,
  frame,
  OPENING,
  ping,
  TABLE,
  talk,
  text,
} from './talk'

const both = ['client', 'server'] as const

/** A conversation cut into events, some of which are lost or doubled. Each message says its number. */
function events(seed: number, wire: Wire, loss: number): SocketEvent[] {
  const next = random(seed)
  const made: SocketEvent[] = []
  const isCompressed = seed % 2 === 0
  const deflaters = { client: new Deflater(), server: new Deflater() }
  const say = (from: Side, bytes: Uint8Array, isSafe = false) => {
    for (let at = 0; at < bytes.length; ) {
      const end = isSafe || next() < 0.6 ? bytes.length : at + 1 + Math.floor(next() * (bytes.length - at))
      const part = bytes.subarray(at, end)
      const captured = !isSafe && next() < loss ? Math.floor(next() * part.length) : undefined
      const event = from === 'client' ? wire.request(part, captured) : wire.response(part, captured)
      if (isSafe || next() >= loss) made.push(event)
      at = end
    }
  }
  const bytesOf = (said: string) => new Uint8Array(Buffer.from(said))
  say('client', bytesOf(asks()), true)
  say('server', bytesOf(isCompressed ? deflating() : agrees()), true)
  for (let n = 0; n < 80; n++) {
    const from = both[Math.floor(next() * 2)]!
    const said = `<${n}>${String.fromCharCode(97 + (n % 26)).repeat(Math.floor(next() ** 4 * 6000))}`
    if (isCompressed && next() < 0.7) say(from, deflaters[from].text(from, said))
    else if (next() < 0.2) {
      const half = said.length >> 1
      say(from, frame(from, 1, said.slice(0, half), { more: true }))
      if (next() < 0.5) say(from, ping(from, `<${n}>`))
      say(from, frame(from, 0, said.slice(half)))
    } else say(from, text(from, said))
  }
  return made
}

describe('losses', () => {
  test('a row is a message that was said', () => {
    let found = 0
    for (let seed = 1; seed <= 60; seed++) {
      const { streams, sink } = rig(PROTOCOLS, { streamBytes: 128 << 10 })
      const wire = new Wire()
      streams.handle(wire.open())
      for (const event of events(seed, wire, [0, 0.02, 0.1][seed % 3]!)) {
        streams.handle(event)
        if (seed % 5 === 0) streams.handle(event)
      }
      streams.close()
      for (const { type, body, plain_size, path, outcome } of sink.rows(TABLE)) {
        expect(path).toBe('/chat')
        const said = String(body)
        if (outcome !== 'complete' || said.startsWith('<permessage-deflate')) continue
        // A hole may be within the number.
        if (/^(<\d*)?$/.test(said)) continue
        const n = Number(/^<(\d+)>/.exec(said)?.[1] ?? -1)
        expect(n, `${seed}: ${type} ${said.slice(0, 60)}`).toBeGreaterThanOrEqual(0)
        const letter = String.fromCharCode(97 + (n % 26))
        // What is behind a hole within a message is not shown.
        expect(`<${n}>${letter.repeat(Number(plain_size))}`, `${seed}`).toStartWith(said)
        found++
      }
    }
    expect(found).toBeGreaterThan(60 * 20)
  })

  test('changed bytes never throw, and nothing stays', () => {
    for (let seed = 1; seed <= 40; seed++) {
      const next = random(500 + seed)
      const { streams, counters } = rig(PROTOCOLS, { streamBytes: 64 << 10 })
      const wire = new Wire()
      streams.handle(wire.open())
      events(seed, wire, 0.02).forEach((event, at) => {
        const payload = event.payload.slice()
        for (let i = 0; at > 1 && payload.length > 0 && i < next() * 3; i++)
          payload[Math.floor(next() * payload.length)] = next() * 256
        streams.handle({ ...event, payload })
      })
      streams.tick(wire.timeNs + 60e9)
      streams.handle(wire.close())
      streams.close()
      expect(streams.heldBytes).toBe(0)
      expect(counters.readerFaults).toBe(0)
    }
  })
})

describe('bounds', () => {
  /** Milliseconds of processor time that it takes to read all this from a client, in calls of 64 KiB. */
  function timed(bytes: Uint8Array, total: number, answer = agrees()): number {
    const { streams, wire, settings } = talk(
      [
        ['client', asks()],
        ['server', answer],
      ],
      { open: true },
    )
    Object.assign(settings, { decodeBudget: new DecodeBudget() })
    const call = Buffer.concat(Array<Uint8Array>(Math.ceil(65_536 / bytes.length)).fill(bytes)).subarray(
      0,
      65_536,
    )
    const calls = Array.from({ length: Math.ceil(total / call.length) }, () => wire.request(call))
    return cpuMs(() => {
      for (const event of calls) {
        streams.handle(event)
        wire.timeNs += 20e6
        streams.tick(wire.timeNs)
      }
    })
  }

  const bomb = deflateRawSync(Buffer.alloc(8 << 20))
  const noise = Uint8Array.from({ length: 65_536 }, (_, i) => (i * 2_654_435_761) >>> 13)

  test.each([
    ['messages without content', text('client', '')],
    ['frames without content that end nothing', frame('client', 0, '', { more: true })],
    ['one long message', frame('client', 1, 'x'.repeat(60_000), { more: true })],
    ['pings', ping('client', 'p'.repeat(125))],
    ['closes', close('client', 1000, 'r'.repeat(100))],
    ['no frames', noise],
    ['nothing but possible beginnings', Uint8Array.of(0x81)],
    ['beginnings with a mask', Uint8Array.of(0x81, 0x80)],
    [
      'short frames that end in none',
      Buffer.concat([...Array<Uint8Array>(6).fill(binary('client', 'x')), Uint8Array.of(0xff)]),
    ],
    ['texts that are none', text('client', '\x80'.repeat(300))],
    ['a length that is never reached', Uint8Array.of(0x82, 0xff, 0, 1, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4)],
    ['text with secrets', text('client', 'password=1 token=2 '.repeat(50))],
  ])('%s: 4 MiB take less than a second', (_, bytes) => {
    expect(timed(bytes, 4 << 20)).toBeLessThan(1000)
  })

  test.each([
    ['bombs', frame('client', 1, bomb.subarray(0, -4), { rsv: 0x40 })],
    [
      'small compressed messages',
      new Deflater({ takesOver: false }).text('client', 'ten words of this kind are compressed here'),
    ],
    ['what can’t be decompressed', frame('client', 1, noise.subarray(0, 100), { rsv: 0x40 })],
    ['empty compressed messages', frame('client', 1, '\0', { rsv: 0x40 })],
  ])('%s: 1 MiB takes less than a second', (_, bytes) => {
    for (const parameters of ['', '; client_no_context_takeover'])
      expect(timed(bytes, 1 << 20, deflating(parameters))).toBeLessThan(1000)
  })

  test('a message that comes byte by byte', () => {
    const { streams, wire } = talk(OPENING, { open: true })
    const whole = text('client', 'y'.repeat(100_000))
    const calls = Array.from(whole, (byte) => wire.request(Uint8Array.of(byte)))
    const ms = cpuMs(() => {
      for (const event of calls) streams.handle(event)
    })
    expect(ms).toBeLessThan(1000)
    expect(streams.heldBytes).toBeLessThan(64 << 10)
  })

  test('what waits is bounded in bytes: unfinished messages, and what later ones may refer to', () => {
    const { streams, sink, settings } = rig(PROTOCOLS, { heldBytes: 2 << 20 })
    settings.bodyLimit = 64 << 10
    const next = random(1)
    const said = Array.from({ length: 20_000 }, () => String.fromCharCode(32 + next() * 90)).join('')
    for (let i = 0; i < 200; i++) {
      const wire = new Wire({ remote: ['10.0.0.9', 10_000 + i] })
      streams.handle(wire.open())
      streams.handle(wire.request(asks()))
      streams.handle(wire.response(deflating()))
      streams.handle(wire.request(new Deflater().text('client', said)))
      streams.handle(wire.response(frame('server', 1, said, { more: true })))
      expect(streams.heldBytes).toBeLessThanOrEqual(2 << 20)
    }
    streams.close()
    expect(sink.rows(TABLE).filter(({ sender }) => sender === 'client')).toHaveLength(200)
    expect(streams.heldBytes).toBe(0)
  })

  test('a compressed message is kept up to a limit only', () => {
    const { streams, say, sink } = talk(
      [
        ['client', asks()],
        ['server', deflating()],
      ],
      { open: true },
    )
    const part = noise.subarray(0, 60_000)
    say('client', frame('client', 2, part, { rsv: 0x40, more: true }))
    for (let i = 0; i < 50; i++) say('client', frame('client', 0, part, { more: true }))
    expect(streams.heldBytes).toBeLessThan(256 << 10)
    say('client', frame('client', 0, part))
    expect(sink.rows(TABLE)).toMatchObject([
      { body: `<permessage-deflate ${52 * 60_000} bytes>`, plain_size: -1, frames: 52 },
    ])
    expect(streams.heldBytes).toBe(0)
  })
})
