/**
 * How much the kernel is to bring, so that the capture thread keeps within its CPU budget and the ring never fills.
 *
 * Whole connections are shed, at the ports that take more than their fair share. What is captured follows the processor time that
 * it takes: towards target ÷ used, at once where that is far, else in small steps. The target is what is allowed, a little more or
 * less of it by what is saved. So it comes to rest where the thread uses that, and a burst that half of the savings can pay for
 * costs nothing.
 */
import type { Gate } from '../../events/socket-event'
import type { Pressure } from '../../health/budget'
import { PortShares } from './port-shares'

export interface Load {
  /** Processors that reading events has taken since the last step, and may take on average; Infinity: as many as it can get. */
  readonly usedCores: number
  readonly allowedCores: number
  /** That is less than the budget, as others want them. */
  readonly isBusy: boolean
  /** Part of the savings that is there: at most 1, negative in debt. */
  readonly balance: number
  /** How full the ring is. */
  readonly fill: number
}

/** A step goes so far at most, and towards the target by this power of the ratio: what it does shows a little later. */
const FASTEST_FALL = 0.1
const FASTEST_RISE = 1.25
const GAIN = 0.5
/** What is so far beyond the target goes there at once, and nothing is done until that shows. */
const FAR = 0.6
/** What such a ring makes of what is captured. */
const CROWDED_FALL = 0.5
/** Closer to the target is close enough. */
const DEAD_BAND = 0.05
/** Savings beyond this are for bursts. */
const SPARE = 0.5
/** A ring as full as this leaves no room for more; as full as that, where the kernel begins to shed by itself, none for as much. */
const FULL_FILL = 0.25
const FULLER_FILL = 0.4
/** Steps until what was done shows. */
const SETTLE_STEPS = 2

export class GateControl {
  readonly ports = new PortShares()
  pressure: Pressure = 'none'
  #settling = 0
  #steps = 0
  #lastFill = 0

  get gate(): Gate {
    return { shed: this.ports.shed }
  }

  /** To be called a few times a second; true when the gate is another one than before. */
  step(load: Load): boolean {
    if (load.allowedCores === Number.POSITIVE_INFINITY) return false
    const ratio = ratioOf(load, this.#lastFill)
    this.#lastFill = load.fill
    if (ratio < 1) this.pressure = pressureOf(load)
    else if (!this.ports.isShedding && load.fill < FULL_FILL) this.pressure = 'none'
    this.#steps++
    if (this.#settling > 0) this.#settling--
    if (this.#settling > 0 && load.fill <= FULLER_FILL) return false
    if (ratio < FAR) this.#settling = SETTLE_STEPS
    const steps = this.#steps
    this.#steps = 0
    return this.ports.divide(load.usedCores, load.usedCores * ratio, steps)
  }
}

const pressureOf = ({ fill, isBusy }: Load): Pressure =>
  fill > FULLER_FILL ? 'ring' : isBusy ? 'busy' : 'budget'

/** By what that is to be multiplied which reading events takes; 1: it may stay. */
function ratioOf({ usedCores, allowedCores, balance, fill }: Load, lastFill: number): number {
  // While a full ring is being emptied, what was done shows.
  if (fill > FULLER_FILL) return fill < lastFill ? 1 : CROWDED_FALL
  const target = allowedCores * (0.95 + 0.1 * Math.max(balance, -1))
  const ratio = target / Math.max(usedCores, 1e-6)
  if (Math.abs(ratio - 1) < DEAD_BAND || (ratio < 1 && balance > SPARE)) return 1
  const most = fill > FULL_FILL ? 1 : FASTEST_RISE
  return Math.min(most, Math.max(FASTEST_FALL, ratio < FAR ? ratio : ratio ** GAIN))
}
