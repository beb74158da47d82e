/** One end of a conversation as the node sees it: whose it is, with whom it talks, and how much. */
import { type Moved, SENT, type SocketEvent } from '../events/socket-event'
import type { Connection } from '../protocols/protocol'
import { ROLE_CLIENT, ROLE_UNKNOWN, type Role } from '../records/types'
import type { Counted, StatsRow } from './conn-stats'

export interface Addresses {
  readonly localAddr: string
  readonly localPort: number
  readonly remoteAddr: string
  readonly remotePort: number
  readonly netns: number
  readonly firstSent: number
  readonly firstReceived: number
}

/** A connection of which both ends may be on this node. */
export interface BothEnds {
  server: End | undefined
  client: End | undefined
  /** The server's end records what is said. */
  isRecorded: boolean
}

/** A client's end looks for what it said within some 100 ms. */
const RECENT_CONTENTS = 32

const NONE: readonly never[] = []

export class End implements Counted {
  readonly localAddr: string
  readonly localPort: number
  role: Role
  upid = ''
  protocolCode = 0
  encrypted = false
  closed = false
  stats: StatsRow | undefined
  countedSent = 0
  countedReceived = 0
  countedClosed = false
  /** Exchanges that the kernel counted while the connection was shed, and those of them that `ShedCounts` has. */
  shedExchanges = 0
  countedShed = 0
  /** Of a client's end: the connections that it may be an end of. */
  links: readonly BothEnds[] = NONE
  /**
   * Of datagrams: what the client's newest one holds, by which both ends are known however addresses are translated; where the
   * server reads without asking who it is, the newest ones, by whomever.
   */
  contents: readonly string[] = NONE
  /** By which the other end finds it. */
  keys: readonly string[] = NONE
  /** Of the connection itself: what finds the other end. */
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
  /** Bytes that events told of. */
  #seenSent = 0
  #seenReceived = 0
  /** The kernel's counts: they are ahead of its events, and have what it sends none of. */
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

  /** Of datagrams: the client says so. */
  hears(content: string): void {
    this.contents = this.isNameless ? [content, ...this.contents.slice(0, RECENT_CONTENTS - 1)] : [content]
  }

  /** The server of nobody in particular: it read datagrams without asking from whom they are. */
  get isNameless(): boolean {
    return this.isDatagrams && this.peerPort === 0
  }

  /** Nothing that it says has an order, and so no beginning. */
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

  /** Whom it really talks to, as the proxy in between says. */
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

  /** Counts bytes of which no event will tell. */
  missed({ bytesSent, bytesReceived }: Moved): void {
    this.#seenSent += bytesSent
    this.#seenReceived += bytesReceived
  }

  /** The kernel's counts of all that was moved so far; events of the last of it may still come. */
  told({ bytesSent, bytesReceived }: Moved): void {
    this.#toldSent = Math.max(this.#toldSent, bytesSent)
    this.#toldReceived = Math.max(this.#toldReceived, bytesReceived)
  }

  /** What still comes is in none of the counts so far. */
  ends(): void {
    this.#seenSent = this.bytesSent
    this.#seenReceived = this.bytesReceived
  }

  belongsTo(upid: string): void {
    this.upid = upid
    this.#connection = undefined
  }

  takesRole(role: Role): void {
    this.role = role
    this.#connection = undefined
  }

  /** What every record of it says. */
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
