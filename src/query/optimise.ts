/**
 * Rewrites a plan so that less is read and less is carried: filters move down to the scan and tell it what to leave out,
 * limits move below projections, equal parts become one, and every node keeps only the columns that someone reads.
 */
import { columnsOf, conjunction, conjuncts, pruneOf } from './conditions'
import { AGGREGATES } from './functions/aggregates/aggregates'
import { fuse } from './fuse'
import { consumersFirst, inputsOf, readers, withInputs } from './graph'
import { mergeScans } from './merge-scans'
import type { Expr, Node, Plan, TypedColumn } from './plan'
import { share } from './share'

type Of<Op extends Node['op']> = Extract<Node, { op: Op }>

export function optimise(plan: Plan): Plan {
  const pushed = mapOutputs(plan, pushDown(plan))
  const shared = share(pushed, readers(pushed))
  const fused = fuse(shared, readers(shared))
  const merged = mergeScans(fused, requiredColumns(fused))
  return mapOutputs(merged, narrow(merged))
}

function mapOutputs(plan: Plan, map: (node: Node) => Node): Plan {
  return { outputs: plan.outputs.map(({ name, node }) => ({ name, node: map(node) })) }
}

/** Moves filters and limits down; past a node only when it has no other reader. */
function pushDown(plan: Plan): (node: Node) => Node {
  const counts = readers(plan)
  const done = new Map<Node, Node>()
  const rewrite = (node: Node): Node => {
    const known = done.get(node)
    if (known) return known
    const inner = withInputs(node, rewrite)
    const alone = inputsOf(node).every((input) => counts.get(input) === 1)
    const result = !alone ? inner : inner.op === 'filter' ? pushFilter(inner) : pushLimit(inner)
    done.set(node, result)
    return result
  }
  return rewrite
}

function pushFilter(node: Of<'filter'>): Node {
  const { input } = node
  switch (input.op) {
    case 'filter': {
      const predicate = conjunction([input.predicate, node.predicate])
      return pushFilter({ ...node, input: input.input, predicate })
    }
    case 'project':
      return pushThroughProject(node, input)
    case 'scan': {
      const prune = conjuncts(node.predicate).flatMap((condition) => pruneOf(condition) ?? [])
      return prune.length === 0 ? node : { ...node, input: { ...input, prune } }
    }
    default:
      return node
  }
}

/** Conditions on columns that the projection only passes on, under the names that these have below it. */
function pushThroughProject(node: Of<'filter'>, project: Of<'project'>): Node {
  const below = new Map(project.exprs.map(({ name, expr }) => [name, expr]))
  const passes = (condition: Expr) =>
    [...columnsOf(condition)].every((name) => below.get(name)?.kind === 'column')
  const conditions = conjuncts(node.predicate)
  const passing = conditions.filter(passes)
  if (passing.length === 0) return node
  const filter = pushFilter({
    op: 'filter',
    columns: project.input.columns,
    input: project.input,
    predicate: conjunction(passing.map((condition) => renamed(condition, below))),
  })
  const staying = conditions.filter((condition) => !passes(condition))
  const lowered: Node = { ...project, input: filter }
  return staying.length === 0 ? lowered : { ...node, input: lowered, predicate: conjunction(staying) }
}

function renamed(expr: Expr, below: ReadonlyMap<string, Expr>): Expr {
  if (expr.kind === 'column') return below.get(expr.name)!
  if (expr.kind === 'literal') return expr
  return { ...expr, args: expr.args.map((arg) => renamed(arg, below)) }
}

function pushLimit(node: Node): Node {
  if (node.op !== 'limit') return node
  const { input, rows } = node
  if (input.op === 'limit')
    return pushLimit({ ...node, input: input.input, rows: Math.min(rows, input.rows) })
  if (input.op !== 'project') return node
  const limit = pushLimit({ op: 'limit', columns: input.input.columns, input: input.input, rows })
  return { ...input, input: limit }
}

/** The columns of each node that someone reads. */
function requiredColumns(plan: Plan): Map<Node, Set<string>> {
  const required = new Map<Node, Set<string>>()
  const require = (node: Node, names: Iterable<string>) => {
    const set = required.get(node) ?? new Set()
    required.set(node, set)
    for (const name of names) set.add(name)
  }
  for (const { node } of plan.outputs) require(node, node.columns.map((column) => column.name))
  for (const node of consumersFirst(plan)) requireInputs(node, required.get(node)!, require)
  return required
}

/** Drops columns that are never read. */
function narrow(plan: Plan): (node: Node) => Node {
  const required = requiredColumns(plan)
  const done = new Map<Node, Node>()
  const rewrite = (node: Node): Node => {
    const known = done.get(node)
    if (known) return known
    const result = narrowed(withInputs(node, rewrite), required.get(node)!)
    done.set(node, result)
    return result
  }
  return rewrite
}

function requireInputs(
  node: Node,
  wanted: ReadonlySet<string>,
  require: (node: Node, names: Iterable<string>) => void,
): void {
  switch (node.op) {
    case 'filter':
      require(node.input, [...wanted, ...columnsOf(node.predicate)])
      return
    case 'project':
      for (const { name, expr } of node.exprs) require(node.input, wanted.has(name) ? columnsOf(expr) : [])
      return
    case 'limit':
      require(node.input, wanted)
      return
    case 'aggregate': {
      const read = node.aggregates.filter(
        ({ name, fn }) => wanted.has(name) && !AGGREGATES.get(fn)?.ignoresValues,
      )
      require(node.input, [...node.keys, ...read.flatMap(({ column, more = [] }) => [column, ...more])])
      return
    }
    case 'join': {
      const from = (side: 'left' | 'right') =>
        node.output.flatMap((column) =>
          column.side === side && wanted.has(column.name) ? [column.from] : [],
        )
      require(node.left, [...node.leftOn, ...from('left')])
      require(node.right, [...node.rightOn, ...from('right')])
      return
    }
    case 'union':
      for (const input of node.inputs) require(input, unionColumns(node, wanted))
  }
}

/** A union sorts by its time, so it always reads that column. */
const unionColumns = (node: Node, wanted: ReadonlySet<string>) =>
  node.columns.flatMap(({ name }) => (wanted.has(name) || name === 'time_' ? [name] : []))

function narrowed(node: Node, wanted: ReadonlySet<string>): Node {
  const kept = node.columns.filter((column) => wanted.has(column.name))
  switch (node.op) {
    case 'filter':
      return { ...node, columns: kept }
    case 'project':
      return { ...node, columns: kept, exprs: node.exprs.filter(({ name }) => wanted.has(name)) }
    case 'limit':
      return { ...node, columns: node.input.columns }
    case 'aggregate': {
      const aggregates = node.aggregates.filter(({ name }) => wanted.has(name))
      const keys = node.columns.slice(0, node.keys.length)
      return { ...node, aggregates, columns: [...keys, ...kept.filter((column) => !keys.includes(column))] }
    }
    case 'join':
      return { ...node, columns: kept, output: node.output.filter(({ name }) => wanted.has(name)) }
    case 'union': {
      const names = new Set(unionColumns(node, wanted))
      return { ...node, columns: node.columns.filter(({ name }) => names.has(name)) }
    }
    default:
      return { ...node, columns: kept.length > 0 ? kept : cheapest(node.columns) }
  }
}

/** Rows are counted by some column: times are always there and small. */
function cheapest(columns: readonly TypedColumn[]): readonly TypedColumn[] {
  return [columns.find(({ name }) => name === 'time_') ?? columns[0]!]
}
