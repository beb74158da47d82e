/** The query threads as main sees them: started when needed, given one task at a time, replaced when one is stuck. */
import { NixieError } from '../errors'
import type { Counters } from '../health/counters'
import { LIBRARY } from '../scripts/library'
import type { FromWorker, Task, TaskResult, ToWorker } from './messages'
import {
  DEFAULT_LIMITS,
  type ResultTable,
  type Runner,
  type RunRequest,
  type RunResult,
  type ScriptInfo,
  type TableSummary,
} from './runner'
import { infoOf } from './view'

export interface RunnerOptions {
  readonly dataDir: string
  /** Queries are counted here. */
  readonly counters?: Pick<Counters, 'queries' | 'queryErrors' | 'queryNs'>
  /** Threads at most; one is there from the first query on, more come and go with the load. */
  readonly threads?: number
  /** Starts a query thread; tests give threads of their own. */
  readonly spawn?: () => Worker
}

const spawnThread = () => new Worker(new URL('./worker.ts', import.meta.url).href)
const DEFAULT_THREADS = 2
/** Tasks that may wait for a thread. */
const MAX_WAITING = 64
/** A thread stops by itself at its deadline or when cancelled; one that doesn't for this long is stuck. */
const STUCK_MS = 2_000
/** A thread beyond the first that has had nothing to do for this long is ended. */
const IDLE_MS = 30_000

interface Job {
  readonly task: Task
  readonly deadlineMs: number
  readonly cancelled: SharedArrayBuffer
  readonly resolve: (result: TaskResult) => void
  readonly reject: (error: NixieError) => void
}

/** Starts no thread yet. */
export function openRunner(options: RunnerOptions): Runner {
  return new ThreadRunner(options)
}

class ThreadRunner implements Runner {
  readonly #options: RunnerOptions
  readonly #threads: QueryThread[] = []
  readonly #waiting: Job[] = []
  #scripts: readonly ScriptInfo[] | undefined
  #closed = false

  constructor(options: RunnerOptions) {
    this.#options = options
  }

