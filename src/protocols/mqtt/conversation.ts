/**
 * MQTT between two ends: packets with their answers, by packet identifier, as rows of `mqtt_events`.
 *
 * - Both ends publish; `sender` says which one. Identifiers are each end's own.
 * - A PUBLISH of QoS 0 is a row at once, one of QoS 1 with its PUBACK, one of QoS 2 with its PUBCOMP, or the PUBREC that refuses it.
 *   Sent again (DUP) while it waits, it is the same one.
 * - Pings and the steps between (PUBREC, PUBREL) have no rows.
 * - Whether properties stand in a packet depends on the version, which CONNECT tells, or a packet that fits one version only.
 */
import { bodyText } from '../lib/body-text'
import type { Outcome } from '../lib/columns'
import { type Framed, Framing, type Shape } from '../lib/framing'
import { Keyed, type Leaving } from '../lib/keyed'
import { redactText } from '../lib/redact'
import {
  type Conversation,
  type Input,
  type Link,
  otherSide,
  type Read,
  type Side,
  type Sink,
} from '../protocol'
import { Aliases } from './aliases'
import { type Answer, readAnswer, reasonOf } from './answers'
import { Cursor } from './cursor'
import * as P from './packet'
import { boundary } from './recognise'
import { type Asked, Request } from './request'
import { type Publish, readConnect, readEnd, readPublish, readSubscribe, type Version } from './requests'
import { mqttEvents } from './table'

const WAITING_NS = 10e9
const LIMITS = { requests: 4096, bytes: 2 << 20 }
/** Bytes of topics and properties that are read beside a payload. */
const MAX_BESIDE = 8 << 10
const UNKNOWN = '<unknown>'
const MAX_CLIENT_ID = 256

