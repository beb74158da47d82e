/** The compressed protocol: packets anywhere within contents of zlib and zstd. */
import { describe, expect, test } from 'bun:test'
import { deflateSync, zstdCompressSync } from 'node:zlib'
import { DecodeBudget } from '../../../src/protocols/lib/decode-budget'
import { bytes, compressed, FLAGS, ok, query, result, USUAL } from './build'
import { after, type Turn, talk } from './talk'

const ROWS = result(
  ['a'],
  Array.from({ length: 200 }, (_, i) => [`row ${i}`]),
)
const STATEMENT = `SELECT '${'x'.repeat(300)}'`

const exchange = (how: (content: Uint8Array) => Uint8Array): Turn[] => [
  ['client', compressed(0, query(STATEMENT), how)],
  ['server', compressed(1, ROWS, how)],
  ['client', compressed(0, query('SELECT 2'))],
  ['server', compressed(1, ok({ rows: 2 }))],
]
const SAID = [`${STATEMENT} → Resultset rows = 200`, 'SELECT 2 → Rows affected = 2']

describe('content', () => {
  test('of zlib, and of zstd', () => {
    expect(after(exchange(deflateSync), USUAL | FLAGS.COMPRESS).said).toEqual(SAID)
    expect(after(exchange(zstdCompressSync), USUAL | FLAGS.ZSTD).said).toEqual(SAID)
  })

  test('packets that are cut anywhere, one byte in each content', () => {
    const parts = [...ROWS].map((byte, i) => compressed((i + 1) & 0xff, bytes(byte)))
    const turns: Turn[] = [
      ['client', compressed(0, query(STATEMENT), deflateSync)],
      ['server', bytes(...parts)],
    ]
    expect(after(turns, USUAL | FLAGS.COMPRESS).said).toEqual(SAID.slice(0, 1))
  })

  test('a connection that was joined', () => {
    for (const how of [deflateSync, zstdCompressSync])
      expect(talk(exchange(how), { joined: true }).said).toEqual(SAID)
  })

  test('what is damaged costs its own answer', () => {
    const damaged = deflateSync(ROWS)
    damaged.fill(0x55, 40, 80)
    const turns = exchange(deflateSync).with(1, ['server', compressed(1, ROWS, () => damaged)])
    const { rows, counters } = after(turns, USUAL | FLAGS.COMPRESS)
    expect(counters.unpairedFrames).toBeGreaterThan(0)
    for (const { req_body, resp_body } of rows)
      if (req_body === 'SELECT 2') expect(resp_body).toBe('Rows affected = 2')
  })
})

test('without time to decompress, what is said is not shown, and never taken for something else', () => {
  const decodeBudget = new DecodeBudget(() => 0, { perSecondNs: 0, burstNs: 0, perBodyNs: 0, perStepNs: 1 })
  const many: Turn[] = Array.from({ length: 20 }, () => exchange(deflateSync)).flat()
  const { rows } = after(many, USUAL | FLAGS.COMPRESS, { settings: { decodeBudget } })
  for (const { req_body, resp_body } of rows) {
    expect(req_body).toBe('SELECT 2')
    expect(['', 'Rows affected = 2']).toContain(String(resp_body))
  }
  expect(decodeBudget.refused).toBe(40)
})

test('a content that is a bomb takes no longer than its budget', () => {
  const bomb = deflateSync(Buffer.alloc(15 << 20))
  const turns: Turn[] = [
    ['client', compressed(0, query('SELECT 1'))],
    ...Array.from(
      { length: 50 },
      (_, i) => ['server', compressed(i + 1, Buffer.alloc(15 << 20), () => bomb)] as Turn,
    ),
  ]
  const began = performance.now()
  after(turns, USUAL | FLAGS.COMPRESS, { settings: { decodeBudget: new DecodeBudget() } })
  expect(performance.now() - began).toBeLessThan(2000)
})
