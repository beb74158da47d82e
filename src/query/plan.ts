/**
 * A compiled script: a graph of relational nodes over typed expressions. `pxl` makes it, the optimiser rewrites it, the
 * engine runs it. Nodes are immutable and shared by reference: a node that two others read runs once.
 */
import type { Place } from '../errors'
import type { DataType, SemanticType } from '../records/types'

export interface TypedColumn {
  readonly name: string
  readonly type: DataType
  readonly semantic: SemanticType
  /** It is there for scripts that name it, and is left out of what is shown (see `shown` in `pxl/frames/frames.ts`). */
  readonly extra?: true
}

/** Operators are calls of the functions that Pixie names: add, equal, logicalAnd, … (see `functions/`). */
export type Expr = (
  | { readonly kind: 'column'; readonly name: string }
  /** INT64 and TIME64NS literals are bigint, FLOAT64 number, STRING and UINT128 string. */
  | { readonly kind: 'literal'; readonly value: bigint | number | string | boolean }
  | {
      readonly kind: 'call'
      readonly fn: string
      readonly args: readonly Expr[]
      /** Its place in the script, for errors at run time. It doesn't count when expressions are compared. */
      readonly place?: Place
    }
) & { readonly type: DataType; readonly semantic: SemanticType }

export interface Aggregate {
  readonly name: string
  /** count, sum, mean, min, max, any, quantiles, … */
  readonly fn: string
  readonly column: string
  /** The further columns of an aggregate that takes several. */
  readonly more?: readonly string[]
  /** Of quantiles only this one, p01 … p99, as a FLOAT64; set by the optimiser. */
  readonly quantile?: string
}

/** Where a joined column comes from, and the name that it gets (suffixes are applied already). */
export interface JoinColumn {
  readonly side: 'left' | 'right'
  readonly from: string
  readonly name: string
}

export type Node = { readonly columns: readonly TypedColumn[] } & (
  | {
      readonly op: 'scan'
      readonly table: string
      /** Epoch nanoseconds, inclusive. */
      readonly startNs?: bigint
      readonly endNs?: bigint
      /** Conditions that filters above imply; set by the optimiser. */
      readonly prune?: readonly import('../store/store').Prune[]
      /** From the newest row to the oldest, within a batch too: what stands under a `limit` (PxL's head). */
      readonly reverse?: boolean
    }
  /** No rows: a table that a tracepoint would fill, for one. */
  | { readonly op: 'empty' }
  /** A table made up at run time: GetTables, GetSchemas, … */
  | { readonly op: 'virtual'; readonly fn: string; readonly args: Readonly<Record<string, unknown>> }
  | { readonly op: 'filter'; readonly input: Node; readonly predicate: Expr }
  /** Map, keep, drop, rename and reorder alike: exactly these columns, in this order. */
  | { readonly op: 'project'; readonly input: Node; readonly exprs: readonly { name: string; expr: Expr }[] }
  /** No keys: one row. No aggregates: the distinct keys. */
  | {
      readonly op: 'aggregate'
      readonly input: Node
      readonly keys: readonly string[]
      readonly aggregates: readonly Aggregate[]
    }
  /** Misses are 0, '' and false, not null. Empty key lists: every pair. */
  | {
      readonly op: 'join'
      readonly left: Node
      readonly right: Node
      readonly how: 'inner' | 'left' | 'right' | 'outer'
      readonly leftOn: readonly string[]
      readonly rightOn: readonly string[]
      readonly output: readonly JoinColumn[]
    }
  | { readonly op: 'union'; readonly inputs: readonly Node[] }
  | { readonly op: 'limit'; readonly input: Node; readonly rows: number }
)

/** What a script shows: result tables by name, in order of display. */
export interface Plan {
  readonly outputs: readonly { readonly name: string; readonly node: Node }[]
}
