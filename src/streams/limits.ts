/** Bounds of memory, time and numbers for connections, each and together. */
export interface StreamLimits {
  readonly connections: number
  /** Bytes that one end may hold back while a message is incomplete. */
  readonly streamBytes: number
  /** Bytes that all connections together may hold back: unfinished messages, unanswered requests. */
  readonly heldBytes: number
  /** An end that has held bytes back for this long, and used none of them, is reset. */
  readonly stuckNs: number
  /** Bytes, and events, after which a connection of unknown protocol is only counted. */
  readonly unrecognisedBytes: number
  readonly unrecognisedEvents: number
  /** The first wait until such a connection is read again; it doubles up to the last. */
  readonly retryNs: number
  readonly retryMaxNs: number
  /** How long to wait after a connection's end for data of the call during which it ended. */
  readonly lingerNs: number
  /** How long a connection that crowds out the others is only counted. */
  readonly restNs: number
  /** How long a server's record waits for the name of a client that may be on this node. */
  readonly introduceNs: number
  /** How long an ended connection is remembered, so that its late events don't look like a new connection. */
  readonly rememberNs: number
  /** A datagram socket, or one of its remote ends, counts as closed after this long without data. */
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
