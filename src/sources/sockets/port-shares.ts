/**
 * Decides which part of the connections at each server's port is captured. The available time, and the calls that are free, are
 * divided fairly (max-min: Bertsekas and Gallager, "Data Networks", 1992, 6.5.2), first among processes, so that none has more by
 * using many ports, and then among the ports of each: who takes less than the fair share is captured whole, and each other one
 * gets the fair share.
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
/** The ports of a process that has more of them have the same share, as it takes time to sort them. */
const MAX_SORTED = 1024

/** The calls that are captured whatever the ratio is. */
export interface Free {
  /** So many in a step … */
  readonly calls: number
  /** … but at most so many times as many as are captured now. */
  readonly ratio: number
  /** Of these, so many of each process whatever the others take … */
  readonly sure: number
  /** … that take at most its fair part of so many processors, by the mean price. */
  readonly sureCores: number
  /** Processors that reading events took in the last step. */
  readonly usedCores: number
}

/** What counts of a price a step later: a mean of some ten seconds. */
const PRICE_REMEMBERED = 0.98

/**
 * What a unit of cost takes on average. In one step it may take ten times as much, where garbage of earlier events is collected while
 * they are read, or code is compiled: that is no reason to shed the few events of this step.
 */
class Price {
  #cores = 0
  #cost = 0

  add(cores: number, cost: number, steps: number): void {
    const remembered = PRICE_REMEMBERED ** steps
    this.#cores = this.#cores * remembered + cores * steps
    this.#cost = this.#cost * remembered + cost
  }

  /** What so many processors can pay for in a step. */
  costOf(cores: number): number {
    return this.#cores === 0 ? Number.POSITIVE_INFINITY : (cores * this.#cost) / this.#cores
  }
}

/** The ports of a process, and what all of them would take if nothing were shed. */
class Group {
  readonly slots: number[] = []
  readonly costs: number[] = []
  readonly calls: number[] = []
  cost = 0
  callCount = 0

  add(slot: number, cost: number, calls: number): void {
    this.slots.push(slot)
    this.costs.push(cost)
    this.calls.push(calls)
    this.cost += cost
    this.callCount += calls
  }
}

export class PortShares {
  /** By port: how many of GATE_WHOLE connections are shed. */
  readonly shed = new Uint16Array(GATE_PORTS)
  /** For each port: the part that is shed. Most of these arrays is never touched, and takes no memory. */
  readonly #lost = new Float64Array(GATE_PORTS)
  /** For each port: its cost since the last step, in how many calls, and when the last of them was. */
  readonly #costs = new Float64Array(GATE_PORTS)
  readonly #calls = new Float64Array(GATE_PORTS)
  readonly #callNs = new Float64Array(GATE_PORTS)
  /** For each port: its recent cost in `1 / (1 - REMEMBERED)` steps if nothing were shed. */
  readonly #whole = new Float64Array(GATE_PORTS)
  readonly #wholeCalls = new Float64Array(GATE_PORTS)
  /** For each port: see `charge`. */
  readonly #owners = new Int32Array(GATE_PORTS)
  readonly #price = new Price()
  /** The ports that have a recent cost, or a share below 1. */
  #active: number[] = []
  readonly #isActive = new Uint8Array(GATE_PORTS)

