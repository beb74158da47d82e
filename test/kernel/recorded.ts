/** Streams that read what a kernel tells. */
import { newCounters } from '../../src/health/counters'
import { PROTOCOLS } from '../../src/protocols'
import { DecodeBudget } from '../../src/protocols/lib/decode-budget'
import { Streams } from '../../src/streams'
import { Recorder } from '../streams/wire'
import type { Traced } from './traced'

/** Real streams on the real kernel. */
export function record(kernel: Traced) {
  const sink = new Recorder()
  const counters = newCounters()
  const streams = new Streams({
    protocols: PROTOCOLS,
    sink,
    liveSink: new Recorder(),
    counters,
    settings: { bodyLimit: 1024, redact: true, decodeBudget: new DecodeBudget(() => 0) },
    defaultCap: 4096,
    isGated: true,
    setVerdict: (connId, verdict) => kernel.setVerdict(connId, verdict),
    setPlainVerdict: () => {},
    leaveOut: (connId, direction, until) => kernel.leaveOut(connId, direction, until),
    upidOf: (pid, startTicks) => `1:${pid}:${startTicks}`,
  })
  const drain = () => {
    while (kernel.drain((event) => streams.handle(event), 10_000) > 0) {
      // The ring is empty then.
    }
    streams.tick(kernel.now())
  }
  const count = () => {
    kernel.totals((totals) => streams.totals(totals))
    streams.shedExchanges(kernel.now())
  }
  return { sink, streams, counters, drain, count }
}
