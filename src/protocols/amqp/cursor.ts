/** Reads what a frame holds, in order. What isn't there is undefined, and so is all that follows. */
import { latin1, utf8 } from '../lib/bytes'

export class Cursor {
  readonly bytes: Uint8Array
  readonly end: number
  at: number
  /** Something didn't fit, or wasn't there. */
  isShort = false

  constructor(bytes: Uint8Array, at: number, end: number) {
    this.bytes = bytes
    this.at = at
    this.end = end
  }

  get left(): number {
    return this.end - this.at
  }

  number(size: 1 | 2 | 4 | 8): number | undefined {
    if (this.left < size) return this.fail()
    let value = 0
    for (let i = 0; i < size; i++) value = value * 256 + this.bytes[this.at++]!
    return value
  }

  signed(size: 1 | 2 | 4): number | undefined {
    const value = this.number(size)
    const half = 2 ** (size * 8 - 1)
    return value === undefined || value < half ? value : value - 2 * half
  }

  /** A signed number of 8 bytes: as text where a number of JavaScript isn't exact. */
  large(): number | string | undefined {
    const bytes = this.stretch(8)
    if (!bytes) return undefined
    const value = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigInt64(0)
    return Number.isSafeInteger(Number(value)) ? Number(value) : String(value)
  }

  float(size: 4 | 8): number | undefined {
    const bytes = this.stretch(size)
    if (!bytes) return undefined
    const view = new DataView(bytes.buffer, bytes.byteOffset, size)
    return size === 4 ? view.getFloat32(0) : view.getFloat64(0)
  }

  stretch(length: number): Uint8Array | undefined {
    if (length > this.left) return this.fail()
    const from = this.at
    this.at += length
    return this.bytes.subarray(from, this.at)
  }

  /** Text behind its length in one byte. */
  short(): string | undefined {
    const length = this.number(1)
    if (length === undefined || length > this.left) return this.fail()
    const from = this.at
    this.at += length
    const { bytes, at } = this
    for (let i = from; i < at; i++) if (bytes[i]! > 0x7f) return utf8(bytes, from, at)
    return latin1(bytes, from, at)
  }

  /** Bytes behind their length in four bytes. */
  long(): Uint8Array | undefined {
    const length = this.number(4)
    return length === undefined ? undefined : this.stretch(length)
  }

  fail(): undefined {
    this.at = this.end
    this.isShort = true
    return undefined
  }
}
