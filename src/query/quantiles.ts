/**
 * A mergeable sketch of a distribution (Masson, Rim, Lee: DDSketch, VLDB 2019): exact while few values are in it, then
 * counts in buckets whose bounds grow by a constant factor, so that a quantile is within 0.5 % of a value of its rank.
 *
 * Own code because a query keeps one sketch per group, often ten thousands with a handful of values each: the kept
 * libraries hold several kilobytes of boxed numbers apiece.
 */

const ACCURACY = 0.005
const LOG_GAMMA = Math.log((1 + ACCURACY) / (1 - ACCURACY))
const EXACT_VALUES = 512
/** Keys by which a window grows at least. */
const MARGIN = 32
/** Bounds the memory of a sketch: 8,192 buckets span 35 decades; what lies below them is counted in the lowest. */
const MOST_BUCKETS = 8192

const NO_VALUES = new Float64Array(0)
const NONE = new Uint32Array(0)

/** Counts by key, over the window of keys seen. */
class Buckets {
  counts = NONE
  /** The key that the first count is for. */
  first = 0
  total = 0

  add(key: number, count: number): void {
    const at = key - this.first
    if (at >= 0 && at < this.counts.length) this.counts[at]! += count
    else {
      this.cover(key - MARGIN, key + MARGIN)
      this.counts[Math.max(0, key - this.first)]! += count
    }
    this.total += count
  }

  /** Widens the window to these keys; the lowest are merged when it gets too wide. */
  cover(low: number, high: number): void {
    const before = this.counts
    const end = this.first + before.length
    if (before.length > 0 && low >= this.first && high < end) return
    const last = before.length === 0 ? high + 1 : Math.max(end, high + 1)
    const first = Math.max(before.length === 0 ? low : Math.min(this.first, low), last - MOST_BUCKETS)
    const counts = new Uint32Array(last - first)
    for (let i = 0; i < before.length; i++) counts[Math.max(0, this.first + i - first)]! += before[i]!
    this.counts = counts
    this.first = first
  }

  merge(other: Buckets): void {
    if (other.total === 0) return
    this.cover(other.first, other.first + other.counts.length - 1)
    for (let i = 0; i < other.counts.length; i++)
      this.counts[Math.max(0, other.first + i - this.first)]! += other.counts[i]!
    this.total += other.total
  }
}

const keyOf = (magnitude: number) => Math.ceil(Math.log(magnitude) / LOG_GAMMA)
const bucketValue = (key: number) => (2 * Math.exp(key * LOG_GAMMA)) / (1 + Math.exp(LOG_GAMMA))

export class QuantileSketch {
  #exact: Float64Array | undefined = NO_VALUES
  #zeros = 0
  /** Infinities, which would stretch the windows of the buckets over all doubles. */
  #below = 0
  #above = 0
  #low = Infinity
  #high = -Infinity
  readonly #positive = new Buckets()
  readonly #negative = new Buckets()

  get count(): number {
    if (this.#exact) return this.#exact.length
    return this.#zeros + this.#below + this.#above + this.#positive.total + this.#negative.total
  }

  get bytes(): number {
    return (
      256 + (this.#exact?.byteLength ?? this.#positive.counts.byteLength + this.#negative.counts.byteLength)
    )
  }

  /** Values `from` to `to` of an array. NaN is ignored; infinities are the ends of the doubles. */
  add(values: Float64Array, from = 0, to = values.length): void {
    const exact = this.#exact
    if (!exact) {
      this.#count(values, from, to)
    } else if (exact.length + to - from <= EXACT_VALUES) {
      const both = new Float64Array(exact.length + to - from)
      both.set(exact)
      let count = exact.length
      for (let i = from; i < to; i++) if (!Number.isNaN(values[i]!)) both[count++] = values[i]!
      this.#exact = count < both.length ? both.subarray(0, count) : both
    } else {
      this.#spill()
      this.#count(values, from, to)
    }
  }

  #spill(): void {
    const values = this.#exact
    this.#exact = undefined
    if (values) this.#count(values, 0, values.length)
  }

  #count(values: Float64Array, from: number, to: number): void {
    let low = Infinity
    let high = -Infinity
    for (let i = from; i < to; i++) {
      const value = values[i]!
      if (value < low && value > -Infinity) low = value
      if (value > high && value < Infinity) high = value
    }
    if (low > 0 && high >= low) this.#positive.cover(keyOf(low), keyOf(high))
    this.#low = Math.min(this.#low, low)
    this.#high = Math.max(this.#high, high)
    for (let i = from; i < to; i++) {
      const value = values[i]!
      if (value > 0) {
        if (value < Infinity) this.#positive.add(keyOf(value), 1)
        else this.#above++
      } else if (value < 0) {
        if (value > -Infinity) this.#negative.add(keyOf(-value), 1)
        else this.#below++
      } else if (value === 0) this.#zeros++
    }
  }

  /** As if everything that was added to `other` had been added here. */
  merge(other: QuantileSketch): void {
    if (other.#exact) {
      this.add(other.#exact)
      return
    }
    this.#spill()
    this.#zeros += other.#zeros
    this.#below += other.#below
    this.#above += other.#above
    this.#low = Math.min(this.#low, other.#low)
    this.#high = Math.max(this.#high, other.#high)
    this.#positive.merge(other.#positive)
    this.#negative.merge(other.#negative)
  }

  /** The values at fractions 0…1 of the ranks, ascending fractions; 0 when nothing was added. */
  quantiles(fractions: readonly number[]): number[] {
    if (this.count === 0) return fractions.map(() => 0)
    if (this.#exact) return exactQuantiles(this.#exact, fractions)
    const last = this.count - 1
    const results: number[] = []
    let seen = 0
    const visit = (count: number, sign: -1 | 0 | 1, key: number): void => {
      seen += count
      while (results.length < fractions.length && seen > Math.floor(fractions[results.length]! * last))
        results.push(this.#value(sign, key))
    }
    visit(this.#below, -1, Infinity)
    const { counts: negative, first: lowest } = this.#negative
    for (let i = negative.length - 1; i >= 0; i--) if (negative[i]! > 0) visit(negative[i]!, -1, lowest + i)
    visit(this.#zeros, 0, 0)
    const { counts: positive, first } = this.#positive
    for (let i = 0; i < positive.length; i++) if (positive[i]! > 0) visit(positive[i]!, 1, first + i)
    visit(this.#above, 1, Infinity)
    return results
  }

  #value(sign: -1 | 0 | 1, key: number): number {
    if (sign === 0) return 0
    if (key === Infinity) return sign * Number.MAX_VALUE
    return Math.max(this.#low, Math.min(this.#high, sign * bucketValue(key)))
  }
}

const finite = (value: number) => Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, value))

/** Linear between neighbouring ranks. */
function exactQuantiles(values: Float64Array, fractions: readonly number[]): number[] {
  const sorted = values.slice().sort()
  return fractions.map((fraction) => {
    const rank = fraction * (sorted.length - 1)
    const below = finite(sorted[Math.floor(rank)]!)
    const above = finite(sorted[Math.ceil(rank)]!)
    return below === above ? below : finite(below + (above - below) * (rank - Math.floor(rank)))
  })
}
