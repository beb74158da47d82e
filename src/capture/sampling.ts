/** Tells how many of the last seconds' exchanges made rows, and how many were only counted. */
import type { Counters } from '../health/counters'

const SECONDS = 10

type Counted = Pick<Counters, 'recordedExchanges' | 'shedExchanges'>

export class Sampling {
  #samples: Counted[] = []

  /** Call it once a second. */
  add({ recordedExchanges, shedExchanges }: Counted): void {
    this.#samples.push({ recordedExchanges, shedExchanges })
    if (this.#samples.length > SECONDS + 1) this.#samples.shift()
  }

  get last(): { recorded: number; shed: number } {
    const oldest = this.#samples[0]
    const newest = this.#samples.at(-1)
    if (!oldest || !newest) return { recorded: 0, shed: 0 }
    return {
      recorded: newest.recordedExchanges - oldest.recordedExchanges,
      shed: newest.shedExchanges - oldest.shedExchanges,
    }
  }
}
