/** Binding the arguments of a call to parameters, and reading them as what a function needs. */
import { NixieError } from '../../errors'
import type { Node } from '../../query/plan'
import { nameHint } from '../../suggest'
import type { SourceText } from '../language/source-text'
import { type Arguments, type Constant, describe, type PlacedValue, type Value } from './values'

export interface CallArgument {
  readonly name: string | undefined
  readonly value: Value
  readonly at: number
}

/** Runs `act`; a NixieError without a place gets this one. */
export function located<T>(source: SourceText, at: number, act: () => T): T {
  try {
    return act()
  } catch (cause) {
    if (!(cause instanceof NixieError) || cause.shape.line !== undefined) throw cause
    throw source.error(cause.shape.code, at, cause.shape.message, cause.shape.hint)
  }
}

/** Parameter → argument. `what` names the function in errors. Throws `compile_error`. */
export function bindArguments(
  what: string,
  params: readonly string[],
  args: readonly CallArgument[],
  source: SourceText,
): Map<string, PlacedValue> {
  const bound = new Map<string, PlacedValue>()
  let position = 0
  for (const { name, value, at } of args) {
    const param = name ?? params[position++]
    if (param === undefined) {
      throw source.error('compile_error', at, `${what} takes ${plural(params.length)}`, argumentsHint(params))
    }
    if (!params.includes(param)) {
      throw source.error(
        'compile_error',
        at,
        `${what} has no argument '${param}'`,
        nameHint(param, params, 'arguments'),
      )
    }
    if (bound.has(param)) {
      throw source.error('compile_error', at, `${what} gets '${param}' twice`, 'Leave one of them out.')
    }
    bound.set(param, { value, at })
  }
  return bound
}

const plural = (n: number): string => (n === 0 ? 'no arguments' : n === 1 ? 'one argument' : `${n} arguments`)
const argumentsHint = (params: readonly string[]): string =>
  params.length === 0 ? 'Call it with ().' : `They are ${params.join(', ')}.`

export class BoundArguments implements Arguments {
  readonly what: string
  readonly at: number
  readonly source: SourceText
  readonly #bound: ReadonlyMap<string, PlacedValue>

  constructor(
    what: string,
    params: readonly string[],
    args: readonly CallArgument[],
    source: SourceText,
    at: number,
  ) {
    this.what = what
    this.at = at
    this.source = source
    this.#bound = bindArguments(what, params, args, source)
  }

  get(name: string): PlacedValue | undefined {
    const found = this.#bound.get(name)
    return found?.value.kind === 'none' ? undefined : found
  }

  within<T>(name: string, act: () => T): T {
    return located(this.source, this.#bound.get(name)?.at ?? this.at, act)
  }

  required(name: string): PlacedValue {
    const found = this.get(name)
    if (found) return found
    throw this.source.error('compile_error', this.at, `${this.what} needs the argument '${name}'`, '')
  }

  frame(name: string): Node {
    const { value, at } = this.required(name)
    if (value.kind === 'frame') return value.node
    throw this.#mismatch(name, at, value, 'a dataframe')
  }

  constant(name: string): Constant {
    const { value, at } = this.required(name)
    if (value.kind === 'constant') return value
    throw this.#mismatch(name, at, value, 'a constant')
  }

  text(name: string): string {
    const { value, at } = this.required(name)
    if (value.kind === 'constant' && typeof value.value === 'string') return value.value
    throw this.#mismatch(name, at, value, 'a text')
  }

  int(name: string): bigint {
    const { value, at } = this.required(name)
    if (value.kind === 'constant' && typeof value.value === 'bigint') return value.value
    throw this.#mismatch(name, at, value, 'an integer')
  }

  names(name: string, check: (name: string) => void = () => {}): string[] {
    const { value, at } = this.required(name)
    return namesOf({ value, at }, this.source, `${this.what}'s ${name}`, check)
  }

  #mismatch(name: string, at: number, value: Value, wanted: string): NixieError {
    const message = `${this.what}: '${name}' must be ${wanted}, not ${describe(value)}`
    return this.source.error('type_error', at, message, `Give it ${wanted}.`)
  }
}

/** Column names of a text, or of a list or tuple of texts; `check` runs at the place of each. */
export function namesOf(
  { value, at }: PlacedValue,
  source: SourceText,
  what: string,
  check: (name: string) => void = () => {},
): string[] {
  const items = value.kind === 'list' || value.kind === 'tuple' ? value.items : [{ value, at }]
  return items.map((item) => {
    if (item.value.kind !== 'constant' || typeof item.value.value !== 'string') {
      throw nameError(item.value, item.at, source, what)
    }
    const name = item.value.value
    located(source, item.at, () => check(name))
    return name
  })
}

function nameError(value: Value, at: number, source: SourceText, what: string): NixieError {
  const hint =
    value.kind === 'column' && value.expr.kind === 'column'
      ? `Write '${value.expr.name}' in quotes, without the dataframe.`
      : "Write a name in quotes: 'column'."
  return source.error('type_error', at, `${what} must be column names, not ${describe(value)}`, hint)
}
