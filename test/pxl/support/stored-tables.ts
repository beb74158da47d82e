/** Tables in memory that answer like the store: schemas, time ranges, newest chunk first. */
import type { TypedColumn } from '../../../src/query/plan'
import type { Batch } from '../../../src/records/batch'
import type { ReadableStore, ScanOptions, TableInfo } from '../../../src/store/store'
import { columnOf, type Row } from '../../query/support/tables'

/** 2027-01-15 08:00:00 UTC, the time of every run. */
export const NOW = 1_800_000_000_000_000_000n

export interface StoredTable {
  readonly name: string
  readonly columns: readonly TypedColumn[]
  /** In time order; times as bigint. */
  readonly rows: readonly Row[]
  /** True when absent. */
  readonly recorded?: boolean
}

/** Small, so that a handful of rows is several chunks. */
const CHUNK_ROWS = 3

export class StoredTables implements ReadableStore {
  readonly #tables: ReadonlyMap<string, StoredTable>

  constructor(tables: readonly StoredTable[]) {
    this.#tables = new Map(tables.map((table) => [table.name, table]))
  }

  tables(): readonly TableInfo[] {
    return [...this.#tables.values()].map(({ name, columns, rows, recorded = true }) => ({
      name,
      recorded: recorded,
      description: `What ${name} says`,
      columns: columns.map((column) => ({
        ...column,
        pattern: 'GENERAL',
        description: `Its ${column.name}`,
      })),
      rows: rows.length,
      bytes: rows.length * 10,
      oldestNs: rows[0]?.time_ as bigint | undefined,
      newestNs: rows.at(-1)?.time_ as bigint | undefined,
    }))
  }

  *scan(name: string, { columns, startNs, endNs, reverse, select }: ScanOptions): Iterable<Batch> {
    const table = this.#tables.get(name)!
    const within = (time: bigint) => (startNs ?? time) <= time && time <= (endNs ?? time)
    const rows = table.rows.filter((row) => within((row.time_ ?? 0n) as bigint))
    const chunks: Row[][] = []
    for (let at = 0; at < rows.length; at += CHUNK_ROWS) chunks.push(rows.slice(at, at + CHUNK_ROWS))
    const batchOf = (names: readonly string[], part: readonly Row[]): Batch => ({
      rows: part.length,
      columns: names.map((column) => {
        // Every stored row has a time; these tables may leave it out.
        const type = table.columns.find((c) => c.name === column)?.type ?? 'TIME64NS'
        return columnOf(
          type,
          part.map((row) => row[column] ?? 0n),
        )
      }),
    })
    for (const chunk of reverse ? chunks.reverse() : chunks) {
      let left = chunk
      for (const step of select ?? []) {
        const stay = step.keep(batchOf(step.columns, left))
        if (stay) left = Array.from(stay, (place) => left[place]!)
      }
      if (left.length > 0) yield batchOf(columns, left)
    }
  }

  entities() {
    return new Map()
  }

  process() {
    return undefined
  }

  close() {}
}
