import {
  type Constant,
  doubles,
  type Ints,
  ints,
  intsFromBigints,
  intVector,
  isConstant,
  narrow,
  type Operand,
  toBigint,
} from '../../operand'
import { type FunctionSpec, numeric, type Overload, scalar, vector } from '../base/function'
import { additive, none, quotient } from '../base/units'

type IntType = 'INT64' | 'TIME64NS'

const EXACT = 2 ** 53
/** With a base within this bound no offset overflows int64. */
const FAR = 2n ** 63n - 2n ** 54n

interface IntOperator {
  readonly bases: (a: bigint, b: bigint) => bigint
  readonly exact: (a: bigint, b: bigint) => bigint
  /** Whether the loop over doubles may run: what it computes is the offset from `bases`. */
  readonly offsets?: (a: Ints, b: Ints) => boolean
  readonly loop: (a: Ints, b: Ints, out: Float64Array) => number
}

function intOperation(type: IntType, operator: IntOperator, args: readonly Operand[], rows: number): Operand {
  const [left, right] = [args[0]!, args[1]!]
  if (isConstant(left) && isConstant(right)) {
    const value = operator.exact(BigInt(left.constant), BigInt(right.constant))
    return { type, constant: BigInt.asIntN(64, value) }
  }
  const a = ints(left)
  const b = ints(right)
  if (!operator.offsets || operator.offsets(a, b)) {
    const out = new Float64Array(rows)
    const largest = operator.loop(a, b, out)
    const base = operator.bases(a.base, b.base)
    if (largest <= EXACT && base > -FAR && base < FAR) return intVector(type, base, out, largest)
  }
  const exact = new Array<bigint>(rows)
  for (let i = 0; i < rows; i++)
    exact[i] = operator.exact(a.base + BigInt(a.values[i & a.mask]!), b.base + BigInt(b.values[i & b.mask]!))
  return intsFromBigints(type, exact)
}

const ADD: IntOperator = {
  bases: (a, b) => a + b,
  exact: (a, b) => a + b,
  loop(a, b, out) {
    let largest = 0
    for (let i = 0; i < out.length; i++) {
      const sum = a.values[i & a.mask]! + b.values[i & b.mask]!
      out[i] = sum
      if (Math.abs(sum) > largest) largest = Math.abs(sum)
    }
    return largest
  },
}

const SUBTRACT: IntOperator = {
  bases: (a, b) => a - b,
  exact: (a, b) => a - b,
  loop(a, b, out) {
    let largest = 0
    for (let i = 0; i < out.length; i++) {
      const difference = a.values[i & a.mask]! - b.values[i & b.mask]!
      out[i] = difference
      if (Math.abs(difference) > largest) largest = Math.abs(difference)
    }
    return largest
  },
}

const bothPlain = (a: Ints, b: Ints) => a.base === 0n && b.base === 0n

const MULTIPLY: IntOperator = {
  bases: () => 0n,
  exact: (a, b) => a * b,
  offsets: bothPlain,
  loop(a, b, out) {
    let largest = 0
    for (let i = 0; i < out.length; i++) {
      const product = a.values[i & a.mask]! * b.values[i & b.mask]! + 0
      out[i] = product
      if (Math.abs(product) > largest) largest = Math.abs(product)
    }
    return largest
  },
}

/** The sign is the dividend's, as in C. */
const MODULO: IntOperator = {
  bases: () => 0n,
  exact: (a, b) => (b === 0n ? 0n : a % b),
  offsets: bothPlain,
  loop(a, b, out) {
    for (let i = 0; i < out.length; i++) {
      const divisor = b.values[i & b.mask]!
      out[i] = divisor === 0 ? 0 : (a.values[i & a.mask]! % divisor) + 0
    }
    return 0
  },
}

/** Towards zero, as C divides. */
const truncated = (value: bigint, size: bigint): bigint => (size === 0n ? value : value - (value % size))

