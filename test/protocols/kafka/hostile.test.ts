/** Whatever a stranger sends as Kafka costs bounded time and memory. */
import { describe, expect, test } from 'bun:test'
import { kafka } from '../../../src/protocols/kafka'
import { recognise, search } from '../../../src/protocols/kafka/recognise'
import { formOf } from '../../../src/protocols/kafka/schema'
import type { Head } from '../../../src/protocols/protocol'
import { bytesOf, pass, rig, Wire } from '../../streams/wire'
import * as Talk from './talk'

const MIB = 1 << 20
const app = (id: number) => ({ id, client: 'app' })
const asked = (bytes: string) => {
  const head: Head = {
    bytes: bytesOf(bytes),
    transport: 'tcp',
    isOpening: false,
    from: undefined,
    ownPort: 40_000,
    peerPort: 80,
  }
  return recognise(head)
}

describe('recognition', () => {
  test('by a request that has the fields of its version', () => {
    expect(asked(Talk.metadata(app(1), 'orders'))).toEqual({ side: 'client', sure: true })
    expect(asked(Talk.request({ key: 18, version: 0, ...app(1) }, ''))).toEqual({
      side: 'client',
      sure: true,
    })
    expect(asked(Talk.request({ key: 18, version: 0, id: 1 }, ''))).toEqual({ side: 'client', sure: false })
    const large = Talk.produce(app(1), 'orders', Talk.batch([{ value: 'v'.repeat(9000) }]))
    expect(asked(large.slice(0, 2000))).toEqual({ side: 'client', sure: true })
  })

  test.each([
    ['an answer', Talk.metadataOf(1, 'orders', 'host')],
    ['a field too few', Talk.request({ key: 12, version: 0, ...app(1) }, Talk.str('group'))],
    [
      'bytes behind the last field',
      Talk.request({ key: 12, version: 0, ...app(1) }, `${Talk.str('g')}\0\0\0\x01${Talk.str('m')}!`),
    ],
    ['a version that isn’t known', Talk.request({ key: 12, version: 40, ...app(1) }, 'x')],
    ['a key that isn’t known', Talk.request({ key: 999, version: 0, ...app(1) }, 'x')],
    ['a start of PostgreSQL', '\0\0\0\x26\0\x03\0\0user\0postgres\0database\0postgres\0\0'],
    [
      'a session of ZooKeeper',
      `\0\0\0\x2d${'\0'.repeat(14)}\x75\x30${'\0'.repeat(8)}\0\0\0\x10${'\0'.repeat(17)}`,
    ],
  ])('not by %s', (_, bytes) => expect(asked(bytes)).toBe('no'))

  test('a search finds a request behind anything', () => {
    const before = 'x'.repeat(100) + '\0'.repeat(100)
    const found = search(bytesOf(before + Talk.metadata(app(1), 'orders')), 1)
    expect(found).toBe(before.length)
  })
})

test('each version of each API has a plan', () => {
  const versions = Array.from({ length: 128 }, (_, key) =>
    Array.from({ length: 64 }, (_, version) => formOf(key, version)).filter((form) => form !== undefined),
  ).flat()
  expect(versions.length).toBeGreaterThan(350)
  for (const { request, response } of versions)
    expect(request.fields.length + response.fields.length).toBeGreaterThan(0)
})

describe('bounds', () => {
  const took = (bytes: string, count: number, answer = ''): number => {
    const all = rig([kafka])
    const wire = new Wire()
    all.streams.handle(wire.open())
    all.streams.handle(wire.request(Talk.metadata(app(1), 'orders')))
    const before = process.cpuUsage()
    for (let i = 0; i < count; i++) {
      all.streams.handle(wire.request(bytes))
      if (answer !== '') all.streams.handle(wire.response(answer))
      pass(all.streams, wire)
    }
    const { user, system } = process.cpuUsage(before)
    expect(all.streams.heldBytes).toBeLessThan(4 * MIB)
    for (const row of all.sink.rows('kafka_events.beta'))
      expect(String(row.req_body).length + String(row.resp).length).toBeLessThan(2 * 66_000)
    return (user + system) / 1000
  }

  const emptyTopics = Talk.request(
    { key: 3, version: 1, ...app(2) },
    Talk.list(...Array(30_000).fill('\0\0')),
  )
  const nested = Talk.produce(app(2), 'x', Talk.batch(Array(4000).fill({ value: '' })))
  const manySets = Talk.flexible(
    { key: 0, version: 9, ...app(2) },
    Talk.CNULL +
      Talk.u16(1) +
      Talk.u32(1) +
      Talk.clist(`${Talk.cstr('t') + Talk.clist(...Array(9000).fill(`${Talk.u32(0)}\x01\0`))}\0`),
  )

  test.each([
    ['requests that nobody answers', Talk.heartbeat(7, 'g', 'm').repeat(2000), 64],
    ['names of no bytes', emptyTopics, 64],
    ['records of no bytes', nested, 64],
    ['partitions without records', manySets, 64],
    ['no message', '\0'.repeat(64 << 10), 64],
    ['heads, one in the other', '\0\0\x10\0\0\x03\0\x01\0\0\0\x01\0\x01a'.repeat(4300), 64],
    [
      'a count that is too large',
      Talk.request({ key: 3, version: 1, ...app(2) }, Talk.u32(0x7fffffff)).repeat(2000),
      64,
    ],
    [
      'tagged fields of no bytes',
      Talk.request({ key: 18, version: 3, ...app(2) }, `\xff\xff\x03${'\x05\0'.repeat(30_000)}`),
      64,
    ],
  ])('%s: 4 MiB take less than 4 s of CPU, and are not kept', (_, bytes, count) => {
    expect(took(bytes, count)).toBeLessThan(4000)
  })

  test('answers that are none, searched for one', () => {
    expect(took(Talk.heartbeat(7, 'g', 'm'), 64, '\0\0\0\x20\0\0\0\x07'.repeat(8000))).toBeLessThan(4000)
  })
})
