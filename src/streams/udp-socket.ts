/** A datagram socket: one conversation with each remote end, each datagram a message of its own. */
import {
  type ByteAndShedTotals,
  type ByteTotals,
  RECEIVED,
  SENT,
  type SocketEvent,
} from '../events/socket-event'
import type { Protocol } from '../protocols/protocol'
import { ROLE_SERVER } from '../records/types'
import type { ConnStats } from './conn-stats'
import { End } from './end'
import type { Host, Silence } from './host'
import type { Followed, Retried, SharedState } from './shared-state'
import { Talk } from './talk'
import { fromClient } from './turns'

interface Remote {
  readonly end: End
  readonly talk: Talk
  lastNs: number
  /** Bytes of memory that wait here, as last added up. */
  heldBytes: number
}

/** Of this many of the oldest remote ends, one without waiting data is removed first. */
const EVICT_AMONG = 64
/** After so many datagrams of which nothing can be read a socket is only counted again. */
const MAX_IDLE = 256

export class UdpSocket implements Followed, Retried {
  readonly id: number
  lastNs: number
  heldBytes = 0
  isHolding = false
  watched = false
  retryNs = 0
  backoffNs = 0
  readonly #shared: SharedState
  readonly #remotes = new Map<string, Remote>()
  /** Remote ends for which passing time may decide something. */
  readonly #waiting = new Set<Remote>()
  #held = 0
  #pid = 0
  #startTicks = 0
  #upid = ''
  #sent = 0
  #received = 0
  /** The kernel's counts at the last look, and whether it sent no events then. */
  #told: ByteTotals = { bytesSent: 0, bytesReceived: 0 }
  #wasCounting = false
  #shedExchanges = 0
  #isCounting = false
  #isKnown = false
  /** Datagrams of ends of which nothing can be read, since it was last only counted. */
  #idle = 0
  /** One of its ends that answers requests, if there is one. */
  #server: End | undefined
  #isResting = false
  /** Bytes of a datagram that are captured at most. */
  #cap: number

  constructor(event: SocketEvent, shared: SharedState) {
    this.id = event.connId
    this.lastNs = event.timeNs
    this.#shared = shared
    this.#cap = shared.defaultCap
  }

  get held(): number {
    return this.#held
  }

  /** None: answers in datagrams carry the id of their question, so it is always sure which one that is. */
  get unsure(): number {
    return 0
  }

