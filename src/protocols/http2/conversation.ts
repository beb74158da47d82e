/**
 * HTTP/2 on one connection: streams of requests and responses, as rows of `http_events` (RFC 9113).
 *
 * - The number of the stream pairs them. Either may come first, as the bytes of both sides are read one after the other.
 * - A row is made when both have ended, or the stream is reset. A response that ends before its request (§8.1) makes one
 *   after a second, if the rest of the request doesn't come.
 * - Where bytes of a side are lost, frames of any of its streams may be among them: a message that ends afterwards is cut, and a
 *   request without a response is given up after a while, and counted.
 * - Of a connection that was joined under way, streams are followed that begin afterwards. Fields that were sent before are
 *   `<unknown>`, and so is a status -1.
 */
import { STATUS_CODES } from 'node:http'
import type { Outcome } from '../lib/columns'
import { CONTENT_UNKNOWN } from '../lib/http/content-type'
import { appendRow } from '../lib/http/row'
import type { SeenResponse } from '../lib/http/seen'
import { ConnectionNames } from '../lib/protobuf/connection-names'
import type { Conversation, Input, Link, Opening, Read, Side, Sink } from '../protocol'
import { UNKNOWN } from './hpack/table'
import { Message } from './message'
import { OneSide } from './one-side'
import { type Exchange, Exchanges, type Rows } from './open-streams'
import { boundary } from './recognise'
import { Tunnels } from './tunnels'

/** The status of a response that doesn't say it, as far as is known. */
const UNKNOWN_STATUS = -1
/** The stream of the request that upgraded the connection (RFC 7540 §3.2). */
const FIRST_STREAM = 1
const SWITCHING = 101

export class Http2Conversation implements Conversation, Rows {
  readonly #link: Link
  readonly #exchanges = new Exchanges(this)
  readonly #tunnels = new Tunnels()
  readonly #sides: Readonly<Record<Side, OneSide>>
  /** The exchange of HTTP/1 that came here, if the response to it is to follow. */
  readonly #upgrade: Opening | undefined

  constructor(link: Link, opening?: Opening) {
    this.#link = link
    this.#upgrade = opening?.isAnswered === false ? opening : undefined
    const open = { exchanges: this.#exchanges, tunnels: this.#tunnels, isWhole: link.isWhole || !!opening }
    this.#sides = { client: new OneSide('client', link, open), server: new OneSide('server', link, open) }
    const asked = this.#upgrade?.request
    if (!asked) return
    this.#exchanges.begins('client', FIRST_STREAM, Message.upgraded(asked, new ConnectionNames(link)))
  }

  get held(): number {
    return this.#exchanges.held + this.#tunnels.held + this.#sides.client.held + this.#sides.server.held
  }

  get isUndecided(): boolean {
    return this.#exchanges.isUndecided || this.#tunnels.isUndecided
  }

  read(side: Side, input: Input): Read {
    return this.#sides[side].framing.read(input)
  }

  seek(_side: Side, bytes: Uint8Array, from: number): number {
    const isOpen = (stream: number) => this.#exchanges.has(stream) || this.#tunnels.at(stream) !== undefined
    return boundary(bytes, from, isOpen)
  }

  gap(side: Side, bytes: number, timeNs: number): boolean {
    if (this.#sides[side].framing.pass(bytes, timeNs)) return true
    this.#sides[side].reset()
    this.#exchanges.loses(side, timeNs)
    this.#tunnels.lose(side, timeNs)
    return false
  }

  passOver(timeNs: number, _begins: boolean, counted: number | undefined): void {
    this.#exchanges.passOver(counted)
    for (const side of ['client', 'server'] as const) {
      this.#sides[side].reset()
      this.#tunnels.lose(side, timeNs)
    }
  }

  unwanted(side: Side): number {
    return this.#sides[side].unwanted
  }

  settle(nowNs: number, final: boolean): void {
    this.#tunnels.settle(nowNs, final)
    if (!final) {
      this.#exchanges.settle(nowNs)
      return
    }
    this.#exchanges.finish(nowNs, this.#link.goesOn)
    this.#sides.client.reset()
    this.#sides.server.reset()
  }

  underWay(nowNs: number, sink: Sink): void {
    this.#exchanges.underWay(nowNs, (exchange, outcome, timeNs) =>
      this.#append(sink, exchange, outcome, timeNs),
    )
    this.#tunnels.underWay(nowNs, sink)
  }

  shed(): void {
    if (this.#isLeft) this.#exchanges.finish(this.#upgrade?.request?.startNs ?? 0, false)
    this.#exchanges.clear()
    this.#link.dropped(this.#tunnels.shed())
  }

  /** The client never began to speak HTTP/2 after all: the switch was the response. */
  get #isLeft(): boolean {
    return this.#upgrade !== undefined && !this.#sides.client.framing.hasBegun
  }

  // ── Rows ───────────────────────────────────────────────────────────────────

  row(exchange: Exchange, outcome: Outcome, timeNs: number): void {
    this.#append(this.#link.sink, exchange, outcome, timeNs)
  }

  dropped(messages: number): void {
    this.#link.dropped(messages)
  }

  passedOver(exchanges: number): void {
    this.#link.passedOver(exchanges)
  }

  #append(sink: Sink, { client, server }: Exchange, outcome: Outcome, timeNs: number): void {
    const isLeft = !server && this.#isLeft
    appendRow(sink, this.#link.connection, {
      major: isLeft ? 1 : 2,
      minor: isLeft ? 1 : 0,
      request: client?.asRequest,
      response: isLeft ? this.#switched(timeNs) : server && seenResponse(server),
      outcome: isLeft ? 'complete' : outcome,
      timeNs,
    })
  }

  #switched(startNs: number): SeenResponse {
    return {
      status: SWITCHING,
      reason: STATUS_CODES[SWITCHING]!,
      contentType: CONTENT_UNKNOWN,
      startNs,
      contentNs: -1,
      headers: this.#upgrade?.answer ?? '{}',
      body: '',
      facts: '',
      bodySize: 0,
      messages: 0,
    }
  }
}

const seenResponse = ({
  startNs,
  contentNs,
  headers,
  text,
  facts,
  bodySize,
  messages,
  head,
}: Message): SeenResponse => ({
  startNs,
  contentNs,
  headers,
  body: text,
  facts,
  bodySize,
  messages,
  status: head.status || UNKNOWN_STATUS,
  reason: head.status ? (STATUS_CODES[head.status] ?? '') : UNKNOWN,
  contentType: head.fields.contentType,
})
