/**
 * Connections whose both ends are on this node: the record is the server's, and each end learns whose the other is. Ends of TCP
 * are matched by where both streams began: translated addresses and equal ones in other network namespaces are no matter.
 * Those of datagrams by the address and port of the client and the port of the server; a client that dialled a service's
 * address sees another server than the one that answers: such a one is found by its own address and port alone. And by what
 * the client's newest datagram holds, since a socket may have no address of its own, and addresses may be translated.
 */
import { ROLE_CLIENT, ROLE_SERVER } from '../records/types'
import type { BothEnds, End } from './end'

const ANY_PORT = 0

const LOOPBACK = /^(127\.|::1$)/

/** Loopback's addresses are another machine's in each network namespace. */
function keyOf(netns: number, clientAddr: string, clientPort: number, serverPort: number): string {
  const place = LOOPBACK.test(clientAddr) ? `${netns}/` : ''
  return `${clientPort}:${serverPort}:${place}${clientAddr}`
}

/** An end that has closed stays known for so long: the other one may be read only later. */
const LINGER_NS = 10e9
const MAX_LEAVING = 8192

export class LocalPeers {
  readonly #ends = new Map<string, BothEnds>()
  readonly #leaving: { end: End; atNs: number }[] = []
  #services: ReadonlySet<string> = new Set()

  /** Addresses behind which another one answers: those of a cluster's services. */
  set services(addresses: ReadonlySet<string>) {
    this.#services = addresses
  }

  /** Takes an end whose role and process are known, as often as they change. */
  join(end: End): void {
    const keys = this.#keys(end)
    // They are others than before once its role is.
    for (const key of end.keys) if (!keys.includes(key)) this.#drop(key, end)
    end.keys = keys
    const links: BothEnds[] = []
    for (const key of keys) {
      let ends = this.#ends.get(key)
      if (!ends) {
        ends = { server: undefined, client: undefined, isRecorded: false }
        this.#ends.set(key, ends)
      }
      if (end.role === ROLE_SERVER) {
        if (ends.server !== end) ends.isRecorded = false
        ends.server = end
      } else {
        ends.client = end
        links.push(ends)
      }
      introduce(ends)
    }
    end.links = links
  }

  /** The server's end is being recorded. */
  records(end: End): void {
    for (const key of end.keys) {
      const ends = this.#ends.get(key)
      if (ends?.server === end) ends.isRecorded = true
    }
  }

  /** Whether the other end of a client's is recorded. */
  has(end: End): boolean {
    if (end.role !== ROLE_CLIENT) return false
    for (const ends of end.links) if (ends.isRecorded && isOther(ends.server, end)) return true
    return false
  }

  /** Whether the server's end of a client's is on this node, be it recorded or not. */
  hasServer(end: End): boolean {
    return end.role === ROLE_CLIENT && end.links.some(({ server }) => server && isOther(server, end))
  }

  /** The end has closed. */
  leave(end: End, nowNs: number): void {
    this.#leaving.push({ end, atNs: nowNs })
  }

  /** Forgets those that closed long ago, and of many the oldest at once. Their keys may have been taken over by a later connection. */
  forget(nowNs: number): void {
    let gone = 0
    for (const { end, atNs } of this.#leaving) {
      if (nowNs - atNs < LINGER_NS && this.#leaving.length - gone <= MAX_LEAVING) break
      gone++
      for (const key of end.keys) this.#drop(key, end)
    }
    if (gone > 0) this.#leaving.splice(0, gone)
  }

  #drop(key: string, end: End): void {
    const ends = this.#ends.get(key)
    if (!ends) return
    if (ends.server === end) {
      ends.server = undefined
      ends.isRecorded = false
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

/** A datagram socket that isn't bound to one address. */
const isWildcard = (address: string) => address === '0.0.0.0' || address === '::'

/** Whence the node itself sends to one of its addresses: from the same one, and to any loopback address from the first. */
function addressTowards(address: string): string {
  return address.startsWith('127.') ? '127.0.0.1' : address
}

/** A process that passes on what it was asked is not its own client. */
const isOther = (one: End | undefined, other: End): boolean =>
  one === undefined || one.upid === '' || one.upid !== other.upid || one.contents.length === 0

function introduce({ server, client }: BothEnds): void {
  if (!server || !client || !isOther(server, client)) return
  // One that doesn't ask who it was has many clients.
  if (client.upid !== '' && !server.isNameless) server.remoteUpid = client.upid
  if (server.upid !== '') client.remoteUpid = server.upid
}
