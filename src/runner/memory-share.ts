/** Accounts for the memory of all query threads, in a shared array. Each thread has a slot and writes only to that. */
import type { MemoryShare } from '../query/budget'
import { MemoryWatch } from './memory-watch'

/**
 * Most accounted bytes. Accounted memory takes up to twice as much while it is worked on and until it is collected, and
 * capture needs its part of the 512 MiB that the manifests and the unit allow.
 */
export const SHARED_MEMORY_BYTES = 128 << 20

/** Number of slots, far more than threads: a slot is used again only long after its thread has ended. */
const SLOTS = 256
/** A thread that is being ended may still write once. */
const AFTERWARDS_MS = 2000
const KIB = 1024

export const sharedSlots = (): SharedArrayBuffer =>
  new SharedArrayBuffer(SLOTS * Int32Array.BYTES_PER_ELEMENT)

/** One thread's part. */
export class SlotShare implements MemoryShare {
  readonly limitBytes: number
  readonly #slots: Int32Array
  readonly #own: number
  readonly #watch: MemoryWatch

  constructor(
    shared: SharedArrayBuffer,
    own: number,
    limitBytes = SHARED_MEMORY_BYTES,
    watch = new MemoryWatch(),
  ) {
    this.#watch = watch
    this.#slots = new Int32Array(shared)
    this.#own = own
    this.limitBytes = limitBytes
  }

  /**
   * Written before the sum is taken. So two threads that ask for the rest at the same moment both may fail, but never
   * exceed the limit together.
   */
  take(bytes: number): boolean {
    const before = Atomics.load(this.#slots, this.#own)
    const wanted = Math.ceil(bytes / KIB)
    Atomics.store(this.#slots, this.#own, wanted)
    if (wanted <= before || this.#total() * KIB <= this.limitBytes) return true
    Atomics.store(this.#slots, this.#own, before)
    return false
  }

  check(): void {
    this.#watch.check()
  }

  /** Called when the thread has no task. */
  release(): void {
    this.take(0)
    this.#watch.clear()
  }

  #total(): number {
    let total = 0
    for (let i = 0; i < this.#slots.length; i++) total += Atomics.load(this.#slots, i)
    return total
  }
}

/** Gives out slots in turn, and frees those of threads that have ended. */
export class SlotGiver {
  readonly shared = sharedSlots()
  #next = 0

  give(): number {
    const slot = this.#next
    this.#next = (slot + 1) % SLOTS
    return slot
  }

  free(slot: number): void {
    const clear = () => Atomics.store(new Int32Array(this.shared), slot, 0)
    clear()
    setTimeout(clear, AFTERWARDS_MS).unref()
  }
}
