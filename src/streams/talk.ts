/** The exchange between two ends: finds its protocol, and lets a conversation of that protocol read the bytes. */
import type { SocketEvent } from '../events/socket-event'
import {
  ENCRYPTED,
  type Opening,
  otherSide,
  type Protocol,
  type Side,
  type Transport,
} from '../protocols/protocol'
import { ROLE_CLIENT, ROLE_SERVER } from '../records/types'
import { EMPTY } from './byte-stream'
import type { End } from './end'
import { FirstRows } from './first-rows'
import { Half } from './half'
import type { Host, Silence } from './host'
import { type Departure, Reader, type ReadResult } from './reader'
import type { Found } from './recognise'
import type { Receiver } from './sequencer'
import type { SharedState } from './shared-state'
import { TalkLink } from './talk-link'
import { looksLikeTls } from './tls'
import { protocolNamed } from './tunnel'
import { Unrecognised } from './unrecognised'

/** How often a connection may change its protocol: endless tunnels within tunnels are not read. */
const MAX_HAND_OVERS = 8
/** When nothing came for so long, a message isn't waited for. */
const WHOLE_NS = 1e9

export class Talk implements Receiver {
  readonly received: Half
  readonly sent: Half
  readonly #end: End
  readonly #shared: SharedState
  readonly #host: Host
  readonly #link: TalkLink
  #protocol: Protocol | undefined
  #isCounting = false
  /** The other end records this connection. */
  #isLeft = false
  #reader: Reader | undefined
  readonly #unrecognised: Unrecognised
  #handOvers = 0
  /** What its data is of, as was said before it turned to TLS. */
  #expected: Protocol | undefined

  /** `isWhole`: the connection's opening was seen. */
  constructor(end: End, transport: Transport, isWhole: boolean, shared: SharedState, host: Host) {
    this.#end = end
    this.#shared = shared
    this.#host = host
    this.received = new Half(isWhole)
    this.sent = new Half(isWhole)
    this.#link = new TalkLink(end, transport, isWhole, shared)
    this.#unrecognised = new Unrecognised(end, transport, shared)
  }

  get isCounting(): boolean {
    return this.#isCounting
  }

  /** Bytes of memory that wait here. */
  get held(): number {
    return (
      this.received.bytes.length +
      this.sent.bytes.length +
      (this.#reader?.conversation.held ?? 0) +
      (this.#link.firstRows?.held ?? 0)
    )
  }

  /** Answers that wait until it is sure which request each belongs to. */
  get unsure(): number {
    return this.#reader?.conversation.unsure ?? 0
  }

  get #isHolding(): boolean {
    return this.received.length + this.sent.length > 0
  }

  get #isUndecided(): boolean {
    return this.#reader?.conversation.isUndecided ?? false
  }

  // ── Receiver ───────────────────────────────────────────────────────────────

