/** Scripts about databases, DNS and HTTP: rows in, what they say out. */
import { describe, expect, test } from 'bun:test'
import { ago, kubernetes, linkTo, request, rowOf, SHELL, shown } from '../runner/support'

type Values = Parameters<typeof rowOf>[2]

const start_time = '-5m'
/** Of the time range. */
const NS = 300e9
/** Of a point of a chart. */
const WINDOW = 10e9

const pod = (name: string) => linkTo(name, 'px/pod', { start_time, pod: name })
const ip = (address: string) => linkTo(address, 'px/ip', { start_time, ip: address })

/** Rows of the table at the server nginx.service, which 10.0.0.7 asks. */
const rowsTo =
  (table: string, common: Values = {}) =>
  (secondsAgo: number, values: Values) =>
    rowOf(table, secondsAgo, { remote_addr: '10.0.0.7', local_addr: '10.0.0.1', ...common, ...values })

/** The client curl asks a server elsewhere. */
const FROM_CURL = { upid: SHELL, trace_role: 1, remote_addr: '10.0.0.5' }

/** All quantiles of a group whose requests took equally long. */
const all = (latency: number) => ({ latency_p50: latency, latency_p90: latency, latency_p99: latency })

/** What is read by name or from another column, of the scripts that list rows. */
const LISTED: readonly [name: string, table: string, values: Values, shows: Values][] = [
  ['cql', 'cql_events', { req_op: 7, resp_op: 0, resp_body: 'no' }, { req_op: 'Query', resp_op: 'Error' }],
  ['dns', 'dns_events', { req_body: '{}', latency: 5 }, { req_body: '{}', latency: 5 }],
  ['kafka', 'kafka_events.beta', { req_cmd: 1, remote_port: 9 }, { req_cmd: 'Fetch', remote_port: 9 }],
  ['mongodb', 'mongodb_events', { req_cmd: 'find', resp_status: 'ok' }, { req_cmd: 'find' }],
  ['mux', 'mux_events', { req_type: 2, latency: 5 }, { req_name: 'Tdispatch', latency: 5 }],
  ['mysql', 'mysql_events', { req_cmd: 3, resp_status: 2 }, { req_cmd: 3, resp_status: 2 }],
  ['nats', 'nats_events.beta', { cmd: 'PUB', resp: 'OK' }, { cmd: 'PUB', resp: 'OK' }],
  ['pgsql', 'pgsql_events', { req: 'SELECT 1', latency: 5 }, { req: 'SELECT 1', latency: 5 }],
  ['redis', 'redis_events', { req_cmd: 'GET', req_args: 'k' }, { req_cmd: 'GET', req_args: 'k' }],
]

test.each(LISTED)('px/%s_data: rows with both their ends', (name, table, values, shows) => {
  const row = rowsTo(table, values)
  const rows = { [table]: [row(20, {}), row(10, FROM_CURL)] }
  const given = (args: Record<string, string>) => shown(`px/${name}_data`, args, rows)[`${name}_data`]!
  const [newest, older] = given({})
  expect(newest).toMatchObject({ source: pod('curl'), destination: ip('10.0.0.5'), ...shows })
  expect(older).toMatchObject({ source: ip('10.0.0.7'), destination: pod('nginx.service'), ...shows })
  expect(given({ max_num_records: '1' })).toEqual([newest!])
  if (name === 'nats') expect([newest!.pid, older!.pid]).toEqual([50, 42])
  if (name === 'mux') return
  expect(given({ source_filter: 'url' })).toEqual([newest!])
  expect(given({ destination_filter: 'nginx' })).toEqual([older!])
})

