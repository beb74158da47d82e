/** Data within TLS whose connection is found later, or never. */
import { describe, expect, test } from 'bun:test'
import { EVENT_LINK, EVENT_PLAIN, RECEIVED, SENT } from '../../src/events/socket-event'
import { linesProtocol } from './plain-protocol'
import { bytesOf, end, rig, Wire } from './wire'

const LINES = [linesProtocol()]
const texts = ({ sink }: ReturnType<typeof rig>) => sink.rows('lines').map(({ text }) => text)

function within(wire: Wire, direction: 0 | 1, offset: number, text: string, token = 7) {
  const payload = bytesOf(text)
  const event = wire.data(direction, '')
  return {
    ...event,
    kind: EVENT_PLAIN,
    connId: 0,
    token,
    offset,
    size: payload.length,
    payload,
    sinceNs: -1,
  } as const
}
const link = (wire: Wire, token = 7) => ({ ...wire.data(SENT, ''), kind: EVENT_LINK, token }) as const

describe('data without a connection', () => {
  test('waits for it, in order, and is on the right one', () => {
    const all = rig(LINES)
    const [one, other] = [new Wire(), new Wire()]
    for (const wire of [one, other]) all.streams.handle(wire.open())
    all.streams.handle(within(one, RECEIVED, 0, '>one\n>t', 7))
    all.streams.handle(within(other, RECEIVED, 0, '>other\n', 8))
    all.streams.handle(within(one, RECEIVED, 7, 'wo\n', 7))
    expect(texts(all)).toEqual([])
    expect(all.streams.heldBytes).toBeGreaterThan(0)
    all.streams.handle(link(one, 7))
    expect(texts(all)).toEqual(['>one', '>two'])
    all.streams.handle({ ...within(other, SENT, 0, '<answer\n', 8), connId: other.connId })
    expect(texts(all)).toEqual(['>one', '>two', '>other', '<answer'])
    for (const wire of [one, other]) end(all.streams, wire)
    expect(all.counters).toMatchObject({ unlinked: 0, unlinkedBytes: 0, readConnections: 2 })
  })

  test('that never comes is given up, and counted', () => {
    const all = rig(LINES)
    const wire = new Wire()
    all.streams.handle(within(wire, RECEIVED, 0, '>one\n'))
    all.streams.tick(wire.timeNs + 60e9)
    expect(all.streams.heldBytes).toBe(0)
    expect(all.counters).toMatchObject({ unlinked: 1, unlinkedBytes: 5 })
  })

  test('takes a bounded amount of memory, of one object and of all', () => {
    const all = rig(LINES)
    const wire = new Wire()
    const much = 'x'.repeat(100_000)
    for (let i = 0; i < 20; i++) all.streams.handle(within(wire, RECEIVED, i * much.length, much))
    expect(all.streams.heldBytes).toBeLessThanOrEqual(256 << 10)
    for (let token = 100; token < 1100; token++) all.streams.handle(within(wire, RECEIVED, 0, much, token))
    expect(all.streams.heldBytes).toBeLessThanOrEqual(4 << 20)
    expect(all.counters.unlinkedBytes).toBeGreaterThan(90e6)
    all.streams.giveUpMemory()
    expect(all.streams.heldBytes).toBe(0)
  })

  test('of a connection that is over is counted', () => {
    const all = rig(LINES)
    const wire = new Wire()
    all.streams.handle({ ...within(wire, RECEIVED, 0, '>one\n'), connId: wire.connId })
    expect(all.counters).toMatchObject({ unlinked: 1, unlinkedBytes: 5 })
  })
})

test('another object on the same connection begins its own data', () => {
  const all = rig(LINES)
  const wire = new Wire()
  all.streams.handle(wire.open())
  const said = (token: number, offset: number, text: string) =>
    all.streams.handle({ ...within(wire, RECEIVED, offset, text, token), connId: wire.connId })
  said(7, 0, '>one\n')
  said(8, 0, '>two\n')
  said(8, 5, '>three\n')
  expect(texts(all)).toEqual(['>one', '>two', '>three'])
})

test('objects of one direction each are one conversation, until one of them is another', () => {
  const all = rig(LINES)
  const wire = new Wire()
  all.streams.handle(wire.open())
  const at = { connId: wire.connId }
  all.streams.handle(within(wire, RECEIVED, 0, '>one\n', 7))
  all.streams.handle(within(wire, SENT, 0, '<answer\n', 8))
  all.streams.handle(link(wire, 7))
  all.streams.handle(link(wire, 8))
  all.streams.handle({ ...within(wire, RECEIVED, 5, '>two\n', 7), ...at })
  all.streams.handle({ ...within(wire, SENT, 8, '<answer\n', 8), ...at })
  expect(all.counters.readConnections).toBe(1)
  all.streams.handle({ ...within(wire, RECEIVED, 0, '>three\n', 9), ...at })
  expect(texts(all)).toEqual(['>one', '<answer', '>two', '<answer', '>three'])
  expect(all.counters.readConnections).toBe(2)
})

test('what nobody reads is no longer captured', () => {
  const all = rig(LINES)
  const wire = new Wire()
  all.streams.handle(wire.open())
  for (let i = 0; i < 40; i++)
    all.streams.handle({ ...within(wire, RECEIVED, i * 1000, '?'.repeat(1000)), connId: wire.connId })
  expect(all.plainVerdicts).toEqual([{ connId: wire.connId, verdict: { action: 'count' } }])
})
