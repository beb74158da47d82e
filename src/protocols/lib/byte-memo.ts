/** Bounded memory of what bytes mean, by the bytes themselves. */
import { sameBytes } from './bytes'

interface Entry<V> {
  readonly hash: number
  readonly bytes: Uint8Array
  readonly value: V
}

/** Against bytes chosen so that they share a place. */
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

/** What an entry takes in all, for each byte of its key: the key, the text of it, and what is made of that. */
const MEMORY_PER_BYTE = 4
const ENTRY_BYTES = 512

/**
 * A bounded memo of a pure function of bytes: what was met before is known again without making a text of it. Bytes are
 * compared, so that equal hashes are no matter; each hash has one place, and what is met there for the second time in a row
 * takes it, so that what never repeats is not copied and displaces nothing.
 */
export class ByteMemo<V> {
  readonly #make: (bytes: Uint8Array, from: number, to: number) => V
  readonly #longest: number
  readonly #budget: number
  readonly #entries: (Entry<V> | undefined)[]
  /** Hashes that were met last. */
  readonly #met: Int32Array
  #held = 0

  /**
   * @param places a power of two
   * @param longest more bytes than this are not remembered
   * @param budget bytes of memory, about; when they are used up it begins anew
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

  /** Of bytes[from..to), which need not stay as they are. */
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
