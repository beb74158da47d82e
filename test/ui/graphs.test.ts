/** What is drawn of a table: edges, requests, stacks; marks and whiskers in cells. */
import { describe, expect, test } from 'bun:test'
import type { Cell, ResultColumn } from '../../src/runner/runner'
import { show } from '../../ui/format'
import { largestQuantile, Mark, Whiskers } from '../../ui/widgets/cells'
import { flameData } from '../../ui/widgets/flame-data'
import { graphData, MOST_EDGES } from '../../ui/widgets/graph-data'
import { requestGraphData } from '../../ui/widgets/request-graph'
import { resultTable } from '../support/literal-runner'

const NO_SCRIPTS = new Set<string>()
const text = (name: string, semantic: ResultColumn['semantic'] = 'ST_NONE'): ResultColumn => ({
  name,
  type: 'STRING',
  semantic,
})
const number = (name: string, semantic: ResultColumn['semantic'] = 'ST_NONE'): ResultColumn => ({
  name,
  type: 'FLOAT64',
  semantic,
})

describe('a graph', () => {
  const columns = [text('src', 'ST_POD_NAME'), text('dst'), number('size', 'ST_BYTES')]
  const spec = {
    adjacencyList: { fromColumn: 'src', toColumn: 'dst' },
    edgeWeightColumn: 'size',
    edgeColorColumn: 'size',
    edgeThresholds: { mediumThreshold: 10, highThreshold: 100 },
    edgeHoverInfo: ['size', 'not there', 7],
  }

  test('has a node per name, edges by weight and threshold, facts in units', () => {
    const table = resultTable('t', columns, [
      ['a', 'b', 10],
      ['b', 'c', 100],
      ['a', '', 9],
    ])
    const [level] = graphData(table, spec, new Set(['px/pod']))!.levels
    expect(level!.nodes).toEqual([
      { id: 'b', label: 'b', href: '/scripts/px/pod?pod=b' },
      { id: 'c', label: 'c' },
      { id: 'a', label: 'a', href: '/scripts/px/pod?pod=a' },
      { id: '', label: '(unknown)' },
    ])
    expect(level!.edges.map(({ from, to, weight, tones }) => [from, to, weight, ...tones])).toEqual([
      [0, 1, 1, 'high'],
      [2, 0, 0.1, 'medium'],
      [2, 3, 0.09, 'low'],
    ])
    expect(level!.edges[0]!.facts).toEqual([['size', '100 B']])
  })

  test('without weight, colour or thresholds is plain; without its columns there is none', () => {
    const table = resultTable('t', columns, [['a', 'b', null]])
    const plain = graphData(table, { adjacencyList: spec.adjacencyList }, NO_SCRIPTS)!
    expect(plain.levels[0]!.edges).toEqual([{ from: 0, to: 1, weight: 1, tones: ['plain'], facts: [] }])
    expect(plain.colours).toEqual([])
    expect(graphData(table, { adjacencyList: { fromColumn: 'src' } }, NO_SCRIPTS)).toBeUndefined()
    expect(graphData(table, { adjacencyList: 'src' }, NO_SCRIPTS)).toBeUndefined()
  })

  test('keeps the heaviest edges and counts the rest', () => {
    const rows = Array.from({ length: MOST_EDGES + 5 }, (_, i): Cell[] => [`a${i}`, 'b', i])
    const [level] = graphData(resultTable('t', columns, rows), spec, NO_SCRIPTS)!.levels
    expect([level!.edges.length, level!.left]).toEqual([MOST_EDGES, 5])
    expect(level!.nodes[0]!.id).toBe(`a${MOST_EDGES + 4}`)
  })
})

describe('in a cluster', () => {
  const columns = [text('src', 'ST_POD_NAME'), text('dst', 'ST_POD_NAME'), number('size', 'ST_BYTES')]
  const spec = { adjacencyList: { fromColumn: 'src', toColumn: 'dst' }, edgeWeightColumn: 'size' }
  const level = (rows: Cell[][]) => graphData(resultTable('t', columns, rows), spec, NO_SCRIPTS)!.levels[0]!

  test('a process of no pod is marked; on a lone host, where processes stand for pods, none is', () => {
    const hosts = (rows: Cell[][]) => level(rows).nodes.filter(({ host }) => host)
    const alone: Cell[][] = [['kubelet', 'registry :5000', 9]]
    expect(hosts(alone)).toEqual([])
    expect(hosts([...alone, ['ns/a', '10.0.0.9', 1], ['', 'fe80::1', 1]]).map(({ id }) => id)).toEqual([
      'kubelet',
      'registry :5000',
    ])
  })

  test('loopback addresses of unknown processes are one node, and the heaviest edge of each pair', () => {
    const many = Array.from({ length: 300 }, (_, i): Cell[] => [`127.0.${i % 2}.${i % 250}`, 'etcd', i])
    const { nodes, edges, left } = level([...many, ['::1', 'etcd', 1], ['ns/a', 'ns/b', 1]])
    expect(nodes.map(({ id }) => id)).toEqual(['127.0.0.0/8', 'etcd', 'ns/a', 'ns/b'])
    expect([edges.length, left]).toEqual([2, 300])
    expect(edges[0]!.facts).toEqual([])
  })

  test('pods and services come first when not all has room, then host processes, then addresses', () => {
    const busy = (from: (i: number) => string, count: number) =>
      Array.from({ length: count }, (_, i): Cell[] => [from(i), 'kubelet', 1000 + i])
    const { nodes, left } = level([
      ...busy((i) => `10.9.${i >> 8}.${i & 255}`, MOST_EDGES),
      ...busy((i) => `job-${i}`, MOST_EDGES - 2),
      ['ns/a', 'ns/b', 1],
      ['kubelet', 'ns/a', 1],
    ])
    expect(nodes.map(({ id }) => id)).toEqual(expect.arrayContaining(['ns/a', 'ns/b', 'kubelet', 'job-0']))
    expect(nodes.some(({ id }) => id.startsWith('10.'))).toBe(false)
    expect(left).toBe(MOST_EDGES)
  })
})

