/** The kernel side as sources of rows see it: a clock, and objects whose programs are loaded and attached. */
import type { Clock } from './clock'
import type { ObjectSpec, OpenObject } from './object'

/** One probe: loaded and attached, or why not. A row of `probe_status`, an entry of `/api/status`. */
export interface ProbeStatus {
  /** The source of rows that it feeds. */
  readonly source: string
  readonly name: string
  /** What is missing when it is not there, in words. */
  readonly purpose: string
  /** Nixie does not capture without it. */
  readonly required: boolean
  readonly attached: boolean
  /** Errno name and the verifier's or kernel's words; '' when attached. */
  readonly error: string
  /** What to do about it. Of an attached one: which better one it stands in for, and why; mostly ''. */
  readonly hint: string
}

export interface KernelOptions {
  /** False: nothing is loaded; probes say so. */
  readonly enabled: boolean
}

/** What could be had of an object. */
export interface Opened<P extends string> {
  /** One for each of its programs, in their order. */
  readonly probes: readonly ProbeStatus[]
  /** Undefined when nothing of it could be loaded, or a required program was refused. */
  readonly object: OpenObject<P> | undefined
  /** The required program that was refused. */
  readonly missing?: ProbeStatus
}

export interface Kernel {
  readonly enabled: boolean
  /** What the kernel side has of its own. */
  readonly probes: readonly ProbeStatus[]
  /** Epoch nanoseconds of the clock's base: an event's time is `timeBase + timeNs`. */
  readonly timeBase: bigint
  readonly clock: Pick<Clock, 'base' | 'correctionNs'>
  /** The capture clock now, in nanoseconds since its base. */
  now(): number
  /** Has the clock follow the wall clock; cheap to call often. */
  follow(): void
  /** Loads and attaches as much of an object as the kernel takes. Never throws. It is closed with the kernel, or before. */
  open<P extends string>(spec: ObjectSpec<P>): Opened<P>
  /** Runs of programs that the kernel passed over since the start: what they would have told is lost. */
  missedRuns(): number
  close(): void
}
