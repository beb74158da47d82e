/** Comparison, logic and choice. Texts are compared on their bytes, which is the order of their code points. */
import type { StringTable } from '../../../records/batch'
import type { DataType } from '../../../records/types'
import { bools, doubles, type Ints, ints, isConstant, type Operand, texts, valueAt } from '../../operand'
import { commonBase, joinDictionaries, rebased } from '../../vectors'
import { type FunctionContext, type FunctionSpec, numeric, type Overload, vector } from '../base/function'
import { branches, none } from '../base/units'

type Test = (a: number, b: number) => boolean

const booleans = (values: Uint8Array): Operand => ({ type: 'BOOLEAN', values })

function compareConstants(test: Test, a: Operand, b: Operand): Operand | undefined {
  if (!isConstant(a) || !isConstant(b)) return undefined
  return { type: 'BOOLEAN', constant: test(order(valueAt(a, 0), valueAt(b, 0)), 0) }
}

/** -1, 0 or 1; NaN when there is no order. */
function order(a: string | number | bigint | boolean, b: string | number | bigint | boolean): number {
  if (typeof a === 'string') return Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(b as string)))
  return a < b ? -1 : a > b ? 1 : a === b ? 0 : Number.NaN
}

const EXACT = 2 ** 53

function compareInts(test: Test, [left, right]: readonly Operand[], rows: number): Operand {
  const constant = compareConstants(test, left!, right!)
  if (constant) return constant
  const a = ints(left!)
  const b = ints(right!)
  const out = new Uint8Array(rows)
  const apart = b.base - a.base
  if (apart === 0n) {
    for (let i = 0; i < rows; i++) out[i] = test(a.values[i & a.mask]!, b.values[i & b.mask]!) ? 1 : 0
    return booleans(out)
  }
  const offset = Number(apart)
  for (let i = 0; i < rows; i++) {
    const other = b.values[i & b.mask]! + offset
    const exact = other > -EXACT && other < EXACT && Number.isSafeInteger(offset)
    const sign = exact ? a.values[i & a.mask]! - other : exactOrder(a, b, i)
    out[i] = test(sign, 0) ? 1 : 0
  }
  return booleans(out)
}

function exactOrder(a: Ints, b: Ints, i: number): number {
  const difference = a.base + BigInt(a.values[i & a.mask]!) - b.base - BigInt(b.values[i & b.mask]!)
  return difference < 0n ? -1 : difference > 0n ? 1 : 0
}

function compareFloats(test: Test, [left, right]: readonly Operand[], rows: number): Operand {
  const a = doubles(left!)
  const b = doubles(right!)
  if (isConstant(left!) && isConstant(right!))
    return { type: 'BOOLEAN', constant: test(a.values[0]!, b.values[0]!) }
  const out = new Uint8Array(rows)
  for (let i = 0; i < rows; i++) out[i] = test(a.values[i & a.mask]!, b.values[i & b.mask]!) ? 1 : 0
  return booleans(out)
}

function compareBools(test: Test, [left, right]: readonly Operand[], rows: number): Operand {
  const constant = compareConstants(test, left!, right!)
  if (constant) return constant
  const a = bools(left!)
  const b = bools(right!)
  const out = new Uint8Array(rows)
  for (let i = 0; i < rows; i++) out[i] = test(a.values[i & a.mask]!, b.values[i & b.mask]!) ? 1 : 0
  return booleans(out)
}

/** Against one text each dictionary entry is compared once. */
function compareTexts(test: Test, [left, right]: readonly Operand[], rows: number): Operand {
  const constant = compareConstants(test, left!, right!)
  if (constant) return constant
  const a = texts(left!)
  const b = texts(right!)
  const out = new Uint8Array(rows)
  if (a.mask !== 0 && b.mask !== 0) {
    for (let i = 0; i < rows; i++)
      out[i] = test(compareEntries(a.dict, a.values[i]!, b.dict, b.values[i]!), 0) ? 1 : 0
    return booleans(out)
  }
  const { values: codes, dict } = a.mask === 0 ? b : a
  const answerOf = (code: number): boolean =>
    test(a.mask === 0 ? compareEntries(a.dict, 0, dict, code) : compareEntries(dict, code, b.dict, 0), 0)
  if (dict.length <= rows)
    return byEntry(
      codes,
      Uint8Array.from({ length: dict.length }, (_, code) => Number(answerOf(code))),
      out,
    )
  /** The result + 1, or 0: not computed yet. */
  const known = new Uint8Array(dict.length)
  for (let i = 0; i < rows; i++) {
    const code = codes[i]!
    known[code] ||= answerOf(code) ? 2 : 1
    out[i] = known[code]! - 1
  }
  return booleans(out)
}

