/** The capture thread's flow over a kernel that is played and a store that only counts. */
import { expect, test } from 'bun:test'
import { Pipeline } from '../../src/capture/pipeline'
import type { Config } from '../../src/config'
import type { SocketEvent } from '../../src/events/socket-event'
import type { Kernel } from '../../src/kernel/kernel'
import type { StoreWriter } from '../../src/store/store'
import { Wire } from '../streams/wire'

/** Events wait in `waiting` until they are drained. */
function stage(steps = 0) {
  const waiting: SocketEvent[] = []
  const log: string[] = []
  let left = steps
  const kernel: Kernel = {
    probes: [],
    ready: true,
    timeBase: 0n,
    now: () => 2e9,
    drain(handler, maxEvents) {
      const events = waiting.splice(0, maxEvents)
      log.push(`drain ${events.length}`)
      for (const event of events) handler(event)
      return events.length
    },
    setVerdict: () => {},
    totals: () => {},
    lost: () => ({ events: 0, bytes: 0 }),
    close: () => {},
  }
  const writer: StoreWriter = {
    warnings: [],
    append(batches) {
      for (const { table, batch } of batches) log.push(`append ${table.name} ${batch.rows}`)
    },
    putEntities: () => {},
    maintain() {
      log.push('step')
      return left-- > 0
    },
    stats: () => ({ expiredRows: 0, writtenBytes: 0, compactedBytes: 0, fileBytes: 0, budgetBytes: 1 }),
    close: () => {},
  }
  const config = { bodyLimit: 1024, redact: true } as Config
  return { pipeline: new Pipeline(kernel, writer, config), waiting, log }
}

test('under load rows are appended before the second is over', () => {
  const { pipeline, waiting, log } = stage()
  const wire = new Wire()
  const exchanges = 9000
  for (let i = 0; i < exchanges; i++) {
    waiting.push(wire.request(`GET /${i} HTTP/1.1\r\nHost: a\r\n\r\n`))
    waiting.push(wire.response('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'))
  }
  while (pipeline.drain() > 0) {
    // Until the ring is empty.
  }
  const appended = () =>
    log.reduce(
      (sum, line) => sum + (line.startsWith('append http_events') ? Number(line.split(' ')[2]) : 0),
      0,
    )
  expect(appended()).toBeGreaterThanOrEqual(8192)
  pipeline.second(Date.now())
  expect(appended()).toBe(exchanges)
  expect(pipeline.counters.rows).toBeGreaterThanOrEqual(exchanges)
})

test('the ring is drained between two steps of upkeep', () => {
  const { pipeline, log } = stage(3)
  pipeline.second(Date.now())
  const upkeep = log.slice(log.indexOf('step'))
  expect(upkeep).toEqual(['step', 'drain 0', 'step', 'drain 0', 'step', 'drain 0', 'step'])
})
