/** Messages of both sides as rows (RFC 6455). */
import { describe, expect, test } from 'bun:test'
import { ROLE_CLIENT } from '../../../src/records/types'
import { silence } from '../../streams/wire'
import { agrees, asks, binary, close, frame, OPENING, ping, pong, type Turn, talk, text } from './talk'

const BOTH: readonly Turn[] = [
  ['client', text('client', 'hello')],
  ['server', text('server', 'world')],
]

describe('a row', () => {
  test('says who sent what, on which path', () => {
    const { rows, sink, counters } = talk([...OPENING, ...BOTH])
    expect(rows).toMatchObject([
      { sender: 'client', type: 'text', body: 'hello', size: 5, plain_size: 5, frames: 1 },
      { sender: 'server', type: 'text', body: 'world', compressed: false, outcome: 'complete' },
    ])
    for (const row of rows)
      expect(row).toMatchObject({
        path: '/chat',
        host: 'shop',
        subprotocol: '',
        close_code: 0,
        trace_role: 2,
      })
    expect(sink.rows('http_events')).toMatchObject([{ req_path: '/chat', resp_status: 101 }])
    expect(counters).toMatchObject({ unpairedFrames: 0, parseFailures: 0, gaps: 0 })
  })

  test('of a client is the same', () => {
    const { rows } = talk([...OPENING, ...BOTH], { socket: { role: ROLE_CLIENT } })
    expect(rows.map(({ sender, body, trace_role }) => [sender, body, trace_role])).toEqual([
      ['client', 'hello', 1],
      ['server', 'world', 1],
    ])
  })

  test('has the subprotocol that both agreed on, and no secrets of the opening', () => {
    const { rows } = talk([
      ['client', asks('/feed?token=s3cret&room=7', { 'Sec-WebSocket-Protocol': 'mqtt, stomp' })],
      ['server', agrees({ 'Sec-WebSocket-Protocol': 'mqtt' })],
      ...BOTH,
    ])
    expect(rows[0]).toMatchObject({ path: '/feed?token=[redacted]&room=7', subprotocol: 'mqtt' })
  })

  test('has no secrets of the message', () => {
    const said = '{"user":"bob","password":"hunter2"}'
    const turns: Turn[] = [
      ...OPENING,
      ['client', text('client', said)],
      ['server', close('server', 1008, 'token=hunter2')],
    ]
    expect(JSON.stringify(talk(turns).rows)).not.toContain('hunter2')
    expect(talk(turns, { settings: { redact: false } }).rows[0]).toMatchObject({ body: said })
  })

  test('of a text is UTF-8, whatever it begins with; what is binary may be text in UTF-16', () => {
    const wide = Buffer.concat([Buffer.of(0xff, 0xfe), Buffer.from('{"a":1}', 'utf16le')])
    const { rows } = talk([
      ...OPENING,
      ['client', frame('client', 1, wide)],
      ['client', binary('client', wide)],
      ['server', frame('server', 1, Buffer.from('grüß'))],
    ])
    expect(rows.map(({ type, body }) => [type, body])).toEqual([
      ['text', '<binary 16 bytes> ..{"a":1}'],
      ['binary', '{"a":1}'],
      ['text', 'grüß'],
    ])
  })

  test('keeps a long path in part', () => {
    const { rows } = talk([['client', asks(`/${'p'.repeat(5000)}`)], ['server', agrees()], ...BOTH])
    expect(String(rows[0]!.path)).toHaveLength(513)
  })
})

test.each([0, 1, 125, 126, 127, 65_535, 65_536, 70_000])('a message of %d bytes, of either side', (size) => {
  const said = 'm'.repeat(size)
  const { rows, counters } = talk([
    ...OPENING,
    ['client', text('client', said)],
    ['server', text('server', said)],
    ...BOTH,
  ])
  expect(rows.map((row) => row.size)).toEqual([size, size, 5, 5])
  expect(rows[0]!.body).toBe(said.slice(0, 1024))
  expect(counters.parseFailures).toBe(0)
})

