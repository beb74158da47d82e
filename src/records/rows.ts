/** Some rows of vectors and batches. */
import type { Batch, Vector } from './batch'

/** The rows that `rows[0..count)` names, in that order, copied. */
export function gather(vector: Vector, rows: Uint32Array, count = rows.length): Vector {
  switch (vector.type) {
    case 'BOOLEAN': {
      const values = new Uint8Array(count)
      for (let i = 0; i < count; i++) values[i] = vector.values[rows[i]!]!
      return { type: vector.type, values }
    }
    case 'STRING':
    case 'UINT128': {
      const codes = new Uint32Array(count)
      const from = vector.codes
      for (let i = 0; i < count; i++) codes[i] = from[rows[i]!]!
      return { type: vector.type, codes, dict: vector.dict }
    }
    default: {
      const values = new Float64Array(count)
      const from = vector.values
      for (let i = 0; i < count; i++) values[i] = from[rows[i]!]!
      return { ...vector, values }
    }
  }
}

/** The rows `from` to `to`, sharing memory. */
export function slice(vector: Vector, from: number, to: number): Vector {
  if ('codes' in vector) return { ...vector, codes: vector.codes.subarray(from, to) }
  if (vector.type === 'BOOLEAN') return { ...vector, values: vector.values.subarray(from, to) }
  return { ...vector, values: vector.values.subarray(from, to) }
}

/** The first `count` rows, sharing memory. */
export const head = (vector: Vector, count: number): Vector => slice(vector, 0, count)

/** The batch in pieces of at most `limit` rows, without copying. */
export function sliceBatch(batch: Batch, limit: number): Batch[] {
  if (batch.rows === 0) return []
  if (batch.rows <= limit) return [batch]
  const pieces: Batch[] = []
  for (let from = 0; from < batch.rows; from += limit)
    pieces.push(sliceRows(batch, from, Math.min(batch.rows, from + limit)))
  return pieces
}

/** Rows [from, to), without copying. */
export function sliceRows(batch: Batch, from: number, to: number): Batch {
  return { rows: to - from, columns: batch.columns.map((vector) => slice(vector, from, to)) }
}

/** The given rows, copied. */
export function takeRows(batch: Batch, rows: Uint32Array): Batch {
  return { rows: rows.length, columns: batch.columns.map((vector) => gather(vector, rows)) }
}
