/** What a connection may cost. */
export interface StreamLimits {
  readonly connections: number
  /** Bytes that one direction may hold back while a message is incomplete. */
  readonly streamBytes: number
  /** A direction that holds bytes back for so long without using any is reset. */
  readonly stuckNs: number
  /** Messages that wait for their other half. */
  readonly frames: number
  /** Bytes, and events, after which a connection that speaks nothing we know is only counted. */
  readonly probeBytes: number
  readonly probeEvents: number
  /** First wait until such a connection is looked at again; it doubles up to the last. */
  readonly reprobeNs: number
  readonly reprobeMaxNs: number
  /** A datagram socket that is quiet for so long is taken for closed: its end isn't announced. */
  readonly datagramIdleNs: number
}

export const DEFAULT_STREAM_LIMITS: StreamLimits = {
  connections: 65_536,
  streamBytes: 1 << 20,
  stuckNs: 10e9,
  frames: 4096,
  probeBytes: 16 << 10,
  probeEvents: 16,
  reprobeNs: 30e9,
  reprobeMaxNs: 600e9,
  datagramIdleNs: 60e9,
}
