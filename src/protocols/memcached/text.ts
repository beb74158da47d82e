/** Memcached's text on one connection: commands and answers in order; those of quiet meta commands by what they repeat. */
import { type Answer, Pairing } from '../lib/pairing'
import type { Pairs } from '../lib/take-pairs'
import type { Conversation, Input, Leave, Link, Read, Side, Sink } from '../protocol'
import { type Answered, type Asked, appendRow, type Exchange } from './exchange'
import type { AnswerLine, CommandLine } from './lines'
import { boundary } from './recognise-text'
import { type RequestListener, TextRequests } from './text-requests'
import { type ResponseListener, TextResponses } from './text-responses'

const MAX_WAITING = 4096
const LASTS_NS = 10e9
const MAX_SHOWN = 64
/** A command without an answer, as none is wanted but of failure, waits so long for the next one to tell. */
const QUIET_NS = 2e9
const PAUSE_NS = 100e6
const MESSAGE_BYTES = 400
const GONE = -1
/** Behind `watch` a server says what it logs. */
const LOG: Leave = { leave: 'log of Memcached' }
/** What logs in, in text: the first command of a connection stores a name and a password. */
const LOGIN = /^[^\s…]{1,64} [^\s…]{1,128}(?:\r?\n)?$/

interface Request extends Asked {
  readonly seq: number
  done: boolean
  readonly opaque: string | undefined
  held: number
}

interface Response {
  readonly answer: Answer<undefined>
  done: boolean
  isCut: boolean
  isRunning: boolean
  answered: Answered | undefined
  endNs: number
  held: number
}

