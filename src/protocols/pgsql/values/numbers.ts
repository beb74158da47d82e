/** Numbers as PostgreSQL sends them in binary, as the text that it shows of them. */
import { uint16 } from '../letters'

/** A numeric may have 131,072 digits in front of the point, and 16,383 behind it. */
const MOST_DIGITS = 1024
const GROUP = 4
const HEADER = 8
const NEGATIVE = 0x4000
const SPECIAL: Readonly<Record<number, string>> = { 49152: 'NaN', 53248: 'Infinity', 61440: '-Infinity' }

const int16 = (bytes: Uint8Array, at: number): number => (uint16(bytes, at) << 16) >> 16

/** Groups of four digits, the weight of the first, sign and scale (`numeric_send`); undefined when it is none, or too long. */
export function numericText(bytes: Uint8Array, at: number, end: number): string | undefined {
  if (end - at < HEADER) return undefined
  const groups = uint16(bytes, at)
  const weight = int16(bytes, at + 2)
  const sign = uint16(bytes, at + 4)
  const scale = uint16(bytes, at + 6)
  if (SPECIAL[sign]) return SPECIAL[sign]
  if (end - at !== HEADER + 2 * groups || Math.abs(weight) * GROUP > MOST_DIGITS || scale > MOST_DIGITS)
    return undefined
  const group = (i: number): string =>
    String(i >= 0 && i < groups ? uint16(bytes, at + HEADER + 2 * i) : 0).padStart(GROUP, '0')
  let whole = ''
  for (let i = 0; i <= weight; i++) whole += group(i)
  let fraction = ''
  for (let i = weight + 1; fraction.length < scale; i++) fraction += group(i)
  const digits = whole.replace(/^0+(?=.)/, '') || '0'
  const point = scale > 0 ? `.${fraction.slice(0, scale)}` : ''
  return (sign === NEGATIVE ? '-' : '') + digits + point
}

/** The shortest digits that give the number again; with an exponent where PostgreSQL has one. */
export const doubleText = (value: number): string => floatText(value, value.toExponential(), 15)

export function singleText(value: number): string {
  for (let digits = 0; digits < 9; digits++) {
    const text = value.toExponential(digits)
    if (Math.fround(Number(text)) === value) return floatText(value, text, 6)
  }
  return floatText(value, value.toExponential(8), 6)
}

function floatText(value: number, scientific: string, most: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? 'Infinity' : '-Infinity'
  if (value === 0) return Object.is(value, -0) ? '-0' : '0'
  const [mantissa = '', power = '0'] = scientific.split('e')
  const exponent = Number(power)
  if (exponent >= -4 && exponent < most) return plain(mantissa, exponent)
  const size = String(Math.abs(exponent)).padStart(2, '0')
  return `${mantissa}e${exponent < 0 ? '-' : '+'}${size}`
}

function plain(mantissa: string, exponent: number): string {
  const sign = mantissa.startsWith('-') ? '-' : ''
  const digits = mantissa.replace(/[-.]/g, '')
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0')
  const rest = digits.slice(exponent + 1)
  return sign + whole + (rest === '' ? '' : `.${rest}`)
}
