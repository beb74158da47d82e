/** Bounds the time that decoding may take, for all bodies together and for each: hostile bodies cost the capture thread no more. */

export interface DecodeLimits {
  /** Nanoseconds of each second, over all connections. */
  readonly perSecondNs: number
  /** How much unused time may be saved up. */
  readonly burstNs: number
  readonly perBodyNs: number
  /** No step needs this long: a longer one was interrupted by the scheduler, and counts as this much. */
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
  /** Bodies that were not decoded, or not completely, because the time was used up. */
  refused = 0
  readonly #nowNs: () => number
  readonly #limits: DecodeLimits
  #leftNs: number
  #bodyNs = 0
  /** Up to when time has been earned, and charged. */
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

  /** Begins a body; false, and counted, when no time is left. */
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

  /** Half of what may be saved up is there: enough for what is less needed than the texts of bodies. */
  get isAmple(): boolean {
    return 2 * this.#leftNs > this.#limits.burstNs
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

  /** Gives up the body that was begun. */
  giveUp(): void {
    this.refused++
  }
}
