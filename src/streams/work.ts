/** Work that the capture thread does at most in a second, however much of it is asked for: in bytes looked at. */
export class WorkBudget {
  readonly #perSecond: number
  #sinceNs = 0
  #spent = 0

  constructor(perSecond: number) {
    this.#perSecond = perSecond
  }

  /** False when this second's budget is used up; then nothing is spent. */
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