/** One answer for all entries is one for all rows: conditions such as `path != '/healthz'` mostly are. */
function byEntry(codes: Uint32Array, answers: Uint8Array, out: Uint8Array): Operand {
  const first = answers[0]!
  if (!answers.includes(first ^ 1)) return { type: 'BOOLEAN', constant: first === 1 }
  for (let i = 0; i < out.length; i++) out[i] = answers[codes[i]!]!
  return booleans(out)
}

function compareEntries(a: StringTable, x: number, b: StringTable, y: number): number {
  if (a === b && x === y) return 0
  const startA = a.offsets[x]!
  const endA = a.offsets[x + 1]!
  const startB = b.offsets[y]!
  const endB = b.offsets[y + 1]!
  const common = Math.min(endA - startA, endB - startB)
  for (let i = 0; i < common; i++) {
    const difference = a.bytes[startA + i]! - b.bytes[startB + i]!
    if (difference !== 0) return difference < 0 ? -1 : 1
  }
  return Math.sign(endA - startA - (endB - startB))
}

const EPSILON = 1e-9

/** Whether two floats count as one number: sums such as 0.1 + 0.2 and what they are written as differ in their last bits. */
export const isNear = (a: number, b: number): boolean => a === b || Math.abs(a - b) < EPSILON

type Compare = (test: Test, args: readonly Operand[], rows: number) => Operand

function comparisons(test: Test, pairs: readonly [DataType, DataType, Compare][]): readonly Overload[] {
  return pairs.map(([a, b, compare]) =>
    vector(`a:${a} b:${b} -> BOOLEAN`, (args, rows) => compare(test, args, rows)),
  )
}

const ORDERED: readonly [DataType, DataType, Compare][] = [
  ['INT64', 'INT64', compareInts],
  ['FLOAT64', 'FLOAT64', compareFloats],
  ['TIME64NS', 'TIME64NS', compareInts],
  ['TIME64NS', 'INT64', compareInts],
  ['INT64', 'TIME64NS', compareInts],
  ['STRING', 'STRING', compareTexts],
]

const EQUATABLE: readonly [DataType, DataType, Compare][] = [
  ...ORDERED,
  ['BOOLEAN', 'BOOLEAN', compareBools],
  ['UINT128', 'UINT128', compareTexts],
  ['UINT128', 'STRING', compareTexts],
  ['STRING', 'UINT128', compareTexts],
]

const comparison = (name: string, description: string, pairs: typeof ORDERED, test: Test): FunctionSpec => ({
  name,
  description,
  unit: none,
  overloads: comparisons(test, pairs),
})

/** As `comparison`, with floats that are near each other the same. */
const equality = (name: string, description: string, same: boolean): FunctionSpec => ({
  name,
  description,
  unit: none,
  overloads: EQUATABLE.flatMap((pair) =>
    comparisons(pair[2] === compareFloats ? (a, b) => isNear(a, b) === same : (a, b) => (a === b) === same, [
      pair,
    ]),
  ),
})

/** One loop for both connectives: a row that `decides` settles the result. */
function connect(args: readonly Operand[], rows: number, decides: 0 | 1): Operand {
  const [left, right] = [args[0]!, args[1]!]
  const a = bools(left)
  const b = bools(right)
  const join = decides === 1 ? (x: number, y: number) => x | y : (x: number, y: number) => x & y
  if (isConstant(left) && isConstant(right))
    return { type: 'BOOLEAN', constant: join(a.values[0]!, b.values[0]!) === 1 }
  if (a.mask === 0)
    return a.values[0] === decides ? { type: 'BOOLEAN', constant: decides === 1 } : booleans(b.values)
  if (b.mask === 0)
    return b.values[0] === decides ? { type: 'BOOLEAN', constant: decides === 1 } : booleans(a.values)
  const out = new Uint8Array(rows)
  for (let i = 0; i < rows; i++) out[i] = join(a.values[i]!, b.values[i]!)
  return booleans(out)
}

function opposite([arg]: readonly Operand[]): Operand {
  const { values } = bools(arg!)
  if (isConstant(arg!)) return { type: 'BOOLEAN', constant: values[0] === 0 }
  return booleans(values.map((v) => v ^ 1))
}

