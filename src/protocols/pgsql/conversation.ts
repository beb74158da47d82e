/** PostgreSQL on one connection: requests with their answers, and what the server says unasked, as rows of `pgsql_events`. */

import type { Outcome } from '../lib/columns'
import { Pairing } from '../lib/pairing'
import type { Pairs } from '../lib/take-pairs'
import type { Conversation, Input, Leave, Link, Read, Side, Sink } from '../protocol'
import { Encryption } from './encryption'
import { Framing, type Message, OPENING, type Listener as Reads } from './framing'
import { CANCEL_REQUEST, CLIENT, int32, SERVER } from './letters'
import { Prepared } from './prepared'
import { boundary } from './recognise'
import type { Request } from './requests'
import * as requests from './requests'
import { appendCancel, appendNotification, appendReport, appendRequest, hasRow } from './rows'
import { isCloser, type Listener, Reply, type Tally, Unit } from './units'
import { wanted } from './wanted'

/** An exchange that lasts longer is shown while it runs: rows that stream, a request without an answer. */
const STREAMS_NS = 10e9
const UNANSWERED_NS = 30e9
/** Units of one connection that wait at most. */
const MAX_WAITING = 4096
export class PgsqlConversation implements Conversation, Reads, Listener, Pairs<Unit, Reply> {
  readonly #link: Link
  readonly #client: Framing
  readonly #server: Framing
  readonly #prepared = new Prepared()
  #pairing: Pairing<undefined>
  readonly #units: Unit[] = []
  readonly #replies: Reply[] = []
  readonly #waits: Tally = { bytes: 0 }
  /** The unit that isn't closed, and the answer that isn't ready. */
  #unit: Unit | undefined
  #reply: Reply | undefined
  readonly #encryption = new Encryption()
  /** What follows is the rest of a unit, or of an answer, of which a part was lost. */
  #isClientsRest = false
  #isServersRest = false
  /** A unit may have begun before the first one that is seen. */
  #mayBeRest: boolean
  /** COPY makes the server pass over the Sync that was sent with it; the client sends another one. */
  #ignoresSync = false
  #isPassedOver = false
  /** When the server last said something. */
  #heardNs = -1

  constructor(link: Link) {
    this.#link = link
    this.#client = new Framing('client', this)
    this.#server = new Framing('server', this)
    this.#mayBeRest = !link.isWhole
    this.#pairing = new Pairing<undefined>(link.isWhole || link.isAtTurn === true, link)
  }

  get settings() {
    return this.#link.settings
  }

  get held(): number {
    return this.#waits.bytes + this.#prepared.held + this.#client.held + this.#server.held
  }

