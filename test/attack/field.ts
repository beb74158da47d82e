/** Where an attack takes place: sockets of both ends in this process, a time to stop at, a bound on bytes. */
import { connect, createServer, type Server, type Socket } from 'node:net'

const MAX_BYTES = 2 * 2 ** 30

export interface Attack {
  readonly name: string
  /** What it tries, for the table. */
  readonly what: string
  run(field: Field): Promise<void>
}

export class Field {
  readonly #endMs: number
  readonly #servers: Server[] = []
  readonly #counts = new Map<string, number>()
  #bytes = 0

  constructor(ms: number) {
    this.#endMs = performance.now() + ms
  }

  get isOver(): boolean {
    return performance.now() > this.#endMs || this.#bytes > MAX_BYTES
  }

  /** What was done so far, in words. */
  get did(): string {
    const counts = [...this.#counts].map(([what, count]) => `${count} ${what}`)
    return [...counts, `${(this.#bytes / 2 ** 20).toFixed(0)} MiB`].join(', ')
  }

  count(what: string, count = 1): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + count)
  }

  counts(bytes: number): void {
    this.#bytes += bytes
  }

  /** A server on loopback; the port. Without `said` it reads and says nothing. */
  async listen(said: (socket: Socket, bytes: Buffer) => void = () => {}): Promise<number> {
    const server = createServer((socket) => {
      socket.on('data', (bytes: Buffer) => said(socket, bytes))
      socket.on('error', () => {})
    })
    this.#servers.push(server)
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', 4096, done))
    return (server.address() as { port: number }).port
  }

  async open(port: number, heard: (bytes: Buffer) => void = () => {}): Promise<Socket> {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true })
    socket.on('data', heard)
    await new Promise<void>((done) => {
      socket.once('connect', done)
      socket.once('error', () => done())
    })
    socket.on('error', () => {})
    this.count('connections')
    return socket
  }

  openMany(port: number, count: number): Promise<Socket[]> {
    return Promise.all(Array.from({ length: count }, () => this.open(port)))
  }

  /** Resolves when the kernel has taken the bytes. */
  write(socket: Socket, bytes: Uint8Array | string): Promise<void> {
    const buffer = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes
    this.#bytes += buffer.length
    return new Promise((done) => {
      if (socket.destroyed) done()
      else socket.write(buffer, () => done())
    })
  }

  /** Writes what `make` gives to each of the sockets in turn until it is over; `perSecond` rounds at most. */
  async flood(
    sockets: readonly Socket[],
    make: (round: number, at: number) => Uint8Array | string,
    perSecond = 1000,
    rounds = Number.POSITIVE_INFINITY,
  ): Promise<void> {
    const from = performance.now()
    for (let round = 0; round < rounds && !this.isOver; round++) {
      await Promise.all(sockets.map((socket, at) => this.write(socket, make(round, at))))
      const early = from + (round * 1000) / perSecond - performance.now()
      await Bun.sleep(Math.max(0, early))
    }
  }

  /** Stays as it is until the time is over. */
  async rest(): Promise<void> {
    while (!this.isOver) await Bun.sleep(50)
  }

  close(): void {
    for (const server of this.#servers) server.close()
  }
}
