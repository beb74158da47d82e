/**
 * Two scans of the same rows become one where the conditions of one are among those of the other: `a and b` is then a
 * filter by b over the rows that a left.
 */
import { columnsOf, conjunction, conjuncts } from './conditions'
import { consumersFirst, probeOf, readers, withInputs } from './graph'
import type { Expr, Node, Plan } from './plan'
import { textOf } from './share'

type Of<Op extends Node['op']> = Extract<Node, { op: Op }>

/** A scan with all that stands directly on it: its filter, when it has only that. */
interface Filtered {
  readonly node: Node
  readonly scan: Of<'scan'>
  /** By their text. */
  readonly conditions: ReadonlyMap<string, Expr>
}

/** `required`: the columns that are read of each node. */
export function mergeScans(plan: Plan, required: ReadonlyMap<Node, ReadonlySet<string>>): Plan {
  const scans = filteredScans(plan)
  const over = new Map<Node, { wide: Filtered; extra: readonly Expr[] }>()
  for (const narrow of scans) {
    const wide = scans
      .filter((other) => isAmong(other, narrow) && isCheap(narrow, other, required))
      .sort((a, b) => b.conditions.size - a.conditions.size)[0]
    if (!wide) continue
    const extra = [...narrow.conditions].flatMap(([text, expr]) => (wide.conditions.has(text) ? [] : [expr]))
    over.set(narrow.node, { wide, extra })
  }
  if (over.size === 0) return plan
  const done = new Map<Node, Node>()
  const rewrite = (node: Node): Node => {
    const known = done.get(node)
    if (known) return known
    const merged = over.get(node)
    const result: Node = merged
      ? {
          op: 'filter',
          columns: node.columns,
          input: rewrite(merged.wide.node),
          predicate: conjunction(merged.extra),
        }
      : withInputs(node, rewrite)
    done.set(node, result)
    return result
  }
  return { outputs: plan.outputs.map(({ name, node }) => ({ name, node: rewrite(node) })) }
}

function filteredScans(plan: Plan): Filtered[] {
  const nodes = consumersFirst(plan)
  const counts = readers(plan)
  const excluded = probes(nodes)
  const filters = nodes.flatMap((node): Filtered[] => {
    if (node.op !== 'filter' || node.input.op !== 'scan' || counts.get(node.input) !== 1) return []
    const conditions = new Map(conjuncts(node.predicate).map((expr) => [textOf(expr), expr]))
    return [{ node, scan: node.input, conditions }]
  })
  const below = new Set<Node>(filters.map(({ scan }) => scan))
  const bare = nodes.flatMap((node): Filtered[] =>
    node.op === 'scan' && !below.has(node) ? [{ node, scan: node, conditions: new Map() }] : [],
  )
  return [...filters, ...bare].filter(({ node, scan }) => !scan.reverse && !excluded.has(node))
}

/** Scans that stream through a join: their rows would wait in memory if other nodes read them earlier. */
function probes(nodes: readonly Node[]): Set<Node> {
  const found = new Set<Node>()
  for (const join of nodes) {
    if (join.op !== 'join') continue
    let node: Node = join[probeOf(join)]
    for (;;) {
      found.add(node)
      if (node.op !== 'filter' && node.op !== 'project' && node.op !== 'limit') break
      node = node.input
    }
  }
  return found
}

function isAmong(wide: Filtered, narrow: Filtered): boolean {
  const { table, startNs, endNs } = wide.scan
  return (
    wide.conditions.size < narrow.conditions.size &&
    table === narrow.scan.table &&
    startNs === narrow.scan.startNs &&
    endNs === narrow.scan.endNs &&
    [...wide.conditions.keys()].every((text) => narrow.conditions.has(text))
  )
}

/** Texts may be long, so they aren't read for more rows than before. */
function isCheap(
  narrow: Filtered,
  wide: Filtered,
  required: ReadonlyMap<Node, ReadonlySet<string>>,
): boolean {
  const columnsFor = ({ node, conditions }: Filtered) =>
    new Set([
      ...(required.get(node) ?? []),
      ...[...conditions.values()].flatMap((expr) => [...columnsOf(expr)]),
    ])
  const read = columnsFor(wide)
  return [...columnsFor(narrow)].every((name) => {
    const column = wide.scan.columns.find((candidate) => candidate.name === name)
    return column !== undefined && (read.has(name) || column.type !== 'STRING')
  })
}
