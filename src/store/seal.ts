/** Makes chunks of rows that come. */
import { type Batch, integersOf, type Vector } from '../records/batch'
import { sliceBatch } from '../records/rows'
import { type NewChunk, SEALED, type StoredColumn } from './chunks'
import { type EncodedColumn, encodeColumn, type Part } from './columns'
import { APPEND_LEVEL, FULL_ROWS, isFull, type MergeLimits, timeOrder } from './merge'

/** Rows, and what a store has to know of their table. */
export interface RowsOf {
  readonly table: { readonly name: string; readonly columns: readonly StoredColumn[] }
  readonly batch: Batch
}

/** Batches of a table as one chunk, without what only the writer knows: the number of its schema, and its time of arrival. */
function* sealBatches(
  table: RowsOf['table'],
  batches: readonly Batch[],
  limits: MergeLimits,
): Generator<void, Omit<NewChunk, 'schema' | 'born'>> {
  const time = timeColumn(table)
  const spans = batches.map((batch) => spanOf(batch, time))
  const minNs = spans.reduce((min, span) => (span.minNs < min ? span.minNs : min), spans[0]!.minNs)
  const maxNs = spans.reduce((max, span) => (span.maxNs > max ? span.maxNs : max), spans[0]!.maxNs)
  const partsOf = (ordinal: number): Part[] =>
    batches.map(({ columns }) => ({ vector: columns[ordinal]!, shift: shiftOf(columns[ordinal]!, minNs) }))
  // Rows of one batch stand as they came.
  const order = batches.length > 1 && time >= 0 ? timeOrder(partsOf(time)) : undefined
  const columns: EncodedColumn[] = []
  for (const ordinal of table.columns.keys()) {
    columns.push(yield* encodeColumn(partsOf(ordinal), order, APPEND_LEVEL))
    yield
  }
  const rows = rowsIn(batches)
  const raw = columns.reduce((sum, column) => sum + column.rawBytes, 0)
  const level = isFull({ rows, raw, minNs, maxNs }, limits) ? SEALED : 0
  return { level, rows, minNs, maxNs, columns }
}

const rowsIn = (batches: readonly Batch[]): number => batches.reduce((sum, { rows }) => sum + rows, 0)

/** What to add to its numbers, so that times count from the chunk's first. */
function shiftOf(vector: Vector, minNs: bigint): number {
  if (vector.type === 'TIME64NS') return Number(vector.base - minNs)
  return vector.type === 'INT64' ? Number(vector.base) : 0
}

const timeColumn = ({ columns }: RowsOf['table']): number =>
  columns.findIndex(({ name, type }) => name === 'time_' && type === 'TIME64NS')

const MAX_INT64 = 2n ** 63n - 1n

/** First and last time of the rows; now, for a table without times. */
function spanOf(batch: Batch, at: number): { minNs: bigint; maxNs: bigint } {
  if (at < 0) {
    const now = BigInt(Date.now()) * 1_000_000n
    return { minNs: now, maxNs: now }
  }
  const { base, values } = integersOf(batch.columns[at]!)
  let min = Number.POSITIVE_INFINITY
  let max = Number.NEGATIVE_INFINITY
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!
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
  readonly table: RowsOf['table']
  readonly chunk: Omit<NewChunk, 'schema'>
}

/**
 * Rows as chunks of at most FULL_ROWS rows, which came at `born`; batches of one table become one where they fit. Rests when it
 * yields.
 */
export function* seal(
  batches: readonly RowsOf[],
  limits: MergeLimits,
  born: number,
): Generator<void, SealedPiece[]> {
  const pieces: SealedPiece[] = []
  for (const alike of Map.groupBy(batches, ({ table }) => table.columns).values()) {
    const { table } = alike[0]!
    for (const part of joined(alike.map(({ batch }) => batch)))
      pieces.push({ table, chunk: { ...(yield* sealBatches(table, part, limits)), born } })
  }
  return pieces
}

function joined(batches: readonly Batch[]): readonly (readonly Batch[])[] {
  const pieces = batches.flatMap((batch) => sliceBatch(batch, FULL_ROWS))
  if (pieces.length === 0) return []
  return rowsIn(pieces) <= FULL_ROWS ? [pieces] : pieces.map((piece) => [piece])
}
