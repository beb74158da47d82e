/** A query thread: opens the store read-only and runs one task after the other. */
import { NixieError } from '../errors'
import { openMetadata } from '../metadata'
import { LIBRARY } from '../scripts/library'
import { openReader } from '../store'
import type { FromWorker, Task, TaskResult, ToWorker } from './messages'
import { type RunContext, readTable, runScript, summaries } from './run-script'
import { TABLES } from './tables'

declare const self: Worker

/** So long after an answer, when no other task came, the thread gives back what its runs left behind. */
const IDLE_MS = 200

type Opened = Pick<RunContext, 'source' | 'metadata' | 'scripts'>

let opened: Opened | undefined
let idle: Timer | undefined

function open(dataDir: string): Opened {
  const source = openReader(dataDir, TABLES)
  return { source, metadata: openMetadata(source), scripts: LIBRARY }
}

function perform(task: Task, context: RunContext): TaskResult {
  switch (task.kind) {
    case 'run':
      return runScript(task.request, context)
    case 'table':
      return readTable(task.request, context)
    case 'tables':
      return summaries(context.source.tables())
  }
}

self.onmessage = ({ data }: MessageEvent<ToWorker>) => {
  if (data.kind === 'open') {
    opened = open(data.dataDir)
    return
  }
  clearTimeout(idle)
  const flag = new Int32Array(data.cancelled)
  const say = (message: FromWorker) => self.postMessage(message)
  try {
    const context: RunContext = {
      ...opened!,
      cancelled: () => Atomics.load(flag, 0) !== 0,
      nowNs: BigInt(Date.now()) * 1_000_000n,
    }
    say({ id: data.id, result: perform(data.task, context) })
  } catch (cause) {
    say({ id: data.id, error: NixieError.from(cause).shape })
  }
  idle = setTimeout(() => Bun.gc(true), IDLE_MS)
}
