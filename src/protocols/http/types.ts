/** HTTP/1.0 and HTTP/1.1 messages (RFC 9110, RFC 9112), as far as a row of `http_events` needs them. */
import type { ContentType } from '../lib/http/content-type'
import type { Answer } from '../lib/pairing'

/** One message whose head has been read. */
export interface HttpMessage {
  readonly minor: number
  /** A JSON object of name: value, with secrets replaced. */
  readonly headers: string
  readonly contentType: ContentType
  /** When its first byte was moved, in capture-clock nanoseconds. */
  readonly startNs: number
  /** When the newest of its bytes was moved. */
  endNs: number
  /** When the first byte of its content was moved; -1 where there is none. */
  contentNs: number
  /** The kept head of the content, as text. */
  body: string
  /** What its content says by name beyond that. */
  facts: string
  /** Bytes of content as they were sent: without the transfer coding, with the content coding. */
  bodySize: number
  /** Messages of a procedure call in it. */
  messages: number
  /** Bytes of memory that it takes while it waits. */
  held: number
  /** It is at its end: nothing more of it will be read. */
  done: boolean
  /** Its end was lost. */
  isCut: boolean
  /** Its end was still to come when nobody looked any longer. */
  isRunning: boolean
}

export interface HttpRequest extends HttpMessage {
  seq: number
  readonly method: string
  readonly path: string
  /** The first protocol of Upgrade in lower case, or ''. */
  readonly upgrade: string
}

export interface HttpResponse extends HttpMessage {
  readonly answer: Answer<HttpRequest>
  /** A row without its request was shown while it ran. */
  isShown: boolean
  readonly status: number
  readonly reason: string
}
