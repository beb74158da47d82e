/**
 * MongoDB between two ends: each command with its answers, as rows of `mongodb_events`.
 *
 * - An answer names the command; one that comes unasked (exhaust), the answer before. A row is of all of them.
 * - A command that asks for no answer (moreToCome) has its row at once.
 */
import type { Outcome } from '../lib/columns'
import { Keyed, type Leaving } from '../lib/keyed'
import type { Conversation, Input, Link, Read, Side, Sink } from '../protocol'
import { MORE_TO_COME, OP_MSG, OP_QUERY, OP_REPLY } from './message'
import { Reading, type Said } from './reading'
import { boundary } from './recognise'
import { Request, type Shown } from './request'
import { secretsOf } from './secrets'
import { mongodbEvents } from './table'
import { shownOf, type Unpacked, unpack } from './unpacked'

const WAITING_NS = 10e9
const LIMITS = { requests: 4096, bytes: 2 << 20 }
const UNKNOWN = '<unknown>'

export class MongodbConversation implements Conversation, Leaving<Request> {
  readonly #link: Link
  readonly #waiting = new Keyed<number, Request>(this, LIMITS)
  /** Commands of which another answer is to come, by the id of the last one. */
  readonly #streaming = new Map<number, Request>()
  readonly #readings: Record<Side, Reading>
  #nowNs = 0

  constructor(link: Link) {
    this.#link = link
    const limit = () => link.settings.bodyLimit
    this.#readings = {
      client: new Reading('client', limit, (said) => this.#asks(said)),
      server: new Reading('server', limit, (said) => this.#answers(said)),
    }
  }

  get held(): number {
    const { client, server } = this.#readings
    const answers = this.#streaming.size * this.#link.settings.bodyLimit
    return this.#waiting.held + answers + client.held + server.held
  }

  read(side: Side, input: Input): Read {
    return this.#readings[side].read(input)
  }

  seek(side: Side, bytes: Uint8Array, from: number): number {
    return boundary(side, bytes, from)
  }

  gap(side: Side, bytes: number, timeNs: number): boolean {
    const reading = this.#readings[side]
    if (reading.pass(bytes, timeNs)) return true
    reading.cut()
    if (side === 'server') this.#waiting.answersLost()
    return false
  }

  unwanted(side: Side): number {
    return this.#readings[side].unwanted
  }

  get isUndecided(): boolean {
    return false
  }

  settle(nowNs: number, final: boolean): void {
    this.#nowNs = nowNs
    if (!final) return
    this.#readings.client.cut()
    this.#readings.server.cut()
    this.#waiting.expire(Number.POSITIVE_INFINITY)
  }

  underWay(nowNs: number, sink: Sink): void {
    for (const request of this.#waiting.since(nowNs - WAITING_NS))
      this.#emit(request, request.answer ? 'running' : 'waiting', nowNs, sink)
  }

  passOver(): void {
    this.#link.passedOver(this.#waiting.takeAll())
    this.#streaming.clear()
    for (const reading of Object.values(this.#readings)) reading.reset()
  }

  shed(): void {
    this.#waiting.clear()
    this.#streaming.clear()
    for (const reading of Object.values(this.#readings)) reading.reset()
  }

  // ── Messages ───────────────────────────────────────────────────────────────

  #asks(said: Said): boolean {
    const { settings, sink } = this.#link
    const unpacked = unpack(said, false, settings)
    if (!unpacked) return false
    const { opcode, walk } = unpacked
    if (opcode !== OP_MSG && opcode !== OP_QUERY) {
      this.#link.dropped(1)
      return true
    }
    const shown = shownOf(unpacked, secretsOf(walk.found.command, settings.redact), settings)
    const request = new Request(said.head.id, shown, unpacked.compression, said.startNs)
    if (walk.flags & MORE_TO_COME) this.#emit(request, request.isCut ? 'cut' : 'complete', said.endNs, sink)
    else this.#waits(request, unpacked)
    return true
  }

  #waits(request: Request, { instead }: Unpacked): void {
    this.#waiting.ask(request)
    // It may ask for no answer.
    if (instead !== '') request.isUnsure = true
  }

  #answers(said: Said): boolean {
    const unpacked = unpack(said, true, this.#link.settings)
    if (!unpacked) return false
    const request = this.#answered(said.head.responseTo)
    const isAnswer = unpacked.opcode === OP_MSG || unpacked.opcode === OP_REPLY
    if (!request || !isAnswer) {
      this.#link.dropped(1)
      return true
    }
    request.answered(this.#answerOf(request, unpacked))
    if (unpacked.walk.flags & MORE_TO_COME) {
      request.lastAnswer = said.head.id
      this.#streaming.set(request.lastAnswer, request)
      return true
    }
    this.#waiting.answer(request.key, (each) => each === request)
    this.#emit(request, request.isCut ? 'cut' : 'complete', said.endNs, this.#link.sink)
    return true
  }

  /** The command whose answer names this message. */
  #answered(responseTo: number): Request | undefined {
    const request = this.#streaming.get(responseTo) ?? this.#waiting.find(responseTo)
    if (request?.lastAnswer !== undefined) this.#streaming.delete(request.lastAnswer)
    return request
  }

  #answerOf({ shown: { found } }: Request, unpacked: Unpacked): Shown {
    const { settings } = this.#link
    const answer = shownOf(unpacked, secretsOf(found.command, settings.redact), settings)
    if (found.isQuery) answer.found.documents = answer.found.replied
    if (found.isQuery && answer.found.ok === undefined) answer.found.ok = answer.found.text === ''
    return answer
  }

  // ── What becomes of commands ───────────────────────────────────────────────

  unanswered(request: Request): void {
    this.#forget(request)
    const { goesOn, sink } = this.#link
    const outcome = request.answer ? (goesOn ? 'running' : 'cut') : goesOn ? 'waiting' : 'unanswered'
    this.#emit(request, outcome, this.#nowNs, sink)
  }

  drop(request: Request): void {
    this.#forget(request)
    this.#link.dropped(1)
  }

  #forget({ lastAnswer }: Request): void {
    if (lastAnswer !== undefined) this.#streaming.delete(lastAnswer)
  }

  #emit(request: Request, outcome: Outcome, nowNs: number, sink: Sink): void {
    const { shown, answer } = request
    const { found } = shown
    sink.append(mongodbEvents, {
      ...this.#link.connection,
      time_: nowNs,
      req_cmd: found.command === '' && request.isCut ? UNKNOWN : found.command,
      req_body: shown.text,
      resp_status: answer ? statusOf(answer) : '',
      resp_body: answer?.text ?? '',
      latency: Math.max(0, nowNs - request.startNs),
      database: found.database,
      collection: found.collection,
      docs_sent: found.documents,
      docs_returned: answer?.found.documents ?? 0,
      n: answer?.found.n ?? 0,
      n_modified: answer?.found.modified ?? 0,
      error_code: answer?.found.code ?? 0,
      error_text: answer?.found.text ?? '',
      answers: request.answers,
      compression: request.compression,
      req_body_size: shown.size,
      resp_body_size: request.answerBytes,
      outcome,
    })
  }
}

function statusOf({ found: { ok, hasErrors } }: Shown): string {
  if (hasErrors || ok === false) return 'error'
  return ok === true ? 'ok' : ''
}
