/** Data of drawings in the page's attributes. The browser's scripts import nothing else from the server's code. */
import type { Unit } from '../units'

/** What the client reads from `data-chart`. */
export interface ChartData {
  readonly unit: Unit
  readonly stacked: boolean
  readonly area: boolean
  /** Seconds since the epoch, rising. */
  readonly xs: readonly number[]
  readonly series: readonly {
    readonly label: string
    readonly ys: readonly (number | null)[]
    /** Drawn in the colour of errors. */
    readonly tone?: 'bad'
  }[]
}

export type Tone = 'low' | 'medium' | 'high' | 'plain'

export interface GraphNode {
  readonly id: string
  readonly label: string
  /** Its own view. */
  readonly href?: string
  /** A process outside of the pods of a cluster. */
  readonly host?: true
}

export interface GraphEdge {
  /** Indexes of nodes. */
  readonly from: number
  readonly to: number
  /** 0 … 1, of the heaviest edge. */
  readonly weight: number
  /** One per way of colouring. */
  readonly tones: readonly Tone[]
  /** The view of the two. */
  readonly href?: string
  /** What goes along it, where edges differ in that. */
  readonly label?: string
  /** Name and value, as the reader sees them. */
  readonly facts: readonly (readonly [name: string, value: string])[]
}

export interface GraphLevel {
  readonly name: string
  readonly nodes: readonly GraphNode[]
  readonly edges: readonly GraphEdge[]
  /** Edges that are left out. */
  readonly left: number
}

/** What the client reads from `data-graph`. */
export interface GraphData {
  /** Ways to group the same rows, the first one shown first. */
  readonly levels: readonly GraphLevel[]
  /** Ways to colour edges. */
  readonly colours: readonly string[]
}

export interface FlameNode {
  /** Index into `names`. */
  readonly name: number
  /** Index of the node below it, which comes earlier; -1 for the root. */
  readonly parent: number
  readonly value: number
  /** Sum of the percentage column. */
  readonly percent: number
  /** Change against the other side; 0 without one. */
  readonly delta: number
  /** A pod, a container, a command line: not a function. */
  readonly group: boolean
}

/** What the client reads from `data-flame`. */
export interface FlameData {
  readonly names: readonly string[]
  /** Every node behind its parent, siblings from wide to narrow. */
  readonly nodes: readonly FlameNode[]
  readonly percentLabel: string
  readonly differs: boolean
}
