/** Expressions over the columns of a batch. What two expressions share is evaluated once per batch. */

import { NixieError } from '../errors'
import type { Batch } from '../records/batch'
import type { FunctionContext, Overload } from './functions/function'
import { apply, Memo } from './functions/lift'
import { findOverload } from './functions/registry'
import type { Operand } from './operand'
import type { Expr, TypedColumn } from './plan'

type Step =
  | { readonly kind: 'column'; readonly index: number }
  | { readonly kind: 'literal'; readonly operand: Operand }
  | {
      readonly kind: 'call'
      readonly overload: Overload
      readonly args: readonly number[]
      readonly memo: Memo
    }

/** Expressions compiled against one list of columns; equal parts are one step. */
export class Expressions {
  readonly #columns: readonly TypedColumn[]
  readonly #steps: Step[] = []
  readonly #stepOf = new Map<string, number>()
  readonly #seen = new Map<Expr, number>()

  constructor(columns: readonly TypedColumn[]) {
    this.#columns = columns
  }

  /** The number by which `Evaluation.get` gives the value. Throws `unknown_column`, `type_error`. */
  add(expr: Expr): number {
    const seen = this.#seen.get(expr)
    if (seen !== undefined) return seen
    const step = this.#step(expr)
    this.#seen.set(expr, step)
    return step
  }

  #step(expr: Expr): number {
    if (expr.kind === 'column') {
      const index = this.#columns.findIndex((column) => column.name === expr.name)
      if (index < 0) throw new NixieError('unknown_column', `There is no column '${expr.name}' here`)
      return this.#keep(`c${index}`, { kind: 'column', index })
    }
    if (expr.kind === 'literal') {
      const operand = { type: expr.type, constant: expr.value }
      const text = Object.is(expr.value, -0) ? '-0' : String(expr.value)
      return this.#keep(`l${expr.type} ${typeof expr.value} ${text}`, { kind: 'literal', operand })
    }
    const args = expr.args.map((arg) => this.add(arg))
    const overload = findOverload(expr.fn, expr.args)
    if (!overload) {
      const types = expr.args.map((arg) => arg.type).join(', ')
      throw new NixieError('type_error', `${expr.fn} does not take (${types})`)
    }
    return this.#keep(`f${expr.fn}(${args})`, { kind: 'call', overload, args, memo: new Memo() })
  }

  #keep(key: string, step: Step): number {
    const known = this.#stepOf.get(key)
    if (known !== undefined) return known
    this.#stepOf.set(key, this.#steps.length)
    return this.#steps.push(step) - 1
  }

  over(batch: Batch, context: FunctionContext): Evaluation {
    return new Evaluation(this.#steps, batch, context)
  }
}

/** The values of expressions for one batch, each when first asked for. */
export class Evaluation {
  readonly #steps: readonly Step[]
  readonly #batch: Batch
  readonly #context: FunctionContext
  readonly #values: (Operand | undefined)[]

  constructor(steps: readonly Step[], batch: Batch, context: FunctionContext) {
    this.#steps = steps
    this.#batch = batch
    this.#context = context
    this.#values = new Array(steps.length)
  }

  get(number: number): Operand {
    const known = this.#values[number]
    if (known) return known
    const step = this.#steps[number]!
    const value =
      step.kind === 'column'
        ? this.#batch.columns[step.index]!
        : step.kind === 'literal'
          ? step.operand
          : apply(
              step.overload,
              step.args.map((arg) => this.get(arg)),
              this.#batch.rows,
              this.#context,
              step.memo,
            )
    this.#values[number] = value
    return value
  }
}
