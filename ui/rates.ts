/** Rates from counters that only grow: the difference to a sample of up to a minute ago. */
import { COUNTER_NAMES, COUNTERS, type CounterName, type Counters } from '../src/health/counters'

const WINDOW_MS = 60_000
const MIN_GAP_MS = 900

interface Sample {
  readonly atMs: number
  readonly counters: Counters
}

export class Rates {
  #samples: Sample[] = []

  /** Takes a sample; several within a second count as one, so memory is bounded by the window. */
  add(counters: Counters, nowMs: number): void {
    const newest = this.#samples.at(-1)
    if (newest && nowMs - newest.atMs < MIN_GAP_MS) return
    this.#samples.push({ atMs: nowMs, counters: { ...counters } })
    while (this.#samples.length > 2 && nowMs - this.#samples[1]!.atMs >= WINDOW_MS) this.#samples.shift()
    // The last sample is too old, so an average since then would not be the current rate.
    while (nowMs - this.#samples[0]!.atMs > 2 * WINDOW_MS) this.#samples.shift()
  }

  /** Whether the newest sample is too old to show the current rate. */
  isOld(nowMs: number): boolean {
    return nowMs - (this.#samples.at(-1)?.atMs ?? nowMs) > 2 * WINDOW_MS
  }

  /** Per second since the oldest sample; undefined before there are two. */
  of(name: CounterName): number | undefined {
    const oldest = this.#samples[0]
    const newest = this.#samples.at(-1)
    if (!oldest || !newest || oldest === newest) return undefined
    return ((newest.counters[name] - oldest.counters[name]) * 1000) / (newest.atMs - oldest.atMs)
  }

  /** Whether anything was lost since the oldest sample; undefined before there are two. */
  get losing(): boolean | undefined {
    const lossy = COUNTER_NAMES.filter((name) => 'loss' in COUNTERS[name])
    const rates = lossy.map((name) => this.of(name))
    return rates.includes(undefined) ? undefined : rates.some((rate) => rate! > 0)
  }
}

/** The rates of each node that is shown here, as its pages tell its counters. */
export class NodeRates {
  readonly #rates = new Map<string, Rates>()

  of(node: string): Rates {
    const known = this.#rates.get(node)
    if (known) return known
    // What nobody has looked at for a while says nothing any more.
    for (const [name, rates] of this.#rates) if (rates.isOld(Date.now())) this.#rates.delete(name)
    const made = new Rates()
    this.#rates.set(node, made)
    return made
  }
}
