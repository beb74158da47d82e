/** What the frames of one side mean for the exchanges of the connection. */
import { ConnectionNames } from '../lib/protobuf/connection-names'
import { type Link, otherSide, type Side } from '../protocol'
import { Framing, type Listener, type Times } from './framing'
import { type Head, headOf } from './head'
import { decodeBlock } from './hpack/decode'
import { FieldTable } from './hpack/table'
import { Message } from './message'
import type { Exchanges } from './open-streams'
import type { Tunnels } from './tunnels'

/** §7: nothing is wrong. */
const NO_ERROR = 0

/** What both sides share. */
interface Open {
  readonly exchanges: Exchanges
  readonly tunnels: Tunnels
  /** Everything on the connection since it began to be HTTP/2 is seen. */
  readonly isWhole: boolean
}

export class OneSide implements Listener {
  readonly framing: Framing
  readonly #side: Side
  readonly #link: Link
  readonly #exchanges: Exchanges
  readonly #tunnels: Tunnels
  readonly #table: FieldTable
  readonly #names: ConnectionNames

  constructor(side: Side, link: Link, { exchanges, tunnels, isWhole }: Open) {
    this.#side = side
    this.#link = link
    this.#exchanges = exchanges
    this.#tunnels = tunnels
    this.#table = new FieldTable(isWhole)
    this.#names = new ConnectionNames(link)
    this.framing = new Framing(this, side === 'client' && isWhole)
  }

  /** Bytes of memory that it takes, beside the exchanges. */
  get held(): number {
    return this.framing.held + this.#table.held
  }

  /** Bytes of the current frame still to come that won't be kept. */
  get unwanted(): number {
    const { dataLeft, stream } = this.framing
    if (dataLeft === 0) return 0
    const tunnel = this.#tunnels.at(stream)
    if (tunnel) return Math.min(dataLeft, tunnel.unwanted(this.#side))
    return this.#exchanges.message(this.#side, stream)?.unneeded(dataLeft) ?? 0
  }

  /** Frames were lost, or no more come: what is known of them is forgotten. */
  reset(): void {
    this.framing.reset()
    this.#table.forget()
  }

  block(stream: number, promised: number, bytes: Uint8Array, start: number, end: number, times: Times): void {
    if (this.#side === 'client') this.#exchanges.asks(stream, times.passed)
    const fields = decodeBlock(this.#table, bytes, start, end)
    if (!fields) {
      this.blockLost(stream)
      return
    }
    const head = headOf(fields, this.#link.settings.redact)
    const side = promised > 0 ? otherSide(this.#side) : this.#side
    const at = promised || stream
    const underWay = this.#exchanges.message(side, at)
    if (underWay) {
      underWay.trails(head)
      this.#exchanges.recount(at)
      return
    }
    if (!head.isHead || isInterim(head) || !this.#exchanges.mayBegin(side, at)) return
    if (head.isPartial) this.#link.lacksFields()
    const message = new Message(head, times.startNs, times.endNs, side, this.#names)
    this.#exchanges.begins(side, at, message)
    if (promised > 0) this.#exchanges.ends(side, at, times.endNs)
    else if (side === 'server' && isSuccess(head)) this.#mayBeTunnel(at, message)
  }

  /** RFC 8441 §5: what follows on the stream is another protocol's, once the server has agreed. */
  #mayBeTunnel(stream: number, { head, endNs }: Message): void {
    const request = this.#exchanges.message('client', stream)
    const protocol = request?.head.protocol
    if (!request || !protocol) return
    const opening = { request: request.asRequest, answer: head.fields.json, isAnswered: true }
    const tunnel = this.#link.tunnel(protocol, opening)
    if (!tunnel) return
    // The client may not have waited for the answer, as it should.
    if (request.bodySize > 0) tunnel.missing('client', Number.POSITIVE_INFINITY, endNs)
    this.#tunnels.add(stream, tunnel, endNs)
    this.#exchanges.ends('client', stream, endNs)
    this.#exchanges.ends('server', stream, endNs)
  }

  blockLost(stream: number): void {
    if (this.#side === 'client') this.#exchanges.asks(stream, undefined)
    this.#table.forget()
    const message = this.#exchanges.message(this.#side, stream)
    if (message) message.mayBeCut()
    else this.#link.dropped(1)
  }

  data(stream: number, bytes: Uint8Array, start: number, end: number, timeNs: number, isRest: boolean): void {
    if (this.#tunnels.at(stream)) {
      this.#tunnels.bytes(stream, this.#side, bytes.subarray(start, end), timeNs)
      return
    }
    const message = this.#exchanges.message(this.#side, stream)
    if (!message) return
    const { settings } = this.#link
    // Most have one frame of data: it is read where it lies.
    if (isRest && message.takesWhole(bytes, start, end, timeNs, settings)) return
    message.add(bytes, start, end, timeNs, settings)
    this.#exchanges.recount(stream)
    if (message.hasAll) this.#exchanges.ends(this.#side, stream, timeNs)
  }

  dataLost(stream: number, bytes: number, timeNs: number): void {
    if (this.#tunnels.missing(stream, this.#side, bytes, timeNs)) return
    this.#exchanges.message(this.#side, stream)?.misses(bytes, timeNs, this.#link.settings)
  }

  isUnderWay(stream: number): boolean {
    return this.#exchanges.message(this.#side, stream) !== undefined
  }

  isAlone(stream: number): boolean {
    return this.#tunnels.isEmpty && this.#exchanges.isAlone(this.#side, stream)
  }

  needed(stream: number): number {
    return this.#exchanges.message(this.#side, stream)?.needed ?? 0
  }

  mayEnd(stream: number, timeNs: number): void {
    const message = this.#exchanges.message(this.#side, stream)
    if (!message) return
    message.mayHaveEnded = true
    if (message.hasAll) this.#exchanges.ends(this.#side, stream, timeNs)
  }

  mayBeCut(timeNs: number): void {
    this.#exchanges.mayBeCut(this.#side)
    this.#tunnels.lose(this.#side, timeNs)
  }

  ends(stream: number, timeNs: number): boolean {
    if (this.#tunnels.ends(stream, this.#side, timeNs)) return false
    return this.#exchanges.ends(this.#side, stream, timeNs)
  }

  resets(stream: number, error: number, timeNs: number): void {
    this.#tunnels.close(stream, timeNs)
    this.#exchanges.resets(stream, error === NO_ERROR && this.#side === 'server', timeNs)
  }
}

/** §8.1: the final response follows. */
const isInterim = ({ status }: Head): boolean => status >= 100 && status < 200
const isSuccess = ({ status }: Head): boolean => status >= 200 && status < 300
