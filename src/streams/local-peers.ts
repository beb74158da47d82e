/**
 * Server ends on this node, by the client's address and port and the server's port: the address that the client
 * dialled may be another one than the server sees (a service address, a published port's is another port: such
 * a connection is recorded at both ends).
 */
export class LocalPeers {
  readonly #servers = new Map<string, number>()

  static key(clientAddr: string, clientPort: number, serverPort: number): string {
    return `${clientPort}:${serverPort}:${clientAddr}`
  }

  add(key: string, connId: number): void {
    this.#servers.set(key, connId)
  }

  has(key: string): boolean {
    return this.#servers.has(key)
  }

  /** The key may have been taken over by a later connection. */
  remove(key: string, connId: number): void {
    if (this.#servers.get(key) === connId) this.#servers.delete(key)
  }
}
