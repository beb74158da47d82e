/** Reads what a packet holds, in order. What isn't there is undefined, and so is all that follows. */
import { utf8 } from '../lib/bytes'
import { varint } from './packet'

export class Cursor {
  readonly bytes: Uint8Array
  readonly end: number
  at: number

  constructor(bytes: Uint8Array, at: number, end: number) {
    this.bytes = bytes
    this.at = at
    this.end = end
  }

  get left(): number {
    return this.end - this.at
  }

  /** A number of 1, 2 or 4 bytes. */
  number(size: 1 | 2 | 4): number | undefined {
    if (this.left < size) return this.#fail()
    let value = 0
    for (let i = 0; i < size; i++) value = value * 256 + this.bytes[this.at++]!
    return value
  }

  varint(): number | undefined {
    const found = varint(this.bytes, this.at, this.end)
    if (!found) return this.#fail()
    this.at = found.next
    return found.value
  }

  /** Bytes behind their length in two bytes. */
  binary(): Uint8Array | undefined {
    const length = this.number(2)
    if (length === undefined || length > this.left) return this.#fail()
    const from = this.at
    this.at += length
    return this.bytes.subarray(from, this.at)
  }

  text(): string | undefined {
    const bytes = this.binary()
    return bytes && utf8(bytes, 0, bytes.length)
  }

  #fail(): undefined {
    this.at = this.end
    return undefined
  }
}
