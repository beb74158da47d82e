/** What the kernel says about sockets, and is told, as the source of rows sees it. */
import type { Direction, Gate, SocketEvent, SocketTotals, Verdict } from '../../events/socket-event'

export interface Uncaptured {
  /** Calls that moved data over Unix sockets, and their bytes: counted only. */
  readonly unixCalls: number
  readonly unixBytes: number
  /** Socket calls of 32-bit processes. */
  readonly compatCalls: number
  /** Bytes that were to be captured and could not be read out of the process. */
  readonly unreadBytes: number
}

export interface SocketFeed {
  /**
   * Hands over all events that wait, at most `maxEvents`, fewer once they took `maxBytes` of the ring; returns how many. The
   * event object is reused.
   */
  drain(handler: (event: SocketEvent) => void, maxEvents: number, maxBytes?: number): number
  /** How full the ring is, from 0 to 1. */
  fill(): number
  setVerdict(connId: number, verdict: Verdict): void
  /**
   * Leaves out, of one direction of a connection, the bytes before an offset (as `SocketEvent.offset`) that is at most
   * 1 GiB ahead: they come as sizes only, whatever the verdict. Takes the place of what was said before.
   */
  leaveOut(connId: number, direction: Direction, until: number): void
  /** Has the kernel bring so much from now on. Who is shed is what was last drawn. */
  setGate(gate: Gate): void
  /** Draws anew which connections are shed. */
  drawAnew(): void
  /** Totals of every socket that the kernel knows. */
  totals(handler: (totals: SocketTotals) => void): void
  /** Events and payload bytes that found the ring full, since the start. */
  lost(): { events: number; bytes: number }
  /** What was seen and left out on purpose or for want of a page, since the start. */
  uncaptured(): Uncaptured
  close(): void
}
