/**
 * Operators push: an input gives batches to its consumers, which give theirs on. A node that several read is one
 * operator with several consumers, so it runs once and holds nothing for them.
 */
import type { Batch } from '../../records/batch'
import type { Budget } from '../budget'
import type { FunctionContext } from '../functions/base/function'
import type { TypedColumn } from '../plan'

export interface OperatorContext {
  readonly budget: Budget
  readonly functions: FunctionContext
}

/** Where batches go: one input of one operator. */
export interface Port {
  push(batch: Batch): void
  /** No more batches come. */
  finish(): void
  /** False when further batches would change nothing. */
  readonly open: boolean
}

/** An operator that makes its output while it receives input. */
export abstract class Operator {
  readonly columns: readonly TypedColumn[]
  readonly context: OperatorContext
  readonly #consumers: Port[] = []

  constructor(columns: readonly TypedColumn[], context: OperatorContext) {
    this.columns = columns
    this.context = context
  }

  connect(port: Port): void {
    this.#consumers.push(port)
  }

  /** Whether a consumer still wants batches. */
  get wanted(): boolean {
    return this.#consumers.some((port) => port.open)
  }

  protected emit(batch: Batch): void {
    if (batch.rows === 0) return
    this.context.budget.checkpoint()
    for (const port of this.#consumers) if (port.open) port.push(batch)
  }

  protected end(): void {
    for (const port of this.#consumers) port.finish()
  }
}

/** An operator with one input, which is its own port. */
export abstract class Stage extends Operator implements Port {
  get open(): boolean {
    return this.wanted
  }

  abstract push(batch: Batch): void

  finish(): void {
    this.end()
  }
}

export function indexOf(columns: readonly TypedColumn[], name: string): number {
  const index = columns.findIndex((column) => column.name === name)
  if (index < 0) throw new RangeError(`no column ${name} in the plan`)
  return index
}