export class MqttConversation implements Conversation, Leaving<Request> {
  readonly #link: Link
  /** By the side that asks. */
  readonly #waiting: Record<Side, Keyed<number, Request>> = {
    client: new Keyed<number, Request>(this, LIMITS),
    server: new Keyed<number, Request>(this, LIMITS),
  }
  readonly #framing: Record<Side, Framing>
  readonly #aliases: Record<Side, Aliases> = { client: new Aliases(), server: new Aliases() }
  #version: Version
  #clientId = UNKNOWN
  #nowNs = 0

  constructor(link: Link) {
    this.#link = link
    const shape: Shape = {
      headBytes: P.HEAD_BYTES,
      lengthAt: P.lengthAt,
      mostKept: MAX_BESIDE + link.settings.bodyLimit,
      wrong: 'not an MQTT packet',
    }
    this.#framing = {
      client: new Framing(shape, (framed) => this.#says('client', framed)),
      server: new Framing(shape, (framed) => this.#says('server', framed)),
    }
  }

  get held(): number {
    const sides = ['client', 'server'] as const
    const heldBy = (side: Side) =>
      this.#waiting[side].held + this.#framing[side].held + this.#aliases[side].held
    return sides.reduce((sum, side) => sum + heldBy(side), 0)
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
    this.#waiting[otherSide(side)].answersLost()
    this.#aliases[side].clear()
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
        this.#emit(request, undefined, 'waiting', nowNs, sink)
  }

  passOver(): void {
    for (const waiting of Object.values(this.#waiting)) this.#link.passedOver(waiting.takeAll())
    this.#reset()
  }

  shed(): void {
    for (const waiting of Object.values(this.#waiting)) waiting.clear()
    this.#reset()
  }

  #reset(): void {
    for (const side of ['client', 'server'] as const) {
      this.#framing[side].reset()
      this.#aliases[side].clear()
    }
  }

  // ── Packets ────────────────────────────────────────────────────────────────

  #says(side: Side, framed: Framed): boolean {
    const { bytes, start, end } = framed
    const type = bytes[start]! >> 4
    if (!P.isSaidBy(side, type)) return false
    const head = P.varint(bytes, start + 1, end)
    if (!head) return false
    const cursor = new Cursor(bytes, head.next, end)
    switch (type) {
      case P.PINGREQ:
      case P.PINGRESP:
        return true
      case P.CONNACK:
      case P.PUBACK:
      case P.PUBREC:
      case P.PUBCOMP:
      case P.SUBACK:
      case P.UNSUBACK:
        return this.#answers(otherSide(side), type, cursor, framed)
      case P.PUBREL:
        return true
      default:
        return this.#asks(side, type, cursor, framed)
    }
  }

  #asks(side: Side, type: number, cursor: Cursor, framed: Framed): boolean {
    const asked = this.#asked(side, type, cursor, framed)
    if (!asked) return false
    const request = new Request(side, asked)
    if (!request.hasAnswer) {
      const said = type === P.PUBLISH ? undefined : { packetId: 0, code: codeOf(asked), details: {} }
      this.#emit(request, said, asked.isCut ? 'cut' : 'complete', framed.endNs, this.#link.sink, '')
      return true
    }
    if (this.#isSentAgain(request)) this.#link.dropped(1)
    else this.#waiting[side].ask(request)
    return true
  }

  #isSentAgain({ asker, asked, key }: Request): boolean {
    if (asked.type !== P.PUBLISH || (asked.flags & 8) === 0) return false
    return this.#waiting[asker].find(key, (before) => before.asked.type === P.PUBLISH) !== undefined
  }

  #asked(side: Side, type: number, cursor: Cursor, framed: Framed): Asked | undefined {
    const { redact } = this.#link.settings
    const { start, end, length, startNs } = framed
    const isCut = framed.isCut || end - start < length
    const common = {
      type,
      packetId: 0,
      topic: '',
      qos: -1,
      flags: 0,
      req: {},
      payload: '',
      payloadSize: 0,
      startNs,
    }
    switch (type) {
      case P.PUBLISH:
        return this.#publish(side, cursor, framed, common)
      case P.CONNECT: {
        const connect = readConnect(cursor, redact)
        if (!connect) return undefined
        this.#version = connect.version
        this.#clientId = connect.clientId.slice(0, MAX_CLIENT_ID)
        return { ...common, req: connect.details, isCut }
      }
      case P.SUBSCRIBE:
      case P.UNSUBSCRIBE: {
        const said = readSubscribe(cursor, type === P.UNSUBSCRIBE, this.#version, redact)
        if (!said) return undefined
        this.#version = said.version
        const topic = said.filters
        return { ...common, packetId: said.packetId, topic, req: said.details, isCut }
      }
      default: {
        const { code, details } = readEnd(cursor, redact)
        const reason = reasonOf(code)
        return { ...common, req: { code, ...(reason && { reason }), ...details }, isCut }
      }
    }
  }

  #publish(side: Side, cursor: Cursor, framed: Framed, common: Omit<Asked, 'isCut'>): Asked | undefined {
    const { bytes, start, end, length, isShort } = framed
    const { bodyLimit, redact } = this.#link.settings
    const flags = bytes[start]! & 15
    const qos = (flags >> 1) & 3
    const said = readPublish(cursor, qos, this.#version, redact)
    if (!said) return undefined
    this.#version = said.version
    const from = said.payloadAt ?? said.restAt
    const payloadSize = start + length - from
    const text = bodyText(bytes.subarray(from, Math.min(end, from + bodyLimit)), payloadSize)
    return {
      ...common,
      flags,
      qos,
      packetId: said.packetId,
      topic: this.#aliases[side].topicOf(said.topic, said.alias),
      req: said.details,
      payload: shownPayload(said, redact ? redactText(text) : text),
      payloadSize,
      isCut: isShort || end < Math.min(start + length, from + bodyLimit),
    }
  }

  #answers(asker: Side, type: number, cursor: Cursor, framed: Framed): boolean {
    const answer = readAnswer(type, cursor, this.#version, this.#link.settings.redact)
    if (!answer) return false
    const waiting = this.#waiting[asker]
    const request = waiting.find(answer.packetId, (each) => each.isAnsweredBy(type))
    if (!request) {
      this.#link.dropped(1)
      return true
    }
    if (type === P.PUBREC && answer.code < 128) {
      request.isReceived = true
      return true
    }
    waiting.answer(answer.packetId, (each) => each === request)
    const isCut = request.asked.isCut || framed.isCut || framed.isShort
    this.#emit(request, answer, isCut ? 'cut' : 'complete', framed.endNs, this.#link.sink, P.NAMES[type])
    return true
  }

  // ── What becomes of them ───────────────────────────────────────────────────

  unanswered(request: Request): void {
    const outcome = this.#link.goesOn ? 'waiting' : 'unanswered'
    this.#emit(request, undefined, outcome, this.#nowNs, this.#link.sink)
  }

  drop(): void {
    this.#link.dropped(1)
  }

  #emit(
    { asker, asked, req }: Request,
    answer: Answer | undefined,
    outcome: Outcome,
    nowNs: number,
    sink: Sink,
    answeredBy = '',
  ): void {
    const isPublish = asked.type === P.PUBLISH
    sink.append(mqttEvents, {
      ...this.#link.connection,
      time_: nowNs,
      sender: asker,
      req_cmd: P.NAMES[asked.type]!,
      client_id: this.#clientId,
      topic: asked.topic,
      qos: asked.qos,
      retain: isPublish && (asked.flags & 1) !== 0,
      dup: isPublish && (asked.flags & 8) !== 0,
      packet_id: asked.packetId,
      req,
      payload: asked.payload,
      payload_size: asked.payloadSize,
      resp_cmd: answeredBy,
      reason_code: answer?.code ?? -1,
      resp: answer ? JSON.stringify(answer.details) : '{}',
      latency: Math.max(0, nowNs - asked.startNs),
      outcome,
    })
  }
}

const codeOf = ({ req }: Asked): number => (typeof req.code === 'number' ? req.code : -1)

const shownPayload = ({ payloadAt }: Publish, text: string): string =>
  payloadAt === undefined ? `<unknown version of MQTT> ${text}` : text
