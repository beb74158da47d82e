/**
 * Records of a server whose client is on this node and not known yet. The client's call may return after the whole exchange: the
 * kernel lets the server run as soon as the request has arrived. Such a record waits a moment for the client's name.
 */
import type { Sink } from '../protocols/protocol'
import type { RecordOf, Table } from '../records/table'
import { ROLE_SERVER } from '../records/types'
import type { End } from './end'

/** Records that wait at most; further ones go without the name. */
const MAX_WAITING = 512

export class Introductions {
  readonly #sink: Sink
  readonly #waiting = new Set<Introduced>()
  /** Records that wait, of all ends. */
  count = 0
  readonly waitNs: number

  /** `waitNs`: the client's call may return so much later than its request was read. */
  constructor(sink: Sink, waitNs: number) {
    this.#sink = sink
    this.waitNs = waitNs
  }

  /** A sink for the records of one end. `nowNs` is the time of the event that is being read. */
  sinkFor(end: End, nowNs: () => number): Sink {
    return new Introduced(end, this.#sink, nowNs, this)
  }

  /** Whether there is room for one more record of this sink; `settle` then looks at the sink. */
  takes(sink: Introduced): boolean {
    if (this.waitNs === 0 || this.count >= MAX_WAITING) return false
    this.#waiting.add(sink)
    return true
  }

  /** Passes on records that have their name by now, or have waited long enough. */
  settle(nowNs: number): void {
    for (const sink of this.#waiting) if (sink.settle(nowNs)) this.#waiting.delete(sink)
  }
}

/** Records of one end, in their order. */
class Introduced implements Sink {
  readonly #end: End
  readonly #sink: Sink
  readonly #nowNs: () => number
  readonly #all: Introductions
  #waiting: (() => void)[] = []
  #sinceNs = 0

  constructor(end: End, sink: Sink, nowNs: () => number, all: Introductions) {
    this.#end = end
    this.#sink = sink
    this.#nowNs = nowNs
    this.#all = all
  }

  append<T extends Table>(table: T, record: RecordOf<T>): void {
    if (!mayBeIntroduced(this.#end) || !this.#all.takes(this)) {
      this.#pass()
      this.#sink.append(table, record)
      return
    }
    if (this.#waiting.length === 0) this.#sinceNs = this.#nowNs()
    this.#waiting.push(() => append(this.#sink, table, record, this.#end))
    this.#all.count++
  }

  /** True when nothing waits any more. */
  settle(nowNs: number): boolean {
    if (this.#end.remoteUpid === '' && nowNs - this.#sinceNs < this.#all.waitNs) return false
    this.#pass()
    return true
  }

  #pass(): void {
    const waiting = this.#waiting
    if (waiting.length === 0) return
    this.#waiting = []
    this.#all.count -= waiting.length
    for (const pass of waiting) pass()
  }
}

function append<T extends Table>(sink: Sink, table: T, record: RecordOf<T>, { remoteUpid }: End): void {
  sink.append(table, remoteUpid === '' ? record : { ...record, remote_upid: remoteUpid })
}

/** Whether the other end may be on this node and is unknown. The address of a datagram's client doesn't tell that. */
const mayBeIntroduced = ({ role, remoteUpid, isDatagrams, localAddr, peerAddr }: End): boolean =>
  remoteUpid === '' &&
  role === ROLE_SERVER &&
  (isDatagrams || peerAddr === localAddr || peerAddr === '::1' || peerAddr.startsWith('127.'))