export class TextConversation
  implements Conversation, RequestListener, ResponseListener, Pairs<Request, Response>
{
  readonly #link: Link
  readonly #pairing: Pairing<undefined>
  readonly #client = new TextRequests(this)
  readonly #server = new TextResponses(this)
  readonly #requests: Request[] = []
  readonly #responses: Response[] = []
  #asking: Request | undefined
  #answering: Response | undefined
  #leave: Leave | undefined
  /** Quiet commands that wait. */
  #quiet = 0
  #waitingBytes = 0
  #isFirst: boolean
  /** Answers may be the rest of one of which the beginning wasn't seen, unless they began at this time or later. */
  #sureFromNs: number
  #serverNs = -1
  /** The answers to requests before this one may have been lost. */
  #unsureBefore = -1
  #isPassedOver = false

  constructor(link: Link) {
    const isSure = link.isWhole || link.isAtTurn === true
    this.#link = link
    this.#pairing = new Pairing<undefined>(isSure, link)
    this.#sureFromNs = isSure ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
    this.#isFirst = link.isWhole
  }

  get bodyLimit(): number {
    return this.#link.settings.bodyLimit
  }

  get held(): number {
    return this.#waitingBytes + this.#client.held + this.#server.held
  }

  read(side: Side, input: Input): Read {
    if (this.#leave) return this.#leave
    if (side === 'client') return this.#client.read(input)
    if (input.end > input.pos) this.#serverNs = input.timeAt(input.end - 1)
    return this.#server.read(input)
  }

  seek(side: Side, bytes: Uint8Array, from: number): number {
    const at = boundary(side, bytes, from)
    if (side === 'client' && at !== from) this.#pairing.asksUnknown()
    return at
  }

  gap(side: Side, bytes: number, timeNs: number): boolean {
    if (side === 'client') {
      if (this.#client.pass(bytes, timeNs)) return true
      this.#forgetAsking()
      this.#pairing.requestGap({ bytes: Number.POSITIVE_INFINITY, isBetween: false, timeNs })
    } else {
      this.#serverNs = Math.max(this.#serverNs, timeNs)
      if (this.#server.pass(bytes, timeNs)) return true
      this.#cut()
      this.#answersLost(timeNs)
    }
    this.#take(timeNs, false)
    return false
  }

  passOver(timeNs: number, begins: boolean): void {
    this.#forgetAsking()
    this.#cut()
    this.#unsureBefore = Number.POSITIVE_INFINITY
    const isSure = begins && !this.#pairing.isPipelined
    this.#pairing.passOver(timeNs, begins)
    this.#sureFromNs = isSure ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
    this.#isPassedOver = true
    this.#take(timeNs, true)
    this.#isPassedOver = false
    this.#unsureBefore = -1
  }

  unwanted(side: Side): number {
    return side === 'client' ? this.#client.unwanted : this.#server.unwanted
  }

  get unsure(): number {
    return this.#responses[0]?.answer.certainty === 'tentative' ? this.#responses.length : 0
  }

  get isUndecided(): boolean {
    return this.#responses.length > 0 || this.#quiet > 0
  }

  settle(nowNs: number, final: boolean): void {
    if (final) {
      this.#forgetAsking()
      this.#cut()
    }
    this.#take(nowNs, final)
    if (final || this.#quiet === 0) return
    let late = 0
    for (const { isQuiet, done, startNs } of this.#requests) {
      if (!isQuiet || !done || nowNs - startNs < QUIET_NS) break
      late++
    }
    for (const request of this.#requests.splice(0, late)) this.drop(request)
  }

  underWay(nowNs: number, sink: Sink): void {
    const [response] = this.#responses
    for (const request of this.#requests.slice(0, MAX_SHOWN)) {
      if (nowNs - request.startNs < LASTS_NS) return
      const isRunning = response?.answer.seq === request.seq
      if (!isRunning && !this.#pairing.isUnanswered(request)) continue
      const outcome = isRunning ? 'running' : 'waiting'
      this.#emit({ asked: request, answered: undefined, outcome, timeNs: nowNs }, sink)
    }
  }

  shed(): void {
    this.#link.dropped(this.#requests.length + this.#responses.length)
    for (const message of [...this.#requests, ...this.#responses]) message.held = GONE
    this.#requests.length = 0
    this.#responses.length = 0
    this.#quiet = 0
    this.#waitingBytes = 0
    this.#asking = undefined
    this.#answering = undefined
    this.#client.reset()
    this.#server.reset()
    this.#pairing.forget()
    this.#sureFromNs = Number.POSITIVE_INFINITY
  }

  // ── Commands ───────────────────────────────────────────────────────────────

  requestBegins(line: CommandLine, startNs: number): void {
    const pauseNs = this.#pairing.isPipelined ? PAUSE_NS : 0
    if (this.#sureFromNs === Number.POSITIVE_INFINITY && startNs > this.#serverNs + pauseNs)
      this.#sureFromNs = startNs
    const request: Request = {
      ...{ form: line.form, cmd: line.cmd, keys: line.keys, moreKeys: line.moreKeys, args: line.args },
      ...{ isLookup: line.isLookup, isQuiet: line.answer !== 'one', opaque: line.opaque, startNs },
      seq: line.answer === 'none' ? -1 : this.#pairing.requestBegins(undefined, startNs),
      body: '',
      size: Math.max(0, line.size),
      isSecret: false,
      done: false,
      held: 0,
    }
    this.#asking = request
    if (request.seq < 0) return
    this.#holds(request, MESSAGE_BYTES + 2 * line.args.length)
    this.#requests.push(request)
    if (request.isQuiet) this.#quiet++
    if (this.#requests.length > MAX_WAITING)
      for (const oldest of this.#requests.splice(0, MAX_WAITING / 2)) this.drop(oldest)
  }

  requestEnds(value: string, endNs: number): void {
    const request = this.#asking!
    this.#asking = undefined
    request.body = value
    request.isSecret = this.#isFirst && request.cmd === 'set' && LOGIN.test(value)
    this.#isFirst = false
    request.done = true
    if (request.seq < 0) {
      this.#emit({ asked: request, answered: undefined, outcome: 'complete', timeNs: endNs })
      return
    }
    this.#holds(request, 2 * value.length)
    this.#pairing.requestEnds(request, endNs)
    if (this.#responses.length > 0) this.#take(endNs, false)
  }

  #forgetAsking(): void {
    const request = this.#asking
    this.#asking = undefined
    this.#isFirst = false
    this.#client.reset()
    if (!request) return
    const at = this.#requests.indexOf(request)
    if (at >= 0) this.#requests.splice(at, 1)
    this.#left(request)
    this.#link.dropped(1)
  }

  // ── Answers ────────────────────────────────────────────────────────────────

  responseBegins(line: AnswerLine, startNs: number): void {
    if (startNs < this.#sureFromNs) return
    const answer = this.#quiet > 0 ? this.#named(line, startNs) : this.#pairing.responseBegins(startNs)
    if (!answer) return
    this.#answering = {
      ...{ answer, done: false, isCut: false, isRunning: false, answered: undefined, endNs: 0, held: 0 },
    }
    this.#responses.push(this.#answering)
    this.#holds(this.#answering, MESSAGE_BYTES)
  }

  responseEnds(answered: Answered, endNs: number): void {
    const response = this.#answering
    this.#answering = undefined
    if (!response) {
      this.#link.dropped(1)
      return
    }
    response.answered = answered
    response.endNs = endNs
    response.done = true
    this.#holds(
      response,
      2 * answered.values.reduce((sum, [key, value]) => sum + key.length + value.length, 0),
    )
    this.#pairing.responseEnds(response.answer, endNs)
    this.#take(endNs, false)
  }

  /** Quiet commands before the one that is answered have no answer. */
  #named(line: AnswerLine, startNs: number): Answer<undefined> | undefined {
    let found: Request | undefined
    let many = 0
    for (const request of this.#requests) {
      if (fits(request, line)) {
        found ??= request
        many++
        if (line.opaque !== undefined || !request.isQuiet) break
      }
      if (!request.isQuiet) break
    }
    if (found && many === 1) return this.#pairing.responseNames(found, startNs)
    // It is one of several: none of them is told.
    this.#answersLost(startNs)
    for (const request of this.#requests.splice(0)) this.drop(request)
    return undefined
  }

  /** The answer that is still coming ends here, as far as it is seen. */
  #cut(): void {
    const answered = this.#server.cut
    const response = this.#answering
    this.#answering = undefined
    const { lastNs } = this.#server
    this.#server.reset()
    if (!answered) return
    if (!response) {
      this.#link.dropped(1)
      return
    }
    response.answered = answered
    response.endNs = lastNs
    response.done = true
    if (this.#link.goesOn) response.isRunning = true
    else response.isCut = true
    this.#pairing.responseEnds(response.answer, lastNs)
  }

  #answersLost(timeNs: number): void {
    this.#unsureBefore = (this.#requests.at(-1)?.seq ?? -1) + 1
    this.#sureFromNs = Number.POSITIVE_INFINITY
    this.#pairing.responseGap({ isBetween: false, timeNs })
  }

  // ── What becomes of them ───────────────────────────────────────────────────

  pair(asked: Request, response: Response): void {
    const { answered, isCut, isRunning, endNs } = response
    this.#left(asked)
    this.#left(response)
    if (asked.cmd === 'watch' && answered?.line === 'OK') this.#leave = LOG
    const outcome = isCut ? 'cut' : isRunning ? 'running' : 'complete'
    this.#emit({ asked, answered, outcome, timeNs: endNs })
  }

  unanswered(request: Request, nowNs: number): void {
    if (request.isQuiet) {
      this.drop(request)
      return
    }
    this.#left(request)
    const outcome = this.#link.goesOn ? 'waiting' : 'unanswered'
    this.#emit({ asked: request, answered: undefined, outcome, timeNs: nowNs })
  }

  drop(message: Request | Response): void {
    this.#left(message)
    if (!('cmd' in message)) this.#link.dropped(1)
    else if (message.isQuiet && message.done && message.seq >= this.#unsureBefore)
      this.#emit({ asked: message, answered: undefined, outcome: 'complete', timeNs: message.startNs })
    else if (this.#isPassedOver && message.done) this.#link.passedOver(1)
    else this.#link.dropped(1)
  }

  #take(nowNs: number, final: boolean): void {
    if (this.#responses.length === 0 && !final) return
    this.#pairing.take(this.#requests, this.#responses, nowNs, final, this)
  }

  #holds(message: Request | Response, bytes: number): void {
    if (message.held < 0) return
    message.held += bytes
    this.#waitingBytes += bytes
  }

  #left(message: Request | Response): void {
    if (message.held < 0) return
    if ('cmd' in message && message.isQuiet && message.seq >= 0) this.#quiet--
    this.#waitingBytes -= message.held
    message.held = GONE
  }

  #emit(exchange: Exchange, sink: Sink = this.#link.sink): void {
    appendRow(sink, this.#link.connection, this.#link.settings.redact, exchange)
  }
}

/** Whether the line may begin the answer to a request. */
function fits({ cmd, form, keys, opaque }: Request, line: AnswerLine): boolean {
  if (line.opaque !== undefined) return line.opaque === opaque
  if (form !== 'meta') return true
  if (line.key !== undefined && line.kind !== 'value') return line.key === keys[0]
  if (line.word === 'MN') return cmd === 'mn'
  if (line.kind === 'one-value' || line.word === 'EN') return cmd === 'mg' || cmd === 'me'
  return cmd !== 'mn' || line.word.endsWith('ERROR')
}
