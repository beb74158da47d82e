/**
 * ClickHouse's native protocol on one connection: each query with what came of it, and the login, as rows of `clickhouse_events`.
 *
 * - A client asks again only when the answer has ended (EndOfStream or an exception): the next query tells that earlier ones are over, and that
 *   what the server says next begins a packet. So behind bytes that were lost or can't be read, the server's are passed over until then.
 * - Of a client that was lost the next query is looked for.
 */
import type { Outcome } from '../lib/columns'
import { redactText } from '../lib/redact'
import type { Conversation, Input, Link, ProtocolSettings, Read, Side, Sink } from '../protocol'
import { Asked } from './asked'
import type { Block } from './block'
import { clientPackets } from './client'
import { Cursor, type Steps } from './cursor'
import { type QueryHead, queryAt } from './query'
import { asHello } from './recognise'
import { serverPackets } from './server'
import { clickhouseEvents } from './table'
import type { Talk } from './talk'

const WAITING_NS = 10e9
const MAX_WAITING = 64
/** Places that a search looks at. */
const MAX_CANDIDATES = 4096
const MAX_SEARCHED = 64 << 10
const USE = /^\s*use\s+[`"]?([^\s`";]+)/i

export class ClickhouseConversation implements Conversation, Talk {
  readonly #link: Link
  readonly #cursors = { client: new Cursor(), server: new Cursor() }
  #steps: Record<Side, Steps<never>>
  readonly #asked: Asked[] = []
  /** What the server says is passed over until the next query. */
  #isServerLost: boolean
  /** Queries may have been lost since the first one that waits. */
  #isClientHoled = false
  #clientRevision: number | undefined
  revision: number | undefined
  #database = ''
  #user = ''
  #client = ''
  #compressed = false
  #nowNs = 0

  constructor(link: Link) {
    this.#link = link
    this.#isServerLost = !link.isWhole
    this.#steps = { client: this.#packets('client'), server: this.#packets('server') }
  }

  get settings(): ProtocolSettings {
    return this.#link.settings
  }

  get held(): number {
    return this.#asked.reduce((sum, { bytes }) => sum + bytes, 0)
  }

  read(side: Side, input: Input): Read {
    if (side === 'server' && this.#isServerLost) {
      input.pos = input.end
      return 'need-more'
    }
    const cursor = this.#cursors[side]
    cursor.set(input)
    const { value } = this.#steps[side].next()
    input.pos = cursor.at
    if (typeof value === 'object' && 'invalid' in value) this.#restart(side)
    return value
  }

  seek(side: Side, bytes: Uint8Array, from: number): number {
    if (side === 'server') return from
    const end = Math.min(bytes.length, from + MAX_SEARCHED)
    for (let at = from, candidates = 0; at < end && candidates < MAX_CANDIDATES; at++) {
      if (bytes[at]! > 1) continue
      candidates++
      const hello = bytes[at] === 0 ? asHello(bytes.subarray(at)) : 'no'
      const isLogin = typeof hello === 'object' && hello.side === 'client'
      if (isLogin || typeof queryAt(bytes, at, bytes.length, this.revision) === 'object') return at
    }
    return -1
  }

  gap(side: Side): boolean {
    this.#restart(side)
    if (side === 'server') this.#isServerLost = true
    else this.#isClientHoled = true
    for (const asked of this.#asked) asked.isCut = true
    // An answer may be to a query that was lost.
    if (this.#isServerLost && this.#isClientHoled) this.#drop()
    return false
  }

  get isUndecided(): boolean {
    return false
  }

  settle(nowNs: number, final: boolean): void {
    this.#nowNs = nowNs
    if (!final) return
    const { goesOn, sink } = this.#link
    for (const asked of this.#asked.splice(0)) {
      const isAnswered = asked.isAnswered || this.#isServerLost
      const outcome = isAnswered
        ? goesOn && !asked.isCut
          ? 'running'
          : 'cut'
        : goesOn
          ? 'waiting'
          : 'unanswered'
      this.#emit(asked, outcome, this.#nowNs, sink)
    }
  }

  underWay(nowNs: number, sink: Sink): void {
    for (const asked of this.#asked) {
      if (asked.startNs > nowNs - WAITING_NS || asked.isCut) return
      this.#emit(asked, asked.isAnswered ? 'running' : 'waiting', nowNs, sink)
    }
  }

  passOver(): void {
    this.#link.passedOver(this.#asked.splice(0).length)
    this.#loses()
  }

  shed(): void {
    this.#drop()
    this.#loses()
  }

  // ── Talk ───────────────────────────────────────────────────────────────────

  isCompressed(): boolean {
    return this.#compressed
  }

  greets(client: string, revision: number, database: string, user: string, startNs: number): void {
    this.#nextBegins(startNs)
    this.#clientRevision = revision
    this.#client = client
    this.#database = database
    this.#user = user
    this.#ask(new Asked('hello', '', '', client, startNs))
  }

  asks(head: QueryHead, text: string, startNs: number): void {
    this.revision ??= head.revision
    this.#compressed = head.isCompressed
    this.#nextBegins(startNs)
    this.#ask(new Asked('query', text, head.id, head.client, startNs))
  }

  sends(block: Block): void {
    this.#asked.at(-1)?.sends(block)
  }

  welcomes(revision: number, timeNs: number): void {
    if (this.#clientRevision !== undefined) this.revision = Math.min(revision, this.#clientRevision)
    this.#answered(timeNs)
  }

  block(block: Block, isResult: boolean): void {
    this.#asked[0]?.block(block, isResult)
  }

  progress(rows: number, bytes: number): void {
    this.#asked[0]?.progress(rows, bytes)
  }

  profile(rows: number): void {
    this.#asked[0]?.profile(rows)
  }

  fails(code: number, message: string, timeNs: number): void {
    const [asked] = this.#asked
    if (asked) {
      asked.errorCode = code
      asked.error = message
    }
    this.#answered(timeNs)
  }

  ends(timeNs: number): void {
    this.#answered(timeNs)
  }

  // ───────────────────────────────────────────────────────────────────────────

  #packets(side: Side): Steps<never> {
    const cursor = this.#cursors[side]
    return side === 'client' ? clientPackets(cursor, this) : serverPackets(cursor, this)
  }

  #restart(side: Side): void {
    this.#steps[side] = this.#packets(side)
  }

  /** The client asks: earlier answers have ended. */
  #nextBegins(nowNs: number): void {
    if (this.#isServerLost) {
      this.#restart('server')
      this.#isServerLost = false
      for (const asked of this.#asked.splice(0)) this.#emit(asked, 'cut', nowNs, this.#link.sink)
    }
    if (this.#asked.length === 0) this.#isClientHoled = false
  }

  #ask(asked: Asked): void {
    this.#asked.push(asked)
    if (this.#asked.length > MAX_WAITING) {
      this.#asked.shift()
      this.#link.dropped(1)
    }
  }

  #answered(timeNs: number): void {
    const asked = this.#asked.shift()
    if (!asked) {
      this.#link.dropped(1)
      return
    }
    const used = USE.exec(asked.text)
    this.#emit(asked, asked.isCut ? 'cut' : 'complete', timeNs, this.#link.sink)
    if (used && asked.errorCode === 0) this.#database = used[1]!
  }

  #drop(): void {
    this.#link.dropped(this.#asked.splice(0).length)
  }

  #loses(): void {
    this.#restart('client')
    this.#restart('server')
    this.#isServerLost = true
  }

  #emit(asked: Asked, outcome: Outcome, timeNs: number, sink: Sink): void {
    const safe = this.settings.redact ? redactText : (text: string) => text
    sink.append(clickhouseEvents, {
      ...this.#link.connection,
      time_: timeNs,
      cmd: asked.cmd,
      query: safe(asked.text),
      query_id: safe(asked.id),
      database: safe(this.#database),
      user: safe(this.#user),
      client: safe(asked.client || this.#client),
      compression: asked.method,
      rows: asked.rows,
      blocks: asked.blocks,
      read_rows: asked.readRows,
      read_bytes: asked.readBytes,
      written_rows: asked.writtenRows,
      error_code: asked.errorCode,
      error: safe(asked.error),
      latency: Math.max(0, timeNs - asked.startNs),
      outcome,
    })
  }
}
