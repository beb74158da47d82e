/** What waits is few objects: to find what lives takes the capture thread time for each of them. */
import { fullGC, heapStats } from 'bun:jsc'
import { expect, test } from 'bun:test'
import { PROTOCOLS } from '../../src/protocols'
import { ROLE_CLIENT, ROLE_SERVER } from '../../src/records/types'
import type { Streams } from '../../src/streams/streams'
import { rig, Wire } from './wire'

const MANY = 2000
/** Enough for each of them to be looked at. */
const TICKS = 200
const SERVER = ['127.0.0.1', 80] as const

/** Objects that live more than before for each of MANY; `tell` makes them and keeps nothing itself. */
function objectsEach(tell: (streams: Streams, number: number) => void): number {
  // The first time code and shapes of objects are made, too; and it lives on, so as not to be counted as what went.
  const first = filled(tell)
  fullGC()
  const before = heapStats().objectCount
  const second = filled(tell)
  fullGC()
  const { objectCount } = heapStats()
  expect(first.size).toBe(second.size)
  return (objectCount - before) / MANY
}

function filled(tell: (streams: Streams, number: number) => void): Streams {
  const { streams, verdicts } = rig(PROTOCOLS)
  for (let i = 0; i < MANY; i++) tell(streams, i)
  for (let i = 0; i < TICKS; i++) streams.tick(2e9 + i * 25e6)
  verdicts.length = 0
  return streams
}

const client = (number: number) =>
  new Wire({ role: ROLE_CLIENT, local: ['127.0.0.1', 10_000 + number], remote: SERVER, pid: 5 })

test('a connection within the node whose request is unfinished', () => {
  const each = objectsEach((streams, i) => {
    const remote = ['127.0.0.1', 10_000 + i] as const
    const ends = [client(i), new Wire({ role: ROLE_SERVER, local: SERVER, remote, pid: 6 })]
    for (const end of ends) streams.handle(end.open())
    for (const end of ends) streams.handle(end.request('GET /half HTTP/1.1\r\nHost: '))
  })
  expect(each).toBeLessThan(35)
})

test('one that is only counted', () => {
  const each = objectsEach((streams, i) => {
    const end = client(i)
    streams.handle(end.open())
    streams.handle(end.request(new Uint8Array(20_000)))
  })
  expect(each).toBeLessThan(10)
})

test('a question of DNS that nobody answers', () => {
  const asking = Array.from({ length: 20 }, (_, i) => {
    const local = ['127.0.0.1', 20_000 + i] as const
    return new Wire({ role: ROLE_CLIENT, local, remote: ['127.0.0.1', 53], transport: 'udp', pid: 5 })
  })
  const each = objectsEach((streams, i) => {
    const name = `\x3f${String(i).padStart(63, '0')}\x03com`
    const question = Buffer.from(`\0\0\x01\0\0\x01\0\0\0\0\0\0${name}\0\0\x01\0\x01`, 'latin1')
    question.writeUInt16BE(i, 0)
    streams.handle(asking[i % asking.length]!.request(new Uint8Array(question)))
  })
  expect(each).toBeLessThan(3)
})
