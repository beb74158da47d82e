/** A request that waits for its answer, or for the rest of either. */
import type { Waiting } from '../lib/keyed'
import type { Side } from '../protocol'
import { isError, type Message, R_DISCARDED } from './message'

/** Memory of a request beside its texts. */
const REQUEST_BYTES = 400

/** The kept beginning of a body, and its size. */
export interface Said {
  readonly body: string
  readonly size: number
}

interface About {
  readonly contexts: string
  readonly method: string
  readonly startNs: number
  readonly isCut: boolean
}

export interface Answered {
  readonly said: Said
  readonly contexts: string
}

export interface Answer extends Answered {
  readonly type: number
  readonly status: number | undefined
  /** Of all parts. */
  size: number
  hasMore: boolean
}

export class Request implements Waiting<number, Request> {
  readonly asker: Side
  readonly type: number
  readonly key: number
  readonly destination: string
  readonly contexts: string
  readonly method: string
  readonly said: Said
  readonly startNs: number
  /** Of all parts. */
  size: number
  hasMore: boolean
  isCut: boolean
  answer: Answer | undefined
  isUnsure = false
  next: Request | undefined

  constructor(asker: Side, message: Message, said: Said, { contexts, method, startNs, isCut }: About) {
    this.asker = asker
    this.type = message.type
    this.key = message.tag
    this.destination = message.destination
    this.contexts = contexts
    this.method = method
    this.said = said
    this.startNs = startNs
    this.size = said.size
    this.hasMore = message.hasMore
    this.isCut = isCut
  }

  get bytes(): number {
    return REQUEST_BYTES + this.said.body.length + this.contexts.length + this.destination.length
  }

  /** Another part of it came. */
  goesOn(bytes: number, hasMore: boolean, isCut: boolean): void {
    this.size += bytes
    this.hasMore = hasMore
    this.isCut ||= isCut
  }

  isAnsweredBy({ type }: Message): boolean {
    return !this.answer && (type === -this.type || type === R_DISCARDED || isError(type))
  }

  /** Its answer came, or the first part of that. */
  answerBegins({ type, status, hasMore }: Message, answered: Answered, isCut: boolean): void {
    this.answer = { ...answered, type, status, size: answered.said.size, hasMore }
    this.isCut ||= isCut
  }

  answerGoesOn(answer: Answer, bytes: number, hasMore: boolean, isCut: boolean): void {
    answer.size += bytes
    answer.hasMore = hasMore
    this.isCut ||= isCut
  }
}