/** A signature for both truth types: integers are true when not 0. */
const truths = (
  run: (args: readonly Operand[], rows: number) => Operand,
  arity: 1 | 2,
): readonly Overload[] =>
  (['BOOLEAN', 'INT64'] as const).map((type) =>
    vector(`a:${type}${arity === 2 ? ` b:${type}` : ''} -> BOOLEAN`, run),
  )

function choose(args: readonly Operand[], rows: number, context: FunctionContext): Operand {
  const [condition, yes, no] = [args[0]!, args[1]!, args[2]!]
  if (isConstant(condition)) return condition.constant ? yes : no
  const { values: chosen } = bools(condition)
  if (yes.type === 'STRING' || yes.type === 'UINT128') return chooseText(yes.type, chosen, yes, no, context)
  if (yes.type === 'INT64' || yes.type === 'TIME64NS') {
    const a = ints(yes)
    const b = ints(no)
    const base = commonBase([a, b])
    const left = rebased(a, base)
    const right = rebased(b, base)
    const out = new Float64Array(rows)
    for (let i = 0; i < rows; i++) out[i] = chosen[i] ? left[i & a.mask]! : right[i & b.mask]!
    return { type: yes.type, base, values: out }
  }
  const a = yes.type === 'BOOLEAN' ? bools(yes) : doubles(yes)
  const b = yes.type === 'BOOLEAN' ? bools(no) : doubles(no)
  const out = yes.type === 'BOOLEAN' ? new Uint8Array(rows) : new Float64Array(rows)
  for (let i = 0; i < rows; i++) out[i] = chosen[i] ? a.values[i & a.mask]! : b.values[i & b.mask]!
  return { type: yes.type, values: out } as Operand
}

function chooseText(
  type: 'STRING' | 'UINT128',
  chosen: Uint8Array,
  yes: Operand,
  no: Operand,
  { hold }: FunctionContext,
): Operand {
  const a = texts(yes)
  const b = texts(no)
  // Two columns that hold each other's texts grow with each choice between them.
  const size = a.dict.bytes.length + b.dict.bytes.length
  hold(size)
  const { dict, shift } = joinDictionaries([a.dict, b.dict])
  hold(-size)
  const codes = new Uint32Array(chosen.length)
  for (let i = 0; i < codes.length; i++)
    codes[i] = chosen[i] ? a.values[i & a.mask]! + shift[0]! : b.values[i & b.mask]! + shift[1]!
  return { type, codes, dict }
}

const CHOICES: readonly DataType[] = ['BOOLEAN', 'INT64', 'FLOAT64', 'STRING', 'TIME64NS', 'UINT128']

export const COMPARISON: readonly FunctionSpec[] = [
  equality('equal', 'Whether both are the same; floats: within 1e-9 of each other.', true),
  equality('notEqual', 'Whether they differ; floats: by more than 1e-9.', false),
  comparison('lessThan', 'Whether the first is below the second.', ORDERED, (a, b) => a < b),
  comparison('lessThanEqual', 'Whether the first is not above the second.', ORDERED, (a, b) => a <= b),
  comparison('greaterThan', 'Whether the first is above the second.', ORDERED, (a, b) => a > b),
  comparison('greaterThanEqual', 'Whether the first is not below the second.', ORDERED, (a, b) => a >= b),
  {
    name: 'approxEqual',
    description: 'Whether two numbers are within 1e-9 of each other.',
    unit: none,
    overloads: [numeric('a:FLOAT64 b:FLOAT64 -> BOOLEAN', (a, b) => (isNear(a, b) ? 1 : 0))],
  },
  {
    name: 'logicalAnd',
    description: 'Whether both are true.',
    unit: none,
    overloads: truths((args, rows) => connect(args, rows, 0), 2),
  },
  {
    name: 'logicalOr',
    description: 'Whether one of them is true.',
    unit: none,
    overloads: truths((args, rows) => connect(args, rows, 1), 2),
  },
  { name: 'logicalNot', description: 'Whether it is false.', unit: none, overloads: truths(opposite, 1) },
  {
    name: 'select',
    description: 'The second argument where the first is true, else the third.',
    unit: branches,
    overloads: CHOICES.map((type) => vector(`s:BOOLEAN v1:${type} v2:${type} -> ${type}`, choose)),
  },
]
