/** A bounded memory of parsed bytes, by the bytes themselves. */
import { sameBytes } from './bytes'

interface Entry<V> {
  readonly hash: number
  readonly bytes: Uint8Array
  readonly value: V
}

/** Random, so that nobody can choose bytes that share a place. */
const SEED = crypto.getRandomValues(new Uint32Array(1))[0]!
const FACTOR = 0x9e3779b1

/** Four bytes at a time, without a view of the memory as words: to make one takes as long as to hash 100 bytes. */
function hashOf(bytes: Uint8Array, from: number, to: number): number {
  let hash = SEED ^ (to - from)
  let at = from
  for (; at + 4 <= to; at += 4) {
    const word = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
    hash = Math.imul(hash ^ word, FACTOR)
    hash ^= hash >>> 15
  }
  for (; at < to; at++) hash = Math.imul(hash ^ bytes[at]!, FACTOR)
  return hash ^ (hash >>> 16)
}

/** Bytes that an entry takes for each byte of its key: the key, its text and the result. */
const MEMORY_PER_BYTE = 4
const ENTRY_BYTES = 512

/**
 * A bounded memo of a pure function of bytes: for bytes seen before it gives the result without making a text of them. It
 * compares the bytes, so equal hashes do no harm. Each hash has one place; bytes take it when they come twice in a row, so
 * bytes that never repeat are not copied and displace nothing.
 */
export class ByteMemo<V> {
  readonly #make: (bytes: Uint8Array, from: number, to: number) => V
  readonly #longest: number
  readonly #budget: number
  readonly #entries: (Entry<V> | undefined)[]
  /** The newest hash of each place. */
  readonly #met: Int32Array
  #held = 0

  /**
   * @param places a power of two
   * @param longest longer bytes are not remembered
   * @param budget bytes of memory, about; when they are used up the memo begins anew
   */
  constructor(
    make: (bytes: Uint8Array, from: number, to: number) => V,
    places: number,
    longest: number,
    budget: number,
  ) {
    this.#make = make
    this.#longest = longest
    this.#budget = budget
    this.#entries = new Array<undefined>(places).fill(undefined)
    this.#met = new Int32Array(places)
  }

  /** Bytes of memory that it takes, about. */
  get held(): number {
    return this.#held
  }

  /** The result for bytes[from..to), which may change afterwards. */
  get(bytes: Uint8Array, from: number, to: number): V {
    const length = to - from
    if (length > this.#longest) return this.#make(bytes, from, to)
    const hash = hashOf(bytes, from, to)
    const place = hash & (this.#met.length - 1)
    const entry = this.#entries[place]
    if (entry?.hash === hash && sameBytes(entry.bytes, bytes, from, to)) return entry.value
    const value = this.#make(bytes, from, to)
    if (this.#met[place] !== hash) this.#met[place] = hash
    else this.#keep(place, { hash, bytes: bytes.slice(from, to), value })
    return value
  }

  #keep(place: number, entry: Entry<V>): void {
    const before = this.#entries[place]
    if (before) this.#held -= heldBy(before)
    this.#held += heldBy(entry)
    if (this.#held > this.#budget) {
      this.#entries.fill(undefined)
      this.#held = heldBy(entry)
    }
    this.#entries[place] = entry
  }
}

const heldBy = ({ bytes }: Entry<unknown>): number => ENTRY_BYTES + MEMORY_PER_BYTE * bytes.length
