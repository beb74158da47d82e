/**
 * Times that a test compares with a bound, as they would be on a machine with a processor to spare: other programs on it must
 * not decide whether a test passes. Where nothing else runs they are the clock's.
 */

/** Processor time of one look, in microseconds: many turns of a scheduler. */
const LOOK_US = 40_000

const usedUs = (since?: NodeJS.CpuUsage): number => {
  const { user, system } = process.cpuUsage(since)
  return user + system
}

/** How many times as long as its work a program takes at the moment; at least 1. */
export function slowness(): number {
  const from = performance.now()
  const before = process.cpuUsage()
  let used = 0
  while (used < LOOK_US) used = usedUs(before)
  return Math.max(1, ((performance.now() - from) * 1000) / used)
}

/** A stopwatch that goes slower on a busy machine. It is looked at once: each look takes 40 ms of a processor. */
export class Pace {
  readonly #slowness = slowness()
  readonly #from = performance.now()

  /** Milliseconds since it was made. */
  ms(): number {
    const clockMs = performance.now() - this.#from
    return clockMs / Math.max(this.#slowness, slowness())
  }
}
