/** Graph of vis.json: the drawing of a table of edges. */

import { isIP } from 'node:net'
import type { Fields } from '../../src/json'
import type { SemanticType } from '../../src/records/types'
import type { ResultTable } from '../../src/runner/runner'
import { type KnownScripts, show } from '../format'
import type { GraphData, GraphEdge, GraphLevel, GraphNode, Tone } from './drawn'
import { inner, numberAt, numberIn, textOf, type Values, valuesOf, wordAt } from './spec'

/** More than this is a tangle in any layout: the heaviest are drawn, and the graph says so. */
export const MOST_EDGES = 600

/** An edge before its weight is known as a share. */
export interface RawEdge {
  readonly from: GraphNode
  readonly to: GraphNode
  /** At least 0. */
  readonly weight: number
  readonly tones: readonly Tone[]
  readonly href?: string
  readonly label?: string
  readonly facts: GraphEdge['facts']
}

/** All loopback addresses without a known process: hundreds of boxes would tell no more than one. */
const LOOPBACK: GraphNode = { id: '127.0.0.0/8', label: '127.0.0.0/8 (unknown process)' }
const isLoopback = (text: string) => /^(127\.\d+\.\d+\.\d+|::1|::ffff:127\.\d+\.\d+\.\d+)$/.test(text)

const isAddress = (node: GraphNode) => node.id === '' || node === LOOPBACK || isIP(node.id) > 0
/** Names of a cluster's pods and services include their namespace. */
const isInNamespace = (node: GraphNode) => node.id.includes('/') && !isAddress(node)

/** Rank of an edge: lowest between pods and services, highest between addresses. The highest are left out first. */
const distance = ({ from, to }: RawEdge): number =>
  [from, to].reduce((sum, node) => sum + (isAddress(node) ? 2 : isInNamespace(node) ? 0 : 1), 0)

/** Keeps one edge between the loopback box and another node, since the box stands for many addresses. */
function once(edges: readonly RawEdge[]): readonly RawEdge[] {
  const seen = new Set<string>()
  return edges.filter(({ from, to }) => {
    if (from !== LOOPBACK && to !== LOOPBACK) return true
    const key = JSON.stringify([from.id, to.id])
    return !seen.has(key) && seen.add(key)
  })
}

/** Marks host processes, but only in a cluster. Elsewhere processes stand for pods. */
function inCluster(nodes: readonly GraphNode[]): readonly GraphNode[] {
  if (nodes.some(isInNamespace)) return nodes
  return nodes.map(({ host, ...node }) => node)
}

/** Numbers the nodes, keeps the heaviest edges: those between pods and services first, addresses last. */
export function levelOf(name: string, raw: readonly RawEdge[]): GraphLevel {
  const heaviest = once([...raw].sort((a, b) => b.weight - a.weight))
  const kept = [...heaviest]
    .sort((a, b) => distance(a) - distance(b))
    .slice(0, MOST_EDGES)
    .sort((a, b) => b.weight - a.weight)
  const most = kept.reduce((a, { weight }) => Math.max(a, weight), 0) || 1
  const nodes: GraphNode[] = []
  const indexes = new Map<string, number>()
  const index = (node: GraphNode): number => {
    const known = indexes.get(node.id)
    if (known !== undefined) return known
    indexes.set(node.id, nodes.length)
    return nodes.push(node) - 1
  }
  const edges = kept.map(({ from, to, weight, ...rest }) => ({
    from: index(from),
    to: index(to),
    weight: weight / most,
    ...rest,
  }))
  return { name, nodes: inCluster(nodes), edges, left: raw.length - kept.length }
}

export function toneOf(value: number, medium: number | undefined, high: number | undefined): Tone {
  if (medium === undefined && high === undefined) return 'plain'
  if (!Number.isFinite(value)) return 'plain'
  if (high !== undefined && value >= high) return 'high'
  return medium !== undefined && value >= medium ? 'medium' : 'low'
}

const NAMED: ReadonlySet<SemanticType> = new Set(['ST_POD_NAME', 'ST_SERVICE_NAME'])

/** The node that a cell names. */
export function nodeAt(values: Values, row: number, scripts: KnownScripts): GraphNode {
  const id = wordAt(values, row)
  if (isLoopback(id)) return LOOPBACK
  const { text, href } = show(values.values[row] ?? null, values.column, scripts)
  const node = { id, label: text === '' ? '(unknown)' : text, ...(href === undefined ? {} : { href }) }
  const isPlain = NAMED.has(values.column.semantic) && !isAddress(node) && !isInNamespace(node)
  return isPlain ? { ...node, host: true } : node
}

export const factAt = (values: Values, row: number, name = values.column.name): readonly [string, string] => [
  name,
  show(values.values[row] ?? null, values.column).text,
]

/** Undefined when the table lacks the columns that the spec names. */
export function graphData(table: ResultTable, spec: Fields, scripts: KnownScripts): GraphData | undefined {
  const adjacency = inner(spec, 'adjacencyList')
  const from = valuesOf(table, adjacency.fromColumn)
  const to = valuesOf(table, adjacency.toColumn)
  if (!from || !to) return undefined
  const weight = valuesOf(table, spec.edgeWeightColumn)
  const colour = valuesOf(table, spec.edgeColorColumn)
  const thresholds = inner(spec, 'edgeThresholds')
  const medium = numberIn(thresholds.mediumThreshold)
  const high = numberIn(thresholds.highThreshold)
  const hover = (Array.isArray(spec.edgeHoverInfo) ? spec.edgeHoverInfo : [])
    .map(textOf)
    .flatMap((name) => valuesOf(table, name) ?? [])
  const raw = Array.from({ length: table.rows }, (_, row): RawEdge => {
    const size = weight ? numberAt(weight, row) : 1
    return {
      from: nodeAt(from, row, scripts),
      to: nodeAt(to, row, scripts),
      weight: Number.isFinite(size) && size > 0 ? size : 0,
      tones: [colour ? toneOf(numberAt(colour, row), medium, high) : 'plain'],
      facts: hover.map((values) => factAt(values, row)),
    }
  })
  return { levels: [levelOf('', raw)], colours: colour ? [colour.column.name] : [] }
}
