/**
 * AMQP 0-9-1 between two ends: each method with its content and its answer, as rows.
 *
 * - Both ends ask; `sender` says which one. Channels are independent of one another, and their frames come in between each other's.
 * - A synchronous method is answered by the one that its specification names, on its channel, or by Channel.Close, which says why it
 *   failed. The next one isn't sent before (§1.4: "synchronous").
 * - A delivery has the acknowledgement by its number as its answer, a publish the server's if the channel is in confirm mode; else both
 *   are rows at once. What Basic.Get got is a row of its own when it is acknowledged.
 * - An acknowledgement of what nobody saw is counted as dropped. Heartbeats have no rows.
 */
import type { Outcome } from '../lib/columns'
import { type Framed, Framing, type Shape } from '../lib/framing'
import { Keyed, type Leaving } from '../lib/keyed'
import {
  type Conversation,
  type Input,
  type Link,
  otherSide,
  type Read,
  type Side,
  type Sink,
} from '../protocol'
import { readArguments, readHead } from './arguments'
import { type Channel, Channels } from './channel'
import { Content } from './content'
import { Cursor } from './cursor'
import { BODY, channelAt, HEAD_BYTES, HEADER, LEAST_BYTES, lengthAt, METHOD } from './frames'
import * as M from './methods'
import { Outstanding } from './outstanding'
import { boundary, methodIn } from './recognise'
import { type Holes, messageText, numberArg, Request, type Said, textArg } from './request'
import { appendRow } from './row'

const WAITING_NS = 10e9
/** How long a delivery waits for its acknowledgement if it isn't known whether there will be one. */
const OPEN_NS = 10e9
const LIMITS = { requests: 4096, bytes: 1 << 20 }
/** Bytes of arguments and properties that are read of a frame. */
const MAX_READ = 16 << 10
const IDS_BYTES = 4
const MAX_CONTENT_BYTES = 1 << 20
const SIDES = ['client', 'server'] as const

