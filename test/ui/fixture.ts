/** One host with some HTTP traffic, as the pages see it: scripts, results and a status. */

import { createApp } from '../../src/api/app'
import type { Status } from '../../src/api/status'
import { readConfig } from '../../src/config'
import { NixieError } from '../../src/errors'
import { newCounters } from '../../src/health/counters'
import type { Cell, ResultColumn, ResultTable, TableSummary, Widget } from '../../src/runner/runner'
import { assetRoutes, renderError, type UiDeps, ui } from '../../ui'
import { everyone } from '../support/app'
import { LiteralRunner, type LiteralScript, resultTable } from '../support/literal-runner'
import { NO_BUDGET } from '../support/status'

export const HOSTILE = `<script>document.title='owned'</script><img src=x onerror=alert(1)>`
export const FIRST_TIME_NS = 1_790_000_000_000_000_000n

const col = (
  name: string,
  type: ResultColumn['type'],
  semantic: ResultColumn['semantic'] = 'ST_NONE',
): ResultColumn => ({ name, type, semantic })

export const HTTP_COLUMNS: readonly ResultColumn[] = [
  col('time_', 'TIME64NS', 'ST_TIME_NS'),
  col('source', 'STRING', 'ST_POD_NAME'),
  col('destination', 'STRING', 'ST_POD_NAME'),
  col('latency', 'INT64', 'ST_DURATION_NS'),
  col('req_method', 'STRING', 'ST_HTTP_REQ_METHOD'),
  col('req_path', 'STRING'),
  col('resp_status', 'INT64', 'ST_HTTP_RESP_STATUS'),
  col('resp_body_size', 'INT64', 'ST_BYTES'),
  col('req_headers', 'STRING'),
  col('resp_body', 'STRING'),
  col('remote_port', 'INT64', 'ST_PORT'),
]

const STATUSES = [200, 200, 200, 404, 301, 200, 503]
const DESTINATIONS = ['nginx.service', 'node: orders', 'python3: billing']

export function httpRows(count: number): Cell[][] {
  return Array.from({ length: count }, (_, i) => [
    String(FIRST_TIME_NS + BigInt(i) * 1_234_567_890n),
    'curl',
    DESTINATIONS[i % DESTINATIONS.length]!,
    ((i * 7919) % 1000) * 12_345 + 800,
    i % 5 === 0 ? 'POST' : 'GET',
    `/api/v1/orders/${i}`,
    STATUSES[i % STATUSES.length]!,
    (i * 977) % 2_000_000,
    JSON.stringify({ Host: 'localhost:8080', 'User-Agent': 'curl/8.5.0', Accept: '*/*' }),
    i === 3 ? HOSTILE : JSON.stringify({ id: i, items: [{ sku: 'a-1', quantity: 2 }] }),
    40_000 + i,
  ])
}

const variable = (name: string, type: string, defaultValue: string | undefined, description: string) => ({
  name,
  type,
  description,
  ...(defaultValue === undefined ? {} : { defaultValue }),
})

const widget = (
  name: string,
  table: string,
  type: string,
  position: Widget['position'],
  spec = {},
): Widget => ({
  name,
  table,
  position,
  displaySpec: { '@type': `types.px.dev/px.vispb.${type}`, ...spec },
})

const START = variable('start_time', 'PX_STRING', '-5m', 'How far back to look')

function httpData(rows: () => number): LiteralScript {
  return {
    name: 'px/http_data',
    short: 'HTTP requests with their bodies',
    long: 'Every HTTP request that this host saw, newest first.',
    text: "import px\n\ndf = px.DataFrame('http_events')\npx.display(df)\n",
    variables: [
      START,
      variable('source_filter', 'PX_STRING', '', 'Part of the name of who asked'),
      variable('destination_filter', 'PX_STRING', '', 'Part of the name of who answered'),
      variable('max_num_records', 'PX_INT64', '1000', 'Most rows'),
    ],
    widgets: [widget('Requests', 'http', 'Table', { x: 0, y: 0, w: 12, h: 4 })],
    give: (args) => {
      if (!/^-\d+[smh]$/.test(args.start_time!))
        throw new NixieError('bad_time_range', `'${args.start_time}' is no time`, 'Try -5m.', {
          line: 3,
          column: 6,
        })
      const kept = httpRows(rows()).filter((row) => String(row[2]).includes(args.destination_filter!))
      return [resultTable('http', HTTP_COLUMNS, kept)]
    },
  }
}

