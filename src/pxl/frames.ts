/** Dataframe operations as plan nodes, with Pixie's rules of column order and names. All throw NixieError. */
import { NixieError } from '../errors'
import { isAggregate, listFunctions, resolveAggregate } from '../query/functions/registry'
import type { Aggregate, Expr, JoinColumn, Node, TypedColumn } from '../query/plan'
import type { Column } from '../records/table'
import { nameHint } from '../suggest'
import { bind, columnOf } from './expressions'

/** Bounds on what a few lines can unfold to: `df = df.append(df)` doubles, `df.merge(df)` widens. */
const MAX_COLUMNS = 1_000
const MAX_NODES = 20_000
const MAX_DEPTH = 1_500

export interface TableSchema {
  readonly name: string
  readonly columns: readonly Column[]
  /** False when nothing fills it yet: who reads it is warned. */
  readonly recorded?: boolean
}

const extents = new WeakMap<Node, { size: number; depth: number }>()

/** The node, unless the tree under it has grown out of bounds. */
function bounded(node: Node, inputs: readonly Node[]): Node {
  let size = 1
  let depth = 1
  for (const input of inputs) {
    const extent = extents.get(input) ?? { size: 1, depth: 1 }
    size += extent.size
    depth = Math.max(depth, extent.depth + 1)
  }
  if (size > MAX_NODES || depth > MAX_DEPTH || node.columns.length > MAX_COLUMNS) {
    throw new NixieError('limit_exceeded', 'The script does too much', 'Use fewer steps, tables or columns.')
  }
  const names = new Set<string>()
  for (const { name } of node.columns) {
    if (names.has(name)) {
      throw new NixieError(
        'compile_error',
        `The column '${name}' would be there twice`,
        'Give one of them another name.',
      )
    }
    names.add(name)
  }
  extents.set(node, { size, depth })
  return node
}

const typed = (name: string, { type, semantic }: Pick<TypedColumn, 'type' | 'semantic'>): TypedColumn => ({
  name,
  type,
  semantic,
})

/** The table, all its columns. */
export function scan(table: TableSchema, startNs: bigint | undefined, endNs: bigint | undefined): Node {
  const columns = table.columns.map((c) => typed(c.name, c))
  return bounded(
    {
      op: 'scan',
      table: table.name,
      columns,
      ...(startNs === undefined ? {} : { startNs }),
      ...(endNs === undefined ? {} : { endNs }),
    },
    [],
  )
}

/** A table that nothing fills. */
export const empty = (columns: readonly TypedColumn[]): Node => bounded({ op: 'empty', columns }, [])

function project(input: Node, exprs: readonly { name: string; expr: Expr }[]): Node {
  const columns = exprs.map(({ name, expr }) => typed(name, expr))
  return bounded({ op: 'project', input, exprs, columns }, [input])
}

/** `df.name = expr`: a new column goes last, so does one that is overwritten. */
export function assign(node: Node, name: string, expr: Expr): Node {
  if (name === '') throw new NixieError('compile_error', 'A column needs a name', "Write df['name'] = …")
  const value = bind(expr, node)
  const kept = node.columns.filter((c) => c.name !== name)
  return project(node, [
    ...kept.map((c) => ({ name: c.name, expr: columnOf(node, c.name) })),
    { name, expr: value },
  ])
}

/** `df[['a', 'b']]`: exactly these, in this order. */
export function keep(node: Node, names: readonly string[]): Node {
  return project(
    node,
    names.map((name) => ({ name, expr: columnOf(node, name) })),
  )
}

export function drop(node: Node, names: readonly string[]): Node {
  for (const name of names) columnOf(node, name)
  return keep(
    node,
    node.columns.map((c) => c.name).filter((name) => !names.includes(name)),
  )
}

export function filter(node: Node, condition: Expr): Node {
  const predicate = bind(condition, node)
  if (predicate.type !== 'BOOLEAN') {
    throw new NixieError(
      'type_error',
      `A filter needs a BOOLEAN, not ${predicate.type}`,
      "Compare: df[df.a == 1]. A column by its name is df['a'].",
    )
  }
  if (predicate.kind === 'literal' && predicate.value === true) return node
  return bounded({ op: 'filter', input: node, predicate, columns: node.columns }, [node])
}

export interface AggregateSpec {
  readonly name: string
  readonly column: string
  /** Further columns, of aggregates that take several. */
  readonly more?: readonly string[]
  readonly fn: string
}

/** Keys in the order given, then the aggregates; without aggregates the distinct keys, without keys one row. */
export function aggregate(node: Node, keys: readonly string[], specs: readonly AggregateSpec[]): Node {
  if (keys.length === 0 && specs.length === 0) {
    throw new NixieError(
      'compile_error',
      'agg() without groupby needs an aggregate',
      "Write agg(n=('time_', px.count)).",
    )
  }
  const columns = keys.map((key) => typed(key, columnOf(node, key)))
  const aggregates: Aggregate[] = []
  for (const { name, column, more = [], fn } of specs) {
    const source = columnOf(node, column)
    const others = more.map((one) => columnOf(node, one))
    const result = resolveAggregate(fn, source, ...others)
    if (!result) throw aggregateError(fn, [source, ...others])
    aggregates.push({ name, column, ...(more.length > 0 && { more }), fn })
    columns.push(typed(name, result))
  }
  return bounded({ op: 'aggregate', input: node, keys, aggregates, columns }, [node])
}

