/** One run: the script found, its arguments bound, compiled to a plan, executed, its tables as cells. */
import { NixieError } from '../errors'
import type { Metadata } from '../metadata/metadata'
import { compile } from '../pxl/compile'
import { newestFirst } from '../pxl/frames/frames'
import type { TableSchema } from '../pxl/values/table-schema'
import { checkRange, parseTime } from '../pxl/values/time'
import type { Limits, MemoryShare } from '../query/budget'
import type { Deadline } from '../query/deadline'
import { type ExecuteContext, type ExecuteStats, execute, type ResultSet } from '../query/engine'
import { explain } from '../query/explain'
import type { Node, Plan } from '../query/plan'
import { type Bundle, readView } from '../scripts/bundle'
import type { ReadableStore, StoreSummary, TableInfo } from '../store/store'
import { nameHint, unknownTable } from '../suggest'
import { withLabels } from './labels'
import {
  DEFAULT_LIMITS,
  type Explained,
  type RunRequest,
  type RunResult,
  type Schema,
  type StoreReport,
  type TableRequest,
  type TableSummary,
  type Warning,
} from './runner'
import { bindVariables } from './variables'
import { planOf } from './view'
import { virtualTable } from './virtual-tables'

/** What a run works with. */
export interface RunContext {
  readonly store: ReadableStore
  readonly metadata: Metadata
  /** By name. */
  readonly scripts: ReadonlyMap<string, Bundle>
  /** What the store holds; absent where there is none. */
  summary?(): StoreSummary
  /** Chunks that scans have passed over so far because they are damaged. */
  damaged?(): number
  /** Memory that is shared with runs on other threads. */
  readonly share?: MemoryShare
  /** Of the task; absent: a run has `limits.deadlineMs` once it executes. */
  readonly deadline?: Deadline
  /** Called often; true ends the run. */
  cancelled(): boolean
  /** Epoch nanoseconds. */
  readonly nowNs: bigint
}

/** A request compiled: nothing has run yet. */
export interface Prepared {
  readonly name: string
  readonly args: Readonly<Record<string, string>>
  readonly plan: Plan
  readonly warnings: readonly Warning[]
  readonly limits: Limits
  readonly compileMs: number
}

/** `incomplete`: arguments may be missing. Throws a NixieError. */
export function prepare(request: RunRequest, context: RunContext, incomplete = false): Prepared {
  const started = performance.now()
  const { name, text, view } = requested(request, context.scripts)
  const args = bindVariables(name, view?.variables ?? [], request.args ?? {}, incomplete)
  const module = compile(text, { tables: schemas(context), nowNs: context.nowNs })
  const shown = debugLast(planOf(module, view, args))
  const plan = newest(request.links ? shown : withLabels(shown))
  if (plan.outputs.length === 0 && !module.acts()) {
    throw new NixieError('compile_error', 'The script shows nothing', "End it with px.display(df, 'name').")
  }
  return {
    name,
    args,
    plan,
    warnings: module.warnings,
    limits: { ...DEFAULT_LIMITS, ...request.limits },
    compileMs: performance.now() - started,
  }
}

/** The tables that scripts read, with whether something fills them. */
export const schemas = ({ store }: Pick<RunContext, 'store'>): readonly TableSchema[] =>
  store.tables().map(({ name, columns, recorded }) => ({ name, columns, recorded }))

/** The tables that the request would give. Arguments may be missing. */
export function schemaOf(request: RunRequest, context: RunContext): Schema {
  const { plan, warnings } = prepare(request, context, true)
  return { tables: plan.outputs.map(({ name, node }) => ({ name, columns: node.columns })), warnings }
}

/** The result of a run, with its tables still as columns of the engine. */
export interface Ran {
  readonly tables: readonly ResultSet[]
  readonly stats: Pick<ExecuteStats, 'rowsRead' | 'bytesRead' | 'batchesRead'>
  readonly execMs: number
  /** Chunks that were passed over. */
  readonly damaged: number
}

export function runPrepared({ plan, limits }: Pick<Prepared, 'plan' | 'limits'>, context: RunContext): Ran {
  const started = performance.now()
  const before = context.damaged?.() ?? 0
  const { tables, stats } = execute(plan, executeContext(limits, context))
  const damaged = (context.damaged?.() ?? 0) - before
  return { tables, stats, execMs: performance.now() - started, damaged }
}

/** Warnings beside the tables. */
export function factsOf(
  { name, args, warnings, compileMs }: Prepared,
  {
    tables,
    stats,
    execMs,
    damaged,
  }: Omit<Ran, 'tables'> & { readonly tables: readonly { readonly rows: number }[] },
): Omit<RunResult, 'tables'> {
  return {
    script: name,
    args,
    warnings: damaged === 0 ? warnings : [...warnings, damageWarning(damaged)],
    stats: {
      compileMs,
      execMs,
      rowsRead: stats.rowsRead,
      bytesRead: stats.bytesRead,
      chunksRead: stats.batchesRead,
      rowsOut: tables.reduce((sum, table) => sum + table.rows, 0),
    },
  }
}

