/** Reads what packets consist of ("Basic Data Types"): little-endian numbers, texts that end with NUL or have their length in front. */
import { latin1, utf8 } from '../lib/bytes'

export class Fields {
  readonly bytes: Uint8Array
  pos: number
  /** Something was to be read behind the end, or wasn't what it had to be. */
  isShort = false

  constructor(bytes: Uint8Array, pos = 0) {
    this.bytes = bytes
    this.pos = pos
  }

  get left(): number {
    return this.bytes.length - this.pos
  }

  /** An unsigned number of up to six bytes; 0 behind the end. */
  number(bytes: number): number {
    if (!this.#has(bytes)) return 0
    let value = 0
    for (let i = bytes - 1; i >= 0; i--) value = value * 256 + this.bytes[this.pos + i]!
    this.pos += bytes
    return value
  }

  /** An unsigned number with its length; -1 for NULL. Beyond 2^53 it isn't exact. */
  length(): number {
    const first = this.number(1)
    if (first < 0xfb) return first
    if (first === 0xfb) return -1
    if (first === 0xfc) return this.number(2)
    if (first === 0xfd) return this.number(3)
    if (first === 0xff) {
      this.isShort = true
      return 0
    }
    const low = this.number(4)
    return this.number(4) * 2 ** 32 + low
  }

  skip(bytes: number): void {
    if (this.#has(bytes)) this.pos += bytes
  }

  /** The next bytes, as far as they are there. */
  take(bytes: number): Uint8Array {
    const end = Math.min(this.bytes.length, this.pos + Math.max(0, bytes))
    if (end - this.pos < bytes) this.isShort = true
    const taken = this.bytes.subarray(this.pos, end)
    this.pos = end
    return taken
  }

  /** A text up to its NUL, or to the end. */
  terminated(): string {
    const nul = this.bytes.indexOf(0, this.pos)
    const end = nul < 0 ? this.bytes.length : nul
    if (nul < 0) this.isShort = true
    const text = utf8(this.bytes, this.pos, end)
    this.pos = Math.min(end + 1, this.bytes.length)
    return text
  }

  /** A text with its length in front. */
  text(): string {
    return textOf(this.take(this.length()))
  }

  rest(): string {
    return textOf(this.take(this.left))
  }

  #has(bytes: number): boolean {
    if (bytes <= this.left) return true
    this.isShort = true
    this.pos = this.bytes.length
    return false
  }
}

export const textOf = (bytes: Uint8Array): string => utf8(bytes, 0, bytes.length)
export const latin1Of = (bytes: Uint8Array): string => latin1(bytes, 0, bytes.length)
