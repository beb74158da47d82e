/** Chunked bodies with lost chunk sizes: it isn't known where they end. */
import { describe, expect, test } from 'bun:test'
import { PROTOCOLS } from '../../../src/protocols'
import { end, type Row, random, rig, Wire } from '../../streams/wire'
import { chunked, request, response } from './samples'
import { type Turn, talk } from './talk'

const head = (n: number) => `HTTP/1.1 200 N${n}\r\nTransfer-Encoding: chunked\r\n\r\n`
const BYTES = chunked(Array.from({ length: 1000 }, () => 'x'))
const PUT = 'HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n'

/** Path and reason of each row; they belong together when both have the same number. */
const pairs = (rows: readonly Row[]) =>
  rows.map(({ req_path, resp_message }) => `${req_path} ${resp_message}`)
const numbered = (count: number) => Array.from({ length: count }, (_, n) => `/${n} N${n}`)
const turnsOf = (count: number, each: (n: number) => readonly Turn[]) =>
  Array.from({ length: count }, (_, n) => each(n)).flat()

describe('exchanges in turn, each beyond what is captured', () => {
  // A chunk takes 6 bytes: the capture ends at each place within one.
  test.each([0, 1, 2, 3, 4, 5])('responses, captured to byte %p of a chunk', (within) => {
    const { rows, counters } = talk(
      turnsOf(10, (n) => [
        ['client', request(`GET /${n}`)],
        ['server', head(n) + BYTES, head(n).length + 600 + within],
      ]),
    )
    expect(pairs(rows)).toEqual(numbered(10))
    expect(new Set(rows.map(({ outcome }) => outcome))).toEqual(new Set(['cut']))
    for (const row of rows) expect(row.resp_body_size as number).toBeLessThanOrEqual(BYTES.length)
    expect(counters.unpairedFrames).toBe(0)
  })

  test.each([0, 1, 2, 3, 4, 5])('requests, captured to byte %p of a chunk', (within) => {
    const { rows, counters } = talk(
      turnsOf(10, (n) => {
        const line = `PUT /${n} ${PUT}`
        return [
          ['client', line + BYTES, line.length + 600 + within],
          ['server', response(`200 N${n}`, {}, 'thanks')],
        ]
      }),
    )
    expect(pairs(rows)).toEqual(numbered(10))
    for (const row of rows) expect(row).toMatchObject({ outcome: 'cut', resp_body_size: 6 })
    expect(counters.unpairedFrames).toBe(0)
  })

  test('both, and on a connection that was joined under way', () => {
    const { streams, sink } = rig(PROTOCOLS)
    const wire = new Wire()
    for (let n = 0; n < 10; n++) {
      const line = `PUT /${n} ${PUT}`
      streams.handle(wire.request(line + BYTES, line.length + 601))
      streams.handle(wire.response(head(n) + BYTES, head(n).length + 603))
    }
    end(streams, wire)
    // What was said before isn't known, and bytes are missing behind each message: any of them may be another's.
    for (const pair of pairs(sink.rows('http_events'))) expect(numbered(10)).toContain(pair)
  })

  test('several calls make one response, and a small one follows', () => {
    const { rows } = talk(
      turnsOf(10, (n) => [
        ['client', request(`GET /${n}`)],
        ['server', head(n) + BYTES, head(n).length + 600],
        ['server', BYTES.slice(0, -5), 600],
        ['server', BYTES.slice(0, -5), 599],
        ['client', request('GET /small')],
        ['server', response('200 small', {}, 'ok')],
      ]),
    )
    expect(pairs(rows)).toEqual(numbered(10).flatMap((pair) => [pair, '/small small']))
  })
})

