/**
 * Whose messages have which names: of files that the user has given, and of servers that told them by reflection
 * (https://github.com/grpc/grpc/blob/master/doc/server-reflection.md). What a server tells is believed of this server only: another one may use the
 * same names otherwise, or lie.
 */
import { Descriptors, type MethodTypes } from './descriptors'

/** Names of all files, and of a server. */
const NAMES_OF_FILES = 50_000
const NAMES_OF_SERVER = 5000
/** Servers that are remembered, and memory for what one of them, and all together, told. */
const MAX_SERVERS = 256
const MAX_OF_SERVER = 2 << 20
const MAX_OF_ALL = 8 << 20

/** Whose connection it is, by columns of its rows. */
export interface Ends {
  readonly trace_role: number
  readonly upid: string
  readonly remote_upid: string
  readonly remote_addr: string
  readonly remote_port: number
}

/** The role of a row's own end. */
const SERVER = 2

/** What one server told: FileDescriptorProtos. */
export interface Told {
  readonly server: string
  readonly files: Iterable<Uint8Array>
}

export class MessageNames {
  /** How often servers told something new. */
  changes = 0
  /** Of files: they count for each server. */
  readonly files = new Descriptors(NAMES_OF_FILES, false)
  /** In the order in which they last told something. */
  readonly #servers = new Map<string, Descriptors>()

  /** Bytes of memory of what servers told. */
  get held(): number {
    let held = 0
    for (const server of this.#servers.values()) held += server.held
    return held
  }

  /** The types of a method, by its path; undefined where they aren't known. */
  of(path: string, connection: Ends): MethodTypes | undefined {
    const method = methodIn(path)
    return this.files.method(method) ?? this.#servers.get(serverOf(connection))?.method(method)
  }

  /** What servers told; the last one told something last. */
  get told(): Told[] {
    return [...this.#servers].map(([server, { files }]) => ({ server, files }))
  }

  /** Takes a FileDescriptorProto that the connection's server told. */
  learns(file: Uint8Array, connection: Ends): void {
    this.#takes(file, serverOf(connection))
  }

  /** Takes what was told before, the last one last. */
  remembers(told: readonly Told[]): void {
    const before = this.changes
    for (const { server, files } of told) for (const file of files) this.#takes(file, server)
    this.changes = before
  }

  #takes(file: Uint8Array, server: string): void {
    const known = this.#servers.get(server) ?? new Descriptors(NAMES_OF_SERVER, true)
    if (known.held + file.length > MAX_OF_SERVER) return
    const before = known.changes
    known.addFile(file)
    this.changes += known.changes - before
    this.#servers.delete(server)
    this.#servers.set(server, known)
    let held = this.held
    for (const [oldest, { held: freed }] of this.#servers) {
      if (this.#servers.size <= MAX_SERVERS && held <= MAX_OF_ALL) return
      this.#servers.delete(oldest)
      held -= freed
    }
  }
}

/**
 * `/package.Service/Method` of a path. gRPC has nothing else; gRPC-Web and Connect may stand behind a prefix, and Connect's GET has its message
 * in the query.
 */
function methodIn(path: string): string {
  const query = path.indexOf('?')
  const end = query < 0 ? path.length : query
  const method = path.lastIndexOf('/', end - 1)
  const service = path.lastIndexOf('/', method - 1)
  return service <= 0 && query < 0 ? path : path.slice(Math.max(0, service), end)
}

/** Its process where that is on this node, else its address. */
function serverOf({ trace_role, upid, remote_upid, remote_addr, remote_port }: Ends): string {
  const process = trace_role === SERVER ? upid : remote_upid
  return process !== '' ? process : `${remote_addr} ${remote_port}`
}
