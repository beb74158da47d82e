/** A query thread: opens the store read-only and runs one task after the other. */
import { openMetadata } from '../metadata'
import { faultOf } from '../query/fault'
import { LIBRARY } from '../scripts/library'
import { openReader, type Reader } from '../store'
import type { StoreSummary } from '../store/store'
import { ByteSink, CANCELLED, FLOWING_DEADLINE_MS } from './byte-sink'
import { checkText, completeText } from './editor'
import { deadlineError } from './ends'
import { SlotShare } from './memory-share'
import type { FromWorker, Task, TaskKind, TaskResult, ToWorker } from './messages'
import { explainScript, type RunContext, readTable, runScript, storeReport, summaries } from './run-script'
import { DEFAULT_LIMITS } from './runner'
import { streamTask } from './stream'

declare const self: Worker

/** After this idle time the thread collects the garbage of its runs. */
const IDLE_MS = 200
/** A stream's clock stops while its reader is slow, so the engine's own deadline is set far away. */
const NO_DEADLINE_MS = 2 ** 31

type Opened = Pick<RunContext, 'metadata' | 'scripts'> & {
  readonly source: Reader
  readonly share: SlotShare
}
type Context = RunContext & { summary(): StoreSummary }

let opened: Opened | undefined
let idle: Timer | undefined

type Perform<K extends TaskKind> = (
  task: Task<K>,
  context: Context,
  sink: ByteSink,
) => TaskResult<K> | Promise<TaskResult<K>>

const PERFORM: { readonly [K in TaskKind]: Perform<K> } = {
  run: ({ request }, context) => runScript(request, context),
  stream: (task, context, sink) => streamed(task, context, sink),
  explain: ({ request }, context) => explainScript(request, context),
  check: ({ text, view }, context) => checkText(text, view, context),
  complete: ({ text, offset }, context) => completeText(text, offset, context),
  table: ({ request }, context) => readTable(request, context),
  tables: (_, { source }) => summaries(source.tables()),
  store: (_, context) => storeReport(context.summary()),
}

const perform = <K extends TaskKind>(task: Task<K>, context: Context, sink: ByteSink) =>
  PERFORM[task.kind](task, context, sink)

/**
 * The deadline is for the work: waiting for a slow reader doesn't count. Once rows flow, the work may go on for longer:
 * it is a day's rows that are asked for, not an answer to wait for.
 */
async function streamed(
  task: Task<'stream'>,
  context: RunContext,
  sink: ByteSink,
): Promise<TaskResult<'stream'>> {
  const { request } = task
  const limits = 'rowsOf' in request ? {} : request.limits
  const started = performance.now()
  const deadlineMs = () =>
    limits?.deadlineMs ?? (sink.hasPosted ? FLOWING_DEADLINE_MS : DEFAULT_LIMITS.deadlineMs)
  const overdue = () => performance.now() - started - sink.waitedMs > deadlineMs()
  const patient =
    'rowsOf' in request ? request : { ...request, limits: { ...limits, deadlineMs: NO_DEADLINE_MS } }
  const cancelled = () => context.cancelled() || overdue()
  try {
    return await streamTask({ ...task, request: patient }, { ...context, cancelled }, sink)
  } catch (cause) {
    if (context.cancelled() || !overdue()) throw cause
    throw deadlineError(deadlineMs())
  }
}

const say = (message: FromWorker) => self.postMessage(message)

/** For the writer: this thread may not mark what it met. */
function tellDamage(id: number): void {
  const damage = opened!.source.takeDamage()
  if (damage.length > 0) say({ id, damage })
}

async function work(data: Extract<ToWorker, { kind: 'task' }>): Promise<void> {
  clearTimeout(idle)
  const shared = new Int32Array(data.shared)
  const sink = new ByteSink(shared, (chunk) => {
    opened!.share.check()
    self.postMessage({ id: data.id, chunk, warnings: sink.warnings } satisfies FromWorker, [
      chunk.buffer as ArrayBuffer,
    ])
  })
  try {
    const nowNs = BigInt(data.nowMs) * 1_000_000n
    const { source, ...rest } = opened!
    const context: Context = {
      source,
      ...rest,
      summary: () => source.summary(nowNs),
      damaged: () => source.damagedChunks,
      cancelled: () => Atomics.load(shared, CANCELLED) !== 0,
      nowNs,
    }
    const result = await perform(data.task, context, sink)
    tellDamage(data.id)
    say({ id: data.id, result })
  } catch (cause) {
    tellDamage(data.id)
    say({ id: data.id, error: faultOf(cause).shape })
  } finally {
    opened!.share.release()
  }
  idle = setTimeout(() => Bun.gc(true), IDLE_MS)
}

self.onmessage = ({ data }: MessageEvent<ToWorker>) => {
  if (data.kind === 'task') {
    void work(data)
    return
  }
  const source = openReader(data.dataDir)
  const own = data.scripts.map((bundle) => [bundle.name, bundle] as const)
  opened = {
    source,
    share: new SlotShare(data.memory, data.slot),
    metadata: openMetadata(source, data.nodeName),
    scripts: new Map([...LIBRARY, ...own]),
  }
}
