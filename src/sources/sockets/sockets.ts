/** The flow from the socket probe's ring through the streams to records. */
import { EVENT_DATA, type SocketEvent } from '../../events/socket-event'
import type { ProbeStatus } from '../../kernel/kernel'
import { threadCpuNs } from '../../kernel/libc'
import { PROTOCOLS } from '../../protocols'
import { type Entity, isOfKind } from '../../records/entities'
import { Streams } from '../../streams'
import type { OpenSource, SourceContext } from '../source'
import type { SocketFeed } from './feed'
import { ownListener } from './own-traffic'
import { Crowd, Shares } from './shares'

/** Bytes of each call that are captured while its protocol isn't known. */
export const DEFAULT_CAP = 16 << 10
/** Before its verdict each direction's first bytes, up to the largest call whose message sizes are exact. */
export const FRESH_BYTES = 1 << 20
/** A drain ends after so long, whatever waits: others have a part of this thread, too. */
const DRAIN_NS = 20e6
/** Between two looks at the clock: few enough that even the dearest of them take some milliseconds. */
const EVENTS_AT_ONCE = 64
const BYTES_AT_ONCE = 64 << 10
/** Of the ring that an event takes, without its payload. */
const EVENT_BYTES = 128
const CONN_STATS_EVERY_NS = 10e9

export class Sockets implements OpenSource {
  readonly probes: readonly ProbeStatus[]
  readonly #feed: SocketFeed | undefined
  readonly #context: SourceContext
  readonly #streams: Streams
  /** Addresses of the cluster's services, by the service. */
  readonly #services = new Map<string, readonly string[]>()
  readonly #isOwn: (event: SocketEvent) => boolean
  readonly #onEvent = (event: SocketEvent) => {
    this.#newestNs = event.timeNs
    if (this.#isOwn(event)) {
      if (event.kind === EVENT_DATA) this.#feed!.setVerdict(event.connId, { action: 'count' })
      return
    }
    if (event.kind === EVENT_DATA) this.#context.counters.eventBytes += event.size
    if (!this.#crowd.isWatching) {
      this.#streams.handle(event)
      return
    }
    const { connId } = event
    const bytes = EVENT_BYTES + event.payload.length
    // By the processor's time: while others run, nobody's event costs anything.
    const from = threadCpuNs()
    this.#streams.handle(event)
    this.#shares.charge(connId, threadCpuNs() - from, bytes)
  }
  readonly #shares = new Shares()
  readonly #crowd = new Crowd()
  #connStatsNs: number
  /** When the newest event was told, and whether more may wait behind it. */
  #newestNs = 0
  #isBehind = false

  /** `feed`: undefined where nothing can be captured. */
  constructor(probes: readonly ProbeStatus[], feed: SocketFeed | undefined, context: SourceContext) {
    this.probes = probes
    this.#feed = feed
    this.#context = context
    this.#isOwn = ownListener(context.config.listen)
    const { sink, liveSink, counters, settings, processes } = context
    this.#streams = new Streams({
      protocols: PROTOCOLS,
      sink,
      liveSink,
      counters,
      settings,
      limits: { heldBytes: context.config.waitingLimit },
      defaultCap: DEFAULT_CAP,
      setVerdict: (connId, verdict) => feed?.setVerdict(connId, verdict),
      leaveOut: (connId, direction, until) => feed?.leaveOut(connId, direction, until),
      upidOf: (pid, startTicks, comm) => processes.upidOf(pid, startTicks, comm),
    })
    this.#connStatsNs = context.kernel.now()
  }

  drain(maxEvents: number): number {
    const deadline = Bun.nanoseconds() + DRAIN_NS
    let events = 0
    let newest: number
    do {
      newest = this.#feed?.drain(this.#onEvent, EVENTS_AT_ONCE, BYTES_AT_ONCE) ?? 0
      events += newest
    } while (newest > 0 && events < maxEvents && Bun.nanoseconds() < deadline)
    this.#isBehind = newest > 0
    this.#tickStreams(this.#context.kernel.now())
    this.#relieve()
    return events
  }

  /** What waits to be read was said before now: time decides nothing before that is read. */
  #tickStreams(nowNs: number): void {
    this.#streams.tick(this.#isBehind ? Math.min(nowNs, this.#newestNs) : nowNs)
  }

  /** Before the ring overflows, which costs everyone, those that take most are left out for a while. */
  #relieve(): void {
    if (this.#crowd.look(this.#feed?.fill() ?? 0))
      for (const connId of this.#shares.takeDearest()) this.#streams.rest(connId)
    if (!this.#crowd.isWatching) this.#shares.clear()
  }

  get isWaiting(): boolean {
    return this.#streams.isWaiting
  }

  tick(nowNs: number): void {
    this.#tickStreams(nowNs)
    this.#count()
    // The clock may have been set back.
    if (Math.abs(nowNs - this.#connStatsNs) < CONN_STATS_EVERY_NS) return
    this.#connStatsNs = nowNs
    this.#readTotals()
    // Reading told the openings of those that had no call.
    this.drain(EVENTS_AT_ONCE)
    this.#streams.connStats(nowNs)
  }

  giveUpMemory(): void {
    this.#streams.giveUpMemory()
  }

  underWay(nowNs: number): void {
    this.#streams.underWay(nowNs)
  }

  /** Streams know services by their addresses: traffic within the node through them is recorded once. */
  learn(entities: readonly Entity[]): void {
    const services = entities.filter(isOfKind('service'))
    if (services.length === 0) return
    for (const { key, value } of services) {
      const { stopNs, clusterIps = [], externalIps = [] } = value
      if (stopNs === '0') this.#services.set(key, [...clusterIps, ...externalIps])
      else this.#services.delete(key)
    }
    this.#streams.services = new Set([...this.#services.values()].flat())
  }

  close(nowNs: number): void {
    this.#readTotals()
    this.#streams.close()
    this.#streams.connStats(nowNs)
    this.#count()
    this.#feed?.close()
  }

  #readTotals(): void {
    this.#feed?.totals((totals) => this.#streams.totals(totals))
  }

  #count(): void {
    if (!this.#feed) return
    const lost = this.#feed.lost()
    Object.assign(this.#context.counters, this.#feed.uncaptured(), {
      ringLostEvents: lost.events,
      ringLostBytes: lost.bytes,
    })
  }
}
