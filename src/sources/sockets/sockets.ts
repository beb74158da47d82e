/** Leads events from the socket probe's ring through the streams to records. */
import {
  EVENT_DATA,
  EVENT_LINK,
  EVENT_PLAIN,
  GATE_DATAGRAMS,
  type SocketEvent,
} from '../../events/socket-event'
import type { Counters } from '../../health/counters'
import type { ProbeStatus } from '../../kernel/kernel'
import { threadCpuNs } from '../../kernel/libc'
import { PROTOCOLS } from '../../protocols'
import type { Sink } from '../../protocols/protocol'
import { type Entity, isOfKind } from '../../records/entities'
import type { Table } from '../../records/table'
import { ROLE_CLIENT } from '../../records/types'
import { Streams } from '../../streams'
import { LeftOut } from '../left-out'
import type { Intake, OpenSource, Processor, SourceContext } from '../source'
import type { SocketFeed } from './feed'
import { GateControl, type Load, STEP_SECONDS } from './gate-control'
import { ownListener } from './own-traffic'
import { Crowd, Shares } from './shares'

/** Bytes of each call that are captured at most while its protocol isn't known. */
export const DEFAULT_CAP = 16 << 10
/** Before the verdict so many first bytes of each direction are captured: as many as the largest call whose message sizes are exact. */
export const FRESH_BYTES = 1 << 20
/** A drain ends after so long, whatever waits: this thread has other work too. */
const DRAIN_NS = 20e6
/** Events between two looks at the clock: so few that even the most expensive ones take only some milliseconds. */
const EVENTS_AT_ONCE = 64
const BYTES_AT_ONCE = 64 << 10
/** Bytes of the ring that an event takes without its payload. */
const EVENT_BYTES = 128
/** The cost of an event without its payload, in bytes of payload. */
const EVENT_COST = 512
/** The kernel sheds by itself when the ring is somewhat fuller than this. */
const CROWDED_FILL = 0.4
/** A ring as full as this is emptied without a pause. */
const FILLING_FILL = 0.25
const CONN_STATS_EVERY_NS = 10e9
/** After the last connection was shed, totals are read for so long: counts may still come. */
const SHED_COUNTS_NS = 3e9

/** Of protocols whose exchanges the kernel can count: a handshake is none. */
const EXCHANGES: ReadonlySet<Table> = new Set(
  PROTOCOLS.filter(({ encrypts }) => !encrypts).flatMap(({ tables }) => tables),
)

