/** Whatever comes over the wire: time and memory stay bounded. */
import { describe, expect, test } from 'bun:test'
import { mysql } from '../../../src/protocols/mysql'
import { rig, Wire } from '../../streams/wire'
import { cpuMs } from '../../support/cpu-time'
import {
  bytes,
  command,
  eof,
  execute,
  le,
  login,
  ok,
  packet,
  prepared,
  query,
  result,
  TEXT,
  text,
} from './build'
import { hello, MYSQL_SOCKET, TABLE, talk } from './talk'

const MIB = 1 << 20

/** Milliseconds of processor time that it takes to read so much of this from one side, in calls of 64 KiB. */
function timed(
  from: 'client' | 'server',
  content: Uint8Array,
  size: number,
  first: readonly Uint8Array[] = [],
): number {
  const { streams, wire } = talk([...hello(), ...first.map((each) => ['client', each] as const)], {
    open: true,
  })
  const repeated = Buffer.alloc(Math.ceil(65_536 / content.length) * content.length, content)
  const calls: ReturnType<Wire['request']>[] = []
  for (let at = 0; at < size; at += 65_536) {
    const call = Buffer.from(Array.from({ length: 0 }))
    const part = Buffer.concat([call, repeated.subarray(0, 65_536)])
    calls.push(from === 'client' ? wire.request(part) : wire.response(part))
  }
  return cpuMs(() => {
    for (const event of calls) streams.handle(event)
    streams.tick(wire.timeNs + 1e9)
  })
}

describe('4 MiB take less than a second', () => {
  test.each([
    ['bytes of no packet', bytes(0x61)],
    ['zeros', bytes(0)],
    ['headers of long packets', bytes(0xff, 0xff, 0xff, 0)],
    ['pings', command(0x0e)],
    ['statements', query('SELECT 1')],
    ['statements of quotes', query("'".repeat(1000))],
    ['logins', login('alice')],
    ['closes', command(0x19, le(1, 4))],
    ['long data', command(0x18, le(1, 4), le(0, 2), 'x')],
    [
      'long data of many statements',
      bytes(...Array.from({ length: 500 }, (_, i) => command(0x18, le(i, 4), le(i, 2), 'x'))),
    ],
    ['executions of what is unknown', execute(7, [TEXT('x')])],
    ['beginnings of statements', bytes(0xff, 0xff, 0xff, 0, 3, 'SELECT ')],
    ['prepared statements of placeholders', command(0x16, '?'.repeat(5000))],
    ['attributes', command(3, 0xfd, 0xff, 0xff, 0, 1, 'x')],
  ] as const)('of a client: %s', (_, content) => {
    expect(timed('client', content, 4 * MIB)).toBeLessThan(1000)
  })

  test.each([
    ['bytes of no packet', bytes(0x61)],
    ['answers that nobody asked for', ok()],
    ['columns without end', packet(1, 0xfe, le(2 ** 40, 8))],
    ['results', result(['a'], [['1']])],
    ['prepared statements', prepared(1, 300, 300)],
    ['beginnings of results', bytes(packet(1, 1), le(60, 3), 2, 3, 'def')],
  ] as const)('of a server: %s', (_, content) => {
    expect(timed('server', content, 4 * MIB, [query('SELECT 1')])).toBeLessThan(1000)
  })

  test('byte by byte', () => {
    const { streams, wire } = talk(hello(), { open: true })
    const statement = query(`SELECT '${'x'.repeat(60_000)}'`)
    const calls = [...statement].map((byte) => wire.request(bytes(byte)))
    const ms = cpuMs(() => {
      for (const event of calls) streams.handle(event)
    })
    expect(ms).toBeLessThan(1000)
    expect(streams.heldBytes).toBeLessThan(64 << 10)
  })
})

describe('what waits is bounded', () => {
  const held = (from: 'client' | 'server', contents: readonly Uint8Array[]): number => {
    const { streams, wire } = talk(hello(), { open: true })
    let most = 0
    for (const content of contents) {
      streams.handle(from === 'client' ? wire.request(content) : wire.response(content))
      most = Math.max(most, streams.heldBytes)
    }
    return most
  }
  const times = (count: number, make: (i: number) => Uint8Array) =>
    Array.from({ length: count }, (_, i) => make(i))

  test('of long data of many statements and parameters', () => {
    const parts = times(20_000, (i) =>
      command(0x18, le(i % 5000, 4), le(i & 0xffff, 2), Buffer.alloc(2000, 'x')),
    )
    expect(held('client', parts)).toBeLessThan(1.5 * MIB)
  })

  test('of statements that are prepared and never closed', () => {
    const { streams, wire } = talk(hello(), { open: true })
    for (let i = 0; i < 5000; i++) {
      streams.handle(wire.request(command(0x16, `SELECT ${i}, '${'x'.repeat(3000)}'`)))
      streams.handle(wire.response(prepared(i, 0, 0)))
    }
    expect(streams.heldBytes).toBeLessThan(1.2 * MIB)
  })

  test('of requests that nobody answers', () => {
    const { streams, sink } = rig([mysql], { heldBytes: 4 * MIB })
    const wires = times(50, () => new Uint8Array(0)).map(
      (_, i) => new Wire({ ...MYSQL_SOCKET, remote: ['10.0.0.9', 10_000 + i] }),
    )
    for (const wire of wires) {
      streams.handle(wire.open())
      for (const [from, content] of hello())
        streams.handle(from === 'client' ? wire.request(content) : wire.response(content))
      for (let i = 0; i < 200; i++) streams.handle(wire.request(query(`SELECT '${'x'.repeat(1000)}'`)))
      expect(streams.heldBytes).toBeLessThanOrEqual(4 * MIB)
    }
    streams.close()
    expect(sink.rows(TABLE).length).toBeGreaterThan(50)
  })

  test('an answer of many results keeps few of their texts', () => {
    const { streams, wire } = talk([...hello(), ['client', query('CALL many()')]], { open: true })
    for (let i = 0; i < 20_000; i++)
      streams.handle(wire.response(ok({ seq: (i + 1) & 0xff, status: 10, info: 'x'.repeat(500) })))
    expect(streams.heldBytes).toBeLessThan(64 << 10)
  })
})

test('parameters of a large count in a short packet are not read beyond it', () => {
  const turns = [
    ...hello(),
    ['client', command(0x16, '?,'.repeat(100))] as const,
    ['server', bytes(packet(1, 0, le(1, 4), le(0, 2), le(65_535, 2), 0, le(0, 2)), eof(2))] as const,
    ['client', command(0x17, le(1, 4), 0, le(1, 4), Buffer.alloc(8192, 0xff), 1, text('x'))] as const,
    ['server', ok()] as const,
  ]
  const { rows } = talk(turns)
  expect(JSON.stringify(rows)).not.toContain('undefined')
})
