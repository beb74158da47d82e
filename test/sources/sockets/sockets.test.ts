/** When time decides something: not before what came until then was read. */
import { expect, test } from 'bun:test'
import type { SocketEvent } from '../../../src/events/socket-event'
import { newCounters } from '../../../src/health/counters'
import { DecodeBudget } from '../../../src/protocols/lib/decode-budget'
import type { SocketFeed } from '../../../src/sources/sockets/feed'
import { Sockets } from '../../../src/sources/sockets/sockets'
import type { SourceContext } from '../../../src/sources/source'
import { Recorder, Wire } from '../../streams/wire'

test('what waits in the ring behind a close is read before the connection ends, however long that took', () => {
  const sink = new Recorder()
  const counters = newCounters()
  let waiting: SocketEvent[] = []
  let nowNs = 0
  const feed = {
    drain: (handler: (event: SocketEvent) => void) => {
      const [first, ...rest] = waiting
      if (!first) return 0
      waiting = rest
      handler(first)
      return 1
    },
    fill: () => 0,
    setVerdict: () => {},
    setPlainVerdict: () => {},
    leaveOut: () => {},
    setGate: () => {},
    drawAnew: () => {},
    totals: () => {},
    lost: () => ({ events: 0, bytes: 0 }),
    uncaptured: () => ({ unixCalls: 0, unixBytes: 0, compatCalls: 0, unreadBytes: 0 }),
    close: () => {},
  } satisfies SocketFeed
  const sockets = new Sockets([], feed, {
    kernel: { now: () => nowNs },
    config: { listen: '127.0.0.1:1', waitingLimit: 1 << 20, cpuBudget: 0, tls: 'on' },
    processes: { upidOf: () => '1:2:3' },
    settings: { bodyLimit: 100, redact: true, decodeBudget: new DecodeBudget(() => 0) },
    sink,
    liveSink: new Recorder(),
    counters,
  } as unknown as SourceContext)

  const wire = new Wire()
  const response = () => wire.response('HTTP/1.1 204 No Content\r\n\r\n')
  // As when the peer's reset comes within the server's call.
  const events = [wire.open(), wire.request('GET /last HTTP/1.1\r\n\r\n'), wire.close()]
  waiting = [...events, { ...response(), afterClose: true }]
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
