/** The module pxviews: its columns, and what its rows say. */
import { describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { contextOf, request, rowOf, rowsOf, run, schema, WEB, withScript } from '../runner/support'
import { CRON, cluster, DB, OUTSIDE, STARTED, STATUS } from './support/cluster'
import { CLUSTER_TABLES } from './support/context'

const connection = (seconds: number, sent: number, recv: number, values: Parameters<typeof rowOf>[2]) =>
  rowOf('conn_stats', seconds, { bytes_sent: sent, bytes_recv: recv, ...values })

/** Of web-1: two ports taken from one address, one made to it. What was before the range counts from its first row. */
const CONNECTIONS = [
  connection(30, 1000, 2000, { remote_addr: OUTSIDE }),
  connection(30, 1, 1, { upid: DB, trace_role: 1, remote_addr: OUTSIDE, remote_port: 443 }),
  connection(30, 50, 50, { remote_addr: OUTSIDE, ssl: true }),
  connection(30, 10, 10, { remote_addr: '10.0.0.9' }),
  connection(20, 5, 5, { trace_role: 1, remote_addr: OUTSIDE, remote_port: 443 }),
  connection(12, 7, 10, { trace_role: 1, remote_addr: OUTSIDE, remote_port: 443 }),
  connection(10, 1100, 2200, { remote_addr: OUTSIDE }),
  connection(10, 60, 70, { remote_addr: OUTSIDE, ssl: true }),
  connection(10, 20, 30, { remote_addr: '10.0.0.9' }),
  connection(9, 12, 23, { upid: DB, trace_role: 1, remote_addr: OUTSIDE, remote_port: 443 }),
]

const BLOCK = /^(\w+)\((.*)\)\n {2}(.*)$/gm
const VIEWS = [...readFileSync(join(import.meta.dir, 'pxviews.txt'), 'utf8').matchAll(BLOCK)]

const ARGUMENTS: Readonly<Record<string, string>> = {
  start_time: "'-5m'",
  end_time: 'px.now()',
  window_ns: 'px.DurationNanos(px.seconds(10))',
}

/** A script that shows what a view returns. */
function scriptOf(view: string, params: readonly string[]) {
  const args = params.map((param) => `${param}=${ARGUMENTS[param]}`).join(', ')
  return `import px\nimport pxviews\npx.display(pxviews.${view}(${args}))\n`
}

const columnsOf = (text: string) =>
  schema(
    { script: 'test/view' },
    withScript(contextOf([]), 'test/view', { 'data.pxl': text }),
  ).tables[0]!.columns.map((c) =>
    [c.name, c.type, c.semantic.slice(3)].filter((part) => part !== 'NONE').join(' '),
  )

test('there are thirteen', () => {
  expect(VIEWS).toHaveLength(13)
})

test.each(VIEWS.map(([, view, params, columns]) => [view!, params!, columns!] as const))(
  '%s has its columns',
  (view, params, columns) => {
    expect(columnsOf(scriptOf(view, params.split(', ')))).toEqual(columns.split('; '))
  },
)

const CLUSTER = contextOf({ ...CLUSTER_TABLES, conn_stats: CONNECTIONS }, cluster)

/** The given columns of each row of a view over the last five minutes, numbers to twelve digits. */
function cells(call: string, columns: string, context = CLUSTER) {
  const text = `import px\nimport pxviews\npx.display(pxviews.${call})\n`
  const result = run({ script: 'test/view' }, withScript(context, 'test/view', { 'data.pxl': text }))
  const round = (cell: unknown) => (typeof cell === 'number' ? Number(cell.toPrecision(12)) : cell)
  return rowsOf(result).map((row) => columns.split(' ').map((name) => round(row[name])))
}

const RANGE = "'-5m', px.now()"
const per5m = (n: number) => Number((n / 300e9).toPrecision(12))
const per10s = (n: number) => Number((n / 10e9).toPrecision(12))
const ago = (seconds: number) => `${1_800_000_000 - seconds}000000000`
const MS = 1_000_000

describe('HTTP', () => {
  test('inbound_http_summary', () => {
    const columns =
      'time_ pod_id pod service namespace node requestor_ip requestor_pod requestor_service latency_sum num_requests num_errors req_bytes resp_bytes'
    const web = ['uid-shop/web-1', 'shop/web-1', 'shop/web', 'shop', 'node-1']
    const db = ['uid-shop/db-1', 'shop/db-1', 'shop/db', 'shop', 'node-1']
    expect(cells(`inbound_http_summary(${RANGE})`, columns)).toEqual([
      [ago(54), ...web, OUTSIDE, '', '', 4.5 * MS, 2, 1, 30, 300],
      [ago(53), ...web, '10.0.0.9', 'ops/cron', '', 2 * MS, 1, 0, 30, 300],
      [ago(45), ...db, '10.0.0.7', 'shop/web-1', 'shop/web', 5 * MS, 1, 0, 40, 400],
      [ago(44), ...db, '127.0.0.1', '', '', 6 * MS, 1, 1, 50, 500],
    ])
  })

  test('http_graph: requestor and responder, whichever is traced', () => {
    const columns =
      'time_ requestor_pod responder_pod requestor_namespace responder_namespace requestor_node responder_node requestor_service responder_service num_requests num_errors req_bytes resp_bytes'
    const web = ['shop/web-1', 'shop', 'node-1', 'shop/web']
    const db = ['shop/db-1', 'shop', 'node-1', 'shop/db']
    const cron = ['ops/cron', 'ops', 'node-1', '']
    const none = ['', '', '', '']
    const edge = (from: string[], to: string[]) => from.flatMap((cell, i) => [cell, to[i]])
    expect(cells(`http_graph(${RANGE})`, columns)).toEqual([
      [ago(54), ...edge(none, web), 2, 1, 30, 300],
      [ago(53), ...edge(cron, web), 1, 0, 30, 300],
      [ago(45), ...edge(web, db), 1, 0, 40, 400],
      [ago(44), ...edge(db, db), 1, 1, 50, 500],
      [ago(43), ...edge(cron, none), 1, 0, 60, 600],
      [ago(42), ...edge(cron, ['', '', '', 'shop/db']), 1, 0, 70, 700],
    ])
  })

  test('http_graph: quantiles of an edge are those of its requests, from both ends', () => {
    const slow = { upid: CRON, trace_role: 1, remote_addr: '10.0.0.7', latency: 100 }
    const fast = { upid: WEB, trace_role: 2, remote_addr: '10.0.0.9', latency: 1 }
    const rows = [20, 19, 18, 17, 16].map((s, i) => request(s, { req_path: '/', ...(i < 4 ? fast : slow) }))
    const columns = 'requestor_ip responder_ip num_requests latency_p50'
    expect(cells(`http_graph(${RANGE})`, columns, contextOf(rows, cluster))).toEqual([
      ['10.0.0.9', '10.0.0.7', 5, 1],
    ])
  })

  test('exchange_graph: an edge for each protocol, from both ends; of those without an answer the latency is 0', () => {
    const ends = { remote_addr: '10.0.0.9', remote_upid: CRON, trace_role: 2 }
    const tables = {
      http_events: [request(20, { req_path: '/', upid: WEB, resp_status: 503, latency: MS, ...ends })],
      redis_events: [19, 18].map((ago) => rowOf('redis_events', ago, { upid: WEB, latency: MS, ...ends })),
      'nats_events.beta': [rowOf('nats_events.beta', 17, { upid: WEB, resp: "-ERR 'no'", ...ends })],
    }
    expect(
      cells(
        `exchange_graph(${RANGE})`,
        'protocol table requestor_pod responder_pod num_requests num_errors latency_p50',
        contextOf(tables, cluster),
      ),
    ).toEqual([
      ['HTTP', 'http_events', 'ops/cron', 'shop/web-1', 1, 1, MS],
      ['Redis', 'redis_events', 'ops/cron', 'shop/web-1', 2, 0, MS],
      ['NATS', 'nats_events.beta', 'ops/cron', 'shop/web-1', 1, 1, 0],
    ])
  })

  test('http_graph: outside of a pod, a loopback address can be anyone', () => {
    const rows = [request(20, { req_path: '/', remote_addr: '127.0.0.1' })]
    expect(
      cells(`http_graph(${RANGE})`, 'requestor_pod requestor_ip responder_pod', contextOf(rows)),
    ).toEqual([['', '127.0.0.1', 'nginx.service']])
  })

  test('timeseries', () => {
    const throughput = `inbound_http_throughput_timeseries(${RANGE}, px.seconds(10))`
    expect(cells(throughput, 'time_ pod container num_requests num_errors')).toEqual([
      [ago(60), 'shop/web-1', 'web', 3, 1],
      [ago(50), 'shop/db-1', 'db', 2, 1],
    ])
    const latency = `inbound_http_latency_timeseries(${RANGE}, px.seconds(10))`
    expect(cells(latency, 'time_ service latency_sum num_requests resp_bytes')).toEqual([
      [ago(60), 'shop/web', 6.5 * MS, 3, 600],
      [ago(50), 'shop/db', 11 * MS, 2, 900],
    ])
  })
})

describe('resources', () => {
  const columns =
    'time_ pod container cpu_usage actual_disk_read_throughput actual_disk_write_throughput total_disk_read_throughput total_disk_write_throughput rss vsize'

  test('container_process_timeseries: counters by process, then by container', () => {
    const call = `container_process_timeseries(${RANGE}, px.seconds(10))`
    expect(cells(call, columns)).toEqual([
      [ago(20), 'shop/web-1', 'web', 0.15, per10s(1500), per10s(300), per10s(3000), per10s(600), 200, 2000],
      [ago(20), 'shop/web-1', 'proxy', 0.05, 0, 0, per10s(3000), 0, 50, 500],
      [ago(20), 'shop/db-1', 'db', 0, 0, 0, 0, 0, 10, 100],
      [ago(20), 'ops/cron', 'cron', 0, 0, 0, 0, 0, 4, 40],
      [ago(20), '', '', 0.3, 0, 0, 0, 0, 7, 70],
    ])
  })

  test('container_process_summary and pod_resource_stats', () => {
    const [web] = cells(`container_process_summary(${RANGE})`, columns)
    expect(web).toEqual([
      ago(15),
      'shop/web-1',
      'web',
      0.005,
      per5m(1500),
      per5m(300),
      per5m(3000),
      per5m(600),
      200,
      2000,
    ])
    const pods =
      'time_ pod service container_count pod_start_time pod_status cpu_usage rss total_disk_read_throughput'
    expect(cells(`pod_resource_stats(${RANGE})`, pods).slice(0, 2)).toEqual([
      [ago(15), 'shop/web-1', 'shop/web', 2, `${STARTED}`, STATUS, 0.00666666666667, 250, per5m(6000)],
      [ago(20), 'shop/db-1', 'shop/db', 1, `${STARTED}`, STATUS, 0, 10, 0],
    ])
  })

  test('network', () => {
    const rates = 'pod node rx_bytes_per_ns tx_bytes_per_ns rx_drops_per_ns tx_drops_per_ns rx_errors_per_ns'
    expect(cells(`pod_network_timeseries(${RANGE}, px.seconds(10))`, `time_ ${rates}`)).toEqual([
      [ago(20), 'shop/web-1', 'node-1', per10s(1000), per10s(200), 0, per10s(3), 0],
      [ago(20), 'shop/db-1', 'node-1', per10s(20), per10s(40), 0, 0, per10s(1)],
    ])
    expect(cells(`pod_network_summary(${RANGE})`, `time_ ${rates}`)).toEqual([
      [ago(15), 'shop/web-1', 'node-1', per5m(1000), per5m(200), 0, per5m(3), 0],
      [ago(14), 'shop/db-1', 'node-1', per5m(20), per5m(40), 0, 0, per5m(1)],
    ])
  })

  test('stacktraces', () => {
    expect(cells(`stacktraces(${RANGE})`, 'node pod cmdline stack_trace stack_trace_id count')).toEqual([
      ['node-1', 'shop/web-1', 'web --run', 'main;a', 1, 6],
      ['node-1', 'shop/web-1', 'web --run', 'main;b', 2, 2],
      ['node-1', 'shop/db-1', 'db --run', 'main;a', 1, 3],
      ['node-1', 'shop/db-1', 'db --run', 'main;c', 3, 1],
      ['node-1', 'kubelet', 'kubelet --run', 'main;k', 4, 8],
    ])
  })

  test('processes', () => {
    const processes = 'time_ pod service container_name container_id cmdline pid upid'
    expect(cells(`processes(${RANGE})`, processes)).toEqual([
      [ago(15), 'shop/web-1', 'shop/web', 'web', 'c-web', 'web --run', 42, '1:42:7'],
      [ago(15), 'shop/web-1', 'shop/web', 'proxy', 'c-proxy', 'proxy --run', 43, '1:43:7'],
      [ago(20), 'shop/db-1', 'shop/db', 'db', 'c-db', 'db --run', 60, '1:60:3'],
      [ago(15), 'ops/cron', '', 'cron', 'c-cron', 'cron --run', 70, '1:70:3'],
      [ago(15), 'kubelet', '', '', '', 'kubelet --run', 2, '1:2:1'],
    ])
  })
})

test('connection_throughput_stats: bytes on connections taken and made, either of which may be missing', () => {
  const columns = 'time_ pod remote_addr service inbound_conn_throughput outbound_conn_throughput'
  const rows = cells(`connection_throughput_stats(${RANGE})`, columns)
  const sorted = rows.sort((a, b) => `${a[1]} ${a[2]}`.localeCompare(`${b[1]} ${b[2]}`))
  expect(sorted).toEqual([
    [ago(9), 'shop/db-1', OUTSIDE, 'shop/db', 0, 33],
    [ago(10), 'shop/web-1', '10.0.0.9', 'shop/web', 30, 0],
    [ago(10), 'shop/web-1', OUTSIDE, 'shop/web', 330, 7],
  ])
})
