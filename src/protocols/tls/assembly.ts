/** Handshake messages of one side (RFC 8446 §4, RFC 5246 §7.4), which may lie in several records, or several in one. */

/** Bytes of a message that are kept at most: longer ones are passed over. */
export const MAX_MESSAGE = 64 << 10
const HEADER = 4
const FIRST_CAPACITY = 512

export class Assembly {
  readonly #isWanted: (type: number) => boolean
  readonly #says: (type: number, body: Uint8Array, timeNs: number) => void
  #bytes = new Uint8Array(0)
  #filled = 0
  /** Of the current message, with its header; 0: its header isn't whole. */
  #length = 0
  /** Bytes of an unwanted message that are still to come. */
  #passing = 0

  /** `body` is valid during the call only; of a message that isn't wanted it is empty. */
  constructor(
    isWanted: (type: number) => boolean,
    says: (type: number, body: Uint8Array, timeNs: number) => void,
  ) {
    this.#isWanted = isWanted
    this.#says = says
  }

  get held(): number {
    return this.#bytes.length
  }

  /** Takes the next bytes of handshake records, which came at `timeNs`. */
  take(bytes: Uint8Array, start: number, end: number, timeNs: number): void {
    for (let at = start; at < end; ) {
      if (this.#passing > 0) {
        const passed = Math.min(this.#passing, end - at)
        this.#passing -= passed
        at += passed
        continue
      }
      const wanted = (this.#length || HEADER) - this.#filled
      const taken = Math.min(wanted, end - at)
      this.#keep(bytes, at, taken)
      at += taken
      if (taken === wanted) this.#filledUp(timeNs)
    }
  }

  reset(): void {
    this.#bytes = new Uint8Array(0)
    this.#filled = 0
    this.#length = 0
    this.#passing = 0
  }

  #filledUp(timeNs: number): void {
    const bytes = this.#bytes
    const type = bytes[0]!
    const size = (bytes[1]! << 16) | (bytes[2]! << 8) | bytes[3]!
    if (this.#length === 0 && size > 0 && size <= MAX_MESSAGE && this.#isWanted(type)) {
      this.#length = HEADER + size
      return
    }
    const length = this.#length
    this.reset()
    if (length === 0) this.#passing = size
    this.#says(type, bytes.subarray(HEADER, Math.max(HEADER, length)), timeNs)
  }

  #keep(bytes: Uint8Array, at: number, length: number): void {
    const needed = this.#filled + length
    if (needed > this.#bytes.length) {
      const most = Math.max(FIRST_CAPACITY, this.#length)
      const wider = new Uint8Array(Math.min(most, Math.max(FIRST_CAPACITY, 2 * needed)))
      wider.set(this.#bytes.subarray(0, this.#filled))
      this.#bytes = wider
    }
    this.#bytes.set(bytes.subarray(at, at + length), this.#filled)
    this.#filled = needed
  }
}
