/** The capture thread's flow over a kernel that is played and a store that only counts. */
import { expect, spyOn, test } from 'bun:test'
import { APPEND_ROWS, Pipeline, SAMPLES_MS } from '../../src/capture/pipeline'
import type { Config } from '../../src/config'
import { NixieError } from '../../src/errors'
import type { SocketEvent } from '../../src/events/socket-event'
import type { Kernel } from '../../src/kernel/kernel'
import { defineTable, int, time } from '../../src/records/table'
import { ROLE_CLIENT } from '../../src/records/types'
import { sockets } from '../../src/sources/sockets'
import type { SocketFeed } from '../../src/sources/sockets/feed'
import { Sockets } from '../../src/sources/sockets/sockets'
import type { OpenSource, RowSource, SourceContext } from '../../src/sources/source'
import type { StoreWriter } from '../../src/store/store'
import { Wire } from '../streams/wire'

/** Events wait in `waiting` until they are drained. */
function stage(steps = 0, refuse: () => boolean = () => false, more: readonly RowSource[] = []) {
  const waiting: SocketEvent[] = []
  const log: string[] = []
  const time = { nowNs: 2e9 }
  let left = steps
  const kernel: Kernel = {
    enabled: true,
    probes: [],
    timeBase: 0n,
    clock: { base: { high: 0, low: 0 }, correctionNs: 0 },
    now: () => time.nowNs,
    watch: () => false,
    missedRuns: () => 0,
    follow: () => {},
    open: () => ({ probes: [], object: undefined }),
    close: () => {},
  }
  const feed: SocketFeed = {
    drain(handler, maxEvents) {
      const events = waiting.splice(0, maxEvents)
      log.push(`drain ${events.length}`)
      for (const event of events) handler(event)
      return events.length
    },
    fill: () => 0,
    setVerdict: (connId, { action }) => log.push(`${action} ${connId}`),
    setPlainVerdict: () => {},
    leaveOut: () => {},
    setGate: () => {},
    drawAnew: () => {},
    totals: () => {},
    lost: () => ({ events: 0, bytes: 0 }),
    uncaptured: () => ({ unixCalls: 3, unixBytes: 30, compatCalls: 0, unreadBytes: 0 }),
    close: () => {},
  }
  let gone = 0
  const writer: StoreWriter = {
    append: () => {},
    *appendInSteps(batches, live = []) {
      yield
      if (refuse()) throw new NixieError('store_error', 'The disk is full', 'Make room.')
      for (const { table, batch } of batches) log.push(`append ${table.name} ${batch.rows}`)
      for (const { table, batch } of live) log.push(`live ${table.name} ${batch.rows}`)
    },
    markDamaged(found) {
      if (refuse()) throw new NixieError('store_error', 'The disk is full', 'Make room.')
      for (const { rows } of found) gone += rows
    },
    putEntities: () => {},
    maintain() {
      log.push('step')
      return left-- > 0
    },
    fileBytes: () => 0,
    stats: () => ({
      expiredRows: 0,
      goneRows: gone,
      forgottenProcesses: 0,
      writtenBytes: 0,
      compactedBytes: 0,
      budgetBytes: 1,
    }),
    close: () => {},
  }
  const config = {
    listen: '127.0.0.1:6494',
    bodyLimit: 1024,
    redact: true,
    redactExtra: '',
    tls: 'on',
  } as Config
  const source: RowSource = { ...sockets, open: (context) => new Sockets([], feed, context) }
  const memory = { looks: 0, isFull: false, collects: false }
  const garbage = {
    look(lookAtRing = () => {}) {
      memory.looks++
      if (memory.collects) {
        memory.collects = false
        log.push('look')
        lookAtRing()
        log.push('collect')
        lookAtRing()
        log.push('looked')
      }
      return memory.isFull
    },
  }
  const pipeline = new Pipeline(kernel, writer, config, [source, ...more], undefined, garbage)
  return { pipeline, waiting, log, time, writer, memory }
}

const exchange = (wire: Wire) => [
  wire.request('GET / HTTP/1.1\r\nHost: a\r\n\r\n'),
  wire.response('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'),
]

