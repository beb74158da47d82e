/** When time decides something, and what each second does. */
import { expect, test } from 'bun:test'
import type { SocketEvent } from '../../../src/events/socket-event'
import { newCounters } from '../../../src/health/counters'
import { DecodeBudget } from '../../../src/protocols/lib/decode-budget'
import type { SocketFeed } from '../../../src/sources/sockets/feed'
import { Sockets } from '../../../src/sources/sockets/sockets'
import { type SourceContext, UNLIMITED } from '../../../src/sources/source'
import { Recorder, Wire } from '../../streams/wire'

/** A feed whose events are those of `waiting`, one a call. */
function playedFeed(waiting: SocketEvent[], totals: SocketFeed['totals'] = () => {}): SocketFeed {
  return {
    drain: (handler) => {
      const first = waiting.shift()
      if (!first) return 0
      handler(first as never)
      return 1
    },
    fill: () => 0,
    setVerdict: () => {},
    setPlainVerdict: () => {},
    leaveOut: () => {},
    setGate: () => {},
    drawAnew: () => {},
    totals,
    lost: () => ({ events: 0, bytes: 0 }),
    uncaptured: () => ({ unixCalls: 0, unixBytes: 0, compatCalls: 0, unreadBytes: 0 }),
    close: () => {},
  }
}

function open(feed: SocketFeed, now: () => number, cpuBudget = 0) {
  const sink = new Recorder()
  const counters = newCounters()
  const sockets = new Sockets([], feed, {
    kernel: { now },
    config: { listen: '127.0.0.1:1', waitingLimit: 1 << 20, cpuBudget, tls: 'on' },
    processes: { upidOf: () => '1:2:3' },
    processor: UNLIMITED,
    settings: { bodyLimit: 100, redact: true, decodeBudget: new DecodeBudget(() => 0) },
    sink,
    liveSink: new Recorder(),
    counters,
  } as unknown as SourceContext)
  return { sockets, sink, counters }
}

test('what waits in the ring behind a close is read before the connection ends, however long that took', () => {
  const waiting: SocketEvent[] = []
  let nowNs = 0
  const { sockets, sink, counters } = open(playedFeed(waiting), () => nowNs)

  const wire = new Wire()
  const response = () => wire.response('HTTP/1.1 204 No Content\r\n\r\n')
  // As when the peer's reset comes within the server's call.
  const events = [wire.open(), wire.request('GET /last HTTP/1.1\r\n\r\n'), wire.close()]
  waiting.push(...events, { ...response(), afterClose: true })
  nowNs = wire.timeNs + 1e9
  sockets.drain(events.length)
  sockets.tick(nowNs)
  expect(sink.rows('http_events')).toEqual([])
  sockets.drain(10)
  nowNs += 1e9
  sockets.drain(10)
  expect(sink.rows('http_events')).toMatchObject([
    { req_path: '/last', resp_status: 204, outcome: 'complete' },
  ])
  expect(counters.lateEvents).toBe(0)
})

test('while it sheds, each second asks for connections with shed exchanges alone, and every tenth for all, once', () => {
  const asked: ('shed' | 'all')[] = []
  let nowNs = 0
  const feed = playedFeed([], (_, shedOnly) => void asked.push(shedOnly ? 'shed' : 'all'))
  // So full that the kernel sheds by itself.
  const { sockets } = open({ ...feed, fill: () => 0.5 }, () => nowNs, 0.1)
  for (let second = 1; second <= 20; second++) {
    nowNs = second * 1e9
    sockets.drain(1)
    sockets.tick(nowNs)
  }
  const ten = [...Array<string>(9).fill('shed'), 'all']
  expect(asked).toEqual([...ten, ...ten] as typeof asked)
})

test('between the parts of a long second the ring is looked at', () => {
  const waiting: SocketEvent[] = []
  let nowNs = 0
  const { sockets, sink } = open(playedFeed(waiting), () => nowNs)
  const wires = Array.from({ length: 20_000 }, () => new Wire())
  for (const wire of wires) waiting.push(wire.open({ pid: 77, startTicks: 5 }))
  nowNs = wires.at(-1)!.timeNs
  while (waiting.length > 0) sockets.drain(20_000)
  let looks = 0
  nowNs += 10e9
  sockets.tick(nowNs, () => {
    // What comes meanwhile ends a connection that is still to be counted.
    if (looks++ === 1) waiting.push(wires.at(-1)!.close())
    sockets.drain(1)
  })
  expect(looks).toBe(3)
  const counts = sink.rows('conn_stats').map(({ conn_open, conn_close }) => [conn_open, conn_close])
  expect(counts).toEqual([[20_000, 1]])
})
