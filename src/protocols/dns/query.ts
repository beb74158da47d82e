/** A question that waits for its answer: one object and one text, as many wait in a flood. */
import type { Waiting } from '../lib/keyed'
import type { Side } from '../protocol'
import { type Header, type Message, ownerText, type Question } from './message'
import { isTransfer } from './numbers'

/** Memory of a question beside its text, as measured. */
const QUERY_BYTES = 340
/** Length of the text before the first question in the body. */
const BEFORE_QUESTION = '{"queries":['.length

export class Query implements Header, Waiting<number, Query> {
  readonly asker: Side
  readonly id: number
  readonly flags: number
  readonly questions: number
  readonly answers: number
  readonly authorities: number
  readonly additionals: number
  readonly extendedRcode: number
  /** See `Message`; it has the question. */
  readonly body: string
  readonly isTransfer: boolean
  readonly isCut: boolean
  readonly startNs: number
  isUnsure = false
  next: Query | undefined

  constructor(asker: Side, message: Message, startNs: number, isCut: boolean) {
    const { header, question } = message
    this.asker = asker
    this.id = header.id
    this.flags = header.flags
    this.questions = header.questions
    this.answers = header.answers
    this.authorities = header.authorities
    this.additionals = header.additionals
    this.extendedRcode = message.extendedRcode
    this.body = message.body
    this.isTransfer = question !== undefined && isTransfer(question.type)
    this.isCut = isCut || message.isCut
    this.startNs = startNs
  }

  get key(): number {
    return this.id
  }

  get bytes(): number {
    return QUERY_BYTES + this.body.length
  }

  /**
   * Whether this is its question; undefined: it has none. Names are equal whatever their case (RFC 4343); clients vary it so that forged
   * answers are noticed.
   */
  asks(question: Question | undefined): boolean {
    const { body } = this
    if (!question) return body.startsWith(']', BEFORE_QUESTION)
    const asked = `${ownerText(question)}}`
    if (body.startsWith(asked, BEFORE_QUESTION)) return true
    const said = body.slice(BEFORE_QUESTION, BEFORE_QUESTION + asked.length)
    return said.toLowerCase() === asked.toLowerCase()
  }
}
