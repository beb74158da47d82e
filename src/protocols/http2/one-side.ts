/** What the frames of one side mean for the exchanges of the connection. */
import { ConnectionNames } from '../lib/protobuf/connection-names'
import { type Link, otherSide, type Side } from '../protocol'
import { Framing, type Listener, type Times } from './framing'
import { type Head, headOf } from './head'
import { decodeBlock } from './hpack/decode'
import { FieldTable } from './hpack/table'
import { Message } from './message'
import type { Exchanges } from './open-streams'

/** §7: nothing is wrong. */
const NO_ERROR = 0

export class OneSide implements Listener {
  readonly framing: Framing
  readonly #side: Side
  readonly #link: Link
  readonly #exchanges: Exchanges
  readonly #table: FieldTable
  readonly #names: ConnectionNames

  constructor(side: Side, link: Link, exchanges: Exchanges) {
    this.#side = side
    this.#link = link
    this.#exchanges = exchanges
    this.#table = new FieldTable(link.isWhole)
    this.#names = new ConnectionNames(link)
    this.framing = new Framing(this, side === 'client' && link.isWhole)
  }

  /** Bytes of memory that it takes, beside the exchanges. */
  get held(): number {
    return this.framing.held + this.#table.held
  }

  /** Bytes of the current frame still to come that won't be kept. */
  get unwanted(): number {
    const { dataLeft, stream } = this.framing
    const message = dataLeft > 0 ? this.#exchanges.message(this.#side, stream) : undefined
    return message?.unneeded(dataLeft) ?? 0
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
    const message = new Message(head, times.startNs, times.endNs, side, this.#names)
    this.#exchanges.begins(side, at, message)
    if (promised > 0) this.#exchanges.ends(side, at, times.endNs)
  }

  blockLost(stream: number): void {
    if (this.#side === 'client') this.#exchanges.asks(stream, undefined)
    this.#table.forget()
    const message = this.#exchanges.message(this.#side, stream)
    if (message) message.mayBeCut()
    else this.#link.dropped(1)
  }

  data(stream: number, bytes: Uint8Array, start: number, end: number, timeNs: number, isRest: boolean): void {
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
    this.#exchanges.message(this.#side, stream)?.misses(bytes, timeNs, this.#link.settings)
  }

  isUnderWay(stream: number): boolean {
    return this.#exchanges.message(this.#side, stream) !== undefined
  }

  isAlone(stream: number): boolean {
    return this.#exchanges.isAlone(this.#side, stream)
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

  mayBeCut(): void {
    this.#exchanges.mayBeCut(this.#side)
  }

  ends(stream: number, timeNs: number): boolean {
    return this.#exchanges.ends(this.#side, stream, timeNs)
  }

  resets(stream: number, error: number, timeNs: number): void {
    this.#exchanges.resets(stream, error === NO_ERROR && this.#side === 'server', timeNs)
  }
}

/** §8.1: the final response follows. */
const isInterim = ({ status }: Head): boolean => status >= 100 && status < 200
