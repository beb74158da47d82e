/** A query thread: opens the store read-only and runs one task after the other. */
import { openMetadata } from '../metadata'
import type { Limits } from '../query/budget'
import { Deadline } from '../query/deadline'
import { faultOf } from '../query/fault'
import { LIBRARY } from '../scripts/library'
import { openReader, type Reader } from '../store'
import type { StoreSummary } from '../store/store'
import { AnswerBytes, CANCELLED, FLOWING_DEADLINE_MS } from './answer-bytes'
import { checkText, completeText } from './editor'
import { SlotShare } from './memory-share'
import type { AnyTask, FromWorker, Task, TaskKind, TaskResult, ToWorker } from './messages'
import { explainScript, type RunContext, schemaOf, storeReport, summaries } from './run-script'
import { DEFAULT_LIMITS } from './runner'
import { streamTask } from './stream'

declare const self: Worker

/** After this idle time the thread collects the garbage of its runs. */
const IDLE_MS = 200

type OpenData = Pick<RunContext, 'metadata' | 'scripts'> & {
  readonly store: Reader
  readonly share: SlotShare
}
type Context = RunContext & { summary(): StoreSummary }

let opened: OpenData | undefined
let idle: Timer | undefined

type Perform<K extends TaskKind> = (
  task: Task<K>,
  context: Context,
  out: AnswerBytes,
) => TaskResult<K> | Promise<TaskResult<K>>

const PERFORM: { readonly [K in TaskKind]: Perform<K> } = {
  stream: (task, context, out) => streamTask(task, context, out),
  schema: ({ request }, context) => schemaOf(request, context),
  explain: ({ request }, context) => explainScript(request, context),
  check: ({ text, view }, context) => checkText(text, view, context),
  complete: ({ text, offset }, context) => completeText(text, offset, context),
  tables: (_, { store }) => summaries(store.tables()),
  store: (_, context) => storeReport(context.summary()),
}

const perform = <K extends TaskKind>(task: Task<K>, context: Context, out: AnswerBytes) =>
  PERFORM[task.kind](task, context, out)

/** What the request says, or what a task has by default. */
function limitsOf(task: AnyTask): Partial<Limits> {
  return 'request' in task && 'limits' in task.request ? (task.request.limits ?? {}) : {}
}

const say = (message: FromWorker) => self.postMessage(message)

/** Tells main, and so the writer, which chunks were damaged: this thread may not mark them. */
function tellDamage(id: number): void {
  const damage = opened!.store.takeDamage()
  if (damage.length > 0) say({ id, damage })
}

async function work(data: Extract<ToWorker, { kind: 'task' }>): Promise<void> {
  clearTimeout(idle)
  const shared = new Int32Array(data.shared)
  const { deadlineMs } = limitsOf(data.task)
  const deadline = new Deadline(deadlineMs ?? DEFAULT_LIMITS.deadlineMs)
  const post = (chunk: Uint8Array) => {
    opened!.share.check()
    // Once rows flow, the work may go on for longer: a day's rows are asked for, not an answer to wait for.
    if (deadlineMs === undefined) deadline.extend(FLOWING_DEADLINE_MS)
    self.postMessage({ id: data.id, chunk, warnings: out.warnings } satisfies FromWorker, [
      chunk.buffer as ArrayBuffer,
    ])
  }
  const out = new AnswerBytes(shared, post, deadline)
  try {
    const nowNs = BigInt(data.nowMs) * 1_000_000n
    const { store, ...rest } = opened!
    const context: Context = {
      store,
      ...rest,
      summary: () => store.summary(nowNs),
      damaged: () => store.damagedChunks,
      cancelled: () => Atomics.load(shared, CANCELLED) !== 0,
      deadline,
      nowNs,
    }
    const result = await perform(data.task, context, out)
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
  const store = openReader(data.dataDir, data.tables)
  const own = data.scripts.map((bundle) => [bundle.name, bundle] as const)
  opened = {
    store,
    share: new SlotShare(data.memory, data.slot),
    metadata: openMetadata(store, data.nodeName),
    scripts: new Map([...LIBRARY, ...own]),
  }
}
