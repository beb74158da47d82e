/** Counters per (process, remote end), as `conn_stats` has them. */
import type { Sink } from '../protocols/protocol'
import { AF_INET, AF_INET6, connStats } from '../records/conn-stats'
import { ROLE_SERVER, type Role } from '../records/types'
import type { UnreadTls } from './unread-tls'

/** The counts of a connection; `counted*` is the part that its row already has. */
export interface CountedConnection {
  readonly upid: string
  readonly localPort: number
  readonly remoteAddr: string
  readonly remotePort: number
  /** The process at the other end if it is on this node, else ''. */
  readonly remoteUpid: string
  readonly role: Role
  readonly protocolCode: number
  readonly encrypted: boolean
  /** What is said within its TLS is read at neither end. */
  readonly isUnread: boolean
  /** It is read at this one. */
  readonly isReadWithin: boolean
  readonly closed: boolean
  readonly bytesSent: number
  readonly bytesReceived: number
  stats: StatsRow | undefined
  countedSent: number
  countedReceived: number
  countedClosed: boolean
  countedUnread: boolean
}

export interface StatsRow {
  readonly key: string
  readonly upid: string
  readonly remoteAddr: string
  readonly remotePort: number
  /** Undefined until one is known, '' when there is more than one. */
  remoteUpid: string | undefined
  role: Role
  protocol: number
  ssl: boolean
  unread: boolean
  open: number
  close: number
  sent: number
  received: number
  changed: boolean
  changedNs: number
}

/** A row without connections and without changes is forgotten after this long. */
const FORGET_NS = 3600e9
const MAX_ROWS = 65_536

export class ConnStats {
  readonly #rows = new Map<string, StatsRow>()
  readonly #unread: UnreadTls | undefined
  readonly #now: () => number

  /** @param unread learns which processes' TLS isn't read */
  constructor(unread: UnreadTls | undefined, now: () => number) {
    this.#unread = unread
    this.#now = now
  }

  /** Updates the connection's row; the first call counts the opening, the last one (closed) the closing. */
  update(connection: CountedConnection): void {
    if (connection.upid === '' || connection.remoteAddr === '') return
    let row = connection.stats
    if (!row) {
      row = this.#rowOf(connection)
      row.open++
      row.changed = true
      connection.stats = row
    }
    const sent = connection.bytesSent - connection.countedSent
    const received = connection.bytesReceived - connection.countedReceived
    if (sent > 0 || received > 0) row.changed = true
    row.sent += sent
    row.received += received
    connection.countedSent = connection.bytesSent
    connection.countedReceived = connection.bytesReceived
    row.role = connection.role
    row.remoteUpid = remoteUpidOf(row, connection)
    // A connection without data (a health check) doesn't tell the protocol of the others.
    if (sent + received > 0) {
      row.protocol = connection.protocolCode
      row.ssl = connection.encrypted
      row.unread = connection.isUnread
      if (connection.encrypted) this.#unread?.look(connection, this.#now())
    }
    if (connection.closed && !connection.countedClosed) {
      connection.countedClosed = true
      row.close++
      row.changed = true
    }
  }

  emit(nowNs: number, sink: Sink): void {
    for (const row of this.#rows.values()) {
      const active = row.open - row.close
      if (row.changed || active > 0) this.#append(row, active, nowNs, sink)
      else if (nowNs - row.changedNs > FORGET_NS) this.#rows.delete(row.key)
    }
  }

  #append(row: StatsRow, active: number, nowNs: number, sink: Sink): void {
    if (row.changed) row.changedNs = nowNs
    row.changed = false
    sink.append(connStats, {
      time_: nowNs,
      upid: row.upid,
      remote_addr: row.remoteAddr,
      remote_port: row.remotePort,
      trace_role: row.role,
      addr_family: row.remoteAddr.includes(':') ? AF_INET6 : AF_INET,
      protocol: row.protocol,
      ssl: row.ssl,
      unread: row.unread,
      conn_open: row.open,
      conn_close: row.close,
      conn_active: active,
      bytes_sent: row.sent,
      bytes_recv: row.received,
      remote_upid: row.remoteUpid ?? '',
    })
  }

  #rowOf({ upid, remoteAddr, remotePort, role, protocolCode, encrypted }: CountedConnection): StatsRow {
    const port = role === ROLE_SERVER ? 0 : remotePort
    const key = `${upid}|${port}|${remoteAddr}`
    const known = this.#rows.get(key)
    if (known) return known
    if (this.#rows.size >= MAX_ROWS) this.#evict()
    const row: StatsRow = {
      key,
      upid,
      remoteAddr,
      remotePort: port,
      remoteUpid: undefined,
      role,
      protocol: protocolCode,
      ssl: encrypted,
      unread: false,
      open: 0,
      close: 0,
      sent: 0,
      received: 0,
      changed: true,
      changedNs: 0,
    }
    this.#rows.set(key, row)
    return row
  }

  /** The oldest row without a connection; if there is none, the oldest row. */
  #evict(): void {
    let victim: string | undefined
    for (const row of this.#rows.values()) {
      victim ??= row.key
      if (row.open > row.close) continue
      victim = row.key
      break
    }
    this.#rows.delete(victim!)
  }
}

/** For a server's row the client's process, as long as there is only one; for a client's row the newest known server process. */
function remoteUpidOf(
  { role, remoteUpid }: StatsRow,
  { remoteUpid: newest }: CountedConnection,
): string | undefined {
  if (newest === '') return remoteUpid
  if (remoteUpid === undefined || role !== ROLE_SERVER) return newest
  return remoteUpid === newest ? newest : ''
}
