/** Values of parameters in their binary form as text ("Binary Protocol Value"), as a statement would have them, without quotes. */
import { bodyText } from '../lib/body-text'
import type { Fields } from './fields'

/** Types of columns; others are texts with their length in front. */
const TYPE = {
  TINY: 1,
  SHORT: 2,
  LONG: 3,
  FLOAT: 4,
  DOUBLE: 5,
  NULL: 6,
  TIMESTAMP: 7,
  LONGLONG: 8,
  INT24: 9,
  DATE: 10,
  TIME: 11,
  DATETIME: 12,
  YEAR: 13,
} as const

/** Types that a value may have. */
const TEXTS: ReadonlySet<number> = new Set([
  0, 14, 15, 16, 17, 18, 19, 242, 245, 246, 247, 248, 249, 250, 251, 252, 253, 254, 255,
])

export interface ParameterType {
  readonly type: number
  readonly isUnsigned: boolean
}

/** The next value, or what is there of a text; undefined where it isn't whole, or of no known type. */
export function valueText(fields: Fields, { type, isUnsigned }: ParameterType): string | undefined {
  const before = fields.left
  const value = read(fields, type, isUnsigned)
  return fields.isShort && !(TEXTS.has(type) && before > 1) ? undefined : value
}

function read(fields: Fields, type: number, isUnsigned: boolean): string | undefined {
  switch (type) {
    case TYPE.TINY:
      return whole(fields, 1, isUnsigned)
    case TYPE.SHORT:
      return whole(fields, 2, isUnsigned)
    case TYPE.YEAR:
      return whole(fields, 2, true)
    case TYPE.LONG:
    case TYPE.INT24:
      return whole(fields, 4, isUnsigned)
    case TYPE.LONGLONG:
      return whole(fields, 8, isUnsigned)
    case TYPE.FLOAT:
      return shortest(floating(fields, 4))
    case TYPE.DOUBLE:
      return String(floating(fields, 8))
    case TYPE.NULL:
      return 'NULL'
    case TYPE.DATE:
    case TYPE.DATETIME:
    case TYPE.TIMESTAMP:
      return date(fields, type === TYPE.DATE)
    case TYPE.TIME:
      return time(fields)
    default:
      return TEXTS.has(type) ? text(fields) : undefined
  }
}

function text(fields: Fields): string {
  const size = fields.length()
  return size < 0 ? 'NULL' : bodyText(fields.take(size), size)
}

function whole(fields: Fields, bytes: number, isUnsigned: boolean): string {
  if (bytes < 8) {
    const value = fields.number(bytes)
    const half = 2 ** (8 * bytes - 1)
    return String(isUnsigned || value < half ? value : value - 2 * half)
  }
  const low = BigInt(fields.number(4))
  const value = (BigInt(fields.number(4)) << 32n) | low
  return String(isUnsigned ? value : BigInt.asIntN(64, value))
}

function floating(fields: Fields, bytes: 4 | 8): number {
  const taken = fields.take(bytes)
  if (taken.length < bytes) return 0
  const view = new DataView(taken.buffer, taken.byteOffset, bytes)
  return bytes === 4 ? view.getFloat32(0, true) : view.getFloat64(0, true)
}

/** With the digits that tell it from its neighbours of four bytes. */
const shortest = (value: number): string => {
  for (let digits = 6; digits < 9; digits++) {
    const rounded = Number(value.toPrecision(digits))
    if (Math.fround(rounded) === value) return String(rounded)
  }
  return String(value)
}

const padded = (value: number, width = 2): string => String(value).padStart(width, '0')

const clock = (fields: Fields): string =>
  [fields.number(1), fields.number(1), fields.number(1)].map((part) => padded(part)).join(':')

/** Nothing for whole seconds. */
const micros = (fields: Fields): string => {
  const value = fields.number(4)
  return value === 0 ? '' : `.${padded(value, 6)}`
}

function date(fields: Fields, isDay: boolean): string {
  const length = fields.number(1)
  const day =
    length < 4
      ? '0000-00-00'
      : `${padded(fields.number(2), 4)}-${padded(fields.number(1))}-${padded(fields.number(1))}`
  if (length < 7) return length === 4 && !isDay ? `${day} 00:00:00` : day
  return `${day} ${clock(fields)}${length >= 11 ? micros(fields) : ''}`
}

function time(fields: Fields): string {
  const length = fields.number(1)
  if (length < 8) return '00:00:00'
  const sign = fields.number(1) === 1 ? '-' : ''
  const days = fields.number(4)
  const hours = fields.number(1)
  const rest = [fields.number(1), fields.number(1)].map((part) => padded(part)).join(':')
  return `${sign}${padded(24 * days + hours)}:${rest}${length >= 12 ? micros(fields) : ''}`
}
