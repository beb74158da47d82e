/** Requests: their heads (RFC 9112 §3), and how these tell the length of the body (§6). */
import { type Fields, fieldsOf } from '../lib/http/fields'
import { type Invalid, invalid } from '../protocol'
import type { Dialogue } from './dialogue'
import type { Framed } from './framing'
import { mayBeRequestLine, requestParts } from './grammar'
import {
  blockOf,
  type HeadPlace,
  parseRequestLine,
  parseRequestPart,
  type RequestLine,
  requestLineOf,
} from './head'
import { OneSides } from './one-sides'
import { startsRequest } from './start-lines'
import type { HttpRequest } from './types'

export class RequestMessages extends OneSides<HttpRequest> {
  constructor(dialogue: Dialogue) {
    super(dialogue, 'client')
  }

  mayStart(bytes: Uint8Array, start: number, end: number): boolean {
    return mayBeRequestLine(bytes, start, end)
  }

  isStartLine(line: string): boolean {
    return requestParts(line) !== undefined
  }

  isMessage(bytes: Uint8Array): boolean {
    return startsRequest(bytes)
  }

  begins(head: HeadPlace, startNs: number): Framed | Invalid {
    const dialogue = this.dialogue
    const { redact } = dialogue.link.settings
    const start = requestLineOf(head, redact)
    if (!start) return invalid('not a request line')
    const { fields, length: fieldsLength } = blockOf(head, redact)
    head.end = head.fieldsStart + fieldsLength
    const early = dialogue.askedInPart
    if (early) {
      dialogue.askedInPart = undefined
      this.begun(early, fields)
      return lengthOf(fields)
    }
    const request = requestOf(start, fields, startNs)
    dialogue.takesTurn('client', startNs)
    // The bytes that are the same whatever the target is.
    const bytes = start.method.length + ' / HTTP/1.1'.length + fieldsLength
    request.seq = dialogue.pairing.requestBegins(request, startNs, bytes, head.passed)
    this.begun(request, fields)
    dialogue.asks(request)
    if (request.method === 'CONNECT' || request.upgrade !== '') dialogue.parkedBy = request
    return lengthOf(fields)
  }

  /** Takes the part of a head that was there when the server answered. */
  beginsInPart(text: string, startNs: number, endNs: number): void {
    const { dialogue } = this
    const { redact } = dialogue.link.settings
    const lineEnd = text.indexOf('\n')
    const line = lineEnd < 0 ? text : text.slice(0, lineEnd).replace(/\r$/, '')
    const start = lineEnd < 0 ? parseRequestPart(line, redact) : parseRequestLine(line, redact)
    if (!start) return
    // The last line may go on.
    const fields = fieldsOf(text.slice(lineEnd + 1, Math.max(lineEnd + 1, text.lastIndexOf('\n'))), redact)
    const request = { ...requestOf(start, fields, startNs), endNs, done: true, isCut: true }
    request.seq = dialogue.pairing.requestBegins(request, startNs, Number.POSITIVE_INFINITY)
    dialogue.askedInPart = request
    dialogue.asks(request)
  }

  protected asked({ path }: HttpRequest): string {
    return path
  }

  protected ended(request: HttpRequest, endNs: number, hasLostEnd: boolean): void {
    this.dialogue.pairing.requestEnds(request, endNs)
    if (hasLostEnd) this.dialogue.hasLostEnd()
  }

  goesOn(): void {
    // Its missing bytes have made the count unsure.
  }

  isParked(): boolean {
    const dialogue = this.dialogue
    dialogue.holdsAsked = dialogue.parkedBy !== undefined
    return dialogue.holdsAsked
  }
}

/** RFC 9112 §6.3: a malformed length, or two, is an error, to which the server responds. */
function lengthOf(fields: Fields): Framed | Invalid {
  if (fields.contradictory || fields.otherTransferCoding) return invalid('length of the request unknown')
  const length = fields.chunked ? 'chunked' : Math.max(0, fields.contentLength)
  return { length, isUnasked: false }
}

function requestOf({ method, path, minor }: RequestLine, fields: Fields, startNs: number): HttpRequest {
  const { json: headers, contentType, upgrade } = fields
  return {
    method,
    path,
    minor,
    headers,
    contentType,
    upgrade,
    startNs,
    seq: -1,
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
}
