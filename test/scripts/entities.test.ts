/** Scripts about nodes, pods, services and edges: what they say of a small cluster, by hand. */
import { describe, expect, test } from 'bun:test'
import { contextOf, request, rowOf, rowsOf, run, WEB } from '../runner/support'
import { cluster, DB, OUTSIDE, processStats, requests, STARTED, STATUS } from './support/cluster'
import { CLUSTER } from './support/context'

/** The given columns of each row of a result table, numbers to twelve digits. */
function cells(
  script: string,
  args: Record<string, string>,
  table: string,
  columns: string,
  context = CLUSTER,
) {
  const result = run({ script, args }, context)
  const index = result.tables.findIndex((one) => one.name === table)
  const round = (cell: unknown) => (typeof cell === 'number' ? Number(cell.toPrecision(12)) : cell)
  return rowsOf(result, index).map((row) => columns.split(' ').map((name) => round(row[name])))
}

/** So much per nanosecond: in five minutes, or in a point of ten seconds. */
const per5m = (n: number) => Number((n / 300e9).toPrecision(12))
const per10s = (n: number) => Number((n / 10e9).toPrecision(12))
/** A time, so many seconds before now. */
const ago = (seconds: number) => `${1_800_000_000 - seconds}000000000`

const MS = 1_000_000

describe('px/service_stats', () => {
  const all = (table: string, columns: string, args = {}) => cells('px/service_stats', args, table, columns)

  test('requests by who answers, over time; health checks and unknown origins are left out', () => {
    const columns =
      'time_ k8s latency_p50 latency_p90 latency_p99 error_rate request_throughput bytes_throughput'
    expect(all('LET', columns)).toEqual([
      [ago(60), 'shop/web', 2 * MS, 3.2 * MS, 3.47 * MS, per10s(1), per10s(3), per10s(600)],
      [ago(50), 'shop/db', 5.5 * MS, 5.9 * MS, 5.99 * MS, per10s(1), per10s(2), per10s(900)],
    ])
    expect(all('LET', 'k8s', { svc: 'db' })).toEqual([['shop/db']])
  })

  test('status and latency', () => {
    const web = { svc: 'web' }
    expect(all('Status Code Distribution', 'resp_status count', web)).toEqual([
      [200, 2],
      [500, 1],
    ])
    expect(all('Request Latency Histogram', 'request_latency count', web)).toEqual([
      [MS, 1],
      [3.5 * MS, 1],
      [2 * MS, 1],
    ])
    const rows = [123_456, 9_999_999, 10_000_000, 999_999_999, 1_000_000_000, 2_500_000_000].map((latency) =>
      request(20, { req_path: '/', latency }),
    )
    const histogram = cells(
      'px/service_stats',
      {},
      'Request Latency Histogram',
      'request_latency',
      contextOf(rows, cluster),
    )
    expect(histogram.flat()).toEqual([0.1 * MS, 9.9 * MS, 10 * MS, 990 * MS, 1000 * MS, 2000 * MS])
  })

  test('edges, as either end has seen them', () => {
    const columns = 'requestor responder request_throughput bytes_throughput error_rate'
    const edges = [
      [OUTSIDE, 'shop/web', per5m(2), per5m(300), per5m(1)],
      ['ops/cron', 'shop/web', per5m(1), per5m(300), 0],
      ['shop/web', 'shop/db', per5m(1), per5m(400), 0],
      ['shop/db', 'shop/db', per5m(1), per5m(500), per5m(1)],
      ['ops/cron', OUTSIDE, per5m(1), per5m(600), 0],
      ['ops/cron', 'shop/db', per5m(1), per5m(700), 0],
    ]
    expect(all('Service Graph', columns)).toEqual(edges)
    expect(all('Incoming Traffic', columns, { svc: 'web' })).toEqual(edges.slice(0, 2))
    expect(all('Outgoing Traffic', columns, { svc: 'web' })).toEqual(edges.slice(2, 3))
    expect(all('Service Graph', columns, { svc: 'web' })).toEqual(edges.slice(0, 3))
  })

  test('the longer the range, the longer the points', () => {
    const rows = [86_000, 80_000, 3500, 3400, 30, 15].map((s) => request(s, { req_path: '/', latency: s }))
    const points = (start_time: string) =>
      cells('px/service_stats', { start_time }, 'LET', 'time_ request_throughput', contextOf(rows, cluster))
    expect(points('-1h')).toEqual([3500, 3400, 30, 20].map((s) => [ago(s), per10s(1)]))
    const counts = (start_time: string, seconds: number) =>
      points(start_time).map(([time, rate]) => [time, Math.round(Number(rate) * seconds * 1e9)])
    expect(counts('-6h', 60)).toEqual([
      [ago(3540), 1],
      [ago(3420), 1],
      [ago(60), 2],
    ])
    expect(counts('-24h', 300)).toEqual([
      [ago(86_100), 1],
      [ago(80_100), 1],
      [ago(3600), 2],
      [ago(300), 2],
    ])
    expect(counts('-25h', 3600)).toEqual([
      [ago(86_400), 1],
      [ago(82_800), 1],
      [ago(3600), 4],
    ])
  })

  test('outside of a cluster, units and commands stand for services', () => {
    const rows = [request(20, { req_path: '/', remote_addr: '127.0.0.1' })]
    const edges = cells('px/service_stats', {}, 'Service Graph', 'requestor responder', contextOf(rows))
    expect(edges).toEqual([['127.0.0.1', 'nginx.service']])
  })
})

