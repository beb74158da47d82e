/**
 * Columns as JSON-ready cells: times, and integers that a double can't hold, are text. There is no NaN and no infinity.
 */
import { type Batch, cell, type Vector } from '../records/batch'

/** JSON-ready: an integer that a double can't hold is a string, so is a time (nanoseconds since the epoch). */
export type Cell = string | number | boolean | null

function cellsOf(vector: Vector, rows: number): Cell[] {
  const cells = new Array<Cell>(rows)
  switch (vector.type) {
    case 'STRING':
    case 'UINT128':
      for (let i = 0; i < rows; i++) cells[i] = vector.dict.get(vector.codes[i]!)
      return cells
    case 'BOOLEAN':
      for (let i = 0; i < rows; i++) cells[i] = vector.values[i] === 1
      return cells
    case 'FLOAT64':
      for (let i = 0; i < rows; i++) {
        const value = vector.values[i]!
        cells[i] = Number.isFinite(value) ? value : null
      }
      return cells
    case 'TIME64NS':
      for (let i = 0; i < rows; i++) cells[i] = String(vector.base + BigInt(vector.values[i]!))
      return cells
    case 'INT64':
      for (let i = 0; i < rows; i++) {
        const value = cell(vector, i) as number | bigint
        cells[i] = typeof value === 'number' && Number.isSafeInteger(value) ? value : String(value)
      }
      return cells
  }
}

/** One array of cells per column, in the order of the batch. */
export function toCells(batch: Batch): Cell[][] {
  return batch.columns.map((vector) => cellsOf(vector, batch.rows))
}
