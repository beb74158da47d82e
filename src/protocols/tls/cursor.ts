/** Reads numbers and vectors (RFC 8446 §3) out of bytes. Past the end it gives zeros and empty vectors, and `isShort` from then on. */
const EMPTY = new Uint8Array(0)

export class Cursor {
  readonly bytes: Uint8Array
  pos: number
  readonly end: number
  isShort = false

  constructor(bytes: Uint8Array, pos = 0, end = bytes.length) {
    this.bytes = bytes
    this.pos = pos
    this.end = end
  }

  get left(): number {
    return this.end - this.pos
  }

  /** An unsigned number of so many bytes, at most 4. */
  number(width: number): number {
    if (this.left < width) return this.#short(0)
    let value = 0
    for (let i = 0; i < width; i++) value = value * 256 + this.bytes[this.pos++]!
    return value
  }

  take(length: number): Uint8Array {
    if (this.left < length) return this.#short(EMPTY)
    this.pos += length
    return this.bytes.subarray(this.pos - length, this.pos)
  }

  /** What a length of `width` bytes stands before. */
  vector(width: number): Cursor {
    const content = this.take(this.number(width))
    return new Cursor(content)
  }

  /** The numbers of a vector, `most` at most. */
  numbers(lengthWidth: number, width: number, most: number): number[] {
    const vector = this.vector(lengthWidth)
    const all: number[] = []
    while (vector.left >= width && all.length < most) all.push(vector.number(width))
    return all
  }

  #short<T>(value: T): T {
    this.isShort = true
    this.pos = this.end
    return value
  }
}
