import type { Pairing } from '../lib/pairing'
import type { Link, Side } from '../protocol'
import type { HttpMessage, HttpRequest, HttpResponse } from './types'

/** What the two sides of one connection tell each other's readers. */
export interface Dialogue {
  readonly link: Link
  readonly pairing: Pairing<HttpRequest>
  /** What the connection speaks after the message that is under way or done, or ''. */
  next: string
  /** A request whose answer decides what the client's bytes behind it are (CONNECT, Upgrade). */
  parkedBy: HttpRequest | undefined
  /** The server may say more than one response to a request (RFC 9110 §15.2). */
  isInterim: boolean
  /** The client's bytes behind that request are there and weren't read: what the server says next may answer them. */
  holdsAsked: boolean
  /**
   * A message of `side` began at `startNs`, in a response's case an answer to `asked`: a message of the other side ends there
   * if nobody knows where else.
   */
  takesTurn(side: Side, startNs: number, asked?: HttpRequest): void
  /** The end of a request went by unseen. */
  hasLostEnd(): void
  /** A request of which only a part of the head is there, though it was answered. */
  askedInPart: HttpRequest | undefined
  /** What the server says now is an answer though no request waits: to what there is of one. */
  asksInPart(): void
  /** The head of a message was read. */
  asks(request: HttpRequest): void
  answers(response: HttpResponse): void
  /** A message ended, with the kept part of a body of `size` bytes. */
  ends(message: HttpMessage, body: string, size: number, endNs: number): void
}
