/** Responses: their heads (RFC 9112 §4), and how these tell the length of the body (§6.3). */
import type { Fields } from '../lib/http/fields'
import type { Answer } from '../lib/pairing'
import { type Invalid, invalid, type Leave } from '../protocol'
import type { Dialogue } from './dialogue'
import type { BodyLength, Framed } from './framing'
import { isStatusLine, statusParts } from './grammar'
import { blockOf, type HeadPlace, statusLineOf } from './head'
import { OneSides } from './one-sides'
import { mayBeStatusLine } from './start-lines'
import type { HttpRequest, HttpResponse } from './types'

/** The protocol in which the response follows (RFC 7540 §3.2): 101 is only the way there. */
const ANSWERS_BEHIND = 'h2c'

export class ResponseMessages extends OneSides<HttpResponse> {
  constructor(dialogue: Dialogue) {
    super(dialogue, 'server')
  }

  mayStart(bytes: Uint8Array, start: number, end: number): boolean {
    return mayBeStatusLine(bytes, start, end)
  }

  isStartLine(line: string): boolean {
    return statusParts(line) !== undefined
  }

  isMessage(bytes: Uint8Array): boolean {
    return isStatusLine(bytes, 0)
  }

  begins(head: HeadPlace, startNs: number): Framed | 'interim' | Invalid {
    const dialogue = this.dialogue
    const { redact } = dialogue.link.settings
    const start = statusLineOf(head, redact)
    if (!start) return invalid('not a status line')
    const { fields, length } = blockOf(head, redact)
    head.end = head.fieldsStart + length
    const { status, reason, minor } = start
    // An interim response has nothing for a row; the final one follows (RFC 9110 §15.2).
    if (status < 200 && status !== 101) {
      dialogue.isInterim = true
      return 'interim'
    }
    // RFC 9110 §15.5: a server may send 408, 414, 431 and 400 before the end of a head.
    if (status >= 400 && dialogue.pairing.isSettled) dialogue.asksInPart()
    const answer = dialogue.pairing.responseBegins(startNs, head.passed)
    dialogue.takesTurn('server', startNs, answer.hint)
    const { json: headers, contentType } = fields
    const response: HttpResponse = {
      answer,
      isShown: false,
      status,
      reason,
      minor,
      headers,
      contentType,
      startNs,
      endNs: startNs,
      contentNs: -1,
      body: '',
      facts: '',
      bodySize: 0,
      messages: 0,
      held: 0,
      done: false,
      isCut: false,
      isRunning: false,
    }
    dialogue.answers(response)
    this.begun(response, fields)
    if (fields.contradictory) return invalid('length of the response unknown')
    return this.#framed(status, answer, fields)
  }

  protected asked({ answer: { certainty, hint } }: HttpResponse): string | undefined {
    return certainty === 'sure' ? hint?.path : undefined
  }

  protected ended({ answer }: HttpResponse, endNs: number, hasLostEnd: boolean): void {
    const { pairing } = this.dialogue
    pairing.responseEnds(answer, endNs)
    if (hasLostEnd) pairing.responseGap()
  }

  goesOn(): void {
    this.dialogue.pairing.responseGoesOn()
  }

  isParked(): boolean {
    const { parkedBy, holdsAsked } = this.dialogue
    return holdsAsked && parkedBy === undefined
  }

  /** RFC 9112 §6.3 in its order. */
  #framed(status: number, answer: Answer<HttpRequest>, fields: Fields): Framed {
    const dialogue = this.dialogue
    const { hint: request } = answer
    const tunnels = request?.method === 'CONNECT' && status < 300
    if (tunnels) dialogue.next = { leave: 'any' }
    else if (status === 101) dialogue.next = this.#switches(answer, fields)
    if (request === undefined || request === dialogue.parkedBy) dialogue.parkedBy = undefined
    const isBare = request?.method === 'HEAD' || status === 204 || status === 304 || status === 101
    if (isBare || tunnels) return { length: 0, isUnasked: false }
    return { length: lengthOf(fields), isUnasked: request === undefined }
  }

  /** RFC 9110 §7.8, §15.2.2. */
  #switches({ certainty, hint }: Answer<HttpRequest>, { upgrade, json }: Fields): Leave {
    const leave = upgrade || 'unknown'
    const isAnswered = leave !== ANSWERS_BEHIND
    const { parkedBy } = this.dialogue
    // Only a request that asks for it is answered so.
    const asked =
      certainty === 'sure' ? hint : isAnswered && parkedBy?.upgrade === leave ? parkedBy : undefined
    return { leave, opening: { request: asked, answer: json, isAnswered } }
  }
}

function lengthOf({ chunked, contentLength }: Fields): BodyLength {
  if (chunked) return 'chunked'
  return contentLength >= 0 ? contentLength : 'until-close'
}
