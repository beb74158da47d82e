/** Exchanges that the kernel counted without an event, by process and remote end. */
import type { Sink } from '../protocols/protocol'
import { shedExchanges } from '../records/shed-exchanges'
import { ROLE_CLIENT, ROLE_SERVER } from '../records/types'
import type { End } from './end'
import type { LocalPeers } from './local-peers'

/** Ports whose protocol is remembered at most. */
const MAX_PORTS = 4096
/** Rows of a second at most; further counts go to the last row of their process. */
const MAX_ROWS = 1024
/** Stands for the protocol of a port whose protocol makes no rows. */
const NOTHING = -1

interface Count {
  readonly end: End
  readonly protocol: number
  exchanges: number
}

export class ShedCounts {
  readonly #peers: LocalPeers
  #counts = new Map<string, Count>()
  /** The last protocol by server port, as a short connection may be shed from its beginning to its end. */
  readonly #spoken = new Map<string, number>()

  constructor(peers: LocalPeers) {
    this.#peers = peers
  }

  /** The end's protocol is known. */
  speaks(end: End): void {
    this.#remember(end, end.protocolCode)
  }

  /** The end's protocol makes no rows. */
  saysNothing(end: End): void {
    this.#remember(end, NOTHING)
  }

  /** Takes over the new part of the end's count. */
  update(end: End): void {
    const exchanges = end.shedExchanges - end.countedShed
    end.countedShed = end.shedExchanges
    if (exchanges > 0) this.add(end, exchanges)
  }

  /** Counts exchanges whose events came and were not read. Negative: so many were counted too often. */
  add(end: End, all: number): void {
    const exchanges = all - end.shedTooMany
    end.shedTooMany = Math.max(0, -exchanges)
    // Node-local traffic is counted once, at the server's end.
    if (exchanges <= 0 || this.#peers.hasServer(end) || this.#peers.isServedHere(end)) return
    const protocol = end.protocolCode || (this.#spoken.get(portOf(end)) ?? 0)
    if (protocol === NOTHING) return
    const whole = `${end.upid}|${end.role}|${protocol}|${end.remoteAddr}|${end.remoteUpid}`
    const key = this.#counts.size < MAX_ROWS ? whole : `${end.upid}|${protocol}`
    const count = this.#counts.get(key)
    if (count) count.exchanges += exchanges
    else this.#counts.set(key, { end, protocol, exchanges })
  }

  /** Makes rows of the counts since the last call; returns how many exchanges they are. */
  emit(nowNs: number, sink: Sink): number {
    let sum = 0
    for (const { end, protocol, exchanges } of this.#counts.values()) {
      sum += exchanges
      sink.append(shedExchanges, {
        time_: nowNs,
        upid: end.upid,
        remote_addr: end.remoteAddr === '' ? '-' : end.remoteAddr,
        remote_port: end.role === ROLE_SERVER ? 0 : end.remotePort,
        trace_role: end.role,
        protocol,
        exchanges,
        remote_upid: end.remoteUpid,
      })
    }
    if (sum > 0) this.#counts = new Map()
    return sum
  }

  #remember(end: End, protocol: number): void {
    const port = portOf(end)
    if (this.#spoken.get(port) === protocol) return
    this.#spoken.set(port, protocol)
    if (this.#spoken.size > MAX_PORTS) this.#spoken.delete(this.#spoken.keys().next().value!)
  }
}

const portOf = ({ role, netns, localPort, peerAddr, peerPort }: End): string =>
  role === ROLE_CLIENT ? `${peerAddr}:${peerPort}` : `${netns}:${localPort}`
