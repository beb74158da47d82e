/** The binary with a folder of others' bundles, as it stands: columns, answers, warnings, and what wrong arguments get. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { resolve } from 'node:path'
import { Nixie, runNixie } from '../support/nixie'
import { Scope } from '../support/scope'

const bundles = resolve(import.meta.dir, '../compat/bundles')

describe("others' bundles", () => {
  const scope = new Scope('compat')
  let nixie: Nixie
  const run = (...args: string[]) =>
    runNixie(['run', '--scripts-dir', bundles, ...args], { env: { NIXIE_SERVER: nixie.url } })

  beforeAll(async () => {
    const flags = ['--capture', 'false', '--scripts-dir', bundles]
    nixie = await Nixie.start(scope, { flags, until: 'up' })
  })
  afterAll(() => scope.close())

  test('a script that traces: no rows, a warning, exit 0; its columns by --schema', async () => {
    const name = 'bpftrace/socket_size'
    const { code, stdout, stderr } = await run(name, '-o', 'json')
    expect([code, stdout]).toEqual([0, ''])
    expect(stderr).toMatch(
      /^warning: Dynamic tracing is not enabled yet: sock_sendmsg_table is empty \(line \d+/,
    )
    const { tables } = JSON.parse((await run(name, '--schema')).stdout)
    expect(tables.map((table: { name: string }) => table.name)).toEqual(['send_results', 'recv_results'])
    expect(tables[0].columns[4]).toEqual({ name: 'avg_size', type: 'FLOAT64', semantic: 'ST_NONE' })
  })

  test('the API: an object with tables, their columns and rows, and the warnings', async () => {
    const answer = await fetch(`${nixie.url}/api/run/bpftrace/exec_snoop?command_filter=sh`)
    expect(answer.status).toBe(200)
    const { tables, warnings } = (await answer.json()) as {
      tables: { name: string; columns: { name: string }[]; rows: unknown[] }[]
      warnings: { message: string; line: number }[]
    }
    expect(tables.map(({ name, rows }) => [name, rows])).toEqual([['results', []]])
    expect(tables[0]!.columns.map(({ name }) => name)).toContain('parent_pod')
    expect(warnings[0]).toMatchObject({ message: 'Dynamic tracing is not enabled yet: exec_table is empty' })
  })

  test.each([
    ['px/cql_stats', ['--start_time=-1h30m', '--pod=']],
    ['px/http_data_filtered', ['--status_code', '+200', '--req_path', '--x=y']],
    ['px/net_flow_graph', ['--namespace=default', '--throughput_filter=-0.5e-3']],
    ['px/node', ['--node', 'n', '--groupby', 'service', '--start_time=2026-01-02 03:04:5.00 +0000']],
    ['pxbeta/pii_cluster_egress', ['--filter_for_not_ssl=True', '--use_pixie_dns_resolution', 'false']],
    ['px/ip', ['--ip=10.0.0.1', '--start_time=1767323045000000000']],
    ['px/pid_memory_usage', []],
  ])('%s %p', async (name, args) => {
    const { code, stderr } = await run(name, '-o', 'json', '--', ...args)
    expect({ code, errors: stderr.match(/^error.*/gm) }).toEqual({ code: 0, errors: null })
  })

  test.each([
    ['px/ip', [], 'px/ip needs the argument ip (PX_STRING)'],
    ['px/ip', ['--ip=', '--start=-5m'], "px/ip has no argument 'start'"],
    ['px/ip', ['--ip=', '--start_time=5 minutes'], "start_time: '5 minutes' is not a time"],
    [
      'px/net_flow_graph',
      ['--namespace=', '--throughput_filter=much'],
      "throughput_filter: 'much' is not a number",
    ],
    ['px/http_data_filtered', ['--status_code='], "status_code: '' is not an integer"],
    ['px/node', ['--node=n', '--groupby=cluster'], "groupby: 'cluster' is not one of its values"],
    ['px/tcp_drops', [], "There is no script 'px/tcp_drops' in"],
  ])('refused: %s %p', async (name, args, message) => {
    const { code, stderr } = await run(name, '-o', 'json', '--', ...args)
    expect(code).toBe(1)
    expect(stderr).toContain(message)
    expect(stderr).toMatch(/^hint: ./m)
  })
})
