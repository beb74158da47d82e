/**
 * Server ends on this node, by the address and port of the client and the port of the server. A client that dialled a
 * service's address sees another server than the one that answers: such a one is found by its own address and port
 * alone. (A published port of a container is another port too, at an address that tells nothing: recorded at both ends.)
 */

interface Ends {
  readonly localAddr: string
  readonly localPort: number
  readonly remoteAddr: string
  readonly remotePort: number
}

const ANY_PORT = 0

const key = (clientAddr: string, clientPort: number, serverPort: number) =>
  `${clientPort}:${serverPort}:${clientAddr}`

export class LocalPeers {
  readonly #servers = new Map<string, number>()
  #services: ReadonlySet<string> = new Set()

  /** Addresses behind which another one answers: those of a cluster's services. */
  set services(addresses: ReadonlySet<string>) {
    this.#services = addresses
  }

  /** Takes a server's end. */
  add({ remoteAddr, remotePort, localPort }: Ends, connId: number): void {
    this.#servers.set(key(remoteAddr, remotePort, localPort), connId)
    this.#servers.set(key(remoteAddr, remotePort, ANY_PORT), connId)
  }

  /** Whether the other end of a client's is here too. */
  has({ localAddr, localPort, remoteAddr, remotePort }: Ends): boolean {
    const port = this.#services.has(remoteAddr) ? ANY_PORT : remotePort
    return this.#servers.has(key(localAddr, localPort, port))
  }

  /** Its keys may have been taken over by a later connection. */
  remove({ remoteAddr, remotePort, localPort }: Ends, connId: number): void {
    for (const port of [localPort, ANY_PORT]) {
      const one = key(remoteAddr, remotePort, port)
      if (this.#servers.get(one) === connId) this.#servers.delete(one)
    }
  }
}
