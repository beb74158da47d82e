/** The flow from the ring to the store, on one thread: drain → streams → records → one batch per table and second. */
import type { Config } from '../config'
import type { NixieError } from '../errors'
import { EVENT_DATA, type SocketEvent } from '../events/socket-event'
import { type Counters, newCounters } from '../health/counters'
import type { Kernel } from '../kernel/kernel'
import { Processes } from '../metadata'
import { NetworkStats } from '../process/network-stats'
import { ProcessStats } from '../process/process-stats'
import { PROTOCOLS } from '../protocols'
import type { ProtocolSettings, Sink } from '../protocols/protocol'
import { BatchBuilder } from '../records/builder'
import { PROBE_ATTACHED, PROBE_FAILED, probeStatus } from '../records/probe-status'
import type { Table } from '../records/table'
import type { Entity, StoreWriter } from '../store/store'
import { Streams } from '../streams'
import { ownListener } from './own-traffic'

/** Events per drain call: long enough to be cheap, short enough to answer messages in between. */
const EVENTS_PER_DRAIN = 16_384
/** Bytes of each call that are captured while its protocol isn't known. */
export const DEFAULT_CAP = 16 << 10
const CONN_STATS_EVERY_MS = 10_000
const PROBE_STATUS_EVERY_MS = 3_600_000
/** So many rows of a table are appended before the second is over: the ring waits no longer under more load. */
export const APPEND_ROWS = 4096
/** Time that compaction and retention may take of each second. */
export const MAINTAIN_BUDGET_MS = 100

export class Pipeline {
  readonly counters: Counters = newCounters()
  readonly settings: ProtocolSettings
  /** The store's last refusal, until an append succeeds again. */
  storeError: NixieError | undefined

