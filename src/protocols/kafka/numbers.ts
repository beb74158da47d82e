/** Numbers of Kafka's messages: big-endian, and varints as in Protocol Buffers (zigzag in records). */

export const i16 = (bytes: Uint8Array, at: number): number => ((bytes[at]! << 24) >> 16) | bytes[at + 1]!
export const u16 = (bytes: Uint8Array, at: number): number => (bytes[at]! << 8) | bytes[at + 1]!
export const i32 = (bytes: Uint8Array, at: number): number =>
  (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!

/** In digits, all of them. */
export function i64Text(bytes: Uint8Array, at: number): string {
  const high = i32(bytes, at)
  const low = i32(bytes, at + 4) >>> 0
  const isSafe = high >= -0x200000 && high < 0x200000
  return isSafe ? String(high * 0x1_0000_0000 + low) : String((BigInt(high) << 32n) + BigInt(low))
}

export const SIZES = { b: 1, i8: 1, i16: 2, u16: 2, i32: 4, u32: 4, i64: 8, f64: 8 } as const

/** A number or a boolean as JSON; '' for a boolean that is neither. */
export function numberText(bytes: Uint8Array, at: number, kind: keyof typeof SIZES): string {
  switch (kind) {
    case 'b':
      return bytes[at]! > 1 ? '' : bytes[at] === 1 ? 'true' : 'false'
    case 'i8':
      return String((bytes[at]! << 24) >> 24)
    case 'i16':
      return String(i16(bytes, at))
    case 'u16':
      return String(u16(bytes, at))
    case 'i32':
      return String(i32(bytes, at))
    case 'u32':
      return String(i32(bytes, at) >>> 0)
    case 'i64':
      return i64Text(bytes, at)
    default: {
      const value = f64(bytes, at)
      return Number.isFinite(value) ? String(value) : `"${value}"`
    }
  }
}

function f64(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset + at, 8).getFloat64(0)
}

const MOST_BYTES = 10

/** Reads one varint after the other. */
export class Varint {
  next = 0
  /** The bytes ended within a number, or it has too many of them. */
  isShort = false
  #bytes: Uint8Array = new Uint8Array(0)
  #end = 0

  at(bytes: Uint8Array, pos: number, end: number): this {
    this.#bytes = bytes
    this.next = pos
    this.#end = end
    this.isShort = false
    return this
  }

  /** At most 5 bytes. */
  unsigned(): number {
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.#byte()
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return value >>> 0
    }
    this.isShort = true
    return 0
  }

  signed(): number {
    const value = this.unsigned()
    return (value >>> 1) ^ -(value & 1)
  }

  /** A number whose value doesn't matter. */
  pass(): void {
    for (let i = 0; i < MOST_BYTES; i++) if (this.#byte() < 0x80) return
    this.isShort = true
  }

  skip(bytes: number): void {
    this.next += bytes
  }

  #byte(): number {
    if (this.next < this.#end) return this.#bytes[this.next++]!
    this.isShort = true
    return 0
  }
}
