/**
 * Which rows a dataframe has. What filters or maps them keeps them, and expressions over them bind by the names of columns;
 * the columns of other rows (another table, a merge, an aggregate) have other values under the same names.
 */
import { NixieError } from '../../errors'
import type { Expr, Node } from '../../query/plan'

const rows = new WeakMap<Node, Node>()
const owners = new WeakMap<Expr, Node>()

/** The node where this node's rows come from. */
const rowsOf = (node: Node): Node => rows.get(node) ?? node

/** `node`, whose rows are those of `of`, or some of them. */
export function sameRows<T extends Node>(node: T, of: Node): T {
  rows.set(node, rowsOf(of))
  return node
}

/** The expression, as one over the rows of a dataframe. */
export function owned<T extends Expr>(expr: T, node: Node): T {
  owners.set(expr, rowsOf(node))
  return expr
}

/** Marks `made` as an expression over the same rows as `of`. */
export function sameOwner<T extends Expr>(made: T, of: Expr): T {
  const owner = owners.get(of)
  if (owner) owners.set(made, owner)
  return made
}

/** Throws `compile_error` when the column is one of other rows than the node's. */
export function checkOwner(column: Expr & { kind: 'column' }, node: Node): void {
  const owner = owners.get(column)
  if (!owner || owner === rowsOf(node)) return
  throw new NixieError(
    'compile_error',
    `'${column.name.slice(0, 80)}' is a column of another dataframe`,
    'Bring its rows together with these: df = df.merge(other, …). A merge and an agg make a new dataframe.',
  )
}
