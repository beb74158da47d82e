/** Dataframe operations as plan nodes, with Pixie's rules of column order and names. All throw NixieError. */
import { NixieError } from '../../errors'
import { isAggregate, listFunctions, resolveAggregate } from '../../query/functions/registry'
import type { Aggregate, Expr, JoinColumn, Node, TypedColumn } from '../../query/plan'
import { nameHint } from '../../suggest'
import type { TableSchema } from '../values/table-schema'
import { bind, columnOf } from './expressions'
import { sameRows } from './lineage'

/** Bounds on what a few lines can expand to: `df = df.append(df)` doubles, `df.merge(df)` widens. */
const MAX_COLUMNS = 1_000
const MAX_NODES = 20_000
const MAX_DEPTH = 1_500

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
  if (node.columns.every((c) => c.extra)) {
    throw new NixieError('compile_error', 'No column is left', 'A dataframe has at least one: keep it.')
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

interface Projected {
  readonly name: string
  readonly expr: Expr
  readonly extra?: true | undefined
}

const typed = (
  name: string,
  { type, semantic }: Pick<TypedColumn, 'type' | 'semantic'>,
  extra?: true,
): TypedColumn => ({
  name,
  type,
  semantic,
  ...(extra && { extra }),
})

/** The table, all its columns. */
export function scan(table: TableSchema, startNs: bigint | undefined, endNs: bigint | undefined): Node {
  const columns = table.columns.map((c) => typed(c.name, c, c.extra))
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

function project(input: Node, projected: readonly Projected[]): Node {
  const columns = projected.map(({ name, expr, extra }) => typed(name, expr, extra))
  const exprs = projected.map(({ name, expr }) => ({ name, expr }))
  return sameRows(bounded({ op: 'project', input, exprs, columns }, [input]), input)
}

/** These columns as they are; extra ones stay extra. */
const pass = (node: Node, columns: readonly TypedColumn[]): Projected[] =>
  columns.map(({ name, extra }) => ({ name, expr: columnOf(node, name), extra }))

/** `df.name = expr`: a new column goes last, so does one that is overwritten. */
export function assign(node: Node, name: string, expr: Expr): Node {
  if (name === '') throw new NixieError('compile_error', 'A column needs a name', "Write df['name'] = …")
  const value = bind(expr, node)
  const kept = node.columns.filter((c) => c.name !== name)
  return project(node, [...pass(node, kept), { name, expr: value }])
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
  return project(
    node,
    pass(
      node,
      node.columns.filter((c) => !names.includes(c.name)),
    ),
  )
}

const ordinary = (node: Node): readonly TypedColumn[] => node.columns.filter((c) => !c.extra)

/** What is shown of it: all but the extra columns that the script did not name. */
export function shown(node: Node): Node {
  const columns = ordinary(node)
  return columns.length === node.columns.length ? node : project(node, pass(node, columns))
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
  return sameRows(bounded({ op: 'filter', input: node, predicate, columns: node.columns }, [node]), node)
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

/**
 * Left columns, then right columns; a name on both sides gets its suffix, join keys too. The keys are checked. Extra
 * columns come along where their names are free, so that they change nothing for scripts that don't use them.
 */
export function merge(left: Node, right: Node, { how, leftOn, rightOn, suffixes }: MergeSpec): Node {
  const from = (side: 'left' | 'right'): Side =>
    side === 'left'
      ? { side, node: left, keys: leftOn, suffix: suffixes[0] }
      : { side, node: right, keys: rightOn, suffix: suffixes[1] }
  const sides = [from('left'), from('right')]
  const named = joined(sides, (c, { keys }) => !c.extra || keys.includes(c.name))
  const extras = joined(sides, (c, { keys }) => c.extra === true && !keys.includes(c.name))
  const taken = new Set(named.map(({ name }) => name))
  const free = extras.filter(({ name }) => !taken.has(name) && taken.add(name))
  const output: JoinColumn[] = [...named, ...free].map(({ side, from, name }) => ({ side, from, name }))
  const columns = [
    ...named.map(({ name, column }) => typed(name, column)),
    ...free.map(({ name, column }) => typed(name, column, true)),
  ]
  return bounded({ op: 'join', left, right, how, leftOn, rightOn, output, columns }, [left, right])
}

interface Side {
  readonly side: 'left' | 'right'
  readonly node: Node
  readonly keys: readonly string[]
  readonly suffix: string
}

/** The chosen columns of both sides under the names that they get. */
function joined(sides: readonly Side[], chosen: (column: TypedColumn, side: Side) => boolean) {
  const columns = sides.flatMap((of) =>
    of.node.columns.filter((c) => chosen(c, of)).map((column) => ({ ...of, column })),
  )
  const counts = new Map<string, number>()
  for (const { column } of columns) counts.set(column.name, (counts.get(column.name) ?? 0) + 1)
  return columns.map(({ side, suffix, column }) => ({
    side,
    from: column.name,
    name: counts.get(column.name)! > 1 ? column.name + suffix : column.name,
    column,
  }))
}

/** All rows of all; the columns are the first one's. Extra columns stay when all have them. */
export function append(node: Node, others: readonly Node[]): Node {
  const own = ordinary(node)
  const names = own.map((c) => c.name)
  for (const other of others) {
    const odd =
      ordinary(other).find((c) => !names.includes(c.name))?.name ?? own.find((c) => !has(other, c))?.name
    if (odd === undefined) continue
    const message = `append needs the same columns on both sides: '${odd}' differs`
    throw new NixieError('type_error', message, `The columns here are ${names.join(', ')}.`)
  }
  const columns = node.columns.filter((c) => others.every((other) => has(other, c)))
  const inputs = [node, ...others].map((input) => {
    const same =
      input.columns.length === columns.length && columns.every((c, i) => c.name === input.columns[i]!.name)
    return same ? input : project(input, pass(input, columns))
  })
  return bounded({ op: 'union', inputs, columns }, inputs)
}

const has = (node: Node, { name, type }: TypedColumn): boolean =>
  node.columns.some((c) => c.name === name && c.type === type)

/**
 * The first rows. Of a table's rows, however filtered and mapped, these are the newest ones, newest first: a user who
 * looks at a sample wants to see the latest events.
 */
export function head(node: Node, rows: number): Node {
  const input = newestFirst(node) ?? node
  return sameRows(bounded({ op: 'limit', input, rows, columns: node.columns }, [node]), node)
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