test('px/service_edge_stats', () => {
  const columns = 'time_ requestor responder k8s latency_p50 error_rate request_throughput bytes_throughput'
  expect(cells('px/service_edge_stats', { requesting_svc: 'cron' }, 'LET', columns)).toEqual([
    [ago(60), 'ops/cron', 'shop/web', 'ops/cron -> shop/web', 2 * MS, 0, per10s(1), per10s(300)],
    [ago(50), 'ops/cron', OUTSIDE, `ops/cron -> ${OUTSIDE}`, 7 * MS, 0, per10s(1), per10s(600)],
    [ago(50), 'ops/cron', 'shop/db', 'ops/cron -> shop/db', 8 * MS, 0, per10s(1), per10s(700)],
  ])
  const both = { requesting_svc: OUTSIDE, responding_svc: 'web' }
  expect(cells('px/service_edge_stats', both, 'Summary', 'request_throughput error_rate')).toEqual([
    [per5m(2), per5m(1)],
  ])
})

describe('px/service', () => {
  const of = (table: string, columns: string) => cells('px/service', { service: 'shop/web' }, table, columns)

  test('requests over time', () => {
    const columns = 'time_ latency_p50 request_throughput errors_per_ns error_rate bytes_per_ns'
    const row = [ago(60), 2 * MS, per10s(3), per10s(1), 0.333333333333, per10s(600)]
    expect(of('inbound_let_timeseries', columns)).toEqual([row])
  })

  test('its pods, who asks it, and the slowest', () => {
    expect(of('Pod List', 'pod pod_create_time pod_status')).toEqual([['shop/web-1', `${STARTED}`, STATUS]])
    const columns = 'requesting_ip requesting_pod requesting_svc error_rate'
    expect(of('Inbound HTTP Traffic to Service', columns)).toEqual([
      [OUTSIDE, '', '', 0.5],
      ['10.0.0.9', 'ops/cron', '', 0],
    ])
    expect(of('Sample of Slow Inbound Requests', 'time_ pod latency')).toEqual([
      [ago(54), 'shop/web-1', 3.5 * MS],
    ])
  })

  test('a pod of several services is of each', () => {
    const pod = { ...cluster.podOf(WEB)!, serviceIds: ['svc-shop/web', 'svc-shop/db'] }
    const context = contextOf({ process_stats: processStats(rowOf) }, { ...cluster, podOf: () => pod })
    for (const service of ['shop/web', 'shop/db']) {
      expect(cells('px/service', { service }, 'Pod List', 'pod', context)).toContainEqual(['shop/web-1'])
    }
    expect(cells('px/service', { service: 'shop' }, 'Pod List', 'pod', context)).toEqual([])
  })
})

describe('px/services', () => {
  const of = (table: string, columns: string) => cells('px/services', { namespace: 'shop' }, table, columns)

  test('requests over time and by who asks', () => {
    const columns =
      'time_ service latency_p50 request_throughput error_rate inbound_throughput outbound_throughput'
    expect(of('inbound_service_let', columns)).toEqual([
      [ago(60), 'shop/web', 2 * MS, per10s(3), 0.333333333333, per10s(60), per10s(600)],
      [ago(50), 'shop/db', 5.5 * MS, per10s(2), 0.5, per10s(90), per10s(900)],
    ])
    expect(of('Inbound HTTP Traffic to Services', 'requesting_pod responder error_rate')).toEqual([
      ['', 'shop/web', 0.5],
      ['ops/cron', 'shop/web', 0],
      ['shop/web-1', 'shop/db', 0],
      ['', 'shop/db', 1],
    ])
  })

  test('services and their map', () => {
    expect(of('Services', 'service pod_count')).toEqual([
      ['shop/web', 1],
      ['shop/db', 1],
    ])
    expect(of('HTTP Service Map', 'requestor_pod responder_pod throughput_total')).toEqual([
      ['', 'shop/web-1', 2],
      ['ops/cron', 'shop/web-1', 1],
      ['shop/web-1', 'shop/db-1', 1],
      ['shop/db-1', 'shop/db-1', 1],
    ])
  })
})

