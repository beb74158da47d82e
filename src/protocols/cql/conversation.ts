/**
 * CQL between two ends: each request with its answer, by the stream's id, as rows of `cql_events`. Where both ends agreed on version 5,
 * segments follow the first answers; a right checksum tells one, so this is seen on connections that were joined, too.
 */
import type { Outcome } from '../lib/columns'
import { type Framed, Framing } from '../lib/framing'
import { Keyed, type Leaving } from '../lib/keyed'
import type { Connection, Conversation, Input, Link, Read, Side, Sink } from '../protocol'
import { type Answer, answerIn, eventText } from './answers'
import { type Body, bodyOf } from './body'
import type { Coding } from './compression'
import { HEAD_BYTES, type Head, headAt, isAnsweredBy, lengthAt, OP } from './envelope'
import { boundary, segmentBoundary } from './recognise'
import { Request } from './request'
import { askedIn } from './requests'
import { anyHeaderAt, headerAt, LEAST_BYTES, SEGMENTED } from './segment'
import { Segments } from './segments'
import { bytesOf, type Statements, statementsOf } from './statements'
import { cqlEvents } from './table'

const WAITING_NS = 10e9
const LIMITS = { requests: 4096, bytes: 2 << 20 }
/** Bytes that are read beside what is shown: columns with their types, above all. */
const MORE_BYTES = 16 << 10

const SIDES: readonly Side[] = ['client', 'server']

interface Answered extends Answer {
  readonly opcode: number
  readonly body: Body
}

export class CqlConversation implements Conversation, Leaving<Request> {
  readonly #link: Link
  readonly #most: number
  readonly #waiting = new Keyed<number, Request>(this, LIMITS)
  readonly #framing: Record<Side, Framing>
  #segments: Record<Side, Segments> | undefined
  /** What both ends agreed on; undefined: that isn't known. */
  #version: number | undefined
  #coding: Coding | undefined
  #hasStarted = false
  #keyspace = ''
  #known: { readonly connection: Connection; readonly statements: Statements } | undefined
  /** Bytes of the statements that were prepared here. */
  #prepared = 0
  #asked = 0
  /** Requests with such a number, or a lower one, were asked before some were lost. */
  #lostBehind = -1
  #nowNs = 0

  constructor(link: Link) {
    this.#link = link
    this.#most = MORE_BYTES + link.settings.bodyLimit
    this.#framing = { client: this.#framingOf('client'), server: this.#framingOf('server') }
  }

  get held(): number {
    let held = this.#waiting.held + this.#prepared
    for (const side of SIDES) held += this.#framing[side].held + (this.#segments?.[side].held ?? 0)
    return held
  }

  read(side: Side, input: Input): Read {
    if (!this.#segments && this.#mayTurn(side)) {
      if (input.end - input.pos < LEAST_BYTES) return 'need-more'
      this.#turn(input.bytes, input.pos, input.end)
    }
    return this.#segments ? this.#segments[side].read(input) : this.#framing[side].read(input)
  }

  seek(side: Side, bytes: Uint8Array, from: number): number {
    const at = this.#find(side, bytes, from)
    if (at > from) this.#loses(side)
    return at
  }

  gap(side: Side, bytes: number, timeNs: number): boolean {
    const segments = this.#segments?.[side]
    const framing = this.#framing[side]
    if (segments ? segments.pass(bytes, timeNs) : framing.pass(bytes, timeNs)) return true
    segments?.reset()
    framing.cut()
    this.#loses(side)
    return false
  }

  unwanted(side: Side): number {
    return this.#segments ? this.#segments[side].unwanted : this.#framing[side].unwanted
  }

  get isUndecided(): boolean {
    return false
  }

  settle(nowNs: number, final: boolean): void {
    this.#nowNs = nowNs
    if (!final) return
    for (const side of SIDES) this.#framing[side].cut()
    this.#waiting.expire(Number.POSITIVE_INFINITY)
    this.#reset()
    this.#prepared = 0
  }

