/** Time that decoding may take, of all bodies together and of each: what a stranger sends costs the capture thread no more. */

export interface DecodeLimits {
  /** Nanoseconds of each second, over all connections. */
  readonly perSecondNs: number
  /** How much of that may be saved up and spent at once. */
  readonly burstNs: number
  readonly perBodyNs: number
  /** No step needs so long: one that took longer was interrupted by the scheduler, and only so much of it counts. */
  readonly perStepNs: number
}

export const DECODE_LIMITS: DecodeLimits = {
  perSecondNs: 50e6,
  burstNs: 10e6,
  perBodyNs: 2e6,
  perStepNs: 1e6,
}

const SECOND_NS = 1e9

export class DecodeBudget {
  /** Bodies that were not decoded, or not to their end, because the time was used up. */
  refused = 0
  readonly #nowNs: () => number
  readonly #limits: DecodeLimits
  #leftNs: number
  #bodyNs = 0
  /** Until when time was earned, and charged. */
  #earnedNs: number
  #chargedNs: number

  /** `nowNs` is any clock that never goes back. */
  constructor(nowNs: () => number = Bun.nanoseconds, limits: DecodeLimits = DECODE_LIMITS) {
    this.#nowNs = nowNs
    this.#limits = limits
    this.#leftNs = limits.burstNs
    this.#earnedNs = nowNs()
    this.#chargedNs = this.#earnedNs
  }

  /** Starts a body; false, and counted, when nothing is left for one. */
  begin(): boolean {
    const now = this.#nowNs()
    const earned = ((now - this.#earnedNs) * this.#limits.perSecondNs) / SECOND_NS
    this.#leftNs = Math.min(this.#leftNs + earned, this.#limits.burstNs)
    this.#earnedNs = now
    this.#chargedNs = now
    this.#bodyNs = 0
    if (this.#leftNs > 0) return true
    this.refused++
    return false
  }

  /** Charges the step since `begin` or the last `charge`; false when the body has used up its time. */
  charge(): boolean {
    const now = this.#nowNs()
    const stepNs = Math.min(now - this.#chargedNs, this.#limits.perStepNs)
    this.#chargedNs = now
    this.#leftNs -= stepNs
    this.#bodyNs += stepNs
    return this.#bodyNs <= this.#limits.perBodyNs
  }

  /** The body that was begun is given up. */
  giveUp(): void {
    this.refused++
  }
}
