/**
 * Mux between two ends: each request with its answer, by tag, as rows of `mux_events`.
 *
 * - Both ends may ask (ping, drain). A row of what the server asked has the roles exchanged.
 * - Tdiscarded and Tlease are one way; a request that the client discards is answered nevertheless, by Rdiscarded.
 * - A message in parts is one: what is shown is of its first part, sizes are of all.
 * - Rerr answers any message under its tag. Before Tinit a client asks in this form, and the server says the same: one exchange.
 */
import { bodyText } from '../lib/body-text'
import type { Outcome } from '../lib/columns'
import { type Framed, Framing, type Shape } from '../lib/framing'
import { Keyed, type Leaving } from '../lib/keyed'
import { redactText } from '../lib/redact'
import { roleIn } from '../lib/roles'
import {
  type Conversation,
  type Input,
  type Link,
  otherSide,
  type Read,
  type Side,
  type Sink,
} from '../protocol'
import { contextsText } from './contexts'
import {
  HEAD_BYTES,
  type Head,
  headAt,
  isError,
  kindOf,
  lengthAt,
  type Message,
  messageAt,
  thriftMethod,
} from './message'
import { boundary } from './recognise'
import { type Answer, type Answered, Request, type Said } from './request'
import { muxEvents } from './table'

const WAITING_NS = 10e9
const LIMITS = { requests: 4096, bytes: 2 << 20 }
/** Bytes of heads and contexts that are read beside a body. */
const MAX_CONTEXTS = 4096

const STATUSES = ['Ok', 'Error', 'Nack']
const NOTHING: Said = { body: '', size: 0 }

