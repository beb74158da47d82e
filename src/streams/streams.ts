/** Events of all sockets in, records out. */
import {
  type ByteAndShedTotals,
  type Direction,
  EVENT_BACK,
  EVENT_CLOSE,
  EVENT_DATA,
  EVENT_FOUND,
  EVENT_LINK,
  EVENT_OPEN,
  EVENT_PLAIN,
  EVENT_SHED,
  type SocketEvent,
  type SocketTotals,
  type Verdict,
} from '../events/socket-event'
import type { Counters } from '../health/counters'
import type { Protocol, ProtocolSettings, Sink } from '../protocols/protocol'
import { ConnStats } from './conn-stats'
import type { End } from './end'
import { HeldBytes } from './held-bytes'
import { Introductions } from './introductions'
import { LateRows } from './late-rows'
import { DEFAULT_STREAM_LIMITS, type StreamLimits } from './limits'
import { LiveRows } from './live-rows'
import { LocalPeers } from './local-peers'
import type { Followed, Retried, SharedState } from './shared-state'
import { ShedCounts } from './shed-counts'
import { TcpSocket } from './tcp-socket'
import { UdpSocket } from './udp-socket'
import { type Plaintext, Unlinked } from './unlinked'
import type { UnreadTls } from './unread-tls'
import { WorkBudget } from './work'

export interface StreamsOptions {
  readonly protocols: readonly Protocol[]
  readonly sink: Sink
  /** Takes rows of exchanges that still run; each call of `underWay` replaces the rows of the last one. */
  readonly liveSink: Sink
  readonly counters: Counters
  /** Read it at every use: changes take effect with the next message. */
  readonly settings: ProtocolSettings
  /** Bytes of a call that the kernel captures while a socket has no verdict. */
  readonly defaultCap: number
  /** Learns which processes' TLS isn't read. */
  readonly unread?: UnreadTls
  /** Whether the kernel sheds and counts whole exchanges of a connection that has to pause. */
  readonly isGated?: boolean
  readonly limits?: Partial<StreamLimits>
  setVerdict(connId: number, verdict: Verdict): void
  /** The same for the data within the connection's TLS. */
  setPlainVerdict(connId: number, verdict: Verdict): void
  /** The bytes of one direction before the offset `until` aren't needed. */
  leaveOut(connId: number, direction: Direction, until: number): void
  /** `comm` is the command name, in case the process is gone already. */
  upidOf(pid: number, startTicks: number, comm: string): string
}

type Socket = TcpSocket | UdpSocket

/** The part of an ended connection that is remembered; many may end in a short time. */
interface Over {
  readonly end: End
  readonly atNs: number
}

/** Bytes of all connections that are searched for the beginning of a message in a second. */
const SEARCH_PER_SECOND = 64 << 20
/** How often waiting sockets are looked at, and how long in each tick: the others follow in the next one. */
const WATCH_EVERY_NS = 20e6
const WATCH_NS = 5e6
/** How often unknown connections and datagram sockets are looked through. */
const RETRY_EVERY_NS = 1e9
/** Time of each tick for connections that end. */
const ENDS_NS = 5e6
/** The most idle one among this many of the oldest connections is evicted. */
const EVICT_AMONG = 32
/** When memory is needed elsewhere: the waiting bytes and the number of sockets that stay, and the time spent on it at once. */
const LEAST_HELD = 8 << 20
const LEAST_SOCKETS = 4096
const GIVE_UP_NS = 10e6
/** Sockets whose counts are taken in one step: some milliseconds. */
const STATS_AT_ONCE = 8192
/** Ended sockets that are remembered, in case they send again. */
const MAX_REMEMBERED = 8192

export class Streams {
  readonly #sockets = new Map<number, Socket>()
  readonly #watched = new Set<Followed>()
  readonly #unknown = new Set<Retried>()
  readonly #datagrams = new Set<UdpSocket>()
  /** Datagram sockets without data for long, and their counts. */
  readonly #expired = new Map<number, ByteAndShedTotals>()
  /** Connections whose close was seen, in that order; data of their last call may still come. */
  #ending: TcpSocket[] = []
  /** Connections that pause, in the order in which they go on. */
  readonly #resting = new Map<Socket, number>()
  /** Ended connections, and when they ended: late data is counted with them. */
  readonly #over = new Map<number, Over>()
  readonly #peers = new LocalPeers()
  readonly #introductions: Introductions
  readonly #lateRows: LateRows
  readonly #stats: ConnStats
  readonly #shedCounts = new ShedCounts(this.#peers)
  readonly #held: HeldBytes
  readonly #unlinked: Unlinked
  readonly #live: LiveRows
  readonly #shared: SharedState
  readonly #counters: Counters
  readonly #sink: Sink
  readonly #limits: StreamLimits
  #nowNs = 0
  #watchedNs = 0
  /** How many waiting sockets this round has yet to look at. */
  #toWatch = 0
  #retriedNs = 0

