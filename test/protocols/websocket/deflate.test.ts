/** Compressed messages (RFC 7692): read where what they refer to is known, and marked where it isn't. */
import { describe, expect, test } from 'bun:test'
import { constants, deflateRawSync } from 'node:zlib'
import { DECODE_LIMITS, DecodeBudget } from '../../../src/protocols/lib/decode-budget'
import type { ProtocolSettings } from '../../../src/protocols/protocol'
import { random } from '../../streams/wire'
import { agrees, asks, Deflater, deflating, frame, type Turn, talk, text } from './talk'

const opening = (parameters = ''): readonly Turn[] => [
  ['client', asks()],
  ['server', deflating(parameters)],
]
const COMPRESSED = { rsv: 0x40 }
const hidden = (bytes: number) => `<permessage-deflate ${bytes} bytes>`

/** Text that repeats what was said long before. */
function words(seed: number, count: number): string {
  const next = random(seed)
  return Array.from({ length: count }, () => `word${Math.floor(next() * 400)}`).join(' ')
}

describe('what was said', () => {
  test.each([
    ['with context takeover', '', {}, {}],
    ['of a client without', '; client_no_context_takeover', { takesOver: false }, {}],
    ['of a server without', '; server_no_context_takeover', {}, { takesOver: false }],
    [
      'with a small window',
      '; client_max_window_bits=9; server_max_window_bits="10"',
      { windowBits: 9 },
      { windowBits: 10 },
    ],
    [
      'with parameters in any order and case',
      '; Server_Max_Window_Bits=12 ;CLIENT_NO_CONTEXT_TAKEOVER',
      { takesOver: false },
      { windowBits: 12 },
    ],
  ] as const)('%s', (_, parameters, ofClient, ofServer) => {
    const [client, server] = [new Deflater(ofClient), new Deflater(ofServer)]
    const said = Array.from({ length: 60 }, (_, i) => words(i % 7, 10 + (i % 5) * 60))
    const turns = said.flatMap((each): Turn[] => [
      ['client', client.text('client', each)],
      ['server', server.text('server', each)],
    ])
    const { rows, counters } = talk([...opening(parameters), ...turns])
    expect(rows).toHaveLength(120)
    rows.forEach((row, i) => {
      const whole = said[i >> 1]!
      expect(row.body).toBe(whole.slice(0, 1024))
      // Of a message that stands alone only its beginning is decompressed.
      expect([whole.length, -1]).toContain(Number(row.plain_size))
      expect(row.compressed).toBe(true)
    })
    expect(counters.parseFailures).toBe(0)
  })

  test('in fragments, cut anywhere', () => {
    const client = new Deflater()
    const turns = [1, 2, 3].flatMap((seed): Turn[] => {
      const bytes = client.deflate(words(seed, 50))
      const [a, b] = [Math.floor(bytes.length / 3), Math.floor(bytes.length / 2)]
      return [
        ['client', frame('client', 1, bytes.subarray(0, a), { more: true, ...COMPRESSED })],
        ['client', frame('client', 0, bytes.subarray(a, b), { more: true })],
        ['client', frame('client', 0, bytes.subarray(b))],
      ]
    })
    const { rows } = talk([...opening(), ...turns])
    expect(rows.map(({ body, frames }) => [body, frames])).toEqual(
      [1, 2, 3].map((seed) => [words(seed, 50), 3]),
    )
  })

  test('between messages that aren’t compressed', () => {
    const server = new Deflater()
    const { rows } = talk([
      ...opening(),
      ['server', server.text('server', 'the same words')],
      ['server', text('server', 'plain')],
      ['server', server.text('server', 'the same words')],
      ['server', frame('server', 1, '', COMPRESSED)],
      ['server', frame('server', 1, '\0', COMPRESSED)],
      ['server', server.text('server', 'the same words again')],
    ])
    expect(rows.map(({ body }) => body)).toEqual([
      'the same words',
      'plain',
      'the same words',
      '',
      '',
      'the same words again',
    ])
  })

  test('in streams that end (§7.2.3.4)', () => {
    const first = Buffer.concat([
      deflateRawSync('one of them, '),
      deflateRawSync('and another one'),
      Buffer.from([0]),
    ])
    const dictionary = Buffer.from('one of them, and another one')
    const second = deflateRawSync('and another one', { dictionary, finishFlush: constants.Z_SYNC_FLUSH })
    const { rows } = talk([
      ...opening(),
      ['client', frame('client', 1, first, COMPRESSED)],
      ['client', frame('client', 1, second.subarray(0, -4), COMPRESSED)],
    ])
    expect(rows.map(({ body }) => body)).toEqual([String(dictionary), 'and another one'])
  })

  test('more than is shown, and more than the window', () => {
    const server = new Deflater()
    const long = words(1, 12_000)
    const { rows, streams } = talk(
      [
        ...opening(),
        ['server', server.text('server', long)],
        ['server', server.text('server', long.slice(-500))],
      ],
      { open: true },
    )
    expect(rows.map(({ plain_size }) => plain_size)).toEqual([long.length, 500])
    expect(rows[1]!.body).toBe(long.slice(-500))
    expect(streams.heldBytes).toBeLessThan(40 << 10)
  })

  test('has no secrets', () => {
    const client = new Deflater()
    const { rows } = talk([...opening(), ['client', client.text('client', '{"password":"hunter2","a":1}')]])
    expect(rows[0]!.body).toBe('{"password":"[redacted]","a":1}')
  })
})

