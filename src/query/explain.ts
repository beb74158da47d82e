/** What a run would do: the steps of the optimised plan, in the order in which rows pass them, and the same as a tree. */
import type { ReadableStore } from '../store/store'
import { expressionText, literalText, nameText, timeText } from './expression-text'
import { consumersFirst, inputsOf } from './graph'
import { optimise } from './optimise'
import type { Node, Plan } from './plan'

export interface ExplainedStep {
  /** From 1 on; a step's inputs have smaller ones. */
  readonly id: number
  readonly op: Node['op']
  readonly detail: string
  /** Names of the columns that go out. */
  readonly columns: readonly string[]
  /** Ids of the steps that it reads, in their order (left and right of a join). */
  readonly inputs: readonly number[]
}

export interface Explanation {
  readonly outputs: readonly { readonly name: string; readonly step: number }[]
  /** Every step once, even if several others read it. */
  readonly steps: readonly ExplainedStep[]
  /** An indented tree for people; lines end in '\n'. */
  readonly text: string
}

/** With a store, scans say how much the table holds. */
export function explain(plan: Plan, store?: ReadableStore): Explanation {
  const optimised = optimise(plan)
  const nodes = consumersFirst(optimised).reverse()
  const ids = new Map(nodes.map((node, i) => [node, i + 1]))
  const sizes = new Map(store?.tables().map(({ name, rows, bytes }) => [name, { rows, bytes }]))
  const steps = nodes.map((node, i) => ({
    id: i + 1,
    op: node.op,
    detail: detailOf(node, sizes),
    columns: node.columns.map(({ name }) => name),
    inputs: inputsOf(node).map((input) => ids.get(input)!),
  }))
  const outputs = optimised.outputs.map(({ name, node }) => ({ name, step: ids.get(node)! }))
  return { outputs, steps, text: treeText(outputs, steps) }
}

type Sizes = ReadonlyMap<string, { readonly rows: number; readonly bytes: number }>

const names = (list: readonly string[]) => list.map(nameText).join(', ')

function detailOf(node: Node, sizes: Sizes): string {
  switch (node.op) {
    case 'scan':
      return scanDetail(node, sizes)
    case 'empty':
      return 'no rows'
    case 'virtual':
      return `${node.fn}(${Object.entries(node.args)
        .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
        .join(', ')})`
    case 'filter':
      return expressionText(node.predicate)
    case 'project':
      return node.exprs
        .map(({ name, expr }) =>
          expr.kind === 'column' && expr.name === name
            ? nameText(name)
            : `${nameText(name)} = ${expressionText(expr)}`,
        )
        .join(', ')
    case 'aggregate': {
      const results = node.aggregates.map(
        ({ name, fn, column, more = [], quantile }) =>
          `${nameText(name)} = ${quantile ?? fn}(${names([column, ...more])})`,
      )
      return `by (${names(node.keys)})${results.length > 0 ? `: ${results.join(', ')}` : ''}`
    }
    case 'join':
      return node.leftOn.length === 0
        ? `${node.how}: every pair`
        : `${node.how} on ${node.leftOn
            .map((left, i) => `left.${nameText(left)} == right.${nameText(node.rightOn[i]!)}`)
            .join(' and ')}`
    case 'union':
      return node.columns.some(({ name, type }) => name === 'time_' && type === 'TIME64NS')
        ? 'by time_'
        : 'one after the other'
    case 'limit':
      return `${node.rows} rows`
  }
}

function scanDetail(node: Extract<Node, { op: 'scan' }>, sizes: Sizes): string {
  const { table, startNs, endNs, prune, reverse } = node
  const size = sizes.get(table)
  const parts = [
    size ? `${table} (${size.rows} rows, ${size.bytes} bytes stored)` : table,
    startNs === undefined && endNs === undefined
      ? 'all times'
      : `from ${startNs === undefined ? 'the oldest' : timeText(startNs)} to ${endNs === undefined ? 'the newest' : timeText(endNs)}`,
    `columns ${names(node.columns.map(({ name }) => name))}`,
  ]
  if (prune && prune.length > 0) {
    const conditions = prune.map(({ column, op, value }) => `${nameText(column)} ${op} ${literalText(value)}`)
    parts.push(`chunks where ${conditions.join(' and ')}`)
  }
  if (reverse) parts.push('newest first')
  return parts.join('; ')
}

function treeText(outputs: Explanation['outputs'], steps: readonly ExplainedStep[]): string {
  const readers = new Map<number, number>()
  for (const id of [...steps.flatMap((step) => step.inputs), ...outputs.map(({ step }) => step)])
    readers.set(id, (readers.get(id) ?? 0) + 1)
  const shown = new Set<number>()
  const lines: string[] = []
  const visit = (id: number, depth: number): void => {
    const { op, detail, inputs } = steps[id - 1]!
    const shared = readers.get(id)! > 1
    const indent = '  '.repeat(depth)
    if (shared && shown.has(id)) {
      lines.push(`${indent}#${id} (${op}, above)`)
      return
    }
    shown.add(id)
    lines.push(`${indent}${shared ? `#${id} ` : ''}${op} ${detail}`)
    for (const input of inputs) visit(input, depth + 1)
  }
  for (const { name, step } of outputs) {
    lines.push(`${name || 'output'}:`)
    visit(step, 1)
  }
  return lines.map((line) => `${line}\n`).join('')
}
