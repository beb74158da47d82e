/** Splits predicates into conditions that must all hold, orders them, and finds those that can rule chunks out. */
import type { Prune } from '../store/store'
import type { Expr } from './plan'

/** Cost of evaluating a function relative to a comparison of numbers. Other functions cost 1. */
const COST: Readonly<Record<string, number>> = {
  contains: 10,
  find: 10,
  pluck: 40,
  pluck_int64: 40,
  pluck_float64: 40,
  pluck_array: 40,
  regex_match: 50,
  replace: 50,
  _match_regex_rule: 100,
}

function cost(expr: Expr): number {
  if (expr.kind !== 'call') return 0
  const own = expr.args.some((arg) => arg.type === 'STRING') ? 3 : 1
  return expr.args.reduce((sum, arg) => sum + cost(arg), COST[expr.fn] ?? own)
}

function split(predicate: Expr): readonly Expr[] {
  return predicate.kind === 'call' && predicate.fn === 'logicalAnd' && predicate.args[0]!.type === 'BOOLEAN'
    ? predicate.args.flatMap(split)
    : [predicate]
}

/** The conditions that a predicate joins with `and`, cheapest first. Functions are pure, so their order is free. */
export function conjuncts(predicate: Expr): readonly Expr[] {
  return split(predicate)
    .map((condition) => ({ condition, cost: cost(condition) }))
    .sort((a, b) => a.cost - b.cost)
    .map(({ condition }) => condition)
}

export function conjunction(conditions: readonly Expr[]): Expr {
  return conditions.reduce((left, right) => ({
    kind: 'call',
    fn: 'logicalAnd',
    args: [left, right],
    type: 'BOOLEAN',
    semantic: 'ST_NONE',
  }))
}

export function columnsOf(expr: Expr, found = new Set<string>()): Set<string> {
  if (expr.kind === 'column') found.add(expr.name)
  else if (expr.kind === 'call') for (const arg of expr.args) columnsOf(arg, found)
  return found
}

const OPERATORS: Readonly<Record<string, keyof typeof MIRRORED>> = {
  equal: '==',
  notEqual: '!=',
  lessThan: '<',
  lessThanEqual: '<=',
  greaterThan: '>',
  greaterThanEqual: '>=',
}

const MIRRORED: Readonly<Record<Exclude<Prune['op'], 'contains'>, Prune['op']>> = {
  '==': '==',
  '!=': '!=',
  '<': '>',
  '<=': '>=',
  '>': '<',
  '>=': '<=',
}

const isText = (expr: Expr) => expr.type === 'STRING' || expr.type === 'UINT128'

/** What a condition says of one stored column; undefined when statistics can't rule it out. */
export function pruneOf(condition: Expr): Prune | undefined {
  if (condition.kind === 'column' && condition.type === 'BOOLEAN')
    return { column: condition.name, op: '==', value: true }
  if (condition.kind !== 'call') return undefined
  const [left, right] = condition.args
  if (condition.fn === 'logicalNot' && left?.kind === 'column' && left.type === 'BOOLEAN')
    return { column: left.name, op: '==', value: false }
  if (condition.fn === 'contains' && left?.kind === 'column' && right?.kind === 'literal')
    return { column: left.name, op: 'contains', value: right.value }
  const op = OPERATORS[condition.fn]
  if (!op || !left || !right) return undefined
  if (left.kind === 'column' && right.kind === 'literal') return comparable(left.name, op, left, right.value)
  if (left.kind === 'literal' && right.kind === 'column')
    return comparable(right.name, MIRRORED[op], right, left.value)
  return undefined
}

/** Statistics keep no order of texts, NaN has no order, and near floats count as equal. */
function comparable(column: string, op: Prune['op'], expr: Expr, value: Prune['value']): Prune | undefined {
  if (isText(expr) && op !== '==' && op !== '!=') return undefined
  if (op === '==' && (expr.type === 'FLOAT64' || typeof value === 'number')) return undefined
  return typeof value === 'number' && Number.isNaN(value) ? undefined : { column, op, value }
}
