/** How a function is declared: once, with its types, its unit rule, a sentence and an implementation. */
import type { Metadata } from '../../../metadata/metadata'
import { type DataType, dataTypeOf, type SemanticType } from '../../../records/types'
import type { Operand } from '../../operand'

/** What the compiler knows of an argument. */
export interface TypedArg {
  readonly type: DataType
  readonly semantic: SemanticType
}

/** What implementations may read. */
export interface FunctionContext {
  readonly metadata: Metadata
  /** Epoch nanoseconds at the start of the run. */
  readonly nowNs: bigint
  /** Throws when the run is cancelled or out of time; called in long loops. */
  checkpoint(): void
  /** Accounts for bytes that are about to be taken (negative: given back). Throws `limit_exceeded`. */
  hold(bytes: number): void
}

/** INT64 and TIME64NS are numbers when a double holds them exactly, else bigints; UINT128 is the text of a upid. */
export type ScalarValue = string | number | bigint | boolean

export type Implementation =
  /** Whole columns at once. */
  | {
      readonly kind: 'vector'
      readonly run: (args: readonly Operand[], rows: number, context: FunctionContext) => Operand
    }
  /** Doubles in, double out (BOOLEAN: 0 or 1); INT64 arguments are rounded to doubles. */
  | { readonly kind: 'numeric'; readonly run: (a: number, b: number) => number }
  /** One value at a time, lifted: strings are evaluated once per dictionary entry, constants once. Pure. */
  | {
      readonly kind: 'scalar'
      readonly run: (context: FunctionContext, ...args: never[]) => ScalarValue
    }

export interface Overload {
  readonly args: readonly { readonly name: string; readonly type: DataType }[]
  readonly returns: DataType
  readonly implementation: Implementation
}

/** The semantic type of the result from those of the arguments. */
export type UnitRule = (args: readonly SemanticType[]) => SemanticType

export interface FunctionSpec {
  readonly name: string
  readonly description: string
  readonly unit: UnitRule
  readonly overloads: readonly Overload[]
  /**
   * Throws for invalid constant arguments (undefined: not constant). It runs before the query, so that the error has a
   * place in the script.
   */
  readonly check?: (constants: readonly (ScalarValue | undefined)[]) => void
}

/** `'a:INT64 b:INT64'` → argument declarations. */
export function parseArgs(text: string): Overload['args'] {
  if (text === '') return []
  return text.split(' ').map((part) => {
    const [name = '', type = ''] = part.split(':')
    return { name, type: dataTypeOf(type) }
  })
}

/** One overload from `'a:INT64 b:INT64 -> INT64'`. */
function overload(signature: string, implementation: Implementation): Overload {
  const [args = '', returns = ''] = signature.split('->')
  return { args: parseArgs(args.trim()), returns: dataTypeOf(returns.trim()), implementation }
}

/** What a single value of each type is to an implementation. */
export interface Scalars {
  readonly BOOLEAN: boolean
  readonly INT64: number | bigint
  readonly TIME64NS: number | bigint
  readonly FLOAT64: number
  readonly STRING: string
  readonly UINT128: string
}

type ScalarOf<T extends string> = T extends DataType ? Scalars[T] : never

/** `'a:INT64 b:STRING'` → `[number | bigint, string]` */
type ScalarArgs<S extends string> = S extends `${string}:${infer T} ${infer Rest}`
  ? [ScalarOf<T>, ...ScalarArgs<Rest>]
  : S extends `${string}:${infer T}`
    ? [ScalarOf<T>]
    : []

/** The implementation that fits a signature. */
type ScalarRun<S extends string> = S extends `${infer A}-> ${infer R}`
  ? (
      context: FunctionContext,
      ...args: ScalarArgs<A extends `${infer Trimmed} ` ? Trimmed : A>
    ) => ScalarOf<R>
  : never

/** Arguments and result have the types that the signature says. */
export const scalar = <const S extends string>(signature: S, run: ScalarRun<S>): Overload =>
  overload(signature, { kind: 'scalar', run })

export const vector = (
  signature: string,
  run: (args: readonly Operand[], rows: number, context: FunctionContext) => Operand,
): Overload => overload(signature, { kind: 'vector', run })

/** What a `numeric` implementation gives for each type that its result may have. */
interface Numbers {
  readonly FLOAT64: number
  readonly BOOLEAN: 0 | 1
}

type NumericRun<S extends string> = S extends `${infer A} -> ${infer R extends keyof Numbers}`
  ? ScalarArgs<A> extends [number]
    ? (value: number) => Numbers[R]
    : ScalarArgs<A> extends [number, number]
      ? (a: number, b: number) => Numbers[R]
      : never
  : never

/** As `scalar`, for one or two FLOAT64 that make a FLOAT64 or a BOOLEAN. */
export const numeric = <const S extends string>(signature: S, run: NumericRun<S>): Overload =>
  overload(signature, { kind: 'numeric', run })
