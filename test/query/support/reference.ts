/** The slow, obvious engine: rows as objects, loops, no dictionaries, no bases. */
import type { Aggregate, Expr, Node } from '../../../src/query/plan'
import type { DataType } from '../../../src/records/types'
import type { Row, Value } from './tables'

type Binary = (a: Value, b: Value) => Value

export const COMPARISONS = {
  equal: (a: Value, b: Value) => a === b,
  notEqual: (a: Value, b: Value) => a !== b,
  lessThan: (a: Value, b: Value) => a < b,
  lessThanEqual: (a: Value, b: Value) => a <= b,
  greaterThan: (a: Value, b: Value) => a > b,
  greaterThanEqual: (a: Value, b: Value) => a >= b,
}

const FUNCTIONS: Readonly<Record<string, Binary>> = {
  ...COMPARISONS,
  logicalAnd: (a, b) => a === true && b === true,
  logicalOr: (a, b) => a === true || b === true,
  logicalNot: (a) => a === false,
  contains: (a, b) => String(a).includes(String(b)),
  add: (a, b) => (a as never) + (b as never),
  subtract: (a, b) => (a as bigint) - (b as bigint),
  multiply: (a, b) => (a as number) * (b as number),
}

const QUANTILES = ['p01', 'p10', 'p25', 'p50', 'p75', 'p90', 'p99']

/** Linear between the neighbours of a rank: what few values give. */
function quantiles(numbers: readonly number[]): string {
  const sorted = numbers.filter((n) => !Number.isNaN(n)).sort((a, b) => a - b)
  const at = (fraction: number) => {
    if (sorted.length === 0) return 0
    const rank = fraction * (sorted.length - 1)
    const below = sorted[Math.floor(rank)]!
    const above = sorted[Math.ceil(rank)]!
    return below === above ? below : below + (above - below) * (rank - Math.floor(rank))
  }
  return `{${QUANTILES.map((name) => `"${name}":${at(Number(name.slice(1)) / 100)}`).join(',')}}`
}

function evaluate(expr: Expr, row: Row): Value {
  if (expr.kind === 'column') return row[expr.name]!
  if (expr.kind === 'literal') return expr.value
  const [a, b] = expr.args.map((arg) => evaluate(arg, row))
  return FUNCTIONS[expr.fn]!(a!, b!)
}

const ZERO = { STRING: '', UINT128: '', BOOLEAN: false, FLOAT64: 0, INT64: 0n, TIME64NS: 0n } as const

/** NaN is passed over; of nothing it is 0. */
function extreme(values: readonly Value[], zero: Value, better: (a: Value, b: Value) => boolean): Value {
  const real = values.filter((value) => !Number.isNaN(value))
  return real.length === 0 ? zero : real.reduce((a, b) => (better(b, a) ? b : a))
}

function summarise({ fn, column }: Aggregate, type: DataType, rows: readonly Row[]): Value {
  const values = rows.map((row) => row[column]!)
  const numbers = values.map(Number)
  switch (fn) {
    case 'count':
      return BigInt(rows.length)
    case 'sum':
      return type === 'FLOAT64'
        ? numbers.reduce((a, b) => a + b, 0)
        : BigInt.asIntN(
            64,
            values.reduce<bigint>((sum, value) => sum + BigInt(value), 0n),
          )
    case 'mean':
      return numbers.reduce((a, b) => a + b, 0) / rows.length
    case 'min':
      return extreme(values, ZERO[type], (a, b) => a < b)
    case 'max':
      return extreme(values, ZERO[type], (a, b) => a > b)
    case 'any':
      return values[0] ?? ZERO[type]
    case 'quantiles':
      return quantiles(numbers)
    default:
      throw new Error(fn)
  }
}

const keyOf = (row: Row, names: readonly string[]) => JSON.stringify(names.map((name) => String(row[name])))

function group(node: Extract<Node, { op: 'aggregate' }>, rows: readonly Row[]): Row[] {
  const typeOf = (name: string) => node.input.columns.find((column) => column.name === name)!.type
  const groups = new Map<string, Row[]>(node.keys.length === 0 ? [['[]', []]] : [])
  for (const row of rows) {
    const key = keyOf(row, node.keys)
    groups.set(key, [...(groups.get(key) ?? []), row])
  }
  return [...groups.values()].map((members) =>
    Object.fromEntries([
      ...node.keys.map((key) => [key, members[0]![key]!]),
      ...node.aggregates.map((aggregate) => [
        aggregate.name,
        summarise(aggregate, typeOf(aggregate.column), members),
      ]),
    ]),
  )
}

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
      return node.columns.some(({ name, type }) => name === 'time_' && type === 'TIME64NS')
        ? node.inputs.flatMap(of).sort((a, b) => Number((a.time_ as bigint) - (b.time_ as bigint)))
        : node.inputs.flatMap(of)
    case 'empty':
      return []
    case 'limit':
      return of(node.input).slice(0, node.rows)
    default:
      throw new Error(node.op)
  }
}
