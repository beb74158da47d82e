/** The flow from the sources of rows to the store, on one thread: drain → records → one batch per table and second. */
import { cpus } from 'node:os'
import type { Config } from '../config'
import type { NixieError } from '../errors'
import type { BudgetState } from '../health/budget'
import { type Counters, newCounters } from '../health/counters'
import { idleMs } from '../kernel/cpus'
import type { Kernel, ProbeStatus } from '../kernel/kernel'
import { threadCpuNs } from '../kernel/libc'
import { ThreadTime } from '../kernel/thread-time'
import { Processes } from '../metadata'
import { DecodeBudget } from '../protocols/lib/decode-budget'
import { MessageNames } from '../protocols/lib/protobuf/names'
import type { ProtocolSettings } from '../protocols/protocol'
import type { Entity } from '../records/entities'
import type { Table } from '../records/table'
import { redactAlso } from '../redaction/text'
import { Sources } from '../sources/open'
import type { RowSource } from '../sources/source'
import type { Damage, StoreWriter, When } from '../store/store'
import { Absence, type Spent } from './absence'
import { CpuBudget } from './cpu-budget'
import { Garbage } from './garbage'
import type { Pulse } from './pulse'
import { RowBuilders } from './row-builders'
import { Sampling } from './sampling'
import { WaitingEntities } from './waiting-entities'

/** Events per drain call: long enough to be cheap, short enough to answer messages in between. */
const EVENTS_PER_DRAIN = 16_384
/** … and before and after a garbage collection: they must take only a moment. */
const EVENTS_BESIDE_COLLECTION = 64
/** Time that a flush may take for events that wait. */
const FLUSH_DRAIN_MS = 100
/** … and at the end. */
const CLOSE_DRAIN_MS = 2000
/** With this many rows of a table an append doesn't wait for the end of the second: a larger one would keep the ring waiting for longer. */
export const APPEND_ROWS = 4096
/** The same for this many characters, whatever the number of rows: rows that wait here aren't in the budget of the streams. */
export const APPEND_TEXT = 8 << 20
/** How long samples wait for the store; see `RowSource.isSampled`. */
export const SAMPLES_MS = 10_000
/** While rows are stored, and between other long steps, the thread looks at the ring this often … */
const LOOK_EVERY_MS = 10
/** … until this many times as many rows wait as one append takes. */
const APPENDS_WAITING = 2
const PROCESSORS = cpus().length
/** Time that compaction and retention may take of each second. */
export const MAINTAIN_BUDGET_MS = 100

export class Pipeline {
  readonly counters: Counters = newCounters()
  readonly absence = new Absence(this.counters)
  readonly settings: ProtocolSettings & { readonly names: MessageNames }
  readonly processor: CpuBudget
  /** The store's last refusal, until an append succeeds again. */
  storeError: NixieError | undefined

  readonly #cpuShare: number
  readonly #sampling = new Sampling()
  readonly #pulse: Pulse | undefined
  readonly #garbage: Pick<Garbage, 'look'>
  readonly #time = new ThreadTime()
  readonly #kernel: Kernel
  readonly #writer: StoreWriter
  readonly #processes: Processes
  readonly #sources: Sources
  readonly #rows: RowBuilders
  /** The rows of exchanges that still run. */
  readonly #live: RowBuilders
  /** Tables whose rows may wait, and when they were last stored. */
  readonly #samples: ReadonlySet<Table>
  #samplesMs = Number.NEGATIVE_INFINITY
  #lookedMs = Number.NEGATIVE_INFINITY
  #isAppending = false
  /** Entities that the store has not taken yet. */
  readonly #entities = new WaitingEntities()

