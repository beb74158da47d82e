/** Values of fields whose type is known (https://protobuf.dev/programming-guides/encoding#structure). */
import { FieldKind, type FieldType } from './descriptors'
import { varintAt, Wire } from './wire'

/** Values of one packed field that are shown. */
const MAX_PACKED = 100

/** How values of a kind are coded; undefined for groups. */
export function wireOf(kind: FieldKind): Wire | undefined {
  switch (kind) {
    case FieldKind.Double:
    case FieldKind.Fixed64:
    case FieldKind.Sfixed64:
      return Wire.Fixed64
    case FieldKind.Float:
    case FieldKind.Fixed32:
    case FieldKind.Sfixed32:
      return Wire.Fixed32
    case FieldKind.String:
    case FieldKind.Bytes:
    case FieldKind.Message:
      return Wire.Length
    case FieldKind.Group:
      return undefined
    default:
      return Wire.Varint
  }
}

/** A varint, or the four or eight bytes of a number. */
export function scalarText(field: FieldType, value: number | bigint | DataView): string {
  return value instanceof DataView ? fixedText(field.kind, value) : varintText(field, value)
}

function fixedText(kind: FieldKind, bits: DataView): string {
  switch (kind) {
    case FieldKind.Double:
      return `${bits.getFloat64(0, true)}`
    case FieldKind.Float:
      return `${Number(bits.getFloat32(0, true).toPrecision(7))}`
    case FieldKind.Fixed64:
      return `${bits.getBigUint64(0, true)}`
    case FieldKind.Sfixed64:
      return `${bits.getBigInt64(0, true)}`
    case FieldKind.Sfixed32:
      return `${bits.getInt32(0, true)}`
    default:
      return `${bits.getUint32(0, true)}`
  }
}

function varintText(field: FieldType, value: number | bigint): string {
  switch (field.kind) {
    case FieldKind.Bool:
      return value === 0 ? 'false' : 'true'
    case FieldKind.Enum: {
      const number = signed(value, 32)
      return field.valueName(Number(number)) ?? `${number}`
    }
    case FieldKind.Int32:
      return `${signed(value, 32)}`
    case FieldKind.Int64:
      return `${signed(value, 64)}`
    case FieldKind.Sint32:
    case FieldKind.Sint64: {
      const bits = BigInt(value)
      return `${(bits >> 1n) ^ -(bits & 1n)}`
    }
    default:
      return `${value}`
  }
}

/** Negative numbers are coded in ten bytes; small ones are themselves. */
const signed = (value: number | bigint, bits: 32 | 64): number | bigint =>
  typeof value === 'number' && value < 2 ** 31 ? value : BigInt.asIntN(bits, BigInt(value))

/** Numbers of a repeated field behind one another; undefined where they aren't. */
export function packedText(field: FieldType, bytes: Uint8Array, isCut: boolean): string | undefined {
  const shown: string[] = []
  const wire = wireOf(field.kind)
  const size = wire === Wire.Fixed64 ? 8 : 4
  const cursor = { at: 0 }
  while (cursor.at < bytes.length && shown.length < MAX_PACKED) {
    if (wire === Wire.Varint) {
      const value = varintAt(bytes, cursor, bytes.length)
      if (value === undefined) break
      shown.push(scalarText(field, value))
      continue
    }
    if (bytes.length - cursor.at < size) break
    shown.push(fixedText(field.kind, new DataView(bytes.buffer, bytes.byteOffset + cursor.at, size)))
    cursor.at += size
  }
  const isWhole = cursor.at >= bytes.length && !isCut
  if (!isWhole && !isCut && shown.length < MAX_PACKED) return undefined
  return `[${shown.join(', ')}${isWhole ? ']' : ', …'}`
}
