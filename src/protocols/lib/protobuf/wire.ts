/** Fields of a message of Protocol Buffers (https://protobuf.dev/programming-guides/encoding), as they stand in its bytes. */

export enum Wire {
  Varint = 0,
  Fixed64 = 1,
  Length = 2,
  Fixed32 = 5,
}
export const MAX_FIELD_NUMBER = 2 ** 29 - 1

/** `value`: of a varint; `content`: what a length stands before. */
export type Visit = (
  number: number,
  wire: Wire,
  value: number | bigint,
  content: Uint8Array | undefined,
) => void

/** Visits the fields in order; false where the bytes are no message, after those before that place. */
export function forEachField(bytes: Uint8Array, visit: Visit): boolean {
  const cursor = { at: 0 }
  while (cursor.at < bytes.length) {
    const tag = varintAt(bytes, cursor, bytes.length)
    if (typeof tag !== 'number') return false
    const number = Math.floor(tag / 8)
    const wire = tag % 8
    if (number < 1 || number > MAX_FIELD_NUMBER) return false
    if (wire === Wire.Varint) {
      const value = varintAt(bytes, cursor, bytes.length)
      if (value === undefined) return false
      visit(number, wire, value, undefined)
      continue
    }
    const length = wire === Wire.Fixed64 ? 8 : wire === Wire.Fixed32 ? 4 : lengthAt(bytes, cursor, wire)
    if (length === undefined || length > bytes.length - cursor.at) return false
    const content = bytes.subarray(cursor.at, cursor.at + length)
    cursor.at += length
    if (wire === Wire.Length) visit(number, wire, 0, content)
  }
  return true
}

function lengthAt(bytes: Uint8Array, cursor: { at: number }, wire: number): number | undefined {
  const length = wire === Wire.Length ? varintAt(bytes, cursor, bytes.length) : undefined
  return typeof length === 'number' ? length : undefined
}

/** Undefined where it doesn't end. Most are small: only those beyond 2^49 take a bigint. */
export function varintAt(
  bytes: Uint8Array,
  cursor: { at: number },
  end: number,
): number | bigint | undefined {
  let value = 0
  for (let length = 0; length < 7 && cursor.at < end; length++) {
    const byte = bytes[cursor.at++]!
    value += (byte & 0x7f) * 2 ** (7 * length)
    if (byte < 0x80) return value
  }
  let large = BigInt(value)
  for (let shift = 49n; shift < 70n && cursor.at < end; shift += 7n) {
    const byte = bytes[cursor.at++]!
    large |= BigInt(byte & 0x7f) << shift
    if (byte < 0x80) return BigInt.asUintN(64, large)
  }
  return undefined
}
