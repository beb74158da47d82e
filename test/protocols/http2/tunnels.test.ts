/** Streams that carry another protocol (RFC 8441): WebSocket in frames of data. */
import { describe, expect, test } from 'bun:test'
import { PROTOCOLS } from '../../../src/protocols'
import { end, pass, type Row, rig, type SocketOptions, Wire } from '../../streams/wire'
import { close, Deflater, ping, text } from '../websocket/talk'
import { answer, data, END_STREAM, type Fields, frame, get, headers, OPENING, settings } from './talk'

type Turn = readonly ['client' | 'server', Uint8Array] | readonly ['client' | 'server', Uint8Array, number]

function talk(turns: readonly Turn[], { isOpen = false, socket = {} as SocketOptions } = {}) {
  const all = rig(PROTOCOLS)
  const wire = new Wire(socket)
  const say = (...[from, bytes, captured]: Turn) =>
    all.streams.handle(from === 'client' ? wire.request(bytes, captured) : wire.response(bytes, captured))
  all.streams.handle(wire.open())
  for (const turn of turns) say(...turn)
  if (!isOpen) end(all.streams, wire)
  const told = () => all.sink.rows('websocket_events')
  return { ...all, wire, say, told, asked: all.sink.rows('http_events') }
}

const connects = (stream: number, path: string, more: Fields = {}) =>
  headers(stream, {
    ':method': 'CONNECT',
    ':protocol': 'websocket',
    ':scheme': 'http',
    ':path': path,
    ':authority': 'shop',
    'sec-websocket-version': '13',
    ...more,
  })

const BEGIN: readonly Turn[] = [
  ['client', OPENING],
  ['server', settings([8, 1])],
]
const opened = (stream: number, path: string, agreed: Fields = {}): readonly Turn[] => [
  ['client', connects(stream, path)],
  ['server', answer(stream, 200, agreed)],
]
const asks = (stream: number, bytes: Uint8Array): Turn => ['client', data(stream, bytes)]
const says = (stream: number, bytes: Uint8Array): Turn => ['server', data(stream, bytes)]
const said = (rows: readonly Row[]) => rows.map(({ path, sender, body }) => `${path} ${sender} ${body}`)

test('its messages are rows, and the request is one at once', () => {
  const { told, asked, counters } = talk(
    [
      ...BEGIN,
      ...opened(1, '/chat', { 'sec-websocket-protocol': 'stomp' }),
      asks(1, text('client', 'hello')),
      says(1, text('server', 'hi there')),
      asks(1, close('client', 1000, 'done')),
    ],
    { isOpen: true },
  )
  expect(told()).toMatchObject([
    { path: '/chat', host: 'shop', subprotocol: 'stomp', sender: 'client', type: 'text', body: 'hello' },
    { path: '/chat', sender: 'server', body: 'hi there' },
    { type: 'close', close_code: 1000, body: 'done' },
  ])
  expect(asked).toMatchObject([
    { req_method: 'CONNECT', req_path: '/chat', resp_status: 200, outcome: 'complete', resp_body: '' },
  ])
  expect(counters).toMatchObject({ unpairedFrames: 0, parseFailures: 0 })
})

test('streams are read apart, beside requests, however their frames are cut', () => {
  const [one, two] = [text('client', 'said on the first'), text('client', 'said on the second')]
  const { told, asked } = talk([
    ...BEGIN,
    ...opened(1, '/one'),
    ...opened(3, '/two'),
    asks(1, one.subarray(0, 4)),
    asks(3, two.subarray(0, 1)),
    ['client', get(5, '/plain')],
    asks(1, one.subarray(4, 9)),
    asks(3, two.subarray(1)),
    ['server', answer(5, 204, {}, END_STREAM)],
    asks(1, Buffer.concat([one.subarray(9), ping('client', 'a'), ping('client', 'b')])),
  ])
  expect(said(told())).toEqual([
    '/two client said on the second',
    '/one client said on the first',
    '/one client a',
    '/one client b',
  ])
  expect(asked.map(({ req_path }) => req_path)).toEqual(['/one', '/two', '/plain'])
})

test('compressed, each stream with its own context', () => {
  const [one, two] = [new Deflater(), new Deflater()]
  const deflate = { 'sec-websocket-extensions': 'permessage-deflate' }
  const { told } = talk([
    ...BEGIN,
    ...opened(1, '/one', deflate),
    ...opened(3, '/two', deflate),
    ...['again and again', 'again'].flatMap((each): Turn[] => [
      says(1, one.text('server', each)),
      says(3, two.text('server', `${each}, said twice`)),
    ]),
  ])
  expect(told().map(({ body }) => body)).toEqual([
    'again and again',
    'again and again, said twice',
    'again',
    'again, said twice',
  ])
})