  read(side: Side, input: Input): Read {
    const framing = this.#framing(side)
    if (!this.#encryption.isAsked) return framing.read(input)
    return side === 'client' ? 'need-more' : (this.#encryption.read(input) ?? framing.read(input))
  }

  seek(side: Side, bytes: Uint8Array, from: number): number {
    return boundary(side, bytes, from)
  }

  gap(side: Side, bytes: number, timeNs: number): boolean {
    if (this.#framing(side).pass(bytes, timeNs)) return true
    this.#framing(side).reset()
    if (side === 'client') this.#losesRequests(timeNs)
    else this.#losesAnswers(timeNs)
    this.#take(timeNs, false)
    return false
  }

  passOver(timeNs: number, begins: boolean): void {
    this.#endUnit(timeNs)
    this.#endReply(timeNs)
    this.#client.reset()
    this.#server.reset()
    this.#prepared.clear()
    this.#forgetState()
    this.#mayBeRest = !begins
    this.#pairing.passOver(timeNs, begins)
    this.#isPassedOver = true
    this.#take(timeNs, true)
    this.#isPassedOver = false
  }

  unwanted(side: Side): number {
    return this.#framing(side).unwanted
  }

  get unsure(): number {
    return this.#replies[0]?.answer.certainty === 'tentative' ? this.#replies.length : 0
  }

  get isUndecided(): boolean {
    return this.unsure > 0
  }

  settle(nowNs: number, final: boolean): void {
    if (final) {
      this.#endUnit(nowNs)
      this.#endReply(nowNs)
      this.#client.reset()
      this.#server.reset()
      this.#prepared.clear()
    }
    this.#take(nowNs, final)
  }

  underWay(nowNs: number, sink: Sink): void {
    const [reply] = this.#replies
    for (const unit of this.#units) {
      if (nowNs - unit.startNs < STREAMS_NS) return
      const isAnswered = reply !== undefined && unit === this.#unitOf(reply)
      if (!isAnswered && !this.#pairing.isUnanswered(unit)) continue
      const request = unit.current
      if (!request || !hasRow(request)) continue
      const age = nowNs - request.startNs
      if (request.endNs > request.startNs && age >= STREAMS_NS) this.#emit(request, 'running', nowNs, sink)
      else if (age >= UNANSWERED_NS) this.#emit(request, 'waiting', nowNs, sink)
    }
  }

  shed(): void {
    for (const each of [...this.#units.splice(0), ...this.#replies.splice(0)]) this.drop(each)
    this.#isClientsRest = this.#unit !== undefined
    this.#isServersRest = this.#reply !== undefined
    this.#unit = undefined
    this.#reply = undefined
    this.#ignoresSync = false
    this.#client.reset()
    this.#server.reset()
    this.#prepared.clear()
    this.#pairing.forget()
  }

  // ── From the messages of both sides ────────────────────────────────────────

  wants(side: Side, letter: number): number {
    return wanted(side, letter, this.settings.bodyLimit, this.#isFull())
  }

  says(side: Side, message: Message): Leave | undefined {
    if (side === 'client') this.#asks(message)
    else this.#answers(message)
    return undefined
  }

  /** No row that comes now is shown. */
  #isFull(): boolean {
    const reply = this.#reply
    return (reply && this.#unitOf(reply)?.current?.isFull) ?? false
  }

  // ── The client ─────────────────────────────────────────────────────────────

  #asks(message: Message): void {
    if (message.letter === OPENING) {
      this.#opens(message)
      return
    }
    switch (message.letter) {
      case CLIENT.copyData:
      case CLIENT.copyDone:
      case CLIENT.copyFail:
        this.#copies(message)
        return
      case CLIENT.sync:
        if (this.#ignoresSync && !this.#unit) {
          this.#ignoresSync = false
          return
        }
        break
      case CLIENT.proof:
        this.#proves()
        return
      case CLIENT.query:
        this.#prepared.closeUnnamed()
    }
    const request = requests.requestOf(message, this.#prepared, this.settings)
    if (request) this.#add(request, message.endNs)
  }

  /** Passwords and the like, of which nothing is kept. */
  #proves(): void {
    const unit = this.#units.at(-1)
    if (unit?.requests[0]?.kind === 'StartupMessage') unit.goesOn()
    else this.lost(1)
  }

  #opens(message: Message): void {
    const { bytes, from, to } = message
    const code = from + 4 <= to ? int32(bytes, from) : 0
    if (this.#encryption.asks(code)) return
    if (code === CANCEL_REQUEST) appendCancel(this.#link, message)
    else this.#starts(message)
  }

  /** Nothing was said before, unless the server has answered already, as a part of the message was lost. */
  #starts(message: Message): void {
    if (this.#heardNs <= message.startNs) {
      this.#endUnit(message.startNs)
      this.#endReply(message.startNs)
      this.#forgetState()
      this.#mayBeRest = false
      this.#pairing.forget()
      this.#take(message.startNs, true)
      this.#pairing = new Pairing<undefined>(true, this.#link)
    }
    this.#add(requests.startup(message, this.settings), message.endNs)
  }

  #add(request: Request, endNs: number): void {
    const closes = isCloser(request.kind)
    if (this.#isClientsRest) {
      if (closes) this.#endRest()
      // A simple query is a unit of its own.
      if (!closes || request.kind === 'Sync') {
        this.lost(1)
        return
      }
    }
    const unit = this.#unit ?? this.#begin(request.startNs)
    if (unit.hasLeft) this.lost(1)
    else unit.add(request)
    if (!closes) return
    this.#endUnit(endNs)
    if (unit.isStranded) this.#losesAnswers(endNs)
    this.#take(endNs, false)
  }

  #begin(startNs: number): Unit {
    if (this.#units.length >= MAX_WAITING) {
      this.#pairing.forget()
      for (const unit of this.#units.splice(0)) this.drop(unit)
    }
    const unit = new Unit(
      this.#pairing.requestBegins(undefined, startNs),
      startNs,
      this.#mayBeRest,
      this.#waits,
    )
    this.#mayBeRest = false
    this.#unit = unit
    this.#units.push(unit)
    return unit
  }

  /** Data of COPY FROM STDIN, for which the client has just asked; what else it may be belongs to a stream of replication. */
  #copies({ letter, bytes, from, to }: Message): void {
    const unit = this.#units.at(-1)
    const request = unit?.requests.findLast(({ kind }) => kind === 'Query' || kind === 'Execute')
    if (!unit || !request) {
      this.lost(1)
      return
    }
    unit.goesOn()
    if (letter === CLIENT.copyData) requests.addData(request, bytes, from, to, this.settings)
    else if (unit.done && request.kind === 'Execute') this.#ignoresSync = true
  }

  #losesRequests(timeNs: number): void {
    this.#prepared.clear()
    this.#ignoresSync = false
    this.#encryption.forget()
    this.#pairing.requestsMissed()
    if (this.#unit) {
      this.#unit.isCut = true
      this.#isClientsRest = true
      this.#endUnit(timeNs)
    } else if (!this.#isClientsRest) {
      this.#pairing.requestGap()
      this.#mayBeRest = true
    }
  }

  /** The rest of the unit that was lost has come. */
  #endRest(): void {
    this.#isClientsRest = false
    this.#pairing.requestGap()
  }

  // ── The server ─────────────────────────────────────────────────────────────

  #answers(message: Message): void {
    this.#heardNs = message.endNs
    switch (message.letter) {
      case SERVER.parameterStatus:
        if (this.#reply && !this.#reply.hasLeft) this.#reply.passes()
        else if (!this.#pairing.isSettled) this.lost(1)
        return
      case SERVER.notification:
        appendNotification(this.#link, message)
        return
      case SERVER.notice:
      case SERVER.error:
        if (!this.#reply && !this.#isServersRest && this.#pairing.isSettled) {
          appendReport(this.#link, message)
          return
        }
    }
    if (this.#isServersRest) {
      this.lost(1)
      if (message.letter === SERVER.ready) this.#endServersRest()
      return
    }
    const reply = this.#reply ?? this.#beginReply(message)
    this.#hears(reply, message)
    const isReady = message.letter === SERVER.ready || this.#isRefused(reply, message)
    if (isReady) this.#endReply(message.endNs)
    else if (reply.isFull) this.#tooMuch(message.endNs)
  }

  #beginReply({ startNs }: Message): Reply {
    const reply = new Reply(this.#pairing.responseBegins(startNs), this.#waits)
    this.#reply = reply
    this.#replies.push(reply)
    this.#take(startNs, false)
    return reply
  }

  #hears(reply: Reply, message: Message): void {
    const unit = this.#unitOf(reply)
    if (reply.hasLeft) {
      this.lost(1)
      return
    }
    if (reply.answer.certainty === 'refuted') {
      reply.passes()
      return
    }
    if (!unit || unit.isDoubtful) {
      reply.keep(message, this.settings.bodyLimit)
      return
    }
    this.#tell(reply, unit)
    this.#hear(unit, message)
  }

  #hear(unit: Unit, message: Message): void {
    unit.hear(message, this)
    if (unit.isStranded) this.#losesAnswers(message.endNs)
    const request = unit.current
    if (request?.copies !== 'both' || request.isShown) return
    // The stream that follows may last for as long as the connection does.
    this.#emit(request, 'complete', request.endNs, this.#link.sink)
    request.isShown = true
  }

  #tell(reply: Reply, unit: Unit): void {
    if (reply.isWaiting) reply.tell((message) => this.#hear(unit, message))
  }

  /** The unit that this surely answers, if it is the next one. */
  #unitOf(reply: Reply): Unit | undefined {
    const [unit] = this.#units
    if (reply.answer.certainty !== 'sure' || this.#replies[0] !== reply) return undefined
    return unit?.seq === reply.answer.seq ? unit : undefined
  }

  /** The connection isn't begun: no ReadyForQuery follows. */
  #isRefused(reply: Reply, { letter }: Message): boolean {
    return letter === SERVER.error && this.#unitOf(reply)?.current?.kind === 'StartupMessage'
  }

  /** More messages wait for certainty than are kept. */
  #tooMuch(timeNs: number): void {
    this.#losesAnswers(timeNs)
    this.#take(timeNs, false)
  }

  #losesAnswers(timeNs: number): void {
    if (this.#reply) {
      this.#reply.isCut = true
      this.#isServersRest = true
      this.#endReply(timeNs)
    }
    this.#encryption.forget()
    this.#pairing.responseGap()
  }

