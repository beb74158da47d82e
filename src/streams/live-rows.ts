import type { Sink } from '../protocols/protocol'
import type { RecordOf, Table } from '../records/table'

/** Most running exchanges that are shown, the oldest first: their rows are written anew with each append. */
const MAX_ROWS = 512

/** Takes the rows of running exchanges, up to a number. */
export class LiveRows implements Sink {
  #rows = 0
  readonly #sink: Sink

  constructor(sink: Sink) {
    this.#sink = sink
  }

  get isFull(): boolean {
    return this.#rows >= MAX_ROWS
  }

  begin(): void {
    this.#rows = 0
  }

  append<T extends Table>(table: T, record: RecordOf<T>): void {
    if (this.isFull) return
    this.#rows++
    this.#sink.append(table, record)
  }
}
