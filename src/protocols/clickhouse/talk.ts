/** What the packets of both sides tell the conversation. */
import type { ProtocolSettings } from '../protocol'
import type { Block } from './block'
import type { QueryHead } from './query'

export interface Talk {
  readonly settings: ProtocolSettings
  /** The revision that both ends use; undefined: the login wasn't seen. */
  readonly revision: number | undefined
  /** Blocks of the query that was asked last, or is being answered, are compressed. */
  isCompressed(side: 'client' | 'server'): boolean
  greets(client: string, revision: number, database: string, user: string, startNs: number): void
  asks(head: QueryHead, text: string, startNs: number): void
  /** Rows that the client sends. */
  sends(block: Block): void
  welcomes(revision: number, timeNs: number): void
  block(block: Block, isResult: boolean): void
  progress(rows: number, bytes: number): void
  /** All rows of the result, as the server tells. */
  profile(rows: number): void
  fails(code: number, message: string, timeNs: number): void
  ends(timeNs: number): void
}
