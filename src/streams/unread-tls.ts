/** Which processes speak TLS that nothing reads, so that it can be said why. Bounded in number: the ones that were met first leave. */
import { ROLE_SERVER, type Role } from '../records/types'

const MAX_PROCESSES = 512
/** So long after its last such connection a process is no longer told. */
const FORGET_NS = 600e9

export interface UnreadProcess {
  readonly pid: number
  readonly role: Role
  /** Of the server, in the newest such connection. */
  readonly port: number
}

interface Seen {
  unread: UnreadProcess | undefined
  unreadNs: number
  readNs: number
}

/** A connection, as far as it is looked at here. */
interface Looked {
  readonly upid: string
  readonly role: Role
  readonly localPort: number
  readonly remotePort: number
  readonly isUnread: boolean
  readonly isReadWithin: boolean
  countedUnread: boolean
}

export class UnreadTls {
  readonly #seen = new Map<string, Seen>()

  /** Looks at an encrypted connection; call it again while its counts change. */
  look(connection: Looked, nowNs: number): void {
    if (connection.isReadWithin) this.#of(connection.upid).readNs = nowNs
    else if (connection.isUnread && !connection.countedUnread) {
      connection.countedUnread = true
      const { upid, role, localPort, remotePort } = connection
      const seen = this.#of(upid)
      const port = role === ROLE_SERVER ? localPort : remotePort
      seen.unread = { pid: Number(upid.split(':')[1]), role, port }
      seen.unreadNs = nowNs
    }
  }

  /** Processes of which no encrypted connection is read, the newest last. */
  list(nowNs: number): ReadonlyMap<string, UnreadProcess> {
    const found = new Map<string, UnreadProcess>()
    for (const [upid, { unread, unreadNs, readNs }] of this.#seen) {
      if (nowNs - Math.max(unreadNs, readNs) > FORGET_NS) this.#seen.delete(upid)
      else if (unread && nowNs - readNs > FORGET_NS) found.set(upid, unread)
    }
    return found
  }

  #of(upid: string): Seen {
    const known = this.#seen.get(upid)
    if (known) return known
    if (this.#seen.size >= MAX_PROCESSES) this.#seen.delete(this.#seen.keys().next().value!)
    const seen = { unread: undefined, unreadNs: Number.NEGATIVE_INFINITY, readNs: Number.NEGATIVE_INFINITY }
    this.#seen.set(upid, seen)
    return seen
  }
}