test('under load rows are appended before the second is over', () => {
  const { pipeline, waiting, log } = stage()
  const wire = new Wire()
  waiting.push(wire.open())
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
  // What is left is less than makes an append.
  expect(appended()).toBeGreaterThan(exchanges - APPEND_ROWS)
  pipeline.second(Date.now())
  expect(appended()).toBe(exchanges)
  expect(pipeline.counters.rows).toBeGreaterThanOrEqual(exchanges)
})

test('a flush stores what waits in the ring, and nothing when nothing does', () => {
  const { pipeline, waiting, log } = stage()
  const wire = new Wire()
  waiting.push(wire.open(), ...exchange(wire), ...exchange(wire))
  pipeline.flush()
  expect(log).toContain('append http_events 2')
  const before = log.filter((line) => line.startsWith('append')).length
  pipeline.flush()
  expect(log.filter((line) => line.startsWith('append'))).toHaveLength(before)
})

test('in a process that is full what waits is given up, and memory is looked at between the steps of an append', () => {
  const { pipeline, waiting, memory } = stage()
  const head = `GET /half HTTP/1.1\r\nHost: ${'a'.repeat(200_000)}`
  for (let i = 0; i < 100; i++) {
    const wire = new Wire({ remote: ['10.0.0.3', i] })
    waiting.push(wire.open(), wire.request(head))
  }
  pipeline.drain()
  expect(pipeline.counters.shedConnections).toBe(0)
  memory.isFull = true
  pipeline.drain()
  expect(pipeline.counters.shedConnections).toBeGreaterThan(0)
  memory.looks = 0
  pipeline.flush()
  // Once for the ring, which is empty, and once for the append.
  expect(memory.looks).toBeGreaterThanOrEqual(2)
})

test('the ring is emptied for a moment right before and right after garbage is collected', () => {
  const { pipeline, waiting, log, memory } = stage()
  const wire = new Wire()
  for (let i = 0; i < 30_000; i++) waiting.push(wire.request('GET / HTTP/1.1\r\nHost: a\r\n\r\n'))
  memory.collects = true
  pipeline.drain()
  const before = log.indexOf('look')
  const after = log.indexOf('collect')
  const taken = (from: number, to: number) =>
    log.slice(from, to).reduce((sum, line) => sum + Number(/^drain (\d+)/.exec(line)?.[1] ?? 0), 0)
  // Few: that is beside the collection, which is long.
  for (const few of [taken(before, after), taken(after, log.indexOf('looked'))]) {
    expect(few).toBeGreaterThan(0)
    expect(few).toBeLessThan(2000)
  }
  expect(pipeline.counters.events).toBe(taken(0, log.length))
})

const sampled = defineTable('sampled', 'Samples', { time_: time('When'), n: int('How much') })

/** A source that gives so many rows each second. */
const sampling = (rows: number): RowSource => ({
  name: 'sampling',
  tables: [sampled],
  isSampled: true,
  open: ({ sink }: SourceContext): OpenSource => ({
    probes: [],
    tick: (nowNs) => {
      for (let n = 0; n < rows; n++) sink.append(sampled, { time_: nowNs, n })
    },
    close: () => {},
  }),
})

test('samples wait for some seconds, exchanges do not, and a query waits for neither', () => {
  const now = spyOn(performance, 'now')
  try {
    let ms = 1e6
    now.mockImplementation(() => ms)
    const { pipeline, waiting, log } = stage(0, undefined, [sampling(2)])
    const stored = () => log.splice(0).filter((line) => line.startsWith('append'))
    const second = () => {
      ms += 1000
      pipeline.second(Date.now())
      return stored()
    }
    expect(second()).toEqual(['append sampled 2'])
    const wire = new Wire()
    waiting.push(wire.open(), ...exchange(wire))
    expect(second()).toEqual(['append http_events 1'])
    for (let i = 2; i < SAMPLES_MS / 1000; i++) expect(second()).toEqual([])
    expect(second()).toEqual([`append sampled ${(2 * SAMPLES_MS) / 1000}`])
    expect(second()).toEqual([])
    pipeline.flush()
    expect(stored()).toEqual(['append sampled 2'])
    expect(second()).toEqual([])
    pipeline.close()
    expect(stored()).toContain('append sampled 2')
  } finally {
    now.mockRestore()
  }
})

