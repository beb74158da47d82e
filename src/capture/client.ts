/** The capture thread as main sees it: started, watched, and replaced when it ends or stands still. */
import type { Config } from '../config'
import { errorLine, NixieError } from '../errors'
import { addCounters, type Counters } from '../health/counters'
import { canBeginThread } from '../health/descriptors'
import type { Entity } from '../records/entities'
import type { Table } from '../records/table'
import type { Damage } from '../store/store'
import { Flushes } from './flushes'
import type { CaptureReport, FromCapture, RunningSettings, ToCapture } from './messages'
import { PulseWatch } from './pulse'

/** Main looks for signs of life with each report, which come each second; when none has come for so long, by itself … */
const LATE_MS = 1250
/** … and then this often. */
const LOOK_MS = 250

export interface CaptureOptions {
  /** Starts a thread; tests give threads of their own. */
  readonly spawn?: () => Worker
  /** A thread that gives no sign of life for this long is ended, and another one started. */
  readonly silenceMs?: number
  /** A thread that doesn't stop or end in this time is abandoned; the rows it sealed before are safe. */
  readonly patienceMs?: number
  /** The pause before a thread that ended is replaced, doubled each time up to a minute. */
  readonly pauseMs?: number
  /** Ends the program: a thread that hangs in the kernel holds probes and store, and cannot be replaced. */
  readonly giveUp?: (reason: string) => void
}

export interface Life {
  /** Milliseconds without a sign of life, when that is more than it should be; else 0. */
  readonly silentMs: number
  /** Why no rows are stored, in words. */
  readonly error?: string
}

export interface Capture {
  /** Those that scripts can read. */
  readonly tables: readonly Table[]
  /** The newest report, at most a second old; counters are those of all threads. */
  readonly report: CaptureReport
  /** Why no rows are stored at the moment, in words. */
  readonly error: string | undefined
  /** How the thread is at one moment. */
  readonly life: Life
  change(settings: Partial<RunningSettings>): void
  /** Lets the store remember these entities. */
  put(entities: readonly Entity[]): void
  /** Lets the store give up chunks that queries found damaged. */
  markDamaged(found: readonly Damage[]): void
  /** Lets everything captured so far be stored. Always resolves soon. */
  flush(): Promise<void>
  /** Flushes and ends the thread. */
  stop(): Promise<void>
}

/**
 * Starts the thread. Resolves with its first report, when probes are attached or known to be refused; rejects with a
 * NixieError when the store can't be opened.
 */
