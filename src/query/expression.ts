/** Expressions over the columns of a batch. What two expressions share is evaluated once per batch. */

import { NixieError } from '../errors'
import type { Batch, StringTable } from '../records/batch'
import { faultOf } from './fault'
import type { FunctionContext, Overload } from './functions/base/function'
import { apply, BYTES_PER_CHARACTER, KnownResults } from './functions/base/lift'
import { findOverload } from './functions/registry'
import { type Constant, isConstant, type Operand } from './operand'
import type { Expr, TypedColumn } from './plan'
import { memoryOfTexts } from './vectors'

type Call = Extract<Expr, { kind: 'call' }>

type Step =
  | { readonly kind: 'column'; readonly index: number }
  | { readonly kind: 'literal'; readonly operand: Operand }
  | {
      readonly kind: 'call'
      readonly overload: Overload
      readonly args: readonly number[]
      readonly memo: KnownResults
      readonly expr: Call
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
    return this.#keep(`f${expr.fn}(${args})`, {
      kind: 'call',
      overload,
      args,
      memo: new KnownResults(),
      expr,
    })
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

/** What a function threw, at the place of the script where it was asked for. */
function located({ fn, place }: Call, cause: unknown): NixieError {
  if (cause instanceof NixieError) {
    const { code, message, hint, line } = cause.shape
    return line === undefined && place ? new NixieError(code, message, hint, place) : cause
  }
  const { code, message, hint } = faultOf(cause).shape
  return new NixieError(code, `px.${fn}: ${message}`, hint, place)
}

/** A long text takes memory as itself, and again as the column that is made of it. */
const memoryOfConstant = ({ constant }: Constant): number =>
  typeof constant === 'string' ? constant.length * BYTES_PER_CHARACTER : 0

/**
 * The values of expressions for one batch, each when first asked for. What they take is accounted for until it is closed.
 */
export class Evaluation {
  readonly #steps: readonly Step[]
  readonly #batch: Batch
  readonly #context: FunctionContext
  readonly #values: (Operand | undefined)[]
  /** Dictionaries that are accounted for. */
  readonly #dicts = new Set<StringTable>()
  #held = 0

  constructor(steps: readonly Step[], batch: Batch, context: FunctionContext) {
    this.#steps = steps
    this.#batch = batch
    this.#context = context
    this.#values = new Array(steps.length)
    for (const vector of batch.columns) if ('codes' in vector) this.#dicts.add(vector.dict)
  }

  get(number: number): Operand {
    const known = this.#values[number]
    if (known) return known
    const value = this.#compute(this.#steps[number]!)
    this.#values[number] = value
    return value
  }

  #compute(step: Step): Operand {
    if (step.kind === 'column') return this.#batch.columns[step.index]!
    if (step.kind === 'literal') return step.operand
    const args = step.args.map((arg) => this.get(arg))
    try {
      const value = apply(step.overload, args, this.#batch.rows, this.#context, step.memo)
      this.#hold(value)
      return value
    } catch (cause) {
      throw located(step.expr, cause)
    }
  }

  #hold(value: Operand): void {
    if (isConstant(value)) {
      this.#account(memoryOfConstant(value))
      return
    }
    let bytes = 'codes' in value ? value.codes.byteLength : value.values.byteLength
    if ('codes' in value && !this.#dicts.has(value.dict)) {
      this.#dicts.add(value.dict)
      bytes += memoryOfTexts(value.dict)
    }
    this.#account(bytes)
  }

  #account(bytes: number): void {
    this.#context.hold(bytes)
    this.#held += bytes
  }

  /** Gives back what the values were accounted for with. */
  close(): void {
    this.#context.hold(-this.#held)
    this.#held = 0
  }
}
