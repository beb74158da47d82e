/**
 * A table is one declaration. Storage, JSON schema, docs, UI columns and `px.GetSchemas()` are derived from it.
 */
import type { DataType, PatternType, SemanticType } from './types'

export interface ColumnSpec<T extends DataType = DataType> {
  readonly type: T
  readonly semantic: SemanticType
  readonly pattern: PatternType
  readonly description: string
  /**
   * Pixie's table has no such column. It is there for who names it; a script that shows a whole table gets Pixie's
   * columns only. Such columns are the last ones.
   */
  readonly extra?: true
  /** What rows have that were stored before there was such a column, where that is not 0. */
  readonly absent?: number
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
  /**
   * Each row is an exchange between a client and a server, with its `latency` where the table has one. It failed where this is
   * true: PxL over the columns of the frame `df`.
   */
  readonly failure?: string
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
  options: Pick<Table, 'share' | 'failure'> = {},
): Table<C> {
  const columns = Object.entries(spec).map(([column, s]) => ({ name: column, ...s }))
  const odd = columns.find(({ extra }, i) => extra && columns[i + 1] && !columns[i + 1]!.extra)
  if (odd) throw new Error(`${name}: the extra column ${odd.name} stands before one of Pixie's`)
  return { name, description, columns, spec, ...options }
}

type Options = { semantic?: SemanticType; pattern?: PatternType; absent?: number }

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

/** Makes it a column that Pixie's table doesn't have; its description says so wherever it is listed. */
export const extra = <T extends DataType>(spec: ColumnSpec<T>): ColumnSpec<T> => ({
  ...spec,
  extra: true,
  description: `${spec.description} (not in Pixie: shown where a script names it)`,
})

/** An integer that only grows, and one that goes up and down. */
export const counter = (description: string, semantic: SemanticType = 'ST_NONE') =>
  int(description, { semantic, pattern: 'METRIC_COUNTER' })
export const gauge = (description: string, semantic: SemanticType = 'ST_NONE') =>
  int(description, { semantic, pattern: 'METRIC_GAUGE' })
