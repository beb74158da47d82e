/** Reads the chunks of a scan: statistics first, then the columns that conditions need, then the wanted ones. */
import type { Database } from 'bun:sqlite'
import { type Batch, type IntVector, integersOf, type Vector } from '../records/batch'
import { sliceRows, takeRows } from '../records/rows'
import type { Table } from '../records/table'
import { type Chunk, columnRange, lacksText, readColumn, type StoredColumn, schemaColumns } from './chunks'
import { defaultVector, ruledOut } from './columns'
import type { Prune, ScanOptions } from './store'

export interface Window {
  /** Base of all times of the scan. */
  readonly baseNs: bigint
  readonly startNs: bigint
  readonly endNs: bigint
}

type Stored = ReadonlyMap<string, StoredColumn & { readonly ordinal: number }>

/** Rows of a chunk: a run of them, or their numbers when they are not side by side. */
interface Rows {
  readonly from: number
  readonly count: number
  readonly numbers?: Uint32Array
}

export class ChunkScan {
  readonly #db: Database
  readonly #table: Pick<Table, 'columns'>
  readonly #options: ScanOptions
  readonly #window: Window
  readonly #schemas = new Map<number, Stored>()

  constructor(db: Database, table: Pick<Table, 'columns'>, options: ScanOptions, window: Window) {
    this.#db = db
    this.#table = table
    this.#options = options
    this.#window = window
  }

  /** The wanted columns and rows of a chunk; undefined when there are none. Throws `DamagedBlob`, or SQLite's error. */
  read(chunk: Chunk): Batch | undefined {
    const stored = this.#storedOf(chunk)
    if (this.#options.prune?.some((condition) => this.#ruledOut(chunk, stored, condition))) return undefined
    const known = new Map<string, Vector>()
    const vectorOf = (name: string) => {
      const vector = known.get(name) ?? this.#vector(chunk, stored, name)
      known.set(name, vector)
      return vector
    }
    const batchOf = (names: readonly string[], rows: Rows) =>
      picked({ rows: chunk.rows, columns: names.map(vectorOf) }, rows)
    let rows = this.#inWindow(chunk, () => integersOf(vectorOf('time_')))
    for (const step of this.#options.select ?? []) {
      if (rows.count === 0) return undefined
      const stay = step.keep(batchOf(step.columns, rows))
      if (stay) rows = narrowed(rows, stay)
    }
    return rows.count === 0 ? undefined : batchOf(this.#options.columns, rows)
  }

  #storedOf(chunk: Chunk): Stored {
    let stored = this.#schemas.get(chunk.schema)
    if (!stored) {
      const columns = schemaColumns(this.#db, chunk.schema)
      stored = new Map(columns.map((column, ordinal) => [column.name, { ...column, ordinal }]))
      this.#schemas.set(chunk.schema, stored)
    }
    return stored
  }

  #ruledOut(chunk: Chunk, stored: Stored, condition: Prune): boolean {
    const at = stored.get(condition.column)
    if (at === undefined || at.type !== this.#columnOf(condition.column).type) return false
    if (at.name === 'time_') return ruledOut(condition, chunk.minNs, chunk.maxNs)
    if (at.type === 'TIME64NS') return false
    const { min, max } = columnRange(this.#db, chunk, at.ordinal)
    if (ruledOut(condition, min, max)) return true
    const { op, value } = condition
    const sought = op === 'contains' || op === '==' ? value : undefined
    return typeof sought === 'string' && lacksText(this.#db, chunk, at.ordinal, sought)
  }

  #vector(chunk: Chunk, stored: Stored, name: string): Vector {
    const { type, absent } = this.#columnOf(name)
    const at = stored.get(name)
    const { baseNs } = this.#window
    if (at?.type !== type) return defaultVector(type, chunk.rows, baseNs, absent)
    return rebase(readColumn(this.#db, chunk, at.ordinal, type), baseNs)
  }

  #columnOf(name: string) {
    return this.#table.columns.find((column) => column.name === name)!
  }

  #inWindow(chunk: Chunk, times: () => IntVector): Rows {
    const { startNs, endNs } = this.#window
    const inside = chunk.minNs >= startNs && chunk.maxNs <= endNs
    return inside ? { from: 0, count: chunk.rows } : rowsBetween(times(), startNs, endNs)
  }
}

function picked(batch: Batch, { from, count, numbers }: Rows): Batch {
  if (numbers) return takeRows(batch, numbers)
  return count === batch.rows ? batch : sliceRows(batch, from, from + count)
}

/** Of these rows the ones at the given places. */
function narrowed({ from, numbers }: Rows, places: Uint32Array): Rows {
  const count = places.length
  if (numbers) return { from: 0, count, numbers: places.map((place) => numbers[place]!) }
  return { from: 0, count, numbers: from === 0 ? places : places.map((place) => from + place) }
}

function rebase(vector: Vector, baseNs: bigint): Vector {
  if (vector.type !== 'TIME64NS' || vector.base === baseNs) return vector
  const shift = Number(vector.base - baseNs)
  const { values } = vector
  for (let i = 0; i < values.length; i++) values[i]! += shift
  return { type: 'TIME64NS', base: baseNs, values }
}

function rowsBetween(times: IntVector, startNs: bigint, endNs: bigint): Rows {
  const start = Number(startNs - times.base)
  const end = Number(endNs - times.base)
  const { values } = times
  const numbers = new Uint32Array(values.length)
  let count = 0
  for (let i = 0; i < values.length; i++) if (values[i]! >= start && values[i]! <= end) numbers[count++] = i
  const from = numbers[0] ?? 0
  if (count === 0 || numbers[count - 1]! - from === count - 1) return { from, count }
  return { from, count, numbers: numbers.slice(0, count) }
}
