/** Where nodes and edges lie: layers from left to right (dagre). */
import { graphlib, layout } from '@dagrejs/dagre'
import type { GraphLevel } from '../../widgets/drawn'
import type { Extent } from './view'

export interface Point {
  readonly x: number
  readonly y: number
}

export type Box = Point & Extent

export interface Layout extends Extent {
  /** The centres of nodes. */
  readonly nodes: readonly Box[]
  /** Points on the line of each edge; empty for an edge from a node to itself. */
  readonly edges: readonly (readonly Point[])[]
  /** The middle of each edge's label; undefined for one without. */
  readonly labels: readonly (Point | undefined)[]
}

export const LONGEST_LABEL = 30
/** The width of a letter in a node's name, in pixels. */
const LETTER = 6.7
const SMALL_LETTER = 6
const NODE_HEIGHT = 24

export const shortened = (label: string): string =>
  label.length > LONGEST_LABEL ? `${label.slice(0, 14)}…${label.slice(-15)}` : label

export function layOut({ nodes, edges }: GraphLevel): Layout {
  const graph = new graphlib.Graph({ multigraph: true })
  const large = nodes.length > 60
  graph.setGraph({
    rankdir: 'LR',
    ranksep: large ? 70 : 110,
    nodesep: large ? 8 : 16,
    edgesep: large ? 2 : 10,
    ranker: large ? 'tight-tree' : 'network-simplex',
    marginx: 12,
    marginy: 12,
  })
  for (const [i, { label }] of nodes.entries()) {
    graph.setNode(String(i), { width: shortened(label).length * LETTER + 18, height: NODE_HEIGHT })
  }
  for (const [i, { from, to, weight, label }] of edges.entries()) {
    if (from === to) continue
    const room = label ? { width: label.length * SMALL_LETTER + 8, height: 14, labelpos: 'c' } : {}
    graph.setEdge(String(from), String(to), { weight: 1 + Math.round(weight * 4), ...room }, String(i))
  }
  layout(graph)
  const { width = 0, height = 0 } = graph.graph() as { width?: number; height?: number }
  const boxes = nodes.map((_, i) => graph.node(String(i)) as Box)
  const placed = edges.map(({ from, to }, i) =>
    from === to
      ? undefined
      : (graph.edge(String(from), String(to), String(i)) as Point & { points: Point[] }),
  )
  return {
    width,
    height,
    nodes: boxes,
    edges: placed.map((edge) => edge?.points ?? []),
    labels: edges.map(({ from, label }, i) => (label ? (placed[i] ?? besideLoop(boxes[from]!)) : undefined)),
  }
}

const besideLoop = ({ x, y, width }: Box): Point => ({ x: x + width / 2 + 46, y: y + 4 })

/** A smooth line through the points; without points a loop on the node's right side. */
export function pathOf(points: readonly Point[], self: Box): string {
  const [first, ...rest] = points
  if (!first) {
    const right = self.x + self.width / 2
    return `M${right},${self.y - 6} c34,-22 34,34 0,12`
  }
  const last = rest.at(-1)!
  let path = `M${first.x},${first.y}`
  for (let i = 0; i < rest.length - 1; i++) {
    const [at, next] = [rest[i]!, rest[i + 1]!]
    path += ` Q${at.x},${at.y} ${(at.x + next.x) / 2},${(at.y + next.y) / 2}`
  }
  return `${path} L${last.x},${last.y}`
}