test('what a second brings may wait in the store; what a query asks for may not, nor what the end brings', () => {
  const { pipeline, waiting, writer } = stage()
  const told: unknown[] = []
  const { appendInSteps } = writer
  writer.appendInSteps = (batches, live, when) => {
    if (batches.length > 0) told.push(when)
    return appendInSteps(batches, live, when)
  }
  const wire = new Wire()
  waiting.push(wire.open(), ...exchange(wire))
  pipeline.second(Date.now())
  waiting.push(...exchange(wire))
  pipeline.flush()
  waiting.push(...exchange(wire))
  pipeline.close()
  expect(told).toEqual(['soon', 'now', 'now'])
})

test('many samples wait no longer than other rows', () => {
  const { pipeline, log } = stage(0, undefined, [sampling(APPEND_ROWS)])
  pipeline.second(Date.now())
  pipeline.second(Date.now())
  const line = `append sampled ${APPEND_ROWS}`
  expect(log.filter((said) => said.startsWith('append'))).toEqual([line, line])
})

test('much text is appended before the second is over, however few rows it is', () => {
  const { pipeline, waiting, log } = stage()
  const wire = new Wire()
  waiting.push(wire.open())
  for (let i = 0; i < 200; i++) {
    waiting.push(wire.request(`GET /${i}${'x'.repeat(100_000)} HTTP/1.1\r\n\r\n`))
    waiting.push(wire.response('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'))
  }
  while (pipeline.drain() > 0) {
    // Until the ring is empty.
  }
  expect(log.filter((line) => line.startsWith('append http_events')).length).toBeGreaterThan(0)
})

test('a drain looks at the clock after a few events', () => {
  const { pipeline, waiting, log } = stage()
  const wire = new Wire()
  for (let i = 0; i < 1000; i++) waiting.push(wire.request('GET / HTTP/1.1\r\n\r\n'))
  pipeline.drain()
  const most = Math.max(...log.map((line) => Number(/^drain (\d+)$/.exec(line)?.[1] ?? 0)))
  expect(most).toBeLessThanOrEqual(64)
})

test('the ring is drained between two steps of upkeep', () => {
  const { pipeline, log } = stage(3)
  pipeline.second(Date.now())
  expect(pipeline.counters).toMatchObject({ unixCalls: 3, unixBytes: 30 })
  const upkeep = log.slice(log.indexOf('step'))
  expect(upkeep).toEqual(['step', 'drain 0', 'step', 'drain 0', 'step', 'drain 0', 'step'])
})

test('what clients on this node say to Nixie itself is not recorded; the same port elsewhere is', () => {
  const { pipeline, waiting, log } = stage()
  const client = (local: string, remote: string) =>
    new Wire({ role: ROLE_CLIENT, local: [local, 50_000], remote: [remote, 6494] })
  const own = [client('127.0.0.1', '127.0.0.1'), client('10.0.0.7', '10.0.0.7'), client('::1', '::1')]
  for (const wire of own) waiting.push(wire.open(), ...exchange(wire), wire.close())
  const other = client('10.0.0.7', '10.0.0.8')
  waiting.push(other.open(), ...exchange(other))
  pipeline.drain()
  pipeline.second(Date.now())
  expect(log).toContain('append http_events 1')
  for (const wire of own) expect(log).toContain(`count ${wire.connId}`)
})

