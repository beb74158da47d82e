/** Typed column expressions: made here, so that each has a type, a unit and a bounded size. */
import { NixieError, type Place } from '../../errors'
import {
  checkConstants,
  isAggregate,
  isFunction,
  listFunctions,
  resolveFunction,
} from '../../query/functions/registry'
import type { Expr, Node } from '../../query/plan'
import { nameHint } from '../../suggest'
import { type Constant, describe, type Value } from '../values/values'
import { checkOwner, owned, sameOwner } from './lineage'

/**
 * Largest expression. Expressions share parts, so a few lines can make a tree of enormous size (`e = e + e`), which
 * must not be walked.
 */
const MAX_SIZE = 20_000
const MAX_DEPTH = 400

const extents = new WeakMap<Expr, { size: number; depth: number }>()

function extentOf(expr: Expr): { size: number; depth: number } {
  return extents.get(expr) ?? { size: 1, depth: 1 }
}

function bounded(expr: Expr & { kind: 'call' }): Expr {
  let size = 1
  let depth = 1
  for (const arg of expr.args) {
    const extent = extentOf(arg)
    size += extent.size
    depth = Math.max(depth, extent.depth + 1)
  }
  if (size > MAX_SIZE || depth > MAX_DEPTH) {
    throw new NixieError(
      'limit_exceeded',
      'The expression is too large',
      'Assign a part of it to a column: df.part = …',
    )
  }
  extents.set(expr, { size, depth })
  return expr
}

export const literal = ({ type, semantic, value }: Constant): Expr => ({
  kind: 'literal',
  type,
  semantic,
  value,
})

/** The same values with another unit. */
export function retag(expr: Expr, semantic: Expr['semantic']): Expr {
  const tagged = { ...expr, semantic }
  extents.set(tagged, extentOf(expr))
  return sameOwner(tagged, expr)
}

/** The expression with a place in the script, unless it has one already. */
export function placed(expr: Expr, place: () => Place): Expr {
  if (expr.kind !== 'call' || expr.place) return expr
  const made = { ...expr, place: place() }
  extents.set(made, extentOf(expr))
  return made
}

/** A column or constant as an expression; `what` names its place in the error when it is neither. */
export function asExpr(value: Value, what: string): Expr {
  if (value.kind === 'column') return value.expr
  if (value.kind === 'constant') return literal(value)
  const hint = value.kind === 'frame' ? 'Name one of its columns: df.column.' : ''
  throw new NixieError('type_error', `${what} must be a column or a constant, not ${describe(value)}`, hint)
}

/** `name(...args)` with the type and unit that the engine's registry gives. Throws `type_error`, `compile_error`. */
export function callEngine(name: string, args: readonly Expr[]): Expr {
  const result = resolveFunction(name, args)
  if (result) {
    checkConstants(
      name,
      args.map((arg) => (arg.kind === 'literal' ? arg.value : undefined)),
    )
    return bounded({ kind: 'call', fn: name, args, ...result })
  }
  if (isFunction(name)) {
    const given = args.map((arg) => arg.type).join(', ')
    throw new NixieError('type_error', `${operatorOf(name)} does not take (${given})`, formsOf(name))
  }
  if (isAggregate(name)) {
    throw new NixieError(
      'compile_error',
      `px.${name} is an aggregate`,
      `Use it in agg: df.groupby('key').agg(out=('column', px.${name})).`,
    )
  }
  throw unknownFunction(name)
}

export function unknownFunction(name: string, more: readonly string[] = []): NixieError {
  const known = [...new Set([...more, ...listFunctions().map((f) => f.name)])]
  return new NixieError('compile_error', `px has no function '${name}'`, nameHint(name, known, 'functions'))
}

function formsOf(name: string): string {
  const forms = listFunctions()
    .filter((f) => f.kind === 'function' && f.name === name)
    .map((f) => `(${f.args.map((a) => `${a.name}: ${a.type}`).join(', ')})`)
  return `It takes ${[...new Set(forms)].slice(0, 6).join(' or ')}.`
}

/** Functions behind operators, as scripts write them. */
const OPERATOR_NAMES: Readonly<Record<string, string>> = {
  add: '+',
  subtract: '-',
  multiply: '*',
  divide: '/',
  modulo: '%',
  equal: '==',
  notEqual: '!=',
  lessThan: '<',
  lessThanEqual: '<=',
  greaterThan: '>',
  greaterThanEqual: '>=',
  logicalAnd: 'and',
  logicalOr: 'or',
  logicalNot: 'not',
}

const operatorOf = (name: string): string => OPERATOR_NAMES[name] ?? `px.${name}`

/** The column of a dataframe. Throws `unknown_column`. */
export function columnOf(node: Node, name: string): Expr & { kind: 'column' } {
  const column = node.columns.find((c) => c.name === name)
  if (column) return owned({ kind: 'column', name, type: column.type, semantic: column.semantic }, node)
  const known = node.columns.map((c) => c.name)
  throw new NixieError(
    'unknown_column',
    `There is no column '${name.slice(0, 80)}'`,
    nameHint(name, known, 'columns'),
  )
}

/**
 * The expression over the columns that `node` has now: expressions bind by column name, and the column may have another
 * type since. Throws `unknown_column`, `type_error`, and `compile_error` for columns of another dataframe.
 */
export function bind(expr: Expr, node: Node): Expr {
  const known = new Map<Expr, Expr>()
  const visit = (e: Expr): Expr => {
    const done = known.get(e)
    if (done) return done
    const bound = e.kind === 'column' ? bindColumn(e, node) : e.kind === 'call' ? bindCall(e, visit) : e
    known.set(e, bound)
    return bound
  }
  return visit(expr)
}

function bindColumn(expr: Expr & { kind: 'column' }, node: Node): Expr {
  checkOwner(expr, node)
  const now = columnOf(node, expr.name)
  // A cast on the column (px.Bytes(df.size)) stays.
  return now.type === expr.type ? expr : now
}

function bindCall(expr: Expr & { kind: 'call' }, visit: (e: Expr) => Expr): Expr {
  const args = expr.args.map(visit)
  if (args.every((arg, i) => arg === expr.args[i])) return expr
  if (args.every((arg, i) => arg.type === expr.args[i]!.type)) return bounded({ ...expr, args })
  const { place } = expr
  const bound = callEngine(expr.fn, args)
  return place ? placed(bound, () => place) : bound
}
