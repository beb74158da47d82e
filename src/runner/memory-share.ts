/** The memory that all query threads have together, in memory that they share: each has a slot and writes no other. */
import type { MemoryShare } from '../query/budget'
import { MemoryWatch } from './memory-watch'

/**
 * By accounting. What is accounted for takes up to twice as much while it is worked on and until it is collected, and
 * capture has its part of the 512 MiB that the manifests and the unit give to all.
 */
export const SHARED_MEMORY_BYTES = 128 << 20

/** Far more than there are threads: a slot comes again long after its thread has ended. */
const SLOTS = 256
/** A thread that is being ended may write once more. */
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

  /** Written before it is added up: of two threads that ask for the rest at once none gets it. */
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

  /** The thread has nothing under way. */
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
