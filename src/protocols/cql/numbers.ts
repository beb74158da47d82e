/** Values of fixed forms as CQL writes them: native_protocol_v5.spec §6. */
import { hexOf, uuidOf } from './fields'

/** Numbers with more bytes are shown as such: the time for their digits grows with the square of that. */
const MOST_BYTES = 64
/** More zeros are written as an exponent. */
const MOST_SCALE = 64

/** Undefined where the bytes are none of this type, which may be one that is shown as bytes. */
export function numberText(code: number, bytes: Uint8Array): string | undefined {
  const size = SIZES.get(code)
  if (size !== undefined && size !== bytes.length) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  switch (code) {
    case 2:
    case 5:
      return String(view.getBigInt64(0))
    case 4:
      return bytes[0] === 0 ? 'false' : 'true'
    case 6:
      return bytes.length < 5 || bytes.length > MOST_BYTES ? undefined : decimalText(view, bytes)
    case 7:
      return String(view.getFloat64(0))
    case 8:
      return shortest(view.getFloat32(0))
    case 9:
      return String(view.getInt32(0))
    case 11:
      return momentText(Number(view.getBigInt64(0)))
    case 12:
    case 15:
      return uuidOf(bytes)
    case 14:
      return bytes.length === 0 || bytes.length > MOST_BYTES ? undefined : String(integerOf(bytes))
    case 16:
      return addressText(bytes)
    case 17:
      return dayText(view.getUint32(0) - 2 ** 31)
    case 18:
      return clockText(view.getBigInt64(0))
    case 19:
      return String(view.getInt16(0))
    case 20:
      return String(view.getInt8(0))
    case 21:
      return durationText(bytes)
    default:
      return undefined
  }
}

const SIZES: ReadonlyMap<number, number> = new Map([
  [2, 8],
  [4, 1],
  [5, 8],
  [7, 8],
  [8, 4],
  [9, 4],
  [11, 8],
  [12, 16],
  [15, 16],
  [17, 4],
  [18, 8],
  [19, 2],
  [20, 1],
])

const integerOf = (bytes: Uint8Array): bigint => BigInt.asIntN(8 * bytes.length, BigInt(`0x${hexOf(bytes)}`))

function decimalText(view: DataView, bytes: Uint8Array): string {
  const scale = view.getInt32(0)
  const unscaled = integerOf(bytes.subarray(4))
  if (scale === 0) return String(unscaled)
  if (scale < 0 || scale > MOST_SCALE) return `${unscaled}E${-scale}`
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0')
  return `${unscaled < 0n ? '-' : ''}${digits.slice(0, -scale)}.${digits.slice(-scale)}`
}

/** With the digits that tell it from its neighbours of four bytes. */
function shortest(value: number): string {
  for (let digits = 6; digits < 9; digits++) {
    const rounded = Number(value.toPrecision(digits))
    if (Math.fround(rounded) === value) return String(rounded)
  }
  return String(value)
}

function momentText(ms: number): string {
  const date = new Date(ms)
  return Number.isNaN(date.getTime()) ? String(ms) : `'${date.toISOString()}'`
}

const DAY_MS = 86_400_000

function dayText(day: number): string {
  const date = new Date(day * DAY_MS)
  return Number.isNaN(date.getTime()) ? String(day) : `'${date.toISOString().slice(0, -14)}'`
}

const DAY_NS = 86_400_000_000_000n

function clockText(ns: bigint): string | undefined {
  if (ns < 0n || ns >= DAY_NS) return undefined
  const seconds = Number(ns / 1_000_000_000n)
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
  const clock = parts.map((part) => String(part).padStart(2, '0')).join(':')
  return `'${clock}.${String(ns % 1_000_000_000n).padStart(9, '0')}'`
}

export function addressText(bytes: Uint8Array): string | undefined {
  if (bytes.length === 4) return `'${bytes.join('.')}'`
  if (bytes.length !== 16) return undefined
  const groups = hexOf(bytes).match(/.{4}/g)!
  return `'${new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1)}'`
}

/** Months, days and nanoseconds, each a number of variable length whose last bit is its sign. */
function durationText(bytes: Uint8Array): string | undefined {
  const numbers: bigint[] = []
  let at = 0
  while (at < bytes.length && numbers.length < 3) {
    // As many bytes follow as the first one has ones in front.
    const size = Math.min(8, Math.clz32((~bytes[at]! & 0xff) << 24))
    if (at + size >= bytes.length) return undefined
    let value = BigInt(size >= 7 ? 0 : bytes[at]! & (0xff >> (size + 1)))
    for (let i = 1; i <= size; i++) value = (value << 8n) | BigInt(bytes[at + i]!)
    numbers.push((value >> 1n) ^ -(value & 1n))
    at += size + 1
  }
  if (numbers.length < 3 || at < bytes.length) return undefined
  const parts = numbers.map((value, i) => (value === 0n ? '' : `${value < 0n ? -value : value}${UNITS[i]}`))
  return `${numbers.some((value) => value < 0n) ? '-' : ''}${parts.join('') || '0s'}`
}
const UNITS = ['mo', 'd', 'ns']