  async run(request: RunRequest, signal?: AbortSignal): Promise<RunResult> {
    const { counters } = this.#options
    const started = performance.now()
    try {
      const deadlineMs = request.limits?.deadlineMs ?? DEFAULT_LIMITS.deadlineMs
      return (await this.#do({ kind: 'run', request }, deadlineMs, signal)) as RunResult
    } catch (cause) {
      if (counters) counters.queryErrors++
      throw cause
    } finally {
      if (counters) {
        counters.queries++
        counters.queryNs += Math.round((performance.now() - started) * 1e6)
      }
    }
  }

  async scripts(): Promise<readonly ScriptInfo[]> {
    this.#scripts ??= [...LIBRARY.values()].map(infoOf)
    return this.#scripts
  }

  async table(
    name: string,
    options: { startTime?: string; endTime?: string; limit: number },
  ): Promise<ResultTable> {
    const task: Task = { kind: 'table', request: { name, ...options } }
    return (await this.#do(task, DEFAULT_LIMITS.deadlineMs)) as ResultTable
  }

  async tables(): Promise<readonly TableSummary[]> {
    return (await this.#do({ kind: 'tables' }, DEFAULT_LIMITS.deadlineMs)) as readonly TableSummary[]
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const job of this.#waiting.splice(0)) job.reject(closedError())
    for (const thread of this.#threads.splice(0)) thread.end(closedError())
  }

  #do(task: Task, deadlineMs: number, signal?: AbortSignal): Promise<TaskResult> {
    if (this.#closed) return Promise.reject(closedError())
    if (signal?.aborted) return Promise.reject(cancelledError())
    if (this.#waiting.length >= MAX_WAITING) {
      const hint = 'Try again in a few seconds.'
      return Promise.reject(new NixieError('unavailable', 'Too many queries wait already', hint))
    }
    return new Promise((resolve, reject) => {
      const cancelled = new SharedArrayBuffer(4)
      const abort = () => {
        Atomics.store(new Int32Array(cancelled), 0, 1)
        const place = this.#waiting.indexOf(job)
        if (place >= 0) this.#waiting.splice(place, 1)
        this.#threads.find((thread) => thread.job === job)?.expectEnd()
        reject(cancelledError())
      }
      const settle =
        <T>(act: (value: T) => void) =>
        (value: T) => {
          signal?.removeEventListener('abort', abort)
          act(value)
        }
      const job: Job = { task, deadlineMs, cancelled, resolve: settle(resolve), reject: settle(reject) }
      signal?.addEventListener('abort', abort, { once: true })
      this.#waiting.push(job)
      this.#dispatch()
    })
  }

  /** Gives waiting tasks to idle threads; one more thread when all are busy and another is allowed. */
  #dispatch(): void {
    while (this.#waiting.length > 0) {
      let thread = this.#threads.find((t) => t.job === undefined)
      if (!thread && this.#threads.length < (this.#options.threads ?? DEFAULT_THREADS)) {
        const { dataDir, spawn = spawnThread } = this.#options
        thread = new QueryThread(spawn(), dataDir, (event) => this.#changed(event))
        this.#threads.push(thread)
      }
      if (!thread) return
      thread.start(this.#waiting.shift()!)
    }
  }

  #changed({ thread, ended }: ThreadEvent): void {
    if (ended) {
      const place = this.#threads.indexOf(thread)
      if (place >= 0) this.#threads.splice(place, 1)
    }
    if (this.#closed) return
    this.#dispatch()
    if (!ended && thread.job === undefined && this.#threads.length > 1) {
      thread.endWhenIdle(IDLE_MS)
    }
  }
}

interface ThreadEvent {
  readonly thread: QueryThread
  /** It is gone; else it has finished a task. */
  readonly ended: boolean
}

class QueryThread {
  job: Job | undefined
  readonly #worker: Worker
  readonly #changed: (event: ThreadEvent) => void
  #id = 0
  #watchdog: Timer | undefined
  #idle: Timer | undefined

  constructor(worker: Worker, dataDir: string, changed: (event: ThreadEvent) => void) {
    this.#changed = changed
    this.#worker = worker
    this.#worker.onmessage = ({ data }: MessageEvent<FromWorker>) => this.#finish(data)
    this.#worker.onerror = (event) => {
      event.preventDefault()
      const hint = 'The query thread was replaced: try again.'
      this.end(new NixieError('internal', `The query thread ended: ${event.message}`, hint))
    }
    this.#say({ kind: 'open', dataDir })
  }

  start(job: Job): void {
    clearTimeout(this.#idle)
    this.job = job
    this.#id++
    this.#watch(job.deadlineMs + STUCK_MS, () => deadlineError(job.deadlineMs))
    this.#say({ kind: 'task', id: this.#id, task: job.task, cancelled: job.cancelled })
  }

  /** Its task was cancelled: it must soon be done. */
  expectEnd(): void {
    this.#watch(STUCK_MS, cancelledError)
  }

  endWhenIdle(ms: number): void {
    clearTimeout(this.#idle)
    this.#idle = setTimeout(() => {
      if (this.job === undefined) this.end(closedError())
    }, ms)
    this.#idle.unref()
  }

  /** Ends the thread whatever it does; its task fails with `error`. */
  end(error: NixieError): void {
    clearTimeout(this.#watchdog)
    clearTimeout(this.#idle)
    this.#worker.onmessage = null
    this.#worker.terminate()
    this.job?.reject(error)
    this.job = undefined
    this.#changed({ thread: this, ended: true })
  }

  #watch(ms: number, error: () => NixieError): void {
    clearTimeout(this.#watchdog)
    this.#watchdog = setTimeout(() => this.end(error()), ms)
  }

  #finish(data: FromWorker): void {
    const { job } = this
    if (!job || data.id !== this.#id) return
    clearTimeout(this.#watchdog)
    this.job = undefined
    if ('error' in data) job.reject(NixieError.fromShape(data.error))
    else job.resolve(data.result)
    this.#changed({ thread: this, ended: false })
  }

  #say(message: ToWorker): void {
    this.#worker.postMessage(message)
  }
}

const closedError = () => new NixieError('unavailable', 'Nixie is stopping', 'Ask again when it runs.')
const cancelledError = () => new NixieError('cancelled', 'The query was cancelled')
const deadlineError = (ms: number) =>
  new NixieError(
    'deadline_exceeded',
    `The query took longer than ${ms / 1000} s`,
    'Ask for a shorter time range or filter earlier.',
  )