export class AmqpConversation implements Conversation, Leaving<Request> {
  readonly #link: Link
  readonly #framing: Record<Side, Framing>
  /** Synchronous methods without an answer so far, by the side that asks. */
  readonly #waiting: Record<Side, Keyed<number, Request>> = {
    client: new Keyed<number, Request>(this, LIMITS),
    server: new Keyed<number, Request>(this, LIMITS),
  }
  /** Messages without an acknowledgement so far, by the side that sent them. */
  readonly #messages: Record<Side, Outstanding> = {
    client: new Outstanding((request) => this.#ends(request, 'waiting')),
    server: new Outstanding((request) =>
      request.isOpen ? this.#alone(request) : this.#ends(request, 'waiting'),
    ),
  }
  readonly #channels = new Channels()
  /** Bytes of bodies that aren't whole. */
  #contentHeld = 0
  #holes: Holes = { client: 0, server: 0 }
  #nowNs = 0

  constructor(link: Link) {
    this.#link = link
    const shape: Shape = {
      headBytes: LEAST_BYTES,
      lengthAt,
      mostKept: MAX_READ + link.settings.bodyLimit,
      wrong: 'not an AMQP frame',
    }
    this.#framing = {
      client: new Framing(shape, (framed) => this.#says('client', framed)),
      server: new Framing(shape, (framed) => this.#says('server', framed)),
    }
  }

  get held(): number {
    let held = this.#channels.held + this.#contentHeld
    for (const side of SIDES)
      held += this.#waiting[side].held + this.#messages[side].held + this.#framing[side].held
    return held
  }

  read(side: Side, input: Input): Read {
    return this.#framing[side].read(input)
  }

  seek(side: Side, bytes: Uint8Array, from: number): number {
    return boundary(side, bytes, from)
  }

  gap(side: Side, bytes: number, timeNs: number): boolean {
    const framing = this.#framing[side]
    if (framing.pass(bytes, timeNs)) return true
    framing.cut()
    this.#holed(side, bytes, timeNs)
    return false
  }

  unwanted(side: Side): number {
    return this.#framing[side].unwanted
  }

  get isUndecided(): boolean {
    return this.#messages.server.hasOpen
  }

  settle(nowNs: number, final: boolean): void {
    this.#nowNs = nowNs
    for (const request of this.#messages.server.takeOpen(nowNs - OPEN_NS)) this.#alone(request)
    if (!final) return
    for (const side of SIDES) {
      this.#framing[side].cut()
      for (const [id, channel] of this.#channels) this.#endContent(side, id, channel, nowNs, this.#lasts)
      this.#waiting[side].expire(Number.POSITIVE_INFINITY)
      for (const request of this.#messages[side].takeAll()) this.#unacknowledged(request)
    }
    this.#channels.clear()
  }

  underWay(nowNs: number, sink: Sink): void {
    for (const side of SIDES)
      for (const requests of [this.#waiting[side], this.#messages[side]])
        for (const request of requests.since(nowNs - WAITING_NS))
          this.#emit(request, undefined, 'waiting', nowNs, sink)
  }

  passOver(): void {
    for (const side of SIDES)
      this.#link.passedOver(this.#waiting[side].takeAll() + this.#messages[side].takeAll().length)
    this.#reset()
  }

  shed(): void {
    for (const side of SIDES) {
      this.#waiting[side].clear()
      for (const request of this.#messages[side].takeAll()) this.drop(request)
    }
    this.#reset()
  }

  #reset(): void {
    for (const side of SIDES) {
      this.#framing[side].reset()
      for (const [, { contents }] of this.#channels) this.#link.dropped(contents[side]?.frames ?? 0)
      this.#isHoled(side)
    }
    this.#channels.clear()
    this.#contentHeld = 0
  }

  // ── Frames ─────────────────────────────────────────────────────────────────

  #says(side: Side, framed: Framed): boolean {
    const { bytes, start, end } = framed
    const type = bytes[start]
    // The connection's opening, and heartbeats.
    if (type !== METHOD && type !== HEADER && type !== BODY) return true
    if (end - start < HEAD_BYTES) return true
    if (type === METHOD) return this.#method(side, framed)
    const id = channelAt(bytes, start)
    const channel = this.#channels.get(id)
    const content = channel.contents[side]
    const fits = content && (type === HEADER ? this.#header(content, framed) : this.#body(content, framed))
    // Its method was lost, or what stands before it.
    if (!fits) this.#link.dropped(1)
    if (content && (!fits || content.isWhole)) this.#endContent(side, id, channel, framed.endNs)
    return true
  }

  #header(content: Content, { bytes, start, end, length, isCut }: Framed): boolean {
    const cursor = new Cursor(bytes, start + HEAD_BYTES, Math.min(end, start + length - 1))
    const head = content.hasHeader ? undefined : readHead(cursor, this.#link.settings.redact)
    if (!head) return false
    content.header(head, isCut || cursor.isShort)
    return true
  }

  #body(content: Content, { bytes, start, end, length }: Framed): boolean {
    const part = bytes.subarray(start + HEAD_BYTES, Math.min(end, start + length - 1))
    const before = content.held
    // Many at once may not take more than one may.
    const limit = Math.max(0, Math.min(this.#link.settings.bodyLimit, MAX_CONTENT_BYTES - this.#contentHeld))
    const fits = content.body(part, length - LEAST_BYTES, limit)
    this.#contentHeld += content.held - before
    return fits
  }

  #method(side: Side, framed: Framed): boolean {
    const { bytes, start, end, length, startNs, endNs, isCut } = framed
    if (end - start < HEAD_BYTES + IDS_BYTES) {
      // It may have been any.
      this.#holed(side, length, endNs)
      return true
    }
    const method = methodIn(bytes, start)
    if (!method || !M.isSaidBy(method, side)) return false
    const cursor = new Cursor(bytes, start + HEAD_BYTES + IDS_BYTES, Math.min(end, start + length - 1))
    const args = readArguments(method, cursor, this.#link.settings.redact)
    if (cursor.isShort && end - start === length) return false
    this.#nowNs = Math.max(this.#nowNs, endNs)
    const id = channelAt(bytes, start)
    const channel = this.#channels.get(id)
    this.#endContent(side, id, channel, startNs)
    const about = { method, args, startNs, endNs, isCut: isCut || cursor.isShort }
    if (method.hasContent) {
      const key = M.keyOf(method.classId, method.methodId)
      const number = key === M.PUBLISH ? channel.confirms.publish(startNs) : 0
      channel.contents[side] = new Content(about, number)
    } else this.#said(side, id, channel, { ...about, text: JSON.stringify(args), bodySize: -1 })
    return true
  }

  /** Gives on what came of a content. */
  #endContent(side: Side, id: number, channel: Channel, endNs: number, ending: Outcome = 'cut'): void {
    const content = channel.contents[side]
    if (!content) return
    delete channel.contents[side]
    this.#contentHeld -= content.held
    const { method, args, startNs, number } = content
    const contents = content.contents
    const isCut = content.isCut || !content.isWhole
    const text = messageText(args, contents, this.#link.settings)
    const said: Said = { method, args, text, bodySize: contents.size, isCut, startNs, endNs }
    const key = M.keyOf(method.classId, method.methodId)
    if (key === M.PUBLISH) this.#message(side, id, said, { tag: number }, number === 0, ending)
    else if (key === M.DELIVER) this.#delivered(id, channel, said, ending)
    else if (key === M.GET_OK) this.#got(id, said)
    else this.#alone(new Request(side, id, said, this.#holes), ending)
  }

  // ── Methods ────────────────────────────────────────────────────────────────

  #said(side: Side, id: number, channel: Channel, said: Said): void {
    const { method, args } = said
    switch (M.keyOf(method.classId, method.methodId)) {
      case M.ACK:
      case M.NACK:
      case M.REJECT:
        this.#acknowledges(side, id, channel, said)
        return
      case M.CHANNEL_OPEN:
        this.#closes(id)
        this.#channels.open(id, true)
        break
      case M.SELECT:
        channel.confirms.select()
        break
      case M.CONSUME:
        if (args.consumer_tag) this.#consumes(channel, args.consumer_tag, args)
        break
      case M.RECOVER:
        // The server sends anew what wasn't acknowledged, by other numbers.
        for (const request of this.#messages.server.takeChannel(id)) this.#unacknowledged(request)
        break
      case M.CHANNEL_CLOSE:
      case M.CONNECTION_CLOSE:
        if (side === 'server' && this.#fails(id, channel, said)) return
        break
      case M.CHANNEL_CLOSE_OK:
      case M.CONNECTION_CLOSE_OK:
        this.#closed(side, id, channel, said)
        return
    }
    if (method.isAnswer) this.#answers(side, id, channel, said)
    else if (method.answers.length === 0 || args.nowait === true)
      this.#alone(new Request(side, id, said, this.#holes))
    else this.#asks(side, id, said)
  }

  #consumes(channel: Channel, tag: unknown, { queue, no_ack }: Said['args']): void {
    if (typeof tag !== 'string' || no_ack === undefined) return
    this.#channels.consumes(channel, tag, { queue: String(queue ?? ''), noAck: no_ack === true })
  }

  #asks(side: Side, id: number, said: Said): void {
    const waiting = this.#waiting[side]
    // The answer was lost: the side wouldn't ask again without it.
    while (waiting.answer(id, (request) => request.isUnsure)) this.#link.dropped(1)
    waiting.ask(new Request(side, id, said, this.#holes))
  }

  /** The request that this answers, if it is sure which one. */
  #answered(side: Side, id: number, said: Said): Request | undefined {
    const request = this.#waiting[otherSide(side)].answer(id, (each) => each.isAnsweredBy(said.method))
    if (request && !request.isDoubtful(this.#holes)) return request
    this.#link.dropped(1)
    return undefined
  }

  #answers(side: Side, id: number, channel: Channel, said: Said): void {
    const key = M.keyOf(said.method.classId, said.method.methodId)
    if (key === M.SELECT_OK) channel.confirms.selected()
    const request = this.#answered(side, id, said)
    if (!request) return
    // The server names a consumer that has no name.
    if (key === M.CONSUME_OK) this.#consumes(channel, said.args.consumer_tag, request.said.args)
    this.#pair(request, said)
  }

  #got(id: number, said: Said): void {
    const request = this.#answered('server', id, said)
    if (!request) return
    this.#pair(request, said)
    const tag = numberArg(said.args, 'delivery_tag')
    if (request.said.args.no_ack !== false || tag === 0) return
    const about = { ...said, text: JSON.stringify(said.args), bodySize: -1 }
    this.#messages.server.add(new Request('server', id, about, this.#holes, { tag, queue: request.queue }))
  }

  /** Closes because of a request: that is its answer. */
  #fails(id: number, channel: Channel, said: Said): boolean {
    const { class_id, method_id } = said.args
    const failed = this.#waiting.client.answer(
      id,
      ({ said: { method } }) => method.classId === class_id && method.methodId === method_id,
    )
    if (!failed) return false
    channel.isClosedByAnswer = true
    this.#pair(failed, said)
    return true
  }

  #closed(side: Side, id: number, channel: Channel, said: Said): void {
    if (channel.isClosedByAnswer) channel.isClosedByAnswer = false
    else this.#answers(side, id, channel, said)
    this.#closes(id)
  }

  /** Nothing that was said on the channel so far is answered any more. */
  #closes(id: number): void {
    for (const side of SIDES)
      for (const request of this.#messages[side].takeChannel(id)) this.#unacknowledged(request)
    this.#channels.close(id)
  }

  // ── Messages ───────────────────────────────────────────────────────────────

  #message(
    side: Side,
    id: number,
    said: Said,
    more: ConstructorParameters<typeof Request>[4],
    isOneWay: boolean,
    ending: Outcome,
  ): void {
    const request = new Request(side, id, said, this.#holes, more)
    if (isOneWay) this.#alone(request, ending)
    else this.#messages[side].add(request)
  }

  #delivered(id: number, channel: Channel, said: Said, ending: Outcome): void {
    const consumer = channel.consumers.get(textArg(said.args, 'consumer_tag'))
    const tag = numberArg(said.args, 'delivery_tag')
    const more = { tag, queue: consumer?.queue ?? '', isOpen: consumer === undefined }
    this.#message('server', id, said, more, consumer?.noAck === true || tag === 0, ending)
  }

  #acknowledges(side: Side, id: number, channel: Channel, said: Said): void {
    const messages = this.#messages[otherSide(side)]
    const { delivery_tag, multiple } = said.args
    if (said.isCut || typeof delivery_tag !== 'number') {
      messages.answersLost()
      this.#link.dropped(1)
      return
    }
    if (side === 'server') channel.confirms.confirm(delivery_tag, said.endNs)
    const requests = messages.take(id, delivery_tag, multiple === true)
    // Nobody saw what it is for.
    if (requests.length === 0) this.#link.dropped(1)
    for (const request of requests)
      if (request.isDoubtful(this.#holes)) this.#link.dropped(1)
      else this.#pair(request, said)
  }

  // ── What becomes of them ───────────────────────────────────────────────────

  /** Something of this side was lost: so many bytes. */
  #holed(side: Side, bytes: number, timeNs: number): void {
    this.#waiting[otherSide(side)].answersLost()
    this.#messages[otherSide(side)].answersLost()
    for (const [id, channel] of this.#channels)
      if (channel.contents[side]?.passes(bytes) === false) this.#endContent(side, id, channel, timeNs)
    this.#isHoled(side)
  }

  #isHoled(side: Side): void {
    this.#holes = { ...this.#holes, [side]: this.#holes[side] + 1 }
    for (const [, { confirms }] of this.#channels) confirms.holed(side === 'client')
  }

  get #lasts(): Outcome {
    return this.#link.goesOn ? 'running' : 'cut'
  }

  unanswered(request: Request): void {
    const outcome = this.#link.goesOn ? 'waiting' : 'unanswered'
    this.#emit(request, undefined, outcome, this.#nowNs, this.#link.sink)
  }

  #unacknowledged(request: Request): void {
    if (request.isOpen) this.#alone(request)
    else if (request.isUnsure) this.#ends(request, 'cut')
    else this.unanswered(request)
  }

  drop(_request: Request): void {
    this.#link.dropped(1)
  }

  #pair(request: Request, answer: Said): void {
    const isCut = request.said.isCut || answer.isCut
    this.#emit(request, answer, isCut ? 'cut' : 'complete', answer.endNs, this.#link.sink)
  }

  /** What has no answer is complete, unless a part of it is missing. */
  #alone(request: Request, ending: Outcome = 'cut'): void {
    this.#ends(request, request.said.isCut ? ending : 'complete')
  }

  #ends(request: Request, ending: Outcome): void {
    this.#emit(request, undefined, ending, request.said.endNs, this.#link.sink)
  }

  #emit(request: Request, answer: Said | undefined, outcome: Outcome, timeNs: number, sink: Sink): void {
    appendRow(sink, this.#link.connection, request, answer, outcome, timeNs)
  }
}