describe('px/redis_stats', () => {
  const redis = rowsTo('redis_events', { req_cmd: 'GET' })
  const rows = {
    redis_events: [
      redis(25, { latency: 100 }),
      redis(14, { latency: 300, req_cmd: 'SET' }),
      redis(12, { latency: 300 }),
      redis(11, { latency: 250_000, ...FROM_CURL }),
    ],
  }
  const tables = shown('px/redis_stats', {}, rows)

  test('a row for each window and server, at the start of the window', () => {
    expect(tables.LET).toEqual([
      { time_: ago(30), destination: 'nginx.service', ...all(100), request_throughput: 1 / WINDOW },
      { time_: ago(20), destination: 'nginx.service', ...all(300), request_throughput: 2 / WINDOW },
      { time_: ago(20), destination: '10.0.0.5', ...all(250_000), request_throughput: 1 / WINDOW },
    ])
  })

  test('commands, classes of latency, and the sum over the range', () => {
    expect(tables['Request Throughput per Cmd']).toEqual([
      { time_: ago(30), req_cmd: 'GET', throughput_total: 1 },
      { time_: ago(20), req_cmd: 'SET', throughput_total: 1 },
      { time_: ago(20), req_cmd: 'GET', throughput_total: 2 },
    ])
    expect(tables['Request Latency Histogram']).toEqual([
      { request_latency: 0, count: 3 },
      { request_latency: 200_000, count: 1 },
    ])
    expect(tables.Summary).toEqual([
      {
        source: ip('10.0.0.7'),
        destination: pod('nginx.service'),
        request_throughput: 3 / NS,
        latency: 700 / 3,
        total_requests: 3,
      },
      {
        source: pod('curl'),
        destination: ip('10.0.0.5'),
        request_throughput: 1 / NS,
        latency: 250_000,
        total_requests: 1,
      },
    ])
  })

  test('the pod may be at either end', () => {
    const asked = (name: string) => shown('px/redis_stats', { pod: name }, rows).Summary!
    expect(asked('nginx').map((row) => row.total_requests)).toEqual([3])
    expect(asked('curl').map((row) => row.total_requests)).toEqual([1])
    expect(asked('10.0.0.7')).toEqual([])
    const inCluster = shown('px/redis_stats', { pod: 'shop/web-1' }, rows, kubernetes).Summary!
    expect(inCluster.map((row) => row.source)).toEqual([pod('shop/web-1')])
  })
})

test('px/mysql_stats and px/pgsql_stats: errors are what MySQL calls so', () => {
  const mysql = rowsTo('mysql_events', { resp_status: 2, latency: 100 })
  const rows = { mysql_events: [mysql(15, {}), mysql(12, { resp_status: 3 }), mysql(11, { resp_status: 1 })] }
  const { LET, Summary } = shown('px/mysql_stats', {}, rows)
  const rates = { error_rate: 1 / WINDOW, request_throughput: 3 / WINDOW }
  expect(LET).toEqual([{ time_: ago(20), destination: 'nginx.service', ...all(100), ...rates }])
  expect(Summary).toMatchObject([{ error_rate: 1 / NS, latency: 100, total_requests: 3 }])

  const pgsql = rowsTo('pgsql_events')
  const took = shown('px/pgsql_stats', {}, { pgsql_events: [pgsql(15, { latency: 2_500_000 })] })
  expect(took['Request Latency Histogram']).toEqual([{ request_latency: 2_000_000, count: 1 }])
  expect(took.Summary).toMatchObject([{ request_throughput: 1 / NS, latency: 2_500_000 }])
})

test('px/cql_stats: by traced pod and Cassandra node; an ERROR is an error', () => {
  const cql = rowsTo('cql_events', { req_op: 7, resp_op: 8, latency: 600 })
  const rows = [cql(15, {}), cql(12, { resp_op: 0, latency: 300 }), cql(11, { req_op: 10, ...FROM_CURL })]
  const tables = shown('px/cql_stats', {}, { cql_events: rows })
  expect(tables.LET).toEqual([
    {
      ...{ time_: ago(20), k8s: 'nginx.service', 'CQL IP': '10.0.0.1' },
      ...{ latency_p50: 450, latency_p90: 570, latency_p99: 597 },
      ...{ error_rate: 1 / WINDOW, request_throughput: 2 / WINDOW },
    },
    {
      ...{ time_: ago(20), k8s: 'curl', 'CQL IP': '10.0.0.5', ...all(600) },
      ...{ error_rate: 0, request_throughput: 1 / WINDOW },
    },
  ])
  expect(tables['Request Throughput per Message Type']).toEqual([
    { time_: ago(20), req_op: 'Query', throughput_total: 2 },
    { time_: ago(20), req_op: 'Execute', throughput_total: 1 },
  ])
  expect(tables.Summary).toMatchObject([
    { pod: 'nginx.service', error_rate: 1 / NS, latency: 450, total_requests: 2 },
    { pod: 'curl', error_rate: 0, latency: 600, total_requests: 1 },
  ])
})

