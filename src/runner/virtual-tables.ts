/** The rows of tables that are made when a script asks for them: px.GetTables(), px.GetAgentStatus(), … */
import { existsSync } from 'node:fs'
import { networkInterfaces, release } from 'node:os'
import { NixieError } from '../errors'
import { machineId } from '../metadata/agent-id'
import type { Metadata } from '../metadata/metadata'
import { VIRTUAL_TABLES } from '../pxl/modules/virtual-tables'
import type { VirtualTable } from '../query/engine'
import type { ScalarValue } from '../query/functions/base/function'
import { type FunctionInfo, listFunctions } from '../query/functions/registry'
import { type Batch, StringTable, type Vector } from '../records/batch'
import type { DataType } from '../records/types'
import type { ReadableStore, StoreSummary } from '../store/store'

type Row = Readonly<Record<string, ScalarValue>>

export interface VirtualContext {
  readonly store: Pick<ReadableStore, 'tables'>
  readonly metadata: Pick<Metadata, 'asid' | 'hostName'>
  summary?(): StoreSummary
}

const functionRow = ({ name, args, returns }: FunctionInfo): Row => ({
  name,
  return_type: returns,
  args: `[${args.map((arg) => arg.type).join(', ')}]`,
})

const functionRows = (kind: FunctionInfo['kind']) =>
  listFunctions()
    .filter((f) => f.kind === kind)
    .map(functionRow)

/** The machine's id in the form of a UUID; empty when it has none. */
const machineUuid = (): string => machineId().replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')

const address = (): string =>
  Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find(({ internal, family }) => !internal && family === 'IPv4')?.address ?? '127.0.0.1'

const hasKernelHeaders = () => existsSync(`/lib/modules/${release()}/build`)

const types = (columns: readonly { readonly name: string }[]) => columns.map(({ name }) => name).join(', ')

const MAKERS: Readonly<Record<string, (context: VirtualContext) => readonly Row[]>> = {
  GetTables: ({ store }) => store.tables().map((t) => ({ table_name: t.name, table_desc: t.description })),
  GetSchemas: ({ store }) =>
    store.tables().flatMap((t) =>
      t.columns.map((c) => ({
        table_name: t.name,
        column_name: c.name,
        column_type: c.type,
        pattern_type: c.pattern,
        column_desc: c.description,
      })),
    ),
  GetUDFList: () => functionRows('function'),
  GetUDAList: () => functionRows('aggregate'),
  GetUDTFList: () =>
    Object.entries(VIRTUAL_TABLES).map(([name, { args, columns }]) => ({
      name,
      executor: 'UDTF_ONE_KELVIN',
      init_args: `[${types(args)}]`,
      output_relation: `[${types(columns)}]`,
    })),
  GetAgentStatus: ({ metadata }) => [
    {
      agent_id: machineUuid(),
      asid: metadata.asid,
      hostname: metadata.hostName,
      ip_address: address(),
      agent_state: 'AGENT_STATE_HEALTHY',
      create_time: BigInt(Math.round(performance.timeOrigin)) * 1_000_000n,
      // The agent itself answers, so its last heartbeat is now.
      last_heartbeat_ns: 0,
      kernel_headers_installed: hasKernelHeaders(),
    },
  ],
  GetLinuxHeadersStatus: ({ metadata }) => [
    { asid: metadata.asid, kernel_headers_installed: hasKernelHeaders() },
  ],
  // A reader sees only the rows that are stored now. It doesn't know how many were added or expired, so those counts
  // are 0.
  _DebugTableInfo: ({ store, metadata, summary }) => {
    const held = summary?.()
    const chunks = new Map(held?.tables.map((table) => [table.name, table.chunks]))
    return store.tables().map(({ name, bytes, oldestNs }, id) => ({
      asid: metadata.asid,
      name,
      id,
      batches_added: 0,
      batches_expired: 0,
      bytes_added: 0,
      num_batches: chunks.get(name) ?? 0,
      compacted_batches: 0,
      size: bytes,
      // All of it is on disk.
      cold_size: bytes,
      max_table_size: held?.budgetBytes ?? 0,
      min_time: oldestNs ?? 0n,
    }))
  },
}

function vectorOf(type: DataType, cells: readonly ScalarValue[]): Vector {
  switch (type) {
    case 'STRING':
    case 'UINT128':
      return { type, codes: Uint32Array.from(cells, (_, i) => i), dict: StringTable.of(cells.map(String)) }
    case 'BOOLEAN':
      return { type, values: Uint8Array.from(cells, Number) }
    case 'FLOAT64':
      return { type, values: Float64Array.from(cells, Number) }
    default: {
      const whole = cells.map((value) => BigInt(value))
      const base = type === 'TIME64NS' ? (whole[0] ?? 0n) : 0n
      return { type, base, values: Float64Array.from(whole, (value) => Number(value - base)) }
    }
  }
}

/** The table of a function, as things are now. */
export function virtualTable(
  fn: string,
  _args: Readonly<Record<string, unknown>>,
  context: VirtualContext,
): VirtualTable {
  const spec = VIRTUAL_TABLES[fn]
  if (!spec) throw new NixieError('compile_error', `There is no table function '${fn}'`)
  // Tracepoints, scheduled scripts, heap profiles and the profiler: there are none here, so there are no rows.
  const rows = MAKERS[fn]?.(context) ?? []
  const batch: Batch = {
    rows: rows.length,
    columns: spec.columns.map(({ name, type }) =>
      vectorOf(
        type,
        rows.map((row) => row[name]!),
      ),
    ),
  }
  return { columns: spec.columns, batch }
}
