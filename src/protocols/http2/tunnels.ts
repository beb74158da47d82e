/** Streams that carry another protocol, as WebSocket (RFC 8441), in frames of data. */
import type { Side, Sink, Tunnel } from '../protocol'

/** Of one connection, at most; of a further one the oldest isn't read any longer. */
const MAX_TUNNELS = 1024
/** Memory of one, beside what waits in it. */
const TUNNEL_BYTES = 2048

interface Open {
  readonly tunnel: Tunnel
  /** The side that has ended. */
  ended: Side | undefined
  /** As last added up. */
  held: number
}

export class Tunnels {
  /** Bytes of memory of all of them. */
  held = 0
  readonly #open = new Map<number, Open>()
  /** Those that passing time will decide. */
  readonly #undecided = new Set<number>()

  get isUndecided(): boolean {
    return this.#undecided.size > 0
  }

  get isEmpty(): boolean {
    return this.#open.size === 0
  }

  at(stream: number): Tunnel | undefined {
    return this.#open.size === 0 ? undefined : this.#open.get(stream)?.tunnel
  }

  add(stream: number, tunnel: Tunnel, timeNs: number): void {
    this.close(stream, timeNs)
    const open = { tunnel, ended: undefined, held: 0 }
    this.#open.set(stream, open)
    this.#addUp(open)
    if (this.#open.size <= MAX_TUNNELS) return
    for (const oldest of this.#open.keys()) {
      this.close(oldest, timeNs)
      return
    }
  }

  /** True where the stream is a tunnel. */
  bytes(stream: number, side: Side, bytes: Uint8Array, timeNs: number): boolean {
    return this.#at(stream, ({ tunnel }) => tunnel.bytes(side, bytes, timeNs))
  }

  missing(stream: number, side: Side, bytes: number, timeNs: number): boolean {
    return this.#at(stream, ({ tunnel }) => tunnel.missing(side, bytes, timeNs))
  }

  /** Nothing more is said by this side. */
  ends(stream: number, side: Side, timeNs: number): boolean {
    return this.#at(stream, (open) => {
      const isLast = open.ended !== undefined && open.ended !== side
      open.ended = side
      if (isLast) this.close(stream, timeNs)
    })
  }

  close(stream: number, timeNs: number): void {
    const open = this.#open.get(stream)
    if (!open) return
    open.tunnel.settle(timeNs, true)
    this.#open.delete(stream)
    this.#undecided.delete(stream)
    this.held -= open.held
  }

  /** Bytes of this side were lost, of whichever stream. */
  lose(side: Side, timeNs: number): void {
    for (const stream of this.#open.keys()) this.missing(stream, side, Number.POSITIVE_INFINITY, timeNs)
  }

  settle(nowNs: number, final: boolean): void {
    if (final) for (const stream of this.#open.keys()) this.close(stream, nowNs)
    for (const stream of this.#undecided) this.#at(stream, ({ tunnel }) => tunnel.settle(nowNs, false))
  }

  underWay(nowNs: number, sink: Sink): void {
    for (const { tunnel } of this.#open.values()) tunnel.underWay(nowNs, sink)
  }

  /** Gives up all of them, as each takes memory; returns how many. */
  shed(): number {
    const { size } = this.#open
    for (const { tunnel } of this.#open.values()) tunnel.shed()
    this.#open.clear()
    this.#undecided.clear()
    this.held = 0
    return size
  }

  #at(stream: number, use: (open: Open) => void): boolean {
    const open = this.#open.size === 0 ? undefined : this.#open.get(stream)
    if (!open) return false
    use(open)
    if (!this.#open.has(stream)) return true
    this.#addUp(open)
    if (open.tunnel.isUndecided) this.#undecided.add(stream)
    else this.#undecided.delete(stream)
    return true
  }

  #addUp(open: Open): void {
    const held = TUNNEL_BYTES + open.tunnel.held
    this.held += held - open.held
    open.held = held
  }
}
