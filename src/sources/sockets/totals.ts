/** Reads how much each known connection has moved so far, from the kernel's table or from the sockets. */
import { TOTALS } from '../../events/socket'
import type { SocketTotals } from '../../events/socket-event'
import type { Opened } from '../../kernel/kernel'
import { mapWalk } from '../../kernel/loader'

/** Offsets in `struct connection` of `bpf/socket.h`; a test compares them with the BTF of the built object. */
export const CONNECTION = { id: 0, totals: 24, closed: 142, size: 216 } as const
/** The same for `struct connection_row`. */
export const CONNECTION_ROW = { id: 0, totals: 8, is_silent: 40, size: 48 } as const

const BATCH = 1024
const TWO_32 = 2 ** 32

/** One of the objects that capture sockets. */
export type SocketObject = NonNullable<Opened<string>['object']>
type Handler = (totals: SocketTotals) => void

/**
 * Hands over the totals of all connections, or of those alone of which exchanges were shed. Where all are read, those without a call
 * have their openings told before that. With tens of thousands of connections it takes long: `between` is called between its steps.
 */
export type ReadTotals = (handler: Handler, shedOnly?: boolean, between?: () => void) => void

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
  return (handler, shedOnly = false, between = () => {}) => {
    const visit = (count: number) => {
      for (let i = 0; i < count; i++) {
        const at = i * CONNECTION.size
        if (shedOnly && !isShedAt(view, at + CONNECTION.totals)) continue
        const connId = u64(view, at + CONNECTION.id)
        // A closed connection told its totals when it closed; one that is being opened has none.
        if (connId === 0 || values[at + CONNECTION.closed] !== 0) continue
        handler(totalsAt(view, connId, at + CONNECTION.totals))
      }
    }
    mapWalk(map, keys, values, BATCH, visit, between)
  }
}

/** Of a table that user space walks. */
export function totalsInTable(object: SocketObject): ReadTotals {
  return walker(object.map('connections'))
}

/** Runs an iterator over the connections; tells whether one of them had no call yet. */
function readRows(
  object: SocketObject,
  program: 'each_connection' | 'each_shed',
  handler: Handler,
  between: () => void,
): boolean {
  let isSilent = false
  for (const rows of object.iterateInPieces(program, 'connections')) {
    const view = new DataView(rows)
    for (let at = 0; at < rows.byteLength; at += CONNECTION_ROW.size) {
      isSilent ||= view.getUint32(at + CONNECTION_ROW.is_silent, true) !== 0
      handler(totalsAt(view, u64(view, at + CONNECTION_ROW.id), at + CONNECTION_ROW.totals))
    }
    between()
  }
  return isSilent
}

/** Of a table that a program of the kernel walks: in a system call of ours on it, classic tracepoints would be skipped. */
export function totalsByIterator(object: SocketObject): ReadTotals {
  return (handler, shedOnly = false, between = () => {}) => {
    const isSilent = readRows(object, shedOnly ? 'each_shed' : 'each_connection', handler, between)
    if (isSilent) object.iterate('find_owners')
  }
}

/** Reads connections that are kept in their sockets, and those found at the start without a call since: of these none was shed. */
export function totalsInSockets(object: SocketObject): ReadTotals {
  const walkFound = walker(object.map('found'))
  return (handler, shedOnly = false, between = () => {}) => {
    if (shedOnly) {
      readRows(object, 'each_shed', handler, between)
      return
    }
    walkFound(handler, false, between)
    if (!readRows(object, 'each_connection', handler, between)) return
    // The iterator has asked for these owners, and uses them in its next run.
    object.iterate('find_owners')
    between()
    readRows(object, 'each_connection', () => {}, between)
  }
}
