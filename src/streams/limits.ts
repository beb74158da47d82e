/** What connections may cost, each and together. */
export interface StreamLimits {
  readonly connections: number
  /** Bytes that one end may hold back while a message is incomplete. */
  readonly streamBytes: number
  /** Bytes that all connections together may hold back: unfinished messages, unanswered requests. */
  readonly heldBytes: number
  /** An end that holds bytes back for so long without using any is reset. */
  readonly stuckNs: number
  /** Bytes, and events, after which a connection that speaks nothing we know is only counted. */
  readonly probeBytes: number
  readonly probeEvents: number
  /** First wait until such a connection is looked at again; it doubles up to the last. */
  readonly reprobeNs: number
  readonly reprobeMaxNs: number
  /** What is moved by the call within which the connection ends comes after its end: so long is waited for it. */
  readonly lingerNs: number
  /** A connection that crowds out the others is only counted for so long. */
  readonly restNs: number
  /** The record of a server whose client may be on this node waits so long for the client's name. */
  readonly introduceNs: number
  /** A connection that has ended is remembered for so long: what comes later is no connection of its own. */
  readonly rememberNs: number
  /** A datagram socket, or one of its remote ends, that is quiet for so long is taken for closed. */
  readonly datagramIdleNs: number
  /** Remote ends of one datagram socket. */
  readonly remotes: number
}

export const DEFAULT_STREAM_LIMITS: StreamLimits = {
  connections: 65_536,
  streamBytes: 1 << 20,
  heldBytes: 48 << 20,
  stuckNs: 300e9,
  probeBytes: 16 << 10,
  probeEvents: 16,
  reprobeNs: 30e9,
  reprobeMaxNs: 600e9,
  lingerNs: 100e6,
  introduceNs: 20e6,
  restNs: 1e9,
  rememberNs: 10e9,
  datagramIdleNs: 60e9,
  remotes: 2048,
}