describe('px/pod', () => {
  const of = (table: string, columns: string) => cells('px/pod', { pod: 'shop/web-1' }, table, columns)

  test('requests', () => {
    expect(of('inbound_latency', 'time_ latency_p50 latency_p90 latency_p99')).toEqual([
      [ago(60), 2 * MS, 3.2 * MS, 3.47 * MS],
    ])
    expect(of('inbound_requests', 'time_ container request_throughput errors_per_ns error_rate')).toEqual([
      [ago(60), 'web', per10s(3), per10s(1), 0.333333333333],
    ])
    expect(of('Inbound HTTP Traffic to Pod', 'requesting_ip error_rate request_throughput')).toEqual([
      [OUTSIDE, 0.5, per5m(2)],
      ['10.0.0.9', 0, per5m(1)],
    ])
  })

  test('what its containers use', () => {
    const columns =
      'time_ container cpu_usage rss vsize actual_disk_read_throughput actual_disk_write_throughput total_disk_read_throughput total_disk_write_throughput'
    expect(of('resource_timeseries', columns)).toEqual([
      [ago(20), 'web', 0.15, 200, 2000, per10s(1500), per10s(300), per10s(3000), per10s(600)],
      [ago(20), 'proxy', 0.05, 50, 500, 0, 0, per10s(3000), 0],
    ])
    expect(of('network_timeseries', 'time_ rx_bytes_per_ns tx_bytes_per_ns tx_drops_per_ns')).toEqual([
      [ago(20), per10s(1000), per10s(200), per10s(3)],
    ])
  })

  test('what it is', () => {
    expect(of('Pod Metadata', 'node service pod_id pod_start_time status')).toEqual([
      ['node-1', 'shop/web', 'uid-shop/web-1', `${STARTED}`, STATUS],
    ])
    expect(of('Containers List', 'name id')).toEqual([
      ['web', 'c-web'],
      ['proxy', 'c-proxy'],
    ])
    expect(of('Process List', 'pid cmd upid')).toEqual([
      [42, 'web --run', '1:42:7'],
      [43, 'proxy --run', '1:43:7'],
    ])
    expect(of('Pod Performance Flamegraph', 'stack_trace count count_x percent')).toEqual([
      ['main;a', 6, 8, 75],
      ['main;b', 2, 8, 25],
    ])
  })
})

test('px/pods', () => {
  const of = (table: string, columns: string) => cells('px/pods', { namespace: 'shop' }, table, columns)
  expect(of('inbound_let_timeseries', 'pod latency_p50 request_throughput error_rate bytes_per_ns')).toEqual([
    ['shop/web-1', 2 * MS, per10s(3), 0.333333333333, per10s(600)],
    ['shop/db-1', 5.5 * MS, per10s(2), 0.5, per10s(900)],
  ])
  expect(of('resource_timeseries', 'pod cpu_usage rss total_disk_read_throughput')).toEqual([
    ['shop/web-1', 0.2, 250, per10s(6000)],
    ['shop/db-1', 0, 10, 0],
  ])
  expect(of('Pods List', 'pod service containers start_time')).toEqual([
    ['shop/web-1', 'shop/web', 2, `${STARTED}`],
    ['shop/db-1', 'shop/db', 1, `${STARTED}`],
  ])
  expect(of('Inbound HTTP Traffic to Pods', 'responder requesting_svc request_throughput')).toContainEqual([
    'shop/db-1',
    'shop/web',
    per5m(1),
  ])
})

test('px/pod_edge_stats: pods and addresses are ends', () => {
  const between = (requesting_pod: string, responding_pod: string, table: string, columns: string) =>
    cells('px/pod_edge_stats', { requesting_pod, responding_pod }, table, columns)
  const columns = 'error_rate_per_window throughput_total bytes_recv bytes_sent latency_p90 error_rate'
  expect(between(OUTSIDE, 'shop/web-1', 'LET', columns)).toEqual([[0.5, 2, 30, 300, 3.25 * MS, per10s(1)]])
  expect(between('ops/cron', OUTSIDE, 'LET', 'request_throughput resp_data_throughput')).toEqual([
    [per10s(1), per10s(600)],
  ])
  expect(between('ops/cron', 'shop/db-1', 'LET', 'throughput_total')).toEqual([])
  expect(between('ops/cron', 'shop/web-1', 'HTTP Traffic', 'timestamp req_path failure')).toEqual([
    [ago(53), '/b', false],
  ])
})

