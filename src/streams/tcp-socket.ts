/** A TCP connection as one of its ends sees it: bytes in the order of their sequence numbers. */
import { RECEIVED, SENT, type SocketEvent } from '../events/socket-event'
import type { Protocol } from '../protocols/protocol'
import { ROLE_SERVER } from '../records/types'
import type { ConnStats } from './conn-stats'
import { End } from './end'
import { Sequencer } from './sequencer'
import type { Followed, Moved, Reprobed, Surroundings } from './surroundings'
import { type Host, type Silence, Talk } from './talk'

/** Bytes per call that tell what a connection speaks. */
const PROBE_CAP = 4096
/** An event ahead of its stream waits so long for the missing one. */
const HELD_NS = 5e6

export class TcpSocket implements Followed, Reprobed, Host {
  readonly id: number
  readonly end: End
  lastNs: number
  heldBytes = 0
  watched = false
  reprobeNs = 0
  backoffNs = 0
  /** When its close was seen; what is still to come is waited for. 0: it is open. */
  endingNs = 0
  /** When it was finished. */
  endedNs = 0
  #totals: Moved | undefined
  readonly #shared: Surroundings
  readonly #talk: Talk
  readonly #received: Sequencer
  readonly #sent: Sequencer
  #pid = 0
  #startTicks = 0
  #isKnown = true
  #silence: Silence | undefined
  #isJoined = false

  /** `isWhole`: made by the event of its opening. */
  constructor(event: SocketEvent, isWhole: boolean, shared: Surroundings) {
    this.id = event.connId
    this.lastNs = event.timeNs
    this.#shared = shared
    this.end = new End(event, event.role)
    const knowsStart = isWhole && event.sentOffset !== undefined
    this.#talk = new Talk(this.end, 'tcp', knowsStart, shared, this)
    this.#received = new Sequencer(this.#talk.received, this.#talk)
    this.#sent = new Sequencer(this.#talk.sent, this.#talk)
    if (knowsStart) {
      this.#received.begin(event.offset)
      this.#sent.begin(event.sentOffset!)
    }
    if (event.pid !== 0) this.#own(event)
  }

  get held(): number {
    return this.#talk.held + this.#received.held + this.#sent.held
  }

  data(event: SocketEvent): void {
    const { direction, timeNs, size } = event
    this.lastNs = timeNs
    if (event.pid !== this.#pid || event.startTicks !== this.#startTicks) this.#own(event)
    if (direction === SENT) this.end.bytesSent += size
    else this.end.bytesReceived += size
    if (this.#talk.isCounting && !this.#mayReturn(event)) return
    const stream = direction === RECEIVED ? this.#received : this.#sent
    const opposite = direction === RECEIVED ? this.#sent : this.#received
    if (opposite.holds) opposite.flush()
    stream.take(event.offset, size, event.payload, timeNs)
    if (stream.holds) this.watch()
  }

  /** The kernel's totals include what it didn't send us. */
  totals(sent: number, received: number, nowNs: number): void {
    const { end } = this
    if (sent > end.bytesSent || received > end.bytesReceived) this.lastNs = nowNs
    if (sent > end.bytesSent) end.bytesSent = sent
    if (received > end.bytesReceived) end.bytesReceived = received
  }

  /** Its close was seen. What the call under way moves comes later: `finish` ends it. */
  ending(timeNs: number, totals: Moved | undefined): void {
    this.endingNs = timeNs
    this.#totals = totals
  }

  /** Bytes that come when it is finished: they count, and say nothing more. */
  late({ direction, size }: SocketEvent): void {
    if (direction === SENT) this.end.bytesSent += size
    else this.end.bytesReceived += size
  }

  finish(timeNs: number): void {
    this.#received.flush()
    this.#sent.flush()
    if (this.#totals) {
      this.totals(this.#totals.bytesSent, this.#totals.bytesReceived, timeNs)
      if (!this.#talk.isCounting) {
        this.#received.end(this.end.bytesReceived, timeNs)
        this.#sent.end(this.end.bytesSent, timeNs)
      }
    }
    this.#talk.close(this.endingNs || timeNs, this.#totals !== undefined)
    this.end.closed = true
    this.endedNs = timeNs
    if (this.#isJoined) this.#shared.peers.leave(this.end, timeNs)
  }

  tick(nowNs: number): boolean {
    for (const stream of [this.#received, this.#sent])
      if (stream.holds && nowNs - stream.lastNs > HELD_NS) stream.flush()
    const waits = this.#talk.tick(nowNs)
    this.watched = waits || this.#received.holds || this.#sent.holds
    return this.watched
  }

  /** Looks at the connection anew, as one that was joined under way. */
  reprobe(): void {
    if (!this.#talk.isCounting) return
    this.#restart()
    this.#shared.setVerdict(this.id, { action: 'capture', cap: this.#shared.defaultCap ?? PROBE_CAP })
  }

  updateStats(stats: ConnStats): void {
    stats.update(this.end)
  }

  underWay(nowNs: number): void {
    this.#talk.underWay(nowNs)
  }

  shed(): void {
    this.#received.drop()
    this.#sent.drop()
    this.#talk.shed()
  }

  // ── Host ───────────────────────────────────────────────────────────────────

  speaks({ captureCap }: Protocol): void {
    const { peers, defaultCap, setVerdict } = this.#shared
    this.#join()
    if (this.end.role === ROLE_SERVER) peers.records(this.end)
    if (captureCap !== defaultCap) setVerdict(this.id, { action: 'capture', cap: captureCap })
  }

  silent(why: Silence): void {
    const { counters } = this.#shared
    this.#silence = why
    this.#received.drop()
    this.#sent.drop()
    if (why === 'encrypted') counters.encryptedConnections++
    if (why === 'unknown') {
      if (this.#isKnown) counters.unknownConnections++
      this.#isKnown = false
      this.#shared.reprobeLater(this)
    }
    this.#shared.setVerdict(this.id, { action: 'count' })
  }

  watch(): void {
    if (this.watched) return
    this.watched = true
    this.#shared.watch(this)
  }

  isPeers(): boolean {
    return this.#shared.peers.has(this.end)
  }

  // ───────────────────────────────────────────────────────────────────────────

  /** Bytes of a connection that is only counted: does it speak something that is known after all? */
  #mayReturn({ payload }: SocketEvent): boolean {
    if (payload.length === 0 || (this.#silence !== 'unknown' && this.#silence !== 'encrypted')) return false
    const isKnown = this.#shared.protocols.some((protocol) => {
      const answer = protocol.recognise({
        bytes: payload,
        transport: 'tcp',
        isOpening: false,
        from: undefined,
        ownPort: 0,
        peerPort: 0,
      })
      return typeof answer === 'object' && answer.sure
    })
    if (isKnown) this.reprobe()
    return isKnown
  }

  #restart(): void {
    this.#silence = undefined
    this.end.encrypted = false
    this.#talk.restart()
    this.#received.restart()
    this.#sent.restart()
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
