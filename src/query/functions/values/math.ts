/** Functions of real numbers: IEEE throughout, so the log of 0 is -Infinity and the root of -1 is NaN. */
import type { FunctionSpec } from '../base/function'
import { numeric, scalar } from '../base/function'
import { kept, none } from '../base/units'

const real = (name: string, description: string, run: (v: number) => number): FunctionSpec => ({
  name,
  description,
  unit: none,
  overloads: [numeric('value:FLOAT64 -> FLOAT64', run)],
})

/** Of `toFixed`. */
const MOST_DECIMALS = 100
/** More decimals change nothing: a number that has a 5 and then only zeros up to here is exactly a half. */
const EXACT_DECIMALS = 40
const HALF = /50*$/

/** As C prints it: what lies just between two goes to the even one. */
function fixed(value: number, decimals: number): string {
  if (Math.abs(value) >= 1e21) return `${BigInt(value)}${decimals === 0 ? '' : `.${'0'.repeat(decimals)}`}`
  const text = value.toFixed(decimals)
  const exact = value.toFixed(Math.min(MOST_DECIMALS, decimals + EXACT_DECIMALS))
  const point = exact.indexOf('.')
  if (point < 0 || exact.slice(point + decimals + 1).replace(HALF, '') !== '') return text
  const below = exact.slice(0, decimals === 0 ? point : point + decimals + 1)
  return Number(below.at(-1)) % 2 === 0 ? below : text
}

/** Decimals below 0 are tens, hundreds, … before the point. */
function rounded(value: number, decimals: number): string {
  // As C writes them (printf(3)).
  if (Number.isNaN(value)) return 'nan'
  if (!Number.isFinite(value)) return value < 0 ? '-inf' : 'inf'
  if (decimals >= 0) return fixed(value, Math.min(MOST_DECIMALS, decimals))
  const unit = 10 ** Math.min(308, -decimals)
  const units = Math.round(Math.abs(value) / unit)
  return (units === 0 ? 0 : Math.sign(value) * units * unit).toFixed(0)
}

const magnitude = (v: number | bigint) => (v < 0 ? -v : v)

export const MATH: readonly FunctionSpec[] = [
  {
    name: 'abs',
    description: 'The value without its sign; INT64 has none for its least value, which stays.',
    unit: kept,
    overloads: [
      scalar('value:INT64 -> INT64', (_, v: number | bigint) => magnitude(v)),
      numeric('value:FLOAT64 -> FLOAT64', Math.abs),
    ],
  },
  {
    name: 'pow',
    description: 'The first argument to the power of the second.',
    unit: none,
    overloads: [numeric('x:FLOAT64 y:FLOAT64 -> FLOAT64', (x, y) => x ** y)],
  },
  real('exp', 'e to the power of the value.', Math.exp),
  real('sqrt', 'The square root.', Math.sqrt),
  real('ln', 'The natural logarithm.', Math.log),
  real('log2', 'The logarithm to base 2.', Math.log2),
  real('log10', 'The logarithm to base 10.', Math.log10),
  {
    name: 'log',
    description: 'The logarithm of the second argument to the base that the first one is.',
    unit: none,
    overloads: [numeric('base:FLOAT64 value:FLOAT64 -> FLOAT64', (b, v) => Math.log(v) / Math.log(b))],
  },
  {
    name: 'round',
    description: 'The number as text with that many decimal places; of -2 it is rounded to hundreds.',
    unit: none,
    overloads: [
      scalar('value:FLOAT64 decimals:INT64 -> STRING', (_, value: number, decimals: number | bigint) =>
        rounded(value, Number(decimals)),
      ),
    ],
  },
]
