/** The slow, obvious engine: rows as objects, loops, no dictionaries, no bases. */
import type { Aggregate, Expr, Node } from '../../../src/query/plan'
import type { Row, Value } from './tables'

type Binary = (a: Value, b: Value) => Value

const FUNCTIONS: Readonly<Record<string, Binary>> = {
  equal: (a, b) => a === b,
  notEqual: (a, b) => a !== b,
  lessThan: (a, b) => a < b,
  lessThanEqual: (a, b) => a <= b,
  greaterThan: (a, b) => a > b,
  greaterThanEqual: (a, b) => a >= b,
  logicalAnd: (a, b) => a === true && b === true,
  logicalOr: (a, b) => a === true || b === true,
  logicalNot: (a) => a === false,
  contains: (a, b) => String(a).includes(String(b)),
  add: (a, b) => (a as never) + (b as never),
  subtract: (a, b) => (a as bigint) - (b as bigint),
}

function evaluate(expr: Expr, row: Row): Value {
  if (expr.kind === 'column') return row[expr.name]!
  if (expr.kind === 'literal') return expr.value
  const [a, b] = expr.args.map((arg) => evaluate(arg, row))
  return FUNCTIONS[expr.fn]!(a!, b!)
}

function summarise({ fn, column }: Aggregate, rows: readonly Row[]): Value {
  const values = rows.map((row) => row[column]!)
  const numbers = values.map(Number)
  switch (fn) {
    case 'count':
      return BigInt(rows.length)
    case 'sum':
      return typeof values[0] === 'number'
        ? numbers.reduce((a, b) => a + b, 0)
        : values.reduce<bigint>((sum, value) => sum + BigInt(value), 0n)
    case 'mean':
      return numbers.reduce((a, b) => a + b, 0) / rows.length
    case 'min':
      return values.reduce((a, b) => (b < a ? b : a))
    case 'max':
      return values.reduce((a, b) => (b > a ? b : a))
    case 'any':
      return values[0]!
    default:
      throw new Error(fn)
  }
}

const keyOf = (row: Row, names: readonly string[]) => JSON.stringify(names.map((name) => String(row[name])))

function group(node: Extract<Node, { op: 'aggregate' }>, rows: readonly Row[]): Row[] {
  const groups = new Map<string, Row[]>()
  for (const row of rows) {
    const key = keyOf(row, node.keys)
    groups.set(key, [...(groups.get(key) ?? []), row])
  }
  return [...groups.values()].map((members) =>
    Object.fromEntries([
      ...node.keys.map((key) => [key, members[0]![key]!]),
      ...node.aggregates.map((aggregate) => [aggregate.name, summarise(aggregate, members)]),
    ]),
  )
}

const ZERO = { STRING: '', UINT128: '', BOOLEAN: false, FLOAT64: 0, INT64: 0n, TIME64NS: 0n } as const

function join(node: Extract<Node, { op: 'join' }>, left: readonly Row[], right: readonly Row[]): Row[] {
  const zeros = (input: Node): Row =>
    Object.fromEntries(input.columns.map(({ name, type }) => [name, ZERO[type]]))
  const pair = (l: Row, r: Row): Row =>
    Object.fromEntries(node.output.map(({ side, from, name }) => [name, (side === 'left' ? l : r)[from]!]))
  const same = (l: Row, r: Row) => keyOf(l, node.leftOn) === keyOf(r, node.rightOn)
  const out = left.flatMap((l) => right.filter((r) => same(l, r)).map((r) => pair(l, r)))
  if (node.how === 'left' || node.how === 'outer')
    for (const l of left) if (!right.some((r) => same(l, r))) out.push(pair(l, zeros(node.right)))
  if (node.how === 'right' || node.how === 'outer')
    for (const r of right) if (!left.some((l) => same(l, r))) out.push(pair(zeros(node.left), r))
  return out
}

/** The rows of a node over tables of rows. */
export function reference(node: Node, tables: Readonly<Record<string, readonly Row[]>>): Row[] {
  const of = (input: Node) => reference(input, tables)
  switch (node.op) {
    case 'scan':
      return [...tables[node.table]!]
    case 'filter':
      return of(node.input).filter((row) => evaluate(node.predicate, row) === true)
    case 'project':
      return of(node.input).map((row) =>
        Object.fromEntries(node.exprs.map(({ name, expr }) => [name, evaluate(expr, row)])),
      )
    case 'aggregate':
      return group(node, of(node.input))
    case 'join':
      return join(node, of(node.left), of(node.right))
    case 'union':
      return node.inputs.flatMap(of).sort((a, b) => Number((a.time_ as bigint) - (b.time_ as bigint)))
    case 'limit':
      return of(node.input).slice(0, node.rows)
    default:
      throw new Error(node.op)
  }
}
