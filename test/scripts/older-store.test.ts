/** A store that an older Nixie wrote lacks columns and tables: each script answers as if they were there, and empty. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Batch } from '../../src/records/batch'
import { BatchBuilder } from '../../src/records/builder'
import type { Table } from '../../src/records/table'
import { LIBRARY } from '../../src/scripts/library'
import { TABLES } from '../../src/sources/tables'
import { openReader, openWriter } from '../../src/store'
import type { Reader } from '../../src/store/reader'
import { NOW } from '../pxl/support/stored-tables'
import { contextOf, rowOf, run } from '../runner/support'
import { argumentsFor, IN_SHOP } from './support/arguments'
import { cluster, KUBELET, OUTSIDE, WEB, WEB_IP } from './support/cluster'

/** The first version had none of these. */
const LATER = ['websocket_events', 'tls_events', 'shed_exchanges']
const YEAR_S = 366 * 86_400

const withoutOwn = (table: Table): Table => ({
  ...table,
  columns: table.columns.filter(({ extra }) => !extra),
})

/** Rows of a pod and of a process outside of one; own columns have what they have where nothing is known. */
function batchOf(table: Table): Batch {
  const builder = new BatchBuilder(table, NOW)
  const absent = Object.fromEntries(
    table.columns.map(({ name, absent: value }) => [name, value ?? undefined]),
  )
  const known = Object.fromEntries(Object.entries(absent).filter(([, value]) => value !== undefined))
  const ends = { local_addr: WEB_IP, remote_addr: OUTSIDE, remote_port: 5000, bytes_sent: 9, bytes_recv: 9 }
  for (const upid of [KUBELET, WEB])
    for (const trace_role of [1, 2]) {
      const row = rowOf(table.name, 10, {
        ...ends,
        latency: 5,
        req_path: '/',
        count: 1,
        ...known,
        upid,
        trace_role,
      })
      builder.append({ ...row, time_: Number((row.time_ as bigint) - NOW) } as never)
    }
  return builder.seal()
}

const parent = mkdtempSync(join(tmpdir(), 'nixie-older-'))
let newer: Reader
let older: Reader

function stored(name: string, tables: readonly Table[], known?: readonly Table[]): Reader {
  const dataDir = join(parent, name)
  const writer = openWriter({ dataDir, retentionSeconds: YEAR_S, diskBudgetBytes: 1 << 28, tables })
  writer.append(
    tables
      .filter(({ name: table }) => !LATER.includes(table))
      .map((table) => ({ table, batch: batchOf(table) })),
  )
  writer.close()
  return openReader(dataDir, known)
}

beforeAll(() => {
  newer = stored('newer', TABLES)
  older = stored('older', TABLES.filter(({ name }) => !LATER.includes(name)).map(withoutOwn), TABLES)
})
afterAll(() => {
  for (const reader of [newer, older]) reader.close()
  rmSync(parent, { recursive: true, force: true })
})

const own = TABLES.flatMap(({ name, columns }) =>
  columns.filter(({ extra }) => extra).map((column) => [name, column.name]),
)
test.each(own)('%s.%s', (table, column) => {
  const values = (reader: Reader) =>
    [...reader.scan(table, { columns: [column] })].map(({ columns: [vector] }) => vector)
  expect(values(older)).toEqual(values(newer))
})

describe('each script', () => {
  test.each([...LIBRARY.values()].map((bundle) => [bundle.name, bundle] as const))(
    '%s',
    (script, { view }) => {
      const args = argumentsFor(view?.variables ?? [], IN_SHOP)
      const shown = (store: Reader) => {
        const { tables } = run({ script, args }, { ...contextOf({}, cluster), store })
        return tables.map(({ name, columns, values }) => ({
          name,
          columns: columns.map((c) => c.name),
          values,
        }))
      }
      expect(shown(older)).toEqual(shown(newer))
    },
  )
})