  /** Requests that were sent meanwhile may have been answered in what was lost. */
  #endServersRest(): void {
    this.#isServersRest = false
    this.#pairing.responseGap()
  }

  // ── What becomes of them ───────────────────────────────────────────────────

  answered(request: Request): void {
    if (request.kind === 'Parse' && request.error !== '') this.#undo(request)
    if (hasRow(request)) this.#emit(request, 'complete', request.endNs, this.#link.sink)
  }

  skipped(request: Request): void {
    this.#undo(request)
  }

  #undo({ kind, statement, before }: Request): void {
    if (kind === 'Parse' && statement) this.#prepared.undo(statement, before)
  }

  pair(unit: Unit, reply: Reply): void {
    this.#finish(unit, reply)
    unit.leave()
    reply.leave()
  }

  #finish(unit: Unit, reply: Reply): void {
    if (unit.isDoubtful && (reply.isCut || !reply.fits(unit))) {
      this.lost(unit.messages + reply.messages)
      return
    }
    this.#tell(reply, unit)
    if (!unit.isWaiting) return
    const { current } = unit
    const isBegun = !unit.isBroken && current !== undefined && current.endNs > current.startNs
    if (isBegun && hasRow(current)) {
      this.#emit(current, this.#endOf(current, reply), current.endNs, this.#link.sink)
    } else this.lost(unit.messages)
  }

  /** Its end was lost, or the connection ended before it; with an error it ends by right. */
  #endOf({ error }: Request, reply: Reply): Outcome {
    if (reply.isCut) return 'cut'
    if (error !== '') return 'complete'
    return this.#link.goesOn ? 'running' : 'cut'
  }

  unanswered(unit: Unit, nowNs: number): void {
    const outcome = this.#link.goesOn ? 'waiting' : 'unanswered'
    for (const request of unit.waiting)
      if (hasRow(request)) this.#emit(request, outcome, nowNs, this.#link.sink)
    unit.leave()
  }

  drop(message: Unit | Reply): void {
    message.leave()
    // One that is cut here was counted with what cuts it.
    if (this.#isPassedOver && message instanceof Unit && !message.isCut) this.#link.passedOver(1)
    else this.lost(message.messages)
  }

  lost(messages: number): void {
    if (messages > 0) this.#link.dropped(messages)
  }

  #emit(request: Request, outcome: Outcome, endNs: number, sink: Sink): void {
    appendRequest(this.#link, sink, request, outcome, endNs)
  }

  // ───────────────────────────────────────────────────────────────────────────

  #framing(side: Side): Framing {
    return side === 'client' ? this.#client : this.#server
  }

  #take(nowNs: number, final: boolean): void {
    this.#pairing.take(this.#units, this.#replies, nowNs, final, this)
  }

  #endUnit(timeNs: number): void {
    const unit = this.#unit
    if (!unit) return
    this.#unit = undefined
    unit.done = true
    this.#pairing.requestEnds(unit, timeNs)
  }

  #endReply(timeNs: number): void {
    const reply = this.#reply
    if (!reply) return
    this.#reply = undefined
    reply.done = true
    this.#pairing.responseEnds(reply.answer, timeNs)
    this.#take(timeNs, false)
  }

  #forgetState(): void {
    this.#isClientsRest = false
    this.#isServersRest = false
    this.#ignoresSync = false
    this.#encryption.forget()
  }
}
