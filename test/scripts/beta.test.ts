/** Scripts of pxbeta, and what the capture says of itself. */
import { describe, expect, test } from 'bun:test'
import { contextOf, request, rowOf, rowsOf, run } from '../runner/support'
import { CRON, cluster, OUTSIDE, processStats, WEB } from './support/cluster'

const LOG = '192.0.2.9'

function cells(
  script: string,
  args: Record<string, string>,
  table: string,
  columns: string,
  context: ReturnType<typeof contextOf>,
) {
  const result = run({ script, args }, context)
  const index = result.tables.findIndex((one) => one.name === table)
  return rowsOf(result, index).map((row) => columns.split(' ').map((name) => row[name]))
}

const label = (cell: unknown) =>
  JSON.parse(cell as string) as { label: string; script: string; args: unknown }

describe('pxbeta/service_endpoints', () => {
  const ids = Array.from({ length: 20 }, (_, i) => 1000 + 37 * i)
  const rows = [
    ...ids.map((id, i) =>
      request(29 - i / 10, { req_path: `/users/${id}`, resp_status: 200, latency: 1000 }),
    ),
    request(21, { req_path: '/users/1000/orders', resp_status: 500, latency: 5000 }),
    request(20, { req_path: '/health', resp_status: 200, latency: 3000 }),
  ]
  const context = contextOf(rows, cluster)

  test('paths that differ in ids are one endpoint', () => {
    const all = cells(
      'pxbeta/service_endpoints',
      { service: 'shop/web' },
      'endpoint_let',
      'endpoint latency_p50 error_rate',
      context,
    )
    expect(all).toContainEqual(['/users/*', 1000, 0])
    expect(all).toContainEqual(['/health', 3000, 0])
    expect(
      cells('pxbeta/service_endpoints', { service: 'shop/db' }, 'endpoint_let', 'endpoint', context),
    ).toEqual([])
  })

  test('each links to itself', () => {
    const [[users]] = cells(
      'pxbeta/service_endpoints',
      { service: 'shop/web' },
      'Endpoints',
      'endpoint',
      context,
    ) as [[unknown]]
    expect(label(users)).toEqual({
      label: '/users/*',
      script: 'pxbeta/service_endpoint',
      args: { start_time: '-5m', service: 'shop/web', endpoint: '/users/*' },
    })
  })

  test('one endpoint: its requests, the slowest with who asked', () => {
    const asked = [
      request(30, { req_path: '/users/1', remote_addr: '10.0.0.9', resp_status: 200, latency: 1000 }),
      request(25, { req_path: '/users/2', remote_addr: OUTSIDE, resp_status: 500, latency: 9000 }),
      request(24, { req_path: '/items/2', remote_addr: OUTSIDE, resp_status: 500, latency: 90_000 }),
    ]
    const args = { service: 'shop/web', endpoint: '/users/*' }
    const of = (table: string, columns: string, rows = asked) =>
      cells('pxbeta/service_endpoint', args, table, columns, contextOf(rows, cluster))
    expect(of('endpoint_let_timeseries', 'latency_p50 request_throughput errors_per_ns error_rate')).toEqual([
      [5000, 2e-10, 1e-10, 0.5],
    ])
    const [[far, latency]] = of('Sample of Slow Requests', 'source latency') as [[unknown, unknown]]
    expect(latency).toBe(9000)
    expect(label(far)).toMatchObject({
      label: OUTSIDE,
      script: 'px/net_flow_graph',
      args: { namespace: 'shop' },
    })
    const [[near]] = of('Sample of Slow Requests', 'source', asked.slice(0, 1)) as [[unknown]]
    expect(label(near)).toMatchObject({ label: 'ops/cron', script: 'px/pod', args: { pod: 'ops/cron' } })
  })
})

