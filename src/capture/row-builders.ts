import type { Sink } from '../protocols/protocol'
import { BatchBuilder } from '../records/builder'
import type { Table } from '../records/table'
import type { TableBatch } from '../store/store'

/** Rows that wait for the store, as one batch per table. */
export class RowBuilders implements Sink {
  readonly #timeBase: () => bigint
  readonly #builders = new Map<Table, BatchBuilder<Table>>()

  /** `timeBase`: epoch nanoseconds of the base of the rows' times. */
  constructor(timeBase: () => bigint) {
    this.#timeBase = timeBase
  }

  /** A bound function: callers pass it on without the object. */
  readonly append: Sink['append'] = (table, record) => {
    let builder = this.#builders.get(table)
    if (!builder) {
      builder = new BatchBuilder(table as Table, this.#timeBase())
      this.#builders.set(table, builder)
    }
    builder.append(record as never)
  }

  /** Whether a table has at least this many rows, or this many characters of text. */
  has(rows: number, text = Number.POSITIVE_INFINITY): boolean {
    return this.#builders.values().some((builder) => builder.rows >= rows || builder.text >= text)
  }

  /** Seals the rows so far, except those of tables that may wait; the next rows begin a new batch. */
  seal(mayWait: (table: Table, rows: number) => boolean = () => false): TableBatch[] {
    const batches: TableBatch[] = []
    for (const [table, builder] of this.#builders)
      if (builder.rows > 0 && !mayWait(table, builder.rows)) batches.push({ table, batch: builder.seal() })
    return batches
  }
}