describe.each(['cql', 'mysql', 'pgsql', 'redis'])('px/%s_flow_graph', (protocol) => {
  const row = rowsTo(`${protocol}_events`, { latency: 100 })
  const rows = { [`${protocol}_events`]: [row(20, {}), row(15, { latency: 300 }), row(10, FROM_CURL)] }
  const script = `px/${protocol}_flow_graph`

  test('an edge for each source and destination, with quantiles of all its requests', () => {
    const tables = shown(script, { namespace: '' }, rows)
    expect(tables[`${protocol}_flow`]).toEqual([
      {
        ...{ source: '10.0.0.7', destination: 'nginx.service' },
        ...{ is_source_pod_type: false, is_dest_pod_type: true, namespace: '' },
        ...{ latency_p50: 200, latency_p90: 280, latency_p99: 298 },
        ...{ request_throughput: 2 / NS, throughput_total: 2 },
      },
      {
        ...{ source: 'curl', destination: '10.0.0.5' },
        ...{ is_source_pod_type: true, is_dest_pod_type: false, namespace: '', ...all(100) },
        ...{ request_throughput: 1 / NS, throughput_total: 1 },
      },
    ])
    const [first, second] = tables[`${protocol}_summary_with_links`]!
    expect([first!.source, first!.destination]).toEqual([ip('10.0.0.7'), pod('nginx.service')])
    expect([second!.source, second!.destination]).toEqual([pod('curl'), ip('10.0.0.5')])
  })

  test('filters by namespace and by both ends', () => {
    const totals = (args: Record<string, string>, metadata = kubernetes) =>
      shown(script, args, rows, metadata)[`${protocol}_flow`]!.map((edge) => edge.throughput_total)
    expect(totals({ namespace: 'shop' })).toEqual([2])
    expect(totals({ namespace: 'sho' })).toEqual([])
    expect(totals({ namespace: '', source_filter: 'shop/web' })).toEqual([2])
    expect(totals({ namespace: '', destination_filter: '0.5' })).toEqual([1])
  })
})

describe('SQL', () => {
  const mysql = rowsTo('mysql_events', { req_cmd: 3 })
  const rows = {
    mysql_events: [
      mysql(15, { latency: 100, req_body: 'SELECT a FROM t WHERE id = 7' }),
      mysql(14, { latency: 300, req_body: 'SELECT a FROM t WHERE id = 8' }),
      mysql(13, { latency: 1, req_cmd: 14 }),
      mysql(13, { latency: 1, req_cmd: 22, req_body: 'SELECT a FROM t WHERE id = 9' }),
    ],
    pgsql_events: [
      rowOf('pgsql_events', 13, { latency: 1, req_cmd: 'Parse', req: "SELECT b FROM u WHERE n = 'y'" }),
      rowOf('pgsql_events', 12, { latency: 50, req_cmd: 'Query', req: "SELECT b FROM u WHERE n = 'x'" }),
    ],
  }
  const select = 'SELECT a FROM t WHERE id = ?'

  test('px/sql_queries: statements of both databases, without their constants', () => {
    const { LET, Summary } = shown('px/sql_queries', {}, rows)
    expect(LET).toEqual([
      {
        ...{ time_: ago(20), normed_query: select },
        ...{ latency_p50: 200, latency_p90: 280, latency_p99: 298, request_throughput: 2 / WINDOW },
      },
      {
        ...{ time_: ago(20), normed_query: 'SELECT b FROM u WHERE n = $1' },
        ...{ ...all(50), request_throughput: 1 / WINDOW },
      },
    ])
    expect(Summary![0]).toEqual({
      normed_query: linkTo(select, 'px/sql_query', { start_time, pod: '', query: select }),
      ...{ request_throughput: 2 / NS, latency: 200, total_requests: 2 },
    })
  })

  test('px/sql_query: one of them by its constants', () => {
    const { LET, Summary } = shown('px/sql_query', { query: select, pod: 'nginx' }, rows)
    expect(LET!.map((row) => [row.params, row.latency_p99])).toEqual([
      ['["7"]', 100],
      ['["8"]', 300],
    ])
    expect(Summary).toMatchObject([
      { normed_query: select, request_throughput: 1 / NS, latency: 100, total_requests: 1 },
      { normed_query: select, request_throughput: 1 / NS, latency: 300, total_requests: 1 },
    ])
    expect(shown('px/sql_query', { query: select, pod: 'curl' }, rows).Summary).toEqual([])
  })
})