describe('kinds', () => {
  test('binary, ping, pong', () => {
    const { said } = talk([
      ...OPENING,
      ['server', ping('server', 'beat')],
      ['client', pong('client', 'beat')],
      ['client', binary('client', Uint8Array.of(0, 1, 2, 0x41, 255))],
      ['server', ping('server')],
    ])
    expect(said).toEqual([
      'server ping beat',
      'client pong beat',
      'client binary <binary 5 bytes> ...A.',
      'server ping',
    ])
  })

  test.each([
    ['with a reason', close('client', 1001, 'going away'), 1001, 'going away'],
    ['without one', close('client', 1000), 1000, ''],
    ['of an application', close('client', 4321, 'own'), 4321, 'own'],
    ['without a code', frame('client', 8), 1005, ''],
    ['with half a code', frame('client', 8, 'x'), 1005, ''],
  ] as const)('close %s', (_, bytes, close_code, body) => {
    const { rows } = talk([...OPENING, ['client', bytes]])
    expect(rows).toMatchObject([{ type: 'close', close_code, body }])
  })
})

describe('fragments', () => {
  const parts: readonly Turn[] = [
    ['client', frame('client', 1, 'one ', { more: true })],
    ['client', ping('client', 'between')],
    ['client', frame('client', 0, 'two ', { more: true })],
    ['client', frame('client', 0, '', { more: true })],
    ['client', frame('client', 0, 'three')],
    ['client', text('client', 'next')],
  ]

  test('are one message, with control frames between them', () => {
    const { rows, said } = talk([...OPENING, ...parts])
    expect(said).toEqual(['client ping between', 'client text one two three', 'client text next'])
    expect(rows[1]).toMatchObject({ frames: 4, size: 13 })
  })

  test('in one call', () => {
    const all = Buffer.concat(parts.map(([, bytes]) => bytes as Uint8Array))
    expect(talk([...OPENING, ['client', all]]).said).toHaveLength(3)
  })

  test('a character may be in two of them', () => {
    const euro = Buffer.from('a€b')
    const { said } = talk([
      ...OPENING,
      ['server', frame('server', 1, euro.subarray(0, 2), { more: true })],
      ['server', frame('server', 0, euro.subarray(2))],
    ])
    expect(said).toEqual(['server text a€b'])
  })

  test('a message that lasts is shown while it does', () => {
    const { streams, live, wire, rows } = talk([...OPENING, parts[0]!], { open: true })
    wire.timeNs += 11e9
    streams.tick(wire.timeNs)
    streams.underWay(wire.timeNs)
    expect(live.rows('websocket_events')).toMatchObject([{ body: 'one ', outcome: 'running', frames: 1 }])
    expect(rows).toEqual([])
  })
})

