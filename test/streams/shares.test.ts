/** One connection does not hold up the others: faults, shares of the time, turns. */
import { expect, test } from 'bun:test'
import { PROTOCOLS } from '../../src/protocols'
import { linesProtocol } from './plain-protocol'
import { end, pass, rig, Wire } from './wire'

const ask = (path: string) => `GET ${path} HTTP/1.1\r\nHost: h\r\n\r\n`
const say = (body: string) => `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`

test('a reader that throws costs its connection only', () => {
  const broken = linesProtocol()
  const open: typeof broken.open = (link) =>
    Object.assign(broken.open(link), {
      read: () => {
        throw new Error('thrown for a test')
      },
    })
  const { streams, sink, counters } = rig([{ ...broken, open }, ...PROTOCOLS])
  const [one, other] = [new Wire(), new Wire()]
  for (const wire of [one, other]) streams.handle(wire.open())
  for (let i = 0; i < 3; i++) streams.handle(one.request('>x\n'))
  streams.handle(other.request(ask('/other')))
  streams.handle(other.response(say('x')))
  for (const wire of [one, other]) end(streams, wire)
  expect(counters.readerFaults).toBe(1)
  expect(sink.rows('http_events').map(({ req_path }) => req_path)).toEqual(['/other'])
})

test('of many exchanges under way the oldest are shown, and it is said how many are not', () => {
  const { streams, live, counters } = rig(PROTOCOLS)
  for (let i = 0; i < 600; i++) {
    const wire = new Wire({ remote: ['10.0.0.9', 1000 + i] })
    streams.handle(wire.open())
    streams.handle(wire.request(ask(`/${i}`)))
  }
  streams.tick(60e9)
  streams.underWay(60e9)
  expect(live.rows('http_events')).toHaveLength(512)
  expect(counters.underWayLeftOut).toBe(88)
})

test('a call full of messages is read in shares, and nothing overtakes what is left', () => {
  const { streams, sink, counters } = rig(PROTOCOLS)
  const [one, other] = [new Wire(), new Wire()]
  for (const wire of [one, other]) streams.handle(wire.open())
  const numbers = Array.from({ length: 4000 }, (_, i) => i)
  streams.handle(one.request(numbers.map((i) => ask(`/${i}`)).join('')))
  const atOnce = counters.frames
  expect(atOnce).toBeLessThan(2000)
  streams.handle(one.response(numbers.map((i) => say(`${i}`)).join('')))
  streams.handle(one.request(ask('/last')))
  expect(counters.frames).toBe(atOnce)
  streams.handle(other.request(ask('/other')))
  streams.handle(other.response(say('other')))
  expect(sink.rows('http_events').map(({ req_path }) => req_path)).toEqual(['/other'])
  pass(streams, one)
  streams.handle(one.response(say('last')))
  const pairs = sink.rows('http_events').map(({ req_path, resp_body }) => `${req_path} ${resp_body}`)
  expect(pairs).toEqual(['/other other', ...numbers.map((i) => `/${i} ${i}`), '/last last'])
})

test('the close of a connection does not lose what is left of a call full of messages', () => {
  const { streams, sink } = rig(PROTOCOLS)
  const wire = new Wire()
  streams.handle(wire.open())
  const numbers = Array.from({ length: 3000 }, (_, i) => i)
  streams.handle(wire.request(numbers.map((i) => ask(`/${i}`)).join('')))
  streams.handle(wire.response(numbers.map((i) => say(`${i}`)).join('')))
  end(streams, wire)
  expect(sink.rows('http_events')).toHaveLength(3000)
})

test('those that wait have their turns, a few milliseconds at a time', () => {
  const turns = new Map<object, number>()
  const slow = linesProtocol()
  const open: typeof slow.open = (link) => {
    const conversation = Object.assign(slow.open(link), {
      settle() {
        Bun.sleepSync(2)
        turns.set(conversation, (turns.get(conversation) ?? 0) + 1)
      },
    })
    return Object.defineProperty(conversation, 'isUndecided', { value: true })
  }
  const { streams } = rig([{ ...slow, open }])
  let nowNs = 0
  for (let i = 0; i < 30; i++) {
    const wire = new Wire({ connId: 5000 + i })
    streams.handle(wire.request('>a\n'))
    nowNs = wire.timeNs
  }
  let before = 0
  let most = 0
  while (turns.size < 30 || [...turns.values()].some((count) => count < 3)) {
    nowNs += 20e6
    streams.tick(nowNs)
    const counts = [...turns.values()]
    const after = counts.reduce((sum, count) => sum + count, 0)
    most = Math.max(most, after - before)
    before = after
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1)
  }
  expect(most).toBeLessThanOrEqual(4)
  streams.close()
})
