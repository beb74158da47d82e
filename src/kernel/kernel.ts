/** The kernel side as the capture thread sees it. */
import type { ThreadSamples } from '../events/process'
import type { SocketEvent, SocketTotals, Verdict } from '../events/socket-event'

/** One probe: loaded and attached, or why not. A row of `probe_status`, an entry of `/api/status`. */
export interface ProbeStatus {
  readonly name: string
  /** What is missing when it is not there, in words. */
  readonly purpose: string
  readonly attached: boolean
  /** Errno name and the verifier's or kernel's words; '' when attached. */
  readonly error: string
  /** What to do about it; '' when attached. */
  readonly hint: string
}

export interface Uncaptured {
  /** Calls that moved data over Unix sockets, and their bytes: counted only. */
  readonly unixCalls: number
  readonly unixBytes: number
  /** Socket calls of 32-bit processes. */
  readonly compatCalls: number
  /** Bytes that were to be captured and could not be read out of the process. */
  readonly unreadBytes: number
}

export interface KernelOptions {
  /** False: nothing is loaded; probes say so. */
  readonly enabled: boolean
  /** Ring size; a power of two and a multiple of the page size. */
  readonly ringBytes: number
  /** Bytes of each call to capture while a socket's protocol isn't known. */
  readonly defaultCap: number
  /** Never trace these processes: Nixie itself. */
  readonly ignorePids: readonly number[]
}

export interface Kernel {
  readonly probes: readonly ProbeStatus[]
  /** True when data of sockets is captured. */
  readonly ready: boolean
  /** Epoch nanoseconds of the clock's base: an event's time is `timeBase + timeNs`. */
  readonly timeBase: bigint
  /** The capture clock now, in nanoseconds since its base. */
  now(): number
  /** Hands over all events that wait, at most `maxEvents`; returns how many. The event object is reused. */
  drain(handler: (event: SocketEvent) => void, maxEvents: number): number
  setVerdict(connId: number, verdict: Verdict): void
  /** Totals of every socket that the kernel knows. */
  totals(handler: (totals: SocketTotals) => void): void
  /** What every thread has used by now, valid until the next call; undefined when that can't be had. Throws when it fails. */
  threads(): ThreadSamples | undefined
  /** Events and payload bytes that found the ring full, since the start. */
  lost(): { events: number; bytes: number }
  /** What was seen and left out on purpose or for want of a page, since the start. */
  uncaptured(): Uncaptured
  close(): void
}
