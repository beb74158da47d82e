/** One run: the script found, its arguments bound, compiled to a plan, executed, its tables as cells. */
import { NixieError } from '../errors'
import type { Metadata } from '../metadata/metadata'
import { compile } from '../pxl/compile'
import { newestFirst } from '../pxl/frames'
import { checkRange, parseTime } from '../pxl/time'
import { toCells } from '../query/cells'
import { type ExecuteContext, execute, type ResultSet } from '../query/engine'
import type { Node, Plan } from '../query/plan'
import type { Bundle } from '../scripts/bundle'
import type { Source, TableInfo } from '../store/store'
import { nameHint } from '../suggest'
import type { TableRequest } from './messages'
import {
  DEFAULT_LIMITS,
  type Limits,
  type ResultTable,
  type RunRequest,
  type RunResult,
  type TableSummary,
} from './runner'
import { bindVariables } from './variables'
import { planOf } from './view'
import { virtualTable } from './virtual-tables'

/** What a run works with. */
export interface RunContext {
  readonly source: Source
  readonly metadata: Metadata
  /** By name. */
  readonly scripts: ReadonlyMap<string, Bundle>
  /** Asked often; true ends the run. */
  cancelled(): boolean
  /** Epoch nanoseconds. */
  readonly nowNs: bigint
}

/** Throws a NixieError. */
export function runScript(request: RunRequest, context: RunContext): RunResult {
  const started = performance.now()
  const { name, text, view } = requested(request, context.scripts)
  const args = bindVariables(name, view?.variables ?? [], request.args ?? {})
  const module = compile(text, { tables: context.source.tables(), nowNs: context.nowNs })
  const plan = newest(planOf(module, view, args))
  if (plan.outputs.length === 0) {
    throw new NixieError('compile_error', 'The script shows nothing', "End it with px.display(df, 'name').")
  }
  const compiled = performance.now()
  const limits = { ...DEFAULT_LIMITS, ...request.limits }
  const { tables, stats } = request.schemaOnly
    ? { tables: plan.outputs.map(schemaOf), stats: { rowsRead: 0, bytesRead: 0, batchesRead: 0 } }
    : executed(plan, limits, context)
  return {
    script: name,
    args,
    tables,
    warnings: [],
    stats: {
      compileMs: compiled - started,
      execMs: performance.now() - compiled,
      rowsRead: stats.rowsRead,
      bytesRead: stats.bytesRead,
      chunksRead: stats.batchesRead,
      rowsOut: tables.reduce((sum, table) => sum + table.rows, 0),
    },
  }
}

/** The row limit is a head as well: what it leaves out are the oldest rows. */
const newest = ({ outputs }: Plan): Plan => ({
  outputs: outputs.map(({ name, node }) => ({ name, node: newestFirst(node) ?? node })),
})

/** The script of the library, or the text as one without a view. */
function requested(
  { script, text }: RunRequest,
  scripts: ReadonlyMap<string, Bundle>,
): Pick<Bundle, 'name' | 'text' | 'view'> {
  if (script === undefined) {
    if (text !== undefined) return { name: '', text, view: undefined }
    throw new NixieError('bad_request', 'Neither a script nor a text to run', 'Name a script: px/http_data.')
  }
  const found = scripts.get(script)
  if (found) return text === undefined ? found : { ...found, text }
  const hint = nameHint(script, [...scripts.keys()], 'scripts')
  throw new NixieError('unknown_script', `There is no script '${script.slice(0, 80)}'`, hint)
}

function executed(plan: Plan, limits: Limits, context: RunContext) {
  const given: ExecuteContext = {
    source: context.source,
    metadata: context.metadata,
    limits,
    nowNs: context.nowNs,
    cancelled: context.cancelled,
    virtualTable: (fn) => virtualTable(fn, context.source.tables()),
  }
  const { tables, stats } = execute(plan, given)
  return { tables: tables.map(resultTable), stats }
}

const resultTable = ({ name, columns, batch, truncated }: ResultSet): ResultTable => ({
  name,
  columns,
  values: toCells(batch),
  rows: batch.rows,
  truncated,
})

const schemaOf = ({ name, node }: { name: string; node: Node }): ResultTable => ({
  name,
  columns: node.columns,
  values: node.columns.map(() => []),
  rows: 0,
  truncated: false,
})

/** The newest rows of a table, newest first. Throws `unknown_table`, `bad_time_range`, `bad_request`. */
export function readTable(
  { name, startTime, endTime, limit }: TableRequest,
  context: RunContext,
): ResultTable {
  const tables = context.source.tables()
  const table = tables.find((t) => t.name === name)
  if (!table) {
    const known = tables.map((t) => t.name)
    throw new NixieError(
      'unknown_table',
      `There is no table '${name.slice(0, 80)}'`,
      nameHint(name, known, 'tables'),
    )
  }
  if (!Number.isSafeInteger(limit) || limit < 0) {
    throw new NixieError('bad_request', `limit: ${limit} is not a number of rows`, 'Give it a whole number.')
  }
  const startNs = startTime === undefined ? undefined : parseTime(startTime, context.nowNs, 'start_time')
  const endNs = endTime === undefined ? undefined : parseTime(endTime, context.nowNs, 'end_time')
  checkRange(startNs, endNs, context.nowNs)
  const columns = table.columns.map(({ name: column, type, semantic }) => ({ name: column, type, semantic }))
  const scan: Node = {
    op: 'scan',
    table: name,
    columns,
    reverse: true,
    ...(startNs === undefined ? {} : { startNs }),
    ...(endNs === undefined ? {} : { endNs }),
  }
  const plan: Plan = { outputs: [{ name, node: { op: 'limit', input: scan, rows: limit, columns } }] }
  return executed(plan, { ...DEFAULT_LIMITS, rows: limit }, context).tables[0]!
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
    })),
    rows,
    bytes,
    oldest: oldestNs?.toString() ?? null,
    newest: newestNs?.toString() ?? null,
    span: oldestNs === undefined || newestNs === undefined ? 0 : Number(newestNs - oldestNs) / 1e9,
  }))
}
