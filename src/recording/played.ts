/** The kernel, its clock and its feeds as a recording has them: nothing is loaded. */
import { type ProcessEvent, RingProcessEvent } from '../events/identity'
import { RingSocketEvent } from '../events/socket'
import type { SocketEvent, SocketTotals } from '../events/socket-event'
import type { Kernel } from '../kernel/kernel'
import { refusedObject } from '../kernel/object'
import type { IdentityFeed } from '../sources/identities/probe'
import type { SocketFeed } from '../sources/sockets/feed'
import { type Header, lostOf, MAX_FRAME, NOTHING_LOST, TOTALS_FIELDS } from './format'

export class PlayedKernel implements Kernel {
  readonly enabled = true
  readonly probes = []
  readonly timeBase: bigint
  readonly clock: { base: { high: number; low: number }; correctionNs: number }
  #nowNs: number

  constructor({ clock: { timeBase, high, low, startNs } }: Header) {
    this.timeBase = BigInt(timeBase)
    this.clock = { base: { high, low }, correctionNs: 0 }
    this.#nowNs = startNs
  }

  now(): number {
    return this.#nowNs
  }

  set(nowNs: number, correctionNs: number): void {
    this.#nowNs = nowNs
    this.clock.correctionNs = correctionNs
  }

  follow(): void {}

  open: Kernel['open'] = (spec) => refusedObject(spec, 'a recording is played', '')

  watch(): boolean {
    return false
  }

  missedRuns(): number {
    return 0
  }

  close(): void {}
}

/** What the rings gave, until it is drained. */
export class PlayedRings {
  readonly #processes: Uint8Array[] = []
  readonly #sockets: Uint8Array[] = []
  readonly #kernel: PlayedKernel
  readonly #buffer = new ArrayBuffer(MAX_FRAME)
  readonly #bytes = new Uint8Array(this.#buffer)
  readonly #socketEvent: RingSocketEvent
  readonly #processEvent = new RingProcessEvent(this.#buffer)
  #waiting = 0
  totals: readonly SocketTotals[] = []
  lost = NOTHING_LOST

  constructor(kernel: PlayedKernel) {
    this.#kernel = kernel
    this.#socketEvent = new RingSocketEvent(this.#buffer, kernel.clock.base)
  }

  /** Bytes that wait. */
  get waiting(): number {
    return this.#waiting
  }

  /** `bytes`: an event of this version's layout, which nobody changes any more. */
  add(kind: 'process' | 'socket', bytes: Uint8Array): void {
    ;(kind === 'process' ? this.#processes : this.#sockets).push(bytes)
    this.#waiting += bytes.length
  }

  setTotals(numbers: readonly number[]): void {
    const totals: SocketTotals[] = []
    for (let i = 0; i + TOTALS_FIELDS <= numbers.length; i += TOTALS_FIELDS) {
      const [connId, bytesSent, bytesReceived, lostEvents, shedExchanges] = numbers.slice(
        i,
        i + TOTALS_FIELDS,
      )
      totals.push({
        connId: connId!,
        bytesSent: bytesSent!,
        bytesReceived: bytesReceived!,
        lostEvents: lostEvents!,
        shedExchanges: shedExchanges!,
      })
    }
    this.totals = totals
  }

  setLost(counts: readonly number[]): void {
    this.lost = lostOf(counts)
  }

  #drain(ring: Uint8Array[], handle: () => void, maxEvents: number, maxBytes = Infinity): number {
    let count = 0
    let bytes = 0
    while (count < ring.length && count < maxEvents && bytes < maxBytes) {
      const event = ring[count++]!
      bytes += event.length
      this.#bytes.set(event)
      handle()
    }
    ring.splice(0, count)
    this.#waiting -= bytes
    return count
  }

  readonly identityFeed: IdentityFeed = {
    probes: [],
    isTold: true,
    drain: (handler: (event: ProcessEvent) => void, maxEvents) =>
      this.#drain(this.#processes, () => handler(this.#processEvent.at(0)), maxEvents),
    listening: () => [],
    lost: () => this.lost.lostIdentities,
    close: () => {},
  }

  readonly socketFeed: SocketFeed = {
    drain: (handler: (event: SocketEvent) => void, maxEvents, maxBytes) => {
      this.#socketEvent.correctionNs = this.#kernel.clock.correctionNs
      return this.#drain(this.#sockets, () => handler(this.#socketEvent.at(0)), maxEvents, maxBytes)
    },
    fill: () => 0,
    // What the kernel would be told changes nothing of what was recorded.
    setVerdict: () => {},
    setPlainVerdict: () => {},
    leaveOut: () => {},
    setGate: () => {},
    drawAnew: () => {},
    totals: (handler) => {
      for (const totals of this.totals) handler(totals)
    },
    lost: () => ({ events: this.lost.lostEvents, bytes: this.lost.lostBytes }),
    uncaptured: () => this.lost,
    close: () => {},
  }
}
