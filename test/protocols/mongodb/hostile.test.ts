/** Whatever comes over the wire: time and memory stay bounded. */
import { describe, expect, test } from 'bun:test'
import zlib from 'node:zlib'
import { pass } from '../../streams/wire'
import { cpuMs } from '../../support/cpu-time'
import * as Talk from './talk'
import { talk } from './talk'

const MIB = 1 << 20
const { DB, OK } = Talk
const PING = ['>', Talk.msg({ ping: 1, ...DB })] as const

/** Milliseconds of processor time that it takes to read so much of this from one side, in calls of 64 KiB. */
function took(from: '>' | '<', content: Uint8Array, size = 4 * MIB): number {
  const { streams, wire } = talk([PING], { open: true })
  const repeated = Buffer.alloc(Math.max(1, Math.round(65_536 / content.length)) * content.length, content)
  const calls = Array.from({ length: Math.ceil(size / repeated.length) }, () =>
    from === '>' ? wire.request(repeated) : wire.response(repeated),
  )
  const ms = cpuMs(() => {
    for (const event of calls) {
      streams.handle(event)
      pass(streams, wire, 4)
    }
  })
  expect(streams.heldBytes).toBeLessThan(4 * MIB)
  return ms
}

/** A document within a document within … */
function nested(depth: number): Talk.Document {
  let document: Talk.Document = { a: 1 }
  for (let i = 0; i < depth; i++) document = i % 2 ? { a: document } : { a: [document] }
  return document
}

/** A message whose content has a document with these elements, whatever they are. */
const raw = (elements: Uint8Array, size = elements.length + 5) =>
  Talk.message(2013, {}, Buffer.concat([Talk.le(0), Buffer.of(0), Talk.le(size), elements, Buffer.of(0)]))

const text = (letters: string) => Buffer.from(letters, 'latin1')

describe('4 MiB take less than a second', () => {
  test.each([
    ['bytes of no message', Buffer.of(0x61)],
    ['zeros', Buffer.of(0)],
    ['heads of long messages', Talk.msg({ ping: 1 }).fill(0x3f, 1, 4).subarray(0, 21)],
    ['pings', Talk.msg({ ping: 1, ...DB })],
    ['documents of 200 levels', Talk.msg({ insert: 'g', documents: [nested(200)], ...DB })],
    ['huge arrays', Talk.msg({ insert: 'g', documents: Array.from({ length: 5000 }, () => ({})), ...DB })],
    ['names without end', raw(Buffer.alloc(60_000, 0x10))],
    ['patterns without end', raw(Buffer.concat([text('\x0bp\0'), Buffer.alloc(60_000, 0x61)]))],
    ['empty names', raw(Buffer.alloc(60_000, text('\x0a\0')))],
    ['texts of quotes', Talk.msg({ find: '"'.repeat(60_000) })],
    [
      'texts that aren’t UTF-8',
      raw(Buffer.concat([text('\x02a\0'), Talk.le(50_001), Buffer.alloc(50_000, 0xe2), text('\0')])),
    ],
    ['answers that wait for none', Talk.msg({ hello: 1 }, { flags: Talk.EXHAUST })],
    [
      'many sections',
      Talk.msg(
        { insert: 'g' },
        { sequences: Object.fromEntries(Array.from({ length: 3000 }, (_, i) => [`s${i}`, []])) },
      ),
    ],
    ['content of zlib that grows', Talk.packed('zlib', Buffer.alloc(40 * MIB))],
    ['content of zstd that grows', Talk.packed('zstd', Buffer.alloc(40 * MIB))],
    [
      'content of snappy that lies',
      Talk.message(
        2012,
        {},
        Buffer.concat([
          Talk.le(2013),
          Talk.le(40 * MIB),
          Buffer.of(1),
          Buffer.of(0x80, 0x80, 0x80, 0x14),
          Buffer.alloc(60_000, 0xfe),
        ]),
      ),
    ],
  ])('of a client: %s', (_, content) => expect(took('>', content)).toBeLessThan(1000))

  test.each([
    ['answers that nobody asked for', Talk.msg(OK, { to: 99 })],
    ['answers to one command, each with another to come', Talk.msg(OK, { id: 1, to: 1, flags: Talk.MORE })],
    [
      'errors',
      Talk.msg(
        { writeErrors: Array.from({ length: 2000 }, (_, i) => ({ code: i, errmsg: 'e' })), ...OK },
        { to: 1 },
      ),
    ],
    ['old answers', Talk.reply([OK], { to: 1 })],
    ['no messages', Buffer.of(1, 0, 0, 0)],
  ])('of a server: %s', (_, content) => expect(took('<', content)).toBeLessThan(1000))

  test('byte by byte', () => {
    const { streams, wire } = talk([PING], { open: true })
    const insert = Talk.msg({
      insert: 'g',
      documents: Array.from({ length: 2000 }, (_, i) => ({ _id: i })),
      ...DB,
    })
    const calls = [...insert].map((byte) => wire.request(Buffer.of(byte)))
    const ms = cpuMs(() => {
      for (const event of calls) streams.handle(event)
    })
    expect(ms).toBeLessThan(1000)
    expect(streams.heldBytes).toBeLessThan(64 << 10)
  })
})