const damageWarning = (chunks: number): Warning => ({
  message: `${chunks} damaged ${chunks === 1 ? 'chunk' : 'chunks'} of the store left out: rows are missing`,
})

/** What the plan of a request would do. */
export function explainScript(request: RunRequest, context: RunContext): Explained {
  const { plan, warnings } = prepare(request, context)
  return { ...explain(plan, context.store), warnings }
}

/** The row limit works like head: it leaves out the oldest rows. */
const newest = ({ outputs }: Plan): Plan => ({
  outputs: outputs.map(({ name, node }) => ({ name, node: newestFirst(node) ?? node })),
})

/** Tables of px.debug begin with an underscore. */
const debugLast = ({ outputs }: Plan): Plan => ({
  outputs: [
    ...outputs.filter(({ name }) => !name.startsWith('_')),
    ...outputs.filter(({ name }) => name.startsWith('_')),
  ],
})

/** The script of the library, or the text, with or without a view. */
function requested(
  { script, text, view, name = '' }: RunRequest,
  scripts: ReadonlyMap<string, Bundle>,
): Pick<Bundle, 'name' | 'text' | 'view'> {
  if (script === undefined) {
    if (text !== undefined) return { name, text, view: view === undefined ? undefined : readView(view) }
    throw new NixieError('bad_request', 'Neither a script nor a text to run', 'Name a script: px/http_data.')
  }
  const found = scripts.get(script)
  if (found) return text === undefined ? found : { ...found, text }
  const hint = nameHint(script, [...scripts.keys()], 'scripts')
  throw new NixieError('unknown_script', `There is no script '${script.slice(0, 80)}'`, hint)
}

/** What executing a plan needs besides. */
export const executeContext = (limits: Limits, context: RunContext): ExecuteContext => ({
  store: context.store,
  metadata: context.metadata,
  limits,
  ...(context.share && { share: context.share }),
  ...(context.deadline && { deadline: context.deadline }),
  nowNs: context.nowNs,
  cancelled: context.cancelled,
  virtualTable: (fn, args) => virtualTable(fn, args, context),
})

/** The plan of a table's newest rows, newest first. Throws `unknown_table`, `bad_time_range`, `bad_request`. */
export function tablePlan(
  { name, startTime, endTime, limit }: TableRequest,
  { store, nowNs }: RunContext,
): Plan {
  const tables = store.tables()
  const table = tables.find((t) => t.name === name)
  if (!table)
    throw unknownTable(
      name,
      tables.map((t) => t.name),
    )
  if (!Number.isSafeInteger(limit) || limit < 0) {
    throw new NixieError('bad_request', `limit: ${limit} is not a number of rows`, 'Give it a whole number.')
  }
  const startNs = startTime === undefined ? undefined : parseTime(startTime, nowNs, 'start_time')
  const endNs = endTime === undefined ? undefined : parseTime(endTime, nowNs, 'end_time')
  checkRange(startNs, endNs, nowNs)
  const columns = table.columns.map(({ name: column, type, semantic }) => ({ name: column, type, semantic }))
  const scan: Node = {
    op: 'scan',
    table: name,
    columns,
    reverse: true,
    ...(startNs === undefined ? {} : { startNs }),
    ...(endNs === undefined ? {} : { endNs }),
  }
  return { outputs: [{ name, node: { op: 'limit', input: scan, rows: limit, columns } }] }
}

/** Every table with what is stored of it. */
export function summaries(tables: readonly TableInfo[]): readonly TableSummary[] {
  return tables.map(({ name, description, columns, rows, bytes, oldestNs, newestNs }) => ({
    name,
    description,
    columns: columns.map((c) => ({
      name: c.name,
      type: c.type,
      semantic: c.semantic,
      pattern: c.pattern,
      description: c.description,
      ...(c.extra && { extra: c.extra }),
    })),
    rows,
    bytes,
    oldest: oldestNs?.toString() ?? null,
    newest: newestNs?.toString() ?? null,
    span: oldestNs === undefined || newestNs === undefined ? 0 : Number(newestNs - oldestNs) / 1e9,
  }))
}

export function storeReport({ tables, ...summary }: StoreSummary): StoreReport {
  return {
    tables: tables.map(({ oldestNs, newestNs, keepsSeconds = null, ...table }) => ({
      ...table,
      oldest: oldestNs?.toString() ?? null,
      newest: newestNs?.toString() ?? null,
      keepsSeconds,
    })),
    fileBytes: summary.fileBytes,
    walBytes: summary.walBytes,
    budgetBytes: summary.budgetBytes ?? null,
    retentionSeconds: summary.retentionSeconds ?? null,
    writeAmplification: summary.writeAmplification ?? null,
  }
}