describe('DNS', () => {
  const found = { name: 'www.example.com', type: 'A', addr: '192.0.2.1' }
  const dns = (secondsAgo: number, name: string, answers: unknown[], values: Values = {}) =>
    rowOf('dns_events', secondsAgo, {
      ...{ upid: SHELL, trace_role: 1, remote_addr: '10.0.0.53', local_addr: '10.0.0.1', latency: 1000 },
      req_body: JSON.stringify({ queries: [{ name, type: 'A' }] }),
      resp_header: '{"txid":1,"rcode":0}',
      resp_body: JSON.stringify({ answers }),
      ...values,
    })
  const rows = {
    dns_events: [
      dns(50, 'wWw.Example.com', [found]),
      dns(40, 'www.example.com', [], { latency: 3000 }),
      dns(30, 'gone.example.com', [], { resp_header: '{"txid":2,"rcode":3}' }),
      dns(20, 'web.shop.svc.cluster.local', [found]),
      dns(15, '7.0.0.10.in-addr.arpa', [{ name: '7.0.0.10.in-addr.arpa', type: 'PTR' }]),
      dns(10, 'web', [], { upid: '1:42:7', trace_role: 2, remote_addr: '10.0.0.9' }),
    ],
  }

  test('px/dns_flow_graph', () => {
    expect(shown('px/dns_flow_graph', {}, rows).dns_flow).toEqual([
      { from_entity: 'curl', to_entity: '10.0.0.53', latency_avg: 1400, latency_max: 3000, count: 5 },
      { from_entity: '10.0.0.9', to_entity: 'nginx.service', latency_avg: 1000, latency_max: 1000, count: 1 },
    ])
    expect(shown('px/dns_flow_graph', { to_entity_filter: 'nginx' }, rows).dns_flow).toHaveLength(1)
  })

  test('px/dns_query_summary: what was not found, and what does not exist', () => {
    const tables = shown('px/dns_query_summary', {}, rows)
    const curl = { pod: 'curl', dns_server: '10.0.0.53' }
    expect(tables.dns_flow).toEqual([
      {
        ...{ ...curl, qname: 'www.example.com', num_requests: 2, num_resolved: 1, num_nxdomain: 0 },
        ...{ unresolved_rate: 0.5, nxdomain_rate: 0, qgroup: '*.example.com' },
      },
      {
        ...{ ...curl, qname: 'gone.example.com', num_requests: 1, num_resolved: 0, num_nxdomain: 1 },
        ...{ unresolved_rate: 1, nxdomain_rate: 1, qgroup: '*.example.com' },
      },
      {
        ...{ ...curl, qname: 'web.shop.svc.cluster.local', num_requests: 1, num_resolved: 1 },
        ...{ num_nxdomain: 0, unresolved_rate: 0, nxdomain_rate: 0, qgroup: '*.cluster.local' },
      },
      {
        ...{ ...curl, qname: '7.0.0.10.in-addr.arpa', num_requests: 1, num_resolved: 1, num_nxdomain: 0 },
        ...{ unresolved_rate: 0, nxdomain_rate: 0, qgroup: '*.in-addr.arpa' },
      },
      {
        ...{ pod: '10.0.0.9', dns_server: 'nginx.service', qname: 'web', num_requests: 1, num_resolved: 0 },
        ...{ num_nxdomain: 0, unresolved_rate: 1, nxdomain_rate: 0, qgroup: 'web' },
      },
    ])
    expect(tables._events).toHaveLength(6)
    const names = (args: Record<string, string>, metadata?: typeof kubernetes) =>
      shown('px/dns_query_summary', args, rows, metadata).dns_flow!.map((row) => row.qname)
    expect(names({ query_filter: 'example' })).toEqual(['www.example.com', 'gone.example.com'])
    expect(names({ dns_server_filter: 'nginx' })).toEqual(['web'])
    expect(names({ namespace: 'ops' }, kubernetes)).toEqual(['web'])
  })

  test('sotw/dns_external_fqdn_list: names that end outside, however they are written', () => {
    const link = (name: string) =>
      linkTo(name, 'sotw/dns_queries_filtered', { start_time, query_name_filter: name })
    expect(shown('sotw/dns_external_fqdn_list', {}, rows).fqdn_list).toEqual([
      { fqdn: 'www.example.com', link: link('www.example.com'), num_requests: 2 },
      { fqdn: 'gone.example.com', link: link('gone.example.com'), num_requests: 1 },
    ])
  })

  test('sotw/dns_queries_filtered', () => {
    const given = shown('sotw/dns_queries_filtered', { query_name_filter: 'www.' }, rows).dns_requests!
    expect(given).toMatchObject([{ pod: 'curl', dns_query_name: 'www.example.com', resolved: 0.5 }])
    expect(JSON.parse(given[0]!.latency as string)).toMatchObject({ p50: 2000 })
  })
})

