/**
 * One socket: finds out what it speaks, drives the protocol's parser over both directions and has the frames paired.
 *
 * A message that lies whole in one event is parsed where it is, without a copy; only what is left over is buffered.
 */
import { RECEIVED, SENT, type SocketEvent, type SocketTotals } from '../events/socket-event'
import type { Connection, Frame, Input, Kind, Protocol } from '../protocols/protocol'
import { ROLE_CLIENT, ROLE_SERVER, type Role } from '../records/types'
import { EMPTY, StreamInput } from './byte-stream'
import type { Counted, StatsRow } from './conn-stats'
import { connectionOf } from './connection'
import { Direction, type Receiver } from './direction'
import { recognise, seekMessage } from './recognise'
import type { Surroundings } from './surroundings'
import { looksLikeTls } from './tls'

/** Places that were no message, without a single one that was: the protocol was a mistake. */
const MAX_FAILURES = 8
/** Small events are waited for a little longer while the protocol isn't known. */
const PROBE_MIN_BYTES = 1024
/** Bytes per call that tell what a connection speaks. */
const PROBE_CAP = 4096
/** An event ahead of its stream waits so long for the missing one. */
const HELD_NS = 5e6

/** Bytes of a connection's whole life. */
export type Moved = Pick<SocketTotals, 'bytesSent' | 'bytesReceived'>

const other = (kind: Kind): Kind => (kind === 'request' ? 'response' : 'request')
/** One input for all sockets: parsers don't keep it, and runs don't nest. */
const input = new StreamInput()

export class TracedSocket implements Receiver, Counted {
  readonly id: number
  readonly localAddr: string
  readonly localPort: number
  readonly remoteAddr: string
  readonly remotePort: number
  role: Role
  upid = ''
  protocolCode = 0
  encrypted = false
  closed = false
  bytesSent = 0
  bytesReceived = 0
  stats: StatsRow | undefined
  countedSent = 0
  countedReceived = 0
  lastNs = 0
  watched = false
  reprobeNs = 0
  backoffNs = 0
  readonly isDatagram: boolean

  readonly #shared: Surroundings
  readonly #received = new Direction()
  readonly #sent = new Direction()
  #pid = 0
  #startTicks = 0
  /** Everything since the connection's opening was seen. */
  #fresh: boolean
  #counting = false
  #known = true
  #protocol: Protocol | undefined
  #state: unknown
  #connection: Connection | undefined
  #requests: Frame[] = []
  #responses: Frame[] = []
  #frames = 0
  #failures = 0
  #probeEvents = 0
  #probeBytes = 0

  constructor(event: SocketEvent, fresh: boolean, shared: Surroundings) {
    this.id = event.connId
    this.localAddr = event.localAddr
    this.localPort = event.localPort
    this.remoteAddr = event.remoteAddr
    this.remotePort = event.remotePort
    this.role = event.role
    this.lastNs = event.timeNs
    this.isDatagram = event.transport === 'udp'
    this.#fresh = fresh
    this.#shared = shared
    if (!this.isDatagram && event.sentOffset !== undefined) {
      this.#received.begin(event.offset)
      this.#sent.begin(event.sentOffset)
    }
  }

