/** A conversation over bytes that have an order: those of a TCP connection, or the plaintext within its TLS. */
import { type ByteTotals, type Direction, RECEIVED } from '../events/socket-event'
import type { Transport } from '../protocols/protocol'
import type { End } from './end'
import type { Host } from './host'
import { LeaveOut } from './leave-out'
import { Sequencer } from './sequencer'
import type { SharedState } from './shared-state'
import { Talk } from './talk'

/** How long an event ahead of its stream waits for the missing ones. */
const HELD_NS = 5e6

export interface StreamOptions {
  readonly end: End
  readonly transport: Transport
  /** Offsets from which on all bytes are seen, as far as they are known; `isWhole`: those of the first bytes. */
  readonly begins: Place | undefined
  readonly isWhole: boolean
  readonly shared: SharedState
  readonly host: Host
  /** Undefined where the kernel leaves nothing out. */
  readonly kernel?: LeavesOut
}

/** Where both directions stand. */
export interface Place {
  readonly received: number
  readonly sent: number
}

export interface LeavesOut {
  /** Lets the kernel leave out the bytes of a direction before an offset. */
  leaveOut(direction: Direction, until: number): void
}

export class Stream {
  readonly talk: Talk
  readonly #received: Sequencer
  readonly #sent: Sequencer
  readonly #kernel: LeavesOut | undefined
  /** Made when there is something to leave out. */
  #leftOut: Partial<Record<Direction, LeaveOut>> | undefined

  constructor({ end, transport, begins, isWhole, shared, host, kernel }: StreamOptions) {
    this.talk = new Talk(end, transport, isWhole, shared, host)
    this.#received = new Sequencer(this.talk.received, this.talk)
    this.#sent = new Sequencer(this.talk.sent, this.talk)
    this.#kernel = kernel
    if (!begins) return
    this.#received.begin(begins.received)
    this.#sent.begin(begins.sent)
  }

  get held(): number {
    return this.talk.held + this.#received.held + this.#sent.held
  }

  /** `size` bytes from `offset` on were moved; `payload` is their captured beginning. True when something is held. */
  take(direction: Direction, offset: number, size: number, payload: Uint8Array, timeNs: number): boolean {
    const isReceived = direction === RECEIVED
    const stream = isReceived ? this.#received : this.#sent
    const opposite = isReceived ? this.#sent : this.#received
    if (opposite.holds) opposite.flush()
    stream.take(offset, size, payload, timeNs)
    const half = isReceived ? this.talk.received : this.talk.sent
    this.#tellUnwanted(direction, stream.next, this.talk.unwanted(half))
    return stream.holds
  }

  #tellUnwanted(direction: Direction, next: number, unwanted: number): void {
    const kernel = this.#kernel
    if (!kernel || (unwanted === 0 && !this.#leftOut)) return
    this.#leftOut ??= {}
    this.#leftOut[direction] ??= new LeaveOut((until) => kernel.leaveOut(direction, until))
    this.#leftOut[direction].follow(next, unwanted)
  }

  /** True while passing time may decide something. */
  tick(nowNs: number): boolean {
    for (const stream of [this.#received, this.#sent])
      if (stream.holds && nowNs - stream.heldNs > HELD_NS) stream.flush()
    const waits = this.talk.tick(nowNs)
    return waits || this.#received.holds || this.#sent.holds
  }

  /** `moved`: the number of all moved bytes, if known. */
  finish(timeNs: number, moved: ByteTotals | undefined): void {
    this.#received.flush()
    this.#sent.flush()
    if (moved && !this.talk.isCounting) {
      this.#received.end(moved.bytesReceived, timeNs)
      this.#sent.end(moved.bytesSent, timeNs)
    }
    this.talk.close(timeNs, moved !== undefined)
  }

  /** Nixie stops following the connection, which stays open. */
  stop(timeNs: number): void {
    this.#received.flush()
    this.#sent.flush()
    this.talk.stop(timeNs, false)
  }

  /**
   * Data of both ends was shed here; the next bytes come after it. `begins`: they surely begin an exchange. `counted`: the kernel has
   * counted so many; undefined: it hasn't told.
   */
  passOver(timeNs: number, begins: boolean, counted: number | undefined): void {
    this.#received.flush()
    this.#sent.flush()
    this.talk.passOver(timeNs, begins, counted)
    this.#received.restart()
    this.#sent.restart()
  }

  /** Forgets events that were held ahead of the stream. */
  drop(): void {
    this.#received.drop()
    this.#sent.drop()
  }

  shed(): void {
    this.drop()
    this.talk.shed()
  }

  /** Reads the connection anew, like one that was joined after its opening. */
  restart(): void {
    this.talk.restart()
    this.#received.restart()
    this.#sent.restart()
  }
}
