/** What the two sides of a connection tell each other, and its conversation. */
import type { Pairing } from '../lib/pairing'
import type { Link } from '../protocol'
import type { LongValues } from './long-data'
import type { Request } from './request'
import type { Response } from './response'
import type { Statements } from './statements'

export interface Dialogue {
  readonly link: Link
  readonly pairing: Pairing<Request>
  readonly responses: Response[]
  readonly longValues: LongValues
  readonly statements: Statements
  /** The answer that is under way. */
  readonly current: Response | undefined
  /** The number of the last packet of each side; -1: not known. */
  readonly last: { client: number; server: number }
  /** What both ends agreed on at the login; undefined: it wasn't seen. */
  readonly flags: number | undefined
  /** Columns end with an EOF; undefined: that isn't known. */
  readonly hasEof: boolean | undefined
  /** Statements may have attributes in front of them; undefined: that isn't known. */
  readonly isAttributed: boolean | undefined
  /** Packets are parts of compressed ones, and may be numbered otherwise. */
  readonly isCompressed: boolean
  /** A greeting: the connection begins here. */
  begins(flags: number): void
  /** The login's flags. */
  agrees(flags: number): void
  loggedIn(): void
  asks(request: Request): void
  /** A command that has no answer. */
  tells(request: Request): void
  /** The server answers what may still be being sent. */
  answersEarly(): void
  learnsEof(hasEof: boolean | undefined): void
  /** An error that nobody asked for. */
  fails(response: Response, command: number, timeNs: number): void
  /** The client's commands, or parts of them, were lost. */
  losesAsked(timeNs: number): void
  /** Pairs what can be paired. */
  take(nowNs: number, final: boolean): void
}
