/** HTTP/1 on one connection: requests and responses, paired in order, as rows of `http_events`. */

import { latin1 } from '../lib/bytes'
import type { Outcome } from '../lib/columns'
import { appendRow } from '../lib/http/row'
import { type Hole, Pairing } from '../lib/pairing'
import type { Pairs } from '../lib/take-pairs'
import {
  type Conversation,
  type Input,
  type Leave,
  type Link,
  otherSide,
  type Read,
  type Side,
  type Sink,
  type Unread,
} from '../protocol'
import type { Dialogue } from './dialogue'
import { Framing } from './framing'
import { RequestMessages } from './requests'
import { ResponseMessages } from './responses'
import { boundary } from './start-lines'
import type { HttpMessage, HttpRequest, HttpResponse } from './types'

/** Requests of one connection that wait at most; with more of them nobody answers, or the answers aren't captured. */
const MAX_WAITING = 4096
/** An exchange that lasts longer is shown while it runs: a response that streams, a request without an answer. */
const STREAMS_NS = 10e9
const UNANSWERED_NS = 30e9
/** `HTTP/1.1 100 Continue` and an empty line: a hole of this size may hold only that, and no final response. */
const INTERIM_BYTES = 25
/** Bytes that are shown of a head that was answered before its end. */
const MAX_PART = 64 << 10
/** The value of `held` of a message that waits no longer. */
const GONE = -1
const SWITCHING = 101
/** Memory of a message beside its texts, as measured. */
const MESSAGE_BYTES = 700

export class HttpConversation implements Conversation, Dialogue, Pairs<HttpRequest, HttpResponse> {
  readonly pairing: Pairing<HttpRequest>
  next: Leave | undefined
  /** A request whose answer decides how the client's bytes after it are read (CONNECT, Upgrade). */
  parkedBy: HttpRequest | undefined
  holdsAsked = false
  isInterim = false
  askedInPart: HttpRequest | undefined
  readonly link: Link
  readonly #requests: HttpRequest[] = []
  readonly #responses: HttpResponse[] = []
  readonly #asked = new RequestMessages(this)
  readonly #client = new Framing(this.#asked)
  /** For the server's side; made with its first bytes. */
  #answered: ResponseMessages | undefined
  #server: Framing | undefined
  /** A hole in the requests; the beginning of the next request will tell how many it may have held. */
  #hole: Hole | undefined
  #unread: Unread | undefined
  #waitingBytes = 0
  #isPassedOver = false

  constructor(link: Link) {
    this.link = link
    this.pairing = new Pairing(link.isWhole || link.isAtTurn === true, link)
  }

  get held(): number {
    return this.#waitingBytes + (this.#client.body?.held ?? 0) + (this.#server?.body?.held ?? 0)
  }

  read(side: Side, input: Input): Read {
    this.#unread = side === 'server' ? input.unread : undefined
    return this.#framing(side).read(input)
  }

  seek(side: Side, bytes: Uint8Array, from: number): number {
    const at = boundary(side, bytes, from)
    if (side === 'client' && at !== from) this.pairing.asksUnknown()
    if (side === 'client' && this.#hole) {
      // The skipped bytes may be the rest of one message, or several that can't be read.
      if (at !== from) this.#hole = { ...this.#hole, bytes: Number.POSITIVE_INFINITY }
      if (at >= 0) this.#tellHole()
    }
    return at
  }

  gap(side: Side, bytes: number, timeNs: number): boolean {
    const framing = this.#framing(side)
    const lost = framing.pass(bytes, timeNs)
    if (lost === 0) {
      if (side === 'client' && framing.isAdrift) this.pairing.requestGap()
      return true
    }
    const isAtEnd = this.#messages(side)?.underWay === undefined && !framing.isBehind
    const isBetween = isAtEnd && (framing.isInHead || lost !== Number.POSITIVE_INFINITY)
    this.#cut(side)
    framing.reset()
    if (side === 'client') {
      this.holdsAsked = false
      this.pairing.requestsMissed()
      // A request that was answered in part is not in the hole.
      const isKnown = this.#hole === undefined && this.askedInPart === undefined
      this.askedInPart = undefined
      const bytes = isKnown ? lost : Number.POSITIVE_INFINITY
      this.#hole = { bytes, isBetween: this.#hole?.isBetween ?? (isKnown && isBetween), timeNs }
    } else {
      const isFinal = !this.isInterim && lost > INTERIM_BYTES
      this.pairing.responseGap({ isBetween: isBetween && isFinal, timeNs })
    }
    this.#pair(timeNs, false)
    return false
  }

