/** Whose TLS isn't read by setting. */
import { expect, test } from 'bun:test'
import { EVENT_PLAIN, RECEIVED, type SocketEvent, type Verdict } from '../../src/events/socket-event'
import { newCounters } from '../../src/health/counters'
import { DecodeBudget } from '../../src/protocols/lib/decode-budget'
import type { Entity } from '../../src/records/entities'
import { LeftOut } from '../../src/sources/left-out'
import type { SocketFeed } from '../../src/sources/sockets/feed'
import { Sockets } from '../../src/sources/sockets/sockets'
import type { SourceContext } from '../../src/sources/source'
import * as Tls from '../protocols/tls/build'
import { bytesOf, Recorder, Wire } from '../streams/wire'

const pod = (key: string, namespace: string, stopNs = '0') =>
  ({
    kind: 'pod',
    key,
    value: { id: key, name: `${namespace}/${key}`, namespace, startNs: '1', stopNs },
  }) as Entity
/** By pid: in a pod of a bank, in one of a shop, outside of pods. */
const podOf = (pid: number) => ['', 'pod-bank', 'pod-shop', ''][pid] ?? ''

test('names are those of processes, or with a slash those of namespaces', () => {
  for (const setting of ['on', 'off']) {
    const { names, hasNamespaces } = new LeftOut(setting, podOf)
    expect([names, hasNamespaces]).toEqual([[], false])
  }
  const { names, hasNamespaces } = new LeftOut('-java,-bank/,-mysqld', podOf)
  expect([names, hasNamespaces]).toEqual([['java', 'mysqld'], true])
})

test('a pod is left out by its namespace, and as long as that isn’t known', () => {
  const leftOut = new LeftOut('-bank/', podOf)
  const left = () => [1, 2, 3].filter((pid) => leftOut.hasPodOf(pid))
  expect(left()).toEqual([1, 2])
  expect(leftOut.learn([pod('pod-shop', 'shop'), pod('pod-bank', 'bank')])).toBe(true)
  expect(left()).toEqual([1])
  expect(leftOut.learn([pod('pod-shop', 'shop')])).toBe(false)
  leftOut.learn([pod('pod-shop', 'shop', '5')])
  expect(left()).toEqual([1, 2])
})

test('without a namespace in the setting, pods are nothing that is looked at', () => {
  const leftOut = new LeftOut('-java', () => {
    throw new Error('asked')
  })
  expect(leftOut.learn([pod('pod-bank', 'bank')])).toBe(false)
  expect(leftOut.hasPodOf(1)).toBe(false)
})

/** What two processes say within TLS, whose pods are in two namespaces. */
function recorded(tls: string) {
  const sink = new Recorder()
  const verdicts: [number, Verdict][] = []
  let waiting: SocketEvent[] = []
  const feed = {
    drain: (handler: (event: SocketEvent) => void) => waiting.splice(0).map(handler).length,
    fill: () => 0,
    setVerdict: () => {},
    setPlainVerdict: (connId: number, verdict: Verdict) => verdicts.push([connId, verdict]),
    leaveOut: () => {},
    setGate: () => {},
    drawAnew: () => {},
    totals: () => {},
    lost: () => ({ events: 0, bytes: 0 }),
    uncaptured: () => ({ unixCalls: 0, unixBytes: 0, compatCalls: 0, unreadBytes: 0 }),
    close: () => {},
  } satisfies SocketFeed
  const wires = [1, 2].map((pid) => new Wire({ pid, remote: ['10.0.0.2', 40_000 + pid] }))
  const nowNs = 5e9
  const sockets = new Sockets([], feed, {
    kernel: { now: () => nowNs },
    config: { listen: '127.0.0.1:1', waitingLimit: 1 << 20, cpuBudget: 0, tls },
    processes: { upidOf: (pid: number) => `1:${pid}:5`, podUidOf: podOf },
    settings: { bodyLimit: 100, redact: true, decodeBudget: new DecodeBudget(() => 0) },
    sink,
    liveSink: new Recorder(),
    counters: newCounters(),
  } as unknown as SourceContext)
  sockets.learn([pod('pod-shop', 'shop'), pod('pod-bank', 'bank')])
  for (const wire of wires) {
    const says = (direction: 0 | 1, text: string): SocketEvent => ({
      ...wire.data(direction, ''),
      kind: EVENT_PLAIN,
      offset: 0,
      size: text.length,
      payload: bytesOf(text),
      token: wire.connId,
    })
    waiting.push(wire.open(), wire.request(Tls.handshake(Tls.clientHello())))
    waiting.push(says(RECEIVED, `GET /${wire.connId} HTTP/1.1\r\n\r\n`))
    waiting.push(says(1, 'HTTP/1.1 204 No Content\r\n\r\n'), wire.close())
  }
  sockets.drain(100)
  waiting = []
  sockets.close(nowNs)
  const [bank] = wires
  return {
    owners: sink.rows('http_events').map(({ upid }) => upid),
    counted:
      verdicts.filter(([connId, { action }]) => connId === bank!.connId && action === 'count').length > 0,
  }
}

test('data of a pod that is left out makes no row, though its library is probed for others', () => {
  expect(recorded('on')).toEqual({ owners: ['1:1:5', '1:2:5'], counted: false })
  expect(recorded('-bank/')).toEqual({ owners: ['1:2:5'], counted: true })
})
