/** Expressions as a person would write them. */
import type { Expr } from './plan'

const BINARY: Readonly<Record<string, readonly [symbol: string, level: number]>> = {
  logicalOr: ['or', 1],
  logicalAnd: ['and', 2],
  equal: ['==', 4],
  notEqual: ['!=', 4],
  lessThan: ['<', 4],
  lessThanEqual: ['<=', 4],
  greaterThan: ['>', 4],
  greaterThanEqual: ['>=', 4],
  add: ['+', 5],
  subtract: ['-', 5],
  multiply: ['*', 6],
  divide: ['/', 6],
  modulo: ['%', 6],
}

const UNARY: Readonly<Record<string, readonly [prefix: string, level: number]>> = {
  logicalNot: ['not ', 3],
  negate: ['-', 7],
  invert: ['~', 7],
}

const PLAIN_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/
const LONGEST_TEXT = 80

/** A column's name; in quotes when it isn't a word. */
export const nameText = (name: string): string => (PLAIN_NAME.test(name) ? name : `'${name}'`)

/** A text in single quotes: escaped, so that it stays on one line, and cut when it is long. */
function quoted(text: string): string {
  const cut = text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}…` : text
  const escaped = JSON.stringify(cut).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")
  return `'${escaped}'`
}

/** Epoch nanoseconds as ISO 8601, without the fraction when that is 0. */
export function timeText(ns: bigint): string {
  const fraction = ((ns % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n
  const date = new Date(Number((ns - fraction) / 1_000_000n))
  if (Number.isNaN(date.getTime())) return String(ns)
  const digits = fraction === 0n ? '' : `.${String(fraction).padStart(9, '0').replace(/0+$/, '')}`
  return `${date.toISOString().slice(0, 19)}${digits}Z`
}

/** A literal, as in PxL but for times. */
export function literalText(value: bigint | number | string | boolean, type?: Expr['type']): string {
  if (typeof value === 'string') return quoted(value)
  return type === 'TIME64NS' && typeof value === 'bigint' ? timeText(value) : String(value)
}

/** `latency >= 1000 and contains(req_path, 'x')`: brackets only where the order needs them. */
export function expressionText(expr: Expr, level = 0): string {
  if (expr.kind === 'column') return nameText(expr.name)
  if (expr.kind === 'literal') return literalText(expr.value, expr.type)
  const { fn, args } = expr
  const [left, right] = args
  const binary = args.length === 2 ? BINARY[fn] : undefined
  if (binary) {
    const [symbol, own] = binary
    // Comparisons don't chain; the others group from the left.
    const text = `${expressionText(left!, own === 4 ? 5 : own)} ${symbol} ${expressionText(right!, own + 1)}`
    return own < level ? `(${text})` : text
  }
  const unary = args.length === 1 ? UNARY[fn] : undefined
  if (unary) {
    const text = `${unary[0]}${expressionText(left!, unary[1])}`
    return unary[1] < level ? `(${text})` : text
  }
  return `${fn}(${args.map((arg) => expressionText(arg)).join(', ')})`
}
