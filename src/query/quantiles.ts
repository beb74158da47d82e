/**
 * A mergeable sketch of a distribution (Masson, Rim, Lee: DDSketch, VLDB 2019): exact while few values are in it, then
 * counts in buckets whose bounds grow by a constant factor, so that a quantile is within 0.5 % of a value of its rank.
 *
 * Own code because a query keeps one sketch per group, often ten thousands with a handful of values each: the kept
 * libraries hold several kilobytes of boxed numbers apiece.
 */

const ACCURACY = 0.005
const LOG_GAMMA = Math.log((1 + ACCURACY) / (1 - ACCURACY))
const EXACT_VALUES = 64
/** Bounds the memory of a sketch: 8,192 buckets span 35 decades; what lies below them is counted in the lowest. */
const MOST_BUCKETS = 8192

/** Counts by key, over the window of keys seen. */
class Buckets {
  #counts = new Uint32Array(0)
  #first = 0
  total = 0

  get bytes(): number {
    return this.#counts.byteLength
  }

  add(key: number, count: number): void {
    let at = key - this.#first
    if (at < 0 || at >= this.#counts.length) at = this.#makeRoom(key)
    this.#counts[at]! += count
    this.total += count
  }

  #makeRoom(key: number): number {
    const length = this.#counts.length
    let first = length === 0 ? key - 32 : Math.min(this.#first, key - 64)
    const last = length === 0 ? key + 32 : Math.max(this.#first + length, key + 65)
    first = Math.max(first, last - MOST_BUCKETS)
    const counts = new Uint32Array(last - first)
    for (let i = 0; i < length; i++) counts[Math.max(0, this.#first + i - first)]! += this.#counts[i]!
    this.#counts = counts
    this.#first = first
    return Math.max(0, key - first)
  }

  *entries(): Generator<[key: number, count: number]> {
    for (let i = 0; i < this.#counts.length; i++) {
      if (this.#counts[i]! > 0) yield [this.#first + i, this.#counts[i]!]
    }
  }
}

const keyOf = (magnitude: number) => Math.ceil(Math.log(magnitude) / LOG_GAMMA)
const bucketValue = (key: number) => (2 * Math.exp(key * LOG_GAMMA)) / (1 + Math.exp(LOG_GAMMA))

export class QuantileSketch {
  #exact: number[] | undefined = []
  #zeros = 0
  #low = Infinity
  #high = -Infinity
  #positive: Buckets | undefined
  #negative: Buckets | undefined

  get count(): number {
    if (this.#exact) return this.#exact.length
    return this.#zeros + (this.#positive?.total ?? 0) + (this.#negative?.total ?? 0)
  }

  get bytes(): number {
    return 96 + (this.#exact?.length ?? 0) * 8 + (this.#positive?.bytes ?? 0) + (this.#negative?.bytes ?? 0)
  }

  /** NaN is ignored; infinities are the ends of the doubles. */
  add(value: number): void {
    if (Number.isNaN(value)) return
    if (!this.#exact) {
      this.#count(value, 1)
      return
    }
    this.#exact.push(value)
    if (this.#exact.length > EXACT_VALUES) this.#spill()
  }

  #spill(): void {
    const values = this.#exact ?? []
    this.#exact = undefined
    for (const value of values) this.#count(value, 1)
  }

  #count(given: number, count: number): void {
    const value = Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, given))
    if (value < this.#low) this.#low = value
    if (value > this.#high) this.#high = value
    if (value > 0) {
      this.#positive ??= new Buckets()
      this.#positive.add(keyOf(value), count)
    } else if (value < 0) {
      this.#negative ??= new Buckets()
      this.#negative.add(keyOf(-value), count)
    } else this.#zeros += count
  }

  /** As if everything that was added to `other` had been added here. */
  merge(other: QuantileSketch): void {
    if (other.#exact) {
      for (const value of other.#exact) this.add(value)
      return
    }
    if (this.#exact) this.#spill()
    this.#zeros += other.#zeros
    this.#low = Math.min(this.#low, other.#low)
    this.#high = Math.max(this.#high, other.#high)
    for (const [key, count] of other.#positive?.entries() ?? []) {
      this.#positive ??= new Buckets()
      this.#positive.add(key, count)
    }
    for (const [key, count] of other.#negative?.entries() ?? []) {
      this.#negative ??= new Buckets()
      this.#negative.add(key, count)
    }
  }

  /** The values at fractions 0…1 of the ranks, ascending fractions; 0 when nothing was added. */
  quantiles(fractions: readonly number[]): number[] {
    if (this.count === 0) return fractions.map(() => 0)
    if (this.#exact) return exactQuantiles(this.#exact, fractions)
    const results: number[] = []
    let seen = 0
    const last = this.count - 1
    for (const [value, count] of this.#ascending()) {
      seen += count
      while (results.length < fractions.length && seen > Math.floor(fractions[results.length]! * last))
        results.push(Math.max(this.#low, Math.min(this.#high, value)))
    }
    return results
  }

  *#ascending(): Generator<[value: number, count: number]> {
    const negative = [...(this.#negative?.entries() ?? [])].reverse()
    for (const [key, count] of negative) yield [-bucketValue(key), count]
    if (this.#zeros > 0) yield [0, this.#zeros]
    for (const [key, count] of this.#positive?.entries() ?? []) yield [bucketValue(key), count]
  }
}

/** Linear between neighbouring ranks. */
function exactQuantiles(values: readonly number[], fractions: readonly number[]): number[] {
  const sorted = Float64Array.from(values).sort()
  return fractions.map((fraction) => {
    const rank = fraction * (sorted.length - 1)
    const below = sorted[Math.floor(rank)]!
    const above = sorted[Math.ceil(rank)]!
    return below === above ? below : below + (above - below) * (rank - Math.floor(rank))
  })
}
