/** A store in memory, for a replay: the first rows of each table, and how many there were. */
import { type Cell, toCells } from '../query/cells'
import { head } from '../records/rows'
import type { Table } from '../records/table'
import type { StoreWriter, TableBatch } from '../store/store'
import { NO_STORE } from './no-store'

/** Characters that the kept rows of all tables may have. */
const MAX_TEXT = 256 << 20

export interface CollectedTable {
  readonly table: Table
  /** One array per column. */
  readonly values: Cell[][]
  /** Rows that are kept, and rows that there were. */
  rows: number
  all: number
}

const textOf = (cells: readonly Cell[][]): number =>
  cells.flat().reduce<number>((sum, cell) => sum + (typeof cell === 'string' ? cell.length : 0), 0)

export class Collector {
  readonly #maxRows: number
  readonly #tables = new Map<Table, CollectedTable>()
  readonly #only: string | undefined
  #text = 0

  /** `maxRows`: that are kept of each table. `only`: the one table of which rows are kept. */
  constructor(maxRows: number, only?: string) {
    this.#maxRows = maxRows
    this.#only = only
  }

  readonly writer: StoreWriter = {
    ...NO_STORE,
    append: (batches) => this.#add(batches),
    appendInSteps: (batches) => {
      this.#add(batches)
      return NO_STORE.appendInSteps(batches)
    },
  }

  /** In the order in which their first rows came. */
  get tables(): readonly CollectedTable[] {
    return [...this.#tables.values()]
  }

  #add(batches: readonly TableBatch[]): void {
    for (const { table, batch } of batches) {
      const known = this.#tables.get(table) ?? { table, values: table.columns.map(() => []), rows: 0, all: 0 }
      this.#tables.set(table, known)
      known.all += batch.rows
      const room = this.#text < MAX_TEXT ? this.#maxRows - known.rows : 0
      const rows = Math.min(batch.rows, room)
      if (rows <= 0 || (this.#only !== undefined && table.name !== this.#only)) continue
      const cells = toCells({ rows, columns: batch.columns.map((vector) => head(vector, rows)) })
      this.#text += textOf(cells)
      for (const [i, values] of known.values.entries()) for (const cell of cells[i]!) values.push(cell)
      known.rows += rows
    }
  }
}