describe('what isn’t known', () => {
  test('a body is no larger than what was seen of it and what was not captured', () => {
    const { rows } = talk([
      ['client', request('GET /0')],
      ['server', head(0) + BYTES, head(0).length + 600],
      ['client', request('GET /1')],
      ['server', response('200 N1', {}, 'one')],
    ])
    expect(rows).toMatchObject([
      { outcome: 'cut' },
      { outcome: 'complete', resp_body_size: 3, resp_message: 'N1' },
    ])
    expect(rows[0]!.resp_body_size as number).toBeLessThanOrEqual(BYTES.length)
  })

  const ONE = chunked(['x'.repeat(8192)])
  const TWO = chunked(['x'.repeat(100), 'x'.repeat(8192)])
  test.each([
    ['a head alone', ONE, 0, 8192],
    ['a part of the size', ONE, 2, 8192],
    ['a part of the data', ONE, 100, 8192],
    ['a part of the first of two chunks', TWO, 50, 8292],
    ['the first of two chunks', TWO, 106, 8292],
  ])(
    'of a last chunk that is not captured the size is right, without its lines: %s',
    (_, body, captured, size) => {
      const { rows } = talk([
        ['client', request('GET /0')],
        ['server', head(0) + body, head(0).length + captured],
        ['client', request('GET /1')],
        ['server', head(1) + body],
      ])
      expect(rows).toMatchObject([
        { outcome: 'cut', resp_body_size: size },
        { outcome: 'complete', resp_body_size: size },
      ])
    },
  )

  test('the same where its end is seen, and where the connection ends with it', () => {
    const { rows } = talk([
      ['client', request('GET /0')],
      ['server', head(0) + ONE.slice(0, -5), head(0).length],
      ['server', '0\r\n\r\n'],
      ['client', request('GET /1')],
      ['server', head(1) + ONE, head(1).length],
    ])
    expect(rows).toMatchObject([{ resp_body_size: 8192 }, { resp_body_size: 8192 }])
  })

  test('an answer that goes on behind the next request: the client doesn’t wait, and nothing is paired by guess', () => {
    const { rows } = talk([
      ['client', request('GET /0')],
      ['server', head(0) + BYTES.slice(0, -5), head(0).length + 600],
      ['client', request('GET /1')],
      ['server', BYTES.slice(0, -5)],
      ['client', request('GET /2')],
      ['server', `${BYTES}${response('200 N1')}`],
      ['server', response('200 N2')],
    ])
    expect(pairs(rows)).toContain('/0 N0')
    expect(pairs(rows).filter((pair) => !numbered(3).includes(pair))).toEqual([])
  })

  test('an upload that goes on while it is answered ends as cut', () => {
    const line = `PUT /0 ${PUT}`
    const { rows } = talk([
      ['client', line + BYTES.slice(0, -5), line.length + 600],
      ['server', response('200 N0', {}, 'fine')],
      ['client', BYTES],
      ['client', request('GET /1')],
      ['server', response('200 N1', {}, 'fine')],
    ])
    expect(pairs(rows)).toEqual(numbered(2))
    expect(rows.map(({ outcome }) => outcome)).toEqual(['cut', 'complete'])
  })
})

/** Chunks of one byte, in so many calls; the last one has the end. */
const SMALL = chunked(Array.from({ length: 50 }, () => 'x'))
const bodyOf = (calls: number) =>
  Array.from({ length: calls }, (_, i) => (i === calls - 1 ? SMALL : SMALL.slice(0, -5)))

/**
 * A client and a server that take turns on one connection. `loss`: the part of the calls of which no event comes, and of
 * those that are not captured to their end.
 */
function lossy(seed: number, loss: number, uploads: number): Row[] {
  const next = random(seed)
  const { streams, sink } = rig(PROTOCOLS)
  const wire = new Wire()
  streams.handle(wire.open())
  const moves = (from: 'request' | 'response', calls: readonly string[]) => {
    for (const bytes of calls) {
      const captured = next() < loss ? Math.floor(next() * bytes.length) : undefined
      const event = wire[from](bytes, captured)
      if (next() >= loss) streams.handle(event)
    }
  }
  for (let n = 0; n < 60; n++) {
    const calls = 1 + Math.floor(next() * 3)
    const [first, ...rest] = bodyOf(calls)
    if (next() < uploads) moves('request', [`PUT /${calls}.${n} ${PUT}${first}`, ...rest])
    else moves('request', [request(`GET /${calls}.${n}`)])
    if (next() < uploads) moves('response', [response(`200 N${n}`, {}, 'thanks')])
    else moves('response', [head(n) + first, ...rest])
  }
  end(streams, wire)
  return sink.rows('http_events')
}

describe('calls that are lost, and ends of calls', () => {
  test.each([
    ['responses', 0, 0.02, 0.8],
    ['responses', 0, 0.3, 0],
    ['requests', 1, 0.02, 0.7],
    ['requests', 1, 0.3, 0],
    ['both', 0.5, 0.02, 0.8],
    ['both', 0.5, 0.3, 0],
    ['both', 0.5, 0.6, 0],
  ])('%s (%p), %p lost: no row has bytes of others', (_, uploads, loss, least) => {
    let rows = 0
    for (let seed = 1; seed <= 60; seed++) {
      for (const row of lossy(seed, loss, uploads)) {
        const [, calls, n] = /^\/(\d)\.(\d+)$/.exec(row.req_path as string)!
        const sizes = [row.req_body_size as number, row.resp_body_size as number]
        expect(Math.max(...sizes)).toBeLessThanOrEqual(Number(calls) * SMALL.length)
        if (row.outcome === 'unanswered') continue
        rows++
        expect(row.resp_message).toBe(`N${n}`)
        if (row.outcome === 'complete')
          for (const size of sizes) expect([0, 6, Number(calls) * 50]).toContain(size)
      }
    }
    expect(rows / 3600).toBeGreaterThanOrEqual(least)
  })
})
