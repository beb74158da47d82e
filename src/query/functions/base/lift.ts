/** Applies an implementation to columns, whatever it is written for: columns, doubles or single values. */
import type { StringVector, Vector } from '../../../records/batch'
import { gather } from '../../../records/rows'
import type { DataType } from '../../../records/types'
import {
  bools,
  type Constant,
  doubles,
  ints,
  isConstant,
  type Operand,
  toBigint,
  valueAt,
  vectorOf,
} from '../../operand'
import { distinctCodes } from '../../vectors'
import { checkArguments, checkResult } from './bounds'
import type { FunctionContext, Overload, ScalarValue } from './function'

/** Rows between two looks at the clock. */
const STRIDE = 1024
/** Rows per dictionary entry from which on all entries are evaluated, used or not. */
const FEW = 4

/** Dictionaries of at most so many entries are remembered from batch to batch, … */
const REMEMBERED_ENTRIES = 1024
/** … so many texts of them, … */
const MOST_TEXTS = 4096
/** … none longer than that, in or out. */
const LONGEST_TEXT = 512

/** Results of a function by text: the same upids and addresses come in every batch of a run. */
export class KnownResults {
  #constants = ''
  readonly #results = new Map<string, ScalarValue>()

  /** The memo for these other arguments. Results for different ones are forgotten. */
  with(constants: readonly ScalarValue[]): this {
    const text = constants.map((value) => `${typeof value}${value}`).join('\0')
    if (text !== this.#constants) this.#results.clear()
    this.#constants = text
    return this
  }

  get(text: string): ScalarValue | undefined {
    return this.#results.get(text)
  }

  set(text: string, result: ScalarValue): void {
    const short = text.length <= LONGEST_TEXT && !(typeof result === 'string' && result.length > LONGEST_TEXT)
    if (short && this.#results.size < MOST_TEXTS) this.#results.set(text, result)
  }
}

/** `memo`: of earlier calls of the same function in the same run. */
export function apply(
  chosen: Overload,
  args: readonly Operand[],
  rows: number,
  context: FunctionContext,
  memo?: KnownResults,
): Operand {
  const operands = args.map((arg, i) => promote(arg, chosen.args[i]!.type))
  const { implementation } = chosen
  switch (implementation.kind) {
    case 'vector':
      return implementation.run(operands, rows, context)
    case 'numeric':
      return applyNumeric(implementation.run, chosen.returns, operands, rows)
    case 'scalar':
      // Its arguments were promoted to the types of its signature.
      return applyScalar(implementation.run as Scalar, chosen.returns, operands, rows, context, memo)
  }
}

/** The implicit conversions of the registry: BOOLEAN and TIME64NS to INT64, all of them to FLOAT64. */
export function promote(operand: Operand, type: DataType): Operand {
  if (operand.type === type) return operand
  if (type === 'FLOAT64') {
    if (isConstant(operand)) return { type, constant: Number(operand.constant) }
    return { type, values: doubles(operand).values }
  }
  if (type === 'INT64') {
    if (isConstant(operand)) return { type, constant: BigInt(operand.constant) }
    const { base, values } = ints(operand)
    return { type, base, values }
  }
  throw new TypeError(`no conversion from ${operand.type} to ${type}`)
}

function applyNumeric(
  run: (a: number, b: number) => number,
  returns: DataType,
  args: readonly Operand[],
  rows: number,
): Operand {
  const a = doubles(args[0]!)
  const b = args[1] ? doubles(args[1]) : a
  if (args.every(isConstant)) return constantOf(returns, run(a.values[0]!, b.values[0]!))
  const out = returns === 'BOOLEAN' ? new Uint8Array(rows) : new Float64Array(rows)
  const { values: left, mask: leftMask } = a
  const { values: right, mask: rightMask } = b
  for (let i = 0; i < rows; i++) out[i] = run(left[i & leftMask]!, right[i & rightMask]!)
  return returns === 'BOOLEAN'
    ? { type: 'BOOLEAN', values: out as Uint8Array }
    : { type: 'FLOAT64', values: out as Float64Array }
}

export function constantOf(type: DataType, value: ScalarValue): Constant {
  if (type === 'BOOLEAN') return { type, constant: value === true || value === 1 }
  // Wrapped as a column of them is: the magnitude of the least INT64 is itself.
  if (type === 'INT64' || type === 'TIME64NS') return { type, constant: BigInt.asIntN(64, toBigint(value)) }
  return { type, constant: value }
}

type Scalar = (context: FunctionContext, ...args: ScalarValue[]) => ScalarValue

/** Bytes that a text takes for each of its characters while a column is made of it: as itself, joined, as UTF-8. */
export const BYTES_PER_CHARACTER = 4
/** Results are accounted for in steps of so many bytes. */
const CLAIM = 256 << 10

/** Calls a function for one row after the other. What the results take is accounted for as they come. */
class Caller {
  readonly #run: Scalar
  readonly #context: FunctionContext
  readonly #results: ScalarValue[] = []
  #claimed = 0
  #unclaimed = 0

  constructor(run: Scalar, context: FunctionContext) {
    this.#run = run
    this.#context = context
  }

  call(args: readonly ScalarValue[]): ScalarValue {
    if (this.#results.length % STRIDE === 0) this.#context.checkpoint()
    checkArguments(args)
    const result = this.#run(this.#context, ...args)
    checkResult(result)
    return this.keep(result)
  }

  keep(result: ScalarValue): ScalarValue {
    this.#results.push(result)
    if (typeof result === 'string') {
      this.#unclaimed += result.length * BYTES_PER_CHARACTER
      if (this.#unclaimed >= CLAIM) this.#claim()
    }
    return result
  }

  #claim(): void {
    this.#context.hold(this.#unclaimed)
    this.#claimed += this.#unclaimed
    this.#unclaimed = 0
  }

  /** The results as a column. The caller accounts for its memory. */
  vector(returns: DataType): Vector {
    return vectorOf(returns, this.#results)
  }

  /** Releases the accounted memory, also after an error. */
  close(): void {
    this.#context.hold(-this.#claimed)
  }
}

function applyScalar(
  run: Scalar,
  returns: DataType,
  args: readonly Operand[],
  rows: number,
  context: FunctionContext,
  memo?: KnownResults,
): Operand {
  const caller = new Caller(run, context)
  try {
    const varying = args.flatMap((arg, i) => (isConstant(arg) ? [] : [i]))
    const values = args.map((arg) => (isConstant(arg) ? valueAt(arg, 0) : ''))
    if (varying.length === 0) return constantOf(returns, caller.call(values))
    const [text] = varying.map((i) => args[i]!)
    if (varying.length === 1 && text && 'codes' in text && text.dict.length * FEW <= rows)
      return eachEntry(caller, returns, text, values, varying[0]!, memo)
    const { index, firsts } = distinctRows(
      varying.map((i) => args[i]!),
      rows,
    )
    for (let d = 0; d < firsts.length; d++) {
      for (const i of varying) values[i] = valueAt(args[i]!, firsts[d]!)
      caller.call(values)
    }
    const distinct = caller.vector(returns)
    return index ? gather(distinct, index) : distinct
  } finally {
    caller.close()
  }
}

/** Evaluates each text of a dictionary once. */
function eachEntry(
  caller: Caller,
  returns: DataType,
  text: StringVector,
  values: ScalarValue[],
  place: number,
  memo: KnownResults | undefined,
): Operand {
  const known = text.dict.length <= REMEMBERED_ENTRIES ? memo?.with(values) : undefined
  for (let code = 0; code < text.dict.length; code++) {
    const entry = text.dict.get(code)
    values[place] = entry
    const before = known?.get(entry)
    if (before !== undefined) caller.keep(before)
    else {
      const result = caller.call(values)
      known?.set(entry, result)
    }
  }
  const each = caller.vector(returns)
  // The rows keep their codes when the result is a dictionary itself.
  return 'codes' in each ? { ...each, codes: text.codes } : gather(each, text.codes)
}

/** Rows that differ in these columns: one row number for each, and per row its place among them (none: all differ). */
function distinctRows(
  columns: readonly Operand[],
  rows: number,
): { index?: Uint32Array; firsts: Uint32Array | readonly number[] } {
  const keys = rowKeys(columns, rows)
  if (!keys) return { firsts: Uint32Array.from({ length: rows }, (_, i) => i) }
  if (keys instanceof Uint32Array) {
    const [only] = columns
    const { used, index } = distinctCodes(keys, (only as { dict: { length: number } }).dict.length)
    const firsts = new Uint32Array(used.length)
    for (let i = rows - 1; i >= 0; i--) firsts[index[i]!] = i
    return { index, firsts }
  }
  const places = new Map<number, number>()
  const index = new Uint32Array(rows)
  const firsts: number[] = []
  for (let i = 0; i < rows; i++) {
    const key = keys[i]!
    let place = places.get(key)
    if (place === undefined) {
      place = firsts.length
      places.set(key, place)
      firsts.push(i)
    }
    index[i] = place
  }
  return { index, firsts }
}

/** A number per row that tells rows apart, or undefined when there is no cheap one. */
function rowKeys(columns: readonly Operand[], rows: number): Uint32Array | Float64Array | undefined {
  const [only] = columns
  if (columns.length === 1 && only && 'codes' in only) return only.codes
  if (columns.length === 1 && only && 'values' in only) return Float64Array.from(only.values)
  const keys = new Float64Array(rows)
  let span = 1
  for (const column of columns) {
    const codes =
      'codes' in column ? column.codes : column.type === 'BOOLEAN' ? bools(column).values : undefined
    if (!codes) return undefined
    const size = 'codes' in column ? column.dict.length : 2
    for (let i = 0; i < rows; i++) keys[i] = keys[i]! * size + codes[i]!
    span *= size
  }
  return span < 2 ** 53 ? keys : undefined
}
