/**
 * Rows of clients that closed before any answer. Their server may be on this node and accept the connection only
 * later: then it records the exchange with its outcome. So such a row waits, and is dropped when that happens.
 */
import type { Sink } from '../protocols/protocol'
import type { RecordOf, Table } from '../records/table'
import type { End } from './end'
import type { LocalPeers } from './local-peers'

/** How long a row waits for the connection to be accepted; after that no other end will record the exchange. */
const WAIT_NS = 8e9
/** Rows that wait at most; further ones are stored at once. */
const MAX_ROWS = 2048

interface Waiting {
  readonly end: End
  readonly untilNs: number
  readonly append: () => void
}

export class LateRows {
  #waiting: Waiting[] = []
  readonly #sink: Sink
  readonly #peers: LocalPeers

  constructor(sink: Sink, peers: LocalPeers) {
    this.#sink = sink
    this.#peers = peers
  }

  /** A sink for the last rows of a client's end that has closed at `nowNs`. */
  sinkFor(end: End, nowNs: number): Sink {
    return {
      append: <T extends Table>(table: T, record: RecordOf<T>) => {
        const append = () => this.#sink.append(table, record)
        if (this.#waiting.length >= MAX_ROWS) append()
        else this.#waiting.push({ end, untilNs: nowNs + WAIT_NS, append })
      },
    }
  }

  /** Stores the rows that no other end has recorded; returns how many rows the servers' ends have recorded instead. */
  settle(nowNs: number): number {
    let dropped = 0
    const waiting: Waiting[] = []
    for (const row of this.#waiting) {
      if (this.#peers.has(row.end)) dropped++
      else if (nowNs >= row.untilNs) row.append()
      else waiting.push(row)
    }
    this.#waiting = waiting
    return dropped
  }
}