describe('px/node and px/nodes', () => {
  const node = (table: string, columns: string, groupby = 'node') =>
    cells('px/node', { node: 'node-1', groupby }, table, columns)

  test('a node is all that runs on it', () => {
    expect(node('resource_timeseries', 'time_ node cpu_usage rss groupby_col')).toEqual([
      [ago(20), 'node-1', 0.5, 271, 'node-1'],
    ])
    expect(cells('px/nodes', {}, 'process_stats', 'time_ node cpu_usage rss')).toEqual([
      [ago(20), 'node-1', 0.5, 271],
    ])
    expect(cells('px/node', { node: 'node-2' }, 'resource_timeseries', 'time_')).toEqual([])
  })

  test('or by pod', () => {
    expect(node('resource_timeseries', 'pod cpu_usage groupby_col', 'pod')).toEqual([
      ['shop/web-1', 0.2, 'shop/web-1'],
      ['shop/db-1', 0, 'shop/db-1'],
      ['ops/cron', 0, 'ops/cron'],
      ['kubelet', 0.3, 'kubelet'],
    ])
    expect(node('network_stats', 'groupby_col rx_bytes_per_ns tx_drops_per_ns', 'pod')).toEqual([
      ['shop/web-1', per10s(1000), per10s(3)],
      ['shop/db-1', per10s(20), 0],
    ])
  })

  test('network, pods and stacks', () => {
    expect(cells('px/nodes', {}, 'network_stats', 'node rx_bytes_per_ns tx_bytes_per_ns')).toEqual([
      ['node-1', per10s(1020), per10s(240)],
    ])
    expect(cells('px/nodes', {}, 'Pods', 'node pod')).toEqual([
      ['node-1', 'shop/web-1'],
      ['node-1', 'shop/db-1'],
      ['node-1', 'ops/cron'],
    ])
    expect(node('Pods', 'pod containers')).toEqual([
      ['shop/web-1', 2],
      ['shop/db-1', 1],
      ['ops/cron', 1],
    ])
    expect(node('CPU Flamegraph', 'pod stack_trace count node_count_sum percent')).toEqual([
      ['shop/web-1', 'main;a', 6, 20, 30],
      ['shop/web-1', 'main;b', 2, 20, 10],
      ['shop/db-1', 'main;a', 3, 20, 15],
      ['shop/db-1', 'main;c', 1, 20, 5],
      ['kubelet', 'main;k', 8, 20, 40],
    ])
  })
})

describe('px/cluster', () => {
  const of = (table: string, columns: string) => cells('px/cluster', {}, table, columns)

  test('nodes, namespaces and pods', () => {
    expect(of('Nodes', 'node cpu_usage pod_count')).toEqual([['node-1', 0.00666666666667, 3]])
    expect(of('Namespaces', 'namespace pod_count service_count vsize rss')).toEqual([
      ['shop', 2, 2, 2600, 260],
      ['ops', 1, 0, 40, 4],
    ])
    expect(of('Pods', 'pod cpu_usage total_disk_read_throughput container_count node status')).toEqual([
      ['shop/web-1', 0.00666666666667, per5m(6000), 2, 'node-1', STATUS],
      ['shop/db-1', 0, 0, 1, 'node-1', STATUS],
      ['ops/cron', 0, 0, 1, 'node-1', STATUS],
    ])
  })

  test('services with their connections', () => {
    const conn = (seconds: number, bytes: number, values: Parameters<typeof rowOf>[2]) =>
      rowOf('conn_stats', seconds, { bytes_sent: bytes, bytes_recv: 2 * bytes, ...values })
    const context = contextOf(
      {
        process_stats: processStats(rowOf),
        http_events: requests(request),
        conn_stats: [
          conn(30, 100, { remote_addr: OUTSIDE }),
          conn(30, 500, { upid: DB, trace_role: 1, remote_addr: OUTSIDE, remote_port: 443 }),
          conn(10, 200, { remote_addr: OUTSIDE }),
          conn(10, 800, { upid: DB, trace_role: 1, remote_addr: OUTSIDE, remote_port: 443 }),
        ],
      },
      cluster,
    )
    const columns = 'service pod_count http_req_throughput_in http_error_rate_in inbound_conns outbound_conns'
    expect(cells('px/cluster', {}, 'Services', columns, context)).toEqual([
      ['shop/web', 1, per5m(3), 0.333333333333, per5m(300), 0],
      ['shop/db', 1, per5m(2), 0.5, 0, per5m(900)],
    ])
  })

  test('the map', () => {
    const columns =
      'requestor_ip responder_ip requestor_service responder_service latency_p50 throughput_total'
    expect(of('HTTP Service Map', columns)).toEqual([
      [OUTSIDE, '10.0.0.7', '', 'shop/web', 2.25 * MS, 2],
      ['10.0.0.9', '10.0.0.7', '', 'shop/web', 2 * MS, 1],
      ['10.0.0.7', '10.0.0.8', 'shop/web', 'shop/db', 5 * MS, 1],
      ['127.0.0.1', '10.0.0.8', 'shop/db', 'shop/db', 6 * MS, 1],
      ['10.0.0.9', OUTSIDE, '', '', 7 * MS, 1],
      ['10.0.0.9', '10.1.0.8', '', 'shop/db', 8 * MS, 1],
    ])
  })
})

