/**
 * Decides which part of the connections at each server's port is captured. The available time is divided fairly (max-min: Bertsekas and
 * Gallager, "Data Networks", 1992, 6.5.2): a port that takes less than the fair share is captured whole, and each other one gets
 * the fair share.
 */
import { GATE_PORTS, GATE_WHOLE } from '../../events/socket-event'

/** Part of a core: a port that takes less is always captured whole. */
const ALWAYS_CORES = 0.02
/**
 * So is a port that costs less than this in a step, since others may cost more than their measure says, and one with fewer calls,
 * however large they are: the kernel bounds what these put into the ring.
 */
export const ALWAYS_COST = 1 << 19
export const ALWAYS_CALLS = 128
/** The part of each port that is always captured. */
const LEAST_SHARE = 1 / 64
/** The past cost of a port counts half as much a step later. */
const REMEMBERED = 0.5
/** The share of a port without events grows by this factor in a step. */
const RISE = 1.25

export class PortShares {
  /** By port modulo GATE_PORTS: how many of GATE_WHOLE connections are shed. */
  readonly shed = new Uint16Array(GATE_PORTS)
  readonly #shares = new Float64Array(GATE_PORTS).fill(1)
  /** For each port: its cost since the last step, in how many calls, and when the last of them was. */
  readonly #costs = new Float64Array(GATE_PORTS)
  readonly #calls = new Float64Array(GATE_PORTS)
  readonly #callNs = new Float64Array(GATE_PORTS)
  /** For each port: its recent cost in two steps if nothing were shed. */
  readonly #whole = new Float64Array(GATE_PORTS)
  readonly #wholeCalls = new Float64Array(GATE_PORTS)

  /**
   * Counts an event of the server's port with its cost in bytes: its room in the ring and its other work. Events of one call
   * have the same time.
   */
  charge(port: number, cost: number, timeNs: number): void {
    const slot = port % GATE_PORTS
    this.#costs[slot]! += cost
    if (this.#callNs[slot] === timeNs) return
    this.#callNs[slot] = timeNs
    this.#calls[slot]!++
  }

  get isShedding(): boolean {
    return this.shed.some((shed) => shed > 0)
  }

  /**
   * All ports together take `usedCores`; from now on they should take `targetCores`. `steps`: how many steps have passed since the last call.
   * @returns whether any share changed
   */
  divide(usedCores: number, targetCores: number, steps = 1): boolean {
    let sum = 0
    for (let port = 0; port < GATE_PORTS; port++) {
      const share = this.#shares[port]!
      const seen = 1 / (share * steps)
      this.#whole[port] = this.#whole[port]! * REMEMBERED + this.#costs[port]! * seen
      this.#wholeCalls[port] = this.#wholeCalls[port]! * REMEMBERED + this.#calls[port]! * seen
      sum += this.#whole[port]! * share
    }
    this.#costs.fill(0)
    this.#calls.fill(0)
    const demands = this.#whole.map((whole) => (sum === 0 ? 0 : (whole * usedCores) / sum))
    const level = Math.max(ALWAYS_CORES, fairLevel(demands, targetCores))
    let isChanged = false
    for (let port = 0; port < GATE_PORTS; port++) {
      const demand = demands[port]!
      const isFair = demand <= level || this.#isSmall(port)
      if (isFair && this.#shares[port] === 1) continue
      const fitting = isFair ? this.#shares[port]! * RISE : level / demand
      isChanged = this.#set(port, Math.min(1, Math.max(LEAST_SHARE, fitting))) || isChanged
    }
    return isChanged
  }

  #isSmall(port: number): boolean {
    const ofStep = 1 - REMEMBERED
    return this.#whole[port]! * ofStep <= ALWAYS_COST || this.#wholeCalls[port]! * ofStep <= ALWAYS_CALLS
  }

  #set(port: number, share: number): boolean {
    this.#shares[port] = share
    const shed = Math.round((1 - share) * GATE_WHOLE)
    if (this.shed[port] === shed) return false
    this.shed[port] = shed
    return true
  }
}

/** The most that a port may get, such that all together get `target`; Infinity: there is enough for all. */
function fairLevel(demands: Float64Array, target: number): number {
  const rising = demands.filter((demand) => demand > 0).sort()
  let left = target
  for (const [i, demand] of rising.entries()) {
    const level = left / (rising.length - i)
    if (demand > level) return level
    left -= demand
  }
  return Number.POSITIVE_INFINITY
}