  underWay(nowNs: number, sink: Sink): void {
    for (const request of this.#waiting.since(nowNs - WAITING_NS))
      this.#emit(request, undefined, 'waiting', nowNs, sink)
  }

  passOver(): void {
    this.#link.passedOver(this.#waiting.takeAll())
    this.#keyspace = ''
    this.#reset()
  }

  shed(): void {
    this.#waiting.clear()
    this.#reset()
    if (this.#prepared > 0) this.#statements.clear()
    this.#prepared = 0
  }

  /** Of the process that has the connection now. */
  get #statements(): Statements {
    const { connection, settings } = this.#link
    if (this.#known?.connection !== connection)
      this.#known = { connection, statements: statementsOf(connection, settings) }
    return this.#known.statements
  }

  // ── Where messages begin ───────────────────────────────────────────────────

  #framingOf(side: Side): Framing {
    const lengthHere = (bytes: Uint8Array, at: number): number => {
      const length = lengthAt(side, bytes, at)
      return this.#segments && !this.#segments[side].fits(length) ? 0 : length
    }
    const shape = {
      headBytes: HEAD_BYTES,
      lengthAt: lengthHere,
      mostKept: HEAD_BYTES + this.#most,
      wrong: 'not a CQL message',
    }
    return new Framing(shape, (framed) => (side === 'client' ? this.#asks(framed) : this.#answers(framed)))
  }

  #mayTurn(side: Side): boolean {
    return (this.#version ?? SEGMENTED) === SEGMENTED && this.#framing[side].isIdle
  }

  /** From the first segment on, both sides have them. */
  #turn(bytes: Uint8Array, at: number, end: number): void {
    const header = this.#hasStarted
      ? headerAt(bytes, at, end, this.#coding === 'lz4')
      : anyHeaderAt(bytes, at, end)
    if (!header) return
    const { decodeBudget } = this.#link.settings
    const segmentsOf = (side: Side): Segments =>
      new Segments(this.#framing[side], header.isCompressed, decodeBudget, () => this.#loses(side))
    this.#version = SEGMENTED
    this.#segments = { client: segmentsOf('client'), server: segmentsOf('server') }
  }

  #find(side: Side, bytes: Uint8Array, from: number): number {
    if (this.#segments) return segmentBoundary(side, bytes, from, this.#segments[side].isCompressed)
    const places = [boundary(side, bytes, from)]
    if (this.#mayTurn(side))
      for (const isCompressed of [false, true]) places.push(segmentBoundary(side, bytes, from, isCompressed))
    const found = places.filter((at) => at >= 0)
    return found.length > 0 ? Math.min(...found) : -1
  }

  #loses(side: Side): void {
    if (side === 'server') this.#waiting.answersLost()
    else this.#lostBehind = this.#asked
  }

  #reset(): void {
    for (const side of SIDES) {
      this.#framing[side].reset()
      this.#segments?.[side].reset()
    }
  }

  // ── Messages ───────────────────────────────────────────────────────────────

  #body(head: Head, framed: Framed, isAnswer: boolean): Body {
    return bodyOf(head, framed, isAnswer, this.#coding, this.#most, this.#link.settings)
  }

  #asks(framed: Framed): boolean {
    const head = headAt(framed.bytes, framed.start)
    const { settings } = this.#link
    const body = this.#body(head, framed, false)
    const { opcode, version, stream } = head
    const known = { statements: this.#statements, settings }
    const asked = askedIn(opcode, body.fields, version, known)
    const { isShort } = body.fields
    if (isShort && body.isWhole) return false
    if (opcode === OP.STARTUP) this.#starts(asked.text)
    else if (opcode !== OP.OPTIONS) this.#version = version
    // A stream has one request at a time: the answer to the one before was lost.
    if (this.#waiting.answer(stream)) this.#link.dropped(1)
    const request = new Request(head, asked, body, {
      number: ++this.#asked,
      keyspace: this.#keyspace,
      startNs: framed.startNs,
      isCut: framed.isShort || (framed.isCut && isShort),
    })
    this.#waiting.ask(request)
    return true
  }

  #starts(options: string): void {
    const { COMPRESSION } = JSON.parse(options) as { COMPRESSION?: string }
    const coding = COMPRESSION?.toLowerCase()
    this.#coding = coding === 'lz4' || coding === 'snappy' ? coding : undefined
    this.#hasStarted = true
  }

  #answers(framed: Framed): boolean {
    const head = headAt(framed.bytes, framed.start)
    const { opcode, version, stream } = head
    const body = this.#body(head, framed, true)
    if (opcode === OP.EVENT) return this.#tells(head, body, framed)
    const answer = answerIn(opcode, body.fields, version, this.#link.settings)
    const { isShort } = body.fields
    if (isShort && body.isWhole) return false
    if (opcode !== OP.ERROR && opcode !== OP.SUPPORTED) this.#version = version
    const request = this.#waiting.answer(stream, (each) => isAnsweredBy(each.opcode, opcode))
    if (!request) this.#link.dropped(1)
    // Another request may have had the stream since.
    else if (request.isUnsure && request.number <= this.#lostBehind) this.#link.dropped(2)
    else {
      const isCut = request.isCut || framed.isShort || (framed.isCut && isShort)
      const answered = { ...answer, opcode, body }
      this.#emit(request, answered, isCut ? 'cut' : 'complete', framed.endNs, this.#link.sink)
      this.#learns(request, answer)
    }
    return true
  }

  /** What the server tells those that have registered for it. */
  #tells(head: Head, body: Body, framed: Framed): boolean {
    const text = eventText(body.fields)
    const { isShort } = body.fields
    if (isShort && body.isWhole) return false
    const registered = { text: '', consistency: '', keyspace: undefined }
    const about = { number: 0, keyspace: this.#keyspace, startNs: framed.endNs, isCut: false }
    const request = new Request(
      { ...head, flags: 0, opcode: OP.REGISTER },
      registered,
      { payload: '' },
      about,
    )
    const answer = { text, rows: 0, errorCode: 0, opcode: OP.EVENT, body }
    const isCut = framed.isShort || (framed.isCut && isShort)
    this.#emit(request, answer, isCut ? 'cut' : 'complete', framed.endNs, this.#link.sink)
    return true
  }

  /** What later requests refer to. */
  #learns(request: Request, { keyspace, prepared }: Answer): void {
    this.#keyspace = keyspace ?? this.#keyspace
    if (!prepared || request.opcode !== OP.PREPARE || request.isCut) return
    const { id, columns, isWhole } = prepared
    const statement = { text: request.text, columns: isWhole ? columns : undefined }
    const statements = this.#statements
    statements.set(id, statement)
    this.#prepared = Math.min(statements.bytes, this.#prepared + bytesOf(statement))
  }

  // ── What becomes of requests ───────────────────────────────────────────────

  unanswered(request: Request): void {
    this.#emit(request, undefined, this.#link.goesOn ? 'waiting' : 'unanswered', this.#nowNs, this.#link.sink)
  }

  drop(): void {
    this.#link.dropped(1)
  }

  #emit(request: Request, answer: Answered | undefined, outcome: Outcome, nowNs: number, sink: Sink): void {
    sink.append(cqlEvents, {
      ...this.#link.connection,
      time_: nowNs,
      req_op: request.opcode,
      req_body: request.text,
      resp_op: answer?.opcode ?? NO_ANSWER,
      resp_body: answer?.text ?? '',
      latency: Math.max(0, nowNs - request.startNs),
      keyspace: request.keyspace,
      consistency: request.consistency,
      rows: answer?.rows ?? 0,
      error_code: answer?.errorCode ?? 0,
      warnings: answer?.body.warnings ?? '',
      traced: request.isTraced,
      trace_id: answer?.body.traceId ?? '',
      req_payload: request.payload,
      resp_payload: answer?.body.payload ?? '',
      version: request.version,
      outcome,
    })
  }
}

/** No opcode; 0 is that of an error. */
const NO_ANSWER = -1