function timeline(): ResultTable {
  const columns = [
    col('time_', 'TIME64NS', 'ST_TIME_NS'),
    col('service', 'STRING', 'ST_SERVICE_NAME'),
    col('request_throughput', 'FLOAT64', 'ST_THROUGHPUT_PER_NS'),
    col('latency_p99', 'FLOAT64', 'ST_DURATION_NS'),
  ]
  const rows = Array.from({ length: 120 }, (_, i) => {
    const turn = Math.floor(i / 2)
    const perSecond = 40 + 30 * Math.sin(turn / 6) + (i % 2) * 25
    return [
      String(FIRST_TIME_NS + BigInt(turn) * 5_000_000_000n),
      DESTINATIONS[i % 2]!,
      perSecond / 1e9,
      2e6 + 1e6 * Math.cos(turn / 9) + (i % 2) * 4e6,
    ]
  })
  return resultTable('timeline', columns, rows)
}

function requestStats(): LiteralScript {
  const columns = [
    col('service', 'STRING', 'ST_SERVICE_NAME'),
    col('latency', 'STRING', 'ST_DURATION_NS_QUANTILES'),
    col('error_rate', 'FLOAT64', 'ST_PERCENT'),
    col('request_throughput', 'FLOAT64', 'ST_THROUGHPUT_PER_NS'),
    col('bytes', 'FLOAT64', 'ST_THROUGHPUT_BYTES_PER_NS'),
    col('details', 'STRING', 'ST_SCRIPT_REFERENCE'),
  ]
  const rows = DESTINATIONS.map((name, i) => [
    name,
    JSON.stringify({ p50: 1.2e6 * (i + 1), p90: 3e6, p99: 2.5e7 }),
    0.0123 * i,
    (120 / (i + 1)) * 1e-9,
    2.5e6 * 1e-9,
    JSON.stringify({ label: 'requests', script: 'px/http_data', args: { destination_filter: name } }),
  ])
  const statuses = resultTable(
    'statuses',
    [col('resp_status', 'INT64', 'ST_HTTP_RESP_STATUS'), col('count', 'INT64')],
    [
      [200, 4812],
      [404, 120],
      [503, 7],
    ],
  )
  const latencies = resultTable(
    'latencies',
    [col('request_latency', 'INT64', 'ST_DURATION_NS'), col('count', 'INT64')],
    Array.from({ length: 40 }, (_, i) => [i * 1_000_000, Math.round(400 * Math.exp(-(((i - 12) / 8) ** 2)))]),
  )
  const chart = (value: string) => ({ timeseries: [{ value, series: 'service', mode: 'MODE_LINE' }] })
  return {
    name: 'px/http_request_stats',
    short: 'Request rate, errors and latency of each service',
    long: 'Request rate, errors and latency of each service.',
    text: 'import px\n',
    variables: [START],
    widgets: [
      widget(
        'Requests',
        'timeline',
        'TimeseriesChart',
        { x: 0, y: 0, w: 6, h: 3 },
        chart('request_throughput'),
      ),
      widget('Latency p99', 'timeline', 'TimeseriesChart', { x: 6, y: 0, w: 6, h: 3 }, chart('latency_p99')),
      widget(
        'Latencies',
        'latencies',
        'HistogramChart',
        { x: 0, y: 3, w: 6, h: 3 },
        {
          histogram: { value: 'request_latency', prebinCount: 'count', maxbins: 10, minstep: 5_000_000 },
        },
      ),
      widget(
        'Statuses',
        'statuses',
        'BarChart',
        { x: 6, y: 3, w: 6, h: 3 },
        {
          bar: { value: 'count', label: 'resp_status', horizontal: true },
        },
      ),
      widget('Services', 'services', 'Table', { x: 0, y: 6, w: 12, h: 4 }),
    ],
    give: () => [resultTable('services', columns, rows), timeline(), statuses, latencies],
  }
}

