/**
 * Has garbage collected before the process grows beyond its memory limit.
 *
 * What has waited for an answer is old when it goes, and the runtime looks for garbage among the old only when the heap has
 * doubled, on a thread that a busy machine may not run: a flood of large messages would take all of 512 MiB before. So memory that
 * grows is a reason to collect, at once and on this thread:
 *
 * - what was made since the last collection, whenever the process has grown a little: that takes 0.3 ms, and what lives of it;
 * - all, when the process is large and has grown: 10 to 30 ms of processor time, by the number of objects that live. The runtime
 *   then uses the memory again bit by bit;
 * - all, and its memory is given back at once, when the process would soon be full: 40 to 60 ms.
 *
 * The ring is looked at right before and after the long ones, so that the thread is not away for longer than they take.
 *
 * Garbage is made by the time that this thread is on a processor, so that is what lies between two collections: on a machine that
 * is busy a collection takes many times as long, and nothing is made meanwhile.
 */
import { edenGC, fullGC } from 'bun:jsc'
import { threadCpuNs } from '../kernel/libc'

const MIB = 1 << 20
/** Growth of the process that is worth a collection of what is new. */
const YOUNG_GROWTH_BYTES = 16 * MIB
/** Resident memory of the process below which old garbage is the runtime's own business. */
const LARGE_BYTES = 296 * MIB
/** Growth since the last collection of all, or the least since, that is worth another. */
const GROWTH_BYTES = 32 * MIB
/** From here on garbage comes first and is swept at once, and what lives is too much. */
const FULL_BYTES = 360 * MIB
/** … unless it is another thread's: growth that is worth a collection all the same. */
const FULL_GROWTH_BYTES = 8 * MIB
/** Between two looks, which take 15 µs each. */
const LOOK_EVERY_MS = 10
/** After a collection of all the thread works for so many times as long as that took; in a process that is full, as long. */
const PAUSE = 4
const PAUSE_WHEN_FULL = 1

export interface Memory {
  /** Of the whole process. */
  residentBytes(): number
  /** Has the garbage among what this thread made since the last collection collected; its memory is used again. */
  collectYoung(): void
  /** Has all garbage of this thread found; the runtime uses its memory again when it comes to that. */
  mark(): void
  /** Has all garbage of this thread collected, and its memory given back. */
  collect(): void
  /** How long this thread was on a processor. */
  cpuMs(): number
  nowMs(): number
}

/** It is read from a file: without a descriptor that is left, nothing is known, and nothing is collected. */
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
  /** The least since the last collection. */
  #leastBytes = Number.POSITIVE_INFINITY
  #enoughBytes = LARGE_BYTES
  /** Processor time of this thread at the end of the last collection of all, and what that took of it. */
  #collectedMs = Number.NEGATIVE_INFINITY
  #tookMs = 0

  constructor(memory = PROCESS) {
    this.#memory = memory
  }

  /**
   * To be called often; collects when it must be. True: the process is full of what lives, and somebody has to give up some.
   * `lookAtRing` is called before and after what takes long.
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

  /** Whether the process is full of what lives, which only a sweep shows. */
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