test('rows that the store refuses are counted as shed, and the next ones are stored', () => {
  let full = true
  const { pipeline, waiting, log } = stage(0, () => full)
  const wire = new Wire()
  waiting.push(wire.open(), ...exchange(wire))
  pipeline.drain()
  pipeline.second(Date.now())
  expect(pipeline.counters.shedRows).toBeGreaterThanOrEqual(1)
  expect(pipeline.storeError?.message).toBe('The disk is full')
  // A second without rows writes nothing.
  full = false
  pipeline.second(Date.now())
  expect(log.filter((line) => line.startsWith('append'))).toEqual([])
  expect(pipeline.storeError?.message).toBe('The disk is full')
  waiting.push(...exchange(wire))
  pipeline.drain()
  pipeline.second(Date.now())
  expect(log).toContain('append http_events 1')
  expect(pipeline.storeError).toBeUndefined()
})

test('what is under way goes with each append, and takes the place of the last', () => {
  const { pipeline, waiting, log, time } = stage()
  const wire = new Wire()
  time.nowNs = 20e9
  waiting.push(wire.open(), wire.request('GET /events HTTP/1.1\r\nHost: a\r\n\r\n'))
  waiting.push(wire.response('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'))
  pipeline.second(Date.now())
  expect(log.filter((line) => line.includes('http_events'))).toEqual(['live http_events 1'])
})

test('the ring is looked at while rows are stored, and what comes then waits for the next time', () => {
  const steps = 5
  const { pipeline, waiting, log, writer } = stage()
  writer.appendInSteps = function* (batches) {
    for (let i = 0; i < steps; i++) {
      log.push('part')
      waiting.push(...exchange(wire))
      Bun.sleepSync(15)
      yield
    }
    for (const { table, batch } of batches) log.push(`append ${table.name} ${batch.rows}`)
  }
  const wire = new Wire()
  waiting.push(wire.open(), ...exchange(wire))
  pipeline.flush()
  const from = log.indexOf('part')
  const parts = log.slice(from).filter((line) => line === 'part' || line === 'drain 2')
  expect(parts).toEqual(Array.from({ length: 2 * steps }, (_, i) => (i % 2 === 0 ? 'part' : 'drain 2')))
  expect(log).toContain('append http_events 1')
  writer.appendInSteps = function* (batches) {
    yield
    for (const { table, batch } of batches) log.push(`append ${table.name} ${batch.rows}`)
  }
  pipeline.flush()
  expect(log).toContain(`append http_events ${steps}`)
})

test('the ring is looked at between what a second does, each part of which may take long', () => {
  const log: string[] = []
  const slow = (what: string) => () => {
    log.push(what)
    Bun.sleepSync(15)
  }
  const open = (): OpenSource => ({
    probes: [],
    drain: () => {
      log.push('drain')
      return 0
    },
    tick: slow('tick'),
    underWay: slow('under way'),
    close: () => {},
  })
  const source: RowSource = { name: 'slow', tables: [], open }
  const { pipeline } = stage(0, undefined, [source])
  pipeline.second(Date.now())
  expect(log.slice(0, 5)).toEqual(['drain', 'tick', 'drain', 'under way', 'drain'])
})

test('while rows are stored no more is taken than makes the next two appends', () => {
  const { pipeline, waiting, writer } = stage()
  const wire = new Wire()
  let most = 0
  let taken = 0
  writer.appendInSteps = function* (batches) {
    for (const { batch } of batches) most = Math.max(most, batch.rows)
    for (let i = 0; i < 20; i++) {
      for (let k = 0; k < 2000; k++) waiting.push(...exchange(wire))
      Bun.sleepSync(11)
      const before = waiting.length
      yield
      if (waiting.length < before) taken++
    }
  }
  waiting.push(...exchange(wire))
  pipeline.flush()
  expect(taken).toBeGreaterThan(0)
  expect(most).toBeLessThan(20_000)
})

test('chunks that queries found damaged are counted at once; what the store refuses is an error of the store, and no more', () => {
  const found = [{ table: 'events', chunk: 2, rows: 10, minNs: 0n, why: 'the checksum is wrong' }]
  const { pipeline } = stage()
  pipeline.markDamaged(found)
  expect(pipeline.counters.goneRows).toBe(10)
  expect(pipeline.storeError).toBeUndefined()
  const full = stage(0, () => true).pipeline
  full.markDamaged(found)
  expect(full.counters.goneRows).toBe(0)
  expect(full.storeError?.shape.code).toBe('store_error')
})