describe('HTTP', () => {
  const traced = (secondsAgo: number, name: string, value: string) =>
    request(secondsAgo, {
      req_path: `/${secondsAgo}`,
      req_headers: JSON.stringify({ [name]: value, a: 'b' }),
    })
  const id = '0af7651916cd43dd8448eb211c80319c'

  test('px/http_trace_id: the id of W3C trace context, or a header as it is', () => {
    const rows = {
      http_events: [
        traced(30, 'Traceparent', `00-${id}-b7ad6b7169203331-01`),
        traced(20, 'X-Request-ID', 'r-1'),
        request(10, { req_path: '/none' }),
      ],
    }
    const given = (args: Record<string, string>) =>
      shown('px/http_trace_id', args, rows).http_trace_data!.map((row) => row.trace_id)
    const link = (trace_header_name: string, trace: string) =>
      linkTo(trace, 'px/http_trace_id', {
        ...{ start_time: '-30m', trace_header_name, trace_id_filter: trace },
      })
    expect(given({})).toEqual([link('traceparent', id)])
    expect(given({ trace_id_filter: 'ffff' })).toEqual([])
    expect(given({ trace_header_name: 'x-request-id' })).toEqual([link('x-request-id', 'r-1')])
  })

  test('the largest response, and the pod and path that send the most', () => {
    const sent = (req_path: string, resp_body_size: number, values: Values = {}) =>
      request(20, { req_path, resp_body_size, ...values })
    const small = [sent('/small', 60), sent('/small', 60), sent('/small', 60)]
    const rows = { http_events: [...small, sent('/big', 100), sent('/client', 999, { trace_role: 1 })] }
    const tables = shown('px/largest_http_request', {}, rows)
    const big = { pod: 'nginx.service', resp_size_bytes: 100, req_path: '/big' }
    expect(tables.requests_of_max_size).toEqual([{ ...big, resp_body: '' }])
    expect(tables['number of reqs']).toEqual([{ ...big, num_requests: 1 }])
    expect(shown('px/most_http_data', {}, rows).max_path_pod).toEqual([
      { pod: 'nginx.service', req_path: '/small', resp_bytes_sum: 180 },
    ])
  })

  test('px/slow_http_requests: the slowest hundredth of each service', () => {
    const rows = {
      http_events: Array.from({ length: 200 }, (_, i) => request(250 - i, { latency: 1000 + i })),
    }
    const slow = shown('px/slow_http_requests', { namespace: '' }, rows)
    const latencies = slow['Sample of Slow Requests by Service']!.map((row) => row.latency)
    expect(latencies.sort()).toEqual([1197, 1198, 1199])
  })

  test('px/http_post_requests', () => {
    const rows = {
      http_events: [request(20, { req_method: 'POST', req_path: '/in' }), request(10, { req_method: 'GET' })],
    }
    expect(shown('px/http_post_requests', {}, rows).output).toMatchObject([
      { req_path: '/in', service: 'nginx.service' },
    ])
  })
})