const POD_SCRIPT: LiteralScript = {
  name: 'px/pod',
  short: 'One pod',
  long: 'One pod.',
  text: 'import px\n',
  variables: [
    variable('pod', 'PX_POD', undefined, 'Its name'),
    { ...variable('groupby', 'PX_STRING', 'service', 'Rows per'), validValues: ['service', 'pod'] },
  ],
  widgets: [widget('Graph', 'graph', 'VegaChart', { x: 0, y: 0, w: 12, h: 4 })],
  give: () => [resultTable('graph', [col('src', 'STRING')], [['a']])],
}

const SERVICES = [
  'frontend',
  'cart',
  'checkout',
  'catalogue',
  'payment',
  'orders',
  'users',
  'search',
  'mail',
  'stock',
]

/** `most` services, each with two clients; in turn fast, slow and failing. */
export function requestEdges(most: number): ResultTable {
  const columns = [
    col('requestor_pod', 'STRING', 'ST_POD_NAME'),
    col('responder_pod', 'STRING', 'ST_POD_NAME'),
    col('requestor_service', 'STRING', 'ST_SERVICE_NAME'),
    col('responder_service', 'STRING', 'ST_SERVICE_NAME'),
    col('latency_p50', 'FLOAT64', 'ST_DURATION_NS'),
    col('latency_p90', 'FLOAT64', 'ST_DURATION_NS'),
    col('latency_p99', 'FLOAT64', 'ST_DURATION_NS'),
    col('error_rate', 'FLOAT64', 'ST_PERCENT'),
    col('request_throughput', 'FLOAT64', 'ST_THROUGHPUT_PER_NS'),
  ]
  const service = (i: number) => `shop/${SERVICES[i % 10]}${i < 10 ? '' : `-${Math.floor(i / 10)}`}`
  const rows = Array.from({ length: most - 1 }, (_, i) => i + 1).flatMap((to) =>
    [0, 1].map((pod) => {
      const from = Math.floor((to - 1) / 2)
      const slow = [20e6, 200e6, 900e6][to % 3]!
      const ends = [`${service(from)}-7f9c`, `${service(to)}-${pod}b2d`, service(from), service(to)]
      return [...ends, slow / 4, slow, slow * 3, [0, 0.02, 0.2][to % 3]!, (pod + 1) * 10e-9]
    }),
  )
  return resultTable('edges', columns, rows)
}

const REQUEST_GRAPH = {
  requestorPodColumn: 'requestor_pod',
  responderPodColumn: 'responder_pod',
  requestorServiceColumn: 'requestor_service',
  responderServiceColumn: 'responder_service',
  p50Column: 'latency_p50',
  p90Column: 'latency_p90',
  p99Column: 'latency_p99',
  errorRateColumn: 'error_rate',
  requestsPerSecondColumn: 'request_throughput',
}

