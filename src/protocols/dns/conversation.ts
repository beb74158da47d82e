/**
 * DNS between two ends, over datagrams or a stream: questions paired with answers by id and question, as rows of `dns_events`.
 *
 * - A question that a client sends again in a datagram while it waits is the same exchange and keeps its first time. A second
 *   answer to it makes no row. Ids are reused: of several questions that wait under one id, an answer belongs to the one that it
 *   repeats. An answer that repeats no question (a format error) belongs to the oldest.
 * - A truncated answer (TC) is an answer; what the client asks over TCP after it is another exchange.
 * - A question without an answer is shown as waiting from 2 s on: clients ask again after 1 to 5 s, so by then something is wrong.
 *   After 30 s it is unanswered: by then every client has given up (glibc, c-ares, Go, systemd and dig after 5 to 30 s).
 * - Questions to a group (multicast DNS) are answered from other addresses, so they are never shown as waiting or unanswered.
 * - Two servers may ask each other from the same ports. The first message decides the roles; a row of a question from the other
 *   side has them exchanged.
 * - A zone transfer is answered by many messages: its row is made by the first.
 */

import type { Outcome } from '../lib/columns'
import { type Framed, Framing, type Shape } from '../lib/framing'
import { Keyed, type Leaving } from '../lib/keyed'
import { redactText } from '../lib/redact'
import { roleIn } from '../lib/roles'
import {
  type Conversation,
  type Input,
  invalid,
  type Link,
  otherSide,
  type Read,
  type Side,
  type Sink,
} from '../protocol'
import { HEADER_BYTES, headerText, type Message, readMessage } from './message'
import { Query } from './query'
import { boundary, LENGTH_BYTES, lengthAt } from './recognise'
import { dnsEvents } from './table'

const WAITING_NS = 2e9
const GIVEN_UP_NS = 30e9
/** Zone transfers that are remembered for each connection, so that their further messages are recognised. */
const MAX_TRANSFERS = 64
const LIMITS = { requests: 2048, bytes: 2 << 20 }

/** On a stream each message is behind its length in two bytes (RFC 7766 §8). */
const ON_STREAM: Shape = {
  headBytes: LENGTH_BYTES,
  lengthAt(bytes, at) {
    const length = lengthAt(bytes, at)
    return length < HEADER_BYTES ? 0 : LENGTH_BYTES + length
  },
  mostKept: 16 << 10,
  wrong: 'not a DNS message',
}

/** Where a message lies, and when it came. */
interface Said extends Pick<Framed, 'bytes' | 'start' | 'end' | 'startNs' | 'endNs'> {
  /** Bytes behind `end` were lost or aren't kept. */
  readonly isCut: boolean
}

const MULTICAST = /^(2(2[4-9]|3\d)\.|ff[0-9a-f]{2}:)/