  bytes(half: Half, payload: Uint8Array, timeNs: number): void {
    if (this.#isCounting) return
    if (!this.#reader) this.#takeUnrecognised(half, payload, timeNs)
    else if (this.#host.isPeers()) this.#leaveToPeer()
    else this.#follow(this.#reader.bytes(half, payload, timeNs), timeNs)
  }

  missing(half: Half, bytes: number, timeNs: number): void {
    if (this.#isCounting) return
    this.#link.isWhole = false
    this.#link.isAtTurn = false
    this.#link.restingNs = undefined
    if (this.#reader) {
      this.#follow(this.#reader.missing(half, bytes, timeNs), timeNs)
      return
    }
    half.clear()
    half.isOpening = false
    half.unseen += bytes
    this.#link.loses()
  }

  /** Data of both sides is missing, but not lost: the kernel counted its exchanges. `begins`: the next bytes begin an exchange. */
  passOver(timeNs: number, begins: boolean, counted: number | undefined): void {
    if (this.#isCounting) return
    this.#link.isWhole = false
    this.#link.isAtTurn = begins
    this.#link.restingNs = undefined
    if (this.#reader) {
      this.#follow(this.#reader.passOver(timeNs, begins, counted), timeNs)
      return
    }
    for (const half of [this.received, this.sent]) half.restart()
  }

  /** Takes a datagram; no part of it waits for the next one. */
  datagram(half: Half, payload: Uint8Array, size: number, timeNs: number): void {
    if (this.#isCounting && !this.#isTakenBack()) return
    if (!this.#reader && !this.#recogniseDatagram(half, payload)) return
    if (this.#host.isPeers()) this.#leaveToPeer()
    else this.#follow(this.#reader!.datagram(half, payload, size, timeNs), timeNs)
  }

  /** Both ends are silent from now on, until the next bytes come. */
  rests(timeNs: number): void {
    this.#link.restingNs = timeNs
  }

  /** What the kernel says of the call that moved the bytes which follow. */
  calls({ unread, awake, timeNs }: Pick<SocketEvent, 'unread' | 'awake' | 'timeNs'>): void {
    if (unread) this.#link.unreadNs = timeNs
    if (!awake) this.#link.asleepNs = timeNs
  }

  /** Bytes of this half still to come that won't be needed. */
  unwanted(half: Half): number {
    return this.#reader?.unwanted(half) ?? 0
  }

  // ── Life ───────────────────────────────────────────────────────────────────

  /** Reads the connection anew, like one that was joined after its opening. */
  restart(): void {
    this.#unrecognised.forgetRefused()
    this.#restart()
  }

  #restart(): void {
    this.#isCounting = false
    this.#link.isWhole = false
    this.#link.isAtTurn = false
    this.#link.restingNs = undefined
    this.#unrecognised.beginAnew()
    this.received.restart()
    this.sent.restart()
  }

  /** True while passing time may decide something. */
  tick(nowNs: number): boolean {
    this.#tickHalf(this.received, nowNs)
    this.#tickHalf(this.sent, nowNs)
    if (this.#reader?.isPending) this.#follow(this.#reader.resume(nowNs), nowNs)
    if (this.#isUndecided && !this.#isLeftToPeer()) this.#reader!.conversation.settle(nowNs, false)
    return this.#rowsWait(nowNs) || this.#isUndecided || this.#isHolding
  }

  /** The data is of the protocol with this name, from its first byte on. */
  expects(name: string): void {
    this.#expected = this.#named(name)
  }

  /** What its TLS carries is read elsewhere. Only its handshake still says something. */
  isCarrier(): void {
    if (!this.#reader || !this.#protocol?.encrypts) this.count('encrypted')
  }

  /** Nixie stops following the connection, which stays open. */
  stop(timeNs: number, isKnown: boolean): void {
    this.#link.goesOn = true
    this.close(timeNs, isKnown)
  }

  /** `isKnown`: every byte up to the end was read or is known to be missing. */
  close(timeNs: number, isKnown: boolean): void {
    this.#isLeftToPeer()
    for (const half of [this.received, this.sent]) this.#takesWhole(half, timeNs)
    if (this.#reader && !this.#isCounting) {
      const first = this.received.side === 'client' ? this.received : this.sent
      this.#finish(first, timeNs)
      this.#finish(first === this.received ? this.sent : this.received, timeNs)
    }
    if (this.#reader && !this.#isCounting) {
      // It isn't known what would have come, so a pair that waits for confirmation is not confirmed.
      if (!isKnown) this.#reader.conversation.gap('client', Number.POSITIVE_INFINITY, timeNs)
      if (this.#end.role === ROLE_CLIENT && this.#end.bytesReceived === 0)
        this.#link.lastRows = this.#shared.lateRows.sinkFor(this.#end, this.#shared.nowNs)
      this.#reader.conversation.settle(timeNs, true)
    }
    this.#leave()
    this.#link.firstRows?.release()
    this.#isCounting = true
  }

  /** Appends rows of the running exchanges. */
  underWay(nowNs: number): void {
    this.#isLeftToPeer()
    this.#reader?.conversation.underWay?.(nowNs, this.#shared.liveSink)
  }

  /** Gives up waiting data: its memory is needed elsewhere. */
  shed(): void {
    this.#link.firstRows?.release()
    if (!this.#reader) {
      for (const half of [this.received, this.sent]) this.#forget(half)
      return
    }
    this.#reader.conversation.shed()
    for (const half of [this.received, this.sent]) this.#reader.reset(half, this.#shared.nowNs)
  }

  /** Treats the connection as one of an unknown protocol: its conversation failed, and can't be trusted to end in order. */
  giveUp(): void {
    this.#reader = undefined
    this.#link.firstRows?.drop()
    if (!this.#isCounting) this.count('left')
  }

  /** From here on bytes are only counted. */
  count(why: Silence): void {
    this.#leave()
    this.#isCounting = true
    this.#host.silent(why)
  }

  // ── Recognition ───────────────────────────────────────────────────────────

  #takeUnrecognised(half: Half, payload: Uint8Array, timeNs: number): void {
    if (half.length === 0 && this.#takesWhole(half === this.received ? this.sent : this.received, timeNs)) {
      this.bytes(half, payload, timeNs)
      return
    }
    this.#unrecognised.takes(payload.length)
    if (half.length > 0) half.append(payload, timeNs)
    const bytes = half.length > 0 ? half.bytes.subarray(half.start, half.end) : payload
    if (this.#expected) {
      this.#begins(this.#expected, half, payload, timeNs)
      return
    }
    const isTls = this.#link.transport === 'tcp' && looksLikeTls(bytes, half.isOpening)
    const isReceived = half === this.received
    const found = this.#unrecognised.look(half, bytes, { isReceived, newest: payload.length, isTls })
    if (isTls && found === 'nothing') {
      this.#isEncrypted()
      return
    }
    if (typeof found === 'object') {
      this.#adoptFound(found, half, payload, timeNs)
      return
    }
    if (half.length === 0) half.append(payload, timeNs)
    this.#host.watch()
    this.#link.restingNs = undefined
    if (this.#unrecognised.isEnough) this.#giveUp()
  }

  /** `payload`: the newest bytes; they wait in `half` if others came before them. */
  #adoptFound(found: Found, half: Half, payload: Uint8Array, timeNs: number): void {
    if (found.at > 0) this.#link.isWhole = false
    // Nothing was said on the connection before its first byte.
    if (found.at > 0 || !this.#unrecognised.isFirst || found.side !== 'client')
      this.#link.restingNs = undefined
    const rest = half.length > 0 ? EMPTY : payload.subarray(found.at)
    if (half.length > 0) half.consume(half.start + found.at)
    this.#adopt(found.protocol, found.side, half, rest, timeNs)
  }

  /** No more comes of what waits in `half`. Whether it is a message of a likely protocol, and was taken. */
  #takesWhole(half: Half, timeNs: number): boolean {
    if (half.length === 0 || this.#reader || this.#isCounting || this.#expected) return false
    const found = this.#unrecognised.whole(half, half === this.received)
    if (found) this.#adoptFound(found, half, EMPTY, timeNs)
    return found !== undefined
  }

  /** Joined after its handshake, or within one that isn't read. */
  #isEncrypted(): void {
    this.#end.encrypts(true)
    this.#end.protocolCode = this.#shared.protocols.find(({ encrypts }) => encrypts)?.code ?? 0
    this.#hides(Number.POSITIVE_INFINITY)
  }

  /** `before`: bytes of the client's that were encrypted already. */
  #hides(before: number): void {
    // What is within datagrams is never read, and nobody is told to do anything about it.
    if (this.#link.transport !== 'udp') this.#end.hides(before)
    this.count('encrypted')
  }

  /** The connection has told what this is. */
  #begins(protocol: Protocol, half: Half, payload: Uint8Array, timeNs: number): void {
    this.#expected = undefined
    this.#adopt(
      protocol,
      this.#unrecognised.speaker(half === this.received) ?? 'client',
      half,
      payload,
      timeNs,
    )
  }

  #recogniseDatagram(half: Half, payload: Uint8Array): boolean {
    const isReceived = half === this.received
    const found = this.#unrecognised.look(half, payload, { isReceived, newest: payload.length })
    if (typeof found === 'object' && found.at === 0) {
      this.#open(found.protocol, found.side, half)
      return true
    }
    this.#unrecognised.takes(payload.length)
    if (this.#unrecognised.areEnoughDatagrams) this.#giveUp()
    return false
  }

  /** `half` is the `side` of this protocol; its data is `rest`, or what waits of it. */
  #adopt(
    protocol: Protocol,
    side: Side,
    half: Half,
    rest: Uint8Array,
    timeNs: number,
    opening?: Opening,
  ): void {
    const reader = this.#open(protocol, side, half, opening)
    const opposite = half === this.received ? this.sent : this.received
    if (this.#host.isPeers()) {
      this.#leaveToPeer()
      return
    }
    for (const each of [half, opposite]) {
      if (each.unseen > 0) reader.countGap(each.unseen)
      each.unseen = 0
    }
    // The other end's waiting data is older. In a connection joined after its opening it may begin within a message.
    if (!this.#link.isWhole && !opening) opposite.lost = true
    if (opposite.length > 0) this.#follow(reader.bytes(opposite, EMPTY, timeNs), timeNs)
    if (this.#reader === reader) this.#follow(reader.bytes(half, rest, timeNs), timeNs)
  }

  #open(protocol: Protocol, side: Side, half: Half, opening?: Opening): Reader {
    const opposite = half === this.received ? this.sent : this.received
    half.side = side
    opposite.side = otherSide(side)
    this.#end.takesRole((half === this.received) === (side === 'client') ? ROLE_SERVER : ROLE_CLIENT)
    this.#end.protocolCode = protocol.code
    if (protocol.encrypts) this.#end.encrypts(true)
    if (this.#link.transport === 'tcp') this.#places()
    if (this.#end.role === ROLE_CLIENT && !this.#link.firstRows) {
      this.#link.firstRows = new FirstRows(this.#shared.sink, this.#shared.nowNs)
      this.#host.watch()
    }
    this.#reader = new Reader(protocol.open(this.#link, opening), [half, opposite], this.#shared)
    this.#protocol = protocol
    this.#host.speaks(protocol)
    return this.#reader
  }

  /** Where both streams began, as the end knows with its role. */
  #places(): void {
    if (this.#end.isDatagrams) return
    this.received.first = this.#end.firstReceived
    this.sent.first = this.#end.firstSent
  }

  // ── What becomes of it ─────────────────────────────────────────────────────

  #follow(outcome: ReadResult, timeNs: number): void {
    if (outcome === 'mistaken') this.#mistaken()
    else if (outcome !== undefined) this.#handOver(outcome, timeNs)
    else if (this.#isHolding || this.#isUndecided) this.#host.watch()
  }

  /** The next bytes are read as if this protocol didn't exist. */
  #mistaken(): void {
    this.#reader!.conversation.shed()
    this.#leave()
    this.#end.protocolCode = 0
    if (this.#protocol!.encrypts) this.#end.encrypts(false)
    if (this.#unrecognised.refuses(this.#protocol!)) this.#restart()
    else this.#giveUp()
  }

  #handOver({ next, within, opening, half, rest }: Departure, timeNs: number): void {
    const opposite = half === this.received ? this.sent : this.received
    const { side } = half
    this.#reader!.conversation.settle(timeNs, false)
    const waiting = opposite.bytes.slice(opposite.start, opposite.end)
    this.#leave()
    this.#unrecognised.beginAnew()
    this.#unrecognised.forgetRefused()
    for (const each of [half, opposite]) {
      // Where the other side's bytes begin that are the next protocol's isn't known if its last ones weren't read.
      each.lost = each.lost && opening !== undefined
      each.isOpening = this.#link.isWhole
    }
    if (waiting.length > 0) opposite.append(waiting, timeNs)
    if (within !== undefined) this.#host.carries?.(within)
    const protocol = this.#named(next)
    if (next === ENCRYPTED) this.#hides(side === 'client' ? rest.length : 0)
    else if (++this.#handOvers > MAX_HAND_OVERS || (!protocol && next !== 'any')) {
      // Nobody reads the answer.
      if (opening?.isAnswered === false) this.#link.dropped(1)
      this.count('left')
    } else if (protocol) this.#adopt(protocol, side, half, rest, timeNs, opening)
    else if (rest.length > 0) this.#takeUnrecognised(half, rest, timeNs)
  }

  #named(name: string): Protocol | undefined {
    return protocolNamed(name, this.#shared.protocols)
  }

  #giveUp(): void {
    this.#end.protocolCode = 0
    this.count('unknown')
  }

  /** Requests that wait for an answer wait at the other end too, which records them. */
  #isLeftToPeer(): boolean {
    if (!this.#reader || !this.#host.isPeers()) return false
    this.#leaveToPeer()
    return true
  }

  /** The peer that recorded this exchange is gone: a datagram socket has no end, and outlives it. */
  #isTakenBack(): boolean {
    if (!this.#isLeft || this.#host.isPeers()) return false
    this.#isLeft = false
    this.restart()
    return true
  }

  #leaveToPeer(): void {
    this.#shared.counters.peerRecords++
    this.#link.firstRows?.drop()
    this.#isLeft = true
    this.#reader = undefined
    this.count('peer')
  }

  /** Releases everything that belongs to the protocol. */
  #leave(): void {
    const reader = this.#reader
    this.#reader = undefined
    this.received.drop()
    this.sent.drop()
    reader?.conversation.settle(this.#shared.nowNs, true)
  }

  /** Whether rows wait until it is known which end records them. */
  #rowsWait(nowNs: number): boolean {
    const rows = this.#link.firstRows
    if (!rows?.isWaiting) return false
    if (!this.#host.isPeers()) rows.tick(nowNs)
    else if (this.#reader) this.#leaveToPeer()
    else rows.cancel()
    return rows.isWaiting
  }

  #finish(half: Half, timeNs: number): void {
    if (this.#reader && !this.#isCounting) {
      const outcome = this.#reader.finish(half, timeNs, !this.#link.goesOn)
      this.#follow(outcome, timeNs)
    }
  }

  #tickHalf(half: Half, nowNs: number): void {
    const waitsNs = half.length === 0 ? 0 : nowNs - half.progressNs
    if (waitsNs > WHOLE_NS && this.#takesWhole(half, nowNs)) return
    if (waitsNs <= this.#shared.limits.stuckNs) return
    if (!this.#reader) this.#forget(half)
    else if (half.lost) half.clear()
    else this.#reader.reset(half, nowNs)
  }

  /** Gives up bytes whose protocol isn't known. */
  #forget(half: Half): void {
    if (half.length > 0) this.missing(half, half.length, this.#shared.nowNs)
  }
}
