/**
 * A Nixie recording, version 1: the events of some seconds as the kernel told them, with what it takes to decode them again. Made by
 * `nixie record`, read by `nixie replay`. All numbers are little-endian.
 *
 *     file   = magic (8 bytes: "NIXIEREC") · version (u32) · length of the header (u32) · header (JSON, UTF-8) · frames
 *     frame  = kind (u32) · length (u32) · so many bytes
 *
 * The last frame is `end`; a file without it was cut. What happened is in the order in which the recorder met it:
 *
 *     process  an event of the identity probe (`struct process_event` in bpf/identity.h, and the texts behind it)
 *     socket   an event of the socket probe (`struct socket_event` in bpf/socket.h, and its payload)
 *     totals   what the kernel had counted for sockets by then, for each five f64: connection, bytes sent, bytes received, lost
 *              events, shed exchanges
 *     lost     what the kernel had lost or left out by then: the f64 of `LOST`, in their order
 *     look     two f64: the capture clock, and its correction, when the events since the last `look` or `second` had been taken
 *     second   as `look`: a second was over
 *     end      frames before it (u32), CRC-32 (as zlib's) of all bytes before it (u32)
 *
 * The header says how events are laid out (`layout.ts`), so that they can be read when the structures of bpf/ have changed; the
 * clock, so that their times are known; when the machine was started, since processes count their ticks from there; and which bytes
 * were replaced.
 */
import type { Layout } from './layout'

export const MAGIC = 'NIXIEREC'
export const VERSION = 1
/** Magic, version and the header's length. */
export const PREFIX_BYTES = 16
export const FRAME_BYTES = 8
export const MAX_HEADER = 64 << 10
/** A call's bytes, at most 2 MiB, and the structure in front of them. */
export const MAX_FRAME = (2 << 20) + 4096

/** In the order of their numbers, which begin with 1. */
const FRAMES = ['process', 'socket', 'totals', 'lost', 'look', 'second', 'end'] as const
export type FrameKind = (typeof FRAMES)[number]

export const frameNumber = (kind: FrameKind): number => FRAMES.indexOf(kind) + 1
export const frameKind = (number: number): FrameKind | undefined => FRAMES[number - 1]

/** What a `lost` frame counts, in its order. */
export const LOST = [
  'lostEvents',
  'lostBytes',
  'lostIdentities',
  'unixCalls',
  'unixBytes',
  'compatCalls',
  'unreadBytes',
] as const
export type Lost = Record<(typeof LOST)[number], number>

export const NOTHING_LOST: Lost = {
  lostEvents: 0,
  lostBytes: 0,
  lostIdentities: 0,
  unixCalls: 0,
  unixBytes: 0,
  compatCalls: 0,
  unreadBytes: 0,
}

export const countsOf = (lost: Lost): number[] => LOST.map((name) => lost[name])

export function lostOf(counts: readonly number[]): Lost {
  const lost = { ...NOTHING_LOST }
  for (const [i, name] of LOST.entries()) lost[name] = counts[i] ?? 0
  return lost
}

/** f64 of a socket in a `totals` frame. */
export const TOTALS_FIELDS = 5
export const F64_BYTES = 8

/** Why a recording ended. */
export type Ending = 'time' | 'size' | 'signal'

export interface Header {
  /** Version of the Nixie that recorded. */
  readonly nixie: string
  /** As `uname -r` and `process.arch` say. */
  readonly kernel: string
  readonly arch: string
  /** ISO 8601. */
  readonly startedAt: string
  readonly bootedAt: string
  readonly seconds: number
  readonly ending: Ending
  readonly clock: {
    /** Epoch nanoseconds of the base, as text. */
    readonly timeBase: string
    /** The monotonic clock at the base, as `TimeOrigin`. */
    readonly high: number
    readonly low: number
    /** Nanoseconds since the base when the recording began. */
    readonly startNs: number
  }
  /** The number with which the node's upids begin. */
  readonly asid: number
  /** Where that machine's Nixie listens: its own traffic is left out. */
  readonly listen: string
  /** Bytes that were replaced by as many others: `secret` were recognised, `unread` could not be looked into. */
  readonly redacted: { readonly secret: number; readonly unread: number }
  readonly layout: Layout
}
