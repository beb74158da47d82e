/** Turns links to views into plain text, for files and terminals, which can't open them. */
import { callEngine, columnOf } from '../pxl/frames/expressions'
import type { Node, Plan, TypedColumn } from '../query/plan'

const isLink = ({ semantic }: TypedColumn) => semantic === 'ST_SCRIPT_REFERENCE'

function labelled(node: Node): Node {
  if (!node.columns.some(isLink)) return node
  const exprs = node.columns.map((column) => {
    const value = columnOf(node, column.name)
    return { name: column.name, expr: isLink(column) ? callEngine('_script_label', [value]) : value }
  })
  const columns = exprs.map(({ name, expr: { type, semantic } }) => ({ name, type, semantic }))
  return { op: 'project', input: node, exprs, columns }
}

/** The plan with the label in place of each `{label, script, args}` that it shows. */
export const withLabels = ({ outputs }: Plan): Plan => ({
  outputs: outputs.map(({ name, node }) => ({ name, node: labelled(node) })),
})
