/** The beginning of something that comes in parts, up to a limit. */

const FIRST_CAPACITY = 128
const EMPTY = new Uint8Array(0)

export class KeptBytes {
  #bytes: Uint8Array = EMPTY
  #length = 0
  #limit: number

  constructor(limit: number) {
    this.#limit = limit
  }

  /** Bytes of memory that it takes. */
  get held(): number {
    return this.#bytes.length
  }

  get length(): number {
    return this.#length
  }

  /** Nothing more is kept. */
  get isFull(): boolean {
    return this.#length >= this.#limit
  }

  /** Keeps of bytes[start..end) what there is room for; returns how many. */
  add(bytes: Uint8Array, start: number, end: number): number {
    const taken = Math.min(end - start, this.#limit - this.#length)
    if (taken <= 0) return 0
    this.#reserve(this.#length + taken)
    this.#bytes.set(bytes.subarray(start, start + taken), this.#length)
    this.#length += taken
    return taken
  }

  /** What follows is no part of what is kept. */
  close(): void {
    this.#limit = this.#length
  }

  /** Valid until more is added. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length)
  }

  #reserve(needed: number): void {
    const { length } = this.#bytes
    if (length >= needed) return
    const wider = new Uint8Array(Math.min(this.#limit, Math.max(needed, 2 * length, FIRST_CAPACITY)))
    wider.set(this.bytes)
    this.#bytes = wider
  }
}