/** Rounds towards zero to a multiple of the size. Times whose offsets fit doubles are binned as doubles. */
function bin(type: IntType, args: readonly Operand[], rows: number): Operand {
  const [value, size] = [args[0]!, args[1]!]
  const step = isConstant(size) ? narrow(BigInt(size.constant)) : undefined
  if (!isConstant(value) && typeof step === 'number' && step > 0 && step < EXACT / 4) {
    const { base, values } = ints(value)
    const out = new Float64Array(rows)
    const bins = { rest: Number(floorMod(base, BigInt(step))), step, negative: negativeBelow(base) }
    const largest = binOffsets(values, bins, out, type === 'TIME64NS')
    if (largest <= EXACT && base > -FAR && base < FAR) return intVector(type, base, out, largest)
  }
  return intOperation(type, { ...MODULO, exact: truncated, offsets: () => false }, args, rows)
}

/** The offset below which values are negative. Negative bins end where positive ones start. */
const negativeBelow = (base: bigint): number => Number(-base)

interface Bins {
  /** How far the base is above a multiple of the step. */
  readonly rest: number
  readonly step: number
  readonly negative: number
}

/** Where the bins of the values start, as offsets from their base; returns a bound of all magnitudes met. */
function binOffsets(values: Float64Array, bins: Bins, out: Float64Array, sorted: boolean): number {
  const { rest: baseRest, step, negative } = bins
  let low = 0
  let high = 0
  let start = Number.NaN
  let end = Number.NaN
  const inverse = 1 / step
  for (let i = 0; i < out.length; i++) {
    const offset = values[i]!
    // Times come in order: most are in the bin of the one before.
    if (!(sorted && offset >= start && offset < end)) {
      const shifted = offset + baseRest
      // The product may round across a multiple. A division is slower; %, which is exact, is several times slower.
      let rest = shifted - Math.floor(shifted * inverse) * step
      if (rest < 0) rest += step
      else if (rest >= step) rest -= step
      start = offset - rest
      end = start + step
      if (offset < low) low = offset
      if (offset > high) high = offset
    }
    out[i] = offset < negative && offset > start ? end : start
  }
  return Math.max(-low, high) + baseRest + 2 * step
}

const floorMod = (a: bigint, b: bigint) => ((a % b) + b) % b

const int = (signature: string, operator: IntOperator): Overload => {
  const type = signature.slice(signature.lastIndexOf(' ') + 1) as IntType
  return vector(signature, (args, rows) => intOperation(type, operator, args, rows))
}

/** Doubles to INT64 by a rounding function: NaN is 0, and values outside int64 become its nearest limit. */
function rounded(round: (v: number) => number) {
  return (args: readonly Operand[], rows: number): Operand => {
    const arg = args[0]!
    if (isConstant(arg)) return { type: 'INT64', constant: toBigint(round(Number(arg.constant))) }
    const { values } = doubles(arg)
    const out = new Float64Array(rows)
    let large = false
    for (let i = 0; i < rows; i++) {
      const v = round(values[i]!)
      out[i] = Number.isNaN(v) ? 0 : v + 0
      if (v > EXACT || v < -EXACT) large = true
    }
    return large
      ? intsFromBigints('INT64', Array.from(out, toBigint))
      : { type: 'INT64', base: 0n, values: out }
  }
}

function retag(type: IntType) {
  return ([arg]: readonly Operand[]): Operand =>
    isConstant(arg!) ? { type, constant: arg.constant } : { type, ...pickInts(arg!) }
}

const pickInts = (operand: Operand) => {
  const { base, values } = ints(operand)
  return { base, values }
}

function negative(args: readonly Operand[], rows: number): Operand {
  const zero: Constant = { type: 'INT64', constant: 0n }
  return intOperation('INT64', SUBTRACT, [zero, args[0]!], rows)
}

