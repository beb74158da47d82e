/**
 * The first rows of a client's end wait for a moment: the server's end of the same connection may be on this node, see the same
 * messages a little later, and record them. This is for protocols without responses: the rows of others wait for these anyway.
 */
import type { Sink } from '../protocols/protocol'
import type { RecordOf, Table } from '../records/table'

/** The events of the other end are read at most this much later. */
const WAIT_NS = 100e6
/** At most this many rows wait. If there are more, the other end is taken not to record the connection. */
const MAX_ROWS = 1024
/** Memory of a row, beside its long texts. */
const ROW_BYTES = 512

export class FirstRows implements Sink {
  held = 0
  /** Undefined at first: most ends never have any. */
  #rows: (() => void)[] | undefined
  #isOver = false
  readonly #sink: Sink
  readonly #sinceNs: number

  constructor(sink: Sink, sinceNs: number) {
    this.#sink = sink
    this.#sinceNs = sinceNs
  }

  get isWaiting(): boolean {
    return !this.#isOver
  }

  append<T extends Table>(table: T, record: RecordOf<T>): void {
    if (this.#isOver) {
      this.#sink.append(table, record)
      return
    }
    this.#rows ??= []
    this.#rows.push(() => this.#sink.append(table, record))
    this.held += sizeOf(record)
    if (this.#rows.length >= MAX_ROWS) this.release()
  }

  tick(nowNs: number): void {
    if (nowNs - this.#sinceNs >= WAIT_NS) this.release()
  }

  /** No other end records them: passes them on. */
  release(): void {
    this.#isOver = true
    const rows = this.#rows ?? []
    this.drop()
    for (const append of rows) append()
  }

  /** The other end records them, and all that follow here. */
  cancel(): void {
    this.drop()
    this.#isOver = true
  }

  /** The other end records them: drops them. */
  drop(): void {
    this.#rows = undefined
    this.held = 0
  }
}

function sizeOf(record: Readonly<Record<string, unknown>>): number {
  let bytes = ROW_BYTES
  for (const value of Object.values(record)) if (typeof value === 'string') bytes += 2 * value.length
  return bytes
}
