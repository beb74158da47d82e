/** The query threads as main sees them: started when needed, given one task at a time, replaced when one is stuck. */
import { SETTINGS } from '../config'
import { NixieError } from '../errors'
import type { Counters } from '../health/counters'
import { canBeginThread } from '../health/descriptors'
import type { Completion, Diagnostic } from '../pxl/editor/editor'
import { deadlineError } from '../query/deadline'
import type { Table } from '../records/table'
import type { Bundle } from '../scripts/bundle'
import type { Damage } from '../store/store'
import {
  ANSWER_CREDIT,
  CANCELLED,
  CREDIT,
  FLOWING_DEADLINE_MS,
  INITIAL_CREDIT,
  SHARED_BYTES,
  STALL_MS,
} from './answer-bytes'
import { currentClient } from './asker'
import {
  cancelledError,
  closedError,
  noDescriptorsError,
  noTurnError,
  tooManyError,
  unreadError,
} from './ends'
import { SlotGiver } from './memory-share'
import type { AnyTask, FromWorker, Task, TaskKind, TaskResult, ToWorker } from './messages'
import { allScripts } from './results'
import {
  DEFAULT_LIMITS,
  type Explained,
  isAnswer,
  type ResultStream,
  type Runner,
  type RunRequest,
  type Schema,
  type ScriptInfo,
  type StoreReport,
  type StreamOutput,
  type StreamRequest,
  type TableSummary,
} from './runner'
import { StreamedAnswer } from './streamed-answer'
import { givingWay, Turns } from './turns'

export interface RunnerOptions {
  readonly dataDir: string
  /** Those of this program: a store that an older one wrote may lack some of their columns. */
  readonly tables: readonly Table[]
  /** What this machine is called, where that isn't its host name. */
  readonly nodeName?: string
  /** The user's own; they win over those of the library. */
  readonly scripts?: ReadonlyMap<string, Bundle>
  /** Queries are counted here. */
  readonly counters?: Pick<Counters, 'queries' | 'queryErrors' | 'queryNs'>
  /** Has all rows captured so far stored before a query reads. Always resolves soon, even on failure. */
  readonly fresh?: () => Promise<void>
  /** Told of chunks that queries found damaged; of the same ones again until the store has them marked. */
  readonly damaged?: (found: readonly Damage[]) => void
  /** Threads at most; one is there from the first query on, more come and go with the load. */
  readonly threads?: number
  /** How long a stream waits for its turn, in ms; a short answer waits for six times as long. */
  readonly patienceMs?: number
  /** Starts a query thread; tests give threads of their own. */
  readonly spawn?: () => Worker
}

/** Streams may last for ten minutes, so waiting for one to end would have no bound that a client could go by. */
const PATIENCE_MS = 10_000
/** Each client with something waiting may have a query of 30 s before this one. */
const SHORT_PATIENCE = 6

const spawnThread = () => new Worker(new URL('./worker.ts', import.meta.url).href)
const DEFAULT_THREADS = 2
/** Tasks that may wait for a thread. */
const MAX_WAITING = 64
/** A thread stops by itself at its deadline or when cancelled; one that doesn't for this long is stuck. */
const STUCK_MS = 2_000
/** A thread beyond the first that has had nothing to do for this long is ended. */
const IDLE_MS = 30_000

/** How many short answers may wait whole in memory for slow readers; and how many of one client. */
const MOST_WHOLE_ANSWERS = 8
const MOST_WHOLE_OF_ONE = 4
/** How long a complete answer waits for its reader. */
const ANSWER_PATIENCE_MS = 60_000
/**
 * A larger answer holds its thread, like a stream. If streams have taken their threads already, it may hold one only
 * this long without a reader.
 */
const OUTGROWN_PATIENCE_MS = 2000

interface Job {
  readonly task: AnyTask
  /** The client, see `asker.ts`. */
  readonly client: string
  /**
   * It may last as long as its reader reads. Such tasks leave one thread to the others. An answer that is too large to
   * wait becomes one too.
   */
  lasts: boolean
  /** Epoch milliseconds: what 'now' is for the task. */
  readonly nowMs: number
  readonly deadlineMs: number
  readonly shared: SharedArrayBuffer
  readonly streamed: StreamedAnswer | undefined
  readonly resolve: (result: TaskResult) => void
  readonly reject: (error: NixieError) => void
}

