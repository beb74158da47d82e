/** Reads `displaySpec` of vis.json, which may hold any values and name missing columns. */
import { type Fields, isObject } from '../../src/json'
import type { Cell, ResultColumn, ResultTable } from '../../src/runner/runner'

export const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

export const numberIn = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) ? value : undefined

export function inner(spec: Fields, name: string): Fields {
  const value = spec[name]
  return isObject(value) ? value : {}
}

export interface Values {
  readonly column: ResultColumn
  readonly values: readonly Cell[]
}

/** A column by name; undefined when the table has none of that name. */
export function valuesOf(table: ResultTable, name: unknown): Values | undefined {
  const index = table.columns.findIndex((c) => c.name === name)
  return index < 0 ? undefined : { column: table.columns[index]!, values: table.values[index]! }
}

export const wordAt = (values: Values | undefined, row: number): string => String(values?.values[row] ?? '')

/** NaN for a value that is no number. */
export function numberAt(values: Values | undefined, row: number): number {
  const cell = values?.values[row]
  return cell === null || cell === undefined ? Number.NaN : Number(cell)
}
