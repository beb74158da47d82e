/** The tables that are made when they are asked for: their columns are the declared ones, their values real. */
import { describe, expect, test } from 'bun:test'
import { VIRTUAL_TABLES } from '../../src/pxl/modules/virtual-tables'
import { virtualTable } from '../../src/runner/virtual-tables'
import { TABLES } from '../../src/sources/tables'
import { contextOf, request, rowsOf, run } from './support'

const context = contextOf([request(1, {})])
const show = (call: string) => rowsOf(run({ text: `import px\npx.display(px.${call})` }, context))

test.each(Object.keys(VIRTUAL_TABLES))('%s has its columns, each as long as the table', (fn) => {
  const { columns, batch } = virtualTable(fn, {}, context)
  expect(columns).toEqual(VIRTUAL_TABLES[fn]!.columns)
  for (const [i, vector] of batch.columns.entries()) {
    expect(vector.type).toBe(columns[i]!.type)
    expect('codes' in vector ? vector.codes.length : vector.values.length).toBe(batch.rows)
  }
})

describe('rows', () => {
  test('this agent', () => {
    const [agent, ...others] = show('GetAgentStatus()')
    expect(others).toEqual([])
    expect(agent).toMatchObject({
      hostname: context.metadata.hostName,
      agent_state: 'AGENT_STATE_HEALTHY',
      last_heartbeat_ns: 0,
    })
    const age = Date.now() - Number(BigInt(agent!.create_time as string) / 1_000_000n)
    expect(age).toBeGreaterThanOrEqual(0)
    expect(age).toBeLessThan(600_000)
    expect(agent!.asid).toBe(context.metadata.asid)
  })

  test('what is stored', () => {
    const rows = show('_DebugTableInfo()')
    expect(rows.map((row) => row.name)).toEqual(TABLES.map((table) => table.name))
    expect(rows[0]!.min_time).not.toBe('0')
    const summary = () => ({
      tables: [{ name: 'http_events', chunks: 7 }],
      budgetBytes: 9,
    })
    const { columns, batch } = virtualTable('_DebugTableInfo', {}, { ...context, summary: summary as never })
    const at = (name: string) => batch.columns[columns.findIndex((column) => column.name === name)]!
    expect((at('num_batches') as { values: Float64Array }).values[0]).toBe(7)
    expect((at('max_table_size') as { values: Float64Array }).values[0]).toBe(9)
  })

  test('tables, columns, functions', () => {
    expect(show('GetTables()').length).toBe(TABLES.length)
    expect(show('GetSchemas()')).toContainEqual(
      expect.objectContaining({ table_name: 'http_events', column_name: 'latency', column_type: 'INT64' }),
    )
    expect(show('GetSchemas()')).toContainEqual(
      expect.objectContaining({
        table_name: 'conn_stats',
        column_name: 'remote_upid',
        column_type: 'UINT128',
      }),
    )
    expect(show('GetUDFList()').map((row) => row.name)).toContain('upid_to_pod_name')
    expect(show('GetUDTFList()').map((row) => row.name)).toContain('GetAgentStatus')
  })

  test('there are no tracepoints and no scheduled scripts', () => {
    for (const call of ['GetTracepointStatus()', 'GetCronScriptHistory()', '_HeapGrowthStacks(asid=1)']) {
      expect(show(call)).toEqual([])
    }
  })
})