  passOver(timeNs: number, begins: boolean): void {
    for (const side of ['client', 'server'] as const) {
      this.#cut(side)
      this.#framing(side).reset()
    }
    this.holdsAsked = false
    this.#hole = undefined
    this.askedInPart = undefined
    this.pairing.passOver(timeNs, begins)
    this.#isPassedOver = true
    this.pairing.take(this.#requests, this.#responses, timeNs, true, this)
    this.#isPassedOver = false
  }

  unwanted(side: Side): number {
    return this.#framing(side).unwanted
  }

  get unsure(): number {
    // Answers leave in order: the later ones wait for the first.
    return this.#responses[0]?.answer.certainty === 'tentative' ? this.#responses.length : 0
  }

  get isUndecided(): boolean {
    return this.#responses.length > 0
  }

  settle(nowNs: number, final: boolean): void {
    if (final) {
      this.#tellHole()
      this.#cut('client')
      this.#cut('server')
      this.#client.reset()
      this.#server?.reset()
    }
    this.#pair(nowNs, final)
  }

  underWay(nowNs: number, sink: Sink): void {
    this.#alone(nowNs, sink)
    const [response] = this.#responses
    for (const request of this.#requests) {
      if (nowNs - request.startNs < STREAMS_NS) return
      if (response?.answer.seq === request.seq) {
        this.#show(request, this.#client)
        this.#show(response, this.#framing('server'))
        this.#emit(request, response, 'running', nowNs, sink)
      } else if (nowNs - request.startNs >= UNANSWERED_NS && this.pairing.isUnanswered(request)) {
        this.#show(request, this.#client)
        this.#emit(request, undefined, 'waiting', nowNs, sink)
      }
    }
  }

  shed(): void {
    this.link.dropped(this.#requests.length + this.#responses.length)
    for (const message of [...this.#requests, ...this.#responses]) message.held = GONE
    this.#asked.underWay = undefined
    if (this.#answered) this.#answered.underWay = undefined
    this.#requests.length = 0
    this.#responses.length = 0
    this.#waitingBytes = 0
    this.#client.reset()
    this.#server?.reset()
    this.holdsAsked = false
    this.#hole = undefined
    this.askedInPart = undefined
    this.pairing.forget()
  }

  /** The current response, if it isn't known which request it answers. */
  #alone(nowNs: number, sink: Sink): void {
    const response = this.#answered?.underWay
    if (!response || nowNs - response.startNs < STREAMS_NS) return
    if (this.#requests.some(({ seq }) => seq === response.answer.seq)) return
    response.isShown = true
    this.#show(response, this.#framing('server'))
    this.#emit(undefined, response, 'running', nowNs, sink)
  }

  // ── From the messages of both sides ────────────────────────────────────────

  takesTurn(side: Side, startNs: number, asked?: HttpRequest): void {
    const other = otherSide(side)
    const framing = this.#framing(other)
    if (!framing.isLost || startNs <= framing.lastNs) return
    if (side === 'server' && asked !== this.#asked.underWay) return
    this.#cut(other)
    framing.leaveBehind()
    if (side === 'client') this.pairing.responseGap()
    else this.hasLostEnd()
  }

  asksInPart(): void {
    const unread = this.#unread
    if (!unread || this.#hole || this.askedInPart || !this.#client.isWaiting) return
    const { bytes, start, end } = unread
    const text = latin1(bytes, start, Math.min(end, start + MAX_PART))
    this.#asked.beginsInPart(text, unread.timeAt(start), unread.timeAt(end - 1))
  }

  /** RFC 9112 §9.3.2: after such a request a client waits for the response, unless it ignores that rule. */
  hasLostEnd(): void {
    if (this.pairing.isPipelined) this.pairing.requestGap()
  }

  asks(request: HttpRequest): void {
    this.#requests.push(request)
    this.#waits(request, request.path.length)
  }

  answers(response: HttpResponse): void {
    this.#responses.push(response)
    this.#waits(response, response.reason.length)
  }

  ends(message: HttpMessage, body: string, size: number, endNs: number): void {
    message.body = body
    message.bodySize = size
    message.endNs = endNs
    message.done = true
    this.#holds(message, body.length + message.facts.length)
    if (message.held === GONE) this.#ended(message)
    this.#pair(endNs, false)
  }

  // ───────────────────────────────────────────────────────────────────────────

  #tellHole(): void {
    const hole = this.#hole
    this.#hole = undefined
    if (hole) this.pairing.requestGap(hole)
  }

  #messages(side: Side): RequestMessages | ResponseMessages | undefined {
    return side === 'client' ? this.#asked : this.#answered
  }

  #framing(side: Side): Framing {
    if (side === 'client') return this.#client
    this.#answered ??= new ResponseMessages(this)
    this.#server ??= new Framing(this.#answered)
    return this.#server
  }

  /** `bytes`: the length of its start line. */
  #waits(message: HttpMessage, bytes: number): void {
    // Its parts keep the text of the whole head in memory, beside the JSON that is made of it.
    this.#holds(message, MESSAGE_BYTES + 2 * (bytes + message.headers.length))
    if (this.#requests.length <= MAX_WAITING) return
    for (const oldest of this.#requests.splice(0, MAX_WAITING / 2)) {
      this.#left(oldest)
      this.link.dropped(1)
    }
  }

  /** The current message of this side ends here, as far as can be told. */
  #cut(side: Side): void {
    const messages = this.#messages(side)
    const message = messages?.underWay
    if (!messages || !message) return
    messages.underWay = undefined
    const framing = this.#framing(side)
    framing.endsLost()
    const { body, lastNs, isLost } = framing
    message.body = body?.text() ?? ''
    message.bodySize = body?.size ?? 0
    message.messages = body?.messages ?? 0
    message.facts = body?.facts(false) ?? ''
    message.contentNs = body?.firstNs ?? -1
    message.endNs = Math.max(message.endNs, lastNs)
    if (this.link.goesOn && !isLost) message.isRunning = true
    else message.isCut = true
    message.done = true
    if ('answer' in message) this.pairing.responseEnds(message.answer, message.endNs)
    else this.pairing.requestEnds(message, message.endNs)
    this.#holds(message, message.body.length + message.facts.length)
    if (message.held === GONE) this.#ended(message)
  }

  /** Updates a message that is not at its end yet. */
  #show(message: HttpMessage, { body }: Framing): void {
    if (message.done || !body) return
    message.bodySize = body.size
    message.messages = body.messages
    message.body = body.plainText()
    message.facts = body.facts(false)
    message.contentNs = body.firstNs
  }

  #pair(nowNs: number, final: boolean): void {
    if (this.#responses.length === 0 && !final) return
    this.pairing.take(this.#requests, this.#responses, nowNs, final, this)
  }

  // ── What becomes of the messages ───────────────────────────────────────────

  pair(request: HttpRequest, response: HttpResponse): void {
    this.#left(request)
    this.#left(response)
    const opening = response.status === SWITCHING ? this.next?.opening : undefined
    if (opening?.request === request && !opening.isAnswered) return
    const outcome = response.isRunning || request.isRunning ? 'running' : 'complete'
    const isCut = request.isCut || response.isCut
    this.#emit(request, response, isCut ? 'cut' : outcome, response.endNs, this.link.sink)
  }

  unanswered(request: HttpRequest, nowNs: number): void {
    this.#left(request)
    const outcome = this.link.goesOn ? 'waiting' : 'unanswered'
    this.#emit(request, undefined, outcome, nowNs, this.link.sink)
  }

  drop(message: HttpMessage): void {
    this.#left(message)
    if (this.#ended(message)) return
    // A request that is cut here was counted with what cuts it.
    if (this.#isPassedOver && !('answer' in message) && message.done && !message.isCut)
      this.link.passedOver(1)
    else this.link.dropped(1)
  }

  /** A response that was shown without its request while it ran keeps that row's form in the end. */
  #ended(message: HttpMessage): boolean {
    if (!('answer' in message) || !message.done) return false
    const response = message as HttpResponse
    const outcome = response.isRunning ? 'running' : 'cut'
    if (response.isShown) this.#emit(undefined, response, outcome, response.endNs, this.link.sink)
    return response.isShown
  }

  #holds(message: HttpMessage, bytes: number): void {
    if (message.held < 0) return
    message.held += bytes
    this.#waitingBytes += bytes
  }

  #left(message: HttpMessage): void {
    this.#waitingBytes -= message.held
    message.held = GONE
  }

  #emit(
    request: HttpRequest | undefined,
    response: HttpResponse | undefined,
    outcome: Outcome,
    timeNs: number,
    sink: Sink,
  ): void {
    const minor = (response ?? request)?.minor ?? 0
    appendRow(sink, this.link.connection, { major: 1, minor, request, response, outcome, timeNs })
  }
}
