/** Bounds of memory, time and numbers for connections, each and together. */
export interface StreamLimits {
  readonly connections: number
  /** Bytes that one end may hold back while a message is incomplete. */
  readonly streamBytes: number
  /** Bytes that all connections together may hold back: unfinished messages, unanswered requests. */
  readonly heldBytes: number
  /** An end that holds bytes back for so long without using any is reset. */
  readonly stuckNs: number
  /** Bytes, and events, after which a connection of unknown protocol is only counted. */
  readonly unrecognisedBytes: number
  readonly unrecognisedEvents: number
  /** The first wait until such a connection is read again; it doubles up to the last. */
  readonly retryNs: number
  readonly retryMaxNs: number
  /** Data of the call during which the connection ends comes after its end; it is waited for so long. */
  readonly lingerNs: number
  /** A connection that crowds out the others is only counted for so long. */
  readonly restNs: number
  /** A server's record waits so long for the name of a client that may be on this node. */
  readonly introduceNs: number
  /** A connection that has ended is remembered for so long, so that late events don't seem to be a new connection. */
  readonly rememberNs: number
  /** A datagram socket, or one of its remote ends, without data for so long is taken for closed. */
  readonly datagramIdleNs: number
  /** Remote ends of one datagram socket at most. */
  readonly remotes: number
}

export const DEFAULT_STREAM_LIMITS: StreamLimits = {
  connections: 65_536,
  streamBytes: 1 << 20,
  heldBytes: 48 << 20,
  stuckNs: 300e9,
  unrecognisedBytes: 16 << 10,
  unrecognisedEvents: 16,
  retryNs: 30e9,
  retryMaxNs: 600e9,
  lingerNs: 100e6,
  introduceNs: 20e6,
  restNs: 1e9,
  rememberNs: 10e9,
  datagramIdleNs: 60e9,
  remotes: 2048,
}
