/** What runScript works with, over tables in memory. */
import { resolve } from 'node:path'
import { NO_KUBERNETES } from '../../src/metadata/kubernetes'
import type { Metadata } from '../../src/metadata/metadata'
import type { Table } from '../../src/records/table'
import { type RunContext, runScript } from '../../src/runner/run-script'
import type { Cell, RunRequest, RunResult } from '../../src/runner/runner'
import { TABLES } from '../../src/runner/tables'
import { readBundle } from '../../src/scripts/bundle'
import { LIBRARY } from '../../src/scripts/library'
import { NOW, StoredTables } from '../pxl/support/stored-tables'
import { metadata as kubernetes, type Row } from '../query/support/tables'

export const repository = resolve(import.meta.dir, '../..')

const http = TABLES.find((table) => table.name === 'http_events') as Table

export const WEB = '1:42:7'
export const SHELL = '1:50:3'

/** A host without Kubernetes: a unit and a command. */
export const plainHost: Metadata = {
  ...kubernetes,
  podName: (upid) => ({ [WEB]: 'nginx.service', [SHELL]: 'curl' })[upid] ?? '',
  podId: (upid) => ({ [WEB]: 'nginx.service', [SHELL]: 'curl' })[upid] ?? '',
  podOf: () => undefined,
  kubernetes: NO_KUBERNETES,
}

export { kubernetes }

const EMPTY: Row = Object.fromEntries(
  http.columns.map(({ name, type }) => [
    name,
    type === 'STRING' || type === 'UINT128' ? '' : type === 'BOOLEAN' ? false : type === 'TIME64NS' ? 0n : 0,
  ]),
)

/** A request that was answered so many seconds before now. */
export function request(secondsAgo: number, values: Row): Row {
  return { ...EMPTY, time_: NOW - BigInt(secondsAgo) * 1_000_000_000n, upid: WEB, trace_role: 2, ...values }
}

export function contextOf(rows: readonly Row[], metadata: Metadata = plainHost): RunContext {
  const tables = TABLES.map((table) => ({
    name: table.name,
    columns: table.columns,
    rows: table === http ? rows : [],
  }))
  return {
    source: new StoredTables(tables),
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

export const run = (wanted: RunRequest, context: RunContext): RunResult => runScript(wanted, context)
