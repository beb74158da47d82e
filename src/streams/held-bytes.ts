/**
 * The memory that waits in all connections together: unfinished messages, unanswered requests, events ahead of their stream.
 * When it goes beyond its budget, the largest of the connections that have waited longest gives up what it holds.
 *
 * What has waited is old, and the runtime looks for garbage among the old only when the heap has doubled: under a flood that is
 * several budgets later. So it is told when a whole budget has been given up; that takes some 20 to 200 ms, and never more than a
 * fifth of the time.
 */
import type { Counters } from '../health/counters'
import type { Followed } from './surroundings'

/** Among so many of those that have waited longest the largest goes. */
const AMONG = 64
/** After garbage was collected, the next time is so many times as far away as that took. */
const COLLECT_PAUSE = 4

export class HeldBytes {
  bytes = 0
  /** In the order in which they began to wait; those that wait no longer leave when they are gone through. */
  readonly #holding = new Set<Followed>()
  readonly #budget: number
  readonly #counters: Counters
  readonly #collect: () => void
  /** Given up since garbage was last collected. */
  #garbage = 0
  #nextCollectionMs = Number.NEGATIVE_INFINITY

  /** `collect`: has garbage collected, and its memory given back. */
  constructor(budget: number, counters: Counters, collect = () => Bun.gc(true)) {
    this.#budget = budget
    this.#counters = counters
    this.#collect = collect
  }

  /** Those that hold something. */
  *sockets(): Iterable<Followed> {
    for (const socket of this.#holding) {
      if (socket.heldBytes > 0) yield socket
      else this.#leave(socket)
    }
  }

  /** Takes over what the socket holds by now. */
  update(socket: Followed): void {
    const { held } = socket
    if (held === socket.heldBytes) return
    if (!socket.isHolding) this.#join(socket)
    this.bytes += held - socket.heldBytes
    socket.heldBytes = held
    if (this.bytes > this.#budget) this.#relieve()
  }

  remove(socket: Followed): void {
    this.bytes -= socket.heldBytes
    socket.heldBytes = 0
    this.#leave(socket)
  }

  #join(socket: Followed): void {
    socket.isHolding = true
    this.#holding.add(socket)
  }

  #leave(socket: Followed): void {
    socket.isHolding = false
    this.#holding.delete(socket)
  }

  #relieve(): void {
    /** Those that had nothing more to give. */
    const stubborn = new Set<Followed>()
    while (this.bytes > this.#budget && stubborn.size < AMONG) {
      const largest = this.#largest(stubborn)
      if (!largest) break
      const before = this.bytes
      largest.shed()
      const { held } = largest
      this.bytes += held - largest.heldBytes
      largest.heldBytes = held
      // Who keeps something goes to the end of the line.
      this.#leave(largest)
      if (held > 0) this.#join(largest)
      if (this.bytes >= before) stubborn.add(largest)
      else {
        this.#counters.shedConnections++
        this.#counters.shedBytes += before - this.bytes
        this.#garbage += before - this.bytes
      }
    }
    this.#tidy()
  }

  #tidy(): void {
    if (this.#garbage < this.#budget) return
    const from = performance.now()
    if (from < this.#nextCollectionMs) return
    this.#garbage = 0
    this.#collect()
    const to = performance.now()
    this.#nextCollectionMs = to + COLLECT_PAUSE * (to - from)
  }

  #largest(except: ReadonlySet<Followed>): Followed | undefined {
    let largest: Followed | undefined
    let looked = 0
    for (const socket of this.sockets()) {
      if (except.has(socket)) continue
      if (!largest || socket.heldBytes > largest.heldBytes) largest = socket
      if (++looked === AMONG) break
    }
    return largest
  }
}
