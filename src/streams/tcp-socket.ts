/** A TCP connection as one of its ends sees it. */
import {
  type ByteAndShedTotals,
  type Direction,
  EVENT_DATA,
  EVENT_FOUND,
  RECEIVED,
  type SocketEvent,
  type Verdict,
} from '../events/socket-event'
import type { Protocol } from '../protocols/protocol'
import { ROLE_SERVER, ROLE_UNKNOWN } from '../records/types'
import { EMPTY } from './byte-stream'
import type { ConnStats } from './conn-stats'
import { End } from './end'
import type { Host, Silence } from './host'
import type { Followed, Retried, SharedState } from './shared-state'
import { type LeavesOut, type Place, Stream } from './stream'
import { fromClient, Turns } from './turns'
import type { Plaintext } from './unlinked'

/** Bytes of a peek at a connection that is only counted, where a message of a known protocol may begin: as much as of a new one. */
const PEEK_CAP = 1 << 20
/** The kernel's own bound for a call's data within TLS is the same. */
const CAPTURE_PLAIN: Verdict = { action: 'capture', cap: 1 << 20 }

export class TcpSocket implements Followed, Retried, Host, LeavesOut {
  readonly id: number
  readonly end: End
  lastNs: number
  heldBytes = 0
  isHolding = false
  watched = false
  retryNs = 0
  backoffNs = 0
  /** When its close was seen; data may still come for a while. 0: it is open. */
  endingNs = 0
  #totals: ByteAndShedTotals | undefined
  readonly #shared: SharedState
  /** Undefined while only bytes are counted: this would be most of a connection's memory, and many are only counted. */
  #wire: Stream | undefined
  /** What its TLS hides, where that can be had. */
  #plain: Stream | undefined
  /** The library's objects that it comes from, by direction: some libraries have one for each. */
  #tokens: Partial<Record<Direction, number>> | undefined
  /** The protocol of what its TLS carries, where the connection has said so. */
  #carried: string | undefined
  readonly #openedNs: number
  #pid = 0
  #startTicks = 0
  #isKnown = true
  readonly #isWhole: boolean
  #silence: Silence | undefined
  #isJoined = false
  #isResting = false
  /** Counts exchanges while the connection rests. */
  #turns: Turns | undefined
  /** Of the last call. */
  #direction: Direction | undefined
  /** It came back within an exchange. */
  #isWithin = false
  /** The kernel counts its exchanges by their frames. */
  #isFramed = false
  /** As many as the kernel has counted since it was shed. */
  #toldShed: number | undefined
  /** Bytes of a call that are captured. */
  #cap: number

  constructor(event: SocketEvent, shared: SharedState) {
    this.id = event.connId
    this.lastNs = this.#openedNs = event.timeNs
    this.#shared = shared
    const begins = placeOf(event)
    this.#isWhole = begins !== undefined && isFirst(event, begins)
    this.#cap = shared.defaultCap
    this.end = new End(event, event.role)
    const wire = this.#openWire(begins, this.#isWhole)
    this.#wire = wire
    if (event.kind === EVENT_FOUND) wire.talk.rests(event.timeNs)
    if (event.pid !== 0) this.#own(event)
  }

