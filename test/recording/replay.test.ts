/** Recordings become rows: those of real traffic, those of other versions, and none that harm. */
import { afterAll, describe, expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { NixieError } from '../../src/errors'
import { EVENT_DATA } from '../../src/events/socket-event'
import { FRAME_BYTES, type FrameKind, type Header } from '../../src/recording/format'
import { LAYOUT, type StructLayout } from '../../src/recording/layout'
import { RecordingFile } from '../../src/recording/reader'
import { type Replayed, replay } from '../../src/recording/replay'
import { Tape } from '../../src/recording/tape'
import { Wire } from '../streams/wire'
import { cpuMs } from '../support/cpu-time'
import { Pace } from '../support/pace'
import { Scope } from '../support/scope'
import { addSecond, fileOf, HEADER, socketBytes, tapeOf, writeTape } from './tapes'

const scope = new Scope('replay')
afterAll(() => scope.close())
const path = join(scope.dir, 'a.rec')
const FIXTURE = join(import.meta.dir, 'fixtures/http-dns.rec')

type Cells = Record<string, unknown>

function rowsOf({ tables }: Replayed, name: string): Cells[] {
  const found = tables.find(({ table }) => table.name === name)
  if (!found) return []
  const names = found.table.columns.map((column) => column.name)
  return Array.from({ length: found.rows }, (_, row) =>
    Object.fromEntries(names.map((column, i) => [column, found.values[i]![row]])),
  )
}

const chosen = (rows: readonly Cells[], ...names: readonly string[]) =>
  rows.map((row) => names.map((name) => row[name]))

describe('real traffic (fixtures/http-dns.rec, by make-fixture.ts)', () => {
  const played = replay(FIXTURE, { maxRows: 100 })

  test('its HTTP', () => {
    const rows = rowsOf(played, 'http_events')
    const large = '0123456789abcdef'.repeat(64)
    expect(chosen(rows, 'req_method', 'req_path', 'resp_status', 'resp_body', 'resp_body_size')).toEqual([
      ['GET', '/plain?page=1', 200, 'plain text', 10],
      ['GET', '/gzip?page=1', 200, '{"price":12,"name":"a thing"}', 49],
      // There was a secret in it.
      ['GET', '/br?page=1', 200, '<br 30 bytes>', 30],
      ['GET', '/chunks?page=1', 200, '{"password":"[redacted]","n":1}', 35],
      ['GET', '/large?page=1', 200, large, 8192],
      ['GET', '/missing?api_key=[redacted]', 404, 'nothing here', 12],
      ['POST', '/plain', 200, 'plain text', 10],
      ['GET', '/plain', 200, 'plain text', 10],
    ])
    expect(rows[6]).toMatchObject({ req_body: 'user=bob&password=[redacted]', req_body_size: 32 })
    expect(JSON.parse(String(rows[5]!.req_headers)).Authorization).toBe('[redacted]')
    for (const row of rows) {
      expect(row).toMatchObject({ outcome: 'complete', trace_role: 2, local_addr: '127.0.0.1' })
      expect(row.latency).toBeWithin(1, 1e9)
      expect(String(row.upid)).toStartWith(`${played.header.asid}:`)
    }
    // The last one was curl's.
    expect(new Set(rows.slice(0, 7).map(({ remote_upid }) => remote_upid)).size).toBe(1)
    expect(rows[7]!.remote_upid).not.toBe(rows[0]!.remote_upid)
  })

  test('its DNS, as both ends said it', () => {
    const answered = rowsOf(played, 'dns_events').map(({ req_body, resp_body }) => [
      JSON.parse(String(req_body)).queries[0].name,
      JSON.parse(String(resp_body)).answers[0].addr,
    ])
    expect(answered.sort()).toEqual([
      ['mail.fixture.test', '192.0.2.7'],
      ['mail.fixture.test', '192.0.2.7'],
      ['www.fixture.test', '192.0.2.7'],
      ['www.fixture.test', '192.0.2.7'],
    ])
  })

  test('its times, and nothing lost', () => {
    const started = Date.parse(played.header.startedAt)
    for (const { time_ } of rowsOf(played, 'http_events'))
      expect(Number(BigInt(String(time_)) / 1_000_000n) - started).toBeWithin(0, 5000)
    const { ringLostEvents, gaps, parseFailures, unpairedFrames, shedRows } = played.counters
    expect([ringLostEvents, gaps, parseFailures, unpairedFrames, shedRows]).toEqual([0, 0, 0, 0, 0])
  })

  test('no secret is in the file', async () => {
    const bytes = Buffer.from(await Bun.file(FIXTURE).arrayBuffer())
    expect(bytes.includes('hunter2')).toBe(false)
    expect(bytes.includes(Buffer.from('bob:hunter2hunter2').toString('base64'))).toBe(false)
  })

  test('the same again', () => {
    const again = replay(FIXTURE, { maxRows: 100 })
    expect(rowsOf(again, 'http_events')).toEqual(rowsOf(played, 'http_events'))
    expect(rowsOf(again, 'conn_stats')).toEqual(rowsOf(played, 'conn_stats'))
  })

  test('rows beyond the limit are counted, and of another table none are kept', () => {
    const { tables } = replay(FIXTURE, { maxRows: 2, table: 'http_events' })
    expect(tables.map(({ table, rows, all }) => [table.name, rows, all])).toEqual([
      ['http_events', 2, 8],
      ['dns_events', 0, 4],
      ['conn_stats', 0, expect.any(Number)],
    ])
  })
})

/** A connection with one exchange, as it is told from open to close. */
function exchange(wire = new Wire()) {
  return [
    wire.open(),
    wire.request('GET /a HTTP/1.1\r\nHost: a\r\n\r\n'),
    wire.response('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi'),
    wire.close(),
  ]
}

const recorded = (events = exchange()): Tape => {
  const tape = tapeOf(events)
  addSecond(tape, 2e9)
  return tape
}

describe('time', () => {
  test('is that of the recording: a request without an answer waits as long as it did', () => {
    const [open, request] = exchange()
    const tape = tapeOf([open!, request!])
    for (let second = 2; second < 5; second++) addSecond(tape, second * 1e9)
    const pace = new Pace()
    const rows = rowsOf(replay(writeTape(path, tape), { maxRows: 9 }), 'http_events')
    expect(pace.ms()).toBeLessThan(2000)
    expect(chosen(rows, 'req_path', 'outcome')).toEqual([['/a', 'waiting']])
  })

  test('a tape that was full in the middle of a look is played to its end', () => {
    const rows = rowsOf(replay(writeTape(path, tapeOf(exchange())), { maxRows: 9 }), 'http_events')
    expect(chosen(rows, 'req_path', 'resp_body')).toEqual([['/a', 'hi']])
  })
})

test('a long recording: every exchange has its row, whatever part of the file was read at once', () => {
  const exchanges = 5000
  const tape = new Tape(16 << 20)
  const wires = Array.from({ length: 20 }, (_, i) => new Wire({ remote: ['10.0.0.9', 2000 + i] }))
  for (const wire of wires) tape.add('socket', socketBytes(wire.open()))
  for (const wire of wires) tape.add('socket', socketBytes(wire.open()))
  for (let i = 0; i < exchanges; i++) {
    const wire = wires[i % wires.length]!
    wire.timeNs = 1e9 + i * 1e5
    tape.add('socket', socketBytes(wire.request(`GET /${i} HTTP/1.1\r\nHost: a\r\n\r\n`)))
    tape.add(
      'socket',
      socketBytes(wire.response(`HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n${'a'.repeat(400)}`)),
    )
    if (i % 500 === 499) tape.addNumbers('look', [wire.timeNs, 0])
  }
  addSecond(tape, 3e9)
  const { tables, counters } = replay(writeTape(path, tape), { maxRows: 1 })
  expect(tables.map(({ table, all }) => [table.name, all])).toContainEqual(['http_events', exchanges])
  expect([counters.gaps, counters.unpairedFrames]).toEqual([0, 0])
  expect(tape.bytes).toBeGreaterThan(2 << 20)
})

test('events of another layout make the same rows', () => {
  const expected = rowsOf(replay(writeTape(path, recorded()), { maxRows: 9 }), 'http_events')
  const shift = 12
  const moved = ({ bytes, fields }: StructLayout): StructLayout => ({
    bytes: bytes + shift,
    fields: Object.fromEntries(
      Object.entries(fields).map(([name, [offset, size]]) => [name, [offset + shift, size]]),
    ),
  })
  const layout = { ...LAYOUT, socket: moved(LAYOUT.socket), totals: moved(LAYOUT.totals) }
  const tape = new Tape(1 << 20)
  for (const event of exchange(new Wire({ connId: 1 }))) {
    const bytes = socketBytes(event)
    const [head, behind] = [bytes.subarray(0, LAYOUT.socket.bytes), bytes.subarray(LAYOUT.socket.bytes)]
    const gap = Buffer.alloc(shift, 0xff)
    tape.add('socket', Buffer.concat([gap, head, ...(event.kind === EVENT_DATA ? [] : [gap]), behind]))
  }
  addSecond(tape, 2e9)
  const rows = rowsOf(replay(writeTape(path, tape, { ...HEADER, layout }), { maxRows: 9 }), 'http_events')
  expect(chosen(rows, 'req_path', 'resp_body', 'latency')).toEqual(
    chosen(expected, 'req_path', 'resp_body', 'latency'),
  )
  expect(rows).toHaveLength(1)
})

describe('what no kernel tells', () => {
  const [, data, , close] = exchange()
  const set =
    (at: number, value: number, size = 1) =>
    (bytes: Buffer) => {
      bytes.writeUIntLE(value, at, size)
      return bytes
    }
  const cases: Readonly<Record<string, readonly [change: (bytes: Buffer) => Buffer, said: string]>> = {
    'an event of no kind': [set(40, 77), 'no event of kind 77'],
    'an event that goes nowhere': [set(41, 2), 'its direction is neither'],
    'a role of nobody': [set(42, 3), 'its role is none'],
    'more payload than there is': [set(36, 9999, 4), 'should have 9999'],
    'more captured than moved': [set(32, 1, 4), 'more was captured than was moved'],
    'a cut event': [(b) => b.subarray(0, 50), 'an event of 50 bytes, of at least 112'],
    'an address of no kind': [set(52, 5), 'its addresses are none'],
    'a protocol of no kind': [set(53, 1), 'neither TCP nor UDP'],
    'a connection without a number': [(b) => b.fill(0xff, 0, 8), 'its connection has no number'],
  }
  for (const [name, [change, said]] of Object.entries(cases))
    test(name, () => {
      const tape = new Tape(1 << 20)
      tape.add('socket', change(socketBytes(data!)))
      expect(() => replay(writeTape(path, tape), { maxRows: 9 })).toThrow(new RegExp(`${said}, at byte \\d+`))
    })
  test('a close without totals', () => {
    const tape = new Tape(1 << 20)
    tape.add('socket', socketBytes(close!).subarray(0, 120))
    expect(() => replay(writeTape(path, tape), { maxRows: 9 })).toThrow('its totals are incomplete')
  })
  test('a process with other texts than it says', () => {
    const tape = new Tape(1 << 20)
    tape.add('process', Buffer.alloc(60, 1))
    expect(() => replay(writeTape(path, tape), { maxRows: 9 })).toThrow(/can't be one: .*, at byte \d+/)
  })
  for (const number of [Number.NaN, Number.POSITIVE_INFINITY, 2 ** 60])
    test(`a time of ${number}`, () => {
      const tape = tapeOf([])
      tape.addNumbers('look', [number, 0])
      expect(() => replay(writeTape(path, tape), { maxRows: 9 })).toThrow('these are no numbers, at byte')
    })
})

describe('a file that is made to harm', () => {
  /** With a fitting check sum, whatever its frames are. */
  const sealed = (frames: readonly (readonly [kind: FrameKind, bytes: Uint8Array])[], header?: Header) => {
    const tape = new Tape(64 << 20)
    for (const [kind, bytes] of frames) tape.add(kind, bytes)
    writeFileSync(path, fileOf(tape, header))
    return path
  }

  test('random frames end in an error with a place, or in rows, soon', () => {
    let seed = 7
    const next = (most: number) => {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31
      return seed % most
    }
    const kinds = ['process', 'socket', 'totals', 'lost', 'look', 'second'] as const
    const events = exchange().map(socketBytes)
    for (let i = 0; i < 300; i++) {
      const frames = Array.from({ length: 12 }, () => {
        const kind = kinds[next(kinds.length)]!
        const bytes = Buffer.from(kind === 'socket' ? events[next(events.length)]! : Buffer.alloc(16))
        for (let change = next(3); change > 0; change--) bytes[next(bytes.length)] = next(256)
        return [kind, bytes] as const
      })
      const ms = cpuMs(() => {
        try {
          replay(sealed(frames), { maxRows: 9 })
        } catch (cause) {
          if (!(cause instanceof NixieError)) throw cause
          expect(cause.message).toMatch(/at byte \d+$/)
        }
      })
      expect(ms).toBeLessThan(3000)
    }
  })

  test('thirty thousand connections, each with half a request, take no more memory than capture gives them', () => {
    const frames = Array.from({ length: 30_000 }, (_, i) => {
      const wire = new Wire({ connId: i + 1, remote: ['10.0.0.2', i + 1024] })
      return ['socket', socketBytes(wire.request(`POST / HTTP/1.1\r\n${'a'.repeat(80)}`))] as const
    })
    const file = sealed(frames)
    Bun.gc(true)
    const before = process.memoryUsage().rss
    replay(file, { maxRows: 9 })
    expect((process.memoryUsage().rss - before) / 2 ** 20).toBeLessThan(500)
  })

  test('an endless number of seconds costs what a second costs', () => {
    const second = Buffer.alloc(16)
    second.writeDoubleLE(2e9)
    const file = sealed(Array.from({ length: 20_000 }, () => ['second', second] as const))
    expect(cpuMs(() => replay(file, { maxRows: 9 }))).toBeLessThan(5000)
  })
})

test('frames are told apart by their place', () => {
  writeTape(path, recorded())
  const file = new RecordingFile(path)
  const places = [...file.frames()].map(({ at, bytes }) => [at, bytes.length] as const)
  file.close()
  for (const [i, [at, length]] of places.slice(0, -1).entries())
    expect(places[i + 1]![0]).toBe(at + length + FRAME_BYTES)
})
