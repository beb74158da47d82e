/** A lone host: nginx asks node, node asks python, all on the loopback address. Clients and servers have names. */
import { describe, expect, test } from 'bun:test'
import type { Metadata } from '../../src/metadata/metadata'
import { LIBRARY } from '../../src/scripts/library'
import { TABLES } from '../../src/sources/tables'
import { StoredTables } from '../pxl/support/stored-tables'
import type { Row } from '../query/support/tables'
import { contextOf, linkTo, plainHost, rowOf, rowsOf, run, schema, shown, WEB } from '../runner/support'

const NODE = '1:60:1'
const PYTHON = '1:61:1'
const NAMES: Readonly<Record<string, string>> = { [WEB]: 'nginx', [NODE]: 'node', [PYTHON]: 'python' }
const nameOf = (upid: string) => NAMES[upid] ?? ''
const host: Metadata = { ...plainHost, podName: nameOf, podId: nameOf }

const LOOPBACK = '127.0.0.1'

/** One exchange, as it is seen at the server's end. */
const asked = (table: string, secondsAgo: number, client: string, server: string) =>
  rowOf(table, secondsAgo, {
    ...{ upid: server, remote_upid: client, remote_addr: LOOPBACK, local_addr: LOOPBACK, trace_role: 2 },
    ...{ latency: 1000, req_path: '/' },
  })

/** Counted at the client's end and at the server's. */
const connected = (secondsAgo: number, client: string, server: string, bytes: number) => [
  rowOf('conn_stats', secondsAgo, {
    ...{ upid: client, remote_upid: server, remote_addr: LOOPBACK, remote_port: 80, trace_role: 1 },
    ...{ bytes_sent: bytes, conn_open: 1 },
  }),
  rowOf('conn_stats', secondsAgo, {
    ...{ upid: server, remote_upid: client, remote_addr: LOOPBACK, trace_role: 2 },
    ...{ bytes_recv: bytes, conn_open: 1 },
  }),
]

const chain = (table: string) => [asked(table, 20, WEB, NODE), asked(table, 10, NODE, PYTHON)]
const ofProtocols = TABLES.flatMap(({ name, columns }) =>
  columns.some((c) => c.name === 'remote_upid') && name !== 'conn_stats' ? [name] : [],
)
const conn_stats = [...connected(20, WEB, NODE, 300), ...connected(10, NODE, PYTHON, 600)]
const ROWS = { ...Object.fromEntries(ofProtocols.map((table) => [table, chain(table)])), conn_stats }

const CHAIN = [
  ['nginx', 'node'],
  ['node', 'python'],
]

/** The two columns of each row. */
const ends = (script: string, args: Record<string, string>, table: string, from: string, to: string) =>
  shown(script, args, ROWS, host)[table]!.map((row) => [row[from], row[to]])

describe('maps draw nginx → node → python', () => {
  /** The rows of the first table that has the column. */
  const edgesOf = (script: string, column: string) => {
    const result = run({ script, args: {} }, contextOf(ROWS, host))
    return rowsOf(
      result,
      result.tables.findIndex(({ columns }) => columns.some((c) => c.name === column)),
    )
  }

  test('px/cluster: the graph of requests', () => {
    const edges = edgesOf('px/cluster', 'requestor_pod')
    expect(edges.map((row) => [row.requestor_pod, row.responder_pod])).toEqual(CHAIN)
  })

  test('px/service_stats: edges', () => {
    const edges = edgesOf('px/service_stats', 'requestor')
    expect(edges.map((row) => [row.requestor, row.responder])).toEqual(CHAIN)
  })

  test('px/net_flow_graph: connections', () => {
    const args = { namespace: '' }
    expect(ends('px/net_flow_graph', args, 'net_flow', 'from_entity', 'to_entity')).toEqual(CHAIN)
  })

  test('px/ip: what was counted at both ends counts once', () => {
    const edges = shown('px/ip', { ip: LOOPBACK }, ROWS, host)['Net Flow Graph']!
    expect(edges.map((row) => [row.requestor, row.responder, row.requestor_sent_bytes_per_s])).toEqual([
      ['nginx', 'node', 300 / 300e9],
      ['node', 'python', 600 / 300e9],
    ])
  })
})

const END =
  /^(source|src|destination|dst|dest|requestor|responder|from_entity|to_entity|requestor_pod|responder_pod|requesting_pod)$/

/** What a cell says: a link by its label. */
const label = (cell: unknown) => {
  const text = String(cell)
  return text.startsWith('{') ? (JSON.parse(text) as { label: string }).label : text
}

/** Those that the script must be given, empty but for the address. */
function argumentsOf(script: string): Record<string, string> {
  const variables = LIBRARY.get(script)!.view?.variables ?? []
  const required = variables.filter(({ defaultValue }) => defaultValue === undefined)
  return Object.fromEntries(required.map(({ name }) => [name, name === 'ip' ? LOOPBACK : '']))
}

test('no script of the library calls an end of this host by an address, where its process is known', () => {
  const told = [...LIBRARY.keys()].filter((script) => {
    const { tables } = run({ script, args: argumentsOf(script) }, contextOf(ROWS, host))
    const cells = tables.flatMap(({ columns, values }) =>
      columns.flatMap(({ name }, i) => (END.test(name) ? values[i]!.map(label) : [])),
    )
    expect([script, cells.filter((name) => !Object.values(NAMES).includes(name))]).toEqual([script, []])
    return cells.length > 0
  })
  expect(told.length).toBeGreaterThan(25)
})

test('every script of the library runs over a store of before there were these columns', () => {
  const now = contextOf({}, host)
  const before = now.store
    .tables()
    .map((table) => ({ ...table, columns: table.columns.filter((c) => !c.extra), rows: [] }))
  const context = { ...now, store: new StoredTables(before) }
  for (const script of LIBRARY.keys()) {
    // Our own ones are about what only these columns tell.
    if (script.startsWith('nixie/')) continue
    schema({ script, args: argumentsOf(script) }, context)
  }
})

test('px/http_data: the source is the process, and a link to it', () => {
  const args = { start_time: '-5m' }
  const [newest] = shown('px/http_data', args, ROWS, host).http_data!
  expect(newest).toMatchObject({
    source: linkTo('node', 'px/pod', { ...args, pod: 'node' }),
    destination: linkTo('python', 'px/pod', { ...args, pod: 'python' }),
  })
  const filtered = shown('px/http_data', { ...args, source_filter: 'nginx' }, ROWS, host).http_data!
  expect(filtered).toHaveLength(1)
})

describe('connections of several clients on one address', () => {
  const view = (rows: Row[]) => {
    const text =
      "import px\nimport pxviews\ndf = pxviews.connections('-5m')\npx.display(df[['upid', 'remote_upid', 'trace_role']])"
    return rowsOf(run({ text }, contextOf({ conn_stats: rows }, host)))
  }

  test('no process is named for what a server exchanged with more than one', () => {
    const server = connected(20, WEB, PYTHON, 1)[1]!
    expect(view([server])).toMatchObject([{ upid: PYTHON, remote_upid: WEB }])
    expect(view([server, { ...server, remote_upid: '' }])).toMatchObject([{ upid: PYTHON, remote_upid: '' }])
    expect(view([server, { ...server, remote_upid: NODE }])).toMatchObject([
      { upid: PYTHON, remote_upid: '' },
    ])
  })

  test("a client's row keeps the server's name that came late", () => {
    const client = connected(20, WEB, PYTHON, 1)[0]!
    expect(view([{ ...client, remote_upid: '' }, client])).toMatchObject([{ upid: WEB, remote_upid: PYTHON }])
  })
})
