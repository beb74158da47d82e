/**
 * Decides which part of the connections at each server's port is captured. The available time, and the calls that are free, are
 * divided fairly (max-min: Bertsekas and Gallager, "Data Networks", 1992, 6.5.2): a port that takes less than the fair share is
 * captured whole, and each other one gets the fair share.
 */
import { GATE_PORTS, GATE_WHOLE } from '../../events/socket-event'

/** The part of each port that is always captured. */
const LEAST_SHARE = 1 / 64
/** The past cost of a port counts so much a step later. */
const REMEMBERED = 0.7
/** The share of a port without events grows by this factor in a step. */
const RISE = 1.15
/** A port with fewer remembered calls has none. */
const NO_CALLS = 0.5

/** The calls that are captured whatever the ratio is. */
export interface Free {
  /** So many in a step … */
  readonly calls: number
  /** … but at most so many times as many as are captured now. */
  readonly ratio: number
  /** Of these, so many of each port whatever the others take. */
  readonly sure: number
}

export class PortShares {
  /** By port modulo GATE_PORTS: how many of GATE_WHOLE connections are shed. */
  readonly shed = new Uint16Array(GATE_PORTS)
  readonly #shares = new Float64Array(GATE_PORTS).fill(1)
  /** For each port: its cost since the last step, in how many calls, and when the last of them was. */
  readonly #costs = new Float64Array(GATE_PORTS)
  readonly #calls = new Float64Array(GATE_PORTS)
  readonly #callNs = new Float64Array(GATE_PORTS)
  /** For each port: its recent cost in `1 / (1 - REMEMBERED)` steps if nothing were shed. */
  readonly #whole = new Float64Array(GATE_PORTS)
  readonly #wholeCalls = new Float64Array(GATE_PORTS)
  /** The ports that have a recent cost, or a share below 1. */
  #active: number[] = []
  readonly #isActive = new Uint8Array(GATE_PORTS)

  /**
   * Counts an event of the server's port with its cost in bytes: its room in the ring and its other work. Events of one call
   * have the same time.
   */
  charge(port: number, cost: number, timeNs: number): void {
    const slot = port % GATE_PORTS
    this.#costs[slot]! += cost
    if (!this.#isActive[slot]) {
      this.#isActive[slot] = 1
      this.#active.push(slot)
    }
    if (this.#callNs[slot] === timeNs) return
    this.#callNs[slot] = timeNs
    this.#calls[slot]!++
  }

  get isShedding(): boolean {
    return this.#active.some((slot) => this.shed[slot]! > 0)
  }

  /**
   * From now on all ports together should take `ratio` times as much as they do. `steps`: how many steps have passed since the last call.
   * @returns whether any share changed
   */
  divide(ratio: number, free: Free, steps = 1): boolean {
    const taken = this.#remember(steps)
    const level = fairLevel(this.#of(this.#whole), taken.cost * ratio)
    const freeCalls = Math.min(free.calls / (1 - REMEMBERED), taken.calls * free.ratio)
    const demands = this.#of(this.#wholeCalls)
    const sureLevel = Math.min(
      fairLevel(demands, free.calls / (1 - REMEMBERED)),
      free.sure / (1 - REMEMBERED),
    )
    const callLevel = Math.max(sureLevel, fairLevel(demands, freeCalls))
    let isChanged = false
    for (const slot of this.#active) {
      const calls = this.#wholeCalls[slot]!
      const byCalls = calls > NO_CALLS ? callLevel / calls : 0
      const fitting = Math.max(byCalls, this.#fitting(slot, level))
      isChanged = this.#set(slot, Math.min(1, Math.max(LEAST_SHARE, fitting))) || isChanged
    }
    this.#active = this.#active.filter((slot) => this.#stays(slot))
    return isChanged
  }

  /** Adds the charges to the recent costs; returns the captured part of all ports together. */
  #remember(steps: number): { cost: number; calls: number } {
    const taken = { cost: 0, calls: 0 }
    for (const slot of this.#active) {
      const share = this.#shares[slot]!
      const seen = 1 / (share * steps)
      this.#whole[slot] = this.#whole[slot]! * REMEMBERED + this.#costs[slot]! * seen
      this.#wholeCalls[slot] = this.#wholeCalls[slot]! * REMEMBERED + this.#calls[slot]! * seen
      taken.cost += this.#whole[slot]! * share
      taken.calls += this.#wholeCalls[slot]! * share
      this.#costs[slot] = 0
      this.#calls[slot] = 0
    }
    return taken
  }

  #of(values: Float64Array): number[] {
    return this.#active.map((slot) => values[slot]!)
  }

  #fitting(slot: number, level: number): number {
    const whole = this.#whole[slot]!
    return whole <= level ? this.#shares[slot]! * RISE : level / whole
  }

  #stays(slot: number): boolean {
    if (this.#shares[slot]! < 1 || this.#wholeCalls[slot]! > NO_CALLS) return true
    this.#isActive[slot] = 0
    this.#whole[slot] = 0
    this.#wholeCalls[slot] = 0
    return false
  }

  #set(slot: number, share: number): boolean {
    this.#shares[slot] = share
    const shed = Math.round((1 - share) * GATE_WHOLE)
    if (this.shed[slot] === shed) return false
    this.shed[slot] = shed
    return true
  }
}

/** The most that a port may get, such that all together get `target`; Infinity: there is enough for all. */
function fairLevel(demands: readonly number[], target: number): number {
  const rising = demands.filter((demand) => demand > 0).sort((a, b) => a - b)
  let left = target
  for (const [i, demand] of rising.entries()) {
    const level = left / (rising.length - i)
    // The factor forgives rounding.
    if (demand > level * (1 + 1e-9)) return level
    left -= demand
  }
  return Number.POSITIVE_INFINITY
}
