/** The kernel side as sources of rows see it: a clock, and objects whose programs are loaded and attached. */
import type { ProbeStatus } from '../health/probe-status'
import type { Clock } from './clock'
import type { ObjectSpec, Opened } from './object'

export type { ProbeStatus } from '../health/probe-status'
export type { Opened } from './object'

export interface KernelOptions {
  /** False: nothing is loaded; probes say so. */
  readonly enabled: boolean
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
  /**
   * Has `filling` called whenever a ring of the objects that are open fills: they needn't be looked at often then. False
   * when that can't be had, or there is no ring.
   */
  watch(filling: () => void): boolean
  /** Runs of programs that the kernel passed over since the start: what they would have told is lost. */
  missedRuns(): number
  close(): void
}