export class MuxConversation implements Conversation, Leaving<Request> {
  readonly #link: Link
  /** By the side that asks. */
  readonly #waiting: Record<Side, Keyed<number, Request>> = {
    client: new Keyed<number, Request>(this, LIMITS),
    server: new Keyed<number, Request>(this, LIMITS),
  }
  readonly #framing: Record<Side, Framing>
  #nowNs = 0

  constructor(link: Link) {
    this.#link = link
    const shape: Shape = {
      headBytes: HEAD_BYTES,
      lengthAt,
      mostKept: MAX_CONTEXTS + link.settings.bodyLimit,
      wrong: 'not a Mux message',
    }
    this.#framing = {
      client: new Framing(shape, (framed) => this.#says('client', framed)),
      server: new Framing(shape, (framed) => this.#says('server', framed)),
    }
  }

  get held(): number {
    const { client, server } = this.#framing
    return this.#waiting.client.held + this.#waiting.server.held + client.held + server.held
  }

  read(side: Side, input: Input): Read {
    const { bytes, pos, end } = input
    // What the ends agreed on by Tinit (mux-tls).
    if (this.#framing[side].isIdle && end - pos >= 2 && bytes[pos] === 0x16 && bytes[pos + 1] === 3)
      return { leave: 'tls', within: 'mux' }
    return this.#framing[side].read(input)
  }

  seek(side: Side, bytes: Uint8Array, from: number): number {
    return boundary(side, bytes, from)
  }

  gap(side: Side, bytes: number, timeNs: number): boolean {
    const framing = this.#framing[side]
    if (framing.pass(bytes, timeNs)) return true
    framing.cut()
    this.#waiting[otherSide(side)].answersLost()
    return false
  }

  unwanted(side: Side): number {
    return this.#framing[side].unwanted
  }

  get isUndecided(): boolean {
    return false
  }

  settle(nowNs: number, final: boolean): void {
    this.#nowNs = nowNs
    if (!final) return
    this.#framing.client.cut()
    this.#framing.server.cut()
    for (const waiting of Object.values(this.#waiting)) waiting.expire(Number.POSITIVE_INFINITY)
  }

  underWay(nowNs: number, sink: Sink): void {
    for (const waiting of Object.values(this.#waiting))
      for (const request of waiting.since(nowNs - WAITING_NS))
        this.#emit(request, request.answer, request.answer ? 'running' : 'waiting', nowNs, sink)
  }

  passOver(): void {
    for (const waiting of Object.values(this.#waiting)) this.#link.passedOver(waiting.takeAll())
    for (const framing of Object.values(this.#framing)) framing.reset()
  }

  shed(): void {
    for (const waiting of Object.values(this.#waiting)) waiting.clear()
    for (const framing of Object.values(this.#framing)) framing.reset()
  }

  // ── Messages ───────────────────────────────────────────────────────────────

  #says(side: Side, framed: Framed): boolean {
    const head = headAt(framed.bytes, framed.start)
    if (this.#goesOn(side, head, framed)) return true
    const { bytes, start, end, length } = framed
    const isWhole = !framed.isCut && !head.hasMore && end - start === length
    const message = messageAt(bytes, start, end, !isWhole)
    if (!message) return false
    const kind = this.#kindOf(side, message)
    if (kind === 'answer') this.#answers(otherSide(side), message, framed)
    else if (kind === 'ask') this.#waiting[side].ask(this.#request(side, message, framed))
    else this.#tells(side, message, framed)
    return true
  }

  /** Takes a further part of a request or an answer; false when it is none. */
  #goesOn(side: Side, { type, tag, hasMore }: Head, { length, isShort, endNs }: Framed): boolean {
    const bytes = length - HEAD_BYTES
    const asked = this.#waiting[side].find(tag, (request) => request.hasMore && request.type === type)
    if (asked) {
      asked.goesOn(bytes, hasMore, isShort)
      return true
    }
    const waiting = this.#waiting[otherSide(side)]
    const request = waiting.find(tag, ({ answer }) => answer?.hasMore === true && answer.type === type)
    if (!request?.answer) return false
    request.answerGoesOn(request.answer, bytes, hasMore, isShort)
    if (!hasMore) this.#ends(request, endNs)
    return true
  }

  /** Before Tinit a client asks by Rerr. */
  #kindOf(side: Side, { type, tag }: Message) {
    const isQuestion = side === 'client' && isError(type) && !this.#waiting.server.find(tag)
    return isQuestion ? 'ask' : kindOf(type)
  }

  #tells(teller: Side, message: Message, framed: Framed): void {
    const request = this.#request(teller, message, framed)
    this.#emit(
      request,
      undefined,
      this.#isCut(message, framed) ? 'cut' : 'complete',
      framed.endNs,
      this.#link.sink,
    )
  }

  #answers(asker: Side, message: Message, framed: Framed): void {
    const request = this.#waiting[asker].find(message.tag, (each) => each.isAnsweredBy(message))
    if (!request) {
      this.#link.dropped(1)
      return
    }
    request.answerBegins(message, this.#answer(message, framed), this.#isCut(message, framed))
    if (!message.hasMore) this.#ends(request, framed.endNs)
  }

  #ends(request: Request, nowNs: number): void {
    this.#waiting[request.asker].answer(request.key, (each) => each === request)
    this.#emit(request, request.answer, request.isCut ? 'cut' : 'complete', nowNs, this.#link.sink)
  }

  #request(asker: Side, message: Message, framed: Framed): Request {
    const said = this.#said(message, framed)
    const { redact } = this.#link.settings
    return new Request(asker, message, said, {
      contexts: contextsText(message, redact),
      method: thriftMethod(framed.bytes, message.bodyAt, framed.end),
      startNs: framed.startNs,
      isCut: this.#isCut(message, framed),
    })
  }

  #answer(message: Message, framed: Framed): Answered {
    return { said: this.#said(message, framed), contexts: contextsText(message, this.#link.settings.redact) }
  }

  /** Something of what is shown is missing, or its end. */
  #isCut({ bodyAt }: Message, { start, end, length, isShort }: Framed): boolean {
    return isShort || end < Math.min(start + length, bodyAt + this.#link.settings.bodyLimit)
  }

  #said({ bodyAt }: Message, { bytes, start, end, length }: Framed): Said {
    const { bodyLimit, redact } = this.#link.settings
    const size = start + length - bodyAt
    const text = bodyText(bytes.subarray(bodyAt, Math.min(end, bodyAt + bodyLimit)), size)
    return size === 0 ? NOTHING : { body: redact ? redactText(text) : text, size }
  }

  // ── What becomes of requests ───────────────────────────────────────────────

  unanswered(request: Request): void {
    const { goesOn, sink } = this.#link
    const outcome = request.answer ? (goesOn ? 'running' : 'cut') : goesOn ? 'waiting' : 'unanswered'
    this.#emit(request, request.answer, outcome, this.#nowNs, sink)
  }

  drop(): void {
    this.#link.dropped(1)
  }

  #emit(request: Request, answer: Answer | undefined, outcome: Outcome, nowNs: number, sink: Sink): void {
    const { connection } = this.#link
    sink.append(muxEvents, {
      ...connection,
      time_: nowNs,
      trace_role: roleIn(connection.trace_role, request.asker),
      req_type: request.type,
      latency: Math.max(0, nowNs - request.startNs),
      req_destination: request.destination,
      req_method: request.method,
      req_contexts: request.contexts,
      req_body: request.said.body,
      req_body_size: request.size,
      resp_type: answer?.type ?? 0,
      resp_status: answer ? statusText(answer) : '',
      resp_contexts: answer?.contexts ?? '{}',
      resp_body: answer?.said.body ?? '',
      resp_body_size: answer?.size ?? 0,
      outcome,
    })
  }
}

function statusText({ type, status }: Answer): string {
  if (isError(type)) return 'Rerr'
  return status === undefined ? '' : STATUSES[status]!
}
