/** Chunks in the file: a row that says what is in it, and a row with a blob for each column. */
import type { Database } from 'bun:sqlite'
import type { Vector } from '../records/batch'
import type { DataType } from '../records/types'
import { DamagedBlob, mark } from './blob'
import { decodeColumn, type EncodedColumn, type Statistic } from './columns'
import { lacks } from './grams'

/** Column i of chunk c is row c · MAX_COLUMNS + i of `columns`, and its index of trigrams, if any, GRAMS_AT behind. */
const MAX_COLUMNS = 1024
const GRAMS_AT = 512
/** Merged as far as it should be. */
export const SEALED = 100
/** A column of it is damaged: it is never merged, and its rows are counted as lost. Readers take what is whole of it. */
export const DAMAGED = -1

/** Replaced or expired, and kept for readers that began earlier. */
export const DEAD = -2

/** Rows of exchanges that are still under way. The next append replaces the chunk. */
export const LIVE = -3

/** A chunk that a reader needed has been deleted. */
export class GoneChunk extends Error {}

export interface StoredColumn {
  readonly name: string
  readonly type: DataType
}

export interface Chunk {
  readonly id: number
  readonly table: string
  readonly schema: number
  readonly level: number
  readonly rows: number
  readonly minNs: bigint
  readonly maxNs: bigint
  readonly bytes: number
  /** Bytes before packing. */
  readonly raw: number
  /** When its newest row came, by the age of the store in seconds. */
  readonly born: number
}

interface ChunkRow {
  id: bigint
  tab: string
  schema: bigint
  level: bigint
  rows: bigint
  min_time: bigint
  max_time: bigint
  bytes: bigint
  raw: bigint
  born?: bigint
}

/** Readers take formats without `born` as they are. */
const SELECT = `SELECT c.*, s.tab FROM chunks c JOIN schemas s ON s.id = c.schema`

const chunkOf = (row: ChunkRow): Chunk => ({
  id: Number(row.id),
  table: row.tab,
  schema: Number(row.schema),
  level: Number(row.level),
  rows: Number(row.rows),
  minNs: row.min_time,
  maxNs: row.max_time,
  bytes: Number(row.bytes),
  raw: Number(row.raw),
  born: Number(row.born ?? 0),
})

/** All but the dead, in time order. */
export function listChunks(db: Database): Chunk[] {
  return (db.query(`${SELECT} WHERE c.level <> ${DEAD} ORDER BY c.min_time, c.id`).all() as ChunkRow[]).map(
    chunkOf,
  )
}

/** Those that no damage was found in. */
export const wholeOf = (chunks: readonly Chunk[]): readonly Chunk[] =>
  chunks.filter(({ level }) => level !== DAMAGED)

/** Rows of the whole chunks: those of damaged ones are lost already. */
export const rowsOf = (chunks: readonly Chunk[]): number =>
  wholeOf(chunks).reduce((sum, { rows }) => sum + rows, 0)

export interface DeadChunk {
  readonly id: number
  readonly bytes: number
}

export function deadChunks(db: Database): DeadChunk[] {
  const rows = db.query(`SELECT id, bytes FROM chunks WHERE level = ${DEAD}`).all()
  return (rows as { id: bigint; bytes: bigint }[]).map(({ id, bytes }) => ({
    id: Number(id),
    bytes: Number(bytes),
  }))
}

export function setLevel(db: Database, id: number, level: number): void {
  db.query('UPDATE chunks SET level = ? WHERE id = ?').run(level, id)
}

/** A table's chunks that touch [startNs, endNs], in time order. */
export function chunksBetween(db: Database, table: string, startNs: bigint, endNs: bigint): Chunk[] {
  const sql = `${SELECT} WHERE s.tab = ? AND c.level <> ${DEAD} AND c.max_time >= ? AND c.min_time <= ? ORDER BY c.min_time, c.id`
  return (db.query(sql).all(table, startNs, endNs) as ChunkRow[]).map(chunkOf)
}

