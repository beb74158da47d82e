/**
 * Collects garbage before the process grows beyond its memory limit.
 *
 * Messages that waited for an answer are old objects when they become garbage. The runtime looks for old garbage only when the heap
 * has doubled, on a thread that a busy machine may not run: a flood of large messages would take all of 512 MiB before. So this thread
 * collects by itself, at once, when memory grows:
 *
 * - new objects only, whenever the process has grown a little: this takes 0.3 ms, and more for objects that live;
 * - everything, when the process is large and has grown: 10 to 20 ms of processor time, by the number of living objects, and as much
 *   on threads that help. The runtime then reuses the memory bit by bit;
 * - everything, and sweeps it at once, when the process would soon be full: 30 to 40 ms. The memory is reused first, and what is not
 *   goes back to the system a moment later, by the allocator's own thread;
 * - that, and then everything once more, which returns the memory to the system at once, when the process is full: as long again.
 *
 * The thread looks at the ring right before each of these, and after the long ones, so that it is not away for longer than one takes.
 *
 * After a flood nothing grows any more, so its garbage would stay. A thread that has had nothing to do for some seconds collects
 * everything once and returns the memory, if the process is larger than after the last time.
 *
 * This thread makes garbage only while it is on a processor, so the pauses between collections are measured in that time: on a busy
 * machine a collection takes many times as long, and no garbage is made meanwhile.
 */
import { edenGC, fullGC, gcAndSweep } from 'bun:jsc'
import { threadCpuNs } from '../kernel/libc'
import { ResidentSize } from '../kernel/resident'
import { ThreadTime } from '../kernel/thread-time'

const MIB = 1 << 20
/** Growth of the process that is worth a collection of new objects. */
const YOUNG_GROWTH_BYTES = 16 * MIB
/** Resident memory of the process below which old garbage is left to the runtime. */
const LARGE_BYTES = 264 * MIB
/** Growth since the last full collection, or since the least size after it, that is worth another one. */
const GROWTH_BYTES = 24 * MIB
/** From this size on garbage is swept at once: found only, it would be reused too late in a flood that has two processors for itself. */
const SWEEP_BYTES = 344 * MIB
/** A process that still grows to this size has its memory returned at once. If it is still this large after that, too many of its objects are alive … */
const FULL_BYTES = 360 * MIB
/** … unless another thread holds it: growth that is worth a collection all the same. */
const FULL_GROWTH_BYTES = 8 * MIB
/** Time between two readings of the memory size. */
const LOOK_EVERY_MS = 10
/** Between full collections the thread works at least this many times as long as the last one took; in a full process as long. */
const PAUSE = 4
const PAUSE_WHEN_FULL = 1

/** A thread that worked, or was ready to, for less than this part of IDLE_MS has nothing to do … */
const IDLE_MS = 5000
const IDLE_SHARE = 0.1
/**
 * … and collects everything when the process is this large, as only a flood makes it, and so much larger than after the last such
 * collection.
 */
const IDLE_BYTES = 176 * MIB
const IDLE_GROWTH_BYTES = 24 * MIB

export interface Memory {
  /** Resident bytes of the whole process. */
  residentBytes(): number
  /** Collects garbage among the objects that this thread made since the last collection; their memory is reused. */
  collectYoung(): void
  /** Finds all garbage of this thread; the runtime reuses its memory step by step. */
  mark(): void
  /** Finds and sweeps all garbage of this thread: it reuses the memory, or the system gets it a moment later. */
  sweep(): void
  /** Collects all garbage of this thread, and returns its memory to the system. */
  collect(): void
  /** Time that this thread was on a processor … */
  cpuMs(): number
  /** … and in which it was ready to run and didn't. */
  queuedMs(): number
  nowMs(): number
}

const PROCESS: Omit<Memory, 'queuedMs' | 'residentBytes'> = {
  collectYoung: () => edenGC(),
  mark: () => fullGC(),
  sweep: () => gcAndSweep(),
  collect: () => Bun.gc(true),
  cpuMs: () => threadCpuNs() / 1e6,
  nowMs: () => performance.now(),
}