describe('a request graph', () => {
  const columns = [
    text('from_pod', 'ST_POD_NAME'),
    text('to_pod', 'ST_POD_NAME'),
    text('from_svc', 'ST_SERVICE_NAME'),
    text('to_svc', 'ST_SERVICE_NAME'),
    text('from_ip'),
    number('p99', 'ST_DURATION_NS'),
    number('errors', 'ST_PERCENT'),
    number('rps', 'ST_THROUGHPUT_PER_NS'),
  ]
  const spec = {
    requestorPodColumn: 'from_pod',
    responderPodColumn: 'to_pod',
    requestorServiceColumn: 'from_svc',
    responderServiceColumn: 'to_svc',
    requestorIPColumn: 'from_ip',
    p90Column: 'p99',
    p99Column: 'p99',
    errorRateColumn: 'errors',
    requestsPerSecondColumn: 'rps',
  }
  const table = resultTable('t', columns, [
    ['ns/a-1', 'ns/b-1', 'ns/a', 'ns/b', '', 600e6, 0, 3e-9],
    ['ns/a-2', 'ns/b-1', 'ns/a', 'ns/b', '', 50e6, 0.04, 1e-9],
    ['', 'ns/b-1', '', 'ns/b', '10.0.0.9', 1e6, 0, 1e-9],
  ])

  test('of services adds rates up, weighs errors by requests, tells the worst latency', () => {
    const { levels, colours } = requestGraphData(table, spec, NO_SCRIPTS)!
    expect(colours).toEqual(['latency', 'errors'])
    expect(levels.map(({ name, nodes, edges }) => [name, nodes.length, edges.length])).toEqual([
      ['services', 3, 2],
      ['pods', 4, 3],
    ])
    const [heaviest] = levels[0]!.edges
    expect(heaviest).toEqual({
      from: 0,
      to: 1,
      weight: 1,
      tones: ['high', 'medium'],
      facts: [
        ['requests', '4/s'],
        ['errors', '1 %'],
        ['highest p90', '600 ms'],
        ['highest p99', '600 ms'],
      ],
    })
    expect(levels[0]!.nodes.map(({ label }) => label)).toEqual(['ns/a', 'ns/b', '10.0.0.9'])
  })

  test('leads from an edge between services to their view, from one of an address nowhere', () => {
    const scripts = new Set(['px/service', 'px/service_edge_stats', 'px/pod_edge_stats'])
    const [services, pods] = requestGraphData(table, spec, scripts)!.levels
    expect(services!.edges.map(({ href }) => href)).toEqual([
      '/scripts/px/service_edge_stats?requesting_svc=ns%2Fa&responding_svc=ns%2Fb',
      undefined,
    ])
    expect(pods!.edges.some(({ href }) => href)).toBe(false)
  })

  test('has an edge for each protocol, which leads to its rows', () => {
    const pods = ['requestor_pod', 'responder_pod'].map((name) => text(name, 'ST_POD_NAME'))
    const mixed = resultTable(
      't',
      [...pods, text('protocol'), text('table'), number('rps')],
      [
        ['ns/a', 'ns/b', 'HTTP', 'http_events', 4],
        ['ns/a', 'ns/b', 'Redis', 'redis_events', 2],
        ['ns/a', 'ns/b', 'NATS', 'nats_events.beta', 1],
      ],
    )
    const columns = {
      requestorPodColumn: 'requestor_pod',
      responderPodColumn: 'responder_pod',
      requestsPerSecondColumn: 'rps',
      protocolColumn: 'protocol',
      tableColumn: 'table',
    }
    const scripts = new Set(['px/pod', 'px/pod_edge_stats', 'px/redis_data', 'nixie/nats_data'])
    const edges = (table: typeof mixed) => requestGraphData(table, columns, scripts)!.levels[0]!.edges
    expect(edges(mixed).map(({ label, weight, href }) => [label, weight, href])).toEqual([
      ['HTTP', 1, '/scripts/px/pod_edge_stats?requesting_pod=ns%2Fa&responding_pod=ns%2Fb'],
      ['Redis', 0.5, '/scripts/px/redis_data?source_filter=ns%2Fa&destination_filter=ns%2Fb'],
      ['NATS', 0.25, '/scripts/nixie/nats_data?source_filter=ns%2Fa&destination_filter=ns%2Fb'],
    ])
    // Where all speak the same, an edge needn't say so.
    expect(
      edges({ ...mixed, rows: 1, values: mixed.values.map((cells) => cells.slice(0, 1)) })[0]!.label,
    ).toBe(undefined)
  })

  test('needs both ends of pods or of services', () => {
    expect(requestGraphData(table, { requestorPodColumn: 'from_pod' }, NO_SCRIPTS)).toBeUndefined()
  })
})