  /** `pulse` is told each time the thread looks at the ring. */
  constructor(
    kernel: Kernel,
    writer: StoreWriter,
    config: Config,
    sources: readonly RowSource[],
    pulse?: Pulse,
    garbage: Pick<Garbage, 'look'> = new Garbage(),
    processes = new Processes(config.nodeName),
  ) {
    this.#pulse = pulse
    this.#garbage = garbage
    this.#kernel = kernel
    this.#writer = writer
    this.#processes = processes
    redactAlso(config.redactExtra.split(',').filter(Boolean))
    this.settings = {
      bodyLimit: config.bodyLimit,
      redact: config.redact,
      decodeBudget: new DecodeBudget(),
      names: new MessageNames(),
    }
    this.#cpuShare = config.cpuBudget
    const clocks = { thread: () => threadCpuNs() / 1e6, idle: idleMs }
    this.processor = new CpuBudget(config.cpuBudget, PROCESSORS, clocks, performance.now())
    const { counters, settings, processor } = this
    this.#rows = new RowBuilders(() => kernel.timeBase)
    this.#live = new RowBuilders(() => kernel.timeBase)
    this.#samples = new Set(sources.flatMap(({ tables, isSampled }) => (isSampled ? tables : [])))
    this.#sources = new Sources(sources, {
      kernel,
      sink: this.#rows,
      liveSink: this.#live,
      processes,
      counters,
      processor,
      config,
      settings,
    })
  }

  get probes(): readonly ProbeStatus[] {
    return this.#sources.probes
  }

  /** Whether it captures. */
  get ready(): boolean {
    return this.#sources.ready
  }

  /** Calls `filling` when a ring fills; false when that isn't possible. */
  watch(filling: () => void): boolean {
    return this.#kernel.watch(filling)
  }

  /** Whether passing time will decide something soon, so that it should be drained again. */
  get isWaiting(): boolean {
    return this.#sources.isWaiting
  }

  /** Its use of the processors, and how much it sheds. */
  get budget(): BudgetState {
    const { usedCores, ...exchanges } = this.#sampling.last
    const pressure = this.#sources.intake?.pressure ?? 'none'
    return {
      processors: PROCESSORS,
      share: this.#cpuShare,
      allowed: Math.min(1, this.processor.allowedCores / PROCESSORS),
      used: usedCores / PROCESSORS,
      ...exchanges,
      pressure,
    }
  }

  /** So much waits in the rings that the thread should not pause. */
  get isFilling(): boolean {
    return this.#sources.isFilling
  }

  /** Takes the events that wait in the rings; returns how many. */
  drain(): number {
    const events = this.#lookAtRing(EVENTS_PER_DRAIN)
    this.#lookAtMemory()
    this.processor.look(performance.now())
    // Passing time makes rows too, of exchanges that end without a further event.
    if (!this.#isAppending && this.#rows.has(APPEND_ROWS, APPEND_TEXT))
      this.#append(Date.now(), false, 'soon')
    return events
  }

  get #spent(): Spent {
    return { cpuMs: threadCpuNs() / 1e6, queuedMs: this.#time.queuedMs() }
  }

  /** A step of the store: what it waits for is the disk. */
  #store<T>(step: () => T): T {
    const [fromMs, before] = [performance.now(), this.#spent]
    try {
      return step()
    } finally {
      const { cpuMs, queuedMs } = this.#spent
      const spent = { cpuMs: cpuMs - before.cpuMs, queuedMs: queuedMs - before.queuedMs }
      this.absence.stored(performance.now() - fromMs, spent)
    }
  }

  #lookAtRing(maxEvents: number): number {
    this.#lookedMs = performance.now()
    this.#pulse?.beat(this.#lookedMs)
    this.absence.back(this.#lookedMs, this.#spent)
    const start = Bun.nanoseconds()
    this.#kernel.follow()
    const events = this.processor.read(() => this.#sources.drain(maxEvents))
    if (events === 0) return 0
    this.counters.events += events
    this.counters.drainNs += Bun.nanoseconds() - start
    return events
  }

  #lookAtMemory(): void {
    if (this.#garbage.look(() => this.#lookAtRing(EVENTS_BESIDE_COLLECTION))) this.#sources.giveUpMemory()
  }

  /** Stores everything that has happened so far, for a query that begins. */
  flush(): void {
    this.#drainAll(FLUSH_DRAIN_MS)
    this.#append(Date.now(), true, 'now')
  }

  /** Drains repeatedly, each drain within its bounds, until nothing waits or the time is over. */
  #drainAll(ms: number): void {
    const until = performance.now() + ms
    while (this.drain() > 0 && performance.now() < until) {
      // No other work of this thread runs in these moments.
    }
  }

  /** Once a second: expire, seal, append, then bounded steps of upkeep with a drain after each. */
  second(nowMs: number): void {
    this.drain()
    this.#sources.tick(this.#kernel.now(), () => this.#lookBetween())
    this.#sampling.add(this.counters, threadCpuNs() / 1e6, performance.now())
    this.#append(nowMs, performance.now() - this.#samplesMs >= SAMPLES_MS, 'soon')
    this.#maintain()
    this.processor.look(performance.now())
  }

  /** Takes entities that another thread has learnt of; when the store refuses them now, they go with the next second's rows. */
  remember(entities: readonly Entity[]): void {
    this.#entities.add(entities)
    this.#sources.learn(entities)
    this.#putEntities(Date.now(), 'now')
  }

  /** When the store can't mark them now, the next query that meets them reports them again. */
  markDamaged(found: readonly Damage[]): void {
    try {
      this.#writer.markDamaged(found)
    } catch (cause) {
      this.storeError = cause as NixieError
    }
    this.counters.goneRows = this.#writer.stats().goneRows
  }

  /** Stores everything: the last events, the unfinished streams, the last rows. */
  close(): void {
    this.#drainAll(CLOSE_DRAIN_MS)
    this.#sources.close(this.#kernel.now())
    this.#append(Date.now(), true, 'now')
    this.#kernel.close()
    this.#writer.close()
  }

  #append(nowMs: number, withSamples: boolean, when: When): void {
    if (withSamples) this.#samplesMs = performance.now()
    const batches = this.#rows.seal(
      (table, rows) => !withSamples && rows < APPEND_ROWS && this.#samples.has(table),
    )
    const rows = batches.reduce((sum, { batch }) => sum + batch.rows, 0)
    this.#isAppending = true
    try {
      this.#lookBetween()
      this.#sources.underWay(this.#kernel.now())
      const live = this.#live.seal()
      this.#lookBetween()
      const steps = this.#writer.appendInSteps(batches, live, when)
      while (!this.#store(() => steps.next().done)) this.#lookBetween()
      // Without a row nothing is written: that says nothing.
      if (rows > 0 || live.length > 0) this.storeError = undefined
      this.counters.rows += rows
      this.counters.chunks += batches.length
    } catch (cause) {
      this.storeError = cause as NixieError
      this.counters.shedRows += rows
    } finally {
      this.#isAppending = false
    }
    this.#putEntities(nowMs, when)
  }

  /** Drains while rows are being stored: the ring can't wait until that is done. */
  #lookBetween(): void {
    this.#lookAtMemory()
    if (performance.now() - this.#lookedMs < LOOK_EVERY_MS) return
    if (!this.#rows.has(APPENDS_WAITING * APPEND_ROWS, APPENDS_WAITING * APPEND_TEXT)) this.drain()
  }

  #putEntities(nowMs: number, when: When): void {
    this.#entities.add(this.#processes.takeChanges(nowMs))
    const { all } = this.#entities
    if (all.length === 0) return
    try {
      this.#store(() => this.#writer.putEntities(all, when))
      this.#entities.clear()
    } catch (cause) {
      this.storeError = cause as NixieError
    }
  }

  #maintain(): void {
    let spent = 0
    try {
      while (spent < MAINTAIN_BUDGET_MS) {
        const from = performance.now()
        const more = this.#store(() => this.#writer.maintain())
        spent += performance.now() - from
        if (!more) break
        // The ring waits for one step at most.
        this.drain()
      }
    } catch (cause) {
      this.storeError = cause as NixieError
    }
    const stats = this.#writer.stats()
    this.counters.chunkBytes = stats.writtenBytes
    this.counters.compactedBytes = stats.compactedBytes
    this.counters.expiredRows = stats.expiredRows
    this.counters.goneRows = stats.goneRows
    this.counters.forgottenProcesses = stats.forgottenProcesses + this.#entities.forgotten
    this.counters.undecodedBodies = this.settings.decodeBudget.refused
  }
}
