/** One end of a conversation as the node sees it: its owner, the other end, and its counts. */
import { type ByteTotals, SENT, type SocketEvent } from '../events/socket-event'
import type { Connection } from '../protocols/protocol'
import { ROLE_CLIENT, ROLE_SERVER, ROLE_UNKNOWN, type Role } from '../records/types'
import type { CountedConnection, StatsRow } from './conn-stats'

export interface Addresses {
  readonly localAddr: string
  readonly localPort: number
  readonly remoteAddr: string
  readonly remotePort: number
  readonly netns: number
  readonly firstSent: number
  readonly firstReceived: number
}

/** A connection that may have both ends on this node. */
export interface BothEnds {
  /** The key by which each end finds it. */
  readonly key: string
  server: End | undefined
  client: End | undefined
  /** The server's end records the exchanges on the wire, and those within its TLS. */
  isRecorded: boolean
  isRecordedWithin: boolean
}

/** Contents that a server keeps of each socket: a client's end looks for its own among them within some 100 ms. */
const RECENT_CONTENTS = 32

/** Bytes within TLS that are no data: an alert that says goodbye (RFC 8446 §6.1). */
const LAST_WORDS = 64

const NONE: readonly never[] = []

export class End implements CountedConnection {
  readonly localAddr: string
  readonly localPort: number
  role: Role
  upid = ''
  protocolCode = 0
  encrypted = false
  /** What is within its TLS comes here. */
  isReadWithin = false
  countedUnread = false
  /** Bytes of the client when its data became hidden. */
  #hiddenFrom = Number.POSITIVE_INFINITY
  closed = false
  stats: StatsRow | undefined
  countedSent = 0
  countedReceived = 0
  countedClosed = false
  /** Exchanges that the kernel counted while the connection was shed, and those of them that `ShedCounts` has. */
  shedExchanges = 0
  countedShed = 0
  /** Exchanges that were counted and weren't there: as many fewer are counted next. */
  shedTooMany = 0
  /** The connections that it may belong to. */
  links: readonly BothEnds[] = NONE
  /**
   * For datagrams: the content of the client's newest one, which identifies both ends however addresses are translated; where the
   * server reads without asking for the sender, the newest ones of all senders.
   */
  contents: readonly string[] = NONE
  /** The connection's own key: it finds the other end. */
  readonly peerAddr: string
  readonly peerPort: number
  readonly netns: number
  readonly firstReceived: number
  readonly #firstSent: number
  readonly #isSideKnown: boolean
  #remoteAddr: string
  #remotePort: number
  #remoteUpid = ''
  /** The process at the other end of the connection is not the one at this address. */
  #isProxied = false
  #connection: Connection | undefined
  /** Bytes that events reported. */
  #seenSent = 0
  #seenReceived = 0
  /** The kernel's counts: they are ahead of its events, and include bytes without events. */
  #toldSent = 0
  #toldReceived = 0

  constructor(addresses: Addresses, role: Role) {
    const { localAddr, localPort, remoteAddr, remotePort } = addresses
    this.netns = addresses.netns
    this.firstReceived = addresses.firstReceived
    this.#firstSent = addresses.firstSent
    this.#isSideKnown = role !== ROLE_UNKNOWN
    this.localAddr = localAddr
    this.localPort = localPort
    this.peerAddr = this.#remoteAddr = remoteAddr
    this.peerPort = this.#remotePort = remotePort
    this.role = role
  }

  /** For datagrams: notes the content of one that the client sends. */
  hears(content: string): void {
    this.contents = this.isNameless ? [content, ...this.contents.slice(0, RECENT_CONTENTS - 1)] : [content]
  }

  /** A server without known clients: it read datagrams without asking for their senders. */
  get isNameless(): boolean {
    return this.isDatagrams && this.peerPort === 0
  }

  /** Its data has no order, and so no beginning. */
  get isDatagrams(): boolean {
    return this.#firstSent === 0 && this.firstReceived === 0
  }

  /** TCP sequence number of the first byte that it sends; see `SocketEvent`. */
  get firstSent(): number {
    return !this.#isSideKnown && this.role === ROLE_CLIENT ? (this.#firstSent + 1) >>> 0 : this.#firstSent
  }

  get remoteAddr(): string {
    return this.#remoteAddr
  }

  get remotePort(): number {
    return this.#remotePort
  }

  get remoteUpid(): string {
    return this.#remoteUpid
  }

  set remoteUpid(upid: string) {
    if (upid === this.#remoteUpid || this.#isProxied) return
    this.#remoteUpid = upid
    this.#connection = undefined
  }

  /** The client's address, as the proxy in between tells it. */
  setRemote(address: string, port: number): void {
    this.#remoteAddr = address
    this.#remotePort = port
    this.#remoteUpid = ''
    this.#isProxied = true
    this.#connection = undefined
  }

  get bytesSent(): number {
    return Math.max(this.#seenSent, this.#toldSent)
  }

  get bytesReceived(): number {
    return Math.max(this.#seenReceived, this.#toldReceived)
  }

  /** Counts the bytes of a call. */
  moves({ direction, size }: Pick<SocketEvent, 'direction' | 'size'>): void {
    if (direction === SENT) this.#seenSent += size
    else this.#seenReceived += size
  }

  /** Counts bytes that no event will report. */
  missed({ bytesSent, bytesReceived }: ByteTotals): void {
    this.#seenSent += bytesSent
    this.#seenReceived += bytesReceived
  }

  /** Takes the kernel's counts of all bytes moved so far; events of the last ones may still come. */
  told({ bytesSent, bytesReceived }: ByteTotals): void {
    this.#toldSent = Math.max(this.#toldSent, bytesSent)
    this.#toldReceived = Math.max(this.#toldReceived, bytesReceived)
  }

  /** Data that comes from now on is in none of the counts so far. */
  ends(): void {
    this.#seenSent = this.bytesSent
    this.#seenReceived = this.bytesReceived
  }

  /** Its data is encrypted, `before` bytes of the client's ago. */
  hides(before: number): void {
    this.#hiddenFrom = (this.role === ROLE_SERVER ? this.#seenReceived : this.#seenSent) - before
  }

  get #fromClient(): number {
    return this.role === ROLE_SERVER ? this.bytesReceived : this.bytesSent
  }

  /** The client has said something within TLS, and it is read at neither end. The server's end knows best where its handshake ended. */
  get isUnread(): boolean {
    if (!this.encrypted || this.isReadWithin) return false
    for (const { server, client } of this.links) {
      if (server?.isReadWithin || client?.isReadWithin) return false
      if (server && server !== this) return server.isUnread
    }
    return this.#fromClient - this.#hiddenFrom > LAST_WORDS
  }

  belongsTo(upid: string): void {
    this.upid = upid
    this.#connection = undefined
  }

  takesRole(role: Role): void {
    this.role = role
    this.#connection = undefined
  }

  /** The columns that every record of it has. */
  get connection(): Connection {
    this.#connection ??= {
      upid: this.upid,
      remote_addr: this.#remoteAddr === '' ? '-' : this.#remoteAddr,
      remote_port: this.#remotePort,
      local_addr: this.localAddr,
      local_port: this.localPort,
      trace_role: this.role,
      encrypted: this.encrypted,
      remote_upid: this.#remoteUpid,
    }
    return this.#connection
  }

  encrypts(isEncrypted: boolean): void {
    this.encrypted = isEncrypted
    this.#connection = undefined
  }
}
