/** What was seen of a request and of a response, as far as a row of `http_events` needs it. */
import type { ContentType } from './content-type'

/** What was seen of a message. */
interface Seen {
  /** When its first byte was moved. */
  readonly startNs: number
  /** When the first byte of its content was moved; -1 where there is none. */
  readonly contentNs: number
  /** A JSON object. */
  readonly headers: string
  /** The kept beginning of its content. */
  readonly body: string
  /** What its content says by name, where not all of that is in the kept beginning. */
  readonly facts: string
  readonly bodySize: number
  /** Messages of a procedure call in it. */
  readonly messages: number
}

export interface SeenRequest extends Seen {
  readonly method: string
  readonly path: string
}

export interface SeenResponse extends Seen {
  readonly status: number
  readonly reason: string
  readonly contentType: ContentType
}