test('px/namespace and px/namespaces', () => {
  const of = (table: string, columns: string) => cells('px/namespace', { namespace: 'shop' }, table, columns)
  const columns = 'service pod_count http_request_throughput http_error_rate inbound_http_throughput'
  expect(of('Service List', columns)).toEqual([
    ['shop/web', 1, per5m(3), 0.333333333333, per5m(60)],
    ['shop/db', 1, per5m(2), 0.5, per5m(90)],
  ])
  expect(of('Pod List', 'pod rss vsize')).toEqual([
    ['shop/web-1', 250, 2500],
    ['shop/db-1', 10, 100],
  ])
  expect(of('HTTP Service Map', 'responder_pod error_rate')).toEqual([
    ['shop/web-1', 0.5],
    ['shop/web-1', 0],
    ['shop/db-1', 0],
    ['shop/db-1', 1],
  ])
  expect(cells('px/namespaces', {}, 'Namespaces', 'namespace pod_count service_count')).toEqual([
    ['shop', 2, 2],
    ['ops', 1, 0],
  ])
  const usage = 'namespace rss actual_disk_write_throughput total_disk_read_throughput'
  expect(cells('px/namespaces', {}, 'Process Stats Overview by Namespace', usage)).toEqual([
    ['shop', 260, per5m(300), per5m(6000)],
    ['ops', 4, 0, 0],
  ])
})

test('px/perf_flamegraph: shares of the node or of the pod', () => {
  const of = (args: Record<string, string>) =>
    cells('px/perf_flamegraph', args, 'Flamegraph', 'pod stack_trace count count_x percent')
  expect(of({ pod: 'web' })).toEqual([
    ['shop/web-1', 'main;a', 6, 20, 30],
    ['shop/web-1', 'main;b', 2, 20, 10],
  ])
  expect(of({ pod: 'web', pct_basis_entity: 'pod' })).toEqual([
    ['shop/web-1', 'main;a', 6, 8, 75],
    ['shop/web-1', 'main;b', 2, 8, 25],
  ])
  expect(of({ namespace: 'ops' })).toEqual([])
  expect(of({ node: 'node-2' })).toEqual([])
})

test('px/differential_flamegraph: how much more often', () => {
  const of = (pod: string, baseline_pod: string) =>
    cells(
      'px/differential_flamegraph',
      { namespace: 'shop', pod, baseline_pod },
      'Flamegraph',
      'stack_trace count delta percent pod',
    )
  expect(of('shop/web-1', 'shop/db-1')).toEqual([
    ['main;a', 6, 3, 75, 'shop/web-1'],
    ['main;b', 2, 2, 25, 'shop/web-1'],
  ])
  expect(of('shop/db-1', 'shop/web-1')).toEqual([
    ['main;a', 3, -3, 75, 'shop/db-1'],
    ['main;c', 1, 1, 25, 'shop/db-1'],
  ])
})

test('scripts of resources', () => {
  expect(
    cells('px/service_resource_usage', {}, 'output', 'service pod_count avg_pod_cpu avg_pod_rss'),
  ).toEqual([
    ['shop/web', 1, 0.00666666666667, 250],
    ['shop/db', 1, 0, 10],
  ])
  expect(cells('px/upids', { namespace: 'ops' }, 'UPIDs', 'pod container upid cmdline')).toEqual([
    ['ops/cron', 'cron', '1:70:3', 'cron --run'],
  ])
})