  data(event: SocketEvent): void {
    const { direction, timeNs, size, payload } = event
    this.lastNs = timeNs
    if (event.pid !== this.#pid || event.startTicks !== this.#startTicks) this.#own(event)
    if (event.afterShed) this.passOver(timeNs)
    const remote = this.#remoteOf(event)
    const { end, talk } = remote
    remote.lastNs = timeNs
    end.moves(event)
    if (direction === SENT) this.#sent += size
    else this.#received += size
    if (this.#isResting && this.#shared.isGated && direction === fromClient(end.role))
      this.#shared.shedCounts.add(end, 1)
    if (this.#isCounting || this.#isResting) return
    this.#identify(end, event)
    talk.datagram(direction === RECEIVED ? talk.received : talk.sent, payload, size, timeNs)
    this.#addUp(remote)
    if (end.encrypted && talk.isCounting && ++this.#idle >= MAX_IDLE) this.#countOnly('encrypted')
  }

  /** The answers to waiting requests will not be seen. */
  passOver(timeNs: number): void {
    for (const remote of this.#remotes.values()) {
      remote.talk.passOver(timeNs, false, undefined)
      this.#addUp(remote)
    }
  }

  /**
   * Counts without events are added to the newest remote end. Their events may still come, unless the socket is only counted,
   * or this is the last look: so only the counts of the look before are taken. Shed exchanges have no events.
   */
  totals(
    { bytesSent, bytesReceived, shedExchanges }: ByteAndShedTotals,
    nowNs: number,
    isLast = false,
  ): void {
    const before = this.#told
    const isAll = isLast || (this.#isCounting && this.#wasCounting)
    this.#told = { bytesSent, bytesReceived }
    this.#wasCounting = this.#isCounting
    if (bytesSent > Math.max(before.bytesSent, this.#sent)) this.lastNs = nowNs
    if (bytesReceived > Math.max(before.bytesReceived, this.#received)) this.lastNs = nowNs
    this.#miss(isAll ? this.#told : before)
    this.#countShed(shedExchanges)
  }

  /** Of the newest one that has a name, as answers may be read without asking for the sender. */
  get #newest(): End | undefined {
    const remotes = [...this.#remotes.values()]
    return (remotes.findLast(({ end }) => !end.isNameless) ?? remotes.at(-1))?.end
  }

  #countShed(shedExchanges: number): void {
    const end = this.#newest
    const more = shedExchanges - this.#shedExchanges
    if (!end || more <= 0) return
    this.#shedExchanges = shedExchanges
    end.shedExchanges += more
    this.#shared.shedCounts.update(end)
  }

  #miss({ bytesSent, bytesReceived }: ByteTotals): void {
    const missed = {
      bytesSent: Math.max(0, bytesSent - this.#sent),
      bytesReceived: Math.max(0, bytesReceived - this.#received),
    }
    if (missed.bytesSent + missed.bytesReceived === 0) return
    this.#sent += missed.bytesSent
    this.#received += missed.bytesReceived
    this.#newest?.missed(missed)
  }

  /** Goes on where an expired socket stopped: its counts are already in the rows. */
  resume({ bytesSent, bytesReceived, shedExchanges }: ByteAndShedTotals): void {
    this.#shedExchanges = shedExchanges
    this.#sent = bytesSent
    this.#received = bytesReceived
  }

  get moved(): ByteAndShedTotals {
    return { bytesSent: this.#sent, bytesReceived: this.#received, shedExchanges: this.#shedExchanges }
  }

  /** `isOver`: the socket is closed; otherwise it had no data for long, and may go on. */
  finish(nowNs: number, isOver: boolean): void {
    for (const remote of this.#remotes.values()) this.#close(remote, nowNs)
    this.#remotes.clear()
    this.#servesNoMore()
    if (!isOver && this.#isCounting) this.retry()
  }

  /** Nixie stops following the socket, which is still open. */
  stop(nowNs: number): void {
    for (const remote of this.#remotes.values()) {
      remote.talk.stop(nowNs, true)
      this.#close(remote, nowNs)
    }
    this.#remotes.clear()
    this.#servesNoMore()
  }

  tick(nowNs: number): boolean {
    for (const remote of this.#waiting) {
      if (!remote.talk.tick(nowNs)) this.#waiting.delete(remote)
      this.#addUp(remote)
    }
    this.watched = this.#waiting.size > 0
    return this.watched
  }

  /** Remote ends without data for long are taken for closed. */
  expire(nowNs: number): void {
    for (const [key, remote] of this.#remotes) {
      if (nowNs - remote.lastNs < this.#shared.limits.datagramIdleNs) continue
      this.#remotes.delete(key)
      this.#close(remote, nowNs)
    }
  }

  retry(): void {
    this.#isCounting = false
    // What is encrypted stays so.
    for (const { end, talk } of this.#remotes.values()) if (!end.encrypted) talk.restart()
    this.#isKnown = false
    this.#cap = this.#shared.defaultCap
    this.#shared.setVerdict(this.id, { action: 'capture', cap: this.#cap })
  }

  /** From here on bytes are only counted, until it goes on. False: that is so already. */
  rest(): boolean {
    if (this.#isCounting) return false
    this.#isResting = true
    if (!this.#shared.isGated) {
      this.#shared.setVerdict(this.id, { action: 'count' })
      return true
    }
    this.passOver(this.lastNs)
    this.#shared.setVerdict(this.id, { action: 'capture', cap: this.#cap, isShed: true })
    return true
  }

  goOn(): void {
    this.#isResting = false
    if (!this.#isCounting) this.#shared.setVerdict(this.id, { action: 'capture', cap: this.#cap })
  }

  updateStats(stats: ConnStats): void {
    for (const { end } of this.#remotes.values()) stats.update(end)
  }

  underWay(nowNs: number): void {
    for (const { talk, heldBytes } of this.#remotes.values()) if (heldBytes > 0) talk.underWay(nowNs)
  }

  shed(): void {
    for (const remote of this.#remotes.values()) this.#shed(remote)
  }

  giveUp(): void {
    for (const { talk } of this.#remotes.values()) talk.giveUp()
  }

  // ───────────────────────────────────────────────────────────────────────────

  #remoteOf(event: SocketEvent): Remote {
    const key = `${event.remotePort}:${event.remoteAddr}`
    const known = this.#remotes.get(key)
    if (known) return known
    if (this.#remotes.size >= this.#shared.limits.remotes) this.#evict(event.timeNs)
    const end = new End(event, event.role)
    end.belongsTo(this.#upid)
    const host: Host = {
      speaks: (protocol) => this.#speaks(end, protocol),
      silent: (why) => this.#silent(why),
      watch: () => this.#watch(remote),
      isPeers: () => this.#isPeers(end),
    }
    const talk = new Talk(end, 'udp', true, this.#shared, host)
    const remote: Remote = { end, talk, lastNs: event.timeNs, heldBytes: 0 }
    this.#remotes.set(key, remote)
    return remote
  }

  /** A client's datagram is the same at both ends. The role of an end without known messages can only be guessed. */
  #identify(end: End, { direction, payload }: SocketEvent): void {
    const isKnown = end.protocolCode !== 0
    if (isKnown && (end.role === ROLE_SERVER) !== (direction === RECEIVED)) return
    end.hears(`=${payload.length}:${Bun.hash(payload)}`)
    if (!isKnown || this.#shared.peers.has(end)) return
    this.#meet(end)
  }

  #meet(end: End): void {
    const { peers } = this.#shared
    peers.join(end)
    if (end.role === ROLE_SERVER) peers.records(end)
  }

  /** With a gate, a socket of this node has the exchange in its rows or in its counts. */
  #isPeers(end: End): boolean {
    const { peers, isGated } = this.#shared
    return peers.has(end) || (isGated && peers.isServedHere(end))
  }

  #serves(end: End): void {
    if (this.#server || end.role !== ROLE_SERVER) return
    this.#server = end
    this.#shared.peers.serves(end, 1)
  }

  #servesNoMore(): void {
    if (this.#server) this.#shared.peers.serves(this.#server, -1)
    this.#server = undefined
  }

  #speaks(end: End, { captureCap }: Protocol): void {
    this.#meet(end)
    this.#serves(end)
    this.#shared.shedCounts.speaks(end)
    if (this.#isKnown) return
    this.#isKnown = true
    if (captureCap === this.#cap) return
    this.#cap = captureCap
    this.#shared.setVerdict(this.id, { action: 'capture', cap: captureCap })
  }

  /**
   * A socket without a known protocol at any remote end is only counted; a single unknown end may be noise. So is one of whose ends
   * nothing more can be read, as it is encrypted.
   */
  #silent(why: Silence): void {
    if (why === 'unknown' && !this.#isKnown) this.#countOnly('unknown')
    else if (why === 'encrypted') this.#countOnly('encrypted')
  }

  #countOnly(why: Silence): void {
    if (this.#isCounting) return
    for (const { talk } of this.#remotes.values()) if (!talk.isCounting) return
    if (why === 'unknown') this.#shared.counters.unknownConnections++
    this.#isCounting = true
    this.#idle = 0
    this.#shared.setVerdict(this.id, { action: 'count' })
    this.#shared.retryLater(this)
  }

  #watch(remote: Remote): void {
    this.#waiting.add(remote)
    if (this.watched) return
    this.watched = true
    this.#shared.watch(this)
  }

  #addUp(remote: Remote): void {
    const { held } = remote.talk
    this.#held += held - remote.heldBytes
    remote.heldBytes = held
  }

  #shed(remote: Remote): void {
    remote.talk.shed()
    this.#addUp(remote)
  }

  #evict(nowNs: number): void {
    let [key, remote] = this.#remotes.entries().next().value!
    let looked = 0
    for (const each of this.#remotes) {
      if (each[1].heldBytes === 0) {
        ;[key, remote] = each
        break
      }
      if (++looked === EVICT_AMONG) break
    }
    this.#remotes.delete(key)
    // Requests that wait here may still be answered, so they can't be called unanswered.
    this.#shed(remote)
    this.#close(remote, nowNs)
  }

  #close(remote: Remote, nowNs: number): void {
    const { end, talk } = remote
    talk.close(nowNs, true)
    this.#addUp(remote)
    this.#waiting.delete(remote)
    end.closed = true
    this.#shared.peers.leave(end, nowNs)
    this.#shared.closed(end)
  }

  #own(event: SocketEvent): void {
    this.#pid = event.pid
    this.#startTicks = event.startTicks
    this.#upid = this.#shared.upidOf(event.pid, event.startTicks, event.comm)
    for (const { end } of this.#remotes.values()) end.belongsTo(this.#upid)
  }
}
