/** Quantiles of each group: values of small groups are kept as they came, those of large ones go to sketches. */
import type { StringVector, Vector } from '../../records/batch'
import { doubles, vectorOf } from '../operand'
import { EXACT_VALUES, QuantileSketch, selectQuantiles } from '../quantiles'
import type { Accumulator } from './accumulators'

/** What `px.quantiles` gives, by name. */
export const QUANTILES: ReadonlyMap<string, number> = new Map(
  ['p01', 'p10', 'p25', 'p50', 'p75', 'p90', 'p99'].map((name) => [name, Number(name.slice(1)) / 100]),
)
const NAMES = [...QUANTILES.keys()]
const FRACTIONS = [...QUANTILES.values()]

/** Rows that are gathered before they are sorted by group together. */
const GATHERED = 1 << 20

/** Values sorted by group: those of group g are `values[ends[g] … ends[g + 1]]`. */
interface Run {
  readonly values: Float64Array
  readonly ends: Uint32Array
}

export class Quantiles implements Accumulator {
  /** Of the groups with more values than are kept. */
  readonly #sketches = new Map<number, QuantileSketch>()
  #runs: Run[] = []
  #counts = new Uint32Array(0)
  #values = new Float64Array(0)
  #groups = new Uint32Array(0)
  #gathered = 0
  #bytes = 0
  #last: { readonly asked: string; readonly values: readonly Float64Array[] } | undefined
  /** Groups that rows were given for. */
  #size = 0
  readonly #scratch = new Float64Array(EXACT_VALUES)

  add(vector: Vector, groups: Uint32Array, rows: number, count: number): void {
    const { values } = doubles(vector)
    this.#size = count
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
    const count = this.#size
    this.#gathered = 0
    if (rows === 0) return
    const groups = this.#groups
    const given = this.#values
    const ends = new Uint32Array(count + 1)
    for (let i = 0; i < rows; i++) if (!Number.isNaN(given[i]!)) ends[groups[i]! + 1]! += 1
    for (let g = 0; g < count; g++) ends[g + 1]! += ends[g]!
    const starts = ends.slice(0, count)
    const values = new Float64Array(ends[count]!)
    for (let i = 0; i < rows; i++) {
      const value = given[i]!
      if (!Number.isNaN(value)) values[starts[groups[i]!]!++] = value
    }
    this.#keep({ values, ends }, count)
  }

  #keep(run: Run, count: number): void {
    if (this.#counts.length < count) {
      const counts = new Uint32Array(Math.max(count, this.#counts.length * 2))
      counts.set(this.#counts)
      this.#counts = counts
    }
    const counts = this.#counts
    const { values, ends } = run
    let kept = 0
    let from = 0
    for (let g = 0; g < count; g++) {
      const to = ends[g + 1]!
      if (to > from) {
        const before = counts[g]!
        counts[g] = before + to - from
        if (counts[g]! > EXACT_VALUES) this.#addLarge(g, before, values, from, to)
        else {
          if (kept < from) values.copyWithin(kept, from, to)
          kept += to - from
        }
      }
      ends[g + 1] = kept
      from = to
    }
    if (kept === 0) return
    const small = { values: 2 * kept < values.length ? values.slice(0, kept) : values, ends }
    this.#runs.push(small)
    this.#bytes += small.values.byteLength + ends.byteLength
  }

  #addLarge(group: number, before: number, values: Float64Array, from: number, to: number): void {
    let sketch = this.#sketches.get(group)
    if (sketch) this.#bytes -= sketch.bytes
    else {
      sketch = new QuantileSketch()
      this.#sketches.set(group, sketch)
      // What was kept so far.
      for (const run of before > 0 ? this.#runs : [])
        if (group + 1 < run.ends.length) sketch.add(run.values, run.ends[group], run.ends[group + 1])
    }
    sketch.add(values, from, to)
    this.#bytes += sketch.bytes
  }

  #end(): void {
    this.#flush()
    this.#values = new Float64Array(0)
    this.#groups = new Uint32Array(0)
  }

  #quantiles(group: number, fractions: readonly number[]): number[] {
    const sketch = this.#sketches.get(group)
    if (sketch) return sketch.quantiles(fractions)
    const scratch = this.#scratch
    let count = 0
    for (const { values, ends } of this.#runs)
      if (group + 1 < ends.length)
        for (let i = ends[group]!; i < ends[group + 1]!; i++) scratch[count++] = values[i]!
    return selectQuantiles(scratch, count, fractions)
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
    return vectorOf('STRING', texts) as StringVector
  }

  get bytes(): number {
    return this.#bytes + this.#values.byteLength + this.#groups.byteLength + this.#counts.byteLength
  }
}