  constructor(options: StreamsOptions) {
    const { protocols, sink, liveSink, counters } = options
    const streams = this
    this.#counters = counters
    this.#sink = sink
    this.#limits = { ...DEFAULT_STREAM_LIMITS, ...options.limits }
    this.#live = new LiveRows(liveSink)
    this.#stats = new ConnStats(options.unread, () => this.#nowNs)
    this.#held = new HeldBytes(this.#limits.heldBytes, counters)
    this.#unlinked = new Unlinked(counters)
    this.#lateRows = new LateRows(sink, this.#peers)
    this.#introductions = new Introductions(sink, this.#limits.introduceNs)
    this.#shared = {
      protocols,
      sink,
      introductions: this.#introductions,
      lateRows: this.#lateRows,
      liveSink: this.#live,
      counters,
      settings: options.settings,
      limits: this.#limits,
      peers: this.#peers,
      shedCounts: this.#shedCounts,
      searches: new WorkBudget(SEARCH_PER_SECOND),
      defaultCap: options.defaultCap,
      isGated: options.isGated ?? false,
      get nowNs() {
        return streams.#nowNs
      },
      setVerdict: (connId, verdict) => options.setVerdict(connId, verdict),
      setPlainVerdict: (connId, verdict) => options.setPlainVerdict(connId, verdict),
      leaveOut: (connId, direction, until) => options.leaveOut(connId, direction, until),
      closed: (end) => this.#stats.update(end),
      upidOf: (pid, startTicks, comm) => options.upidOf(pid, startTicks, comm),
      watch: (socket) => this.#watched.add(socket),
      retryLater: (socket) => this.#retryLater(socket),
    }
  }

  /** Addresses behind which another address answers: those of a cluster's services. */
  set services(addresses: ReadonlySet<string>) {
    this.#peers.services = addresses
  }

  /** How many sockets are followed. */
  get size(): number {
    return this.#sockets.size
  }

  /** Bytes that wait for the rest of their message or for an answer. */
  get heldBytes(): number {
    return this.#held.bytes + this.#unlinked.bytes
  }

  /** Whether passing time will soon decide something about data that was read. */
  get isWaiting(): boolean {
    return this.#watched.size > 0
  }

  /** Takes one event, and keeps nothing of it after the call. */
  handle(event: SocketEvent): void {
    this.#nowNs = event.timeNs
    switch (event.kind) {
      case EVENT_DATA:
        this.#data(event)
        break
      case EVENT_OPEN:
      case EVENT_FOUND:
        if (!this.#sockets.has(event.connId)) this.#follow(event)
        break
      case EVENT_CLOSE:
        this.#close(event)
        break
      case EVENT_SHED:
        this.#passOver(event)
        break
      case EVENT_BACK:
        this.#cameBack(event)
        break
      case EVENT_PLAIN:
        if (event.connId === 0) this.#unlinked.add(event)
        else this.#linked(event, event)
        break
      case EVENT_LINK:
        this.#linked(event, undefined)
    }
  }

  /** What waits of an object comes before its newest data. */
  #linked({ connId, token = 0 }: Pick<Plaintext, 'connId' | 'token'>, newest: Plaintext | undefined): void {
    for (const text of this.#unlinked.take(token)) this.plaintext({ ...text, connId })
    if (newest) this.plaintext(newest)
  }

  /** Takes plaintext of an encrypted connection; false for a connection that isn't known. */
  plaintext(text: Plaintext): boolean {
    const socket = this.#sockets.get(text.connId)
    if (!(socket instanceof TcpSocket)) {
      this.#unlinked.lose(text)
      return false
    }
    this.#nowNs = text.timeNs
    this.#guarded(socket, () => socket.plaintext(text))
    this.#held.update(socket)
    return true
  }

  /** Takes the kernel's totals of an open socket; those at its close come with that event. */
  totals(totals: SocketTotals): void {
    this.#sockets.get(totals.connId)?.totals(totals, this.#nowNs)
  }

  /** Emits how many exchanges were shed since the last time. */
  shedExchanges(nowNs: number): void {
    this.#counters.shedExchanges += this.#shedCounts.emit(nowNs, this.#sink)
  }

  /** The connection takes too much of the ring or of this thread's time: it is only counted for a while. */
  rest(connId: number): void {
    const socket = this.#sockets.get(connId)
    if (!socket || this.#resting.has(socket) || !socket.rest()) return
    this.#counters.restedConnections++
    this.#resting.set(socket, this.#nowNs + this.#limits.restNs)
  }

  /** Memory is needed elsewhere: half of the waiting bytes are given up, and of very many sockets the most idle ones. */
  giveUpMemory(): void {
    this.#unlinked.giveUp()
    const deadline = Bun.nanoseconds() + GIVE_UP_NS
    this.#held.halve(LEAST_HELD)
    const enough = Math.max(LEAST_SOCKETS, this.#sockets.size / 2)
    while (this.#sockets.size > enough && Bun.nanoseconds() < deadline) this.#evict()
  }

  /** Decides what passing time decides; call it many times a second. */
  tick(nowNs: number): void {
    this.#nowNs = nowNs
    this.#introductions.settle(nowNs)
    this.#finishEnding(nowNs - this.#limits.lingerNs, Bun.nanoseconds() + ENDS_NS)
    for (const [socket, untilNs] of this.#resting) {
      if (nowNs < untilNs) break
      this.#resting.delete(socket)
      socket.goOn()
    }
    if (this.#toWatch === 0 && nowNs - this.#watchedNs >= WATCH_EVERY_NS) this.#toWatch = this.#watched.size
    if (this.#toWatch > 0) this.#watch(nowNs, Bun.nanoseconds() + WATCH_NS)
    if (nowNs - this.#retriedNs < RETRY_EVERY_NS) return
    this.#retriedNs = nowNs
    this.#counters.peerRecords += this.#lateRows.settle(nowNs)
    this.#peers.forget(nowNs)
    this.#unlinked.settle(nowNs)
    this.#forgetOver(nowNs)
    for (const socket of this.#unknown) {
      if (nowNs < socket.retryNs) continue
      this.#unknown.delete(socket)
      socket.retry()
    }
    for (const socket of this.#datagrams) {
      if (nowNs - socket.lastNs >= this.#limits.datagramIdleNs) this.#expire(socket, nowNs)
      else socket.expire(nowNs)
    }
  }

  /** Emits the rows of `conn_stats` that changed or have open connections; `lookBetween` is called between steps, and may bring events. */
  connStats(nowNs: number, lookBetween = () => {}): void {
    let looked = 0
    for (const socket of this.#sockets.values()) {
      socket.updateStats(this.#stats)
      if (++looked % STATS_AT_ONCE === 0) lookBetween()
    }
    this.#stats.emit(nowNs, this.#sink)
  }

  /** Appends rows of the running exchanges, and counts what waits to become sure. */
  underWay(nowNs: number): void {
    this.#live.begin()
    let leftOut = 0
    let unsure = 0
    for (const socket of this.#held.sockets()) {
      if (this.#live.isFull) leftOut++
      else this.#guarded(socket, () => socket.underWay(nowNs))
      unsure += socket.unsure
    }
    this.#counters.underWayLeftOut = leftOut
    this.#counters.unsureAnswers = unsure
  }

  /** Ends every stream; the connections that are open go on. */
  close(): void {
    this.#finishEnding(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY)
    for (const socket of this.#sockets.values()) this.#stop(socket)
    this.#counters.unsureAnswers = 0
    this.#introductions.settle(Number.POSITIVE_INFINITY)
    this.#lateRows.settle(Number.POSITIVE_INFINITY)
  }

  /** Sockets that go on waiting go to the end of the list. */
  #watch(nowNs: number, deadline: number): void {
    this.#watchedNs = nowNs
    for (const socket of this.#watched) {
      if (this.#toWatch-- === 0) break
      this.#watched.delete(socket)
      let waits = false
      this.#guarded(socket, () => {
        waits = socket.tick(nowNs)
      })
      if (waits) this.#watched.add(socket)
      this.#held.update(socket)
      if (Bun.nanoseconds() > deadline) return
    }
    this.#toWatch = 0
  }

  /** Wire data never throws. If a protocol's reader does so all the same, that costs only its connection. */
  #guarded(socket: Followed, work: () => void): void {
    try {
      work()
    } catch (cause) {
      this.#failed(socket, cause)
    }
  }

  #failed(socket: Followed, cause: unknown): void {
    if (this.#counters.readerFaults++ === 0) console.error('A reader of a protocol failed:', cause)
    socket.giveUp()
  }

  #data(event: SocketEvent): void {
    let socket = this.#sockets.get(event.connId)
    if (!socket) {
      const over = this.#over.get(event.connId)
      if (over) {
        over.end.moves(event)
        this.#stats.update(over.end)
        this.#counters.lateEvents++
        return
      }
      socket = this.#follow(event)
    }
    try {
      socket.data(event)
    } catch (cause) {
      this.#failed(socket, cause)
    }
    this.#held.update(socket)
    // A connection that was never seen open has no close event.
    if (event.afterClose && socket instanceof TcpSocket && socket.endingNs === 0)
      this.#ends(socket, event.timeNs, undefined)
  }

  #follow(event: SocketEvent): Socket {
    if (this.#sockets.size >= this.#limits.connections) this.#evict()
    this.#counters.connections++
    const socket =
      event.transport === 'udp' ? new UdpSocket(event, this.#shared) : new TcpSocket(event, this.#shared)
    this.#sockets.set(socket.id, socket)
    if (socket instanceof UdpSocket) {
      this.#datagrams.add(socket)
      const before = this.#expired.get(socket.id)
      if (before) socket.resume(before)
      this.#expired.delete(socket.id)
    }
    return socket
  }

  #close(event: SocketEvent): void {
    const { connId, timeNs, totals } = event
    this.#expired.delete(connId)
    const socket = this.#sockets.get(connId)
    if (socket instanceof UdpSocket) {
      if (totals) socket.totals(totals, timeNs, true)
      this.#end(socket)
    } else if (socket && socket.endingNs === 0) {
      socket.owned(event)
      if (event.afterShed) this.#passOver(event)
      this.#ends(socket, timeNs, totals)
    }
  }

  #passOver({ connId, timeNs }: SocketEvent): void {
    const socket = this.#sockets.get(connId)
    if (!socket) return
    this.#guarded(socket, () => socket.passOver(timeNs))
    this.#held.update(socket)
  }

  #cameBack({ connId, size }: SocketEvent): void {
    const socket = this.#sockets.get(connId)
    if (socket instanceof TcpSocket) socket.hasCounted(size)
  }

  /** Data of the call during which it closed still comes. */
  #ends(socket: TcpSocket, timeNs: number, totals: ByteAndShedTotals | undefined): void {
    socket.ending(timeNs, totals)
    this.#ending.push(socket)
  }

  /** Each may have many rows of unanswered requests: from `deadline` on (processor time) the others wait for the next tick. */
  #finishEnding(beforeNs: number, deadline: number): void {
    let done = 0
    for (const socket of this.#ending) {
      if (socket.endingNs > beforeNs || (done > 0 && Bun.nanoseconds() > deadline)) break
      done++
      if (this.#sockets.get(socket.id) === socket) this.#end(socket)
    }
    if (done > 0) this.#ending = this.#ending.slice(done)
  }

  #end(socket: Socket): void {
    this.#guarded(socket, () => socket.finish(this.#nowNs, true))
    this.#remember(socket)
  }

  /** Ends the stream of a socket that, as far as is known, stays open. */
  #stop(socket: Socket): void {
    if (socket instanceof TcpSocket && socket.endingNs > 0) this.#end(socket)
    else {
      this.#guarded(socket, () => socket.stop(this.#nowNs))
      this.#remember(socket)
    }
  }

  #remember(socket: Socket): void {
    if (socket instanceof TcpSocket) {
      this.#over.set(socket.id, { end: socket.end, atNs: this.#nowNs })
      if (this.#over.size > MAX_REMEMBERED) this.#over.delete(this.#over.keys().next().value!)
    }
    this.#forget(socket)
  }

  #expire(socket: UdpSocket, nowNs: number): void {
    socket.finish(nowNs, false)
    this.#forget(socket)
    this.#expired.set(socket.id, socket.moved)
    if (this.#expired.size > MAX_REMEMBERED) this.#expired.delete(this.#expired.keys().next().value!)
  }

  #evict(): void {
    let victim: Socket | undefined
    let looked = 0
    for (const socket of this.#sockets.values()) {
      if (!victim || socket.lastNs < victim.lastNs) victim = socket
      if (++looked === EVICT_AMONG) break
    }
    this.#counters.evictedConnections++
    this.#stop(victim!)
  }

  #forget(socket: Socket): void {
    socket.updateStats(this.#stats)
    this.#held.remove(socket)
    this.#sockets.delete(socket.id)
    this.#watched.delete(socket)
    this.#unknown.delete(socket)
    this.#resting.delete(socket)
    if (socket instanceof UdpSocket) this.#datagrams.delete(socket)
  }

  #forgetOver(nowNs: number): void {
    for (const [id, { atNs }] of this.#over) {
      if (nowNs - atNs < this.#limits.rememberNs) break
      this.#over.delete(id)
    }
  }

  #retryLater(socket: Retried): void {
    const { retryNs, retryMaxNs } = this.#limits
    socket.backoffNs = Math.min(retryMaxNs, socket.backoffNs === 0 ? retryNs : 2 * socket.backoffNs)
    socket.retryNs = this.#nowNs + socket.backoffNs
    this.#unknown.add(socket)
  }
}
