/** Values of PxL expressions at compile time. */
import type { Expr, Node, TypedColumn } from '../../query/plan'
import type { DataType, SemanticType } from '../../records/types'
import type { SourceText } from '../language/source-text'
import type { Parameter, Statement } from '../language/syntax'
import type { TableSchema } from './table-schema'

export interface Constant {
  readonly kind: 'constant'
  readonly type: DataType
  readonly semantic: SemanticType
  /** INT64 and TIME64NS: bigint; FLOAT64: number; STRING and UINT128: string. */
  readonly value: bigint | number | string | boolean
}

/** An element of a list, or an argument of a call, with the place where it stands, for errors. */
export interface PlacedValue {
  readonly value: Value
  readonly at: number
}

export interface UserFunction {
  readonly kind: 'function'
  readonly name: string
  readonly params: readonly (Omit<Parameter, 'fallback'> & { readonly fallback: Value | undefined })[]
  readonly body: readonly Statement[]
  readonly decorators: readonly ObjectValue[]
  readonly scope: Scope
  readonly source: SourceText
  /** Where it stands in its source. */
  readonly at: number
}

/** A value that a module's function makes for another function: a tracepoint's target, a metric to export. */
export interface ObjectValue {
  readonly kind: 'object'
  /** The function that made it, with its module. */
  readonly type: string
  readonly fields: ReadonlyMap<string, Value>
}

/** A type as annotation (`name: px.Pod`) and as cast (`px.Pod(df.name)`). */
export interface TypeValue {
  readonly kind: 'type'
  readonly name: string
  /** Undefined: it is no column type, but a type of the values that `holds` names. */
  readonly type: DataType | undefined
  readonly semantic: SemanticType
  readonly holds?: readonly Value['kind'][]
}

export type Value =
  | { readonly kind: 'none' }
  | Constant
  /** An expression over the columns of whichever dataframe it is used with: it binds by name. */
  | { readonly kind: 'column'; readonly expr: Expr }
  | { readonly kind: 'frame'; readonly node: Node }
  | { readonly kind: 'grouped'; readonly node: Node; readonly keys: readonly string[] }
  /** `df.rolling(…)`: its `time_` is the start of a window. */
  | { readonly kind: 'rolling'; readonly node: Node }
  /** `df.ctx` */
  | { readonly kind: 'context'; readonly node: Node }
  /** `df.head`, to be called. */
  | { readonly kind: 'method'; readonly name: string; readonly of: Value }
  | { readonly kind: 'list' | 'tuple'; readonly items: readonly PlacedValue[] }
  | { readonly kind: 'dict'; readonly entries: readonly (readonly [Value, Value])[] }
  | UserFunction
  | ObjectValue
  | TypeValue
  /** A function of a module that the compiler itself answers; its name has the module's in front. */
  | { readonly kind: 'builtin'; readonly name: string; readonly builtin: Builtin }
  /** A scalar function or an aggregate of the engine. */
  | { readonly kind: 'engine'; readonly name: string }
  | Module

export interface Module {
  readonly kind: 'module'
  readonly name: string
  /** Scripts may assign to a module's attributes (`px.Pod = str`). */
  readonly members: Map<string, Value>
}

/** The arguments of a call of a builtin or method. Readers throw with the place of the argument. */
export interface Arguments {
  /** The function's name, for errors. */
  readonly what: string
  readonly at: number
  readonly source: SourceText
  /** Undefined when it isn't given; None counts as not given. */
  get(name: string): PlacedValue | undefined
  /** Runs `act` with the place of argument `name` for its errors. */
  within<T>(name: string, act: () => T): T
  required(name: string): PlacedValue
  frame(name: string): Node
  constant(name: string): Constant
  text(name: string): string
  int(name: string): bigint
  /** A name, or a list or tuple of names; `check` throws for one that doesn't fit. */
  names(name: string, check?: (name: string) => void): string[]
}

/** What the functions of modules may read and do. */
export interface World {
  readonly tables: ReadonlyMap<string, TableSchema>
  /** Epoch nanoseconds. */
  readonly nowNs: bigint
  /** Tables that the script's tracepoints would fill, by name. */
  readonly traced: Map<string, readonly TypedColumn[]>
  display(name: string, node: Node): void
  /** Something that the script asks for and doesn't get, though it runs. `at` is the place in the text that runs. */
  warn(message: string, at: number): void
  /** The script asks for more than tables: a tracepoint, a setting. */
  act(): void
  /** What a function of the script returns without arguments. */
  call(fn: UserFunction, at: number): Value
}

export interface Builtin {
  readonly params: readonly string[]
  /** Other names of parameters. */
  readonly aliases?: Readonly<Record<string, string>>
  readonly description: string
  run(args: Arguments, world: World): Value
}

export type Builtins = Readonly<Record<string, Builtin>>

/** Names, and the outer scope for all others. */
export class Scope {
  readonly #names = new Map<string, Value>()
  readonly #parent: Scope | undefined

  constructor(parent?: Scope) {
    this.#parent = parent
  }

  get(name: string): Value | undefined {
    return this.#names.get(name) ?? this.#parent?.get(name)
  }

  set(name: string, value: Value): void {
    this.#names.set(name, value)
  }

  /** What was set here, without the scopes around. */
  own(): ReadonlyMap<string, Value> {
    return this.#names
  }

  /** All visible names, nearest first. */
  names(): string[] {
    return [...this.#names.keys(), ...(this.#parent?.names() ?? [])]
  }
}

export const NONE: Value = { kind: 'none' }

export const constant = (
  type: DataType,
  value: Constant['value'],
  semantic: SemanticType = 'ST_NONE',
): Constant => ({ kind: 'constant', type, semantic, value })

export const objectOf = (type: string, fields: Readonly<Record<string, Value>> = {}): ObjectValue => ({
  kind: 'object',
  type,
  fields: new Map(Object.entries(fields)),
})

/** A module whose functions are these, and what else it has. */
export function moduleOf(
  name: string,
  builtins: Builtins,
  more: Readonly<Record<string, Value>> = {},
): Module {
  const members = new Map<string, Value>()
  for (const [member, builtin] of Object.entries(builtins)) {
    members.set(member, { kind: 'builtin', name: `${name}.${member}`, builtin })
  }
  for (const [member, value] of Object.entries(more)) members.set(member, value)
  return { kind: 'module', name, members }
}

/** The value in words, for errors: "a dataframe", "the text 'abc'". */
export function describe(value: Value): string {
  switch (value.kind) {
    case 'none':
      return 'None'
    case 'constant':
      return value.type === 'STRING'
        ? `the text '${String(value.value).slice(0, 40)}'`
        : `the ${value.type} ${value.value}`
    case 'column':
      return value.expr.kind === 'column' ? `the column '${value.expr.name}'` : `a ${value.expr.type} column`
    case 'frame':
      return 'a dataframe'
    case 'grouped':
      return 'a groupby without agg'
    case 'rolling':
      return 'a rolling window'
    case 'object':
      return `a ${value.type}`
    case 'context':
      return 'df.ctx'
    case 'method':
      return `the method ${value.name} (call it)`
    case 'list':
      return 'a list'
    case 'tuple':
      return 'a tuple'
    case 'dict':
      return 'a dictionary'
    case 'module':
      return `the module ${value.name}`
    case 'type':
      return `the type ${value.name}`
    default:
      return `the function ${value.name}`
  }
}
