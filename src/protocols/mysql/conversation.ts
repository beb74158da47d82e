/** MySQL on one connection: commands and answers, paired in order, as rows of `mysql_events`. */
import type { Outcome } from '../lib/columns'
import { Pairing } from '../lib/pairing'
import type { Pairs } from '../lib/take-pairs'
import type { Conversation, Input, Link, Read, Side, Sink } from '../protocol'
import { Channel } from './channel'
import { ClientSide } from './client-side'
import type { Dialogue } from './dialogue'
import { LongValues } from './long-data'
import { COM, COMPRESS, DEPRECATE_EOF, QUERY_ATTRIBUTES, ZSTD } from './numbers'
import { boundary, compressedBoundary } from './recognise'
import type { Request } from './request'
import { NONE, type Response, SUCCESS, UNKNOWN } from './response'
import { ServerSide } from './server-side'
import { compressedAt } from './starts'
import { Statements } from './statements'
import { mysqlEvents } from './table'

/** Commands of one connection that wait at most. */
const MAX_WAITING = 4096
/** An exchange that lasts longer is shown while it runs. */
const RUNNING_NS = 10e9
const UNANSWERED_NS = 30e9
/** Memory of a message beside its texts. */
const REQUEST_BYTES = 400
const RESPONSE_BYTES = 600

export class MysqlConversation implements Conversation, Dialogue, Pairs<Request, Response> {
  pairing: Pairing<Request>
  flags: number | undefined
  readonly last = { client: -1, server: -1 }
  readonly longValues = new LongValues()
  readonly statements = new Statements()
  readonly link: Link
  readonly requests: Request[] = []
  readonly responses: Response[] = []
  readonly #asks = new ClientSide(this)
  readonly #answers = new ServerSide(this)
  readonly #client = new Channel('client', this.#asks)
  readonly #server = new Channel('server', this.#answers)
  /** Bytes that weren't understood were passed over since the last message. */
  readonly #hasPassed = { client: false, server: false }
  #serverFlags: number | undefined
  /** As answers have shown. */
  #hasEof: boolean | undefined
  #database = ''
  #waiting = 0
  #isPassedOver = false

  constructor(link: Link) {
    this.link = link
    this.pairing = new Pairing<Request>(link.isWhole || link.isAtTurn === true, link)
  }

  get held(): number {
    const own = this.longValues.held + this.statements.held + RESPONSE_BYTES * this.responses.length
    return this.#waiting + own + this.#client.held + this.#server.held
  }

  get hasEof(): boolean | undefined {
    const agreed = this.#agreed(DEPRECATE_EOF)
    return agreed === undefined ? this.#hasEof : !agreed
  }

  get isAttributed(): boolean | undefined {
    return this.#agreed(QUERY_ATTRIBUTES)
  }

  get isCompressed(): boolean {
    return this.#client.isCompressed
  }

  get current(): Response | undefined {
    return this.#answers.current
  }

  read(side: Side, input: Input): Read {
    if (side === 'client') this.#findCompression(input.bytes, input.pos)
    return this.#channel(side).read(input)
  }

