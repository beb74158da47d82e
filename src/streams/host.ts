import type { Protocol } from '../protocols/protocol'

/** Why only bytes are counted from here on. */
export type Silence = 'unknown' | 'encrypted' | 'peer' | 'left'

/** The socket of this exchange. */
export interface Host {
  /** The protocol is known, and the end's role with it. */
  speaks(protocol: Protocol): void
  silent(why: Silence): void
  /** The connection turns to TLS; what that carries is of this protocol. */
  carries?(protocol: string): void
  /** Something waits that passing time may decide. */
  watch(): void
  /** Whether the other end of this connection is local and records it. */
  isPeers(): boolean
}