interface JobOptions {
  readonly nowMs?: number
  readonly deadlineMs?: number | undefined
  readonly signal?: AbortSignal | undefined
  readonly shared?: SharedArrayBuffer
  readonly streamed?: StreamedAnswer
  readonly lasts?: boolean
}

function sharedMemory(credit = INITIAL_CREDIT): SharedArrayBuffer {
  const shared = new SharedArrayBuffer(SHARED_BYTES)
  new Int32Array(shared)[CREDIT] = credit
  return shared
}

const deadlineOf = ({ limits }: RunRequest) => ({ deadlineMs: limits?.deadlineMs })

/** Starts no thread yet. */
export function openRunner(options: RunnerOptions): Runner {
  return new ThreadRunner(options)
}

class ThreadRunner implements Runner {
  readonly #options: RunnerOptions
  readonly #threads: QueryThread[] = []
  readonly #waiting: Job[] = []
  readonly #memory = new SlotGiver()
  #scripts: readonly ScriptInfo[] | undefined
  readonly #turns = new Turns()
  /** By client. */
  readonly #wholeAnswers: string[] = []
  #closed = false

  constructor(options: RunnerOptions) {
    this.#options = options
  }

  async stream(request: StreamRequest, output: StreamOutput, signal?: AbortSignal): Promise<ResultStream> {
    const nowMs = await this.#fresh()
    const gone = new AbortController()
    const abort = () => gone.abort()
    signal?.addEventListener('abort', abort, { once: true })
    if (signal?.aborted) abort()
    const client = currentClient()
    const whole = isAnswer(request, output) && (output.isReadAtOnce || this.#mayWait(client))
    const waits = whole && !output.isReadAtOnce
    if (waits) this.#wholeAnswers.push(client)
    const shared = sharedMemory(whole ? ANSWER_CREDIT : INITIAL_CREDIT)
    const read = () => {
      if (waits) this.#wholeAnswers.splice(this.#wholeAnswers.indexOf(client), 1)
    }
    const streamed = new StreamedAnswer(output.format, shared, abort, read)
    const done = this.#do(
      { kind: 'stream', request, output },
      {
        nowMs,
        signal: gone.signal,
        shared,
        streamed,
        lasts: !whole,
        ...('rowsOf' in request ? {} : deadlineOf(request)),
      },
    )
    this.#counted(done)
      .then(
        (end) => streamed.done(end),
        (cause) => streamed.fail(NixieError.from(cause)),
      )
      .finally(() => {
        signal?.removeEventListener('abort', abort)
        if (whole) setTimeout(() => streamed.expire(unreadError()), ANSWER_PATIENCE_MS).unref()
      })
    return streamed.opened
  }

