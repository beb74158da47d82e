/** Rows of a batch as a batch of their own. */
import type { Batch, Vector } from '../records/batch'

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
  return { rows: to - from, columns: batch.columns.map((vector) => sliceVector(vector, from, to)) }
}

function sliceVector(vector: Vector, from: number, to: number): Vector {
  if ('codes' in vector) return { ...vector, codes: vector.codes.subarray(from, to) }
  return { ...vector, values: vector.values.subarray(from, to) } as Vector
}

/** The given rows, copied. */
export function takeRows(batch: Batch, rows: Uint32Array): Batch {
  return { rows: rows.length, columns: batch.columns.map((vector) => takeVector(vector, rows)) }
}

function takeVector(vector: Vector, rows: Uint32Array): Vector {
  if ('codes' in vector) {
    const codes = new Uint32Array(rows.length)
    for (let i = 0; i < rows.length; i++) codes[i] = vector.codes[rows[i]!]!
    return { ...vector, codes }
  }
  const values = vector.type === 'BOOLEAN' ? new Uint8Array(rows.length) : new Float64Array(rows.length)
  for (let i = 0; i < rows.length; i++) values[i] = vector.values[rows[i]!]!
  return { ...vector, values } as Vector
}
