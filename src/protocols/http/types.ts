/** HTTP/1.0 and HTTP/1.1 messages (RFC 9110, RFC 9112), as far as a row of `http_events` needs them. */
import type { Answer } from '../lib/pairing'
import type { Frame } from '../protocol'

interface HttpFrame extends Frame {
  readonly minor: number
  /** A JSON object of name: value; secrets are taken out. */
  readonly headers: string
  readonly contentType: ContentType
  /** The kept head of the content, as text. */
  readonly body: string
  /** Bytes of content as they were sent: without the transfer coding, with the content coding. */
  readonly bodySize: number
}

export interface HttpRequest extends HttpFrame {
  readonly kind: 'request'
  readonly seq: number
  readonly method: string
  readonly path: string
}

export interface HttpResponse extends HttpFrame {
  readonly kind: 'response'
  readonly answer: Answer<string>
  readonly status: number
  readonly reason: string
}

export type HttpMessage = HttpRequest | HttpResponse

/** `http_events.content_type`. */
export const CONTENT_UNKNOWN = 0
export const CONTENT_JSON = 1
export const CONTENT_GRPC = 2
export type ContentType = typeof CONTENT_UNKNOWN | typeof CONTENT_JSON | typeof CONTENT_GRPC
