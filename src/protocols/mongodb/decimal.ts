/** Decimal128 of BSON (IEEE 754-2008 decimal128, binary integer significand) as text: bsonspec/specifications, bson-decimal128. */

const BIAS = 6176
const DIGITS = 34
const LARGEST = 10n ** BigInt(DIGITS) - 1n

export function decimalText(bytes: Uint8Array, at: number): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, 16)
  const low = view.getBigUint64(0, true)
  const high = view.getBigUint64(8, true)
  const sign = high >> 63n ? '-' : ''
  const combination = Number((high >> 58n) & 31n)
  if (combination === 31) return 'NaN'
  if (combination === 30) return `${sign}Infinity`
  // With these two bits the significand would have more digits than fit: it counts as 0.
  const isLarge = combination >> 3 === 3
  const exponent = Number((high >> (isLarge ? 47n : 49n)) & 0x3fffn) - BIAS
  const significand = isLarge ? 0n : ((high & 0x1ffffffffffffn) << 64n) | low
  return sign + shown((significand > LARGEST ? 0n : significand).toString(), exponent)
}

function shown(digits: string, exponent: number): string {
  const scientific = exponent + digits.length - 1
  if (exponent > 0 || scientific < -6) {
    const rest = digits.length > 1 ? `.${digits.slice(1)}` : ''
    return `${digits[0]}${rest}E${scientific < 0 ? '' : '+'}${scientific}`
  }
  if (exponent === 0) return digits
  const padded = digits.padStart(1 - exponent, '0')
  return `${padded.slice(0, exponent)}.${padded.slice(exponent)}`
}
