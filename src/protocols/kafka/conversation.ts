/**
 * Kafka between a client and a broker: each request with its answer, by correlation id, as rows of `kafka_events.beta`.
 *
 * - What an answer says is known by its request alone: one without its request is counted and passed over.
 * - A Produce with acks=0 has no answer.
 * - Behind SaslHandshake in version 0 tokens come without heads. They are passed over, up to the next request.
 * - A message is read as it comes, and what records hold is passed over: holes in it cost nothing.
 */
import type { Outcome } from '../lib/columns'
import { Keyed, type Leaving } from '../lib/keyed'
import {
  type Conversation,
  type Input,
  invalid,
  type Link,
  type Read,
  type Side,
  type Sink,
} from '../protocol'
import type { Message, Showing } from './decoder'
import { errorName } from './errors'
import {
  ANSWER_BYTES,
  API_VERSIONS,
  answerForm,
  MAX_ANSWER,
  MAX_TOKEN,
  type RequestHead,
  requestAt,
} from './head'
import { Incoming } from './incoming'
import { i32 } from './numbers'
import { fits, requestOf, search } from './recognise'
import { Request } from './request'
import type { Form } from './schema'
import { kafkaEvents } from './table'
import type { TopicNames } from './topics'

const WAITING_NS = 10e9
const LIMITS = { requests: 4096, bytes: 2 << 20 }
const MAX_CLIENT_ID = 256
const PRODUCE = 0
const SASL_HANDSHAKE = 17
/** Bytes of an answer that fit, by which it is found. */
const ENOUGH = 8
/** Places that a search for an answer looks at closely. */
const MAX_CANDIDATES = 64

/** An answer whose request isn't known. */
const UNASKED = 'unasked'

export class KafkaConversation implements Conversation, Leaving<Request> {
  readonly #link: Link
  readonly #waiting = new Keyed<number, Request>(this, LIMITS)
  readonly #asking: Incoming<RequestHead>
  readonly #answering: Incoming<Request | typeof UNASKED>
  /** Tokens without heads may follow. */
  #isLoggingIn = false
  #nowNs = 0

  constructor(link: Link, topics: TopicNames) {
    this.#link = link
    const { bodyLimit, redact } = link.settings
    const showing: Showing = { limit: bodyLimit, redact, topics: topics.of(link.connection.upid) }
    this.#asking = new Incoming(showing)
    this.#answering = new Incoming(showing)
  }

  get held(): number {
    return this.#waiting.held + this.#asking.held + this.#answering.held
  }

  read(side: Side, input: Input): Read {
    const before = input.pos
    const incoming = this.#incoming(side)
    if (incoming.about === undefined) {
      const begun = side === 'client' ? this.#beginRequest(input) : this.#beginAnswer(input)
      if (begun !== 'begun') return begun
    }
    const progress = incoming.read(input)
    if (progress === 'wrong') {
      incoming.end()
      return invalid('a message without the fields of its version', input.pos > before ? 0 : 1)
    }
    if (progress !== 'whole') return progress
    this.#ends(side, input.timeAt(input.pos - 1))
    return 'message'
  }

  seek(side: Side, bytes: Uint8Array, from: number): number {
    return side === 'client' ? search(bytes, from) : this.#seekAnswer(bytes, from)
  }

  gap(side: Side, bytes: number, timeNs: number): boolean {
    const incoming = this.#incoming(side)
    if (incoming.pass(bytes)) return true
    this.#cut(side, timeNs)
    if (side === 'server') this.#waiting.answersLost()
    return false
  }

  get isUndecided(): boolean {
    return false
  }

  settle(nowNs: number, final: boolean): void {
    this.#nowNs = nowNs
    if (!final) return
    this.#cut('client', nowNs)
    this.#cut('server', nowNs)
    this.#waiting.expire(Number.POSITIVE_INFINITY)
  }

  underWay(nowNs: number, sink: Sink): void {
    for (const request of this.#waiting.since(nowNs - WAITING_NS))
      this.#emit(request, undefined, 'waiting', nowNs, sink)
  }

  passOver(): void {
    this.#link.passedOver(this.#waiting.takeAll())
    this.#asking.end()
    this.#answering.end()
  }

  shed(): void {
    this.#waiting.clear()
    this.#asking.forget()
    this.#answering.forget()
  }

  #incoming(side: Side): Incoming<RequestHead> | Incoming<Request | typeof UNASKED> {
    return side === 'client' ? this.#asking : this.#answering
  }

  // ── Beginnings ─────────────────────────────────────────────────────────────

