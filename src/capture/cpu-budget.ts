/**
 * How much of the machine's processors the capture thread may use: a token bucket (RFC 2215, 3.6, has it for networks). The thread
 * earns its budget while the processors have idle time; without idle time it earns a quarter of the budget, the floor. It saves
 * unused time, up to a second of its budget, so that a burst costs no row, not even on a busy machine.
 */
import type { Processor } from '../sources/source'

/** Seconds of its budget that it may save. */
const SAVED_SECONDS = 1
/** The use of the processors is measured over at least this long. */
const WINDOW_MS = 250
/** A pause is no longer than this: the thread has other work, and the ring fills. */
const LONGEST_REST_MS = 50
/** The part of the budget that it always has. */
const FLOOR = 0.25
/**
 * The idle part of all processors below which other programs are assumed to want more, and above which not. A program that is as fast
 * as its slowest thread leaves a part of two processors idle, although it waits for them.
 */
const SCARCE_IDLE = 0.2
const AMPLE_IDLE = 0.3
/** In a window the allowed time falls to this part, or rises by this part of the budget. */
const FALL = 0.6
const RISE = 0.05

/** Readings of the machine's clocks, in milliseconds since any fixed moment. */
export interface Clocks {
  /** Processor time of this thread. */
  readonly thread: () => number
  /** Idle time of all processors together; undefined when it can't be read now. */
  readonly idle: () => number | undefined
}

export class CpuBudget implements Processor {
  readonly budgetCores: number
  allowedCores: number
  usedCores = 0
  /** The part of it that reading events took: only that can be shed. */
  eventCores = 0
  readonly #processors: number
  readonly #clocks: Clocks
  /** Milliseconds of processor time. */
  readonly #mostSaved: number
  #saved: number
  #isBegun = false
  #atMs = 0
  #threadMs = 0
  #eventMs = 0
  #window = { atMs: 0, threadMs: 0 }
  #idle: { atMs: number; ms: number | undefined }

  /** `share`: the part of the machine's processors, 0 for no limit. */
  constructor(share: number, processors: number, clocks: Clocks, nowMs: number) {
    this.#processors = processors
    this.#clocks = clocks
    this.budgetCores = share === 0 ? Number.POSITIVE_INFINITY : share * processors
    this.allowedCores = this.budgetCores
    this.#mostSaved = this.budgetCores * SAVED_SECONDS * 1000
    this.#saved = this.#mostSaved
    this.#idle = { atMs: nowMs, ms: clocks.idle() }
  }

  get floorCores(): number {
    return this.budgetCores * FLOOR
  }

  get allowedEventCores(): number {
    return this.#leftOf(this.allowedCores)
  }

  get mostEventCores(): number {
    return this.#leftOf(this.budgetCores)
  }

  /** What storing and upkeep leave of this many processors for reading events, but at least half. */
  #leftOf(cores: number): number {
    return Math.max(cores / 2, cores - Math.max(0, this.usedCores - this.eventCores))
  }

  get savedSeconds(): number {
    return this.#saved / 1000
  }

  /** Its savings as a part of the most that it may save; negative when it has used more than allowed. */
  get balance(): number {
    return this.budgetCores === Number.POSITIVE_INFINITY ? 1 : this.#saved / this.#mostSaved
  }

  /** The allowed time is less than the budget, as other programs want the processors. */
  get isBusy(): boolean {
    return this.allowedCores < this.budgetCores * 0.95
  }

  /** Runs work that reads events, and measures its time. */
  read<T>(work: () => T): T {
    const from = this.#clocks.thread()
    const result = work()
    this.#eventMs += this.#clocks.thread() - from
    return result
  }

  /** Call it after each piece of work. Time before the first call was the start's, and makes no debt. */
  look(nowMs: number): void {
    const threadMs = this.#clocks.thread()
    if (!this.#isBegun) {
      this.#begin(nowMs, threadMs)
      return
    }
    const earned = this.allowedCores * (nowMs - this.#atMs)
    // A debt larger than the most that may be saved would be paid off long after its reason is gone.
    this.#saved = Math.max(
      -this.#mostSaved,
      Math.min(this.#mostSaved, this.#saved + earned) - (threadMs - this.#threadMs),
    )
    this.#atMs = nowMs
    this.#threadMs = threadMs
    if (nowMs - this.#window.atMs >= WINDOW_MS) this.#measure(nowMs, threadMs)
  }

  #begin(nowMs: number, threadMs: number): void {
    this.#isBegun = true
    this.#atMs = nowMs
    this.#threadMs = threadMs
    this.#window = { atMs: nowMs, threadMs }
    this.#eventMs = 0
  }

  /** How long it should pause to pay off its debt; 0: it has none. */
  restMs(): number {
    return this.#saved >= 0 ? 0 : Math.min(LONGEST_REST_MS, -this.#saved / this.allowedCores)
  }

  #measure(nowMs: number, threadMs: number): void {
    const lasted = nowMs - this.#window.atMs
    this.usedCores = (threadMs - this.#window.threadMs) / lasted
    this.eventCores = this.#eventMs / lasted
    this.#eventMs = 0
    this.#window = { atMs: nowMs, threadMs }
    // Without a limit other programs' needs don't matter.
    if (this.budgetCores !== Number.POSITIVE_INFINITY) this.#allow(nowMs)
  }

  #allow(nowMs: number): void {
    const ms = this.#clocks.idle()
    const before = this.#idle
    this.#idle = { atMs: nowMs, ms }
    // Idle time is unknown: the allowed time stays as it is.
    if (ms === undefined || before.ms === undefined) return
    const idleShare = (ms - before.ms) / (nowMs - before.atMs) / this.#processors
    if (idleShare < SCARCE_IDLE) this.allowedCores = Math.max(this.floorCores, this.allowedCores * FALL)
    else if (idleShare > AMPLE_IDLE)
      this.allowedCores = Math.min(this.budgetCores, this.allowedCores + RISE * this.budgetCores)
  }
}
