/**
 * What the capture thread may use of the machine's processors. On average that is its budget, as far as nobody else wants
 * them: on a machine without idle time it falls to a quarter of it, the floor. What it doesn't use it saves, up to a second
 * of its budget, so that a burst costs no row.
 */
import type { Processor } from '../sources/source'

/** Seconds of its budget that it may save. */
const SAVED_SECONDS = 1
/** What it and everybody used is measured over so long at least. */
const WINDOW_MS = 500
/** Others have a part of this thread, too, and the ring fills: it rests no longer than this at once. */
const LONGEST_REST_MS = 50
/** Of the budget, what it takes whoever else wants it. */
const FLOOR = 0.25
/**
 * Idle processors, as part of all, below which others are taken to want more, and above which they don't. One that is as fast as
 * its slowest thread leaves some of two processors idle, and yet waits for them.
 */
const SCARCE_IDLE = 0.2
const AMPLE_IDLE = 0.3
/** Of a core: events that cost less than this are always taken, as far as the budget goes. That is some thousand exchanges a second. */
const ALWAYS_CORES = 0.05
/** In a window what is allowed falls to this part, or rises by this part of the budget. */
const FALL = 0.4
const RISE = 0.1

/** What is read of the machine; milliseconds since any one moment. */
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
  /** Of them, what reading events took: only that can be shed. */
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

  /** `share`: of the machine, 0 for no limit. */
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

  /** What reading events may take of what is allowed: what the rest leaves, and half of it, whatever storing and upkeep take. */
  get allowedEventCores(): number {
    const rest = Math.max(0, this.usedCores - this.eventCores)
    const least = Math.max(this.allowedCores / 2, Math.min(ALWAYS_CORES, this.budgetCores))
    return Math.max(least, this.allowedCores - rest)
  }

  /** Part of what it may save that it has; negative when it has used more than it had. */
  get balance(): number {
    return this.budgetCores === Number.POSITIVE_INFINITY ? 1 : this.#saved / this.#mostSaved
  }

  /** Less than the budget is allowed, as others want the processors. */
  get isBusy(): boolean {
    return this.allowedCores < this.budgetCores * 0.95
  }

  /** Does what reads events. */
  read<T>(work: () => T): T {
    const from = this.#clocks.thread()
    const result = work()
    this.#eventMs += this.#clocks.thread() - from
    return result
  }

  /** To be called after each piece of work. */
  look(nowMs: number): void {
    const threadMs = this.#clocks.thread()
    const earned = this.allowedCores * (nowMs - this.#atMs)
    // A debt of more than what may be saved would be paid off long after its reason is gone.
    this.#saved = Math.max(
      -this.#mostSaved,
      Math.min(this.#mostSaved, this.#saved + earned) - (threadMs - this.#threadMs),
    )
    this.#atMs = nowMs
    this.#threadMs = threadMs
    if (nowMs - this.#window.atMs >= WINDOW_MS) this.#measure(nowMs, threadMs)
  }

  /** How long it should rest to come out of its debt; 0: it has none. */
  restMs(): number {
    return this.#saved >= 0 ? 0 : Math.min(LONGEST_REST_MS, -this.#saved / this.allowedCores)
  }

  #measure(nowMs: number, threadMs: number): void {
    const lasted = nowMs - this.#window.atMs
    this.usedCores = (threadMs - this.#window.threadMs) / lasted
    this.eventCores = this.#eventMs / lasted
    this.#eventMs = 0
    this.#window = { atMs: nowMs, threadMs }
    // Without a limit nothing depends on what others want.
    if (this.budgetCores !== Number.POSITIVE_INFINITY) this.#allow(nowMs)
  }

  #allow(nowMs: number): void {
    const ms = this.#clocks.idle()
    const before = this.#idle
    this.#idle = { atMs: nowMs, ms }
    // Nobody knows what others want: it stays as it is.
    if (ms === undefined || before.ms === undefined) return
    const idleShare = (ms - before.ms) / (nowMs - before.atMs) / this.#processors
    if (idleShare < SCARCE_IDLE) this.allowedCores = Math.max(this.floorCores, this.allowedCores * FALL)
    else if (idleShare > AMPLE_IDLE)
      this.allowedCores = Math.min(this.budgetCores, this.allowedCores + RISE * this.budgetCores)
  }
}