function serviceMap(): LiteralScript {
  const flows = resultTable(
    'flows',
    [col('src', 'STRING'), col('dst', 'STRING'), col('total_size', 'INT64', 'ST_BYTES')],
    [
      ['10.0.0.1', 'db.internal', 900_000],
      ['10.0.0.1', '10.0.0.1', 10],
      [HOSTILE, 'db.internal', 1200],
    ],
  )
  const graph = {
    adjacencyList: { fromColumn: 'src', toColumn: 'dst' },
    edgeWeightColumn: 'total_size',
    edgeColorColumn: 'total_size',
    edgeThresholds: { mediumThreshold: 1000, highThreshold: 100_000 },
    edgeHoverInfo: ['total_size'],
  }
  return {
    name: 'px/cluster',
    short: 'Who asks whom',
    long: 'Who asks whom.',
    text: 'import px\n',
    variables: [variable('services', 'PX_INT64', '5', 'How many')],
    widgets: [
      widget('Services', 'edges', 'RequestGraph', { x: 0, y: 0, w: 12, h: 5 }, REQUEST_GRAPH),
      widget('Flows', 'flows', 'Graph', { x: 0, y: 5, w: 12, h: 4 }, graph),
    ],
    give: ({ services }) => [requestEdges(Number(services)), flows],
  }
}

const STACKS: readonly (readonly [stack: string, count: number, delta: number])[] = [
  ['main;serve;handle;parse_json', 400, 30],
  ['main;serve;handle;query;read', 300, -200],
  ['main;serve;handle;query;[k] do_syscall_64;[k] vfs_read', 150, 0],
  ['main;gc', 100, 90],
  [HOSTILE, 50, 0],
]

function flames(): LiteralScript {
  const columns = [
    col('namespace', 'STRING', 'ST_NAMESPACE_NAME'),
    col('pod', 'STRING', 'ST_POD_NAME'),
    col('stack_trace', 'STRING'),
    col('count', 'INT64'),
    col('percent', 'FLOAT64'),
    col('delta', 'FLOAT64'),
  ]
  const rows = STACKS.map(([stack, n, delta]) => ['shop', 'shop/orders-7f9c', stack, n, n / 10, delta])
  const spec = {
    stacktraceColumn: 'stack_trace',
    countColumn: 'count',
    percentageColumn: 'percent',
    percentageLabel: 'CPU Usage',
    podColumn: 'pod',
  }
  const differing = { ...spec, differenceColumn: 'delta' }
  return {
    name: 'px/perf_flamegraph',
    short: 'Where processor time goes',
    long: 'Where processor time goes.',
    text: 'import px\n',
    variables: [START],
    widgets: [
      widget('Stacks', 'stacks', 'StackTraceFlameGraph', { x: 0, y: 0, w: 12, h: 5 }, spec),
      widget('Difference', 'stacks', 'StackTraceFlameGraph', { x: 0, y: 5, w: 12, h: 5 }, differing),
    ],
    give: () => [resultTable('stacks', columns, rows)],
  }
}

function pods(): LiteralScript {
  const columns = [
    col('pod', 'STRING', 'ST_POD_NAME'),
    col('latency', 'STRING', 'ST_DURATION_NS_QUANTILES'),
    col('status', 'STRING', 'ST_POD_STATUS'),
  ]
  const states = ['Running', 'Pending', 'Failed', '']
  const rows = states.map((state, i) => [
    `shop/${SERVICES[i]}`,
    JSON.stringify({
      p01: 1e5,
      p10: 4e5 * (i + 1),
      p25: 1e6 * (i + 1),
      p50: 2e6 * (i + 1),
      p75: 4e6 * (i + 1),
      p90: 6e6 * (i + 1),
      p99: 9e6 * (i + 1),
    }),
    state === 'Failed' ? JSON.stringify({ phase: state, reason: 'Evicted' }) : state,
  ])
  const debug = resultTable('_steps', [col('step', 'STRING')], [['joined']])
  return {
    name: 'px/pods',
    short: 'Pods',
    long: 'Pods.',
    text: 'import px\n',
    variables: [START],
    widgets: [widget('Pods', 'pods', 'Table', { x: 0, y: 0, w: 12, h: 4 }, { gutterColumn: 'status' })],
    give: () => [resultTable('pods', columns, rows), debug],
  }
}

