/**
 * Connections with both ends on this node: the server's end records them, and each end learns the other's process. TCP ends
 * are matched by the sequence numbers at which both streams began, so translated addresses, and equal ones in other network
 * namespaces, do no harm. Datagram ends are matched by the address and port of the client and the port of the server. A client that
 * connected to a service's address sees another server than the one that answers: it is found by its own address and port alone. The
 * content of the client's newest datagram is a further key, since a socket may have no address, and addresses may be translated.
 */
import { ROLE_CLIENT, ROLE_SERVER } from '../records/types'
import type { BothEnds, End } from './end'

const ANY_PORT = 0

const LOOPBACK = /^(127\.|::1$)/

/** Each network namespace has loopback addresses of its own. */
function keyOf(netns: number, clientAddr: string, clientPort: number, serverPort: number): string {
  const place = LOOPBACK.test(clientAddr) ? `${netns}/` : ''
  return `${clientPort}:${serverPort}:${place}${clientAddr}`
}

/** How long a closed end stays known: the events of the other end may be read only later. */
const LINGER_NS = 10e9
const MAX_LEAVING = 8192

export class LocalPeers {
  readonly #ends = new Map<string, BothEnds>()
  /** Sockets that answer datagrams: by address and port, how many. */
  readonly #servers = new Map<string, number>()
  readonly #leaving: { end: End; atNs: number }[] = []
  #services: ReadonlySet<string> = new Set()

  /** Addresses behind which another address answers: those of a cluster's services. */
  set services(addresses: ReadonlySet<string>) {
    this.#services = addresses
  }

  /** Takes an end whose role and process are known; call it again when they change. */
  join(end: End): void {
    const keys = this.#keys(end)
    // Its keys change when its role does.
    for (const { key } of end.links) if (!keys.includes(key)) this.#drop(key, end)
    end.links = keys.map((key) => this.#link(key, end))
  }

  #link(key: string, end: End): BothEnds {
    let ends = this.#ends.get(key)
    if (!ends) {
      ends = { key, server: undefined, client: undefined, isRecorded: false, isRecordedWithin: false }
      this.#ends.set(key, ends)
    }
    if (end.role === ROLE_SERVER) {
      if (ends.server !== end) ends.isRecorded = ends.isRecordedWithin = false
      ends.server = end
    } else ends.client = end
    introduce(ends)
    return ends
  }

  /** The server's end records its connection: what is on the wire, or `within` its TLS. */
  records(end: End, within = false): void {
    for (const { key } of end.links) {
      const ends = this.#ends.get(key)
      if (ends?.server !== end) continue
      if (within) ends.isRecordedWithin = true
      else ends.isRecorded = true
    }
  }

  /** Whether the server's end of a client's connection records it. */
  has(end: End, within = false): boolean {
    if (end.role !== ROLE_CLIENT) return false
    for (const ends of end.links)
      if ((within ? ends.isRecordedWithin : ends.isRecorded) && isOther(ends.server, end)) return true
    return false
  }

  /** Whether the server's end of a client's connection is on this node, whether it records or not. */
  hasServer(end: End): boolean {
    return end.role === ROLE_CLIENT && end.links.some(({ server }) => server && isOther(server, end))
  }

  /** A socket that answers datagrams begins (1) or ends (-1). */
  serves(end: End, change: 1 | -1): void {
    const key = socketKey(end.netns, end.localAddr, end.localPort)
    const count = (this.#servers.get(key) ?? 0) + change
    if (count > 0) this.#servers.set(key, count)
    else this.#servers.delete(key)
  }

  /** Whether what a client asks in datagrams goes to a socket of this node, which may have been shed. */
  isServedHere({ role, netns, localAddr, peerAddr, peerPort }: End): boolean {
    if (role !== ROLE_CLIENT || this.#servers.size === 0) return false
    const isOwn = LOOPBACK.test(peerAddr) || peerAddr === localAddr
    const addresses = isOwn ? [peerAddr, '0.0.0.0', '::'] : [peerAddr]
    return addresses.some((address) => this.#servers.has(socketKey(netns, address, peerPort)))
  }

  /** The end has closed. */
  leave(end: End, nowNs: number): void {
    this.#leaving.push({ end, atNs: nowNs })
  }

  /** Forgets ends that closed long ago, and when there are many the oldest at once. A later connection may have taken over their keys. */
  forget(nowNs: number): void {
    let gone = 0
    for (const { end, atNs } of this.#leaving) {
      if (nowNs - atNs < LINGER_NS && this.#leaving.length - gone <= MAX_LEAVING) break
      gone++
      for (const { key } of end.links) this.#drop(key, end)
    }
    if (gone > 0) this.#leaving.splice(0, gone)
  }

  #drop(key: string, end: End): void {
    const ends = this.#ends.get(key)
    if (!ends) return
    if (ends.server === end) {
      ends.server = undefined
      ends.isRecorded = ends.isRecordedWithin = false
    }
    if (ends.client === end) ends.client = undefined
    if (!ends.server && !ends.client) this.#ends.delete(key)
  }

  #keys(end: End): string[] {
    const { role, firstSent, firstReceived } = end
    if (role !== ROLE_SERVER && role !== ROLE_CLIENT) return []
    if (end.isDatagrams) return [...this.#datagramKeys(end), ...end.contents]
    return [role === ROLE_CLIENT ? `${firstSent}>${firstReceived}` : `${firstReceived}>${firstSent}`]
  }

  #datagramKeys({ role, netns, localAddr, localPort, peerAddr, peerPort }: End): string[] {
    if (role === ROLE_SERVER)
      return [keyOf(netns, peerAddr, peerPort, localPort), keyOf(netns, peerAddr, peerPort, ANY_PORT)]
    const clientAddr = isWildcard(localAddr) ? addressTowards(peerAddr) : localAddr
    return [keyOf(netns, clientAddr, localPort, this.#services.has(peerAddr) ? ANY_PORT : peerPort)]
  }
}

/** Addresses beyond loopback, and not bound to any, are the same in all network namespaces. */
function socketKey(netns: number, address: string, port: number): string {
  return LOOPBACK.test(address) || isWildcard(address) ? `${netns}/${address}:${port}` : `${address}:${port}`
}

/** A datagram socket that isn't bound to one address. */
const isWildcard = (address: string) => address === '0.0.0.0' || address === '::'

/** The address from which the node sends to one of its own: the same one, and for any loopback address the first. */
function addressTowards(address: string): string {
  return address.startsWith('127.') ? '127.0.0.1' : address
}

/** A process that passes a request on is not its own client. */
const isOther = (one: End | undefined, other: End): boolean =>
  one === undefined || one.upid === '' || one.upid !== other.upid || one.contents.length === 0

function introduce({ server, client }: BothEnds): void {
  if (!server || !client || !isOther(server, client)) return
  // A server that doesn't ask for senders has many clients.
  if (client.upid !== '' && !server.isNameless) server.remoteUpid = client.upid
  if (server.upid !== '') client.remoteUpid = server.upid
}
