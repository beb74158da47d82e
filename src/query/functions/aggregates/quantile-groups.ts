/** Quantiles of each group: values of small groups are kept as they came, those of large ones go to sketches. */
import { type StringVector, textsOf, type Vector } from '../../../records/batch'
import { doubles, vectorOf } from '../../operand'
import { EXACT_VALUES, QuantileSketch, selectQuantiles } from '../../quantiles'
import type { Accumulator } from './accumulators'

/** What `px.quantiles` gives, by name. */
export const QUANTILES: ReadonlyMap<string, number> = new Map(
  ['p01', 'p10', 'p25', 'p50', 'p75', 'p90', 'p99'].map((name) => [name, Number(name.slice(1)) / 100]),
)
const NAMES = [...QUANTILES.keys()]
const FRACTIONS = [...QUANTILES.values()]

/** Rows that are gathered before they are sorted by group together. */
const GATHERED = 1 << 18
const UINT32 = 2 ** 32

/** Values sorted by group: those of group `first + i` are `values[ends[i] … ends[i + 1]]`. */
interface Run {
  /** Durations in nanoseconds and sizes, the usual values, take half the memory as 32-bit integers. */
  readonly values: Float64Array | Uint32Array
  readonly first: number
  readonly ends: Uint32Array
}

export class Quantiles implements Accumulator {
  /** Of the groups with more values than are kept. */
  readonly #sketches = new Map<number, QuantileSketch>()
  readonly #runs: Run[] = []
  #counts = new Uint32Array(0)
  #values = new Float64Array(0)
  #groups = new Uint32Array(0)
  #sorted = new Float64Array(0)
  #gathered = 0
  #bytes = 0
  #last: { readonly asked: string; readonly values: readonly Float64Array[] } | undefined
  readonly #scratch = new Float64Array(EXACT_VALUES)

  add(vector: Vector, groups: Uint32Array, rows: number): void {
    const { values } = doubles(vector)
    for (let from = 0; from < rows; ) {
      this.#makeRoom(rows - from)
      const to = Math.min(rows, from + this.#values.length - this.#gathered)
      this.#values.set(
        from === 0 && to === values.length ? values : values.subarray(from, to),
        this.#gathered,
      )
      this.#groups.set(
        from === 0 && to === groups.length ? groups : groups.subarray(from, to),
        this.#gathered,
      )
      this.#gathered += to - from
      from = to
      if (this.#gathered === GATHERED) this.#flush()
    }
  }