  get held(): number {
    return (this.#wire?.held ?? 0) + (this.#plain?.held ?? 0)
  }

  get unsure(): number {
    return (this.#wire?.talk.unsure ?? 0) + (this.#plain?.talk.unsure ?? 0)
  }

  data(event: SocketEvent): void {
    const { direction, timeNs, size, offset } = event
    const payload = this.#isResting ? EMPTY : event.payload
    this.lastNs = timeNs
    if (event.pid !== this.#pid || event.startTicks !== this.#startTicks) this.#own(event)
    this.end.moves(event)
    if (this.#isResting && this.#shared.isGated) {
      if (!this.#isFramed && this.#turns?.begins(event)) this.#shared.shedCounts.add(this.end, 1)
      return
    }
    this.#comesBack(event)
    this.#direction = direction
    this.#wire?.talk.calls(event)
    if (this.#isCounting && !this.#mayReturn(payload)) return
    if (this.#wire?.take(direction, offset, size, payload, timeNs)) this.watch()
  }

  /** Takes the plaintext within its TLS. From then on bytes on the wire are only counted. */
  plaintext({ token = 0, direction, offset, size, payload, timeNs, sinceNs }: Plaintext): void {
    this.lastNs = Math.max(this.lastNs, timeNs)
    // The library uses another object for the connection: that has offsets of its own.
    if (this.#plain && token !== (this.#tokens?.[direction] ?? token)) this.#endPlain(timeNs)
    if (!this.#plain) {
      this.end.encrypts(true)
      this.end.isReadWithin = true
      this.#shared.counters.readConnections++
      if (!this.#isCounting) this.#wire?.talk.isCarrier()
      const isSeen = this.#isWhole && (sinceNs === undefined || sinceNs < this.#openedNs)
      this.#plain = this.#openPlain(isSeen && offset === 0 && !this.#tokens)
      this.#tokens = {}
      if (this.#carried !== undefined) this.#plain.talk.expects(this.#carried)
    }
    if (this.#tokens) this.#tokens[direction] = token
    if (this.#plain.talk.isCounting) return
    if (this.#isResting) {
      if (this.#turns?.begins({ direction, role: this.end.role })) this.#shared.shedCounts.add(this.end, 1)
      return
    }
    if (this.#plain.take(direction, offset, size, payload, timeNs)) this.watch()
  }

  #endPlain(timeNs: number): void {
    this.#plain?.stop(timeNs)
    this.#plain = undefined
    this.#shared.setPlainVerdict(this.id, CAPTURE_PLAIN)
  }

  /** After a part of an exchange nothing is sure, until one begins. */
  #comesBack({ afterShed, isWithin, direction, role, timeNs }: SocketEvent): void {
    const isAsking = direction === fromClient(role)
    if (afterShed) this.#isWithin = isWithin
    // Its exchanges begin anywhere.
    if (this.#isFramed && !afterShed) return
    const begins = isAsking && (afterShed ? !isWithin : this.#isWithin && direction !== this.#direction)
    if (!afterShed && !begins) return
    if (begins) this.#isWithin = false
    this.#wire?.passOver(timeNs, begins, this.#toldShed)
    this.#toldShed = undefined
  }

  /** It comes back; so many exchanges were counted since it was shed. */
  hasCounted(exchanges: number): void {
    this.#toldShed = exchanges
  }

  /** Its bytes from here on are only counted. */
  passOver(timeNs: number): void {
    this.#wire?.passOver(timeNs, false, this.#toldShed ?? 0)
    this.#toldShed = undefined
  }

  /** The kernel's totals include bytes that came without events. */
  totals(totals: ByteAndShedTotals, nowNs: number): void {
    const { end } = this
    if (totals.bytesSent > end.bytesSent || totals.bytesReceived > end.bytesReceived) this.lastNs = nowNs
    end.told(totals)
    if (totals.shedExchanges === end.countedShed) return
    end.shedExchanges = totals.shedExchanges
    this.#shared.shedCounts.update(end)
    this.#counted()
  }

  /** An event that is no call names the owner; that holds until a call is seen. */
  owned(event: SocketEvent): void {
    if (event.pid !== 0 && this.#pid === 0) this.#own(event)
  }

  /** Its close was seen. Data of the current call comes later: `finish` ends it. */
  ending(timeNs: number, totals: ByteAndShedTotals | undefined): void {
    this.endingNs = timeNs
    this.#totals = totals
    if (totals && totals.shedExchanges > 0) this.#counted()
  }

  finish(nowNs: number): void {
    const timeNs = this.endingNs || nowNs
    if (this.#totals) this.totals(this.#totals, timeNs)
    this.end.ends()
    const { bytesSent, bytesReceived } = this.end
    this.#wire?.finish(timeNs, this.#totals ? { bytesSent, bytesReceived } : undefined)
    this.#plain?.finish(timeNs, undefined)
    this.#leaves(nowNs)
  }

  /** Nixie stops following the connection, which stays open as far as is known. */
  stop(nowNs: number): void {
    this.end.ends()
    this.#wire?.stop(nowNs)
    this.#plain?.stop(nowNs)
    this.#leaves(nowNs)
  }

  tick(nowNs: number): boolean {
    const wireWaits = this.#wire?.tick(nowNs) ?? false
    const plainWaits = this.#plain?.tick(nowNs) ?? false
    if (this.#wire?.talk.isCounting && this.#wire.held === 0) this.#wire = undefined
    this.watched = wireWaits || plainWaits
    return this.watched
  }

  /** Reads the connection anew, like one that was joined after its opening. */
  retry(): void {
    if (!this.#isCounting) return
    this.#silence = undefined
    this.end.encrypts(false)
    this.#wire ??= this.#openWire(undefined, false)
    this.#wire.restart()
    this.#cap = this.#shared.defaultCap
    this.#isFramed = false
    this.#shared.setVerdict(this.id, { action: 'capture', cap: this.#cap })
  }

  /** From here on bytes are only counted, until it goes on. False: that is so already. */
  rest(): boolean {
    if (this.#plain && !this.#plain.talk.isCounting) {
      this.#isResting = true
      this.#plain.passOver(this.lastNs, false, 0)
      this.#turns = new Turns(undefined)
      // Not `count`, which is for ever: the kernel would lose count of the bytes.
      this.#shared.setPlainVerdict(this.id, { action: 'capture', cap: 0 })
      return true
    }
    if (this.#isCounting) return false
    this.#isResting = true
    if (!this.#shared.isGated) {
      this.#shared.setVerdict(this.id, { action: 'count' })
      return true
    }
    this.passOver(this.lastNs)
    this.#turns = new Turns(this.#direction)
    this.#capture(true)
    return true
  }

  goOn(): void {
    this.#isResting = false
    if (this.#plain && !this.#plain.talk.isCounting) this.#shared.setPlainVerdict(this.id, CAPTURE_PLAIN)
    if (this.#isCounting) return
    this.#capture(false)
  }

  updateStats(stats: ConnStats): void {
    stats.update(this.end)
  }

  underWay(nowNs: number): void {
    this.#wire?.talk.underWay(nowNs)
    this.#plain?.talk.underWay(nowNs)
  }

  shed(): void {
    this.#wire?.shed()
    this.#plain?.shed()
  }

  giveUp(): void {
    this.#wire?.talk.giveUp()
    this.#plain?.talk.giveUp()
  }

  // ── Host ───────────────────────────────────────────────────────────────────

  speaks({ captureCap, encrypts, isFramed = false }: Protocol): void {
    this.#recorded()
    // What the kernel counts of an encrypted connection aren't exchanges.
    if (encrypts) this.#shared.shedCounts.saysNothing(this.end)
    else this.#shared.shedCounts.speaks(this.end)
    if (captureCap === this.#cap && isFramed === this.#isFramed) return
    this.#cap = captureCap
    this.#isFramed = isFramed
    this.#capture(false)
  }

  #capture(isShed: boolean): void {
    this.#shared.setVerdict(this.id, {
      action: 'capture',
      cap: this.#cap,
      ...(isShed && { isShed }),
      ...(this.#isFramed && { isFramed: true }),
    })
  }

  silent(why: Silence): void {
    const { counters } = this.#shared
    this.#silence = why
    this.#wire?.drop()
    // With rows that wait it stays: it will store or drop them.
    if (this.#wire?.held === 0) this.#wire = undefined
    if (why !== 'peer') this.#shared.shedCounts.saysNothing(this.end)
    if (this.end.encrypted && (why === 'encrypted' || why === 'peer')) counters.encryptedConnections++
    if (why === 'unknown') {
      if (this.#isKnown) counters.unknownConnections++
      this.#isKnown = false
      this.#shared.retryLater(this)
    }
    const count = { action: 'count' } as const
    this.#shared.setVerdict(this.id, why === 'unknown' ? { ...count, peek: PEEK_CAP } : count)
  }

  watch(): void {
    if (this.watched) return
    this.watched = true
    this.#shared.watch(this)
  }

  leaveOut(direction: Direction, until: number): void {
    this.#shared.leaveOut(this.id, direction, until)
  }

  isPeers(): boolean {
    return this.#shared.peers.has(this.end)
  }

  carries(protocol: string): void {
    this.#carried = protocol
  }

  // ───────────────────────────────────────────────────────────────────────────

  #leaves(nowNs: number): void {
    this.end.closed = true
    if (this.#isJoined) this.#shared.peers.leave(this.end, nowNs)
  }

  get #isCounting(): boolean {
    return this.#wire?.talk.isCounting ?? true
  }

  /** What the client's end has captured, as it was shed a moment later than this one, is counted here. */
  #counted(): void {
    if (this.end.role === ROLE_SERVER) this.#shared.peers.records(this.end)
  }

  #openWire(begins: Place | undefined, isWhole: boolean): Stream {
    return new Stream({
      end: this.end,
      transport: 'tcp',
      begins,
      isWhole,
      shared: this.#shared,
      host: this,
      kernel: this,
    })
  }

  #openPlain(isWhole: boolean): Stream {
    const host: Host = {
      speaks: () => this.#recorded(true),
      silent: () => {
        this.#plain?.drop()
        this.#shared.setPlainVerdict(this.id, { action: 'count' })
      },
      watch: () => this.watch(),
      isPeers: () => this.#shared.peers.has(this.end, true),
    }
    const { end } = this
    const begins = isWhole ? { received: 0, sent: 0 } : undefined
    return new Stream({ end, transport: 'tls', begins, isWhole, shared: this.#shared, host })
  }

  /** The protocol is known, and with it the end's role. */
  #recorded(isWithin = false): void {
    this.#join()
    if (this.end.role === ROLE_SERVER) this.#shared.peers.records(this.end, isWithin)
  }

  /** Looks whether a connection that is only counted has a known protocol after all. */
  #mayReturn(payload: Uint8Array): boolean {
    if (payload.length === 0 || this.#plain) return false
    if (this.#silence !== 'unknown' && this.#silence !== 'encrypted') return false
    const head = { bytes: payload, isOpening: false, from: undefined, ownPort: 0, peerPort: 0 }
    const isKnown = this.#shared.protocols.some((protocol) => {
      if (protocol.encrypts) return false
      const answer = protocol.recognise({ ...head, transport: 'tcp' })
      return typeof answer === 'object' && answer.sure
    })
    if (isKnown) this.retry()
    return isKnown
  }

  #own(event: SocketEvent): void {
    this.#pid = event.pid
    this.#startTicks = event.startTicks
    this.end.belongsTo(this.#shared.upidOf(event.pid, event.startTicks, event.comm))
    if (this.end.protocolCode === 0) this.end.takesRole(event.role)
    this.#join()
  }

  #join(): void {
    this.#isJoined = true
    this.#shared.peers.join(this.end)
  }
}

/** Where the connection stood before this event. All that is moved from there on is seen. */
function placeOf(event: SocketEvent): Place | undefined {
  const { kind, direction, offset, sentOffset, firstReceived, firstSent, role } = event
  if (kind !== EVENT_DATA)
    return sentOffset === undefined ? undefined : { received: offset, sent: sentOffset }
  // Its opening was before Nixie, or was lost, but nothing was said before this: what the other end did is found missing.
  const isBeginning = offset === (direction === RECEIVED ? firstReceived : firstSent)
  return isBeginning && role !== ROLE_UNKNOWN ? { received: firstReceived, sent: firstSent } : undefined
}

const isFirst = ({ kind, firstReceived, firstSent, role }: SocketEvent, { received, sent }: Place): boolean =>
  kind !== EVENT_FOUND || (role !== ROLE_UNKNOWN && received === firstReceived && sent === firstSent)
