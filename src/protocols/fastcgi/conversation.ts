/**
 * FastCGI between a web server (the client) and an application: each request with its response, by id, as rows of `fastcgi_events`.
 *
 * - A request ends with END_REQUEST, whether all of it was read or not; what comes later of it is passed over.
 * - Several requests share a connection, one behind the other (FCGI_KEEP_CONN) or at once.
 * - Records about the connection itself (id 0) are passed over, and so is the second stream of a filter (DATA).
 */
import type { Outcome } from '../lib/columns'
import { type Framed, Framing, type Shape } from '../lib/framing'
import type { Conversation, Input, Link, Read, Side, Sink } from '../protocol'
import { OpenRequests } from './open-requests'
import { boundary } from './recognise'
import { MAX_PARAMS, Request } from './request'
import { fastcgiEvents } from './table'
import {
  ABORT,
  BEGIN,
  type Begun,
  BODY_BYTES,
  begunAt,
  contentLengthAt,
  END,
  type Ended,
  endedAt,
  HEAD_BYTES,
  idAt,
  isSaidBy,
  lengthAt,
  PARAMS,
  STDERR,
  STDIN,
  STDOUT,
  typeAt,
} from './wire'

/** A request that lasts longer is shown while it does. */
const WAITING_NS = 10e9
const MAX_EARLY = 256
/** Where the content was lost: that it begins, or ends, is known all the same. */
const UNKNOWN_BEGIN: Begun = { role: '', keeps: false }
const UNKNOWN_END: Ended = { appStatus: -1, protocolStatus: '' }

export class FastcgiConversation implements Conversation {
  readonly #link: Link
  readonly #requests = new OpenRequests(() => this.#link.dropped(1))
  readonly #framing: Record<Side, Framing>
  /** The record that was read is the last one of a request, or of a response: a message is all that one end says of it. */
  #isEnd = false
  /** Ids of requests that ended before all of them was said: the rest of them may still come. */
  readonly #early = new Set<number>()
  #nowNs = 0