describe('a flame graph', () => {
  const columns = [text('pod'), text('stack'), number('count'), number('percent'), number('delta')]
  const spec = {
    stacktraceColumn: 'stack',
    countColumn: 'count',
    percentageColumn: 'percent',
    podColumn: 'pod',
  }

  test('merges stacks that begin alike, below their pod, wide before narrow', () => {
    const table = resultTable('t', columns, [
      ['p', 'main;a', 1, 10, 0],
      ['p', 'main;b;c', 3, 30, 0],
      ['', 'main', 2, 20, 0],
      ['p', 'main;a', 0, 0, 0],
    ])
    const { names, nodes, percentLabel, differs } = flameData(table, spec)!
    expect(nodes.map(({ name, parent, value, group }) => [names[name], parent, value, group])).toEqual([
      ['all', -1, 6, true],
      ['p', 0, 4, true],
      ['main', 1, 4, false],
      ['b', 2, 3, false],
      ['c', 3, 3, false],
      ['a', 2, 1, false],
      ['main', 0, 2, false],
    ])
    expect(nodes[2]!.percent).toBe(40)
    expect([percentLabel, differs]).toEqual(['percent', false])
  })

  test('leaves out what nobody could see, and stays within the deepest stack', () => {
    const deep = Array.from({ length: 5000 }, (_, i) => `f${i}`).join(';')
    const table = resultTable('t', columns, [
      ['', 'big', 1_000_000, 0, 0],
      ['', 'tiny', 1, 0, 0],
      ['', deep, 1_000_000, 0, 0],
    ])
    const { names, nodes } = flameData(table, { ...spec, differenceColumn: 'delta' })!
    expect(names).not.toContain('tiny')
    expect(nodes.length).toBe(302)
    expect(flameData(table, { countColumn: 'count' })).toBeUndefined()
  })
})

describe('cells', () => {
  test.each([
    ['Running', 'good', 'Running'],
    ['{"phase":"Pending","reason":"x"}', 'warn', 'Pending'],
    ['CrashLoopBackOff', 'bad', 'CrashLoopBackOff'],
    ['Terminating', 'warn', 'Terminating'],
    ['{"state":"Terminated","reason":""}', 'none', 'Terminated'],
    ['{"state":"Terminated","reason":"Error"}', 'bad', 'Error'],
    ['{"state":"Terminated","reason":"Completed"}', 'good', 'Completed'],
    ['{broken', 'bad', '{broken'],
    [null, 'none', 'unknown'],
  ])('the state %s is marked %s', (value, tone, word) => {
    const markup = String(Mark({ value }))
    expect(markup).toContain(`class="gutter ${tone}"`)
    expect(markup).toContain(`>${word}</span>`)
  })

  test('quantiles share a scale; what is none has no whiskers', () => {
    const cells = ['{"p50":10,"p99":40}', '{"p25":5,"p50":10,"p75":20,"p99":80}', 'x', null]
    expect(largestQuantile(cells)).toBe(80)
    const markup = String(Whiskers({ value: cells[1]!, most: 80 }))
    expect(markup).toContain('<rect x="5.0" y="1" width="15.0"')
    expect(Whiskers({ value: 'x', most: 80 })).toBeNull()
    expect(Whiskers({ value: '{broken', most: 80 })).toBeNull()
  })

  test('several services in a cell lead to their own views', () => {
    const shown = show('["ns/a","ns/b"]', text('svc', 'ST_SERVICE_NAME'), new Set(['px/service']))
    expect(shown.text).toBe('ns/a, ns/b')
    expect(shown.parts?.map(({ href }) => href)).toEqual([
      '/scripts/px/service?service=ns%2Fa',
      '/scripts/px/service?service=ns%2Fb',
    ])
    expect(show('["<b>"', text('svc', 'ST_SERVICE_NAME')).parts).toBeUndefined()
  })
})