  readonly #kernel: Kernel
  readonly #writer: StoreWriter
  readonly #processes: Processes
  readonly #builders = new Map<Table, BatchBuilder<Table>>()
  /** Addresses of the cluster's services, by the service. */
  readonly #services = new Map<string, readonly string[]>()
  /** Those that the store has yet to take. */
  #entities: Entity[] = []
  readonly #streams: Streams
  readonly #processStats: ProcessStats
  readonly #networkStats: NetworkStats
  readonly #sink: Sink
  readonly #isOwn: (event: SocketEvent) => boolean
  readonly #onEvent = (event: SocketEvent) => {
    if (this.#isOwn(event)) {
      if (event.kind === EVENT_DATA) this.#kernel.setVerdict(event.connId, { action: 'count' })
      return
    }
    if (event.kind === EVENT_DATA) this.counters.eventBytes += event.size
    this.#streams.handle(event)
  }
  #connStatsMs = Date.now()
  #probeStatusMs = 0

  constructor(kernel: Kernel, writer: StoreWriter, config: Config) {
    this.#kernel = kernel
    this.#writer = writer
    this.#processes = new Processes(config.nodeName)
    this.#isOwn = ownListener(config.listen)
    this.settings = { bodyLimit: config.bodyLimit, redact: config.redact }
    this.#sink = {
      append: (table, record) => {
        let builder = this.#builders.get(table)
        if (!builder) {
          builder = new BatchBuilder(table as Table, kernel.timeBase)
          this.#builders.set(table, builder)
        }
        builder.append(record as never)
      },
    }
    this.#streams = new Streams({
      protocols: PROTOCOLS,
      sink: this.#sink,
      counters: this.counters,
      settings: this.settings,
      defaultCap: DEFAULT_CAP,
      setVerdict: (connId, verdict) => kernel.setVerdict(connId, verdict),
      upidOf: (pid, startTicks, comm) => this.#processes.upidOf(pid, startTicks, comm),
    })
    this.#processStats = new ProcessStats({
      upidOf: (pid, startTicks, comm) => this.#processes.upidOf(pid, startTicks, comm),
      append: this.#sink.append,
    })
    this.#networkStats = new NetworkStats({ append: this.#sink.append })
  }

  /** Takes what waits in the ring; returns how many events that was. */
  drain(): number {
    const start = Bun.nanoseconds()
    const events = this.#kernel.drain(this.#onEvent, EVENTS_PER_DRAIN)
    if (events > 0) {
      this.counters.events += events
      this.counters.drainNs += Bun.nanoseconds() - start
      if (this.#builders.values().some((builder) => builder.rows >= APPEND_ROWS)) this.#append(Date.now())
    }
    return events
  }

  /** Once a second: expire, seal, append, then bounded steps of upkeep with a drain between. */
  second(nowMs: number): void {
    this.drain()
    this.#streams.tick(this.#kernel.now())
    this.#usage()
    if (nowMs - this.#connStatsMs >= CONN_STATS_EVERY_MS) {
      this.#connStatsMs = nowMs
      this.#connStats()
    }
    if (nowMs - this.#probeStatusMs >= PROBE_STATUS_EVERY_MS) {
      this.#probeStatusMs = nowMs
      this.#probeStatus()
    }
    this.#append(nowMs)
    this.#maintain(nowMs)
  }

  /** Entities that another thread has learnt of; they go with the next second when the store refuses them now. */
  remember(entities: readonly Entity[]): void {
    this.#entities.push(...entities)
    for (const { kind, key, value } of entities) if (kind === 'service') this.#takeService(key, value)
    this.#putEntities(Date.now())
  }

  /** Streams know services by their addresses: traffic within the node through them is recorded once. */
  #takeService(id: string, { stopNs, clusterIps, externalIps }: Entity['value']): void {
    if (stopNs === '0') this.#services.set(id, [...(clusterIps as string[]), ...(externalIps as string[])])
    else this.#services.delete(id)
    this.#streams.services = new Set([...this.#services.values()].flat())
  }

  /** Everything out: the last events, the unfinished streams, the last rows. */
  close(): void {
    while (this.drain() === EVENTS_PER_DRAIN) {
      // The ring still had more than one drain's worth.
    }
    this.#streams.close()
    this.#connStats()
    this.#append(Date.now())
    this.#kernel.close()
    this.#writer.close()
  }

  /** What processes and pods use. */
  #usage(): void {
    const now = this.#kernel.now()
    const threads = this.#kernel.threads()
    if (!threads) return
    this.#processStats.take(threads, now)
    const { name, kubernetes } = this.#processes.host
    this.#networkStats.take(this.#processes.pods(), kubernetes ? undefined : name, now)
  }

  #connStats(): void {
    this.#kernel.totals((totals) => this.#streams.totals(totals))
    this.#streams.connStats(this.#kernel.now())
  }

  #probeStatus(): void {
    const time_ = this.#kernel.now()
    const upid = this.#processes.self()
    for (const probe of this.#kernel.probes) {
      this.#sink.append(probeStatus, {
        time_,
        upid,
        source_connector: 'socket_tracer',
        tracepoint: probe.name,
        status: probe.attached ? PROBE_ATTACHED : PROBE_FAILED,
        error: probe.error,
        info: JSON.stringify({ purpose: probe.purpose, hint: probe.hint }),
      })
    }
  }

  #append(nowMs: number): void {
    const batches: { table: Table; batch: ReturnType<BatchBuilder<Table>['seal']> }[] = []
    for (const [table, builder] of this.#builders) {
      if (builder.rows > 0) batches.push({ table, batch: builder.seal() })
    }
    const rows = batches.reduce((sum, { batch }) => sum + batch.rows, 0)
    try {
      if (batches.length > 0) this.#writer.append(batches)
      this.storeError = undefined
      this.counters.rows += rows
      this.counters.chunks += batches.length
    } catch (cause) {
      this.storeError = cause as NixieError
      this.counters.shedRows += rows
    }
    this.#putEntities(nowMs)
  }

  #putEntities(nowMs: number): void {
    this.#entities.push(...this.#processes.takeChanges(nowMs))
    if (this.#entities.length === 0) return
    try {
      this.#writer.putEntities(this.#entities)
      this.#entities = []
    } catch (cause) {
      this.storeError = cause as NixieError
    }
  }

  #maintain(nowMs: number): void {
    let spent = 0
    try {
      while (spent < MAINTAIN_BUDGET_MS) {
        const from = performance.now()
        const more = this.#writer.maintain(nowMs)
        spent += performance.now() - from
        if (!more) break
        // The ring doesn't wait for more than one step.
        this.drain()
      }
    } catch (cause) {
      this.storeError = cause as NixieError
    }
    const stats = this.#writer.stats()
    this.counters.chunkBytes = stats.writtenBytes
    this.counters.compactedBytes = stats.compactedBytes
    this.counters.expiredRows = stats.expiredRows
    Object.assign(this.counters, this.#kernel.uncaptured())
    const lost = this.#kernel.lost()
    this.counters.ringLostEvents = lost.events
    this.counters.ringLostBytes = lost.bytes
  }
}
