/**
 * Collects garbage before the process grows beyond its memory limit.
 *
 * Messages that waited for an answer are old objects when they become garbage. The runtime looks for old garbage only when the heap
 * has doubled, on a thread that a busy machine may not run: a flood of large messages would take all of 512 MiB before. So this thread
 * collects by itself, at once, when memory grows:
 *
 * - new objects only, whenever the process has grown a little: this takes 0.3 ms, and more for objects that live;
 * - everything, when the process is large and has grown: 10 to 30 ms of processor time, by the number of living objects. The runtime
 *   then reuses the memory bit by bit;
 * - everything, and returns the memory to the system at once, when the process would soon be full: 40 to 60 ms.
 *
 * The thread looks at the ring right before and after the long collections, so that it is not away for longer than they take.
 *
 * This thread makes garbage only while it is on a processor, so the pauses between collections are measured in that time: on a busy
 * machine a collection takes many times as long, and no garbage is made meanwhile.
 */
import { edenGC, fullGC } from 'bun:jsc'
import { threadCpuNs } from '../kernel/libc'

const MIB = 1 << 20
/** Growth of the process that is worth a collection of new objects. */
const YOUNG_GROWTH_BYTES = 16 * MIB
/** Resident memory of the process below which old garbage is left to the runtime. */
const LARGE_BYTES = 296 * MIB
/** Growth since the last full collection, or since the least size after it, that is worth another one. */
const GROWTH_BYTES = 32 * MIB
/** From this size on garbage is collected and swept first, and if it still is larger, too much is alive. */
const FULL_BYTES = 360 * MIB
/** … unless another thread holds it: growth that is worth a collection all the same. */
const FULL_GROWTH_BYTES = 8 * MIB
/** Time between two readings of the memory size, which take 15 µs each. */
const LOOK_EVERY_MS = 10
/** After a full collection the thread works for so many times as long as that took; in a full process for as long. */
const PAUSE = 4
const PAUSE_WHEN_FULL = 1

export interface Memory {
  /** Resident bytes of the whole process. */
  residentBytes(): number
  /** Collects garbage among the objects that this thread made since the last collection; their memory is reused. */
  collectYoung(): void
  /** Finds all garbage of this thread; the runtime reuses its memory step by step. */
  mark(): void
  /** Collects all garbage of this thread, and returns its memory to the system. */
  collect(): void
  /** Time that this thread was on a processor. */
  cpuMs(): number
  nowMs(): number
}

/** The size is read from a file: without a free descriptor it isn't known, and nothing is collected. */
function residentBytes(): number {
  try {
    return process.memoryUsage.rss()
  } catch {
    return 0
  }
}

const PROCESS: Memory = {
  residentBytes,
  collectYoung: () => edenGC(),
  mark: () => fullGC(),
  collect: () => Bun.gc(true),
  cpuMs: () => threadCpuNs() / 1e6,
  nowMs: () => performance.now(),
}

export class Garbage {
  readonly #memory: Memory
  #nextLookMs = Number.NEGATIVE_INFINITY
  /** The least size since the last collection. */
  #leastBytes = Number.POSITIVE_INFINITY
  #enoughBytes = LARGE_BYTES
  /** Processor time of this thread at the end of the last full collection, and how much that collection took. */
  #collectedMs = Number.NEGATIVE_INFINITY
  #tookMs = 0

  constructor(memory = PROCESS) {
    this.#memory = memory
  }

  /**
   * Call it often; it collects when needed. True: the process is full of living objects, and some of them must be given up.
   * `lookAtRing` is called before and after a long collection.
   */
  look(lookAtRing = () => {}): boolean {
    const now = this.#memory.nowMs()
    if (now < this.#nextLookMs) return false
    this.#nextLookMs = now + LOOK_EVERY_MS
    const resident = this.#memory.residentBytes()
    this.#leastBytes = Math.min(this.#leastBytes, resident)
    if (resident < this.#enoughBytes)
      this.#enoughBytes = Math.max(LARGE_BYTES, Math.min(this.#enoughBytes, resident + GROWTH_BYTES))
    else if (this.#isTime(resident)) return this.#collectAll(resident >= FULL_BYTES, lookAtRing)
    if (resident >= this.#leastBytes + YOUNG_GROWTH_BYTES) this.#collectYoung()
    return false
  }

  #isTime(resident: number): boolean {
    const pause = resident >= FULL_BYTES ? PAUSE_WHEN_FULL : PAUSE
    return this.#memory.cpuMs() - this.#collectedMs >= pause * this.#tookMs
  }

  #collectYoung(): void {
    this.#memory.collectYoung()
    this.#leastBytes = this.#memory.residentBytes()
  }

  /** Whether the process is full of living objects, which only a sweep shows. */
  #collectAll(sweeps: boolean, lookAtRing: () => void): boolean {
    lookAtRing()
    const from = this.#memory.cpuMs()
    if (sweeps) this.#memory.collect()
    else this.#memory.mark()
    this.#collectedMs = this.#memory.cpuMs()
    this.#tookMs = this.#collectedMs - from
    lookAtRing()
    const resident = this.#memory.residentBytes()
    this.#leastBytes = resident
    const enough = Math.min(resident + GROWTH_BYTES, FULL_BYTES)
    this.#enoughBytes = Math.max(LARGE_BYTES, enough, resident + FULL_GROWTH_BYTES)
    return sweeps && resident >= FULL_BYTES
  }
}
