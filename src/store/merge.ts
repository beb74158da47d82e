/**
 * Compaction: which small chunks become one larger chunk, and how. Seconds become half-minutes, those become larger
 * ones, and so on, each `FAN_IN` times, until a chunk is full by rows, bytes or time; so a row is written a
 * logarithmic number of times (see `test/bench/README.md` for the measured amplification).
 */

import type { Database } from 'bun:sqlite'
import { messageOf } from '../errors'
import { numbersOf } from '../records/batch'
import { type Chunk, type NewChunk, readColumn, SEALED, type StoredColumn } from './chunks'
import { type EncodedColumn, encodeColumn, type Part } from './columns'
import { isOfDisk } from './database'

export const FULL_ROWS = 65_536
/** Raw bytes: bounds what one step and one reader hold in memory. */
export const FULL_BYTES = 64 << 20
const FAN_IN = 32
/** A chunk leaves the store whole: it spans at most this share of the retention. */
const FULL_SPANS = 24n
/** Doubles hold nanoseconds exactly up to 104 days from the chunk's base; far less is merged. */
const MAX_SPAN_NS = 2n ** 52n
/** Fast while a second is appended, small once chunks are merged. */
export const APPEND_LEVEL = 1
const MERGE_LEVEL = 3

/** Rows read between two rests. */
const REST_ROWS = 16_384

export interface MergeLimits {
  readonly rows: number
  readonly bytes: number
  readonly spanNs: bigint
  /** Time between the arrivals of its first and last row: like `spanNs`, but by a clock that can't be set. */
  readonly bornSeconds: number
}

export function limitsFor(retentionSeconds: number): MergeLimits {
  const spanNs = (BigInt(Math.ceil(retentionSeconds)) * 1_000_000_000n) / FULL_SPANS
  return {
    rows: FULL_ROWS,
    bytes: FULL_BYTES,
    spanNs: spanNs < MAX_SPAN_NS ? spanNs : MAX_SPAN_NS,
    bornSeconds: Math.ceil(retentionSeconds / Number(FULL_SPANS)),
  }
}

/** Half of a limit reached: merging it again would not pay. */
export function isFull(chunk: Pick<Chunk, 'rows' | 'raw' | 'minNs' | 'maxNs'>, limits: MergeLimits): boolean {
  return (
    chunk.rows * 2 >= limits.rows ||
    chunk.raw * 2 >= limits.bytes ||
    (chunk.maxNs - chunk.minNs) * 2n >= limits.spanNs
  )
}

/** Chunks of one table (in time order) that are to become one; one alone is only to be sealed. */
export function pickMerge(chunks: readonly Chunk[], limits: MergeLimits): Chunk[] | undefined {
  const runs = new Map<string, Chunk[]>()
  for (const chunk of chunks) {
    if (chunk.level < 0 || chunk.level >= SEALED) continue
    const key = `${chunk.schema}:${chunk.level}`
    const run = runs.get(key) ?? []
    if (run.length > 0 && !fits(run, chunk, limits)) return run
    run.push(chunk)
    if (run.length === FAN_IN) return run
    runs.set(key, run)
  }
  return undefined
}

function fits(run: readonly Chunk[], chunk: Chunk, limits: MergeLimits): boolean {
  let rows = chunk.rows
  let raw = chunk.raw
  let minNs = chunk.minNs
  let maxNs = chunk.maxNs
  for (const other of run) {
    rows += other.rows
    raw += other.raw
    if (other.minNs < minNs) minNs = other.minNs
    if (other.maxNs > maxNs) maxNs = other.maxNs
    if (Math.abs(other.born - chunk.born) > limits.bornSeconds) return false
  }
  return rows <= limits.rows && raw <= limits.bytes && maxNs - minNs <= limits.spanNs
}

/** A column of it cannot be read, so the chunk must be left out of merges. */
export class DamagedChunk extends Error {
  readonly chunk: Chunk

  constructor(chunk: Chunk, cause: unknown) {
    super(messageOf(cause))
    this.chunk = chunk
  }
}

/** Reads the chunks column by column and joins them in time order; rests when it yields. Throws `DamagedChunk`. */
export function* mergeChunks(
  db: Database,
  chunks: readonly Chunk[],
  columns: readonly StoredColumn[],
  limits: MergeLimits,
): Generator<void, NewChunk> {
  const minNs = chunks.reduce((min, chunk) => (chunk.minNs < min ? chunk.minNs : min), chunks[0]!.minNs)
  const maxNs = chunks.reduce((max, chunk) => (chunk.maxNs > max ? chunk.maxNs : max), chunks[0]!.maxNs)
  const time = columns.findIndex((column) => column.name === 'time_' && column.type === 'TIME64NS')
  const order = time < 0 ? undefined : timeOrder(yield* readParts(db, chunks, time, 'TIME64NS', minNs))
  yield
  const encoded: EncodedColumn[] = []
  for (const [ordinal, column] of columns.entries()) {
    const parts = yield* readParts(db, chunks, ordinal, column.type, minNs)
    yield
    encoded.push(yield* encodeColumn(parts, order, MERGE_LEVEL, true))
    yield
  }
  const rows = chunks.reduce((sum, chunk) => sum + chunk.rows, 0)
  const raw = encoded.reduce((sum, column) => sum + column.rawBytes, 0)
  const level = isFull({ rows, raw, minNs, maxNs }, limits) ? SEALED : chunks[0]!.level + 1
  const born = Math.max(...chunks.map((chunk) => chunk.born))
  return { schema: chunks[0]!.schema, level, rows, minNs, maxNs, born, columns: encoded }
}

function* readParts(
  db: Database,
  chunks: readonly Chunk[],
  ordinal: number,
  type: StoredColumn['type'],
  baseNs: bigint,
): Generator<void, Part[]> {
  const parts: Part[] = []
  let rows = 0
  for (const chunk of chunks) {
    rows += chunk.rows
    if (rows > REST_ROWS) {
      rows = chunk.rows
      yield
    }
    try {
      const vector = readColumn(db, chunk, ordinal, type)
      parts.push({ vector, shift: type === 'TIME64NS' ? Number(chunk.minNs - baseNs) : 0 })
    } catch (cause) {
      // The disk may be able to read it the next time.
      if (isOfDisk(cause)) throw cause
      throw new DamagedChunk(chunk, cause)
    }
  }
  return parts
}

/** Rows of all parts by time, equal times as they stand; undefined when they stand so already. */
export function timeOrder(parts: readonly Part[]): Uint32Array | undefined {
  const rows = parts.reduce((sum, part) => sum + numbersOf(part.vector).values.length, 0)
  const times = new Float64Array(rows)
  let at = 0
  let sorted = true
  let previous = Number.NEGATIVE_INFINITY
  for (const { vector, shift } of parts) {
    const { values } = numbersOf(vector)
    for (let i = 0; i < values.length; i++) {
      const time = values[i]! + shift
      if (time < previous) sorted = false
      previous = time
      times[at++] = time
    }
  }
  if (sorted) return undefined
  return new Uint32Array(rows).map((_, i) => i).sort((a, b) => times[a]! - times[b]! || a - b)
}
