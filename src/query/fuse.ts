/**
 * Merges projections with the projections that they read, and turns a quantile picked from JSON into an aggregate of
 * its own.
 */
import { columnsOf } from './conditions'
import { QUANTILES } from './functions/aggregates/quantile-groups'
import { withInputs } from './graph'
import type { Aggregate, Expr, Node, Plan, TypedColumn } from './plan'

type Of<Op extends Node['op']> = Extract<Node, { op: Op }>

/** Larger expressions aren't put into others: `a = a + a` over and over would double them each time. */
const LARGEST = 200

/** `readers` of the same plan: only nodes with a single reader are changed. */
export function fuse(plan: Plan, readers: ReadonlyMap<Node, number>): Plan {
  const done = new Map<Node, Node>()
  const rewrite = (node: Node): Node => {
    const known = done.get(node)
    if (known) return known
    const inner = withInputs(node, rewrite)
    const alone = inner.op === 'project' && readers.get((node as Of<'project'>).input) === 1
    const result = alone ? ofQuantiles(merged(inner)) : inner
    done.set(node, result)
    return result
  }
  return { outputs: plan.outputs.map(({ name, node }) => ({ name, node: rewrite(node) })) }
}

function sizeOf(expr: Expr): number {
  return expr.kind === 'call' ? expr.args.reduce((sum, arg) => sum + sizeOf(arg), 1) : 1
}

function substituted(expr: Expr, below: ReadonlyMap<string, Expr>): Expr {
  if (expr.kind === 'column') {
    const inner = below.get(expr.name)!
    // The outer semantic type stands: a cast changes only that.
    return inner.semantic === expr.semantic ? inner : { ...inner, semantic: expr.semantic }
  }
  return expr.kind === 'literal' ? expr : { ...expr, args: expr.args.map((arg) => substituted(arg, below)) }
}

/** A projection over a projection as one; evaluation computes once what its expressions share. */
function merged(node: Of<'project'>): Of<'project'> {
  const { input } = node
  if (input.op !== 'project') return node
  const below = new Map(input.exprs.map(({ name, expr }) => [name, expr]))
  const sizes = new Map(input.exprs.map(({ name, expr }) => [name, sizeOf(expr)]))
  const grows = (expr: Expr) =>
    expr.kind === 'call' &&
    [...columnsOf(expr)].reduce((sum, name) => sum + sizes.get(name)!, 0) * sizeOf(expr) > LARGEST * LARGEST
  if (node.exprs.some(({ expr }) => grows(expr))) return node
  const exprs = node.exprs.map(({ name, expr }) => ({ name, expr: substituted(expr, below) }))
  if (exprs.some(({ expr }) => sizeOf(expr) > LARGEST)) return node
  return { ...node, input: input.input, exprs }
}

/** `pluck_float64(q, 'p99')` of an aggregate's quantiles: the number itself instead of JSON that is parsed again. */
function ofQuantiles(node: Of<'project'>): Node {
  const { input } = node
  if (input.op !== 'aggregate') return node
  const made = new Map<string, Aggregate>()
  const replaced = (expr: Expr): Expr => {
    if (expr.kind !== 'call') return expr
    const found = quantileOf(expr, input)
    if (!found) return { ...expr, args: expr.args.map(replaced) }
    made.set(found.name, found)
    return { kind: 'column', name: found.name, type: 'FLOAT64', semantic: expr.semantic }
  }
  const exprs = node.exprs.map(({ name, expr }) => ({ name, expr: replaced(expr) }))
  if (made.size === 0) return node
  const aggregates = [...input.aggregates, ...made.values()]
  const columns: TypedColumn[] = [...made.keys()].map((name) => ({
    name,
    type: 'FLOAT64',
    semantic: 'ST_NONE',
  }))
  return { ...node, exprs, input: { ...input, aggregates, columns: [...input.columns, ...columns] } }
}

function quantileOf(expr: Extract<Expr, { kind: 'call' }>, input: Of<'aggregate'>): Aggregate | undefined {
  const [text, key] = expr.args
  if (expr.fn !== 'pluck_float64' || text?.kind !== 'column' || key?.kind !== 'literal') return undefined
  const quantiles = input.aggregates.find(({ name, fn }) => name === text.name && fn === 'quantiles')
  const quantile = String(key.value)
  if (!quantiles || !QUANTILES.has(quantile)) return undefined
  // No column of a script has a NUL in its name.
  const name = `${quantiles.name}.${quantile}`
  if (input.columns.some((column) => column.name === name)) return undefined
  return { name, fn: 'quantiles', column: quantiles.column, quantile }
}
