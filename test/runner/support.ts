/** What runScript works with, over tables in memory. */
import { resolve } from 'node:path'
import type { Metadata } from '../../src/metadata/metadata'
import { toCells } from '../../src/query/cells'
import type { ResultSet } from '../../src/query/engine'
import { AnswerBytes, CREDIT, INITIAL_CREDIT, SHARED_BYTES } from '../../src/runner/answer-bytes'
import {
  factsOf,
  prepare,
  type RunContext,
  runPrepared,
  schemaOf,
  tablePlan,
} from '../../src/runner/run-script'
import {
  type Cell,
  DEFAULT_LIMITS,
  type ResultTable,
  type Runner,
  type RunRequest,
  type RunResult,
  type TableRequest,
} from '../../src/runner/runner'
import { streamTask } from '../../src/runner/stream'
import { readBundle } from '../../src/scripts/bundle'
import { LIBRARY } from '../../src/scripts/library'
import { EMPTY, TABLES } from '../../src/sources/tables'
import { kubernetesOf } from '../metadata/kubernetes-of'
import { NOW, StoredTables } from '../pxl/support/stored-tables'
import { metadata as kubernetes, type Row } from '../query/support/tables'

export const repository = resolve(import.meta.dir, '../..')

export const WEB = '1:42:7'
export const SHELL = '1:50:3'

/** A host without Kubernetes: a unit and a command. */
export const plainHost: Metadata = {
  ...kubernetes,
  podName: (upid) => ({ [WEB]: 'nginx.service', [SHELL]: 'curl' })[upid] ?? '',
  podId: (upid) => ({ [WEB]: 'nginx.service', [SHELL]: 'curl' })[upid] ?? '',
  podOf: () => undefined,
  kubernetes: kubernetesOf({}),
}

export { kubernetes }

const ZERO = { STRING: '', UINT128: '', BOOLEAN: false, TIME64NS: 0n, INT64: 0, FLOAT64: 0 } as const

/** A row of a table, so many seconds before now, of the server's end of `WEB`; what isn't given is empty. */
export function rowOf(name: string, secondsAgo: number, values: Row): Row {
  const columns = TABLES.find((table) => table.name === name)!.columns
  const empty: Row = Object.fromEntries(columns.map(({ name: column, type }) => [column, ZERO[type]]))
  const time_ = NOW - BigInt(Math.round(secondsAgo * 1e9))
  const row = { ...empty, time_, upid: WEB, trace_role: 2, ...values }
  return Object.fromEntries(Object.entries(row).filter(([column]) => column in empty))
}

/** A request that was answered so many seconds before now. */
export const request = (secondsAgo: number, values: Row): Row => rowOf('http_events', secondsAgo, values)

/** Rows of http_events, or of several tables by name; in time order. */
export function contextOf(
  rows: readonly Row[] | Readonly<Record<string, readonly Row[]>>,
  metadata: Metadata = plainHost,
): RunContext {
  const given = (Array.isArray(rows) ? { http_events: rows } : rows) as Readonly<
    Record<string, readonly Row[]>
  >
  const tables = TABLES.map((table) => {
    const { name, columns } = table
    return { name, columns, rows: given[name] ?? [], recorded: !EMPTY.includes(table) }
  })
  return {
    store: new StoredTables(tables),
    metadata,
    scripts: LIBRARY,
    cancelled: () => false,
    nowNs: NOW,
  }
}

/** The context with one more script, from its files. */
export function withScript(context: RunContext, name: string, files: Record<string, string>): RunContext {
  return { ...context, scripts: new Map([...context.scripts, [name, readBundle(name, files)]]) }
}

/** The rows of one result table as objects. */
export function rowsOf(result: RunResult, table = 0): Record<string, Cell>[] {
  const { columns, values, rows } = result.tables[table]!
  return Array.from({ length: rows }, (_, row) =>
    Object.fromEntries(columns.map((column, i) => [column.name, values[i]![row]!])),
  )
}

/** What a script shows, by the names of its tables. */
export function shown(
  script: string,
  args: Readonly<Record<string, string>>,
  tables: Readonly<Record<string, readonly Row[]>>,
  metadata?: Metadata,
): Readonly<Record<string, Record<string, Cell>[]>> {
  const result = run({ script, args }, contextOf(tables, metadata))
  return Object.fromEntries(result.tables.map(({ name }, i) => [name, rowsOf(result, i)]))
}

/** A time as a cell. */
export const ago = (seconds: number): string => String(NOW - BigInt(Math.round(seconds * 1e9)))

/** A link to a script as a cell. */
export const linkTo = (label: string, script: string, args: Readonly<Record<string, string>>): string =>
  JSON.stringify({ label, script, args })

const resultTable = ({ batch, ...table }: ResultSet): ResultTable => ({
  ...table,
  values: toCells(batch),
  rows: batch.rows,
})

/** What a query thread does, without the bytes. */
export function runScript(request: RunRequest, context: RunContext): RunResult {
  const prepared = prepare(request, context)
  const ran = runPrepared(prepared, context)
  return { tables: ran.tables.map(resultTable), ...factsOf(prepared, ran) }
}

export function readTable(request: TableRequest, context: RunContext): ResultTable {
  const limits = { ...DEFAULT_LIMITS, rows: request.limit }
  return resultTable(runPrepared({ plan: tablePlan(request, context), limits }, context).tables[0]!)
}

/** The memory that a stream shares with its reader, who takes so many bytes. */
export function sharedCredit(bytes = INITIAL_CREDIT): Int32Array {
  const shared = new Int32Array(new SharedArrayBuffer(SHARED_BYTES))
  shared[CREDIT] = bytes
  return shared
}

/** Streams as a query thread makes them. */
export const streaming = (context: RunContext): Pick<Runner, 'stream'> => ({
  async stream(asked, output) {
    const parts: Uint8Array<ArrayBuffer>[] = []
    const out = new AnswerBytes(sharedCredit(1 << 30), (bytes) => parts.push(new Uint8Array(bytes)))
    const { warnings } = await streamTask({ request: asked, output }, context, out)
    return { warnings, body: new Blob(parts).stream(), end: Promise.resolve() }
  },
})

/** The tables of a run, without rows. */
export const schema = (wanted: RunRequest, context: RunContext) =>
  schemaOf({ links: true, ...wanted }, context)

/** Links are objects, as the pages ask for them. */
export const run = (wanted: RunRequest, context: RunContext): RunResult =>
  runScript({ links: true, ...wanted }, context)