  /**
   * Counts an event of the server's port with its cost in bytes: its room in the ring and its other work. Events of one call
   * have the same time. `owner`: the process that serves there; negative: one that asks there. The first is known in the end
   * if it is on this node, and counts.
   */
  charge(port: number, cost: number, timeNs: number, owner: number): void {
    const slot = port % GATE_PORTS
    this.#costs[slot]! += cost
    if (!this.#isActive[slot]) {
      this.#isActive[slot] = 1
      this.#active.push(slot)
      this.#owners[slot] = 0
    }
    if (owner > 0 || this.#owners[slot]! <= 0) this.#owners[slot] = owner
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
    this.#price.add(free.usedCores, taken.newCost, steps)
    const groups = this.#groups()
    const calls = groups.map(({ callCount }) => callCount)
    const costs = groups.map(({ cost }) => cost)
    const costLevel = fairLevel(costs, taken.cost * ratio)
    const sureCost = fairLevel(costs, this.#price.costOf(free.sureCores) / (1 - REMEMBERED))
    const all = free.calls / (1 - REMEMBERED)
    const callLevel = fairLevel(calls, Math.min(all, taken.calls * free.ratio))
    const sureLevel = Math.min(fairLevel(calls, all), free.sure / (1 - REMEMBERED))
    let isChanged = false
    for (const group of groups) {
      const paid =
        group.cost > sureCost ? (sureCost / group.cost) * group.callCount : Number.POSITIVE_INFINITY
      const sure = Math.min(sureLevel, paid)
      isChanged = this.#divideGroup(group, costLevel, Math.max(callLevel, sure)) || isChanged
    }
    this.#active = this.#active.filter((slot) => this.#stays(slot))
    return isChanged
  }

  /** Divides among the ports of a process: they may take so much, or make so many calls. */
  #divideGroup({ slots, costs, calls }: Group, most: number, mostCalls: number): boolean {
    const byCost = fairParts(costs, most)
    const byCalls = fairParts(calls, mostCalls)
    let isChanged = false
    for (const [i, slot] of slots.entries()) {
      const called = calls[i]! > NO_CALLS ? byCalls(calls[i]!) : 0
      const paid = byCost(costs[i]!)
      const fitting = Math.max(called, paid < 1 ? paid : (1 - this.#lost[slot]!) * RISE)
      isChanged = this.#set(slot, Math.min(1, Math.max(LEAST_SHARE, fitting))) || isChanged
    }
    return isChanged
  }

  #groups(): Group[] {
    const groups = new Map<number, Group>()
    for (const slot of this.#active) {
      const owner = Math.abs(this.#owners[slot]!)
      let group = groups.get(owner)
      if (!group) {
        group = new Group()
        groups.set(owner, group)
      }
      group.add(slot, this.#whole[slot]!, this.#wholeCalls[slot]!)
    }
    return [...groups.values()]
  }

  /** Adds the charges to the recent costs; returns the captured part of all ports together, and what is new of it. */
  #remember(steps: number): { cost: number; calls: number; newCost: number } {
    const taken = { cost: 0, calls: 0, newCost: 0 }
    for (const slot of this.#active) {
      const share = 1 - this.#lost[slot]!
      const seen = 1 / (share * steps)
      this.#whole[slot] = this.#whole[slot]! * REMEMBERED + this.#costs[slot]! * seen
      this.#wholeCalls[slot] = this.#wholeCalls[slot]! * REMEMBERED + this.#calls[slot]! * seen
      taken.newCost += this.#costs[slot]!
      taken.cost += this.#whole[slot]! * share
      taken.calls += this.#wholeCalls[slot]! * share
      this.#costs[slot] = 0
      this.#calls[slot] = 0
    }
    return taken
  }

  #stays(slot: number): boolean {
    if (this.#lost[slot]! > 0 || this.#wholeCalls[slot]! > NO_CALLS) return true
    this.#isActive[slot] = 0
    this.#whole[slot] = 0
    this.#wholeCalls[slot] = 0
    return false
  }

  #set(slot: number, share: number): boolean {
    this.#lost[slot] = 1 - share
    const shed = Math.round((1 - share) * GATE_WHOLE)
    if (this.shed[slot] === shed) return false
    this.shed[slot] = shed
    return true
  }
}

/** Which part of a demand is met when all together get at most `most`, divided fairly. */
function fairParts(demands: readonly number[], most: number): (demand: number) => number {
  if (demands.length > MAX_SORTED) {
    const part = most / demands.reduce((sum, demand) => sum + demand, 0)
    return () => part
  }
  const level = fairLevel(demands, most)
  return (demand) => level / demand
}

/** The most that one may get, such that all together get `target`; Infinity: there is enough for all. */
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
