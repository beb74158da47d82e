/** StackTraceFlameGraph of vis.json: folded stacks as one tree. */
import type { Fields } from '../../src/json'
import type { ResultTable } from '../../src/runner/runner'
import type { FlameData, FlameNode } from './drawn'
import { numberAt, textOf, type Values, valuesOf, wordAt } from './spec'

/** Boxes below this share of the whole are not drawn, at any zoom. */
const LEAST_SHARE = 1 / 20_000
const DEEPEST = 300

interface Building {
  readonly name: string
  readonly group: boolean
  readonly children: Map<string, Building>
  value: number
  percent: number
  delta: number
}

const make = (name: string, group: boolean): Building => ({
  name,
  group,
  children: new Map(),
  value: 0,
  percent: 0,
  delta: 0,
})

/** Undefined when the table lacks the columns of stacks or counts. */
export function flameData(table: ResultTable, spec: Fields): FlameData | undefined {
  const stacks = valuesOf(table, spec.stacktraceColumn)
  const counts = valuesOf(table, spec.countColumn)
  if (!stacks || !counts) return undefined
  const groups = ['nodeColumn', 'namespaceColumn', 'podColumn', 'containerColumn', 'pidColumn'].flatMap(
    (key) => valuesOf(table, spec[key]) ?? [],
  )
  const percents = valuesOf(table, spec.percentageColumn)
  const deltas = valuesOf(table, spec.differenceColumn)
  const root = make('all', true)
  for (let row = 0; row < table.rows; row++) {
    const value = numberAt(counts, row)
    if (!(value > 0)) continue
    const percent = numberAt(percents, row) || 0
    const delta = numberAt(deltas, row) || 0
    const grouping = groups.map((values) => wordAt(values, row)).filter((name) => name !== '')
    const frames = wordAt(stacks, row)
      .split(';')
      .filter((name) => name !== '')
    const path = [...grouping, ...frames].slice(0, DEEPEST)
    let at = root
    add(at, value, percent, delta)
    path.forEach((name, i) => {
      at = childOf(at, name, i < grouping.length)
      add(at, value, percent, delta)
    })
  }
  return flattened(root, textOf(spec.percentageLabel) ?? percents?.column.name ?? '', deltas)
}

function add(node: Building, value: number, percent: number, delta: number): void {
  node.value += value
  node.percent += percent
  node.delta += delta
}

function childOf(node: Building, name: string, group: boolean): Building {
  const known = node.children.get(name)
  if (known) return known
  const made = make(name, group)
  node.children.set(name, made)
  return made
}

function flattened(root: Building, percentLabel: string, deltas: Values | undefined): FlameData {
  const names: string[] = []
  const indexes = new Map<string, number>()
  const nodes: FlameNode[] = []
  const index = (name: string): number => {
    const known = indexes.get(name)
    if (known !== undefined) return known
    indexes.set(name, names.length)
    return names.push(name) - 1
  }
  const least = root.value * LEAST_SHARE
  const visit = (node: Building, parent: number): void => {
    const { name, value, percent, delta, group } = node
    const own = nodes.push({ name: index(name), parent, value, percent, delta, group }) - 1
    const wide = [...node.children.values()].filter((child) => child.value >= least)
    for (const child of wide.sort((a, b) => b.value - a.value)) visit(child, own)
  }
  visit(root, -1)
  return { names, nodes, percentLabel, differs: deltas !== undefined }
}
