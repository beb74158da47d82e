/** Tells how many of the last seconds' exchanges made rows, how many were only counted, and how much the capture thread took. */
import type { Counters } from '../health/counters'

const SECONDS = 10

type ExchangeCounters = Pick<Counters, 'recordedExchanges' | 'shedExchanges'>

interface Sample extends ExchangeCounters {
  readonly threadMs: number
  readonly atMs: number
}

export class Sampling {
  #samples: Sample[] = []

  /** Call it once a second; `threadMs`: processor time of the thread so far. */
  add({ recordedExchanges, shedExchanges }: ExchangeCounters, threadMs: number, atMs: number): void {
    this.#samples.push({ recordedExchanges, shedExchanges, threadMs, atMs })
    if (this.#samples.length > SECONDS + 1) this.#samples.shift()
  }

  get last(): { recorded: number; shed: number; usedCores: number } {
    const oldest = this.#samples[0]
    const newest = this.#samples.at(-1)
    if (!oldest || !newest || oldest === newest) return { recorded: 0, shed: 0, usedCores: 0 }
    return {
      recorded: newest.recordedExchanges - oldest.recordedExchanges,
      shed: newest.shedExchanges - oldest.shedExchanges,
      usedCores: (newest.threadMs - oldest.threadMs) / (newest.atMs - oldest.atMs),
    }
  }
}
