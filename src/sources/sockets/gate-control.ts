/**
 * Controls how much the kernel captures, so that the capture thread keeps within its CPU budget and the ring never fills.
 *
 * Whole connections are shed, at the ports that take more than their fair share, and none at all while few calls come. The captured
 * part is multiplied by target ÷ used processor time: at once where that is far from 1, else in small steps. The target is the
 * allowed time, a little more or less by the savings. So the control comes to rest where the thread uses the allowed time, and a
 * burst that the savings can pay for sheds nothing.
 */
import type { Gate } from '../../events/socket-event'
import type { Pressure } from '../../health/budget'
import { PortShares } from './port-shares'

/** How often a step is taken, each time by a new measure of the cost. */
export const STEP_SECONDS = 0.25

export interface Load {
  /** Processors that reading events has taken since the last step, and those it may take on average; Infinity: no limit. */
  readonly usedCores: number
  readonly allowedCores: number
  /** The same while no other program wants them: the budget's. */
  readonly mostCores: number
  /** The savings pay for so many more processors until the next step. */
  readonly spareCores: number
  /** The allowed time is less than the budget, as other programs want the processors. */
  readonly isBusy: boolean
  /** The savings as a part of the most that can be saved: at most 1, negative in debt. */
  readonly balance: number
  /** The most that the ring was filled since the last step. */
  readonly fill: number
}

/**
 * So many calls a second are captured on any machine, however busy: some 2,000 exchanges with both ends on it. To shed them would
 * save next to nothing.
 */
export const FREE_CALLS = 10_000
/**
 * So many calls a second of each process are among them even if the allowed time is used up, as long as they take no more than
 * its fair part of the budget: an attack may take all of the time, whatever is shed, and who makes few calls would lose its rows
 * for nothing.
 */
const SURE_CALLS = 2000
/** A step multiplies by this power of the ratio, within these bounds, since its effect shows a little later. */
const FASTEST_FALL = 0.1
const FASTEST_RISE = 1.15
const GAIN = 0.5
/** With a ratio beyond this the step goes to the target at once, and the next ones wait until that shows. */
const FAR = 0.6
/** With a ring that stays that full, the captured part is multiplied by this. */
const CROWDED_FALL = 0.5
/** Nothing changes within this distance from the target. */
const DEAD_BAND = 0.05
/** With a ring as full as the first, no more is captured; as full as the second, where the kernel begins to shed by itself, less is. */
const FULL_FILL = 0.25
const FULLER_FILL = 0.4
/** Steps until a change shows. */
const SETTLE_STEPS = 3

export class GateControl {
  readonly ports = new PortShares()
  pressure: Pressure = 'none'
  #settling = 0
  #steps = 0
  #lastFill = 0

  get gate(): Gate {
    return { shed: this.ports.shed }
  }

  /** Call it every `STEP_SECONDS`; true when the gate has changed. */
  step(load: Load): boolean {
    if (load.allowedCores === Number.POSITIVE_INFINITY) return false
    const ratio = ratioOf(load, this.#lastFill)
    this.#lastFill = load.fill
    const isChanged = this.#divide(load, ratio)
    if (load.fill > FULLER_FILL) this.pressure = 'ring'
    else if (this.ports.isShedding && ratio < 1) this.pressure = load.isBusy ? 'busy' : 'budget'
    else if (!this.ports.isShedding && load.fill < FULL_FILL) this.pressure = 'none'
    return isChanged
  }

  #divide(load: Load, ratio: number): boolean {
    this.#steps++
    if (this.#settling > 0) this.#settling--
    if (this.#settling > 0 && load.fill <= FULLER_FILL) return false
    if (ratio < FAR) this.#settling = SETTLE_STEPS
    const steps = this.#steps
    this.#steps = 0
    const free = {
      calls: FREE_CALLS * STEP_SECONDS,
      ratio: freeRatioOf(load),
      sure: SURE_CALLS * STEP_SECONDS,
      sureCores: load.mostCores,
      usedCores: load.usedCores,
    }
    return this.ports.divide(ratio, free, steps)
  }
}

/** The factor for the time that reading events takes; 1: no change. */
function ratioOf({ usedCores, allowedCores, spareCores, balance, fill }: Load, lastFill: number): number {
  // A burst is read by the next step; and while a full ring is being emptied, the last change still takes effect.
  if (fill > FULLER_FILL) return fill < lastFill || lastFill <= FULLER_FILL ? 1 : CROWDED_FALL
  if (usedCores > allowedCores && usedCores <= allowedCores + spareCores) return 1
  const target = allowedCores * (0.95 + 0.1 * Math.max(balance, -1))
  const ratio = target / Math.max(usedCores, 1e-6)
  if (Math.abs(ratio - 1) < DEAD_BAND) return 1
  const most = fill > FULL_FILL ? 1 : FASTEST_RISE
  return Math.min(most, Math.max(FASTEST_FALL, ratio < FAR ? ratio : ratio ** GAIN))
}

/** The most that the number of free calls may be multiplied by: expensive ones may not take more than the budget either. */
function freeRatioOf({ usedCores, mostCores, spareCores, balance }: Load): number {
  const ratio = mostCores / Math.max(usedCores, 1e-6)
  if (balance < 0) return Math.min(FASTEST_RISE, ratio)
  return usedCores <= mostCores + spareCores ? Math.max(1, ratio) : ratio
}
