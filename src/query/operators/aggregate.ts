import { NixieError } from '../../errors'
import type { Batch } from '../../records/batch'
import { emptyVector } from '../../records/batch'
import type { Accumulator } from '../functions/accumulators'
import { AGGREGATES, type AggregateSpec } from '../functions/aggregates'
import { Grouping } from '../grouping'
import type { Node, TypedColumn } from '../plan'
import { indexOf, type OperatorContext, Stage } from './operator'

interface Running {
  readonly spec: AggregateSpec
  /** Place of its column in the input; -1 when the values aren't looked at. */
  readonly column: number
  readonly accumulator: Accumulator
}

/** Groups rows by their keys, in the order in which the groups first come. */
export class HashAggregate extends Stage {
  readonly #keys: readonly number[]
  readonly #grouping: Grouping
  readonly #running: readonly Running[]
  #held = 0

  constructor(
    node: Extract<Node, { op: 'aggregate' }>,
    input: readonly TypedColumn[],
    context: OperatorContext,
  ) {
    super(node.columns, context)
    this.#keys = node.keys.map((key) => indexOf(input, key))
    this.#grouping = new Grouping(this.#keys.map((key) => input[key]!.type))
    this.#running = node.aggregates.map(({ fn, column }) => {
      const spec = AGGREGATES.get(fn)
      if (!spec) throw new NixieError('type_error', `There is no aggregate '${fn}'`)
      const index = spec.ignoresValues ? -1 : indexOf(input, column)
      return { spec, column: index, accumulator: spec.create(input[index]?.type ?? 'INT64') }
    })
  }

  push(batch: Batch): void {
    const { rows, columns } = batch
    const groups = this.#grouping.assign(
      this.#keys.map((key) => columns[key]!),
      rows,
    )
    const nothing = emptyVector('INT64')
    for (const { column, accumulator } of this.#running)
      accumulator.add(columns[column] ?? nothing, groups, rows, this.#grouping.size)
    this.#account()
  }

  #account(): void {
    const held = this.#running.reduce((sum, { accumulator }) => sum + accumulator.bytes, this.#grouping.bytes)
    this.context.budget.hold(held - this.#held)
    this.#held = held
  }

  override finish(): void {
    const rows = this.#grouping.size
    const values = this.#running.map(({ accumulator }) => accumulator.finish(rows))
    this.emit({ rows, columns: [...this.#grouping.keys(), ...values] })
    this.context.budget.hold(-this.#held)
    this.end()
  }
}
