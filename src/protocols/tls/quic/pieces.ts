/** Puts the pieces of a handshake together: clients send them in several packets, and some in any order. Bounded in bytes and pieces. */

/** A hello is no longer than this: that of one with all groups of today has some 2 KiB. */
const MAX_BYTES = 16 << 10
const MAX_PIECES = 64
const FIRST_CAPACITY = 2048

export class Pieces {
  #bytes = new Uint8Array(0)
  /** What has come, in order, apart from each other: [from, to). */
  #there: [number, number][] = []

  get held(): number {
    return this.#bytes.length
  }

  /** Bytes from the first on that are there. */
  get whole(): Uint8Array {
    const [first] = this.#there
    return first?.[0] === 0 ? this.#bytes.subarray(0, first[1]) : this.#bytes.subarray(0, 0)
  }

  add(offset: number, bytes: Uint8Array): void {
    const end = offset + bytes.length
    if (bytes.length === 0 || end > MAX_BYTES) return
    const apart = this.#there.filter(([from, to]) => to < offset || from > end)
    if (apart.length >= MAX_PIECES) return
    this.#keep(offset, bytes)
    const joined = this.#there.filter(([from, to]) => to >= offset && from <= end)
    const from = Math.min(offset, ...joined.map(([begin]) => begin))
    const to = Math.max(end, ...joined.map(([, last]) => last))
    this.#there = [...apart, [from, to] satisfies [number, number]].sort(([a], [b]) => a - b)
  }

  reset(): void {
    this.#bytes = new Uint8Array(0)
    this.#there = []
  }

  #keep(offset: number, bytes: Uint8Array): void {
    const end = offset + bytes.length
    if (end > this.#bytes.length) {
      const wider = new Uint8Array(Math.min(MAX_BYTES, Math.max(FIRST_CAPACITY, 2 * end)))
      wider.set(this.#bytes)
      this.#bytes = wider
    }
    this.#bytes.set(bytes, offset)
  }
}
