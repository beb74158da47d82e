/**
 * Prepared statements. A client prepares one on one connection and executes it on others, so they are known by the process that is
 * watched and the server's address, and not by the connection.
 */
import { ROLE_SERVER } from '../../records/types'
import type { Connection, ProtocolSettings } from '../protocol'
import type { Column } from './metadata'

export interface Statement {
  /** Without secrets. */
  readonly text: string
  /** Of its values; undefined where not all of them were seen. */
  readonly columns: readonly Column[] | undefined
}

const STATEMENT_BYTES = 200
const COLUMN_BYTES = 100
const MOST_STATEMENTS = 1024
const MOST_BYTES = 256 << 10
const MOST_SERVERS = 32

/** Of one server: bounded in number and bytes, those that weren't used for longest leave first. */
export class Statements {
  readonly #known = new Map<string, Statement>()
  #bytes = 0

  /** Of memory. */
  get bytes(): number {
    return this.#bytes
  }

  get(id: string): Statement | undefined {
    const statement = this.#known.get(id)
    if (!statement) return undefined
    this.#known.delete(id)
    this.#known.set(id, statement)
    return statement
  }

  set(id: string, statement: Statement): void {
    this.#remove(id)
    this.#known.set(id, statement)
    this.#bytes += bytesOf(statement)
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= MOST_STATEMENTS && this.#bytes <= MOST_BYTES) return
      this.#remove(oldest)
    }
  }

  clear(): void {
    this.#known.clear()
    this.#bytes = 0
  }

  #remove(id: string): void {
    const statement = this.#known.get(id)
    if (!statement) return
    this.#known.delete(id)
    this.#bytes -= bytesOf(statement)
  }
}

export const bytesOf = ({ text, columns = [] }: Statement): number =>
  STATEMENT_BYTES + 2 * text.length + COLUMN_BYTES * columns.length

/** Those of all servers, for all connections that have the same settings. */
const all = new WeakMap<ProtocolSettings, Map<string, Statements>>()

export function statementsOf(connection: Connection, settings: ProtocolSettings): Statements {
  const servers = all.get(settings) ?? new Map<string, Statements>()
  all.set(settings, servers)
  const key = serverOf(connection)
  const statements = servers.get(key) ?? new Statements()
  servers.delete(key)
  servers.set(key, statements)
  if (servers.size > MOST_SERVERS) servers.delete(servers.keys().next().value!)
  return statements
}

function serverOf(connection: Connection): string {
  const { upid, trace_role, local_addr, local_port, remote_addr, remote_port } = connection
  const address = trace_role === ROLE_SERVER ? `${local_addr} ${local_port}` : `${remote_addr} ${remote_port}`
  return `${upid} ${address}`
}