describe('pxbeta/pii_cluster_egress', () => {
  const out = { upid: CRON, trace_role: 1, remote_addr: LOG }
  const mail = '{"to":"jane.doe@example.org"}'
  const context = contextOf(
    {
      http_events: [
        request(40, { ...out, req_body: mail }),
        request(39, { ...out, req_body: '{"to":"nobody"}' }),
        request(38, { ...out, remote_addr: '10.0.0.8', req_body: mail }),
        request(37, { ...out, remote_addr: '127.0.0.1', req_body: mail }),
        request(36, { upid: WEB, remote_addr: LOG, req_body: mail }),
      ],
      redis_events: [
        rowOf('redis_events', 35, { ...out, encrypted: true, req_args: 'a jane.doe@example.org' }),
      ],
      conn_stats: [
        rowOf('conn_stats', 50, { ...out, remote_port: 80, protocol: 1, bytes_sent: 100 }),
        rowOf('conn_stats', 50, { ...out, remote_port: 6379, protocol: 7, ssl: true, bytes_sent: 10 }),
        rowOf('conn_stats', 30, { ...out, remote_port: 80, protocol: 1, bytes_sent: 700 }),
        rowOf('conn_stats', 30, { ...out, remote_port: 6379, protocol: 7, ssl: true, bytes_sent: 50 }),
      ],
      dns_events: [
        rowOf('dns_events', 60, {
          trace_role: 1,
          req_body: '{"queries":[{"name":"log.example.org","type":"A"}]}',
          resp_body: `{"answers":[{"name":"log.example.org","type":"CNAME","cname":"a.example.org"},{"name":"a.example.org","type":"A","addr":"${LOG}"}]}`,
        }),
      ],
    },
    cluster,
  )
  const dns = { use_pixie_dns_resolution: 'true' }
  const of = (table: string, columns: string, args = {}) =>
    cells('pxbeta/pii_cluster_egress', { ...dns, ...args }, table, columns, context)

  test('what leaves, by pod and address', () => {
    expect(
      of('Egress by pod, IP', 'resolved_domain protocol remote_addr pod example_req bytes_egressed ssl'),
    ).toEqual([
      ['log.example.org', 'HTTP', LOG, 'ops/cron', '{"to":"<REDACTED_EMAIL>"}', 600, false],
      ['log.example.org', 'Redis', LOG, 'ops/cron', 'a <REDACTED_EMAIL>', 40, true],
    ])
    expect(of('Egress by pod, IP', 'protocol', { filter_for_not_ssl: 'true' })).toEqual([['HTTP']])
  })

  test('the graph colours what is not encrypted', () => {
    expect(
      of('Cluster Egress', 'protocol resolved_domain ssl_sum count bytes_egressed ssl edge_color'),
    ).toEqual([
      ['HTTP', 'log.example.org', 0, 1, 600, 'none', 300],
      ['Redis', 'log.example.org', 1, 1, 40, 'all', 0],
    ])
  })
})

test('px/stirling_errors: the newest first', () => {
  const status = (seconds: number, tracepoint: string) =>
    rowOf('probe_status', seconds, {
      tracepoint,
      source_connector: 'socket_tracer',
      status: 2,
      error: 'no BTF',
    })
  const context = contextOf(
    { probe_status: [status(300, 'a'), status(200, 'ab'), status(100, 'b')] },
    cluster,
  )
  const of = (args: Record<string, string>) =>
    cells('px/stirling_errors', args, 'probe_status', 'tracepoint node error', context)
  expect(of({ max_num_records: '1' })).toEqual([['b', 'node-1', 'no BTF']])
  expect(of({ tracepoint_filter: 'a' })).toEqual([
    ['ab', 'node-1', 'no BTF'],
    ['a', 'node-1', 'no BTF'],
  ])
})

test('pxbeta/vfs_snoop runs, says what is not enabled', () => {
  const { tables, warnings } = run(
    { script: 'pxbeta/vfs_snoop' },
    contextOf({ process_stats: processStats(rowOf) }, cluster),
  )
  expect(tables.map((table) => table.rows)).toEqual([0])
  expect(warnings.length).toBeGreaterThan(0)
})

test('px/agent_status', () => {
  const context = contextOf([], cluster)
  expect(cells('px/agent_status', {}, 'output', 'asid agent_state', context)).toEqual([
    [1, 'AGENT_STATE_HEALTHY'],
  ])
  const [[percent]] = cells(
    'px/agent_status_diagnostics',
    {},
    'output',
    'headers_installed_percent',
    context,
  ) as [[number]]
  expect([0, 100]).toContain(percent)
})

test('px/funcs', () => {
  const context = contextOf([], cluster)
  expect(cells('px/funcs', {}, 'Agg Functions', 'name return_type', context)).toContainEqual([
    'count',
    'INT64',
  ])
  expect(cells('px/funcs', {}, 'Table Functions', 'name', context)).toContainEqual(['GetAgentStatus'])
  expect(cells('px/funcs', {}, 'Map Functions', 'name return_type', context)).toContainEqual([
    'contains',
    'BOOLEAN',
  ])
})