function inverted(args: readonly Operand[], rows: number): Operand {
  const minusOne: Constant = { type: 'INT64', constant: -1n }
  return intOperation('INT64', SUBTRACT, [minusOne, args[0]!], rows)
}

const binOf = (signature: string, type: IntType) => vector(signature, (args, rows) => bin(type, args, rows))

const float = 'a:FLOAT64 b:FLOAT64 -> FLOAT64'
const integer = 'a:INT64 b:INT64 -> INT64'

export const ARITHMETIC: readonly FunctionSpec[] = [
  {
    name: 'add',
    description: 'Adds numbers and times, or joins texts.',
    unit: additive,
    overloads: [
      int(integer, ADD),
      numeric(float, (a, b) => a + b),
      int('a:TIME64NS b:INT64 -> TIME64NS', ADD),
      int('a:INT64 b:TIME64NS -> TIME64NS', ADD),
      scalar('a:STRING b:STRING -> STRING', (_, a: string, b: string) => a + b),
    ],
  },
  {
    name: 'subtract',
    description: 'Subtracts the second from the first; the difference of two times is in nanoseconds.',
    unit: additive,
    overloads: [
      int(integer, SUBTRACT),
      numeric(float, (a, b) => a - b),
      int('a:TIME64NS b:TIME64NS -> INT64', SUBTRACT),
      int('a:TIME64NS b:INT64 -> TIME64NS', SUBTRACT),
    ],
  },
  {
    name: 'multiply',
    description: 'Multiplies two numbers.',
    unit: none,
    overloads: [int(integer, MULTIPLY), numeric(float, (a, b) => a * b)],
  },
  {
    name: 'divide',
    description: 'Divides as floats, integers too; by zero it gives Infinity or NaN.',
    unit: quotient,
    overloads: [numeric(float, (a, b) => a / b)],
  },
  {
    name: 'modulo',
    description:
      'The remainder of a division, with the sign of the dividend; 0 when an integer is divided by 0.',
    unit: none,
    overloads: [
      int(integer, MODULO),
      int('a:TIME64NS b:INT64 -> INT64', MODULO),
      numeric(float, (a, b) => a % b),
    ],
  },
  {
    name: 'negate',
    description: 'The number with the other sign.',
    unit: none,
    overloads: [vector('value:INT64 -> INT64', negative), numeric('value:FLOAT64 -> FLOAT64', (v) => -v)],
  },
  {
    name: 'invert',
    description: 'The integer with every bit inverted.',
    unit: none,
    overloads: [vector('value:INT64 -> INT64', inverted)],
  },
  {
    name: 'bin',
    description:
      'Rounds to a multiple of the second argument: down (a time: to the start of its window), below 0 up.',
    unit: none,
    overloads: [
      binOf('value:INT64 bin:INT64 -> INT64', 'INT64'),
      binOf('value:TIME64NS bin:INT64 -> TIME64NS', 'TIME64NS'),
      numeric('value:FLOAT64 bin:FLOAT64 -> FLOAT64', (v, n) => (n === 0 ? v : v - (v % n))),
    ],
  },
  {
    name: 'ceil',
    description: 'The least integer that is not below the value.',
    unit: none,
    overloads: [vector('value:FLOAT64 -> INT64', rounded(Math.ceil))],
  },
  {
    name: 'floor',
    description: 'The greatest integer that is not above the value.',
    unit: none,
    overloads: [vector('value:FLOAT64 -> INT64', rounded(Math.floor))],
  },
  {
    name: 'time_to_int64',
    description: 'A time as nanoseconds since the epoch.',
    unit: none,
    overloads: [vector('value:TIME64NS -> INT64', retag('INT64'))],
  },
  {
    name: 'int64_to_time',
    description: 'Nanoseconds since the epoch as a time.',
    unit: none,
    overloads: [vector('value:INT64 -> TIME64NS', retag('TIME64NS'))],
  },
]