export class DnsConversation implements Conversation, Leaving<Query> {
  readonly #link: Link
  /** By the side that asks. */
  readonly #queries: Record<Side, Keyed<number, Query>> = {
    client: new Keyed<number, Query>(this, LIMITS),
    server: new Keyed<number, Query>(this, LIMITS),
  }
  readonly #transfers: Record<Side, Set<number>> = { client: new Set(), server: new Set() }
  readonly #client = new Framing(ON_STREAM, (framed) => this.#framed('client', framed))
  readonly #server = new Framing(ON_STREAM, (framed) => this.#framed('server', framed))
  #nowNs = 0

  constructor(link: Link) {
    this.#link = link
  }

  get held(): number {
    const { client, server } = this.#queries
    return client.held + server.held + this.#client.held + this.#server.held
  }

  read(side: Side, input: Input): Read {
    return this.#link.transport === 'udp' ? this.#datagram(side, input) : this.#framing(side).read(input)
  }

  seek(side: Side, bytes: Uint8Array, from: number): number {
    // Bytes after the message in a datagram are not another message.
    return this.#link.transport === 'udp' ? -1 : boundary(side, bytes, from)
  }

  gap(side: Side, bytes: number, timeNs: number): boolean {
    // A gap in a datagram cuts its own message, which notices it, and touches no other one.
    if (this.#link.transport === 'udp') return false
    const framing = this.#framing(side)
    if (framing.pass(bytes, timeNs)) return true
    framing.cut()
    this.#queries[otherSide(side)].answersLost()
    return false
  }

  get isUndecided(): boolean {
    return this.#queries.client.size + this.#queries.server.size > 0
  }

  settle(nowNs: number, final: boolean): void {
    this.#nowNs = nowNs
    if (final) {
      this.#client.cut()
      this.#server.cut()
    }
    for (const queries of Object.values(this.#queries))
      queries.expire(final ? Number.POSITIVE_INFINITY : nowNs - GIVEN_UP_NS)
  }

  underWay(nowNs: number, sink: Sink): void {
    if (this.#isToGroup) return
    for (const queries of Object.values(this.#queries))
      for (const query of queries.since(nowNs - WAITING_NS))
        this.#emit(query, undefined, 'waiting', nowNs, sink)
  }

  passOver(): void {
    for (const side of ['client', 'server'] as const) this.#link.passedOver(this.#queries[side].takeAll())
    this.#reset()
  }

  shed(): void {
    for (const side of ['client', 'server'] as const) this.#queries[side].clear()
    this.#reset()
  }

  #reset(): void {
    for (const transfers of Object.values(this.#transfers)) transfers.clear()
    this.#client.reset()
    this.#server.reset()
  }

  // ── Messages ───────────────────────────────────────────────────────────────

  #framing(side: Side): Framing {
    return side === 'client' ? this.#client : this.#server
  }

  #datagram(side: Side, input: Input): Read {
    const { bytes, pos, end } = input
    if (pos === end) return 'need-more'
    const timeNs = input.timeAt(pos)
    const said = { bytes, start: pos, end, startNs: timeNs, endNs: timeNs, isCut: false }
    if (!this.#says(side, said)) return invalid(ON_STREAM.wrong, end - pos)
    input.pos = end
    return 'message'
  }

  #framed(side: Side, framed: Framed): boolean {
    const { start, end, length } = framed
    return this.#says(side, {
      ...framed,
      start: start + LENGTH_BYTES,
      isCut: framed.isCut || end - start < length,
    })
  }

  /** False when it is no message. */
  #says(side: Side, said: Said): boolean {
    const message = readMessage(said.bytes, said.start, said.end)
    if (!message) return false
    if (message.isResponse) this.#answers(otherSide(side), message, said)
    else this.#asks(side, message, said)
    return true
  }

  #asks(asker: Side, message: Message, { startNs, isCut }: Said): void {
    const { header } = message
    if (this.#isSentAgain(asker, message)) {
      this.#link.dropped(1)
      return
    }
    this.#transfers[asker].delete(header.id)
    this.#queries[asker].ask(new Query(asker, message, startNs, isCut))
  }

  /** On a stream nothing is sent again, so a second equal question is another exchange. */
  #isSentAgain(asker: Side, { header, question }: Message): boolean {
    if (this.#link.transport !== 'udp') return false
    return this.#queries[asker].find(header.id, (query) => query.asks(question)) !== undefined
  }

  #answers(asker: Side, message: Message, { endNs, isCut }: Said): void {
    const { header, question } = message
    const fits = (query: Query) => question === undefined || query.asks(question)
    const transfers = this.#transfers[asker]
    const query = this.#queries[asker].answer(header.id, fits)
    if (!query) {
      if (!transfers.has(header.id)) this.#link.dropped(1)
      return
    }
    if (query.isTransfer && transfers.size < MAX_TRANSFERS) transfers.add(header.id)
    const isWhole = !(query.isCut || isCut || message.isCut)
    // The rest of it is still to come.
    const isRunning = isCut && this.#link.goesOn
    this.#emit(query, message, isWhole ? 'complete' : isRunning ? 'running' : 'cut', endNs, this.#link.sink)
  }

  // ── What becomes of questions ──────────────────────────────────────────────

  unanswered(query: Query): void {
    if (this.#isToGroup) this.#link.dropped(1)
    else {
      const outcome = this.#link.goesOn ? 'waiting' : 'unanswered'
      this.#emit(query, undefined, outcome, this.#nowNs, this.#link.sink)
    }
  }

  drop(): void {
    this.#link.dropped(1)
  }

  get #isToGroup(): boolean {
    return MULTICAST.test(this.#link.connection.remote_addr)
  }

  /** Names and texts may contain tokens. */
  #shown(body: string): string {
    return this.#link.settings.redact ? redactText(body) : body
  }

  #emit(query: Query, answer: Message | undefined, outcome: Outcome, nowNs: number, sink: Sink): void {
    const { connection } = this.#link
    sink.append(dnsEvents, {
      ...connection,
      time_: nowNs,
      trace_role: roleIn(connection.trace_role, query.asker),
      req_header: headerText(query, query.extendedRcode),
      req_body: this.#shown(query.body),
      resp_header: answer ? headerText(answer.header, answer.extendedRcode) : '{}',
      resp_body: answer ? this.#shown(answer.body) : '{}',
      latency: Math.max(0, nowNs - query.startNs),
      outcome,
    })
  }
}
