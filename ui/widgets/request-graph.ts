/** RequestGraph of vis.json: requests between services or pods. */
import type { Fields } from '../../src/json'
import type { ResultTable } from '../../src/runner/runner'
import { type KnownScripts, unitOf, viewUrl } from '../format'
import { inUnit } from '../units'
import type { GraphData, GraphNode } from './drawn'
import { levelOf, nodeAt, type RawEdge, toneOf } from './graph-data'
import { numberAt, type Values, valuesOf, wordAt } from './spec'

const MS = 1e6
/** Nanoseconds of the 90th percentile, and shares of failed requests. */
const SLOW = { medium: 100 * MS, high: 500 * MS }
const FAILING = { medium: 0.01, high: 0.05 }

const LATENCIES = [
  ['p50Column', 'p50'],
  ['p90Column', 'p90'],
  ['p99Column', 'p99'],
] as const

const RATES = [
  ['requestsPerSecondColumn', 'requests'],
  ['inboundBytesPerSecondColumn', 'in'],
  ['outboundBytesPerSecondColumn', 'out'],
] as const

type Level = 'Service' | 'Pod'

/** The view of an edge: the script and its arguments for client and server. */
const VIEWS: Readonly<Record<Level, readonly [script: string, from: string, to: string]>> = {
  Service: ['px/service_edge_stats', 'requesting_svc', 'responding_svc'],
  Pod: ['px/pod_edge_stats', 'requesting_pod', 'responding_pod'],
}

/** An address has a view too, but is neither end of an edge's own view. */
const isThing = ({ href }: GraphNode) => href !== undefined && !href.startsWith('/scripts/px/ip')

/** Only for an edge between two services or two pods: an address is neither. `table`: where its rows are, if not in HTTP's. */
function linked(edge: RawEdge, level: Level, table: string, scripts: KnownScripts): RawEdge {
  if (!isThing(edge.from) || !isThing(edge.to)) return edge
  const [script, from, to] = table === '' || table === HTTP ? VIEWS[level] : rowsOf(table, scripts)
  if (!scripts.has(script) || (script !== VIEWS[level][0] && level === 'Service' && !arePods(edge)))
    return edge
  return { ...edge, href: viewUrl(script, { [from]: edge.from.id, [to]: edge.to.id }, scripts) }
}

const HTTP = 'http_events'

/** The script that lists the rows of a protocol's table. Its filters are parts of the names of pods. */
function rowsOf(table: string, scripts: KnownScripts): readonly [script: string, from: string, to: string] {
  const name = `${table.replace(/_events.*/, '')}_data`
  return [scripts.has(`px/${name}`) ? `px/${name}` : `nixie/${name}`, 'source_filter', 'destination_filter']
}

const arePods = ({ from, to }: RawEdge) => [from, to].every(({ href }) => href?.includes('/px/pod?') === true)

/** The first that the row has of service, pod and address. */
function endOf(
  table: ResultTable,
  spec: Fields,
  side: 'requestor' | 'responder',
  level: Level,
  scripts: KnownScripts,
): (row: number) => GraphNode {
  const order = level === 'Service' ? ['Service', 'Pod', 'IP'] : ['Pod', 'Service', 'IP']
  const columns = order.flatMap((what) => valuesOf(table, spec[`${side}${what}Column`]) ?? [])
  return (row) => {
    const named = columns.find((values) => wordAt(values, row) !== '')
    return named ? nodeAt(named, row, scripts) : { id: '', label: '(unknown)' }
  }
}

interface Edge {
  readonly from: GraphNode
  readonly to: GraphNode
  readonly protocol: string
  readonly table: string
  readonly rows: number[]
}

/** Undefined when the table has neither pods nor services on both sides. */
export function requestGraphData(
  table: ResultTable,
  spec: Fields,
  scripts: KnownScripts,
): GraphData | undefined {
  const has = (level: Level) =>
    valuesOf(table, spec[`requestor${level}Column`]) && valuesOf(table, spec[`responder${level}Column`])
  const levels = (['Service', 'Pod'] as const).filter(has)
  if (levels.length === 0) return undefined
  const protocols = valuesOf(table, spec.protocolColumn)
  const tables = valuesOf(table, spec.tableColumn)
  const differ = protocols ? new Set(protocols.values).size > 1 : false
  return {
    levels: levels.map((level) => {
      const from = endOf(table, spec, 'requestor', level, scripts)
      const to = endOf(table, spec, 'responder', level, scripts)
      const edges = new Map<string, Edge>()
      for (let row = 0; row < table.rows; row++) {
        const [a, b] = [from(row), to(row)]
        const protocol = protocols ? wordAt(protocols, row) : ''
        const key = `${a.id}\n${b.id}\n${protocol}`
        const known = edges.get(key)
        if (known) known.rows.push(row)
        else {
          const of = tables ? wordAt(tables, row) : ''
          edges.set(key, { from: a, to: b, protocol, table: of, rows: [row] })
        }
      }
      const measure = measured(table, spec)
      const all = [...edges.values()].map((edge) => {
        const label = differ ? { label: edge.protocol } : {}
        return linked({ ...measure(edge), ...label }, level, edge.table, scripts)
      })
      return levelOf(level === 'Service' ? 'services' : 'pods', all)
    }),
    colours: ['latency', 'errors'],
  }
}

/** Rates add up; of latencies the highest is shown, since percentiles of parts can't be combined. */
function measured(table: ResultTable, spec: Fields): (edge: Edge) => RawEdge {
  const column = (name: string) => valuesOf(table, spec[name])
  const rates = RATES.flatMap(([key, name]) => named(column(key), name))
  const latencies = LATENCIES.flatMap(([key, name]) => named(column(key), name))
  const errors = column('errorRateColumn')
  const [requests, p90] = [column('requestsPerSecondColumn'), column('p90Column')]
  return ({ from, to, rows }) => {
    const sum = (values: Values | undefined) => rows.reduce((a, row) => a + (numberAt(values, row) || 0), 0)
    const worst = (values: Values | undefined) =>
      rows.reduce((a, row) => Math.max(a, numberAt(values, row) || 0), 0)
    const weight = sum(requests)
    const failed = rows.reduce((a, row) => {
      const share = numberAt(errors, row) || 0
      return a + share * (requests ? numberAt(requests, row) || 0 : 1)
    }, 0)
    const errorRate = failed / ((requests ? weight : rows.length) || 1)
    return {
      from,
      to,
      weight,
      tones: [toneOf(worst(p90), SLOW.medium, SLOW.high), toneOf(errorRate, FAILING.medium, FAILING.high)],
      facts: [
        ...rates.map(([values, name]) => [name, shown(values, sum(values))] as const),
        ...(errors ? [['errors', inUnit('ratio', errorRate)] as const] : []),
        ...latencies.map(
          ([values, name]) =>
            [rows.length > 1 ? `highest ${name}` : name, shown(values, worst(values))] as const,
        ),
      ],
    }
  }
}

const named = (values: Values | undefined, name: string): (readonly [Values, string])[] =>
  values ? [[values, name]] : []

function shown({ column }: Values, value: number): string {
  const { unit, scale } = unitOf(column.semantic)
  return inUnit(unit, value * scale)
}