const TABLES: readonly TableSummary[] = [
  {
    name: 'http_events',
    description: 'HTTP requests with their responses',
    columns: HTTP_COLUMNS.map((c) => ({ ...c, pattern: 'GENERAL', description: `The ${c.name}` })),
    rows: 12_345,
    bytes: 1_234_567,
    oldest: String(FIRST_TIME_NS),
    newest: String(FIRST_TIME_NS + 3_600_000_000_000n),
    span: 3600,
  },
]

export function status(over: Partial<Status> = {}): Status {
  const counters = { ...newCounters(), events: 24_690, rows: 12_345, connections: 67, ringLostEvents: 0 }
  return {
    version: '0.1.0',
    ready: true,
    host: 'edge-1',
    asid: 1_483_868_138,
    kernel: '6.1.0',
    startedMs: 0,
    uptimeSeconds: 4000,
    config: readConfig({}, {}),
    probes: [
      {
        source: 'socket_tracer',
        name: 'sys_exit',
        purpose: 'payload of sockets',
        required: true,
        attached: true,
        error: '',
        hint: '',
      },
      {
        source: 'socket_tracer',
        name: 'inet_sock_set_state',
        purpose: 'open and close of connections',
        required: true,
        attached: false,
        error: 'tracefs is not mounted',
        hint: 'mount -t tracefs tracefs /sys/kernel/tracing',
      },
    ],
    capture: {
      running: true,
      silentSeconds: 0,
      longestAbsenceMs: 4,
      longestAbsenceQueuedMs: 0,
      longestAbsenceBlockedMs: 0,
      budget: NO_BUDGET,
    },
    tables: TABLES.map(({ name, rows, bytes, span, oldest, newest }) => ({
      name,
      rows,
      bytes,
      span,
      oldest,
      newest,
      promise: '1 h kept',
    })),
    store: { path: '/var/lib/nixie', bytes: 1_234_567, budgetBytes: 1 << 30, retentionSeconds: 86_400 },
    losses: { ring: 0, missed: 0, gaps: 0, parse: 0, shed: 0, gone: 0, names: 0 },
    counters,
    rss: 60 << 20,
    ...over,
  }
}

export interface Host {
  /** The pages behind the guards and headers that they are served with. */
  readonly app: ReturnType<typeof createApp>
  readonly runner: LiteralRunner
  /** Rows that px/http_data now finds. */
  rows: number
}

/** The UI over the literal host. Text that holds `boom` fails in its second line. */
export function host(
  options: {
    rows?: number
    status?: UiDeps['status']
    entities?: NonNullable<UiDeps['entities']>
    nodes?: NonNullable<UiDeps['nodes']>
    scripts?: LiteralScript[]
    giveText?: (text: string) => readonly ResultTable[]
  } = {},
): Host {
  const self = { rows: options.rows ?? 30 } as {
    rows: number
    runner: LiteralRunner
    app: ReturnType<typeof ui>
  }
  self.runner = new LiteralRunner({
    scripts: options.scripts ?? [
      httpData(() => self.rows),
      requestStats(),
      POD_SCRIPT,
      serviceMap(),
      flames(),
      pods(),
    ],
    tables: TABLES,
    newest: resultTable('http_events', HTTP_COLUMNS, httpRows(20)),
    giveText: (text) => {
      if (options.giveText) return options.giveText(text)
      if (text.includes('boom'))
        throw new NixieError('syntax_error', "'boom' is not PxL", 'Take it out.', { line: 2, column: 3 })
      return [
        resultTable('first', HTTP_COLUMNS, httpRows(3)),
        resultTable('second', HTTP_COLUMNS, httpRows(2)),
      ]
    },
  })
  const deps: UiDeps = {
    runner: self.runner,
    status: options.status ?? (() => status()),
    ...(options.entities ? { entities: options.entities } : {}),
    ...(options.nodes ? { nodes: options.nodes } : {}),
  }
  self.app = createApp({
    access: everyone(),
    ...deps,
    config: readConfig({}, {}),
    ui: ui(deps),
    assets: assetRoutes(),
    renderError,
  })
  return self
}
