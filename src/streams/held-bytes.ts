/**
 * The memory that waits in all connections together: unfinished messages, unanswered requests, events ahead of their stream.
 * When it goes beyond its budget, the largest of the connections that have waited longest gives up what it holds.
 */
import type { Counters } from '../health/counters'
import type { Followed } from './shared-state'

/** The largest among this many of those that have waited longest gives up its data. */
const AMONG = 64

export class HeldBytes {
  bytes = 0
  /** In the order in which they began to wait; those that no longer wait are removed when the list is gone through. */
  readonly #holding = new Set<Followed>()
  readonly #budget: number
  readonly #counters: Counters

  constructor(budget: number, counters: Counters) {
    this.#budget = budget
    this.#counters = counters
  }

  /** The number of those that hold something. */
  *sockets(): Iterable<Followed> {
    for (const socket of this.#holding) {
      if (socket.heldBytes > 0) yield socket
      else this.#leave(socket)
    }
  }

  /** Updates the sum with the bytes that the socket holds now. */
  update(socket: Followed): void {
    const { held } = socket
    if (held === socket.heldBytes) return
    if (!socket.isHolding) this.#join(socket)
    this.bytes += held - socket.heldBytes
    socket.heldBytes = held
    if (this.bytes > this.#budget) this.#shedTo(this.#budget)
  }

  /** Memory is needed elsewhere: half of the waiting bytes are given up, but this many stay. */
  halve(least: number): void {
    this.#shedTo(Math.max(least, this.bytes / 2))
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

  #shedTo(budget: number): void {
    /** Those that had nothing more to give up. */
    const stubborn = new Set<Followed>()
    while (this.bytes > budget && stubborn.size < AMONG) {
      const largest = this.#largest(stubborn)
      if (!largest) break
      const before = this.bytes
      largest.shed()
      const { held } = largest
      this.bytes += held - largest.heldBytes
      largest.heldBytes = held
      // A socket that keeps something goes to the end of the list.
      this.#leave(largest)
      if (held > 0) this.#join(largest)
      if (this.bytes >= before) stubborn.add(largest)
      else {
        this.#counters.shedConnections++
        this.#counters.shedBytes += before - this.bytes
      }
    }
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
