/**
 * A mergeable sketch of a distribution (Masson, Rim, Lee: DDSketch, VLDB 2019): exact while few values are in it, then
 * counts in buckets of a bounded relative width, so that a quantile is within 0.5 % of a value of its rank. Buckets are
 * linear within a power of two: a value's bucket is the upper bits of its double, and no logarithm is taken.
 *
 * Own code because a query keeps one sketch per group, often ten thousands with a handful of values each: the kept
 * libraries hold several kilobytes of boxed numbers apiece.
 */

/** Of the upper word, what is below the bucket: 7 bits of the fraction stay, so that a bucket is 0.8 % wide at most. */
const SHIFT = 13
export const EXACT_VALUES = 512
/** Keys by which a window grows at least. */
const MARGIN = 32
/** Bounds the memory of a sketch: 16,384 buckets span 38 decades; what lies below them is counted in the lowest. */
const MOST_BUCKETS = 16_384
/** The upper word of infinity; NaNs lie above it, or have the same and a lower word. */
const INFINITE = 0x7ff0_0000

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

const double = new Float64Array(1)
const words = new Uint32Array(double.buffer)

/** The bucket of a positive number. */
function keyOf(magnitude: number): number {
  double[0] = magnitude
  return words[1]! >>> SHIFT
}

/** The middle of a bucket. */
function bucketValue(key: number): number {
  words[0] = 0
  words[1] = (key << SHIFT) | (1 << (SHIFT - 1))
  return double[0]!
}

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
    this.#low = Math.min(this.#low, low)
    this.#high = Math.max(this.#high, high)
    if (low > 0 && high >= low && this.#countPositive(values, from, to, keyOf(low), keyOf(high))) return
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

  /** The usual case in one pass over their bits: all are positive and finite. False, and nothing done, when not. */
  #countPositive(values: Float64Array, from: number, to: number, low: number, high: number): boolean {
    const bits = new Uint32Array(values.buffer, values.byteOffset + 8 * from, 2 * (to - from))
    for (let i = 1; i < bits.length; i += 2) if (bits[i]! >= INFINITE) return false
    this.#positive.cover(low, high)
    const { counts, first } = this.#positive
    for (let i = 1; i < bits.length; i += 2) {
      const at = (bits[i]! >>> SHIFT) - first
      counts[at < 0 ? 0 : at]! += 1
    }
    this.#positive.total += to - from
    return true
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
  return selectQuantiles(values.slice(), values.length, fractions)
}

/** The same of the first `count` values, which are put in another order: no NaN, ascending fractions. */
export function selectQuantiles(values: Float64Array, count: number, fractions: readonly number[]): number[] {
  if (count === 0) return fractions.map(() => 0)
  let sorted = 0
  return fractions.map((fraction) => {
    const rank = fraction * (count - 1)
    const at = Math.floor(rank)
    if (at >= sorted) {
      select(values, sorted, count - 1, at)
      sorted = at + 1
    }
    const below = finite(values[at]!)
    if (rank === at) return below
    let next = Infinity
    for (let i = at + 1; i < count; i++) if (values[i]! < next) next = values[i]!
    const above = finite(next)
    return below === above ? below : finite(below + (above - below) * (rank - at))
  })
}

/** Ranges of at most so many values are sorted by insertion. */
const SMALL = 16

/** Hoare's selection: the value of rank `k` gets to its place, smaller ones before it, larger ones behind. */
function select(values: Float64Array, low: number, high: number, k: number): void {
  let left = low
  let right = high
  while (right - left >= SMALL) {
    const a = values[left]!
    const b = values[(left + right) >>> 1]!
    const c = values[right]!
    const pivot = a < b ? (b < c ? b : a < c ? c : a) : a < c ? a : b < c ? c : b
    let i = left
    let j = right
    while (i <= j) {
      while (values[i]! < pivot) i++
      while (values[j]! > pivot) j--
      if (i > j) break
      const swapped = values[i]!
      values[i++] = values[j]!
      values[j--] = swapped
    }
    if (k <= j) right = j
    else if (k >= i) left = i
    else return
  }
  for (let i = left + 1; i <= right; i++) {
    const value = values[i]!
    let j = i - 1
    while (j >= left && values[j]! > value) {
      values[j + 1] = values[j]!
      j--
    }
    values[j + 1] = value
  }
}