describe('the switch', () => {
  const first = text('server', 'at once')

  test('the first frame comes with the answer', () => {
    const answer = Buffer.concat([Buffer.from(agrees()), first])
    expect(talk([['client', asks()], ['server', answer], ...BOTH]).said[0]).toBe('server text at once')
  })

  test('the client sends frames before the answer', () => {
    const early = Buffer.concat([Buffer.from(asks()), text('client', 'too early')])
    const { said } = talk([['client', early], ['server', agrees()], ...BOTH])
    expect(said).toEqual(['client text too early', 'client text hello', 'server text world'])
  })

  test('a refusal keeps HTTP', () => {
    const { rows, sink } = talk([
      ['client', asks()],
      ['server', 'HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n'],
      ['client', 'GET /after HTTP/1.1\r\nHost: shop\r\n\r\n'],
      ['server', 'HTTP/1.1 204 No Content\r\n\r\n'],
    ])
    expect(rows).toEqual([])
    expect(sink.rows('http_events')).toHaveLength(2)
  })

  test('behind other exchanges of a connection that was joined, the path is known', () => {
    const { rows } = talk(
      [
        ['client', 'GET /1 HTTP/1.1\r\nHost: shop\r\n\r\n'],
        ['server', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'],
        ...OPENING,
        ...BOTH,
      ],
      { joined: true },
    )
    expect(rows.map(({ path, body }) => [path, body])).toEqual([
      ['/chat', 'hello'],
      ['/chat', 'world'],
    ])
  })
})

describe('what is not captured', () => {
  test('of a long message only its beginning is needed, and the next ones are read', () => {
    const long = binary('server', new Uint8Array(10 << 20).fill(7))
    const { rows, counters, leftOut, streams, wire, say } = talk(
      [...OPENING, ['server', long, 4096], ...BOTH],
      { open: true },
    )
    expect(rows.map((row) => row.size)).toEqual([10 << 20, 5, 5])
    expect(streams.heldBytes).toBeLessThan(64 << 10)
    expect(counters.parseFailures).toBe(0)
    say('server', frame('server', 2, new Uint8Array(1 << 20)).subarray(0, 2000))
    expect(leftOut.at(-1)).toMatchObject({ connId: wire.connId })
  })

  test('a hole within a payload costs nothing else', () => {
    const { rows, said } = talk([...OPENING, ['client', text('client', 'x'.repeat(3000)), 500], ...BOTH])
    expect(rows[0]).toMatchObject({ size: 3000, outcome: 'complete' })
    expect(said.slice(1)).toEqual(['client text hello', 'server text world'])
  })

  test('a hole over two messages costs both, and the next one is found', () => {
    const { wire, streams, say, sink } = talk([...OPENING, ...BOTH], { open: true })
    wire.request(text('client', 'lost one'))
    wire.request(text('client', 'lost two'))
    say('client', text('client', 'found again'))
    streams.tick(wire.timeNs + 1e9)
    expect(sink.rows('websocket_events').map(({ body }) => body)).toEqual(['hello', 'world', 'found again'])
  })

  test('small messages behind a hole are found with the next ones', () => {
    const { wire, streams, say, sink } = talk([...OPENING, ...BOTH], { open: true })
    wire.response(binary('server', 'lost'))
    for (let i = 1; i <= 3; i++) say('server', binary('server', Uint8Array.of(0, i)))
    streams.tick(wire.timeNs + 1e9)
    expect(sink.rows('websocket_events').slice(2)).toHaveLength(3)
  })
})

describe('ends', () => {
  const half: Turn = ['client', text('client', 'x'.repeat(500)).subarray(0, 100)]

  test('a message that the end of the connection cuts', () => {
    expect(talk([...OPENING, half]).rows).toMatchObject([{ outcome: 'cut', size: 92, body: 'x'.repeat(92) }])
  })

  test('a message that goes on when Nixie stops', () => {
    const { streams, sink } = talk([...OPENING, half], { open: true })
    streams.close()
    expect(sink.rows('websocket_events')).toMatchObject([{ outcome: 'running', size: 92 }])
  })

  test('a connection that is silent for long goes on', () => {
    const { streams, wire, say, rows } = talk([...OPENING, ...BOTH], { open: true })
    for (let i = 0; i < 20; i++) silence(streams, wire)
    say('server', text('server', 'still here'))
    expect(rows.at(-1)).toMatchObject({ body: 'still here', path: '/chat' })
  })
})

describe('what breaks the rules', () => {
  test.each([
    ['a client that doesn’t mask', 'client', text('server', 'bare')],
    ['a server that masks', 'server', text('client', 'masked')],
    ['an opcode that is reserved', 'client', frame('client', 3, 'reserved')],
    ['a bit of no extension', 'client', frame('client', 1, 'rsv', { rsv: 0x40 })],
    ['a long control frame', 'client', frame('client', 9, 'p'.repeat(200))],
    ['a control frame in parts', 'client', frame('client', 9, 'p', { more: true })],
    ['a continuation of nothing', 'client', frame('client', 0, 'nothing')],
  ] as const)('%s makes no row, and the next message is read', (_, from, bytes) => {
    const { said, counters } = talk([...OPENING, ...BOTH, [from, bytes], ...BOTH])
    expect(said).toEqual(['client text hello', 'server text world', 'client text hello', 'server text world'])
    expect(counters.parseFailures).toBeGreaterThan(0)
  })

  test('a message within another: the first is cut', () => {
    const { rows } = talk([
      ...OPENING,
      ['client', frame('client', 1, 'begun', { more: true })],
      ['client', text('client', 'another one')],
    ])
    expect(rows.map(({ body, outcome }) => [body, outcome])).toEqual([
      ['begun', 'cut'],
      ['another one', 'complete'],
    ])
  })
})

test('a body limit of 0 keeps nothing but what kind it was', () => {
  const { rows } = talk([...OPENING, ...BOTH, ['client', close('client', 1000, 'why')]], {
    settings: { bodyLimit: 0 },
  })
  expect(rows.map(({ body, size, close_code }) => [body, size, close_code])).toEqual([
    ['', 5, 0],
    ['', 5, 0],
    ['', 5, 1000],
  ])
})
