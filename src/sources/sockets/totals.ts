/** Reads how much each known connection has moved so far, from the kernel's table or from the sockets. */
import { TOTALS } from '../../events/socket'
import type { SocketTotals } from '../../events/socket-event'
import type { Opened } from '../../kernel/kernel'
import { mapWalk } from '../../kernel/loader'

/** Offsets in `struct connection` of `bpf/socket.h`; a test compares them with the BTF of the built object. */
export const CONNECTION = { id: 0, totals: 24, closed: 142, size: 216 } as const
/** The same for `struct connection_row`. */
export const CONNECTION_ROW = { id: 0, totals: 8, is_silent: 40, size: 48 } as const

const BATCH = 4096
const TWO_32 = 2 ** 32

/** One of the objects that capture sockets. */
export type SocketObject = NonNullable<Opened<string>['object']>
type Handler = (totals: SocketTotals) => void

/**
 * Hands over the totals of all connections, or of those alone of which exchanges were shed. Before that it tells the openings of those
 * without a call.
 */
export type ReadTotals = (handler: Handler, shedOnly?: boolean) => void

const u64 = (view: DataView, at: number) => view.getUint32(at + 4, true) * TWO_32 + view.getUint32(at, true)

const totalsAt = (view: DataView, connId: number, at: number): SocketTotals => ({
  connId,
  bytesSent: u64(view, at + TOTALS.bytes_sent),
  bytesReceived: u64(view, at + TOTALS.bytes_received),
  lostEvents: u64(view, at + TOTALS.lost_events),
  shedExchanges: u64(view, at + TOTALS.shed_exchanges),
})

/** Looked at first where only that matters: of tens of thousands of connections mostly a few were shed. */
const isShedAt = (view: DataView, at: number) =>
  view.getUint32(at + TOTALS.shed_exchanges, true) !== 0 ||
  view.getUint32(at + TOTALS.shed_exchanges + 4, true) !== 0

/** Walks a map whose values are connections. */
function walker(map: number): ReadTotals {
  const keys = new Uint8Array(BATCH * 8)
  const values = new Uint8Array(BATCH * CONNECTION.size)
  const view = new DataView(values.buffer)
  return (handler, shedOnly = false) => {
    mapWalk(map, keys, values, BATCH, (count) => {
      for (let i = 0; i < count; i++) {
        const at = i * CONNECTION.size
        if (shedOnly && !isShedAt(view, at + CONNECTION.totals)) continue
        const connId = u64(view, at + CONNECTION.id)
        // A closed connection told its totals when it closed; one that is being opened has none.
        if (connId === 0 || values[at + CONNECTION.closed] !== 0) continue
        handler(totalsAt(view, connId, at + CONNECTION.totals))
      }
    })
  }
}

/** Of a table that user space walks. */
export function totalsInTable(object: SocketObject): ReadTotals {
  return walker(object.map('connections'))
}

function readRows(rows: ArrayBuffer, handler: Handler, shedOnly: boolean): boolean {
  const view = new DataView(rows)
  let isSilent = false
  for (let at = 0; at < rows.byteLength; at += CONNECTION_ROW.size) {
    isSilent ||= view.getUint32(at + CONNECTION_ROW.is_silent, true) !== 0
    if (!shedOnly || isShedAt(view, at + CONNECTION_ROW.totals))
      handler(totalsAt(view, u64(view, at + CONNECTION_ROW.id), at + CONNECTION_ROW.totals))
  }
  return isSilent
}

/** Of a table that a program of the kernel walks: in a system call of ours on it, classic tracepoints would be skipped. */
export function totalsByIterator(object: SocketObject): ReadTotals {
  return (handler, shedOnly = false) => {
    const isSilent = readRows(object.iterate('each_connection', 'connections'), handler, shedOnly)
    if (isSilent) object.iterate('find_owners')
  }
}

/** Reads connections that are kept in their sockets, and those found at the start without a call since. */
export function totalsInSockets(object: SocketObject): ReadTotals {
  const walkFound = walker(object.map('found'))
  return (handler, shedOnly = false) => {
    walkFound(handler, shedOnly)
    if (!readRows(object.iterate('each_connection', 'connections'), handler, shedOnly)) return
    // The iterator has asked for these owners, and uses them in its next run.
    object.iterate('find_owners')
    object.iterate('each_connection', 'connections')
  }
}
