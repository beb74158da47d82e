/** The kernel side as sources of rows see it: a clock, and objects whose programs are loaded and attached. */
import type { ProbeStatus } from '../health/probe-status'
import type { Clock } from './clock'
import type { ObjectSpec, Opened } from './object'

export type { ProbeStatus } from '../health/probe-status'
export type { Opened } from './object'

export interface KernelOptions {
  /** False: nothing is loaded, and the probes say so. */
  readonly enabled: boolean
}

export interface Kernel {
  readonly enabled: boolean
  /** The kernel side's own probes. */
  readonly probes: readonly ProbeStatus[]
  /** Epoch nanoseconds of the clock's base: an event's time is `timeBase + timeNs`. */
  readonly timeBase: bigint
  readonly clock: Pick<Clock, 'base' | 'correctionNs'>
  /** The capture clock now, in nanoseconds since its base. */
  now(): number
  /** Lets the clock follow the wall clock; cheap to call often. */
  follow(): void
  /** Loads and attaches as much of an object as the kernel accepts. Never throws. The object is closed with the kernel, or before. */
  open<P extends string>(spec: ObjectSpec<P>): Opened<P>
  /**
   * Calls `filling` whenever a ring of the open objects fills, so that they needn't be looked at often. False
   * when that isn't possible, or there is no ring.
   */
  watch(filling: () => void): boolean
  /** Runs of programs that the kernel skipped since the start: their events are lost. */
  missedRuns(): number
  close(): void
}
