/**
 * A table is one declaration. Storage, JSON schema, docs, UI columns and `px.GetSchemas()` are derived from it.
 */
import type { DataType, PatternType, SemanticType } from './types'

export interface ColumnSpec<T extends DataType = DataType> {
  readonly type: T
  readonly semantic: SemanticType
  readonly pattern: PatternType
  readonly description: string
}

export interface Column extends ColumnSpec {
  readonly name: string
}

type Columns = Record<string, ColumnSpec>

export interface Table<C extends Columns = Columns> {
  readonly name: string
  readonly description: string
  /** In declared order; the order of a record's values in a batch. */
  readonly columns: readonly Column[]
  readonly spec: C
  /** Its share of the disk budget, 0 to 1; tables without one split evenly what is left. */
  readonly share?: number
}

/** What a record carries per column: times and integers as numbers (see `Clock` for times), upids as text. */
type ValueOf<T extends DataType> = T extends 'BOOLEAN'
  ? boolean
  : T extends 'STRING' | 'UINT128'
    ? string
    : number

export type RecordOf<T> = T extends Table<infer C> ? { [K in keyof C]: ValueOf<C[K]['type']> } : never

export function defineTable<const C extends Columns>(
  name: string,
  description: string,
  spec: C,
  options: Pick<Table, 'share'> = {},
): Table<C> {
  const columns = Object.entries(spec).map(([column, s]) => ({ name: column, ...s }))
  return { name, description, columns, spec, ...options }
}

type Options = { semantic?: SemanticType; pattern?: PatternType }

const column =
  <T extends DataType>(type: T, semantic: SemanticType, pattern: PatternType) =>
  (description: string, options: Options = {}): ColumnSpec<T> => ({
    type,
    semantic,
    pattern,
    description,
    ...options,
  })

export const time = column('TIME64NS', 'ST_NONE', 'METRIC_COUNTER')
export const upid = column('UINT128', 'ST_UPID', 'GENERAL')
export const int = column('INT64', 'ST_NONE', 'GENERAL')
export const float = column('FLOAT64', 'ST_NONE', 'GENERAL')
export const bool = column('BOOLEAN', 'ST_NONE', 'GENERAL')
export const string = column('STRING', 'ST_NONE', 'GENERAL')

/** An integer that only grows, and one that goes up and down. */
export const counter = (description: string, semantic: SemanticType = 'ST_NONE') =>
  int(description, { semantic, pattern: 'METRIC_COUNTER' })
export const gauge = (description: string, semantic: SemanticType = 'ST_NONE') =>
  int(description, { semantic, pattern: 'METRIC_GAUGE' })
