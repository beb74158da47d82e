/** The operators that keep no rows: filter, project, limit. */
import type { Batch, Vector } from '../../records/batch'
import { gather, head } from '../../records/rows'
import { Expressions } from '../expression'
import { bools, isConstant, materialise } from '../operand'
import type { Expr, Node, TypedColumn } from '../plan'
import { indexOf, type OperatorContext, Stage } from './operator'

/** Below this share of rows a batch is cut down before the next condition is looked at. */
const SPARSE = 0.5

/** Passes on the rows for which every condition is true; conditions come cheapest first. */
export class Filter extends Stage {
  readonly #expressions: Expressions
  readonly #conditions: readonly number[]
  /** Places in the input of the columns that go out. */
  readonly #kept: readonly number[]

  constructor(
    columns: readonly TypedColumn[],
    input: readonly TypedColumn[],
    conditions: readonly Expr[],
    context: OperatorContext,
  ) {
    super(columns, context)
    this.#expressions = new Expressions(input)
    this.#conditions = conditions.map((condition) => this.#expressions.add(condition))
    this.#kept = columns.map((column) => indexOf(input, column.name))
  }

  push(given: Batch): void {
    let batch = given
    let evaluation = this.#expressions.over(batch, this.context.functions)
    let selected: Uint32Array | undefined
    for (const condition of this.#conditions) {
      const value = evaluation.get(condition)
      if (isConstant(value)) {
        if (value.constant) continue
        evaluation.close()
        return
      }
      const { values } = bools(value)
      if (!has(values, 0)) continue
      selected = has(values, 1) ? narrowed(values, batch.rows, selected) : new Uint32Array(0)
      if (selected.length === 0) {
        evaluation.close()
        return
      }
      if (selected.length < batch.rows * SPARSE) {
        batch = picked(batch, selected)
        selected = undefined
        evaluation.close()
        evaluation = this.#expressions.over(batch, this.context.functions)
      }
    }
    evaluation.close()
    const out = { rows: batch.rows, columns: this.#kept.map((index) => batch.columns[index]!) }
    this.emit(selected && selected.length < batch.rows ? picked(out, selected) : out)
  }
}

/** Whether a 0 or a 1 is among them: a search by the processor's widest loads. */
export const has = (values: Uint8Array, value: 0 | 1): boolean =>
  Buffer.from(values.buffer, values.byteOffset, values.byteLength).indexOf(value) >= 0

/** Of the rows (`before`, or all) those whose value is 1. */
export function narrowed(values: Uint8Array, rows: number, before: Uint32Array | undefined): Uint32Array {
  const selected = new Uint32Array(before?.length ?? rows)
  let count = 0
  if (before) {
    for (let i = 0; i < before.length; i++) {
      selected[count] = before[i]!
      count += values[before[i]!]!
    }
  } else {
    for (let i = 0; i < rows; i++) {
      selected[count] = i
      count += values[i]!
    }
  }
  return selected.subarray(0, count)
}

const picked = (batch: Batch, rows: Uint32Array): Batch => ({
  rows: rows.length,
  columns: batch.columns.map((vector) => gather(vector, rows)),
})

export class Project extends Stage {
  readonly #expressions: Expressions
  readonly #outputs: readonly number[]

  constructor(
    node: Extract<Node, { op: 'project' }>,
    input: readonly TypedColumn[],
    context: OperatorContext,
  ) {
    super(node.columns, context)
    this.#expressions = new Expressions(input)
    this.#outputs = node.exprs.map(({ expr }) => this.#expressions.add(expr))
  }

  push(batch: Batch): void {
    const evaluation = this.#expressions.over(batch, this.context.functions)
    const made = new Map<number, Vector>()
    for (const output of this.#outputs)
      if (!made.has(output)) made.set(output, materialise(evaluation.get(output), batch.rows))
    const columns = this.#outputs.map((output) => made.get(output)!)
    this.emit({ rows: batch.rows, columns })
    evaluation.close()
  }
}

export class Limit extends Stage {
  #left: number

  constructor(rows: number, columns: readonly TypedColumn[], context: OperatorContext) {
    super(columns, context)
    this.#left = rows
  }

  override get open(): boolean {
    return this.#left > 0 && this.wanted
  }

  push(batch: Batch): void {
    const rows = Math.min(batch.rows, this.#left)
    this.#left -= rows
    if (rows === batch.rows) this.emit(batch)
    else this.emit({ rows, columns: batch.columns.map((vector) => head(vector, rows)) })
  }
}