  seek(side: Side, bytes: Uint8Array, from: number): number {
    if (side === 'client') this.#findCompression(bytes, from)
    const find = this.#channel(side).isCompressed ? compressedBoundary : boundary
    const at = find(side, bytes, from, (this.last.client + 1) & 0xff)
    if (at !== from) this.#hasPassed[side] = true
    if (at >= 0 && this.#hasPassed[side]) this.#passed(side)
    return at
  }

  gap(side: Side, bytes: number, timeNs: number): boolean {
    return this.#channel(side).gap(bytes, timeNs)
  }

  passOver(timeNs: number, begins: boolean): void {
    this.#cut(timeNs)
    this.longValues.clear()
    this.statements.loses()
    this.#database = ''
    this.pairing.passOver(timeNs, begins)
    this.#isPassedOver = true
    this.pairing.take(this.requests, this.responses, timeNs, true, this)
    this.#isPassedOver = false
  }

  unwanted(side: Side): number {
    return this.#channel(side).unwanted
  }

  get unsure(): number {
    return this.responses[0]?.answer.certainty === 'tentative' ? this.responses.length : 0
  }

  get isUndecided(): boolean {
    return this.responses.length > 0
  }

  settle(nowNs: number, final: boolean): void {
    if (final) this.#cut(nowNs)
    this.take(nowNs, final)
    if (!final) return
    this.statements.clear()
    this.longValues.clear()
  }

  underWay(nowNs: number, sink: Sink): void {
    const response = this.responses[0]
    for (const request of this.requests) {
      if (nowNs - request.startNs < RUNNING_NS) return
      if (response?.answer.seq === request.seq) this.#emit(request, response, 'running', nowNs, sink)
      else if (nowNs - request.startNs >= UNANSWERED_NS && this.pairing.isUnanswered(request))
        this.#emit(request, undefined, 'waiting', nowNs, sink)
    }
  }

  shed(): void {
    this.link.dropped(this.requests.length + this.responses.length)
    this.requests.length = 0
    this.responses.length = 0
    this.#waiting = 0
    this.#answers.current = undefined
    for (const side of [this.#client, this.#server]) side.reset()
    this.longValues.clear()
    this.statements.clear()
    this.#forgetPlace()
    this.pairing.forget()
  }

  // ── From both sides ────────────────────────────────────────────────────────

  begins(flags: number): void {
    if (this.requests.length + this.responses.length > 0) this.shed()
    this.#forgetPlace()
    this.last.server = 0
    this.flags = undefined
    this.#serverFlags = flags
    this.#asks.hasAsked = false
    this.pairing = new Pairing<Request>(true, this.link)
  }

  agrees(flags: number): void {
    this.flags = flags & (this.#serverFlags ?? flags)
  }

  answersEarly(): void {
    this.#asks.answersEarly(this.#client.unfinished)
  }

  learnsEof(hasEof: boolean | undefined): void {
    this.#hasEof = hasEof ?? this.#hasEof
  }

  asks(request: Request): void {
    request.seq = this.pairing.requestBegins(request, request.startNs)
    this.pairing.requestEnds(request, request.endNs)
    request.held = REQUEST_BYTES + 2 * (request.text.length + (request.statement?.text.length ?? 0))
    request.held += request.execution?.bytes.length ?? 0
    this.#waiting += request.held
    this.requests.push(request)
    if (this.requests.length <= MAX_WAITING) return
    for (const oldest of this.requests.splice(0, MAX_WAITING / 2)) this.drop(oldest)
  }

  tells(request: Request): void {
    this.#emit(request, undefined, 'complete', request.endNs, this.link.sink)
  }

  fails(response: Response, command: number, timeNs: number): void {
    const request = { command, text: '', execution: undefined, startNs: timeNs } as const
    this.#emit(request, response, 'complete', timeNs, this.link.sink)
  }

  /** Both ends compress what they say behind the login, if they agreed on that. */
  loggedIn(): void {
    if (((this.flags ?? 0) & (COMPRESS | ZSTD)) !== 0) this.#compress()
  }

  take(nowNs: number, final: boolean): void {
    if (this.responses.length > 0 || final)
      this.pairing.take(this.requests, this.responses, nowNs, final, this)
  }

  losesAsked(timeNs: number): void {
    this.statements.loses()
    this.longValues.clear()
    this.#database = ''
    this.pairing.requestGap({ bytes: Number.POSITIVE_INFINITY, isBetween: false, timeNs })
    this.take(timeNs, false)
  }

  // ── What becomes of the messages ───────────────────────────────────────────

  pair(request: Request, response: Response): void {
    this.#left(request)
    const isCut = request.isCut || response.isCut
    const outcome = isCut ? 'cut' : response.isRunning ? 'running' : 'complete'
    this.#emit(request, response, outcome, response.endNs, this.link.sink)
    this.#learns(request, response)
  }

  unanswered(request: Request, nowNs: number): void {
    this.#left(request)
    const outcome = this.link.goesOn ? 'waiting' : 'unanswered'
    this.#emit(request, undefined, outcome, nowNs, this.link.sink)
  }

  drop(message: Request | Response): void {
    const isRequest = !('answer' in message)
    if (isRequest) this.#leaves(message)
    if (isRequest && this.#isPassedOver && !message.isCut) this.link.passedOver(1)
    else this.link.dropped(1)
  }

  // ───────────────────────────────────────────────────────────────────────────

  /** A client may ask for what the server can't; whether it can is known where the greeting was seen, which it isn't within TLS. */
  #agreed(flag: number): boolean | undefined {
    if (this.flags === undefined) return undefined
    const isAsked = (this.flags & flag) !== 0
    return isAsked && this.#serverFlags === undefined ? undefined : isAsked
  }

  #channel(side: Side): Channel {
    return side === 'client' ? this.#client : this.#server
  }

  /** What was passed over may have been messages of any number. */
  #passed(side: Side): void {
    this.#hasPassed[side] = false
    const hole = { bytes: Number.POSITIVE_INFINITY, isBetween: false, timeNs: 0 }
    if (side === 'client') this.pairing.requestGap(hole)
    else this.pairing.responseGap(hole)
  }

  /** Of a connection that was joined: its first command shows whether it is compressed. */
  #findCompression(bytes: Uint8Array, pos: number): void {
    if (this.flags !== undefined || this.#client.isCompressed || this.#asks.hasAsked) return
    if (compressedAt(bytes, pos) === 'sure') this.#compress()
  }

  #compress(): void {
    const { decodeBudget } = this.link.settings
    for (const channel of [this.#client, this.#server]) channel.compresses(decodeBudget)
  }

  /** What is under way ends here, as far as it can be told. */
  #cut(timeNs: number): void {
    this.#asks.cut(this.#client.unfinished)
    this.#answers.cut(timeNs)
    for (const channel of [this.#client, this.#server]) channel.reset()
    this.#forgetPlace()
  }

  #forgetPlace(): void {
    this.last.client = -1
    this.last.server = -1
  }

  /** What it says of statements counts all the same. */
  #leaves(request: Request): void {
    this.#left(request)
    if (request.execution) this.#textOf(request)
    else if (request.command === COM.PREPARE) this.statements.loses()
  }

  #left({ held }: Request): void {
    this.#waiting -= held
  }

  /** What later commands refer to. */
  #learns({ command, statement, database }: Request, response: Response): void {
    if (response.status !== SUCCESS) return
    const { prepared } = response
    if (prepared && statement) this.statements.prepared(prepared.id, statement, prepared.parameters)
    if (command === COM.CHANGE_USER || command === COM.RESET_CONNECTION) this.statements.clear()
    this.#database = response.database ?? database ?? this.#database
  }

  #emit(
    request: Pick<Request, 'command' | 'text' | 'execution' | 'startNs'>,
    response: Response | undefined,
    outcome: Outcome,
    timeNs: number,
    sink: Sink,
  ): void {
    const { command, startNs } = request
    sink.append(mysqlEvents, {
      ...this.link.connection,
      time_: timeNs,
      req_cmd: command,
      req_body: this.#textOf(request),
      resp_status: response?.status ?? (outcome === 'complete' ? NONE : UNKNOWN),
      resp_body: response?.text ?? '',
      latency: Math.max(0, timeNs - startNs),
      database: this.#database,
      rows_sent: response?.rows ?? 0,
      rows_affected: response?.rowsAffected ?? 0,
      error_code: response?.errorCode ?? 0,
      outcome,
    })
  }

  #textOf({ command, text, execution }: Pick<Request, 'command' | 'text' | 'execution'>): string {
    if (!execution) return text
    return command === COM.EXECUTE
      ? this.statements.execution(execution, this.isAttributed)
      : this.statements.bulk(execution)
  }
}