function aggregateError(fn: string, columns: readonly TypedColumn[]): NixieError {
  if (isAggregate(fn)) {
    const takes = listFunctions().filter((f) => f.kind === 'aggregate' && f.name === fn)
    return new NixieError(
      'type_error',
      `px.${fn} does not take ${columns.map(({ type, name }) => `the ${type} column '${name}'`).join(' and ')}`,
      `It takes ${takes.map((f) => f.args.map(({ type }) => type).join(' with ')).join(', ')}.`,
    )
  }
  const known = new Set(listFunctions().flatMap((f) => (f.kind === 'aggregate' ? [f.name] : [])))
  return new NixieError(
    'compile_error',
    `px.${fn} is not an aggregate`,
    nameHint(fn, [...known], 'aggregates'),
  )
}

export type JoinKind = 'inner' | 'left' | 'right' | 'outer'
const JOIN_KINDS: readonly string[] = ['inner', 'left', 'right', 'outer']

export function checkJoinKind(how: string): void {
  if (JOIN_KINDS.includes(how)) return
  throw new NixieError(
    'compile_error',
    `merge has no how='${how.slice(0, 40)}'`,
    nameHint(how, JOIN_KINDS, 'kinds'),
  )
}

/** Keys pair up, and each pair has one type. */
export function checkJoinKeys(
  left: Node,
  right: Node,
  leftOn: readonly string[],
  rightOn: readonly string[],
): void {
  if (leftOn.length !== rightOn.length) {
    throw new NixieError(
      'compile_error',
      'left_on and right_on differ in length',
      'They pair up: name as many on each side.',
    )
  }
  leftOn.forEach((name, i) => {
    const a = columnOf(left, name)
    const b = columnOf(right, rightOn[i]!)
    if (a.type === b.type) return
    const message = `The keys '${a.name}' (${a.type}) and '${b.name}' (${b.type}) differ in type`
    throw new NixieError('type_error', message, 'Convert one of them before the merge.')
  })
}

export interface MergeSpec {
  readonly how: JoinKind
  readonly leftOn: readonly string[]
  readonly rightOn: readonly string[]
  readonly suffixes: readonly [string, string]
}

/** Left columns, then right columns; a name on both sides gets its suffix, join keys too. The keys are checked. */
export function merge(left: Node, right: Node, { how, leftOn, rightOn, suffixes }: MergeSpec): Node {
  const both = new Set(left.columns.map((c) => c.name).filter((n) => right.columns.some((c) => c.name === n)))
  const named = (side: 'left' | 'right', node: Node, suffix: string) =>
    node.columns.map((c) => ({
      side,
      from: c.name,
      name: both.has(c.name) ? c.name + suffix : c.name,
      column: c,
    }))
  const all = [...named('left', left, suffixes[0]), ...named('right', right, suffixes[1])]
  const output: JoinColumn[] = all.map(({ side, from, name }) => ({ side, from, name }))
  const columns = all.map(({ name, column }) => typed(name, column))
  return bounded({ op: 'join', left, right, how, leftOn, rightOn, output, columns }, [left, right])
}

/** All rows of all; the columns are the first one's. */
export function append(node: Node, others: readonly Node[]): Node {
  const names = node.columns.map((c) => c.name)
  const inputs = others.map((other) => {
    const odd =
      other.columns.find((c) => !names.includes(c.name))?.name ??
      node.columns.find((c) => other.columns.find((o) => o.name === c.name)?.type !== c.type)?.name
    if (odd !== undefined) {
      const message = `append needs the same columns on both sides: '${odd}' differs`
      throw new NixieError('type_error', message, `The columns here are ${names.join(', ')}.`)
    }
    return other.columns.every((c, i) => c.name === names[i]) ? other : keep(other, names)
  })
  return bounded({ op: 'union', inputs: [node, ...inputs], columns: node.columns }, [node, ...inputs])
}

/**
 * The first rows. Of a table's rows, however filtered and mapped, these are the newest ones, newest first: who looks
 * at a sample wants to see what just happened.
 */
export function head(node: Node, rows: number): Node {
  const input = newestFirst(node) ?? node
  return bounded({ op: 'limit', input, rows, columns: node.columns }, [node])
}

/** A table's rows, however filtered and mapped, from the newest to the oldest; undefined for any other rows. */
export function newestFirst(node: Node): Node | undefined {
  // Iterative: chains are long. From the node down to its table, then rebuilt upwards.
  const chain: Node[] = []
  let at = node
  while (at.op === 'filter' || at.op === 'project') {
    chain.push(at)
    at = at.input
  }
  if (at.op !== 'scan') return undefined
  let rebuilt: Node = { ...at, reverse: true }
  for (const step of chain.reverse()) {
    if (step.op === 'filter' || step.op === 'project') rebuilt = { ...step, input: rebuilt }
  }
  return rebuilt
}
