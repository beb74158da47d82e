/**
 * Records of a server whose client is on this node and not known yet. The client's call may end after the whole exchange: the
 * kernel lets the server run as soon as the request is there. Such a record waits a moment for the client's name.
 */
import type { Sink } from '../protocols/protocol'
import type { RecordOf, Table } from '../records/table'
import { ROLE_SERVER } from '../records/types'
import type { End } from './end'

/** So long the client's call may take to come back after its request was read. */
const WAIT_NS = 20e6
/** Records that wait; beyond, they go without the name. */
const MAX_WAITING = 512

interface Waiting {
  readonly end: End
  readonly sinceNs: number
  pass(): void
}

export class Introductions {
  readonly #sink: Sink
  #waiting: Waiting[] = []

  constructor(sink: Sink) {
    this.#sink = sink
  }

  /** A sink for the records of one end. `nowNs` is the time of what is being read. */
  sinkFor(end: End, nowNs: () => number): Sink {
    const sink = this.#sink
    return {
      append: (table, record) => {
        if (!mayBeIntroduced(end) || this.#waiting.length >= MAX_WAITING) sink.append(table, record)
        else this.#waiting.push({ end, sinceNs: nowNs(), pass: () => append(sink, table, record, end) })
      },
    }
  }

  /** Passes on what has its name by now, or has waited long enough. */
  settle(nowNs: number): void {
    if (this.#waiting.length === 0) return
    const waiting = this.#waiting
    this.#waiting = []
    for (const each of waiting) {
      if (each.end.remoteUpid === '' && nowNs - each.sinceNs < WAIT_NS) this.#waiting.push(each)
      else each.pass()
    }
  }
}

function append<T extends Table>(sink: Sink, table: T, record: RecordOf<T>, { remoteUpid }: End): void {
  sink.append(table, remoteUpid === '' ? record : { ...record, remote_upid: remoteUpid })
}

/** Whether the other end is of this node, and unknown. */
const mayBeIntroduced = ({ role, remoteUpid, localAddr, peerAddr }: End): boolean =>
  remoteUpid === '' &&
  role === ROLE_SERVER &&
  (peerAddr === localAddr || peerAddr === '::1' || peerAddr.startsWith('127.'))
