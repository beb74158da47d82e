/**
 * The capture clock: CLOCK_MONOTONIC, as the kernel stamps events, on an epoch base.
 *
 * An event's time is `timeNs` nanoseconds after `timeBase`. The base is a multiple of 2^11 ns, so that epoch times
 * near it are exact as base + double. It follows the wall clock: a step (suspend, an NTP jump) at once, drift slowly,
 * so that latencies, which are differences, hardly change.
 */

/** Two clocks read at one moment, in nanoseconds. */
export interface ClockPair {
  readonly monotonicNs: bigint
  readonly epochNs: bigint
}

/** A difference beyond this is a step, not drift. */
const STEP_NS = 100_000_000
/** The part of the drift that one correction removes. */
const SLEW = 0.05

export class Clock {
  readonly timeBase: bigint
  readonly #monotonicBase: bigint
  #correctionNs = 0

  constructor(start: ClockPair) {
    this.timeBase = (start.epochNs >> 11n) << 11n
    this.#monotonicBase = start.monotonicNs - (start.epochNs - this.timeBase)
  }

  /** The monotonic base as two doubles for hot paths: time = (high - h) * 2^32 + (low - l) + correction. */
  get base(): { readonly high: number; readonly low: number } {
    return { high: Number(this.#monotonicBase >> 32n), low: Number(this.#monotonicBase & 0xffffffffn) }
  }

  get correctionNs(): number {
    return this.#correctionNs
  }

  /** Follows the wall clock; called about once a second. */
  follow(now: ClockPair): void {
    const shown = Number(now.monotonicNs - this.#monotonicBase) + this.#correctionNs
    const driftNs = Number(now.epochNs - this.timeBase) - shown
    this.#correctionNs += Math.abs(driftNs) > STEP_NS ? driftNs : Math.round(driftNs * SLEW)
  }

  /** Nanoseconds since the base. */
  at(now: ClockPair): number {
    return Number(now.monotonicNs - this.#monotonicBase) + this.#correctionNs
  }
}
