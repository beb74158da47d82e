/** Whatever a peer sends, what it costs is bounded: memory, and processor time by the length of what it sent. */
import { describe, expect, test } from 'bun:test'
import { deflateRawSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { pass } from '../../streams/wire'
import { cpuMs } from '../../support/cpu-time'
import { brief, client, closed, joined, server, type Talk, talk } from './stage'
import { answer, data, END_HEADERS, END_STREAM, frame, get, headers, integer, post, remembered } from './talk'

const MIB = 1 << 20
/** Bytes of a flood; those that may be held of one connection meanwhile, and afterwards; and its time, of which it takes a tenth. */
const FLOOD = 256 << 10
const MOST_HELD = 8 * MIB
const LEFT = 512 << 10
const MOST_MS = 1500
const CALL = 16 << 10

/** Says so many bytes of what `make` gives, in calls of 16 KiB, and then an ordinary exchange on another stream. */
function flood(
  stage: Talk,
  side: 'client' | 'server',
  make: (i: number) => Uint8Array,
  bytes = FLOOD,
): { ms: number; held: number } {
  const parts: Uint8Array[] = []
  for (let length = 0, i = 0; length < bytes; i++) {
    const part = make(i)
    length += part.length
    parts.push(part)
  }
  const all = joined(...parts)
  let held = 0
  const ms = cpuMs(() => {
    for (let at = 0; at < all.length; at += CALL) {
      stage.say([side, all.subarray(at, at + CALL)])
      held = Math.max(held, stage.streams.heldBytes)
    }
  })
  return { ms, held }
}

const LAST = 0x7fff_ffff
function goesOn(stage: Talk): void {
  stage.say(client(get(LAST, '/innocent')), server(answer(LAST, 200, {}, END_STREAM)))
  // Many messages in a call are read a share at each tick.
  pass(stage.streams, stage.wire)
  expect(stage.rows().map(brief)).toContain('GET /innocent 200 complete 0 0')
}

const bomb = integer(62, 7, 0x80)

describe('floods', () => {
  test.each<[string, 'client' | 'server', (i: number) => Uint8Array]>([
    ['SETTINGS', 'client', () => frame(4, 0, 0, Uint8Array.from([0, 1, 0, 0, 16, 0]))],
    ['empty SETTINGS', 'server', () => frame(4, 0, 0)],
    ['PING', 'client', () => frame(6, 0, 0, 'pingping')],
    ['WINDOW_UPDATE', 'server', (i) => frame(8, 0, i % 100, '\0\0\0\x01')],
    ['PRIORITY', 'client', (i) => frame(2, 0, 1 + 2 * i, '\0\0\0\0\x10')],
    ['GOAWAY', 'server', () => frame(7, 0, 0, '\0\0\0\0\0\0\0\0')],
    ['frames of unknown types', 'client', (i) => frame(0x40 + (i % 64), 255, i, 'x'.repeat(i % 50))],
    ['empty frames of data', 'client', () => data(1, '')],
    ['padding', 'client', () => frame(0, 8, 1, joined(Uint8Array.of(255), new Uint8Array(255)))],
    ['RST_STREAM of streams that never were', 'client', (i) => frame(3, 0, 2 * i + 1, '\0\0\0\x08')],
    [
      'streams that are reset at once',
      'client',
      (i) => joined(get(2 * i + 1, '/r'), frame(3, 0, 2 * i + 1, '\0\0\0\x08')),
    ],
    ['streams that nobody answers', 'client', (i) => get(2 * i + 1, '/n')],
    ['streams without a method', 'client', (i) => headers(2 * i + 1, { 'x-a': 'b' })],
    ['answers that nobody asked for', 'server', (i) => answer(2 * i + 1, 200, {}, END_STREAM)],
    [
      'promises',
      'server',
      (i) =>
        frame(
          5,
          END_HEADERS,
          1,
          joined(
            Uint8Array.from([0, (i >> 15) & 255, (i >> 7) & 255, (i << 1) & 255]),
            get(1, '/p').subarray(9),
          ),
        ),
    ],
    ['trailers', 'client', () => headers(1, { 'x-a': 'b' })],
    [
      'fields of 4 KB by a byte each',
      'client',
      (i) =>
        frame(
          1,
          END_HEADERS | END_STREAM,
          2 * i + 1,
          i === 0
            ? remembered({ 'x-a': 'v'.repeat(4000) })
            : Uint8Array.from(Array.from({ length: 4000 }, () => bomb).flat()),
        ),
    ],
    [
      'changes of the table’s size',
      'client',
      (i) =>
        frame(
          1,
          END_HEADERS | END_STREAM,
          2 * i + 1,
          new Uint8Array(8000).map((_, at) => (at % 2 === 0 ? 0x20 : 0x3e)),
        ),
    ],
    [
      'fields that are remembered',
      'server',
      (i) => frame(1, END_HEADERS | END_STREAM, 2 * i + 1, remembered({ [`x-${i}`]: 'v'.repeat(500) })),
    ],
    [
      'secrets that nobody may remember',
      'client',
      (i) =>
        frame(
          1,
          END_HEADERS | END_STREAM,
          2 * i + 1,
          Uint8Array.from([0x82, 0x10, 3, 120, 45, 97, 100, ...Buffer.from(String(i).padEnd(100, 'x'))]),
        ),
    ],
  ])('%s', (_, side, make) => {
    const stage = talk()
    const { ms, held } = flood(stage, side, make)
    expect(held).toBeLessThan(MOST_HELD)
    expect(ms).toBeLessThan(MOST_MS)
    goesOn(stage)
    closed(stage)
    expect(stage.streams.heldBytes).toBeLessThan(LEFT)
    expect(stage.counters.readerFaults).toBe(0)
  })

  test('CONTINUATION: a head without an end, of empty parts and of large ones', () => {
    for (const size of [0, 1, 8000]) {
      const stage = talk()
      stage.say(client(frame(1, END_STREAM, 1, get(1, '/a').subarray(9, 12))))
      const part = frame(9, 0, 1, new Uint8Array(size).fill(0x82))
      const { ms, held } = flood(stage, 'client', () => part)
      expect(held).toBeLessThan(LEFT)
      expect(ms).toBeLessThan(MOST_MS)
      stage.say(client(frame(9, END_HEADERS, 1)))
      goesOn(stage)
    }
  })

  test('a million streams, all of them answered: rows, and nothing left', () => {
    const stage = talk()
    let rows = 0
    const { streams } = stage
    const ms = cpuMs(() => {
      for (let round = 0; round < 50; round++) {
        const asked: Uint8Array[] = []
        const said: Uint8Array[] = []
        for (let i = 0; i < 400; i++) {
          // Numbers in steps, up to a million.
          const stream = 2 * (round * 400 + i) * 50 + 1
          asked.push(get(stream, '/m'))
          said.push(answer(stream, 200, {}, END_STREAM))
        }
        stage.say(client(joined(...asked)), server(joined(...said)))
        rows = stage.rows().length
      }
    })
    expect(rows).toBe(20_000)
    expect(streams.heldBytes).toBeLessThan(64 << 10)
    expect(ms).toBeLessThan(3 * MOST_MS)
  })
})

describe('large frames', () => {
  const LARGEST = 0xff_ffff
  const head = (type: number, flags: number, stream: number, length = LARGEST) => {
    const bytes = frame(type, flags, stream)
    bytes.set([length >> 16, (length >> 8) & 255, length & 255])
    return bytes
  }
  const piece = new Uint8Array(1 << 20)

  test('two of data of 16 MB: their sizes are known, and they aren’t kept', () => {
    const stage = talk()
    stage.say(client(post(1, '/up')))
    let held = 0
    const ms = cpuMs(() => {
      for (const flags of [0, END_STREAM]) {
        stage.say(client(head(0, flags, 1)))
        for (let at = 0; at < LARGEST; at += piece.length) {
          stage.say(client(piece.subarray(0, Math.min(piece.length, LARGEST - at))))
          held = Math.max(held, stage.streams.heldBytes)
        }
      }
    })
    stage.say(server(answer(1, 200, {}, END_STREAM)))
    expect(closed(stage).map(brief)).toEqual([`POST /up 200 complete ${2 * LARGEST} 0`])
    expect(held).toBeLessThan(64 << 10)
    expect(ms).toBeLessThan(MOST_MS)
  })

  test.each([1, 3, 5, 6, 9, 0x42])('one of type %d: no memory waits for it', (type) => {
    const stage = talk()
    const held: number[] = []
    const ms = cpuMs(() => {
      stage.say(client(head(type, END_HEADERS, type === 6 ? 0 : 1)))
      for (let i = 0; i < 16; i++) {
        stage.say(client(piece))
        held.push(stage.streams.heldBytes)
      }
    })
    expect(Math.max(...held)).toBeLessThan(2 * MIB)
    expect(ms).toBeLessThan(3 * MOST_MS)
  })
})

describe('calls of gRPC', () => {
  const GRPC = { 'content-type': 'application/grpc' }
  const message = (flags: number, length: number, content: Uint8Array) =>
    joined(
      Uint8Array.from([flags, length >>> 24, (length >> 16) & 255, (length >> 8) & 255, length & 255]),
      content,
    )

  test.each([
    ['longer than all that comes', message(0, 0xffff_ffff, Buffer.from('x')), 1],
    ['shorter', message(0, 1, Buffer.alloc(1000, 1)), 2],
    ['none, a hundred thousand times', new Uint8Array(500_000), 100_000],
  ])('a length that lies: %s', (_, content, messages) => {
    const stage = talk()
    stage.say(client(post(1, '/shop/Get', GRPC)))
    const ms = cpuMs(() => {
      for (let at = 0; at < content.length; at += CALL)
        stage.say(
          client(data(1, content.subarray(at, at + CALL), at + CALL >= content.length ? END_STREAM : 0)),
        )
      stage.say(server(answer(1, 200, { ...GRPC, 'grpc-status': '0' }, END_STREAM)))
    })
    const [row] = closed(stage)
    expect(row).toMatchObject({ req_body_size: content.length, outcome: 'complete' })
    expect(Number(row!.req_messages)).toBeGreaterThanOrEqual(messages)
    expect(String(row!.req_body).length).toBeLessThan(8 << 10)
    expect(ms).toBeLessThan(MOST_MS)
  })

  const zeros = Buffer.alloc(64 * MIB)
  test.each([
    ['gzip', () => gzipSync(zeros)],
    ['deflate', () => deflateRawSync(zeros)],
    ['zstd', () => zstdCompressSync(zeros)],
  ])('a bomb of %s: 100 messages that become 64 MiB each', (coding, make) => {
    const packed = make()
    const stage = talk()
    const head = packed.subarray(0, 3000)
    let held = 0
    const ms = cpuMs(() => {
      for (let i = 0; i < 100; i++) {
        const stream = 2 * i + 1
        stage.say(client(post(stream, '/bomb', { ...GRPC, 'grpc-encoding': coding })))
        stage.say(client(data(stream, message(1, packed.length, head), END_STREAM)))
        stage.say(server(answer(stream, 200, { ...GRPC, 'grpc-status': '0' }, END_STREAM)))
        held = Math.max(held, stage.streams.heldBytes)
      }
    })
    for (const row of closed(stage)) expect(String(row.req_body).length).toBeLessThan(8 << 10)
    expect(held).toBeLessThan(MIB)
    expect(ms).toBeLessThan(MOST_MS)
  })
})