export class Sockets implements OpenSource {
  readonly probes: readonly ProbeStatus[]
  readonly #feed: SocketFeed | undefined
  readonly #context: SourceContext
  readonly #streams: Streams
  /** Addresses of the cluster's services, by service. */
  readonly #services = new Map<string, readonly string[]>()
  readonly #isOwn: (event: SocketEvent) => boolean
  readonly #onEvent = (event: SocketEvent) => {
    this.#newestNs = event.timeNs
    if (event.kind === EVENT_PLAIN || event.kind === EVENT_LINK) {
      if (!this.#leftOut.hasNamespaces || !this.#isLeftOut(event)) this.#handle(event)
      return
    }
    if (this.#isOwn(event)) {
      if (event.kind === EVENT_DATA) this.#feed!.setVerdict(event.connId, { action: 'count' })
      return
    }
    if (event.kind === EVENT_DATA) this.#context.counters.eventBytes += event.size
    if (this.#isGated) this.#charge(event)
    this.#handle(event)
  }
  readonly #leftOut: LeftOut
  readonly #shares = new Shares()
  readonly #crowd = new Crowd()
  readonly #gate = new GateControl()
  readonly #isGated: boolean
  #gateNs = 0
  /** The most that the ring was filled since the gate was last adjusted. */
  #peakFill = 0
  #lastShedNs = Number.NEGATIVE_INFINITY
  /** The ring was filling in this second, and the kernel may have shed connections by itself. */
  #wasCrowded = false
  #connStatsNs: number
  /** The time of the newest event, and whether more may wait after it. */
  #newestNs = 0
  #isBehind = false

  /** `feed`: undefined where nothing can be captured. */
  constructor(probes: readonly ProbeStatus[], feed: SocketFeed | undefined, context: SourceContext) {
    this.probes = probes
    this.#feed = feed
    this.#context = context
    this.#isOwn = ownListener(context.config.listen)
    const { config, processes: known } = context
    this.#leftOut = new LeftOut(config.tls, (pid, startTicks) => known.podUidOf(pid, startTicks))
    this.#isGated = feed !== undefined && context.config.cpuBudget > 0
    const { liveSink, counters, settings, processes } = context
    const sink = countingSink(context.sink, counters)
    this.#streams = new Streams({
      protocols: PROTOCOLS,
      sink,
      liveSink,
      counters,
      settings,
      limits: { heldBytes: context.config.waitingLimit },
      defaultCap: DEFAULT_CAP,
      unread: context.unread,
      isGated: this.#isGated,
      setVerdict: (connId, verdict) => feed?.setVerdict(connId, verdict),
      setPlainVerdict: (connId, verdict) => feed?.setPlainVerdict(connId, verdict),
      leaveOut: (connId, direction, until) => feed?.leaveOut(connId, direction, until),
      upidOf: (pid, startTicks, comm) => processes.upidOf(pid, startTicks, comm),
    })
    this.#connStatsNs = context.kernel.now()
  }

  #handle(event: SocketEvent): void {
    if (!this.#crowd.isWatching) {
      this.#streams.handle(event)
      return
    }
    const { connId } = event
    const bytes = EVENT_BYTES + event.payload.length
    // Processor time: it doesn't pass while other threads run.
    const from = threadCpuNs()
    this.#streams.handle(event)
    this.#shares.charge(connId, threadCpuNs() - from, bytes)
  }

  /** A file may be probed for other processes, too. */
  #isLeftOut({ pid, startTicks, connId }: SocketEvent): boolean {
    if (!this.#leftOut.hasPodOf(pid, startTicks)) return false
    if (connId !== 0) this.#feed?.setPlainVerdict(connId, { action: 'count' })
    return true
  }

  get intake(): Intake {
    return this.#gate
  }

  get isFilling(): boolean {
    return (this.#feed?.fill() ?? 0) > FILLING_FILL
  }

  #charge({ transport, role, remotePort, localPort, payload, timeNs, pid }: SocketEvent): void {
    const { ports } = this.#gate
    const cost = EVENT_COST + payload.length
    // What all say in datagrams is one, as neither end knows the other's process.
    if (transport === 'udp') ports.charge(GATE_DATAGRAMS, cost, timeNs, 0)
    else if (role === ROLE_CLIENT) ports.charge(remotePort, cost, timeNs, -pid)
    else ports.charge(localPort, cost, timeNs, pid)
  }

  drain(maxEvents: number): number {
    const deadline = Bun.nanoseconds() + DRAIN_NS
    this.#peakFill = Math.max(this.#peakFill, this.#feed?.fill() ?? 0)
    let events = 0
    let newest: number
    do {
      newest = this.#feed?.drain(this.#onEvent, EVENTS_AT_ONCE, BYTES_AT_ONCE) ?? 0
      events += newest
    } while (newest > 0 && events < maxEvents && Bun.nanoseconds() < deadline)
    this.#isBehind = newest > 0
    const nowNs = this.#context.kernel.now()
    this.#tickStreams(nowNs)
    this.#relieve()
    if (this.#isGated) this.#adjustGate(nowNs)
    return events
  }

  /** Events that wait in the ring happened before now: time decides nothing before they are read. */
  #tickStreams(nowNs: number): void {
    this.#streams.tick(this.#isBehind ? Math.min(nowNs, this.#newestNs) : nowNs)
  }

  /** Before the ring overflows, which would hit all connections, the most expensive ones are left out for a while. */
  #relieve(): void {
    if (this.#crowd.look(this.#feed?.fill() ?? 0))
      for (const connId of this.#shares.takeDearest()) this.#streams.rest(connId)
    if (!this.#crowd.isWatching) this.#shares.clear()
  }

  get isWaiting(): boolean {
    return this.#streams.isWaiting
  }

  /** Adjusts how much the kernel captures by its cost. */
  #adjustGate(nowNs: number): void {
    const fill = this.#peakFill
    const passed = Math.abs(nowNs - this.#gateNs)
    if (passed < STEP_SECONDS * 1e9) return
    this.#gateNs = nowNs
    this.#peakFill = 0
    this.#wasCrowded ||= fill > CROWDED_FILL
    if (this.#gate.step(loadOf(this.#context.processor, fill))) this.#feed!.setGate(this.#gate.gate)
  }

  /** Draws the connections to shed anew each second, and counts what was shed, unless all totals are read next. */
  #countShed(nowNs: number, isReadNext: boolean): void {
    if (this.#gate.ports.isShedding || this.#wasCrowded) this.#lastShedNs = nowNs
    this.#wasCrowded = false
    if (Math.abs(nowNs - this.#lastShedNs) > SHED_COUNTS_NS) return
    this.#feed!.drawAnew()
    if (isReadNext) return
    this.#readTotals(true)
    this.#streams.shedExchanges(nowNs)
  }

  /** Its parts are each long with tens of thousands of connections. */
  tick(nowNs: number, lookBetween = () => {}): void {
    this.#tickStreams(nowNs)
    this.#count()
    // The clock may have been set back.
    const isDue = Math.abs(nowNs - this.#connStatsNs) >= CONN_STATS_EVERY_NS
    if (this.#isGated) this.#countShed(nowNs, isDue)
    if (!isDue) return
    this.#connStatsNs = nowNs
    this.#readTotals()
    // Reading totals has told the openings of connections without a call.
    this.drain(EVENTS_AT_ONCE)
    this.#streams.shedExchanges(nowNs)
    lookBetween()
    this.#streams.connStats(nowNs, lookBetween)
  }

  giveUpMemory(): void {
    this.#streams.giveUpMemory()
  }

  underWay(nowNs: number): void {
    this.#streams.underWay(nowNs)
  }

  /** Tells the streams the addresses of services, so that traffic within the node through them is recorded once. */
  learn(entities: readonly Entity[]): void {
    this.#leftOut.learn(entities)
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
    this.#streams.shedExchanges(nowNs)
    this.#streams.connStats(nowNs)
    this.#count()
    this.#feed?.close()
  }

  #readTotals(shedOnly = false): void {
    this.#feed?.totals((totals) => this.#streams.totals(totals), shedOnly)
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

function loadOf(processor: Processor, fill: number): Load {
  const { eventCores, allowedEventCores, mostEventCores, isBusy, balance, savedSeconds } = processor
  return {
    usedCores: eventCores,
    allowedCores: allowedEventCores,
    mostCores: mostEventCores,
    spareCores: Math.max(0, savedSeconds) / STEP_SECONDS,
    isBusy,
    balance,
    fill,
  }
}

/** Counts the rows that are exchanges. */
function countingSink(sink: Sink, counters: Counters): Sink {
  return {
    append(table, record) {
      if (EXCHANGES.has(table)) counters.recordedExchanges++
      sink.append(table, record)
    },
  }
}