describe('what isn’t known is marked', () => {
  test('a lost message hides the later ones of its side, if they are compressed', () => {
    const [client, server] = [new Deflater(), new Deflater()]
    const { wire, streams, say, sink } = talk(
      [
        ...opening(),
        ['client', client.text('client', 'seen before the loss')],
        ['server', server.text('server', 'seen before the loss')],
      ],
      { open: true },
    )
    wire.request(client.text('client', 'this one is lost'))
    const later = client.text('client', 'this one is hidden, and long enough')
    say('client', later)
    say('client', text('client', 'this one is plain'))
    say('server', server.text('server', 'the other side goes on'))
    streams.tick(wire.timeNs + 1e9)
    expect(
      sink
        .rows('websocket_events')
        .slice(2)
        .map(({ body, plain_size }) => [body, plain_size]),
    ).toEqual([
      [hidden(later.length - 6), -1],
      ['this one is plain', 17],
      ['the other side goes on', 22],
    ])
  })

  test('a hole within a message hides it and what follows; without takeover it alone', () => {
    for (const takesOver of [true, false]) {
      const server = new Deflater({ takesOver })
      const noise = Array.from({ length: 300 }, (_, i) => String.fromCharCode(33 + ((i * i * 7) % 90))).join(
        '',
      )
      const holed = server.text('server', noise.repeat(2))
      const { rows } = talk([
        ...opening(takesOver ? '' : '; server_no_context_takeover'),
        ['server', holed, 60],
        ['server', server.text('server', 'and this behind it')],
      ])
      expect(rows).toHaveLength(2)
      expect(rows[1]!.body === 'and this behind it').toBe(!takesOver)
      if (takesOver) expect(String(rows[0]!.body)).toStartWith('<permessage-deflate ')
    }
  })

  test('damage', () => {
    const client = new Deflater()
    const { rows } = talk([
      ...opening(),
      ['client', frame('client', 1, '\x07\xff\xff\xff', COMPRESSED)],
      ['client', client.text('client', 'behind it')],
    ])
    expect(rows).toHaveLength(2)
    for (const { body } of rows) expect(String(body)).toStartWith('<permessage-deflate ')
  })

  test('another extension', () => {
    const { rows } = talk([
      ['client', asks()],
      ['server', agrees({ 'Sec-WebSocket-Extensions': 'x-webkit-deflate-frame' })],
      ['server', frame('server', 1, 'abc', COMPRESSED)],
      ['server', text('server', 'plain')],
    ])
    expect(rows.map(({ body }) => body)).toEqual(['<x-webkit-deflate-frame 3 bytes>', 'plain'])
  })

  test('memory that is needed elsewhere hides what refers to it', () => {
    const client = new Deflater()
    const { streams, say, rows, wire } = talk(
      [...opening(), ['client', client.text('client', words(1, 3000))]],
      { open: true, limits: { heldBytes: 1024 } },
    )
    expect(streams.heldBytes).toBeLessThanOrEqual(1024)
    wire.timeNs += 1e9
    streams.tick(wire.timeNs)
    for (let i = 0; i < 3; i++) say('client', client.text('client', words(1, 20)))
    expect(rows).toHaveLength(4)
    for (const { body } of rows.slice(1)) expect(String(body)).toStartWith('<permessage-deflate ')
  })
})

describe('time', () => {
  /** A clock that goes on by so much with each look. */
  function budget(stepNs: number, limits = DECODE_LIMITS) {
    let nowNs = 0
    const clock = { nowNs: () => (nowNs += stepNs), pass: (ns: number) => (nowNs += ns) }
    return { clock, decodeBudget: new DecodeBudget(clock.nowNs, limits) }
  }

  test('when there is none a message waits for the next one, and all is known again', () => {
    const client = new Deflater()
    const { clock, decodeBudget } = budget(0, { ...DECODE_LIMITS, burstNs: 1e6 })
    const settings: Partial<ProtocolSettings> = { decodeBudget }
    const { say, rows } = talk([...opening(), ['client', client.text('client', 'in time')]], {
      open: true,
      settings,
    })
    while (decodeBudget.begin()) {
      clock.pass(1e6)
      decodeBudget.charge()
    }
    decodeBudget.refused = 0
    say('client', client.text('client', 'hello hello'))
    say('client', client.text('client', 'hello again'))
    clock.pass(1e9)
    say('client', client.text('client', 'hello again and again'))
    expect(rows.map(({ body, plain_size }) => [String(body).replace(/\d+/, 'N'), plain_size])).toEqual([
      ['in time', 7],
      ['<permessage-deflate N bytes>', -1],
      ['<permessage-deflate N bytes>', -1],
      ['hello again and again', 21],
    ])
    expect(decodeBudget.refused).toBe(2)
  })

  test('a message that would take too long is given up, and counted', () => {
    const server = new Deflater()
    const { decodeBudget } = budget(100e3)
    const { rows, settings } = talk(
      [
        ...opening(),
        ['server', server.text('server', 'a'.repeat(40 << 20))],
        ['server', server.text('server', 'aa')],
      ],
      { settings: { decodeBudget } },
    )
    expect(rows[0]).toMatchObject({ plain_size: -1, body: 'a'.repeat(1024) })
    expect(String(rows[1]!.body)).toStartWith('<permessage-deflate ')
    expect(settings.decodeBudget.refused).toBeGreaterThan(0)
  })
})
