/** Events of all sockets in, records out. */
import {
  EVENT_CLOSE,
  EVENT_DATA,
  EVENT_OPEN,
  type SocketEvent,
  type SocketTotals,
  type Verdict,
} from '../events/socket-event'
import type { Counters } from '../health/counters'
import type { Protocol, ProtocolSettings, Sink } from '../protocols/protocol'
import { ConnStats } from './conn-stats'
import { DEFAULT_STREAM_LIMITS, type StreamLimits } from './limits'
import { LocalPeers } from './local-peers'
import { type Moved, TracedSocket } from './socket'
import type { Surroundings } from './surroundings'

export interface StreamsOptions {
  /** In the order in which a new connection is tried. */
  readonly protocols: readonly Protocol[]
  readonly sink: Sink
  readonly counters: Counters
  /** Read at every use: changes take effect with the next message. */
  readonly settings: ProtocolSettings
  /** Bytes of a call that the kernel captures while a socket has no verdict; undefined: unknown. */
  readonly defaultCap?: number
  readonly limits?: Partial<StreamLimits>
  setVerdict(connId: number, verdict: Verdict): void
  /** `comm` is the command name, in case the process is gone already. */
  upidOf(pid: number, startTicks: number, comm: string): string
}

/** How often the unknown connections and the datagram sockets are gone through. */
const REPROBE_EVERY_NS = 1e9
/** Among so many of the oldest connections the most idle one is evicted. */
const EVICT_AMONG = 32
/** Expired sockets whose counts are remembered, should they speak again. */
const MAX_EXPIRED = 4096

export class Streams {
  readonly #sockets = new Map<number, TracedSocket>()
  readonly #watched = new Set<TracedSocket>()
  readonly #unknown = new Set<TracedSocket>()
  readonly #datagrams = new Set<TracedSocket>()
  readonly #expired = new Map<number, Moved>()
  readonly #peers = new LocalPeers()
  readonly #stats = new ConnStats()
  readonly #shared: Surroundings
  readonly #counters: Counters
  readonly #sink: Sink
  readonly #limits: StreamLimits
  #nowNs = 0
  #reprobedNs = 0

  constructor(options: StreamsOptions) {
    const { protocols, sink, counters } = options
    this.#counters = counters
    this.#sink = sink
    this.#limits = { ...DEFAULT_STREAM_LIMITS, ...options.limits }
    this.#shared = {
      protocols,
      sink,
      counters,
      settings: options.settings,
      limits: this.#limits,
      peers: this.#peers,
      defaultCap: options.defaultCap,
      setVerdict: (connId, verdict) => options.setVerdict(connId, verdict),
      upidOf: (pid, startTicks, comm) => options.upidOf(pid, startTicks, comm),
      watch: (socket) => this.#watched.add(socket),
      reprobeLater: (socket) => this.#reprobeLater(socket),
    }
  }

  /** Addresses behind which another one answers: those of a cluster's services. */
  set services(addresses: ReadonlySet<string>) {
    this.#peers.services = addresses
  }

  /** How many sockets are followed. */
  get size(): number {
    return this.#sockets.size
  }

  /** Takes one event; nothing of it is kept after the call. */
  handle(event: SocketEvent): void {
    const socket = this.#sockets.get(event.connId)
    this.#nowNs = event.timeNs
    switch (event.kind) {
      case EVENT_DATA:
        ;(socket ?? this.#follow(event, false)).data(event)
        break
      case EVENT_OPEN:
        if (!socket) this.#follow(event, true)
        break
      case EVENT_CLOSE:
        if (socket) this.#close(socket, event.timeNs, event.totals)
        this.#expired.delete(event.connId)
    }
  }

  /** The kernel's totals of a socket that is open; those at its close come with that event. */
  totals(totals: SocketTotals): void {
    this.#sockets.get(totals.connId)?.totals(totals.bytesSent, totals.bytesReceived, this.#nowNs)
  }

  /** What time alone decides; to be called a few times a second. */
  tick(nowNs: number): void {
    this.#nowNs = nowNs
    for (const socket of this.#watched) if (!socket.tick(nowNs)) this.#watched.delete(socket)
    if (nowNs - this.#reprobedNs < REPROBE_EVERY_NS) return
    this.#reprobedNs = nowNs
    for (const socket of this.#unknown) {
      if (nowNs < socket.reprobeNs) continue
      this.#unknown.delete(socket)
      socket.reprobe()
    }
    for (const socket of this.#datagrams)
      if (nowNs - socket.lastNs >= this.#limits.datagramIdleNs) this.#expire(socket, nowNs)
  }

  /** Emits the rows of `conn_stats` that changed or have open connections. */
  connStats(nowNs: number): void {
    for (const socket of this.#sockets.values()) this.#stats.update(socket)
    this.#stats.emit(nowNs, this.#sink)
  }

  /** Ends every stream as if its connection had been closed. */
  close(): void {
    for (const socket of this.#sockets.values()) this.#close(socket, this.#nowNs)
  }

  #follow(event: SocketEvent, fresh: boolean): TracedSocket {
    if (this.#sockets.size >= this.#limits.connections) this.#evict()
    this.#counters.connections++
    const socket = new TracedSocket(event, fresh, this.#shared)
    this.#sockets.set(socket.id, socket)
    if (socket.isDatagram) this.#datagrams.add(socket)
    const before = this.#expired.get(socket.id)
    if (before) socket.resume(before)
    this.#expired.delete(socket.id)
    return socket
  }

  #close(socket: TracedSocket, timeNs: number, totals?: SocketEvent['totals']): void {
    socket.close(timeNs, totals)
    this.#stats.update(socket)
    this.#forget(socket)
  }

  #expire(socket: TracedSocket, nowNs: number): void {
    socket.expire(nowNs)
    this.#stats.update(socket)
    this.#forget(socket)
    const { id, bytesSent, bytesReceived } = socket
    this.#expired.set(id, { bytesSent, bytesReceived })
    if (this.#expired.size > MAX_EXPIRED) this.#expired.delete(this.#expired.keys().next().value!)
  }

  #evict(): void {
    let victim: TracedSocket | undefined
    let looked = 0
    for (const socket of this.#sockets.values()) {
      if (!victim || socket.lastNs < victim.lastNs) victim = socket
      if (++looked === EVICT_AMONG) break
    }
    this.#counters.evictedConnections++
    this.#close(victim!, this.#nowNs)
  }

  #forget(socket: TracedSocket): void {
    this.#sockets.delete(socket.id)
    this.#watched.delete(socket)
    this.#unknown.delete(socket)
    this.#datagrams.delete(socket)
  }

  #reprobeLater(socket: TracedSocket): void {
    const { reprobeNs, reprobeMaxNs } = this.#limits
    socket.backoffNs = Math.min(reprobeMaxNs, socket.backoffNs === 0 ? reprobeNs : 2 * socket.backoffNs)
    socket.reprobeNs = this.#nowNs + socket.backoffNs
    this.#unknown.add(socket)
  }
}
