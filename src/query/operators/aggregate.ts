import { NixieError } from '../../errors'
import type { Batch } from '../../records/batch'
import { emptyVector, type Vector } from '../../records/batch'
import { slice } from '../../records/rows'
import type { Accumulator } from '../functions/aggregates/accumulators'
import { AGGREGATES } from '../functions/aggregates/aggregates'
import { QUANTILES, Quantiles } from '../functions/aggregates/quantile-groups'
import { Grouping } from '../grouping'
import type { Node, TypedColumn } from '../plan'
import { indexOf, type OperatorContext, Stage } from './operator'

interface Running {
  /** Place of its column in the input; -1 when the values aren't looked at. */
  readonly column: number
  readonly more?: readonly number[] | undefined
  readonly accumulator: Accumulator
}

type AggregateNode = Extract<Node, { op: 'aggregate' }>

/** Groups in one output batch. A reader that stops early saves making the others. */
const SLICE = 8192

/** Groups rows by their keys, in the order in which the groups first come. */
export class HashAggregate extends Stage {
  readonly #keys: readonly number[]
  readonly #grouping: Grouping
  readonly #running: Running[] = []
  /** The values of an output, of the groups `from` to `to`. */
  readonly #outputs: readonly ((count: number) => (from: number, to: number) => Vector)[]
  #held = 0

  constructor(node: AggregateNode, input: readonly TypedColumn[], context: OperatorContext) {
    super(node.columns, context)
    this.#keys = node.keys.map((key) => indexOf(input, key))
    this.#grouping = new Grouping(this.#keys.map((key) => input[key]!.type))
    const quantiles = new Map<string, { accumulator: Quantiles; names: string[] }>()
    this.#outputs = node.aggregates.map(({ fn, column, more, quantile }) => {
      const spec = AGGREGATES.get(fn)
      if (!spec) throw new NixieError('type_error', `There is no aggregate '${fn}'`)
      const index = spec.ignoresValues ? -1 : indexOf(input, column)
      if (quantile === undefined) {
        const accumulator = spec.create(input[index]?.type ?? 'INT64')
        this.#running.push({ column: index, accumulator, more: more?.map((name) => indexOf(input, name)) })
        return (count) => slices(accumulator, count)
      }
      const shared = quantiles.get(column) ?? { accumulator: new Quantiles(), names: [] }
      if (!quantiles.has(column)) this.#running.push({ column: index, accumulator: shared.accumulator })
      quantiles.set(column, shared)
      shared.names.push(quantile)
      return () => quantileSlices(shared.accumulator, shared.names, quantile)
    })
  }

  push(batch: Batch): void {
    const { rows, columns } = batch
    const groups = this.#grouping.assign(
      this.#keys.map((key) => columns[key]!),
      rows,
    )
    const nothing = emptyVector('INT64')
    for (const { column, accumulator, more } of this.#running) {
      const others = more?.map((index) => columns[index]!)
      accumulator.add(columns[column] ?? nothing, groups, rows, this.#grouping.size, others)
    }
    this.#account()
  }

  #account(): void {
    const held = this.#running.reduce((sum, { accumulator }) => sum + accumulator.bytes, this.#grouping.bytes)
    this.context.budget.hold(held - this.#held)
    this.#held = held
  }

  override finish(): void {
    // The results take as much memory again.
    this.context.budget.hold(this.#held)
    this.#held *= 2
    const groups = this.#grouping.size
    const keys = this.#grouping.keys()
    const outputs = this.#outputs.map((output) => output(groups))
    for (let from = 0; from < groups && this.wanted; from += SLICE) {
      const to = Math.min(groups, from + SLICE)
      const columns = [
        ...keys.map((key) => slice(key, from, to)),
        ...outputs.map((output) => output(from, to)),
      ]
      this.emit({ rows: to - from, columns })
    }
    this.context.budget.hold(-this.#held)
    this.end()
  }
}

function slices(accumulator: Accumulator, count: number): (from: number, to: number) => Vector {
  if (accumulator.part) return (from, to) => accumulator.part!(from, to)
  const all = accumulator.finish(count)
  return (from, to) => slice(all, from, to)
}

/** All quantiles of a column are looked up together, once per slice. */
function quantileSlices(
  accumulator: Quantiles,
  names: readonly string[],
  name: string,
): (from: number, to: number) => Vector {
  const fractions = [...new Set(names.map((n) => QUANTILES.get(n)!))].sort((a, b) => a - b)
  const place = fractions.indexOf(QUANTILES.get(name)!)
  return (from, to) => ({ type: 'FLOAT64', values: accumulator.at(fractions, from, to)[place]! })
}
