/** The newest bytes of what one side has said, decompressed: its next message may refer to them. */

const FIRST_CAPACITY = 1024

export class Window {
  readonly #size: number
  /** Once it is full the oldest byte is at `#start`, and the newest before it. */
  #bytes = new Uint8Array(0)
  #length = 0
  #start = 0

  /** @param size bytes that are kept at most */
  constructor(size: number) {
    this.#size = size
  }

  /** Bytes of memory that it takes. */
  get held(): number {
    return this.#bytes.length
  }

  /** From the oldest to the newest; valid until more is added. */
  get bytes(): Uint8Array {
    if (this.#start === 0) return this.#bytes.subarray(0, this.#length)
    return Buffer.concat([this.#bytes.subarray(this.#start), this.#bytes.subarray(0, this.#start)])
  }

  add(bytes: Uint8Array): void {
    const added = bytes.length > this.#size ? bytes.subarray(bytes.length - this.#size) : bytes
    this.#reserve(Math.min(this.#size, this.#length + added.length))
    const at = (this.#start + this.#length) % this.#size
    const first = Math.min(added.length, this.#size - at)
    this.#bytes.set(added.subarray(0, first), at)
    this.#bytes.set(added.subarray(first), 0)
    const over = Math.max(0, this.#length + added.length - this.#size)
    this.#start = (this.#start + over) % this.#size
    this.#length += added.length - over
  }

  clear(): void {
    this.#bytes = new Uint8Array(0)
    this.#length = 0
    this.#start = 0
  }

  #reserve(needed: number): void {
    const { length } = this.#bytes
    if (length >= needed) return
    const wider = new Uint8Array(Math.min(this.#size, Math.max(needed, 2 * length, FIRST_CAPACITY)))
    wider.set(this.bytes)
    this.#bytes = wider
  }
}