  #beginRequest(input: Input): Read | 'begun' {
    const { bytes, pos, end } = input
    const head = requestAt(bytes, pos, end)
    if (head === 'need-more' && !this.#isLoggingIn) return head
    if (typeof head === 'string' || (this.#isLoggingIn && !head.form))
      return this.#isLoggingIn ? this.#token(input) : invalid('not a Kafka request')
    this.#isLoggingIn = false
    const message = head.form && requestOf(head)
    this.#asking.begin(head, head.size, head.size + 4 - head.bytes, input.timeAt(pos), message)
    input.pos += head.bytes
    return 'begun'
  }

  #beginAnswer(input: Input): Read | 'begun' {
    const { bytes, pos, end } = input
    if (this.#isLoggingIn && this.#waiting.size === 0) return this.#token(input)
    if (end - pos < ANSWER_BYTES) return 'need-more'
    const size = i32(bytes, pos)
    if (size < 4 || size > MAX_ANSWER) return invalid('not an answer of Kafka')
    const request = this.#waiting.find(i32(bytes, pos + 4))
    const isVersions = request?.asked.head.key === API_VERSIONS && size >= 6
    if (isVersions && end - pos < ANSWER_BYTES + 2) return 'need-more'
    const message = request && answerTo(request, bytes, pos, size)
    this.#answering.begin(request ?? UNASKED, size, size - 4, input.timeAt(pos), message)
    input.pos += ANSWER_BYTES
    return 'begun'
  }

  /** A token of SASL: its size, and the token. */
  #token({ bytes, pos, end }: Input): Read {
    if (end - pos < 4) return 'need-more'
    const size = i32(bytes, pos)
    return size < 0 || size > MAX_TOKEN ? invalid('not a token of SASL') : { skip: 4 + size }
  }

  #seekAnswer(bytes: Uint8Array, from: number): number {
    let candidates = 0
    for (let at = from; at + ANSWER_BYTES <= bytes.length; at++) {
      const size = i32(bytes, at)
      if (size < 4 || size > MAX_ANSWER) continue
      const request = this.#waiting.find(i32(bytes, at + 4))
      const message = request && answerTo(request, bytes, at, size)
      if (!message) continue
      if (fits(message, bytes, at + ANSWER_BYTES, bytes.length) >= ENOUGH) return at
      if (++candidates > MAX_CANDIDATES) return -1
    }
    return -1
  }

  // ── Ends ───────────────────────────────────────────────────────────────────

  /** The message of this side ends here, before its end. */
  #cut(side: Side, nowNs: number): void {
    const incoming = this.#incoming(side)
    if (incoming.about === undefined) return
    incoming.isCut = true
    this.#ends(side, nowNs)
  }

  #ends(side: Side, nowNs: number): void {
    if (side === 'client') this.#asked(nowNs)
    else this.#answered(nowNs)
  }

  #asked(nowNs: number): void {
    const asking = this.#asking
    if (asking.isForgotten) {
      asking.end()
      this.#link.dropped(1)
      return
    }
    const { text: body, startNs, isCut, acks, lacksNames } = asking
    const request = new Request({ head: asking.about!, body, startNs, isCut })
    asking.end()
    if (lacksNames) this.#link.lacksFields()
    const isProduce = request.asked.head.key === PRODUCE
    if (isProduce && acks === 0) {
      this.#emit(request, undefined, isCut ? 'cut' : 'complete', nowNs, this.#link.sink)
      return
    }
    // Whether it has an answer wasn't seen.
    request.isUnsure = isProduce && acks === undefined
    this.#waiting.ask(request)
  }

  #answered(nowNs: number): void {
    const answering = this.#answering
    const request = answering.about!
    if (request === UNASKED) this.#link.dropped(1)
    else if (this.#waiting.answer(request.key, (each) => each === request)) {
      const isCut = answering.isCut || request.asked.isCut
      if (answering.lacksNames) this.#link.lacksFields()
      this.#emit(request, answering, isCut ? 'cut' : 'complete', nowNs, this.#link.sink)
      const { key, version } = request.asked.head
      this.#isLoggingIn = key === SASL_HANDSHAKE && version === 0 && answering.error === 0
    }
    answering.end()
  }

  unanswered(request: Request): void {
    const outcome = this.#link.goesOn ? 'waiting' : 'unanswered'
    this.#emit(request, undefined, outcome, this.#nowNs, this.#link.sink)
  }

  drop(): void {
    this.#link.dropped(1)
  }

  #emit(
    { asked }: Request,
    answer: Incoming<unknown> | undefined,
    outcome: Outcome,
    nowNs: number,
    sink: Sink,
  ): void {
    const { head, body, startNs } = asked
    sink.append(kafkaEvents, {
      ...this.#link.connection,
      time_: nowNs,
      req_cmd: head.key,
      client_id: (head.clientId ?? '').slice(0, MAX_CLIENT_ID),
      req_body: body,
      resp: answer?.text ?? '',
      latency: Math.max(0, nowNs - startNs),
      req_version: head.version,
      correlation_id: head.correlation,
      req_size: head.size,
      resp_size: answer?.size ?? 0,
      error: answer ? errorName(answer.error) : '',
      outcome,
    })
  }
}

/** How the answer at `at` is read; undefined where the request's version isn't known. */
function answerTo({ asked }: Request, bytes: Uint8Array, at: number, size: number): Message | undefined {
  const { key, form } = asked.head
  const own: Form | undefined = answerForm(key, form, bytes, at + ANSWER_BYTES)
  if (!own) return undefined
  return {
    plan: own.response,
    size: size - 4,
    hasTags: own.isFlexible && key !== API_VERSIONS,
    tellsTopics: true,
  }
}
