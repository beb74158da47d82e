/** Where rows come from: scans, with the conditions that the store tests before it reads the rest, and virtual tables. */
import type { Batch } from '../../records/batch'
import type { Selection } from '../../store/store'
import { columnsOf } from '../conditions'
import { Expressions } from '../expression'
import { bools, isConstant } from '../operand'
import type { Expr, TypedColumn } from '../plan'
import { bytesOf, memoryOf } from '../vectors'
import { Operator, type OperatorContext } from './operator'
import { has, narrowed } from './stages'

export class ReadCounts {
  rows = 0
  bytes = 0
  batches = 0

  add(batch: Batch): void {
    this.rows += batch.rows
    this.bytes += bytesOf(batch)
    this.batches++
  }
}

/** A scan or a virtual table: it pushes when it is told to. */
export class InputOperator extends Operator {
  readonly #batches: () => Iterable<Batch>
  readonly #read: (batch: Batch) => void

  constructor(
    columns: readonly TypedColumn[],
    context: OperatorContext,
    batches: () => Iterable<Batch>,
    read: (batch: Batch) => void,
  ) {
    super(columns, context)
    this.#batches = batches
    this.#read = read
  }

  run(): void {
    if (this.wanted) {
      for (const batch of this.#batches()) {
        this.#read(batch)
        const bytes = memoryOf(batch)
        this.context.budget.hold(bytes)
        this.emit(batch)
        this.context.budget.hold(-bytes)
        if (!this.wanted) break
      }
    }
    this.end()
  }
}

/** The conditions as steps of a scan, each over the columns that it reads; the first counts what is read. */
export function selectionOf(
  conditions: readonly Expr[],
  columns: readonly TypedColumn[],
  context: OperatorContext,
  counts: ReadCounts,
): readonly Selection[] {
  return conditions.map((condition, i) => {
    const names = columnsOf(condition)
    const read = columns.filter(({ name }) => names.has(name))
    const expressions = new Expressions(read)
    const step = expressions.add(condition)
    return {
      columns: read.map(({ name }) => name),
      keep(batch) {
        const { budget, functions } = context
        // A scan whose rows are all filtered out gives no batch, so this is the only place to end it.
        budget.checkpoint()
        const bytes = memoryOf(batch)
        if (i === 0) counts.add(batch)
        else counts.bytes += bytesOf(batch)
        budget.hold(bytes)
        const evaluation = expressions.over(batch, functions)
        const value = evaluation.get(step)
        evaluation.close()
        budget.hold(-bytes)
        if (isConstant(value)) return value.constant ? undefined : new Uint32Array(0)
        const { values } = bools(value)
        if (!has(values, 0)) return undefined
        return has(values, 1) ? narrowed(values, batch.rows, undefined) : new Uint32Array(0)
      },
    }
  })
}
