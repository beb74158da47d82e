/**
 * Requests up to a Sync, or a simple query, and the answers up to the ReadyForQuery for it: these are paired by their order. Within
 * them each answer is of the oldest request without one, and its kind must fit.
 */
import type { Answer } from '../lib/pairing'
import type { ProtocolSettings } from '../protocol'
import { hear, stepOf } from './answers'
import type { Message } from './framing'
import { SERVER } from './letters'
import { heldBy, type Kind, type Request } from './requests'

/** Kinds that the server answers with ReadyForQuery. */
const CLOSERS: ReadonlySet<Kind> = new Set<Kind>(['Query', 'Sync', 'FunctionCall', 'StartupMessage'])
export const isCloser = (kind: Kind): boolean => CLOSERS.has(kind)

export interface Listener {
  readonly settings: ProtocolSettings
  /** The server has answered it. */
  answered(request: Request): void
  /** The server has not done it: an earlier one of its unit failed. */
  skipped(request: Request): void
  /** So many messages say nothing that fits. */
  lost(messages: number): void
}

/** Bytes of memory of all units and replies of a connection. */
export interface Tally {
  bytes: number
}

export class Unit {
  readonly seq: number
  done = false
  /** Its beginning may have been missed: an answer is believed only when the whole of it fits. */
  readonly isDoubtful: boolean
  /** The rest of it was lost. */
  isCut = false
  readonly startNs: number
  readonly requests: Request[] = []
  #next = 0
  #beside = 0
  /** Messages that answer the current request so far. */
  #heard = 0
  #isFailed = false
  /** Its answers don't fit. */
  isBroken = false
  hasLeft = false
  readonly #tally: Tally
  #held = UNIT_BYTES

  constructor(seq: number, startNs: number, isDoubtful: boolean, tally: Tally) {
    this.seq = seq
    this.startNs = startNs
    this.isDoubtful = isDoubtful
    this.#tally = tally
    tally.bytes += UNIT_BYTES
  }

  add(request: Request): void {
    this.requests.push(request)
    this.#holds(heldBy(request))
  }

  /** It waits no longer. */
  leave(): void {
    this.hasLeft = true
    this.#holds(-this.#held)
  }

  /** Requests that wait for their answer. */
  get waiting(): readonly Request[] {
    return this.#next === 0 ? this.requests : this.requests.slice(this.#next)
  }

  get isWaiting(): boolean {
    return this.#next < this.requests.length
  }

  /** Messages of the requests that wait. */
  get messages(): number {
    return this.requests.length - this.#next + this.#beside + this.#heard
  }

  /** A message that is a part of its last request: of a login, or data. */
  goesOn(): void {
    this.#beside++
  }

  /** The one that the server answers, or the next one. */
  get current(): Request | undefined {
    return this.#isFailed ? undefined : this.requests[this.#next]
  }

  /** The server passes over what follows, also beyond this unit, as no Sync ends it. */
  get isStranded(): boolean {
    return this.#isFailed && this.done && this.requests.at(-1)?.kind !== 'Sync'
  }

  hear(message: Message, listener: Listener): void {
    if (this.isBroken) {
      listener.lost(1)
      return
    }
    if (this.#isFailed && message.letter === SERVER.ready) this.#skip(listener)
    const request = this.current
    const step = request ? stepOf(request.kind, message.letter) : 'no'
    if (!request || step === 'no') {
      this.isBroken = message.letter !== SERVER.notice
      listener.lost(1)
      return
    }
    this.#heard++
    hear(request, message, listener.settings)
    if (step === 'goes-on') return
    this.#advance()
    listener.answered(request)
    if (step === 'fails') this.#isFailed = true
  }

  /** The server goes on with the Sync. */
  #skip(listener: Listener): void {
    this.#isFailed = false
    for (let request = this.current; request && request.kind !== 'Sync'; request = this.current) {
      this.#advance()
      listener.skipped(request)
    }
  }

  /** Those that are answered are let go of. */
  #advance(): void {
    this.#heard = 0
    this.#beside = 0
    this.#holds(-heldBy(this.requests[this.#next]!))
    if (++this.#next < LET_GO) return
    this.requests.splice(0, this.#next)
    this.#next = 0
  }

  #holds(bytes: number): void {
    this.#held += bytes
    this.#tally.bytes += bytes
  }
}

const LET_GO = 64
const UNIT_BYTES = 200

/** What the server says up to ReadyForQuery. */
export class Reply {
  readonly answer: Answer<undefined>
  done = false
  /** Its end was lost. */
  isCut = false
  hasLeft = false
  /** What waits until it is sure whose answer it is. */
  readonly #messages: Message[] = []
  readonly #tally: Tally
  #held = UNIT_BYTES
  #bytes = 0
  #beside = 0

  constructor(answer: Answer<undefined>, tally: Tally) {
    this.answer = answer
    this.#tally = tally
    tally.bytes += UNIT_BYTES
  }

  /** It waits no longer. */
  leave(): void {
    this.hasLeft = true
    this.#holds(-this.#held)
  }

  get isWaiting(): boolean {
    return this.#messages.length > 0
  }

  /** Messages that nobody was told of. */
  get messages(): number {
    return this.#messages.length + this.#beside
  }

  /** A message of which nothing is kept. */
  passes(): void {
    this.#beside++
  }

  /** Keeps the message; of rows beyond `limit` bytes only that they were there. */
  keep(message: Message, limit: number): void {
    const { bytes, from, to } = message
    const isRow = message.letter === SERVER.dataRow || message.letter === SERVER.copyData
    const end = isRow && this.#bytes > limit ? from : to
    this.#messages.push({ ...message, bytes: bytes.slice(from, end), from: 0, to: end - from })
    this.#bytes += end - from
    this.#holds(MESSAGE_BYTES + end - from)
  }

  /** More messages than are kept. */
  get isFull(): boolean {
    return this.#messages.length >= MOST_MESSAGES
  }

  fits(unit: Unit): boolean {
    const requests = unit.waiting
    let next = 0
    let isFailed = false
    for (const { letter } of this.#messages) {
      if (letter === SERVER.notice) continue
      if (isFailed && letter !== SERVER.ready) return false
      if (isFailed) while (next < requests.length && requests[next]!.kind !== 'Sync') next++
      const request = requests[next]
      const step = request ? stepOf(request.kind, letter) : 'no'
      if (step === 'no') return false
      isFailed = step === 'fails'
      if (step !== 'goes-on') next++
    }
    return next === requests.length
  }

  /** Gives out what waits. */
  tell(hear: (message: Message) => void): void {
    for (const message of this.#messages.splice(0)) hear(message)
    this.#bytes = 0
    this.#beside = 0
    this.#holds(UNIT_BYTES - this.#held)
  }

  #holds(bytes: number): void {
    this.#held += bytes
    this.#tally.bytes += bytes
  }
}

const MESSAGE_BYTES = 160
const MOST_MESSAGES = 4096
