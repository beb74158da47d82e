/** Makes a chunk of a second's rows. */
import { type Batch, integersOf } from '../records/batch'
import { sliceBatch } from '../records/rows'
import type { Table } from '../records/table'
import { type NewChunk, SEALED } from './chunks'
import { type EncodedColumn, encodeColumn, type Part } from './columns'
import { APPEND_LEVEL, FULL_ROWS, isFull, type MergeLimits } from './merge'
import type { TableBatch } from './store'

/** A batch as a chunk, without what only the writer knows: the number of its schema, and its time of arrival. */
function* sealBatch(
  table: Table,
  batch: Batch,
  limits: MergeLimits,
): Generator<void, Omit<NewChunk, 'schema' | 'born'>> {
  const { minNs, maxNs } = spanOf(table, batch)
  const columns: EncodedColumn[] = []
  for (const vector of batch.columns) {
    const isTime = vector.type === 'TIME64NS'
    const isInt = vector.type === 'INT64'
    const shift = isTime ? Number(vector.base - minNs) : isInt ? Number(vector.base) : 0
    columns.push(yield* encodeColumn([{ vector, shift }] satisfies Part[], undefined, APPEND_LEVEL))
    yield
  }
  const raw = columns.reduce((sum, column) => sum + column.rawBytes, 0)
  const level = isFull({ rows: batch.rows, raw, minNs, maxNs }, limits) ? SEALED : 0
  return { level, rows: batch.rows, minNs, maxNs, columns }
}

const MAX_INT64 = 2n ** 63n - 1n

/** First and last time of the rows; now, for a table without times. */
function spanOf(table: Table, batch: Batch): { minNs: bigint; maxNs: bigint } {
  const at = table.columns.findIndex((column) => column.name === 'time_' && column.type === 'TIME64NS')
  if (at < 0) {
    const now = BigInt(Date.now()) * 1_000_000n
    return { minNs: now, maxNs: now }
  }
  const { base, values } = integersOf(batch.columns[at]!)
  let min = Number.POSITIVE_INFINITY
  let max = Number.NEGATIVE_INFINITY
  for (const value of values) {
    if (value < min) min = value
    if (value > max) max = value
  }
  return { minNs: toInt64(base, min), maxNs: toInt64(base, max) }
}

function toInt64(base: bigint, value: number): bigint {
  const time = base + BigInt(Number.isFinite(value) ? Math.trunc(value) : 0)
  return time > MAX_INT64 ? MAX_INT64 : time < -MAX_INT64 ? -MAX_INT64 : time
}

export interface SealedPiece {
  readonly table: Table
  readonly chunk: Omit<NewChunk, 'schema'>
}

/** Batches as chunks of at most FULL_ROWS rows, which came at `born`; rests when it yields. */
export function* sealBatches(
  batches: readonly TableBatch[],
  limits: MergeLimits,
  born: number,
): Generator<void, SealedPiece[]> {
  const pieces: SealedPiece[] = []
  for (const { table, batch } of batches)
    for (const piece of sliceBatch(batch, FULL_ROWS))
      pieces.push({ table, chunk: { ...(yield* sealBatch(table, piece, limits)), born } })
  return pieces
}
