/** The socket probe as the source of rows sees it: its events, its counts, and what it can be told. */
import type { Direction, Gate, SocketEvent, SocketTotals, Verdict } from '../../events/socket-event'

export interface Uncaptured {
  /** Calls that moved data over Unix sockets, and their bytes; they are only counted. */
  readonly unixCalls: number
  readonly unixBytes: number
  /** Socket calls of 32-bit processes. */
  readonly compatCalls: number
  /** Bytes that could not be read from the process, though they were to be captured. */
  readonly unreadBytes: number
}

export interface SocketFeed {
  /**
   * Hands over waiting events, at most `maxEvents`, and stops when they took `maxBytes` of the ring; returns how many. The
   * event object is reused.
   */
  drain(handler: (event: SocketEvent) => void, maxEvents: number, maxBytes?: number): number
  /** How full the ring is, from 0 to 1. */
  fill(): number
  setVerdict(connId: number, verdict: Verdict): void
  /** The same for the data within the connection's TLS. */
  setPlainVerdict(connId: number, verdict: Verdict): void
  /**
   * Leaves out, of one direction of a connection, the bytes before an offset (as `SocketEvent.offset`) that is at most
   * 1 GiB ahead: they come as sizes only, whatever the verdict. Replaces an earlier offset.
   */
  leaveOut(connId: number, direction: Direction, until: number): void
  /** Sets how much the kernel captures from now on. The connections to shed stay those drawn last. */
  setGate(gate: Gate): void
  /** Draws anew which connections are shed. */
  drawAnew(): void
  /** Hands over the totals of every socket that the kernel knows, or of those alone of which exchanges were shed. */
  totals(handler: (totals: SocketTotals) => void, shedOnly?: boolean): void
  /** Events and payload bytes that were lost because the ring was full, since the start. */
  lost(): { events: number; bytes: number }
  /** What was left out since the start, on purpose or because a page could not be read. */
  uncaptured(): Uncaptured
  close(): void
}
