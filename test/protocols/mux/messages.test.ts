/** What the rows of Mux say, message by message. */
import { describe, expect, test } from 'bun:test'
import { mux } from '../../../src/protocols/mux'
import { recognise } from '../../../src/protocols/mux/recognise'
import type { Head, Side } from '../../../src/protocols/protocol'
import { ROLE_CLIENT, ROLE_SERVER } from '../../../src/records/types'
import { bytesOf, end, pass, rig, Wire } from '../../streams/wire'
import * as Talk from './talk'

const CONTEXTS = { [Talk.CLIENT_ID]: 'web' }

type Line = readonly [from: '>' | '<', bytes: string, lost?: number]

/** The rows of a session; a line may lose bytes from an offset of it on. */
function rowsOf(...lines: readonly Line[]) {
  const all = rig([mux])
  const wire = new Wire()
  all.streams.handle(wire.open())
  for (const [from, bytes, captured] of lines)
    all.streams.handle(from === '>' ? wire.request(bytes, captured) : wire.response(bytes, captured))
  end(all.streams, wire)
  return { rows: all.sink.rows('mux_events'), counters: all.counters, verdicts: all.verdicts }
}

test('a request and its answer: all columns', () => {
  const { rows } = rowsOf(
    ['>', Talk.tdispatch(7, CONTEXTS, '/s/users', Talk.thriftCall('getUser'), { '/s': '/srv' })],
    ['<', Talk.rdispatch(7, 'no such user', 1, { shard: '3' })],
  )
  expect(rows).toHaveLength(1)
  expect(rows[0]).toMatchObject({
    trace_role: ROLE_SERVER,
    req_type: 2,
    req_destination: '/s/users',
    req_method: 'getUser',
    req_contexts: `{"${Talk.CLIENT_ID}":"web"}`,
    req_body: '<binary 20 bytes> ........getUser.....',
    req_body_size: 20,
    resp_type: -2,
    resp_status: 'Error',
    resp_contexts: '{"shard":"3"}',
    resp_body: 'no such user',
    resp_body_size: 12,
    latency: 1000,
    outcome: 'complete',
  })
})

test('Treq and Rreq, ping and drain of either end', () => {
  const { rows } = rowsOf(
    ['>', Talk.tdispatch(1, CONTEXTS, '/s/a', '')],
    ['<', Talk.rdispatch(1, '', 2)],
    ['>', Talk.treq(2, { 1: 'traceids' }, 'ask')],
    ['<', Talk.rreq(2, 'say')],
    ['>', Talk.tping(3)],
    ['<', Talk.frame(64, 3)],
    ['<', Talk.rping(3)],
    ['>', Talk.frame(-64, 3)],
  )
  expect(
    rows.map(({ req_type, resp_type, resp_status, trace_role }) => [
      req_type,
      resp_type,
      resp_status,
      trace_role,
    ]),
  ).toEqual([
    [2, -2, 'Nack', ROLE_SERVER],
    [1, -1, 'Ok', ROLE_SERVER],
    [65, -65, '', ROLE_SERVER],
    [64, -64, '', ROLE_CLIENT],
  ])
  expect(rows[1]).toMatchObject({ req_contexts: '{"1":"traceids"}', req_body: 'ask', resp_body: 'say' })
})

test('a trace by its ids', () => {
  const ids =
    Talk.u32(1) + Talk.u32(2) + Talk.u32(3) + Talk.u32(4) + Talk.u32(5) + Talk.u32(6) + '\0'.repeat(8)
  const { rows } = rowsOf(
    ['>', Talk.tdispatch(1, { [Talk.TRACE]: ids }, '/s/a', '')],
    ['<', Talk.rdispatch(1, '')],
  )
  const trace = { trace: '0000000500000006', span: '0000000100000002', parent: '0000000300000004' }
  expect(JSON.parse(JSON.parse(String(rows[0]!.req_contexts))[Talk.TRACE])).toEqual(trace)
})

test('an answer under a tag that asked something else, or nothing, makes no row', () => {
  const { rows, counters } = rowsOf(
    ['>', Talk.tdispatch(1, CONTEXTS, '/s/a', '')],
    ['<', Talk.rping(1)],
    ['<', Talk.rdispatch(2, 'whose')],
    ['<', Talk.rdispatch(1, 'mine')],
  )
  expect(rows.map(({ resp_body }) => resp_body)).toEqual(['mine'])
  expect(counters.unpairedFrames).toBe(2)
})

test('Rerr and Rdiscarded answer what they are asked', () => {
  const { rows } = rowsOf(
    ['>', Talk.tdispatch(1, CONTEXTS, '/s/a', '')],
    ['<', Talk.rerr(1, 'bad message')],
    ['>', Talk.tdispatch(2, CONTEXTS, '/s/b', '')],
    ['>', Talk.tdiscarded(2, 'timed out')],
    ['<', Talk.rdiscarded(2)],
  )
  expect(
    rows.map(({ req_type, resp_type, resp_status, resp_body }) => [
      req_type,
      resp_type,
      resp_status,
      resp_body,
    ]),
  ).toEqual([
    [2, 127, 'Rerr', 'bad message'],
    [66, 0, '', ''],
    [2, -66, '', ''],
  ])
})