export function schemaColumns(db: Database, schema: number): StoredColumn[] {
  const row = db.query('SELECT columns FROM schemas WHERE id = ?').get(schema) as { columns: string } | null
  const columns = row ? (JSON.parse(row.columns) as [string, DataType][]) : []
  return columns.map(([name, type]) => ({ name, type }))
}

/** The number under which the names and types of a table's columns are kept. */
export function schemaId(db: Database, table: string, columns: readonly StoredColumn[]): number {
  const text = JSON.stringify(columns.map((column) => [column.name, column.type]))
  const known = db.query('SELECT id FROM schemas WHERE tab = ? AND columns = ?').get(table, text)
  if (known) return Number((known as { id: bigint }).id)
  return Number(db.query('INSERT INTO schemas (tab, columns) VALUES (?, ?)').run(table, text).lastInsertRowid)
}

export interface NewChunk {
  readonly schema: number
  readonly level: number
  readonly rows: number
  readonly minNs: bigint
  readonly maxNs: bigint
  readonly born: number
  readonly columns: readonly EncodedColumn[]
}

/** Returns the bytes of its blobs. */
export function insertChunk(db: Database, id: number, chunk: NewChunk): number {
  let bytes = 0
  let raw = 0
  const insert = db.query('INSERT INTO columns (id, min, max, data) VALUES (?, ?, ?, ?)')
  const put = (place: number, min: Statistic, max: Statistic, data: Uint8Array) => {
    mark(data, place)
    try {
      insert.run(place, min ?? null, max ?? null, data)
    } finally {
      // If the transaction fails, the column may get another place.
      mark(data, place)
    }
    bytes += data.length
  }
  chunk.columns.forEach(({ data, min, max, rawBytes, grams }, i) => {
    put(id * MAX_COLUMNS + i, min, max, data)
    if (grams) put(id * MAX_COLUMNS + GRAMS_AT + i, undefined, undefined, grams)
    raw += rawBytes
  })
  db.query('INSERT INTO chunks VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)').run(
    id,
    chunk.schema,
    chunk.level,
    chunk.rows,
    chunk.minNs,
    chunk.maxNs,
    bytes,
    raw,
    chunk.born,
  )
  return bytes
}

export function deleteChunk(db: Database, id: number): void {
  db.query('DELETE FROM columns WHERE id BETWEEN ? AND ?').run(
    id * MAX_COLUMNS,
    id * MAX_COLUMNS + MAX_COLUMNS - 1,
  )
  db.query('DELETE FROM chunks WHERE id = ?').run(id)
}

/** The column with this ordinal; throws `GoneChunk`, `DamagedBlob`, or SQLite's error. */
export function readColumn(db: Database, chunk: Chunk, ordinal: number, type: DataType): Vector {
  const place = chunk.id * MAX_COLUMNS + ordinal
  const row = db.query('SELECT data FROM columns WHERE id = ?').get(place)
  if (!row) throw isListed(db, chunk) ? new DamagedBlob('a column is missing') : new GoneChunk()
  const { data } = row as { data: Uint8Array }
  return decodeColumn(data, type, chunk.rows, chunk.minNs, place)
}

/** A chunk leaves the list together with its columns. */
const isListed = (db: Database, { id }: Chunk): boolean =>
  db.query('SELECT 1 FROM chunks WHERE id = ?').get(id) !== null

/** Statistics of a column, without its blob. */
export function columnRange(db: Database, chunk: Chunk, ordinal: number): { min: unknown; max: unknown } {
  const row = db.query('SELECT min, max FROM columns WHERE id = ?').get(chunk.id * MAX_COLUMNS + ordinal)
  return (row as { min: unknown; max: unknown } | null) ?? { min: null, max: null }
}

/** Whether the index of a column says that no text of it holds the sought one. */
export function lacksText(db: Database, chunk: Chunk, ordinal: number, sought: string): boolean {
  const place = chunk.id * MAX_COLUMNS + GRAMS_AT + ordinal
  const row = db.query('SELECT data FROM columns WHERE id = ?').get(place)
  return row !== null && lacks((row as { data: Uint8Array }).data, place, sought)
}
