import type { Pairing } from '../lib/pairing'
import type { Leave, Link, Side } from '../protocol'
import type { HttpMessage, HttpRequest, HttpResponse } from './types'

/** What the reader of each side of a connection must know of the other side. */
export interface Dialogue {
  readonly link: Link
  readonly pairing: Pairing<HttpRequest>
  /** Where the connection goes after the current or last message. */
  next: Leave | undefined
  /** A request whose answer decides how the client's bytes after it are read (CONNECT, Upgrade). */
  parkedBy: HttpRequest | undefined
  /** The server sent an interim response: another one to the same request follows (RFC 9110 §15.2). */
  isInterim: boolean
  /** Bytes of the client after that request have arrived and weren't read: the server's next response may answer them. */
  holdsAsked: boolean
  /**
   * A message of `side` began at `startNs`; a response answers `asked`. A message of the other side whose end isn't known
   * ends there.
   */
  takesTurn(side: Side, startNs: number, asked?: HttpRequest): void
  /** The end of a request was lost. */
  hasLostEnd(): void
  /** A request that was answered although only a part of its head was seen. */
  askedInPart: HttpRequest | undefined
  /** The server responds and no request waits: the response answers a request of which only the beginning is there. */
  asksInPart(): void
  /** The head of a message was read. */
  asks(request: HttpRequest): void
  answers(response: HttpResponse): void
  /** A message ended, with the kept part of a body of `size` bytes. */
  ends(message: HttpMessage, body: string, size: number, endNs: number): void
}