describe('lengths that lie', () => {
  const find = Talk.msg({ find: 'goods', filter: { name: 'tea' }, ...DB }, { id: 1 })
  const places = [
    ['of the document', 21],
    ['of a text', 21 + 4 + 6],
    ['of a document within', find.indexOf('filter\0') + 7],
  ] as const

  test.each(places)('%s: no row but of what follows', (_, at) => {
    for (const length of [-1, 0, 3, 1000, 0x7fffffff]) {
      const lies = Buffer.from(find)
      lies.writeInt32LE(length, at)
      const { rows } = talk([
        PING,
        ['<', Talk.msg(OK, { id: 2, to: 1 })],
        ['>', lies],
        ['>', Talk.msg({ count: 'goods', ...DB }, { id: 3 })],
        ['<', Talk.msg({ n: 3, ...OK }, { id: 4, to: 3 })],
      ])
      expect(
        rows.map(({ req_cmd }) => req_cmd),
        `${length}`,
      ).toEqual(['ping', 'count'])
    }
  })

  test('deep within a value: the command is known, and what is shown ends there', () => {
    const lies = Talk.msg({ find: 'goods', filter: { a: { b: 'tea' } }, ...DB }, { id: 1 })
    lies.writeInt32LE(1000, lies.indexOf('b\0') + 2)
    const { rows } = talk([['>', lies]])
    expect(rows).toMatchObject([{ req_cmd: 'find', collection: 'goods' }])
    expect(rows[0]!.req_body).toStartWith('{"find":"goods","filter":{"a":{"b":')
  })
})

test('a document of 200 levels is shown as far as MongoDB’s own go', () => {
  const { rows } = talk([['>', Talk.msg({ insert: 'g', documents: [nested(200)], ...DB })]], {
    set: (settings) => Object.assign(settings, { bodyLimit: 100_000 }),
  })
  expect(rows).toMatchObject([{ req_cmd: 'insert', docs_sent: 1 }])
  expect(rows[0]!.req_body).toEndWith('…')
})

describe('what waits is bounded', () => {
  test('of commands that nobody answers, and streams that nobody ends', () => {
    const { streams, wire } = talk([PING], { open: true })
    for (let i = 0; i < 4000; i++) {
      const long = { find: 'goods', filter: { text: 'x'.repeat(1000) }, ...DB }
      streams.handle(wire.request(Talk.msg(long, { id: i, flags: Talk.EXHAUST })))
      const answer = Talk.cursor([{ text: 'x'.repeat(1000) }])
      streams.handle(wire.response(Talk.msg(answer, { id: 100_000 + i, to: i, flags: Talk.MORE })))
    }
    expect(streams.heldBytes).toBeLessThan(5 * MIB)
  })

  test('of a long compressed message', () => {
    const { streams, wire } = talk([PING], { open: true })
    const noise = zlib.deflateSync(Buffer.alloc(8 * MIB, 'x'), { level: 0 })
    const message = Talk.message(
      2012,
      {},
      Buffer.concat([Talk.le(2013), Talk.le(8 * MIB), Buffer.of(2), noise]),
    )
    let most = 0
    for (let at = 0; at < message.length; at += 65_536) {
      streams.handle(wire.request(message.subarray(at, at + 65_536)))
      most = Math.max(most, streams.heldBytes)
    }
    expect(most).toBeLessThan(MIB)
  })
})
