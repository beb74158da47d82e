/** Chunked bodies of which chunk sizes went by unseen: nobody knows where they end. */
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
    expect(pairs(sink.rows('http_events'))).toEqual(numbered(10))
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

/** Strict turns on one connection; `loss`: the part of its calls of which no event comes. */
function lossy(seed: number, loss: number, isUpload: boolean) {
  const next = random(seed)
  const { streams, sink } = rig(PROTOCOLS)
  const wire = new Wire()
  streams.handle(wire.open())
  for (let n = 0; n < 60; n++) {
    const calls = 1 + Math.floor(next() * 3)
    const bodies = Array.from({ length: calls }, (_, i) => (i === calls - 1 ? BYTES : BYTES.slice(0, -5)))
    const question = isUpload ? `PUT /${calls}.${n} ${PUT}` : request(`GET /${calls}.${n}`)
    const answer = isUpload ? response(`200 N${n}`, {}, 'thanks') : head(n)
    const events = isUpload
      ? [...bodies.map((body, i) => wire.request(i === 0 ? question + body : body)), wire.response(answer)]
      : [wire.request(question), ...bodies.map((body, i) => wire.response(i === 0 ? answer + body : body))]
    for (const event of events) if (next() >= loss) streams.handle(event)
  }
  end(streams, wire)
  return sink.rows('http_events')
}

describe('events that are lost', () => {
  test.each([
    ['responses', false, 0.02],
    ['responses', false, 0.3],
    ['responses', false, 0.7],
    ['requests', true, 0.02],
    ['requests', true, 0.3],
    ['requests', true, 0.7],
  ])('%s: no row has bytes of others (%p, %p lost)', (_, isUpload, loss) => {
    let rows = 0
    for (let seed = 1; seed <= 60; seed++) {
      for (const row of lossy(seed, loss, isUpload)) {
        rows++
        const [, calls, n] = /^\/(\d)\.(\d+)$/.exec(row.req_path as string)!
        if (row.outcome !== 'unanswered') expect(row.resp_message).toBe(`N${n}`)
        const size = (isUpload ? row.req_body_size : row.resp_body_size) as number
        expect(size).toBeLessThanOrEqual(Number(calls) * BYTES.length)
        if (row.outcome === 'complete') expect(size).toBe(Number(calls) * 1000)
      }
    }
    expect(rows).toBeGreaterThan(60 * 60 * (1 - loss) ** 4 * 0.5)
  })
})
