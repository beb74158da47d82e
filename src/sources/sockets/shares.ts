/** Which connections take most of the capture thread's time. */
export class Shares {
  readonly #spent = new Map<number, number>()

  charge(connId: number, ns: number): void {
    this.#spent.set(connId, (this.#spent.get(connId) ?? 0) + ns)
  }

  /** The dearest of them, so many that all others together take at most half of the time; then all begin anew. */
  takeDearest(): number[] {
    const byTime = [...this.#spent].sort(([, a], [, b]) => b - a)
    let left = byTime.reduce((sum, [, ns]) => sum + ns, 0)
    const enough = left / 2
    const dearest: number[] = []
    for (const [connId, ns] of byTime) {
      if (left <= enough) break
      left -= ns
      dearest.push(connId)
    }
    this.#spent.clear()
    return dearest
  }

  clear(): void {
    this.#spent.clear()
  }
}
