/** What a client says: heads of requests (RFC 9112 §3) and what they say of their bodies (§6). */
import { latin1 } from '../lib/bytes'
import { type Invalid, invalid } from '../protocol'
import { type Framed, MAX_TOKEN } from './framing'
import { blockOf, type HeadPlace, parseRequestLine, requestLineOf } from './head'
import { OneSides } from './one-sides'
import { startsRequest } from './start-lines'
import type { HttpRequest } from './types'

const TOKEN_START = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,64}(?: |$)/

export class RequestMessages extends OneSides<HttpRequest> {
  mayStart(bytes: Uint8Array, start: number, end: number): boolean {
    return TOKEN_START.test(latin1(bytes, start, Math.min(end, start + MAX_TOKEN + 1)))
  }

  isStartLine(line: string): boolean {
    return parseRequestLine(line, false) !== undefined
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
    const { method, path, minor } = start
    const { json: headers, contentType, upgrade } = fields
    const request: HttpRequest = {
      method,
      path,
      minor,
      headers,
      contentType,
      upgrade,
      startNs,
      seq: -1,
      endNs: startNs,
      body: '',
      bodySize: 0,
      held: 0,
      done: false,
      isCut: false,
    }
    dialogue.takesTurn('client', startNs)
    request.seq = dialogue.pairing.requestBegins(request, startNs, line.length - path.length + block.length)
    this.begun(request, fields)
    dialogue.asks(request)
    if (method === 'CONNECT' || upgrade !== '') dialogue.parkedBy = request
    // RFC 9112 §6.3: an error, which the server answers.
    if (fields.contradictory || fields.otherTransferCoding) return invalid('length of the request unknown')
    const length = fields.chunked ? 'chunked' : Math.max(0, fields.contentLength)
    return { length, isUnasked: false }
  }

  protected ended(_: HttpRequest, __: number, hasLostEnd: boolean): void {
    if (hasLostEnd) this.dialogue.hasLostEnd()
  }

  goesOn(): void {
    // What of it is missing has made the count unsure.
  }

  isParked(): boolean {
    const dialogue = this.dialogue
    dialogue.holdsAsked = dialogue.parkedBy !== undefined
    return dialogue.holdsAsked
  }
}