describe('no tunnel', () => {
  test('is what the server refuses', () => {
    const { told, asked } = talk([
      ...BEGIN,
      ['client', connects(1, '/chat')],
      ['server', answer(1, 403, {}, END_STREAM)],
      ['client', frame(3, 0, 1, '\0\0\0\x08')],
    ])
    expect(told()).toEqual([])
    expect(asked).toMatchObject([{ req_path: '/chat', resp_status: 403 }])
  })

  test('is one to a protocol that isn’t known, or of no protocol', () => {
    const { told, asked } = talk([
      ...BEGIN,
      ['client', connects(1, '/udp', { ':protocol': 'connect-udp' })],
      ['server', answer(1, 200)],
      asks(1, text('client', 'a datagram')),
      ['client', headers(3, { ':method': 'CONNECT', ':authority': 'shop:443' })],
      ['server', answer(3, 200)],
      asks(3, text('client', 'whatever it is')),
    ])
    expect(told()).toEqual([])
    expect(asked.map(({ req_path, req_body_size }) => [req_path, req_body_size])).toEqual([
      ['/udp', 16],
      ['shop:443', 20],
    ])
  })
})

describe('its end', () => {
  const half = text('client', 'x'.repeat(200)).subarray(0, 108)

  test.each([
    [
      'of both sides',
      [
        ['client', data(1, '', END_STREAM)],
        ['server', data(1, '', END_STREAM)],
      ],
    ],
    ['by a reset', [['server', frame(3, 0, 1, '\0\0\0\x08')]]],
  ] as const)('%s cuts a message', (_, ends) => {
    const { told, streams } = talk([...BEGIN, ...opened(1, '/chat'), asks(1, half), ...ends], {
      isOpen: true,
    })
    expect(told()).toMatchObject([{ outcome: 'cut', size: 100 }])
    expect(streams.heldBytes).toBeLessThan(2048)
  })

  test('of one side leaves the other', () => {
    const { told } = talk([
      ...BEGIN,
      ...opened(1, '/chat'),
      ['client', data(1, close('client', 1001, 'leaving'), END_STREAM)],
      says(1, text('server', 'but wait')),
    ])
    expect(said(told())).toEqual(['/chat client leaving', '/chat server but wait'])
  })
})

describe('losses', () => {
  test('within a long message cost nothing else', () => {
    const long = data(1, text('server', 'y'.repeat(8000)))
    const { told } = talk([
      ...BEGIN,
      ...opened(1, '/chat'),
      ['server', long, 3000],
      says(1, text('server', 'next')),
    ])
    expect(told().map(({ size, outcome }) => [size, outcome])).toEqual([
      [8000, 'complete'],
      [4, 'complete'],
    ])
  })

  test('of frames cost what they touch', () => {
    const { wire, streams, say, told } = talk(
      [...BEGIN, ...opened(1, '/chat'), asks(1, text('client', 'before'))],
      {
        isOpen: true,
      },
    )
    wire.request(data(1, text('client', 'lost on the way')))
    for (const word of ['first of the later ones', 'second of the later ones', 'third of the later ones'])
      say(...asks(1, text('client', word)))
    say(...says(1, text('server', 'not touched')))
    streams.tick(wire.timeNs + 1e9)
    expect(said(told())).toContain('/chat server not touched')
    expect(said(told())).toContain('/chat client third of the later ones')
    expect(JSON.stringify(told())).not.toContain('lost on')
  })

  test('data that comes before the answer is no message that is read wrongly', () => {
    const { told } = talk([
      ...BEGIN,
      ['client', connects(1, '/chat')],
      asks(1, text('client', 'too early')),
      ['server', answer(1, 200)],
      asks(1, text('client', 'in time, and long enough')),
    ])
    expect(said(told())).toEqual(['/chat client in time, and long enough'])
  })
})

test('what waits is bounded: streams, and their memory', () => {
  const { streams, say, told } = talk([...BEGIN], { isOpen: true })
  for (let i = 0; i < 3000; i++) for (const turn of opened(2 * i + 1, `/${i}`)) say(...turn)
  expect(streams.heldBytes).toBeLessThan(4 << 20)
  say(...asks(5999, text('client', 'the newest is read')))
  expect(said(told())).toEqual(['/2999 client the newest is read'])
})

test('a call full of messages is read in turns, and to its end', () => {
  const { streams, say, told, wire } = talk([...BEGIN, ...opened(1, '/chat')], { isOpen: true })
  say(
    ...says(
      1,
      new Uint8Array(
        Buffer.concat(Array.from({ length: 5000 }, () => ping('server', 'x'))).subarray(0, 15_000),
      ),
    ),
  )
  expect(told().length).toBeLessThanOrEqual(1000)
  pass(streams, wire)
  expect(told()).toHaveLength(5000)
})

test('frames that were lost beside a large body may be a tunnel’s', () => {
  const body = new Uint8Array(16_384).fill(0x78)
  const { streams, say, told, wire } = talk(
    [...BEGIN, ...opened(1, '/chat'), ['client', get(3, '/large')], ['server', answer(3, 200)]],
    { isOpen: true },
  )
  for (let i = 0; i < 4; i++) say(...says(3, body))
  say('server', Buffer.concat([data(3, body), data(1, text('server', 'z'.repeat(16_370)))]), 200)
  for (let i = 0; i < 3; i++) say(...says(3, body))
  say(...says(1, text('server', 'said behind the loss')))
  streams.tick(wire.timeNs + 1e9)
  for (const row of told()) expect(String(row.body)).not.toMatch(/^x/)
  expect(said(told())).toContain('/chat server said behind the loss')
})
