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
import { appendRow, type SeenRequest, type SeenResponse } from '../lib/http/row'
import type { Conversation, Input, Link, Read, Side, Sink } from '../protocol'
import { UNKNOWN } from './hpack/table'
import type { Message } from './message'
import { OneSide } from './one-side'
import { type Exchange, Exchanges, type Rows } from './open-streams'
import { boundary } from './recognise'

/** The status of a response that doesn't say it, as far as is known. */
const UNKNOWN_STATUS = -1

export class Http2Conversation implements Conversation, Rows {
  readonly #link: Link
  readonly #exchanges = new Exchanges(this)
  readonly #sides: Readonly<Record<Side, OneSide>>

  constructor(link: Link) {
    this.#link = link
    this.#sides = {
      client: new OneSide('client', link, this.#exchanges),
      server: new OneSide('server', link, this.#exchanges),
    }
  }

  get held(): number {
    return this.#exchanges.held + this.#sides.client.held + this.#sides.server.held
  }

  get isUndecided(): boolean {
    return this.#exchanges.isUndecided
  }

  read(side: Side, input: Input): Read {
    return this.#sides[side].framing.read(input)
  }

  seek(_side: Side, bytes: Uint8Array, from: number): number {
    return boundary(bytes, from, (stream) => this.#exchanges.has(stream))
  }

  gap(side: Side, bytes: number, timeNs: number): boolean {
    if (this.#sides[side].framing.pass(bytes, timeNs)) return true
    this.#sides[side].reset()
    this.#exchanges.loses(side, timeNs)
    return false
  }

  passOver(_timeNs: number, _begins: boolean, counted: number | undefined): void {
    this.#exchanges.passOver(counted)
    this.#sides.client.reset()
    this.#sides.server.reset()
  }

  unwanted(side: Side): number {
    return this.#sides[side].unwanted
  }

  settle(nowNs: number, final: boolean): void {
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
  }

  shed(): void {
    this.#exchanges.clear()
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
    appendRow(sink, this.#link.connection, {
      major: 2,
      minor: 0,
      request: client && seenRequest(client),
      response: server && seenResponse(server),
      outcome,
      timeNs,
    })
  }
}

const seenRequest = ({
  startNs,
  contentNs,
  headers,
  text,
  facts,
  bodySize,
  messages,
  head,
}: Message): SeenRequest => ({
  startNs,
  contentNs,
  headers,
  body: text,
  facts,
  bodySize,
  messages,
  method: head.method || UNKNOWN,
  path: head.path || UNKNOWN,
})

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
