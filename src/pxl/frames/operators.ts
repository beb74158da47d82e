/** Operators: folded when both sides are constants, else calls of the functions that Pixie names. */
import { NixieError } from '../../errors'
import { resolveFunction } from '../../query/functions/registry'
import { isNear } from '../../query/functions/values/comparison'
import type { DataType } from '../../records/types'
import type { BinaryOp, UnaryOp } from '../language/syntax'
import { type Constant, constant, type Value } from '../values/values'
import { asExpr, callEngine } from './expressions'

const FUNCTION_OF: Readonly<Record<BinaryOp, string>> = {
  '+': 'add',
  '-': 'subtract',
  '*': 'multiply',
  '/': 'divide',
  '%': 'modulo',
  '==': 'equal',
  '!=': 'notEqual',
  '<': 'lessThan',
  '<=': 'lessThanEqual',
  '>': 'greaterThan',
  '>=': 'greaterThanEqual',
  and: 'logicalAnd',
  or: 'logicalOr',
}

/** Bytes of the longest text that constants may be joined to. */
const MAX_TEXT = 1 << 20
const MAX_ITEMS = 10_000

/** Throws `type_error` when no form of the operator takes the sides. */
export function binary(op: BinaryOp, left: Value, right: Value): Value {
  if (left.kind === 'constant' && right.kind === 'constant') {
    const folded = fold(op, left, right)
    if (folded) return folded
  }
  if (op === 'and' || op === 'or') {
    const short = shortCircuit(op, left, right) ?? shortCircuit(op, right, left)
    if (short) return short
  }
  if (left.kind === 'list' && right.kind === 'list' && op === '+') {
    const items = [...left.items, ...right.items]
    if (items.length <= MAX_ITEMS) return { kind: 'list', items }
    throw new NixieError('limit_exceeded', 'The list is too long', `Keep it to ${MAX_ITEMS} elements.`)
  }
  const name = FUNCTION_OF[op]
  const args = [asExpr(left, `The left side of ${op}`), asExpr(right, `The right side of ${op}`)]
  return { kind: 'column', expr: callEngine(name, args) }
}

export function unary(op: UnaryOp, operand: Value): Value {
  if (operand.kind === 'constant') {
    const folded = foldUnary(op, operand)
    if (folded) return folded
  }
  if (op === '+') return operand
  const name = op === 'not' ? 'logicalNot' : op === '-' ? 'negate' : 'invert'
  return { kind: 'column', expr: callEngine(name, [asExpr(operand, `What stands behind ${op}`)]) }
}

/** `column and True` is the column, `column or True` is True: so a constant flag in the script costs nothing per row. */
function shortCircuit(op: 'and' | 'or', flag: Value, other: Value): Value | undefined {
  if (flag.kind !== 'constant' || flag.type !== 'BOOLEAN') return undefined
  if (other.kind !== 'column' || other.expr.type !== 'BOOLEAN') return undefined
  return flag.value === (op === 'and') ? other : flag
}

const truth = ({ value }: Constant): boolean => (typeof value === 'bigint' ? value !== 0n : Boolean(value))

function foldUnary(op: UnaryOp, { type, value, semantic }: Constant): Constant | undefined {
  if (op === 'not' && (type === 'BOOLEAN' || type === 'INT64'))
    return constant('BOOLEAN', !truth({ value } as Constant))
  if (typeof value === 'bigint' && type === 'INT64') {
    if (op === '-') return constant(type, BigInt.asIntN(64, -value), semantic)
    if (op === '~') return constant(type, ~value)
  }
  if (typeof value === 'number' && op === '-') return constant(type, -value, semantic)
  if (op === '+' && typeof value !== 'string') return constant(type, value, semantic)
  return undefined
}

function fold(op: BinaryOp, left: Constant, right: Constant): Constant | undefined {
  if (op === 'and') return constant('BOOLEAN', truth(left) && truth(right))
  if (op === 'or') return constant('BOOLEAN', truth(left) || truth(right))
  // The types are the engine's, so that a folded expression has the type of the same one over columns.
  const result = resolveFunction(FUNCTION_OF[op], [left, right])
  if (!result) return undefined
  if (result.type === 'BOOLEAN') return constant('BOOLEAN', compare(op, left.value, right.value))
  const value = arithmetic(op, left, right, result.type)
  return value === undefined ? undefined : constant(result.type, value, result.semantic)
}

function compare(op: BinaryOp, a: Constant['value'], b: Constant['value']): boolean {
  // As the engine compares floats.
  const isFloat = typeof a === 'number' || typeof b === 'number'
  if (isFloat && (op === '==' || op === '!=')) return isNear(Number(a), Number(b)) === (op === '==')
  switch (op) {
    // Loose comparison on purpose: 1 == 1.0, for bigint and number.
    case '==':
      // biome-ignore lint/suspicious/noDoubleEquals: bigint against number
      return a == b
    case '!=':
      // biome-ignore lint/suspicious/noDoubleEquals: bigint against number
      return a != b
    case '<':
      return a < b
    case '<=':
      return a <= b
    case '>':
      return a > b
    default:
      return a >= b
  }
}

function arithmetic(
  op: BinaryOp,
  left: Constant,
  right: Constant,
  type: DataType,
): Constant['value'] | undefined {
  if (type === 'STRING') {
    const text = String(left.value) + String(right.value)
    if (text.length > MAX_TEXT)
      throw new NixieError('limit_exceeded', 'The text is too large', 'Keep constants short.')
    return text
  }
  if (type === 'FLOAT64') return floating(op, Number(left.value), Number(right.value))
  if (typeof left.value !== 'bigint' || typeof right.value !== 'bigint') return undefined
  return integer(op, left.value, right.value)
}

function floating(op: BinaryOp, a: number, b: number): number | undefined {
  switch (op) {
    case '+':
      return a + b
    case '-':
      return a - b
    case '*':
      return a * b
    case '/':
      return a / b
    default:
      return undefined
  }
}

function integer(op: BinaryOp, a: bigint, b: bigint): bigint | undefined {
  switch (op) {
    case '+':
      return BigInt.asIntN(64, a + b)
    case '-':
      return BigInt.asIntN(64, a - b)
    case '*':
      return BigInt.asIntN(64, a * b)
    case '%':
      return b === 0n ? undefined : a % b
    default:
      return undefined
  }
}