describe('parts', () => {
  const part = 'x'.repeat(5000)
  const session: readonly Line[] = [
    ['>', Talk.tdispatch(1 | Talk.MORE, CONTEXTS, '/s/a', part)],
    ['>', Talk.frame(2, 1 | Talk.MORE, part)],
    ['>', Talk.frame(2, 1, 'end')],
    ['<', Talk.rdispatch(1 | Talk.MORE, part)],
    ['<', Talk.frame(-2, 1, part)],
  ]

  test('sizes are of all of them', () => {
    const { rows } = rowsOf(...session)
    expect(rows).toHaveLength(1)
    expect(rows[0]).toMatchObject({ req_body_size: 10_003, resp_body_size: 10_000, outcome: 'complete' })
  })

  test('a connection that ends before the last one', () => {
    const { rows } = rowsOf(...session.slice(0, -1))
    expect(rows[0]).toMatchObject({ resp_status: 'Ok', resp_body_size: 5000, outcome: 'cut' })
    expect(rowsOf(...session.slice(0, 1)).rows[0]).toMatchObject({ resp_type: 0, outcome: 'unanswered' })
  })
})

test('a hole within a body costs its bytes, one over an end the messages that it touches', () => {
  const body = 'y'.repeat(9000)
  const kept = rowsOf(['>', Talk.tdispatch(1, CONTEXTS, '/s/a', body), 8000], ['<', Talk.rdispatch(1, 'ok')])
  expect(kept.rows[0]).toMatchObject({ req_body_size: 9000, outcome: 'complete' })
  const shown = rowsOf(['>', Talk.tdispatch(1, CONTEXTS, '/s/a', body), 2000], ['<', Talk.rdispatch(1, 'ok')])
  expect(shown.rows[0]).toMatchObject({ req_body_size: 9000, outcome: 'complete' })
  const cut = rowsOf(['>', Talk.tdispatch(1, CONTEXTS, '/s/a', body), 500], ['<', Talk.rdispatch(1, 'ok')])
  expect(cut.rows[0]).toMatchObject({ req_body_size: 9000, outcome: 'cut' })
})

test('what turns to TLS is no longer read', () => {
  const { rows, verdicts } = rowsOf(
    ['>', Talk.tinit(1, { 'mux-tls': 'required' })],
    ['<', Talk.rinit(1, { 'mux-tls': 'required' })],
    ['>', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
    ['>', Talk.tdispatch(1, CONTEXTS, '/s/a', 'seen')],
  )
  expect(rows.map(({ req_type }) => req_type)).toEqual([68])
  expect(verdicts.at(-1)).toBeDefined()
})

describe('recognition', () => {
  const asked = (bytes: string, from?: Side): ReturnType<typeof recognise> => {
    const head: Head = {
      bytes: bytesOf(bytes),
      transport: 'tcp',
      isOpening: false,
      from,
      ownPort: 40_000,
      peerPort: 80,
    }
    return recognise(head)
  }

  test('by what Finagle alone says', () => {
    expect(asked(Talk.rerr(1, 'tinit check'), 'client')).toEqual({ side: 'client', sure: true })
    expect(asked(Talk.tinit(1, { 'mux-framer': 'x' }))).toEqual({ side: 'client', sure: true })
    expect(asked(Talk.rinit(1, { 'mux-framer': 'x' }))).toEqual({ side: 'server', sure: true })
    expect(asked(Talk.tdispatch(1, CONTEXTS, '', 'x'))).toEqual({ side: 'client', sure: true })
    expect(asked(Talk.tdispatch(1, {}, '/s/a', 'x'))).toEqual({ side: 'client', sure: true })
    expect(asked(Talk.tdiscarded(1, 'timed out'))).toEqual({ side: 'client', sure: false })
  })

  test.each([
    ['a ping', Talk.tping(1)],
    ['an answer', Talk.rdispatch(1, 'x')],
    ['a dispatch without contexts or destination', Talk.tdispatch(1, {}, '', 'x')],
    ['an error of other words', Talk.rerr(1, 'something')],
    ['a head of TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
    ['lengths beyond the message', `\0\0\0\x10\x02\0\0\x01\0\x02\0\xff${'x'.repeat(300)}`],
  ])('not by %s', (_, bytes) => expect(asked(bytes)).toBe('no'))
})

describe('bounds', () => {
  const MIB = 1 << 20
  const took = (bytes: string, count: number): number => {
    const all = rig([mux])
    const wire = new Wire()
    all.streams.handle(wire.open())
    all.streams.handle(wire.request(Talk.tdispatch(1, CONTEXTS, '/s/a', '')))
    const before = process.cpuUsage()
    for (let i = 0; i < count; i++) {
      all.streams.handle(wire.request(bytes))
      pass(all.streams, wire)
    }
    const { user, system } = process.cpuUsage(before)
    expect(all.streams.heldBytes).toBeLessThan(4 * MIB)
    return (user + system) / 1000
  }

  test.each([
    ['pings that nobody answers', Talk.tping(3).repeat(8192), 64],
    [
      'requests in parts without an end',
      Talk.tdispatch(5 | Talk.MORE, CONTEXTS, '/s/a', 'x'.repeat(1000)).repeat(60),
      64,
    ],
    ['no message', '\0'.repeat(64 << 10), 64],
    ['heads of messages, one in the other', '\0\0\0\x08\x02'.repeat(13_000), 64],
    ['contexts of no bytes', Talk.frame(2, 1, `\x01\x00${'\0\0\0\0'.repeat(256)}`).repeat(60), 64],
  ])('%s: 4 MiB take less than 4 s of CPU, and are not kept', (_, bytes, count) => {
    expect(took(bytes, count)).toBeLessThan(4000)
  })
})