export function startCapture(
  config: Config,
  warn: (message: string) => void,
  options: CaptureOptions = {},
): Promise<Capture> {
  return new CaptureThread(config, warn, options).started
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`

const LONGEST_PAUSE_MS = 60_000

class CaptureThread implements Capture {
  readonly started: Promise<Capture>
  tables: readonly Table[] = []
  readonly #config: Config
  readonly #warn: (message: string) => void
  readonly #options: Required<CaptureOptions>
  readonly #first = Promise.withResolvers<Capture>()
  readonly #flushes = new Flushes(() => this.#flushNow())
  #timer: Timer | undefined
  #worker: Worker | undefined
  #watch = new PulseWatch(performance.now())
  #report: CaptureReport | undefined
  /** The sums of threads that ended and of main's own counts. */
  #before: Counters = addCounters([])
  #ended: string | undefined
  #silenceSaid = false
  #storeErrorSaid: string | undefined
  #pauseMs: number
  #startedMs = 0
  #retry: Timer | undefined
  #stopping = false
  #stopped = Promise.withResolvers<void>()
  #flushed = Promise.withResolvers<void>()
  /** Settings that the next thread must be told again. */
  #settings: Partial<RunningSettings> = {}
  readonly #services = new Map<string, Entity>()

  constructor(config: Config, warn: (message: string) => void, options: CaptureOptions) {
    this.#config = config
    this.#warn = warn
    this.#options = {
      spawn: () => new Worker(new URL('./worker.ts', import.meta.url).href),
      silenceMs: 30_000,
      patienceMs: 5000,
      pauseMs: 1000,
      giveUp: (reason) => {
        warn(reason)
        process.exit(1)
      },
      ...options,
    }
    this.#pauseMs = this.#options.pauseMs
    this.started = this.#first.promise
    this.#start()
    this.#lookIn(LATE_MS)
  }

  get report(): CaptureReport {
    const report = this.#report!
    return { ...report, counters: addCounters([this.#before, report.counters]) }
  }

  get life(): Life {
    const silentMs = this.#watch.silentMs(performance.now())
    if (this.#ended !== undefined) return { silentMs, error: this.#ended }
    if (silentMs === 0) return { silentMs }
    return { silentMs, error: `The capture thread gives no sign of life: no rows for ${seconds(silentMs)}` }
  }

  get error(): string | undefined {
    return this.life.error
  }

  change(settings: Partial<RunningSettings>): void {
    this.#settings = { ...this.#settings, ...settings }
    this.#say({ kind: 'settings', settings })
  }

  put(entities: readonly Entity[]): void {
    for (const entity of entities) if (entity.kind === 'service') this.#services.set(entity.key, entity)
    this.#say({ kind: 'entities', entities })
  }

  markDamaged(found: readonly Damage[]): void {
    this.#say({ kind: 'damaged', found })
  }

  flush(): Promise<void> {
    return this.#worker && this.life.silentMs === 0 ? this.#flushes.ask() : Promise.resolve()
  }

  async stop(): Promise<void> {
    this.#stopping = true
    clearTimeout(this.#timer)
    clearTimeout(this.#retry)
    if (this.#worker) {
      this.#say({ kind: 'stop' })
      await Promise.race([this.#stopped.promise, Bun.sleep(this.#options.patienceMs)])
    }
    this.#worker?.terminate()
  }

  #say(message: ToCapture): void {
    this.#worker?.postMessage(message)
  }

  #start(): void {
    const again = this.#report !== undefined
    this.#startedMs = performance.now()
    this.#watch = new PulseWatch(performance.now())
    this.#worker = this.#options.spawn()
    const worker = this.#worker
    worker.onmessage = ({ data }: MessageEvent<FromCapture>) => this.#heard(data)
    worker.onerror = (event) => {
      event.preventDefault()
      if (worker === this.#worker) void this.#replace(`The capture thread ended: ${event.message}`)
    }
    this.#say({ kind: 'start', config: this.#config, pulse: this.#watch.shared, again })
  }

  #heard(data: FromCapture): void {
    switch (data.kind) {
      case 'warning':
        this.#warn(data.message)
        return
      case 'tables':
        this.tables = data.tables
        return
      case 'stopped':
        this.#stopped.resolve()
        return
      case 'flushed':
        this.#flushed.resolve()
        return
      case 'refused':
        this.#refused(NixieError.fromShape(data.error))
        return
      case 'report':
        this.#reported({ ...data.report, probes: data.probes ?? this.#report?.probes ?? [] })
    }
  }

  #refused(error: NixieError): void {
    if (this.#report !== undefined) {
      void this.#replace(errorLine(error))
      return
    }
    clearTimeout(this.#timer)
    this.#worker?.terminate()
    this.#first.reject(error)
  }

  #reported(report: CaptureReport): void {
    if (this.#ended !== undefined) {
      this.#ended = undefined
      this.#warn('Another capture thread goes on.')
      this.#say({ kind: 'settings', settings: this.#settings })
      this.#say({ kind: 'entities', entities: [...this.#services.values()] })
    }
    this.#report = report
    this.#sayStoreError(report)
    this.#first.resolve(this)
    this.#look()
    this.#lookIn(LATE_MS)
  }

  /** Warns once when the store begins to refuse rows, and once when it accepts them again. */
  #sayStoreError({ storeError, counters }: CaptureReport): void {
    const said = storeError && errorLine(NixieError.fromShape(storeError))
    if (said !== undefined && this.#storeErrorSaid === undefined) this.#warn(said)
    if (said === undefined && this.#storeErrorSaid !== undefined)
      this.#warn(`Rows are stored again; ${counters.shedRows} were refused so far.`)
    this.#storeErrorSaid = said
  }

  #lookIn(ms: number): void {
    clearTimeout(this.#timer)
    if (this.#stopping) return
    this.#timer = setTimeout(() => {
      this.#look()
      this.#lookIn(LOOK_MS)
    }, ms)
  }

  #look(): void {
    if (!this.#worker || this.#report === undefined) return
    const now = performance.now()
    const before = this.#watch.silentMs(now)
    this.#watch.look(now)
    const silent = this.#watch.silentMs(now)
    if (silent > 0 && !this.#silenceSaid && this.#ended === undefined) {
      this.#silenceSaid = true
      this.#warn(`${this.error}. The machine may be short of processor time.`)
    } else if (silent === 0 && this.#silenceSaid) {
      this.#silenceSaid = false
      this.#before.silentNs += Math.round(before * 1e6)
      this.#warn(`The capture thread is back after ${seconds(before)}.`)
    }
    if (silent === 0 || this.#watch.watchedMs < this.#options.silenceMs) return
    this.#silenceSaid = false
    this.#before.silentNs += Math.round(silent * 1e6)
    void this.#replace(`The capture thread stood still for ${seconds(silent)} and was ended`)
  }

  /** Ends the thread, and starts another one after a pause: events in the ring are lost, stored rows are not. */
  async #replace(reason: string): Promise<void> {
    const worker = this.#worker
    this.#worker = undefined
    if (!worker || this.#stopping) {
      this.#stopped.resolve()
      return
    }
    this.#ended = reason
    this.#warn(`${reason}. Another one is started.`)
    if (this.#report === undefined) {
      clearTimeout(this.#timer)
      worker.terminate()
      this.#first.reject(new NixieError('internal', reason, 'Nixie cannot capture; please report it.'))
      return
    }
    this.#before = addCounters([this.#before, this.#report.counters, { captureRestarts: 1 }])
    this.#report = { ...this.#report, counters: addCounters([]) }
    if (!(await ended(worker, this.#options.patienceMs))) {
      this.#options.giveUp(`${reason}, but it hangs in the kernel: Nixie ends, to be started anew.`)
      return
    }
    const lasted = performance.now() - this.#startedMs > LONGEST_PAUSE_MS
    const pause = lasted ? this.#options.pauseMs : this.#pauseMs
    this.#pauseMs = Math.min(2 * pause, LONGEST_PAUSE_MS)
    this.#startIn(pause)
  }

  /** While no thread can be started, this tries again. */
  #startIn(pauseMs: number): void {
    this.#retry = setTimeout(() => {
      if (canBeginThread()) this.#start()
      else this.#startIn(this.#options.pauseMs)
    }, pauseMs)
  }

  #flushNow(): Promise<void> {
    this.#flushed = Promise.withResolvers()
    this.#say({ kind: 'flush' })
    // A thread that ends meanwhile answers no more.
    return Promise.race([this.#flushed.promise, Bun.sleep(this.#options.patienceMs)])
  }
}

/** Whether the thread is gone in time. */
async function ended(worker: Worker, patienceMs: number): Promise<boolean> {
  const closed = new Promise<boolean>((resolve) => {
    worker.addEventListener('close', () => resolve(true), { once: true })
  })
  worker.terminate()
  return Promise.race([closed, Bun.sleep(patienceMs).then(() => false)])
}
