/** In a cluster: what asks or answers outside of pods is called by its process, wherever ends have names. */
import { describe, expect, test } from 'bun:test'
import { LIBRARY } from '../../src/scripts/library'
import { TABLES } from '../../src/sources/tables'
import { contextOf, linkTo, rowOf, rowsOf, run, shown } from '../runner/support'
import { CRON, cluster, KUBELET, REGISTRY, WEB, WEB_IP } from './support/cluster'

const BRIDGE = '10.0.0.1'
const LOOPBACK = '127.0.0.1'

/** One exchange, as it is seen at the server's end. */
const asked = (table: string, secondsAgo: number, client: string, server: string, address: string) =>
  rowOf(table, secondsAgo, {
    ...{ upid: server, remote_upid: client, remote_addr: address, local_addr: address, trace_role: 2 },
    ...{ latency: 1000, req_path: '/' },
  })

/** A probe from the address of the bridge, a client on the loopback address, and one whose address a pod has. */
const exchanges = (table: string) => [
  asked(table, 20, KUBELET, WEB, BRIDGE),
  asked(table, 15, KUBELET, REGISTRY, LOOPBACK),
  asked(table, 10, KUBELET, CRON, WEB_IP),
]
const ENDS = [
  ['kubelet', 'shop/web-1'],
  ['kubelet', 'registry'],
  ['kubelet', 'ops/cron'],
]

const ofProtocols = TABLES.flatMap(({ name, columns }) =>
  columns.some((c) => c.name === 'remote_upid') && name !== 'conn_stats' ? [name] : [],
)
/** Counted at the client's end. */
const connected = (secondsAgo: number, server: string, address: string) =>
  rowOf('conn_stats', secondsAgo, {
    ...{ upid: KUBELET, remote_upid: server, remote_addr: address, remote_port: 80, trace_role: 1 },
    ...{ bytes_sent: 300, conn_open: 1 },
  })
const conn_stats = [connected(20, WEB, BRIDGE), connected(15, REGISTRY, LOOPBACK)]
const ROWS = { ...Object.fromEntries(ofProtocols.map((table) => [table, exchanges(table)])), conn_stats }

test('px/http_data: both ends are named, newest first', () => {
  const rows = shown('px/http_data', { start_time: '-5m' }, ROWS, cluster).http_data!
  const link = (pod: string) => linkTo(pod, 'px/pod', { start_time: '-5m', pod })
  expect(rows.map(({ source, destination }) => [source, destination])).toEqual(
    ENDS.map((pair) => pair.map(link)).reverse(),
  )
})

describe('maps', () => {
  test('px/cluster: a host process has a name, no service and no address of its own', () => {
    const result = run({ script: 'px/cluster', args: {} }, contextOf(ROWS, cluster))
    const at = result.tables.findIndex(({ columns }) => columns.some(({ name }) => name === 'requestor_pod'))
    const edges = rowsOf(result, at)
    expect(edges.map((row) => [row.requestor_pod, row.responder_pod]).sort()).toEqual([...ENDS].sort())
    const host = edges.find((row) => row.responder_pod === 'registry')!
    expect(host).toMatchObject({ requestor_service: '', responder_service: '', responder_ip: '' })
  })

  test('px/net_flow_graph', () => {
    const edges = shown('px/net_flow_graph', { namespace: '' }, ROWS, cluster).net_flow!
    expect(edges.map((row) => [row.from_entity, row.to_entity])).toEqual(ENDS.slice(0, 2))
  })
})

test.each([
  ['px/pod', { pod: 'shop/web-1' }],
  ['px/pods', { namespace: 'shop' }],
  ['px/service', { service: 'shop/web' }],
  ['px/services', { namespace: 'shop' }],
])('%s: who asks has its name', (script, args) => {
  const result = run({ script, args }, contextOf(ROWS, cluster))
  const at = result.tables.findIndex(({ columns }) => columns.some(({ name }) => name === 'requesting_pod'))
  expect(rowsOf(result, at)).toMatchObject([{ requesting_pod: 'kubelet', requesting_svc: '' }])
})

test.each(['px/inbound_conns', 'px/outbound_conns'])(
  '%s: a process of this node is not outside',
  (script) => {
    const conns = [
      ...conn_stats,
      rowOf('conn_stats', 10, {
        ...{ upid: WEB, remote_upid: KUBELET, remote_addr: BRIDGE, trace_role: 2, conn_open: 1 },
      }),
    ]
    const { tables } = run({ script, args: {} }, contextOf({ conn_stats: conns }, cluster))
    expect(tables.map(({ rows }) => rows)).toEqual([0])
  },
)

describe("df.ctx['remote_…']", () => {
  const ctx = (key: string) => {
    const text = `import px\ndf = px.DataFrame('http_events')\ndf.x = df.ctx['remote_${key}']\npx.display(df[['x']])`
    return rowsOf(run({ text }, contextOf(ROWS, cluster))).map(({ x }) => x)
  }

  test('of a process outside of pods: its name and node; no pod, whoever has its address', () => {
    expect(ctx('pod')).toEqual(['kubelet', 'kubelet', 'kubelet'])
    expect(ctx('node')).toEqual(['node-1', 'node-1', 'node-1'])
    for (const key of ['pod_id', 'namespace', 'service']) expect(ctx(key)).toEqual(['', '', ''])
  })
})

const END =
  /^(source|src|destination|dst|dest|requestor|responder|from_entity|to_entity|requestor_pod|responder_pod)$/
const label = (cell: unknown) => {
  const text = String(cell)
  return text.startsWith('{"label"') ? (JSON.parse(text) as { label: string }).label : text
}

test('no script of the library calls an end by an address where its process is known', () => {
  for (const [script, { view }] of LIBRARY) {
    const required = (view?.variables ?? []).filter(({ defaultValue }) => defaultValue === undefined)
    const args = Object.fromEntries(required.map(({ name }) => [name, name === 'ip' ? LOOPBACK : '']))
    const { tables } = run({ script, args }, contextOf(ROWS, cluster))
    const cells = tables.flatMap(({ columns, values }) =>
      columns.flatMap(({ name }, i) => (END.test(name) ? values[i]!.map(label) : [])),
    )
    expect([script, cells.filter((cell) => /^$|^\d+\.\d+\./.test(cell))]).toEqual([script, []])
  }
})
