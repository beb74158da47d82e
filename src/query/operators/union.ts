/** Rows of several inputs: by time when they have one, else one input behind the other. */
import { type Batch, integersOf } from '../../records/batch'
import { gather } from '../../records/rows'
import type { TypedColumn } from '../plan'
import { concatBatches, memoryOf } from '../vectors'
import { Operator, type OperatorContext, type Port } from './operator'

export class Union extends Operator {
  readonly inputs: readonly Port[]
  readonly #parts: Batch[][]
  #unfinished: number
  #held = 0

  /** `inputs[i]` are the columns of the i-th input, which may come in another order. */
  constructor(
    columns: readonly TypedColumn[],
    inputs: readonly (readonly TypedColumn[])[],
    context: OperatorContext,
  ) {
    super(columns, context)
    this.#parts = inputs.map(() => [])
    this.#unfinished = inputs.length
    this.inputs = inputs.map((given, i) => this.#port(i, order(columns, given)))
  }

  #port(input: number, places: readonly number[]): Port {
    const union = this
    return {
      push(batch) {
        const part = { rows: batch.rows, columns: places.map((place) => batch.columns[place]!) }
        const bytes = memoryOf(part)
        union.context.budget.hold(bytes)
        union.#held += bytes
        union.#parts[input]!.push(part)
      },
      finish() {
        if (--union.#unfinished === 0) union.#complete()
      },
      get open() {
        return union.wanted
      },
    }
  }

  #complete(): void {
    const parts = this.#parts.flat()
    const time = this.columns.findIndex(({ name, type }) => name === 'time_' && type === 'TIME64NS')
    if (time < 0) for (const part of parts) this.emit(part)
    else {
      // Concatenated, then sorted: each step takes as much memory again.
      this.context.budget.hold(2 * this.#held)
      this.#held *= 3
      const types = this.columns.map((column) => column.type)
      const all = concatBatches(types, parts)
      const { values } = integersOf(all.columns[time]!)
      const rows = Uint32Array.from(values, (_, i) => i).sort((a, b) => values[a]! - values[b]! || a - b)
      this.emit({ rows: all.rows, columns: all.columns.map((vector) => gather(vector, rows)) })
    }
    this.context.budget.hold(-this.#held)
    this.end()
  }
}

function order(columns: readonly TypedColumn[], given: readonly TypedColumn[]): readonly number[] {
  return columns.map((column) => given.findIndex(({ name }) => name === column.name))
}