  data(event: SocketEvent): void {
    const { direction, timeNs, size } = event
    this.lastNs = timeNs
    if (event.pid !== this.#pid || event.startTicks !== this.#startTicks) this.#own(event)
    if (direction === SENT) this.bytesSent += size
    else this.bytesReceived += size
    if (this.#counting) return
    const stream = direction === RECEIVED ? this.#received : this.#sent
    if (this.isDatagram) {
      this.#datagram(stream, size, event.payload, timeNs)
      return
    }
    const opposite = stream === this.#received ? this.#sent : this.#received
    if (opposite.holds) opposite.flush(this)
    stream.take(event.offset, size, event.payload, timeNs, this)
    if (stream.holds) this.#watch()
  }

  /** The kernel's totals include what it didn't send us. */
  totals(sent: number, received: number, nowNs: number): void {
    if (sent > this.bytesSent || received > this.bytesReceived) this.lastNs = nowNs
    if (sent > this.bytesSent) this.bytesSent = sent
    if (received > this.bytesReceived) this.bytesReceived = received
  }

  /** As `close`, of a socket that may well go on: then its data is to be seen again. */
  expire(timeNs: number): void {
    if (this.#counting) this.#captureAgain()
    this.close(timeNs, undefined)
  }

  /** Goes on where an expired socket stopped: what it has counted is counted. */
  resume({ bytesSent, bytesReceived }: Moved): void {
    this.bytesSent = this.countedSent = bytesSent
    this.bytesReceived = this.countedReceived = bytesReceived
  }

  /** `totals`: what the kernel had counted by then, when it said so. */
  close(timeNs: number, totals: Moved | undefined): void {
    this.#received.flush(this)
    this.#sent.flush(this)
    if (totals) this.#endStreams(totals, timeNs)
    if (this.#protocol && !this.#counting) {
      const first = this.#received.kind === 'request' ? this.#received : this.#sent
      this.#finish(first, timeNs)
      this.#finish(first === this.#received ? this.#sent : this.#received, timeNs)
    }
    if (this.#protocol && !this.#counting) {
      // Nobody knows what would have come: a pair that waits to be confirmed isn't.
      if (!totals && !this.isDatagram) this.#protocol.gap('request', this.#state, Number.POSITIVE_INFINITY)
      this.#stitch(timeNs, true)
    }
    this.#leave()
    this.closed = true
  }

  /** True while there is something to look at again. */
  tick(nowNs: number): boolean {
    this.#tickDirection(this.#received, nowNs)
    this.#tickDirection(this.#sent, nowNs)
    if (this.#responses.length > 0) this.#stitch(nowNs, false)
    this.watched =
      this.#received.holds ||
      this.#sent.holds ||
      this.#received.buffer.length + this.#sent.buffer.length + this.#responses.length > 0
    return this.watched
  }

  /** Looks at the connection anew, as one that was joined under way. */
  reprobe(): void {
    this.#counting = false
    this.#fresh = false
    this.#probeEvents = 0
    this.#probeBytes = 0
    this.#received.restart()
    this.#sent.restart()
    this.#captureAgain()
  }

  #captureAgain(): void {
    this.#shared.setVerdict(this.id, { action: 'capture', cap: this.#shared.defaultCap ?? PROBE_CAP })
  }

  // ── Receiver ───────────────────────────────────────────────────────────────

  bytes(stream: Direction, payload: Uint8Array, timeNs: number): void {
    if (this.#counting) return
    if (!this.#protocol) {
      this.#probe(stream, payload, timeNs)
      return
    }
    if (this.role === ROLE_CLIENT && stream.kind === 'response' && this.#shared.peers.has(this)) {
      this.#leaveToPeer()
      return
    }
    let rest = payload
    if (stream.skip > 0) {
      const skipped = Math.min(stream.skip, payload.length)
      stream.skip -= skipped
      if (stream.skip > 0) return
      rest = payload.subarray(skipped)
    }
    this.#run(stream, rest, timeNs, false)
  }

  missing(stream: Direction, bytes: number, timeNs: number): void {
    if (this.#counting) return
    if (!this.#protocol) {
      stream.buffer.clear()
      stream.unseen += bytes
      this.#fresh = false
      return
    }
    let hole = bytes
    if (stream.skip > 0) {
      const skipped = Math.min(stream.skip, hole)
      stream.skip -= skipped
      hole -= skipped
      if (stream.skip === 0) this.#run(stream, EMPTY, timeNs, false)
      if (hole === 0 || !this.#protocol) return
    }
    if (!stream.lost && this.#protocol.gap(stream.kind, this.#state, hole)) {
      this.#run(stream, EMPTY, timeNs, false)
      return
    }
    this.#countGap(hole)
    if (stream.lost) this.#protocol.gap(stream.kind, this.#state, hole)
    this.#lose(stream)
  }

  // ── What does it speak? ────────────────────────────────────────────────────

  #probe(stream: Direction, payload: Uint8Array, timeNs: number): void {
    this.#probeEvents++
    this.#probeBytes += payload.length
    const { buffer } = stream
    if (buffer.length > 0) buffer.append(payload, timeNs)
    const head = buffer.length > 0 ? buffer.bytes.subarray(buffer.start, buffer.end) : payload
    if (looksLikeTls(head, this.#fresh)) {
      this.encrypted = true
      this.#shared.counters.encryptedConnections++
      this.#count()
      return
    }
    const found = recognise(this.#shared.protocols, head, payload.length, this.#fresh)
    if (found) {
      if (found.at > 0) this.#fresh = false
      const rest = buffer.length > 0 ? EMPTY : payload.subarray(found.at)
      if (buffer.length > 0) buffer.consume(buffer.start + found.at)
      this.#adopt(found.protocol, found.kind, stream, rest, timeNs)
      return
    }
    if (buffer.length === 0) buffer.append(payload, timeNs)
    const { probeBytes, probeEvents } = this.#shared.limits
    if (
      this.#probeBytes > probeBytes ||
      (this.#probeEvents > probeEvents && this.#probeBytes > PROBE_MIN_BYTES)
    )
      this.#giveUp()
  }

  #adopt(protocol: Protocol, kind: Kind, stream: Direction, rest: Uint8Array, timeNs: number): void {
    const { peers, settings, defaultCap, setVerdict } = this.#shared
    const opposite = stream === this.#received ? this.#sent : this.#received
    const isServer = (stream === this.#received) === (kind === 'request')
    this.role = isServer ? ROLE_SERVER : ROLE_CLIENT
    this.#connection = undefined
    this.#protocol = protocol
    this.protocolCode = protocol.code
    this.#state = protocol.newState(settings)
    stream.kind = kind
    opposite.kind = other(kind)
    this.#countUnseen(stream)
    this.#countUnseen(opposite)
    const waiting = opposite.buffer
    const head = waiting.bytes.subarray(waiting.start, waiting.end)
    if (!this.#fresh || (head.length > 0 && protocol.infer(head) !== opposite.kind)) {
      protocol.gap('request', this.#state, Number.POSITIVE_INFINITY)
      protocol.gap('response', this.#state, Number.POSITIVE_INFINITY)
      opposite.lost = true
    }
    if (isServer) peers.add(this, this.id)
    if (protocol.captureCap !== defaultCap)
      setVerdict(this.id, { action: 'capture', cap: protocol.captureCap })
    if (kind === 'response' && waiting.length > 0) this.#run(opposite, EMPTY, timeNs, false)
    if (this.#protocol) this.#run(stream, rest, timeNs, false)
    if (this.#protocol && kind === 'request' && waiting.length > 0) this.#run(opposite, EMPTY, timeNs, false)
  }

  #giveUp(): void {
    if (this.#known) this.#shared.counters.unknownConnections++
    this.#known = false
    this.protocolCode = 0
    this.#count()
    this.#shared.reprobeLater(this)
  }

  /** From here on only the bytes are counted. */
  #count(): void {
    this.#leave()
    this.#counting = true
    this.#shared.setVerdict(this.id, { action: 'count' })
  }

  #leaveToPeer(): void {
    this.#shared.counters.peerRecords += Math.max(1, this.#requests.length)
    this.#requests = []
    this.#count()
  }

  /** Lets go of everything that belongs to the protocol. */
  #leave(): void {
    this.#shared.counters.unpairedFrames += this.#requests.length + this.#responses.length
    if (this.role === ROLE_SERVER) this.#shared.peers.remove(this, this.id)
    this.#protocol = undefined
    this.#state = undefined
    this.#requests = []
    this.#responses = []
    this.#received.drop()
    this.#sent.drop()
  }

  // ── Parsing ────────────────────────────────────────────────────────────────

  #run(stream: Direction, rest: Uint8Array, timeNs: number, ended: boolean): void {
    const { buffer } = stream
    const isDirect = buffer.length === 0
    if (isDirect) {
      input.direct(rest, timeNs, ended)
      stream.progressNs = timeNs
    } else {
      if (buffer.length + rest.length > this.#shared.limits.streamBytes) {
        this.#reset(stream)
        return
      }
      if (rest.length > 0) buffer.append(rest, timeNs)
      input.buffered(buffer, timeNs, ended)
    }
    const before = input.pos
    const frames = this.#frames
    const next = this.#parse(stream, input)
    const { bytes, pos, end } = input
    input.release()
    if (!this.#protocol) return
    if (next !== undefined) {
      this.#handOver(next, stream, bytes.slice(pos, end), timeNs)
      return
    }
    if (pos > before) stream.progressNs = timeNs
    if (!isDirect) buffer.consume(pos)
    else if (pos < end) buffer.append(bytes.subarray(pos, end), timeNs)
    if (buffer.length > 0) this.#watch()
    if (this.#frames > frames) this.#stitch(timeNs, false)
  }

  /** Parses as far as the bytes go; the protocol to go on with when the connection leaves this one. */
  #parse(stream: Direction, bytes: Input): string | undefined {
    const protocol = this.#protocol!
    while (true) {
      if (stream.lost && !seekMessage(protocol, stream, bytes)) return undefined
      const result = protocol.parse(stream.kind, bytes, this.#state)
      switch (result.status) {
        case 'frame':
          this.#frames++
          this.#shared.counters.frames++
          if (stream.kind === 'request') this.#requests.push(result.frame)
          else this.#responses.push(result.frame)
          if (bytes.pos >= bytes.end) return undefined
          break
        case 'need-more':
          return undefined
        case 'skip': {
          const skipped = Math.min(result.bytes, bytes.end - bytes.pos)
          bytes.pos += skipped
          stream.skip = result.bytes - skipped
          if (stream.skip > 0) return undefined
          break
        }
        case 'invalid':
          if (!this.#fail(stream)) return undefined
          bytes.pos = Math.min(bytes.pos + 1, bytes.end)
          break
        case 'end':
          return result.next
      }
    }
  }

  /** Bytes that were no message; false when the protocol was a mistake. */
  #fail(stream: Direction): boolean {
    this.#shared.counters.parseFailures++
    this.#protocol!.gap(stream.kind, this.#state, Number.POSITIVE_INFINITY)
    stream.lost = true
    if (++this.#failures < MAX_FAILURES || this.#frames > 0) return true
    this.#giveUp()
    return false
  }

  #stitch(nowNs: number, final: boolean): void {
    if (!final && this.#responses.length === 0) {
      if (this.#requests.length > this.#shared.limits.frames) this.#overflow()
      return
    }
    this.#connection ??= connectionOf(this)
    this.#shared.counters.unpairedFrames += this.#protocol!.stitch(
      this.#requests,
      this.#responses,
      this.#connection,
      this.#state,
      this.#shared.sink,
      nowNs,
      final,
    )
    if (this.#responses.length > 0) this.#watch()
    if (this.#requests.length + this.#responses.length > this.#shared.limits.frames) this.#overflow()
  }

  #overflow(): void {
    this.#shared.counters.unpairedFrames += this.#requests.length + this.#responses.length
    this.#requests = []
    this.#responses = []
    this.#reset(this.#received)
    this.#reset(this.#sent)
  }

  #handOver(next: string, stream: Direction, rest: Uint8Array, timeNs: number): void {
    const opposite = stream === this.#received ? this.#sent : this.#received
    const { kind } = stream
    this.#stitch(timeNs, true)
    const waiting = opposite.buffer.bytes.slice(opposite.buffer.start, opposite.buffer.end)
    this.#leave()
    this.#fresh = true
    this.#probeEvents = 0
    this.#probeBytes = 0
    if (waiting.length > 0) opposite.buffer.append(waiting, timeNs)
    const protocol = this.#shared.protocols.find(({ name }) => name === next)
    if (protocol) this.#adopt(protocol, kind, stream, rest, timeNs)
    else if (next !== 'tunnel') this.#count()
    else if (rest.length > 0) this.#probe(stream, rest, timeNs)
  }

  #finish(stream: Direction, timeNs: number): void {
    if (this.#protocol && !stream.lost && stream.skip === 0) this.#run(stream, EMPTY, timeNs, true)
  }

  #datagram(stream: Direction, size: number, payload: Uint8Array, timeNs: number): void {
    this.bytes(stream, payload, timeNs)
    if (this.#protocol && size > payload.length) this.missing(stream, size - payload.length, timeNs)
    stream.drop()
    stream.lost = false
  }

  // ── Trouble ────────────────────────────────────────────────────────────────

  #tickDirection(stream: Direction, nowNs: number): void {
    if (stream.holds && nowNs - stream.lastNs > HELD_NS) stream.flush(this)
    if (stream.buffer.length === 0 || nowNs - stream.progressNs <= this.#shared.limits.stuckNs) return
    if (stream.lost) stream.buffer.clear()
    else if (this.#protocol) this.#reset(stream)
  }

  #reset(stream: Direction): void {
    this.#shared.counters.resets++
    if (this.#protocol) this.#protocol.gap(stream.kind, this.#state, Number.POSITIVE_INFINITY)
    this.#lose(stream)
  }

  #lose(stream: Direction): void {
    stream.buffer.clear()
    stream.skip = 0
    stream.lost = true
  }

  #countGap(bytes: number): void {
    this.#shared.counters.gaps++
    if (Number.isFinite(bytes)) this.#shared.counters.gapBytes += bytes
  }

  #countUnseen(stream: Direction): void {
    if (stream.unseen > 0) this.#countGap(stream.unseen)
    stream.unseen = 0
  }

  #endStreams({ bytesSent, bytesReceived }: Moved, timeNs: number): void {
    this.totals(bytesSent, bytesReceived, timeNs)
    if (this.isDatagram || this.#counting) return
    this.#received.end(bytesReceived, timeNs, this)
    this.#sent.end(bytesSent, timeNs, this)
  }

  #watch(): void {
    if (this.watched) return
    this.watched = true
    this.#shared.watch(this)
  }

  #own(event: SocketEvent): void {
    this.#pid = event.pid
    this.#startTicks = event.startTicks
    this.upid = this.#shared.upidOf(event.pid, event.startTicks, event.comm)
    if (this.#protocol === undefined) this.role = event.role
    this.#connection = undefined
  }
}
