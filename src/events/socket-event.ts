/**
 * What the kernel says about sockets. The layout is declared once, in `bpf/socket.h`; `socket.ts` decodes it.
 *
 * Times are nanoseconds since the capture clock's base (see `src/kernel/clock.ts`): exact in a double for 104 days.
 */
import type { Role } from '../records/types'

export const EVENT_DATA = 1
export const EVENT_OPEN = 2
export const EVENT_CLOSE = 3
/** A connection that was open before Nixie, and has moved no data since. */
export const EVENT_FOUND = 4
/** From here on a connection is shed: nobody will see answers to what waits for one. It is no call of anybody's. */
export const EVENT_SHED = 5
export type EventKind =
  | typeof EVENT_DATA
  | typeof EVENT_OPEN
  | typeof EVENT_CLOSE
  | typeof EVENT_FOUND
  | typeof EVENT_SHED

/** From the side of the process that made the call. */
export const RECEIVED = 0
export const SENT = 1
export type Direction = typeof RECEIVED | typeof SENT

/**
 * One event. Implementations decode lazily from a buffer that is reused: a handler copies what it keeps.
 * Fields below the line have a meaning for data only.
 */
export interface SocketEvent {
  readonly kind: EventKind
  /** Names one socket for as long as Nixie runs; a reused socket gets a new one. */
  readonly connId: number
  readonly timeNs: number
  /**
   * Process (thread group) id: of the caller; of an event that is no call, of the socket's owner (who connected, accepted
   * or, if nobody accepted, listens), 0 when that isn't known.
   */
  readonly pid: number
  /** Start of the process in clock ticks (1/100 s) since boot, as field 22 of /proc/PID/stat. */
  readonly startTicks: number
  readonly transport: 'tcp' | 'udp'
  readonly role: Role
  readonly localAddr: string
  readonly localPort: number
  readonly remoteAddr: string
  readonly remotePort: number
  /** Inode of the network namespace that the addresses belong to. */
  readonly netns: number
  /**
   * TCP sequence numbers of the first bytes that this end sends and receives; 0 of a datagram. They survive the translation
   * of addresses: two sockets of this node are the ends of one connection if each one's first sent is the other's first
   * received. Of an end whose role isn't known, `firstSent` is one less than it should be if that end connected.
   */
  readonly firstSent: number
  readonly firstReceived: number
  /** What the connection moved just before, in both directions, was only counted: it was shed. See `Gate`. */
  readonly afterShed: boolean
  // ───────────────────────────────────────────────────────────────────────────
  /** Command name of the process, as /proc/PID/comm. */
  readonly comm: string
  readonly direction: Direction
  /**
   * Offset of the first byte in its direction's TCP stream, modulo 2^32; 0 for a datagram. Of an open: where the received
   * direction begins.
   */
  readonly offset: number
  /** Its connection's close was told before: on loopback the peer's reset can come while a process still sends. */
  readonly afterClose: boolean
  /** Bytes that were moved from `offset` on, captured or not. */
  readonly size: number
  /** The captured head of those bytes; valid during the call only. */
  readonly payload: Uint8Array
  // ───────────────────────────────────────────────────────────────────────────
  /** Of an open only: where the sent direction begins, as `offset`. */
  readonly sentOffset?: number | undefined
  /** Of a close only: what the kernel had counted by then. */
  readonly totals?: Omit<SocketTotals, 'connId'>
}

/** What the kernel does with a socket's data from now on. */
export type Verdict =
  /** Capture up to `cap` bytes of every call; or, for now, count bytes and exchanges as of one that the gate sheds. */
  | { readonly action: 'capture'; readonly cap: number; readonly isShed?: true }
  /**
   * Count bytes and calls; send nothing but a peek: up to so many bytes of a call in which the other direction begins to
   * speak, twice a second at most over time. 0: nothing at all.
   */
  | { readonly action: 'count'; readonly peek?: number }

/** Running totals that the kernel keeps per socket, whatever its verdict. */
export interface SocketTotals {
  readonly connId: number
  readonly bytesSent: number
  readonly bytesReceived: number
  /** Data events that found the ring full. */
  readonly lostEvents: number
  /** Exchanges that began while the connection was shed: turns from the server's direction to the client's. */
  readonly shedExchanges: number
}

/** Bytes of a connection's whole life. */
export type Moved = Pick<SocketTotals, 'bytesSent' | 'bytesReceived'>

/** … and its exchanges that were only counted. */
export type MovedAndShed = Moved & Pick<SocketTotals, 'shedExchanges'>

/** How much the kernel is to bring. */
export interface Gate {
  /**
   * By the server's port modulo GATE_PORTS: connections that are shed, of `GATE_WHOLE`. Their bytes and exchanges are only
   * counted.
   */
  readonly shed: Uint16Array
}

export const GATE_WHOLE = 1024
export const GATE_PORTS = 4096