  #makeRoom(rows: number): void {
    const wanted = Math.min(GATHERED, this.#gathered + rows)
    if (this.#values.length >= wanted) return
    const length = Math.min(GATHERED, Math.max(wanted, this.#values.length * 2))
    const values = new Float64Array(length)
    values.set(this.#values)
    this.#values = values
    const groups = new Uint32Array(length)
    groups.set(this.#groups)
    this.#groups = groups
  }

  /** Sorts what was gathered by group (a counting sort), and moves what became too much to sketches. */
  #flush(): void {
    const rows = this.#gathered
    this.#gathered = 0
    if (rows === 0) return
    const groups = this.#groups
    const values = this.#values
    let first = groups[0]!
    let last = first
    for (let i = 1; i < rows; i++) {
      const group = groups[i]!
      if (group < first) first = group
      if (group > last) last = group
    }
    const ends = new Uint32Array(last - first + 2)
    for (let i = 0; i < rows; i++) if (!Number.isNaN(values[i]!)) ends[groups[i]! - first + 1]! += 1
    for (let g = 1; g < ends.length; g++) ends[g]! += ends[g - 1]!
    const next = ends.slice()
    if (this.#sorted.length < rows) this.#sorted = new Float64Array(values.length)
    const sorted = this.#sorted
    for (let i = 0; i < rows; i++) {
      const value = values[i]!
      if (!Number.isNaN(value)) sorted[next[groups[i]! - first]!++] = value
    }
    this.#keep(sorted, first, ends)
  }

  #keep(sorted: Float64Array, first: number, ends: Uint32Array): void {
    this.#widen(first + ends.length)
    const counts = this.#counts
    let kept = 0
    let from = 0
    for (let i = 0; i + 1 < ends.length; i++) {
      const to = ends[i + 1]!
      ends[i] = kept
      if (to > from) {
        const before = counts[first + i]!
        counts[first + i] = before + to - from
        if (before + to - from > EXACT_VALUES) this.#addLarge(first + i, before, sorted, from, to)
        else {
          if (kept < from) sorted.copyWithin(kept, from, to)
          kept += to - from
        }
      }
      from = to
    }
    ends[ends.length - 1] = kept
    if (kept === 0) return
    const run = { values: packed(sorted, kept), first, ends }
    this.#runs.push(run)
    this.#bytes += run.values.byteLength + ends.byteLength
  }

  #widen(groups: number): void {
    if (this.#counts.length >= groups) return
    const counts = new Uint32Array(Math.max(groups, this.#counts.length * 2))
    counts.set(this.#counts)
    this.#counts = counts
  }

  #addLarge(group: number, before: number, sorted: Float64Array, from: number, to: number): void {
    let sketch = this.#sketches.get(group)
    if (sketch) this.#bytes -= sketch.bytes
    else {
      sketch = new QuantileSketch()
      this.#sketches.set(group, sketch)
      if (before > 0) sketch.add(this.#scratch, 0, this.#gather(group))
    }
    sketch.add(sorted, from, to)
    this.#bytes += sketch.bytes
  }

  /** Copies what is kept of a group to the scratch; returns how much it is. */
  #gather(group: number): number {
    const scratch = this.#scratch
    let count = 0
    for (const { values, first, ends } of this.#runs) {
      const at = group - first
      if (at < 0 || at + 1 >= ends.length) continue
      for (let i = ends[at]!; i < ends[at + 1]!; i++) scratch[count++] = values[i]!
    }
    return count
  }

  #quantiles(group: number, fractions: readonly number[]): number[] {
    const sketch = this.#sketches.get(group)
    if (sketch) return sketch.quantiles(fractions)
    return selectQuantiles(this.#scratch, this.#gather(group), fractions)
  }

  #end(): void {
    this.#flush()
    this.#values = new Float64Array(0)
    this.#groups = new Uint32Array(0)
    this.#sorted = new Float64Array(0)
  }

  /** For each fraction (ascending) the values of the groups `from` to `to`; those asked for last are remembered. */
  at(fractions: readonly number[], from: number, to: number): readonly Float64Array[] {
    this.#end()
    const asked = `${from} ${to} ${fractions}`
    if (this.#last?.asked === asked) return this.#last.values
    const values = fractions.map(() => new Float64Array(to - from))
    for (let g = from; g < to; g++) {
      const found = this.#quantiles(g, fractions)
      for (let f = 0; f < found.length; f++) values[f]![g - from] = found[f]!
    }
    this.#last = { asked, values }
    return values
  }

  finish(count: number): Vector {
    return this.part(0, count)
  }

  part(from: number, to: number): StringVector {
    this.#end()
    const texts = Array.from({ length: to - from }, (_, i) => {
      const values = this.#quantiles(from + i, FRACTIONS)
      return `{${NAMES.map((name, n) => `"${name}":${values[n]}`).join(',')}}`
    })
    return textsOf(vectorOf('STRING', texts))
  }

  get bytes(): number {
    const working = this.#values.byteLength + this.#groups.byteLength + this.#sorted.byteLength
    return this.#bytes + working + this.#counts.byteLength
  }
}

/** A copy of the first `count` values: as 32-bit integers when that loses nothing. */
function packed(values: Float64Array, count: number): Float64Array | Uint32Array {
  const small = new Uint32Array(count)
  for (let i = 0; i < count; i++) {
    const value = values[i]!
    if (!(value >= 0 && value < UINT32)) return values.slice(0, count)
    small[i] = value
    if (small[i] !== value) return values.slice(0, count)
  }
  return small
}