  constructor(link: Link) {
    this.#link = link
    const shape: Shape = {
      headBytes: HEAD_BYTES,
      lengthAt,
      mostKept: (bytes, at) => HEAD_BYTES + this.#wantedOf(bytes, at),
      wrong: 'not a record of FastCGI',
    }
    this.#framing = {
      client: new Framing(shape, (framed) => this.#says('client', framed)),
      server: new Framing(shape, (framed) => this.#says('server', framed)),
    }
  }

  get held(): number {
    const { client, server } = this.#framing
    return this.#requests.held + client.held + server.held
  }

  read(side: Side, input: Input): Read {
    this.#isEnd = false
    for (;;) {
      const read = this.#framing[side].read(input)
      if (read !== 'message' || this.#isEnd) return read
    }
  }

  seek(side: Side, bytes: Uint8Array, from: number): number {
    return boundary(side, bytes, from)
  }

  gap(side: Side, bytes: number, timeNs: number): boolean {
    const framing = this.#framing[side]
    if (framing.pass(bytes, timeNs)) return true
    framing.cut()
    if (side === 'client') this.#requests.askedLost()
    else this.#requests.answeredLost()
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
    for (const request of this.#requests.takeAll()) this.#leaves(request)
  }

  underWay(nowNs: number, sink: Sink): void {
    for (const request of this.#requests.all) {
      if (request.startNs > nowNs - WAITING_NS) return
      const outcome = request.isAnswered ? 'running' : 'waiting'
      if (!request.isUnsure) this.#emit(request, undefined, outcome, nowNs, sink)
    }
  }

  passOver(): void {
    this.#link.passedOver(this.#requests.takeAll().length)
    for (const framing of Object.values(this.#framing)) framing.reset()
  }

  shed(): void {
    this.#link.dropped(this.#requests.takeAll().length)
    for (const framing of Object.values(this.#framing)) framing.reset()
  }

  // ── Records ────────────────────────────────────────────────────────────────

  /** Bytes of the content of a record that comes in parts which are of interest. */
  #wantedOf(bytes: Uint8Array, at: number): number {
    const { bodyLimit } = this.#link.settings
    switch (typeAt(bytes, at)) {
      case PARAMS:
        return MAX_PARAMS
      case STDOUT:
        return this.#requests.oldest(idAt(bytes, at))?.wantedOfStdout ?? 0
      case STDIN:
      case STDERR:
        return bodyLimit
      default:
        return BODY_BYTES
    }
  }

  #says(side: Side, framed: Framed): boolean {
    const { bytes, start } = framed
    const type = typeAt(bytes, start)
    if (!isSaidBy(side, type)) return false
    const id = idAt(bytes, start)
    if (id === 0) return true
    if (type === BEGIN) return this.#begins(id, framed)
    const request = side === 'client' ? this.#requests.newest(id) : this.#requests.oldest(id)
    if (type === END) return this.#ends(request, framed)
    const isSaid = type === STDIN && contentLengthAt(bytes, start) === 0
    this.#isEnd = isSaid
    if (request) this.#requests.change(request, () => this.#takes(request, type, framed))
    // Else it has ended, or its beginning wasn't seen.
    else if (isSaid && !this.#early.delete(id)) this.#link.dropped(1)
    return true
  }

  #begins(id: number, { bytes, start, end, startNs }: Framed): boolean {
    const at = start + HEAD_BYTES
    const begun = end - at < BODY_BYTES ? UNKNOWN_BEGIN : begunAt(bytes, at)
    if (!begun) return false
    this.#early.delete(id)
    this.#requests.begin(new Request(id, begun, startNs, this.#link.settings))
    return true
  }

  #takes(request: Request, type: number, { bytes, start, end, isCut, isShort }: Framed): void {
    const at = start + HEAD_BYTES
    const length = contentLengthAt(bytes, start)
    const to = Math.min(end, at + length)
    // Of what never came nothing is counted.
    const size = isShort ? to - at : length
    if (type === PARAMS) request.takeParams(bytes, at, to)
    else if (type === STDIN) request.takeStdin(bytes, at, to, size)
    else if (type === STDOUT) request.takeStdout(bytes, at, to, size)
    else if (type === STDERR) request.stderr.take(bytes, at, to, size)
    else if (type === ABORT) request.isAborted = true
    if (!isCut || (!isShort && !request.wants(type))) return
    if (type === PARAMS || type === STDIN) request.losesAsked()
    else request.losesAnswered()
  }

  #ends(request: Request | undefined, { bytes, start, end, endNs }: Framed): boolean {
    const at = start + HEAD_BYTES
    const isSeen = end - at >= BODY_BYTES
    const ended = isSeen ? endedAt(bytes, at) : UNKNOWN_END
    if (!ended) return false
    this.#isEnd = true
    if (!request) {
      this.#link.dropped(1)
      return true
    }
    this.#requests.end(request)
    if (!request.isSaid && this.#early.size < MAX_EARLY) this.#early.add(request.id)
    const isCut = request.isCut || !isSeen || (request.isUnsure && !request.isAnswered)
    this.#emit(request, ended, isCut ? 'cut' : 'complete', endNs, this.#link.sink)
    return true
  }

  // ── What becomes of requests ───────────────────────────────────────────────

  /** The connection has ended, or nobody looks at it any longer. */
  #leaves(request: Request): void {
    if (request.isUnsure) {
      this.#link.dropped(1)
      return
    }
    const { goesOn, sink } = this.#link
    const outcome = request.isAnswered ? (goesOn ? 'running' : 'cut') : goesOn ? 'waiting' : 'unanswered'
    this.#emit(request, undefined, outcome, this.#nowNs, sink)
  }

  #emit(request: Request, ended: Ended | undefined, outcome: Outcome, timeNs: number, sink: Sink): void {
    const { params, response, begun } = request
    sink.append(fastcgiEvents, {
      ...this.#link.connection,
      time_: timeNs,
      role: begun.role,
      req_method: params.method,
      req_path: params.path,
      script: params.script,
      req_params: params.json,
      req_body: request.requestBody(params.contentType),
      req_body_size: request.stdin.size,
      resp_status: response?.status ?? 0,
      resp_headers: response?.headers ?? '{}',
      resp_body: request.responseBody(response?.contentType ?? ''),
      resp_body_size: request.responseBodySize,
      stderr: request.errors,
      stderr_size: request.stderr.size,
      app_status: ended?.appStatus ?? -1,
      protocol_status: ended?.protocolStatus ?? '',
      aborted: request.isAborted,
      keeps: begun.keeps,
      latency: Math.max(0, timeNs - request.startNs),
      outcome,
    })
  }
}
