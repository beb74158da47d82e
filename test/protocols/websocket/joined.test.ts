/** Connections that are older than Nixie: read only where it is sure that they are WebSocket, and nothing of them is guessed. */
import { expect, test } from 'bun:test'
import { nats } from '../../../src/protocols/nats'
import { websocket } from '../../../src/protocols/websocket'
import { random } from '../../streams/wire'
import { binary, close, Deflater, frame, ping, type Turn, talk, text } from './talk'

const LONG = 'a text that is long enough to be sure of'

const joined = (turns: readonly Turn[]) => talk(turns, { joined: true })

test('the masked text of a client is sure', () => {
  const { rows } = joined([
    ['client', text('client', LONG)],
    ['server', text('server', 'answer')],
    ['client', text('client', 'ok')],
    ['server', binary('server', Uint8Array.of(0, 1))],
    ['server', text('server', 'bye')],
  ])
  expect(rows.map(({ sender, body }) => `${sender} ${body}`)).toEqual([
    `client ${LONG}`,
    'server answer',
    'client ok',
    'server <binary 2 bytes> ..',
    'server bye',
  ])
  for (const row of rows)
    expect(row).toMatchObject({ path: '<unknown>', host: '<unknown>', subprotocol: '<unknown>' })
})

test('what the server said before that is read, if it is whole', () => {
  const { said } = joined([
    ['server', text('server', 'said before the client')],
    ['client', text('client', LONG)],
  ])
  expect(said.toSorted()).toEqual([`client text ${LONG}`, 'server text said before the client'])
})

test('several short texts are as sure as a long one', () => {
  const { said } = joined(
    ['one', 'two', 'three', 'four', 'five'].map((word): Turn => ['client', text('client', word)]),
  )
  expect(said).toEqual(['one', 'two', 'three', 'four', 'five'].map((word) => `client text ${word}`))
})

test('the end of a message comes first', () => {
  const first = text('client', `${LONG} `.repeat(20))
  const { said } = joined([
    ['client', first.subarray(70)],
    ['client', text('client', LONG)],
    ['client', text('client', 'next')],
  ])
  expect(said).toEqual([`client text ${LONG}`, 'client text next'])
})

test('compressed messages of a known connection are marked, as it isn’t known how they are', () => {
  const server = new Deflater()
  const { rows } = joined([
    ['client', text('client', LONG)],
    ['server', text('server', 'plain to see')],
    ['server', server.text('server', 'compressed')],
  ])
  expect(rows.at(-1)).toMatchObject({
    body: `<compressed ${rows.at(-1)!.size} bytes>`,
    plain_size: -1,
    compressed: true,
  })
})

test.each([
  ['compressed messages', () => new Deflater().text('client', LONG)],
  ['binary messages', () => binary('client', LONG)],
  ['pings', () => ping('client', 'x')],
  ['a text of one word', () => text('client', 'hello')],
  [
    'text behind a key of zeros, as in other protocols',
    () => frame('client', 1, LONG, { key: [0, 0, 0, 0] }),
  ],
  ['a close', () => close('client', 1000)],
] as const)('only %s of a client: not read', (_, bytes) => {
  expect(
    joined([
      ['client', bytes()],
      ['client', bytes()],
    ]).rows,
  ).toEqual([])
})

test('a server alone: not read', () => {
  expect(
    joined([
      ['server', text('server', LONG)],
      ['server', text('server', LONG)],
    ]).rows,
  ).toEqual([])
})

test('no connection begins with it', () => {
  expect(
    talk([
      ['client', text('client', LONG)],
      ['server', text('server', LONG)],
    ]).rows,
  ).toEqual([])
})

/** Other protocols, and whatever, as the first bytes that are seen of a connection. */
test('noise is never taken for it', () => {
  const next = random(3)
  const heads = [
    [0x81, 0x85],
    [0x82, 0x8a],
    [0x01, 0x9c],
    [0x81, 0xfe, 0, 200],
    [0x88, 0x82],
  ]
  for (let round = 0; round < 20_000; round++) {
    const bytes = Uint8Array.from({ length: 40 + Math.floor(next() * 60) }, () => next() * 256)
    bytes.set(heads[round % heads.length]!)
    const head = {
      bytes,
      transport: 'tcp',
      isOpening: false,
      from: undefined,
      ownPort: 40_000,
      peerPort: 80,
    } as const
    expect(websocket.recognise(head), `round ${round}`).not.toBeObject()
  }
  const many = Uint8Array.from({ length: 1 << 20 }, () => next() * 256)
  expect(websocket.search!(many, 0)).toBe(-1)
})

test('it doesn’t keep other protocols from being known', () => {
  const head = {
    bytes: Buffer.from('PUB a 1\r\n'),
    transport: 'tcp',
    isOpening: false,
    from: undefined,
    ownPort: 4222,
    peerPort: 1,
  } as const
  expect(websocket.recognise(head)).toBe('no')
  expect(nats.recognise(head)).toBeObject()
})
