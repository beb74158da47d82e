/** Bounds some work of the capture thread in each second, measured in bytes looked at. */
export class WorkBudget {
  readonly #perSecond: number
  #sinceNs = 0
  #spent = 0

  constructor(perSecond: number) {
    this.#perSecond = perSecond
  }

  /** Spends a part of this second's budget; false, and nothing is spent, when it is used up. */
  spend(nowNs: number, bytes: number): boolean {
    if (nowNs - this.#sinceNs >= 1e9 || nowNs < this.#sinceNs) {
      this.#sinceNs = nowNs
      this.#spent = 0
    }
    if (this.#spent >= this.#perSecond) return false
    this.#spent += bytes
    return true
  }
}
