/**
 * How much of the machine's processors the capture thread may use. On average that is its budget while the processors have
 * idle time; without idle time it falls to a quarter of the budget, the floor. The thread saves unused time, up to a second
 * of its budget, so that a burst costs no row.
 */
import type { Processor } from '../sources/source'

/** Seconds of its budget that it may save. */
const SAVED_SECONDS = 1
/** The use of the processors is measured over at least so long. */
const WINDOW_MS = 500
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
/** Part of a core: within the budget, events that cost less than this are always read. That is some thousand exchanges a second. */
const ALWAYS_CORES = 0.05
/** In a window the allowed time falls to this part, or rises by this part of the budget. */
const FALL = 0.4
const RISE = 0.1

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
  #atMs: number
  #threadMs: number
  #eventMs = 0
  #window: { atMs: number; threadMs: number }
  #idle: { atMs: number; ms: number | undefined }

  /** `share`: the part of the machine's processors, 0 for no limit. */
  constructor(share: number, processors: number, clocks: Clocks, nowMs: number) {
    this.#processors = processors
    this.#clocks = clocks
    this.budgetCores = share === 0 ? Number.POSITIVE_INFINITY : share * processors
    this.allowedCores = this.budgetCores
    this.#mostSaved = this.budgetCores * SAVED_SECONDS * 1000
    this.#saved = this.#mostSaved
    this.#atMs = nowMs
    this.#threadMs = clocks.thread()
    this.#window = { atMs: nowMs, threadMs: this.#threadMs }
    this.#idle = { atMs: nowMs, ms: clocks.idle() }
  }

  get floorCores(): number {
    return this.budgetCores * FLOOR
  }

  /** The allowed time that reading events may take: the part that other work leaves, but at least half, whatever storing and upkeep take. */
  get allowedEventCores(): number {
    const rest = Math.max(0, this.usedCores - this.eventCores)
    const least = Math.max(this.allowedCores / 2, Math.min(ALWAYS_CORES, this.budgetCores))
    return Math.max(least, this.allowedCores - rest)
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

  /** Call it after each piece of work. */
  look(nowMs: number): void {
    const threadMs = this.#clocks.thread()
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