  /** Whether one more answer of the client may wait whole. */
  #mayWait(client: string): boolean {
    const own = this.#wholeAnswers.filter((one) => one === client).length
    return this.#wholeAnswers.length < MOST_WHOLE_ANSWERS && own < MOST_WHOLE_OF_ONE
  }

  async schema(request: RunRequest, signal?: AbortSignal): Promise<Schema> {
    return this.#do({ kind: 'schema', request }, { signal, ...deadlineOf(request) })
  }

  async explain(request: RunRequest, signal?: AbortSignal): Promise<Explained> {
    return this.#do({ kind: 'explain', request }, { signal })
  }

  async check(text: string, view: string | undefined, signal?: AbortSignal): Promise<readonly Diagnostic[]> {
    return this.#do({ kind: 'check', text, view }, { signal })
  }

  async complete(text: string, offset: number, signal?: AbortSignal): Promise<Completion> {
    return this.#do({ kind: 'complete', text, offset }, { signal })
  }

  async scripts(): Promise<readonly ScriptInfo[]> {
    this.#scripts ??= await allScripts(this.#options.scripts ?? new Map())
    return this.#scripts
  }

  async script(name: string): Promise<ScriptInfo | undefined> {
    return (await this.scripts()).find((info) => info.name === name)
  }

  async tables(signal?: AbortSignal): Promise<readonly TableSummary[]> {
    await this.#fresh()
    return this.#do({ kind: 'tables' }, { signal })
  }

  async store(signal?: AbortSignal): Promise<StoreReport> {
    await this.#fresh()
    return this.#do({ kind: 'store' }, { signal })
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const job of this.#waiting.splice(0)) job.reject(closedError())
    for (const thread of this.#threads.splice(0)) thread.end(closedError())
  }

  /**
   * A query answers for the moment at which it was asked: all that was captured by then is stored first, and its window
   * ends there, so that a rate is not divided by seconds whose rows are still to come.
   */
  async #fresh(): Promise<number> {
    // The end of this millisecond: what was seen a moment before is in.
    const nowMs = Date.now() + 1
    await this.#options.fresh?.()
    return nowMs
  }

  /** Counts a query when it has ended. */
  async #counted<T>(query: Promise<T>): Promise<T> {
    const { counters } = this.#options
    const started = performance.now()
    try {
      return await query
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

  #do<K extends TaskKind>(
    task: AnyTask & Task<K>,
    {
      nowMs = Date.now(),
      deadlineMs = DEFAULT_LIMITS.deadlineMs,
      signal,
      shared = sharedMemory(),
      streamed,
      lasts = false,
    }: JobOptions,
  ): Promise<TaskResult<K>> {
    if (this.#closed) return Promise.reject(closedError())
    if (signal?.aborted) return Promise.reject(cancelledError())
    const client = currentClient()
    if (this.#waiting.length >= MAX_WAITING) {
      const place = givingWay(this.#waiting, client)
      if (place < 0) return Promise.reject(tooManyError())
      this.#waiting.splice(place, 1)[0]!.reject(tooManyError())
    }
    return new Promise((resolve, reject) => {
      const abort = () => {
        const words = new Int32Array(shared)
        Atomics.store(words, CANCELLED, 1)
        // Changes the credit, so that a thread that is about to wait for it wakes.
        Atomics.add(words, CREDIT, 1)
        Atomics.notify(words, CREDIT)
        clearTimeout(timer)
        const place = this.#waiting.indexOf(job)
        if (place >= 0) this.#waiting.splice(place, 1)
        this.#threads.find((thread) => thread.job === job)?.expectEnd()
        reject(cancelledError())
      }
      const patienceMs = (this.#options.patienceMs ?? PATIENCE_MS) * (lasts ? 1 : SHORT_PATIENCE)
      const timer = setTimeout(() => {
        const place = this.#waiting.indexOf(job)
        if (place >= 0) this.#waiting.splice(place, 1)[0]!.reject(noTurnError(lasts, patienceMs / 1000))
      }, patienceMs)
      const settle =
        <T>(act: (value: T) => void) =>
        (value: T) => {
          clearTimeout(timer)
          signal?.removeEventListener('abort', abort)
          act(value)
        }
      const job: Job = {
        task,
        client,
        nowMs,
        deadlineMs,
        shared,
        streamed,
        lasts,
        // A thread answers with the result of its task's kind.
        resolve: settle((result) => resolve(result as TaskResult<K>)),
        reject: settle(reject),
      }
      signal?.addEventListener('abort', abort, { once: true })
      this.#waiting.push(job)
      this.#dispatch()
    })
  }

  /** Gives waiting tasks to idle threads; one more thread when all are busy and another is allowed. */
  #dispatch(): void {
    for (;;) {
      const running = this.#threads.flatMap(({ job }) => job ?? [])
      const place = this.#turns.next(this.#waiting, running, this.#maxThreads)
      if (place < 0) return
      const idle = this.#threads.find((t) => t.job === undefined)
      const [job] = this.#waiting.splice(place, 1)
      if (!idle && !canBeginThread()) {
        job!.reject(noDescriptorsError())
        continue
      }
      const thread = idle ?? this.#newThread()
      this.#turns.began(job!, [...running, ...this.#waiting])
      thread.start(job!)
    }
  }

  #newThread(): QueryThread {
    const { dataDir, tables, nodeName = SETTINGS.nodeName.fallback, spawn = spawnThread } = this.#options
    const scripts = [...(this.#options.scripts?.values() ?? [])]
    const slot = this.#memory.give()
    const opening = { dataDir, tables, nodeName, scripts, memory: this.#memory.shared, slot }
    const thread = new QueryThread(spawn(), opening, (event) => {
      if (event.ended) this.#memory.free(slot)
      if (event.damage) {
        this.#options.damaged?.(event.damage)
        return
      }
      this.#changed(event)
    })
    this.#threads.push(thread)
    return thread
  }

  get #maxThreads(): number {
    return this.#options.threads ?? DEFAULT_THREADS
  }

  /** Ends the answer when nothing reads it, unless it has one of the places of streams. */
  #watchOutgrown(thread: QueryThread, { streamed }: Job): void {
    const streams = this.#threads.filter(({ job }) => job?.lasts).length
    if (!streamed || streams <= Math.max(1, this.#maxThreads - 1)) return
    const { job } = thread
    const { taken } = streamed
    setTimeout(() => {
      if (thread.job !== job) return
      if (streamed.taken === taken) streamed.expire(unreadError())
      else this.#watchOutgrown(thread, job!)
    }, OUTGROWN_PATIENCE_MS).unref()
  }

  #changed({ thread, ended, outgrown }: ThreadEvent): void {
    if (outgrown) this.#watchOutgrown(thread, outgrown)
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
  /** It is gone; else it has finished a task, or … */
  readonly ended?: true
  /** … its answer has become larger than what may wait: from now on it lasts as long as its reader. */
  readonly outgrown?: Job
  /** … its task has met damaged chunks. */
  readonly damage?: readonly Damage[]
}

class QueryThread {
  job: Job | undefined
  readonly #worker: Worker
  readonly #changed: (event: ThreadEvent) => void
  #id = 0
  #watchdog: Timer | undefined
  #idle: Timer | undefined

  constructor(
    worker: Worker,
    data: Omit<Extract<ToWorker, { kind: 'open' }>, 'kind'>,
    changed: (event: ThreadEvent) => void,
  ) {
    this.#changed = changed
    this.#worker = worker
    this.#worker.onmessage = ({ data }: MessageEvent<FromWorker>) => this.#finish(data)
    this.#worker.onerror = (event) => {
      event.preventDefault()
      const hint = 'The query thread was replaced: try again.'
      this.end(new NixieError('internal', `The query thread ended: ${event.message}`, hint))
    }
    this.#say({ kind: 'open', ...data })
  }

  start(job: Job): void {
    clearTimeout(this.#idle)
    this.job = job
    this.#id++
    this.#watchDeadline(job)
    this.#say({ kind: 'task', id: this.#id, task: job.task, nowMs: job.nowMs, shared: job.shared })
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

  /** Ends the thread in any state. Its task fails with `error`. */
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

  /** Until its first bytes, which wait for no reader. */
  #watchDeadline({ deadlineMs }: Job): void {
    this.#watch(deadlineMs + STUCK_MS, () => deadlineError(deadlineMs))
  }

  #finish(data: FromWorker): void {
    const { job } = this
    if ('damage' in data) {
      this.#changed({ thread: this, damage: data.damage })
      return
    }
    if (!job || data.id !== this.#id) return
    if ('chunk' in data) {
      // From now on the thread itself watches its time and its reader. This timer is for a stuck thread.
      if (!Atomics.load(new Int32Array(job.shared), CANCELLED)) {
        this.#watch(FLOWING_DEADLINE_MS + STALL_MS, () => deadlineError(FLOWING_DEADLINE_MS))
      }
      job.streamed?.chunk(data.chunk, data.warnings)
      if (!job.lasts && job.streamed && job.streamed.received >= ANSWER_CREDIT) {
        job.lasts = true
        this.#changed({ thread: this, outgrown: job })
      }
      return
    }
    clearTimeout(this.#watchdog)
    this.job = undefined
    if ('error' in data) job.reject(NixieError.fromShape(data.error))
    else job.resolve(data.result)
    this.#changed({ thread: this })
  }

  #say(message: ToWorker): void {
    this.#worker.postMessage(message)
  }
}
