/**
 * Events of sockets, as the kernel sends them. The layout is declared once, in `bpf/socket.h`; `socket.ts` decodes it.
 *
 * Times are nanoseconds since the capture clock's base (see `src/kernel/clock.ts`): exact in a double for 104 days.
 */
import type { Role } from '../records/types'

export const EVENT_DATA = 1
export const EVENT_OPEN = 2
export const EVENT_CLOSE = 3
/** A connection that was open before Nixie, and has moved no data since. */
export const EVENT_FOUND = 4
/** From here on a connection is shed: the answers to its waiting requests will not be seen. No call of a process causes this event. */
export const EVENT_SHED = 5
/** Data within TLS, from a library; and the connection of an object whose data had none. */
export const EVENT_PLAIN = 6
export const EVENT_LINK = 7
/** A connection whose exchanges have numbers has events again after it was shed; `size`: how many of them were counted meanwhile. */
export const EVENT_BACK = 8
export type EventKind =
  | typeof EVENT_DATA
  | typeof EVENT_OPEN
  | typeof EVENT_CLOSE
  | typeof EVENT_FOUND
  | typeof EVENT_SHED
  | typeof EVENT_PLAIN
  | typeof EVENT_LINK
  | typeof EVENT_BACK

/** As seen by the process that made the call. */
export const RECEIVED = 0
export const SENT = 1
export type Direction = typeof RECEIVED | typeof SENT

/**
 * One event. Implementations decode lazily from a buffer that is reused: a handler copies what it keeps.
 * The fields between the lines belong to data events.
 */
export interface SocketEvent {
  readonly kind: EventKind
  /** Names one socket for as long as Nixie runs; a reused socket gets a new one. */
  readonly connId: number
  readonly timeNs: number
  /**
   * Process (thread group) id of the caller; of an event that is no call, that of the socket's owner (the process that connected,
   * accepted or, if none accepted, listens); 0 when that isn't known.
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
   * TCP sequence numbers of the first bytes that this end sends and receives; 0 for a datagram. They survive the translation
   * of addresses: two sockets of this node are the ends of one connection if each one's first sent is the other's first
   * received. If the role of an end isn't known and it is the one that connected, its `firstSent` is one too small.
   */
  readonly firstSent: number
  readonly firstReceived: number
  /** The bytes just before this event, in both directions, were only counted: they were shed. See `Gate`. */
  readonly afterShed: boolean
  /** With that: this event doesn't begin an exchange, but belongs to one that was counted. */
  readonly isWithin: boolean
  // ───────────────────────────────────────────────────────────────────────────
  /** Command name of the process, as /proc/PID/comm. */
  readonly comm: string
  readonly direction: Direction
  /**
   * Offset of the first byte in its direction's TCP stream, modulo 2^32; 0 for a datagram. For an open: the beginning of the received
   * direction; for a connection that was found: its position.
   */
  readonly offset: number
  /** Bytes that had arrived were not read yet when these were sent. */
  readonly unread: boolean
  /** The thread that made this call has not slept since the connection's last event: it made that call, too. */
  readonly awake: boolean
  /** The connection's close came before this event: on loopback the peer's reset can come while a process still sends. */
  readonly afterClose: boolean
  /** Bytes that were moved from `offset` on, captured or not. */
  readonly size: number
  /** The captured head of those bytes; valid during the call only. */
  readonly payload: Uint8Array
  // ───────────────────────────────────────────────────────────────────────────
  /** For an open and for a connection that was found: the beginning of the sent direction, or its position, as `offset`. */
  readonly sentOffset?: number | undefined
  /**
   * For data within TLS: the library's object, never used for another connection, and since when all calls of the library are seen,
   * Infinity if that isn't known. `connId` is 0 while its connection isn't known; ends, role and flags are not there.
   */
  readonly token?: number
  readonly sinceNs?: number
  /** For a close only: the kernel's final counts. */
  readonly totals?: Omit<SocketTotals, 'connId'>
}

/** Tells the kernel what to do with a socket's data from now on. */
export type Verdict =
  /**
   * Capture up to `cap` bytes of every call; or, for now, only count bytes and exchanges, as for one that the gate sheds.
   * `isFramed`: those that are shed are counted by frames of HTTP/2.
   */
  | { readonly action: 'capture'; readonly cap: number; readonly isShed?: true; readonly isFramed?: boolean }
  /**
   * Only count bytes and calls, but send a peek: up to so many bytes of the first call after the direction has changed,
   * on average twice a second at most. 0: send nothing.
   */
  | { readonly action: 'count'; readonly peek?: number }

/** Running totals that the kernel keeps per socket, whatever its verdict. */
export interface SocketTotals {
  readonly connId: number
  readonly bytesSent: number
  readonly bytesReceived: number
  /** Data events that found the ring full. */
  readonly lostEvents: number
  /** Exchanges that began while the connection was shed: changes from the server's direction to the client's, or streams of HTTP/2. */
  readonly shedExchanges: number
}

/** Bytes of a connection since its opening. */
export type ByteTotals = Pick<SocketTotals, 'bytesSent' | 'bytesReceived'>

/** … and its exchanges that were only counted. */
export type ByteAndShedTotals = ByteTotals & Pick<SocketTotals, 'shedExchanges'>

/** How much the kernel captures. */
export interface Gate {
  /**
   * By the server's port: how many of `GATE_WHOLE` connections are shed. Their bytes and exchanges are only
   * counted.
   */
  readonly shed: Uint16Array
}

export const GATE_WHOLE = 1024
export const GATE_PORTS = 65_536
/** All datagrams are as if at this port. */
export const GATE_DATAGRAMS = 0