/** The memory and times of the calling thread, which must be the one that reads them. */
function ofThisThread(): Memory {
  const time = new ThreadTime()
  const size = new ResidentSize()
  return { ...PROCESS, queuedMs: () => time.queuedMs(), residentBytes: () => size.bytes() }
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
  /** Since when the thread's work is measured, its time on a processor and in the queue by then; and the size that is worth collecting for. */
  #workFromMs = Number.NEGATIVE_INFINITY
  #workMs = 0
  #idleBytes = IDLE_BYTES

  constructor(memory = ofThisThread()) {
    this.#memory = memory
  }

  /**
   * Call it often; it collects when needed. True: the process is full of living objects, and some of them must be given up.
   * `lookAtRing` is called before each step of a collection, and after a full one.
   */
  look(lookAtRing = () => {}): boolean {
    const now = this.#memory.nowMs()
    if (now < this.#nextLookMs) return false
    this.#nextLookMs = now + LOOK_EVERY_MS
    const resident = this.#memory.residentBytes()
    this.#leastBytes = Math.min(this.#leastBytes, resident)
    if (resident < this.#enoughBytes)
      this.#enoughBytes = Math.max(LARGE_BYTES, Math.min(this.#enoughBytes, resident + GROWTH_BYTES))
    else if (this.#isTime(resident)) return this.#collectAll(resident, lookAtRing)
    if (this.#isIdle(now) && resident >= this.#idleBytes) return this.#collectIdle(lookAtRing)
    if (resident >= this.#leastBytes + YOUNG_GROWTH_BYTES) this.#collectYoung(lookAtRing)
    return false
  }

  /** True once for each span of time with hardly any work. */
  #isIdle(nowMs: number): boolean {
    if (nowMs - this.#workFromMs < IDLE_MS) return false
    const workMs = this.#memory.cpuMs() + this.#memory.queuedMs()
    const isIdle = workMs - this.#workMs < IDLE_SHARE * IDLE_MS && this.#workFromMs > 0
    this.#workFromMs = nowMs
    this.#workMs = workMs
    return isIdle
  }

  #collectIdle(lookAtRing: () => void): boolean {
    const isFull = this.#collectAll(FULL_BYTES, lookAtRing)
    this.#idleBytes = Math.max(IDLE_BYTES, this.#leastBytes + IDLE_GROWTH_BYTES)
    return isFull
  }

  #isTime(resident: number): boolean {
    const pause = resident >= SWEEP_BYTES ? PAUSE_WHEN_FULL : PAUSE
    return this.#memory.cpuMs() - this.#collectedMs >= pause * this.#tookMs
  }

  #collectYoung(lookAtRing: () => void): void {
    lookAtRing()
    this.#memory.collectYoung()
    this.#leastBytes = this.#memory.residentBytes()
  }

  /**
   * Does as much as a process of this size needs. @returns whether it is full of living objects, which only shows when memory is
   * returned
   */
  #collectAll(bytes: number, lookAtRing: () => void): boolean {
    lookAtRing()
    const from = this.#memory.cpuMs()
    if (bytes < SWEEP_BYTES) this.#memory.mark()
    else this.#memory.sweep()
    const returns = bytes >= FULL_BYTES
    if (returns) {
      lookAtRing()
      this.#memory.collect()
    }
    this.#collectedMs = this.#memory.cpuMs()
    this.#tookMs = this.#collectedMs - from
    lookAtRing()
    const resident = this.#memory.residentBytes()
    this.#leastBytes = resident
    const enough = Math.min(resident + GROWTH_BYTES, SWEEP_BYTES)
    this.#enoughBytes = Math.max(LARGE_BYTES, enough, resident + FULL_GROWTH_BYTES)
    return returns && resident >= FULL_BYTES
  }
}
