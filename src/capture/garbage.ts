/**
 * Has garbage collected before the process grows beyond its memory limit.
 *
 * What has waited for an answer is old when it goes, and the runtime looks for garbage among the old only when the heap has
 * doubled, on a thread that a busy machine may not run: a flood of large messages would take all of 512 MiB before. A
 * collection stands still for some 10 to 60 ms of processor time, by what lives, so it is for a process that is large and grows.
 */

/** Resident memory of the process below which garbage is the runtime's own business. */
const LARGE_BYTES = 320 << 20
/** Growth since the last collection, or the least since, that is worth another. */
const GROWTH_BYTES = 32 << 20
/** Between two looks, which take 10 µs each. */
const LOOK_EVERY_MS = 20
/** After a collection, the next is so many times as far away as that took. */
const PAUSE = 4

export interface Memory {
  /** Of the whole process. */
  residentBytes(): number
  /** Has the garbage of this thread collected, and its memory given back. */
  collect(): void
  nowMs(): number
}

const PROCESS: Memory = {
  residentBytes: () => process.memoryUsage.rss(),
  collect: () => Bun.gc(true),
  nowMs: () => performance.now(),
}

export class Garbage {
  readonly #memory: Memory
  #nextLookMs = Number.NEGATIVE_INFINITY
  #nextCollectionMs = Number.NEGATIVE_INFINITY
  #enoughBytes = LARGE_BYTES

  constructor(memory = PROCESS) {
    this.#memory = memory
  }

  /** To be called often; collects when it must be. */
  look(): void {
    const now = this.#memory.nowMs()
    if (now < this.#nextLookMs) return
    this.#nextLookMs = now + LOOK_EVERY_MS
    const resident = this.#memory.residentBytes()
    if (resident < this.#enoughBytes) this.#expectLess(resident)
    else if (now >= this.#nextCollectionMs) this.#collect(now)
  }

  #expectLess(resident: number): void {
    this.#enoughBytes = Math.max(LARGE_BYTES, Math.min(this.#enoughBytes, resident + GROWTH_BYTES))
  }

  #collect(from: number): void {
    this.#memory.collect()
    const to = this.#memory.nowMs()
    this.#nextCollectionMs = to + PAUSE * (to - from)
    this.#enoughBytes = Math.max(LARGE_BYTES, this.#memory.residentBytes() + GROWTH_BYTES)
  }
}
