/** Distinct texts by their bytes, numbered as they come: no text is decoded to find its number. */
import { StringTable } from './batch'

/** Texts up to this long are compared in a loop, longer ones natively. */
const SHORT = 64
const FIRST_SLOTS = 1024
const FIRST_BYTES = 4096

/** Random odd factors, so that nobody can choose texts that collide. */
const [MIX_A, MIX_B, SEED] = crypto.getRandomValues(new Uint32Array(3)).map((n) => n | 1) as unknown as [
  number,
  number,
  number,
]

export const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** Four bytes at a time; the last four may overlap those before. */
export function hashOf(view: DataView, from: number, to: number): number {
  let hash = (SEED ^ (to - from)) | 0
  const last = to - 4
  for (let at = from; at < last; at += 4) hash = mixed(hash, view.getInt32(at, true))
  if (last >= from) hash = mixed(hash, view.getInt32(last, true))
  else for (let at = from; at < to; at++) hash = mixed(hash, view.getUint8(at))
  hash ^= hash >>> 16
  hash = Math.imul(hash, MIX_B)
  return hash ^ (hash >>> 15)
}

function mixed(hash: number, word: number): number {
  const a = Math.imul(word, MIX_A)
  const key = Math.imul((a << 15) | (a >>> 17), MIX_B)
  const next = hash ^ key
  return (Math.imul((next << 13) | (next >>> 19), 5) + 0xe6546b64) | 0
}

/** Whether both hold the same `length` bytes from there on. */
export function sameBytes(a: DataView, fromA: number, b: DataView, fromB: number, length: number): boolean {
  if (length > SHORT) {
    const left = new Uint8Array(a.buffer, a.byteOffset + fromA, length)
    return Buffer.compare(left, new Uint8Array(b.buffer, b.byteOffset + fromB, length)) === 0
  }
  let i = 0
  for (; i + 4 <= length; i += 4)
    if (a.getInt32(fromA + i, true) !== b.getInt32(fromB + i, true)) return false
  for (; i < length; i++) if (a.getUint8(fromA + i) !== b.getUint8(fromB + i)) return false
  return true
}

export class TextIndex {
  size = 0
  #bytes = new Uint8Array(FIRST_BYTES)
  #view = viewOf(this.#bytes)
  /** Ends of the texts in `#bytes`; text n begins at offset n. */
  #offsets = new Uint32Array(FIRST_SLOTS)
  #hashes = new Int32Array(FIRST_SLOTS)
  /** Number + 1, or 0. */
  #slots = new Uint32Array(FIRST_SLOTS)

  /** Bytes that it holds. */
  get bytes(): number {
    return (
      this.#bytes.byteLength + this.#offsets.byteLength + this.#hashes.byteLength + this.#slots.byteLength
    )
  }

  /** The number of the text in bytes [from, to) of `view`; a new one gets the next, or −1 unless `insert`. */
  number(view: DataView, from: number, to: number, insert: boolean): number {
    const hash = hashOf(view, from, to)
    const mask = this.#slots.length - 1
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const taken = this.#slots[slot]!
      if (taken === 0) return insert ? this.#insert(view, from, to, hash, slot) : -1
      if (this.#hashes[taken - 1] === hash && this.#same(taken - 1, view, from, to)) return taken - 1
    }
  }

  #same(number: number, view: DataView, from: number, to: number): boolean {
    const start = this.#offsets[number]!
    return (
      this.#offsets[number + 1]! - start === to - from && sameBytes(this.#view, start, view, from, to - from)
    )
  }

  #insert(view: DataView, from: number, to: number, hash: number, slot: number): number {
    const number = this.size++
    const start = this.#offsets[number]!
    const end = start + to - from
    if (end > this.#bytes.length) this.#widen(end)
    this.#bytes.set(new Uint8Array(view.buffer, view.byteOffset + from, to - from), start)
    this.#hashes[number] = hash
    this.#slots[slot] = number + 1
    if (this.size * 2 > this.#slots.length) this.#rehash()
    this.#offsets[number + 1] = end
    return number
  }

  #widen(needed: number): void {
    const bytes = new Uint8Array(Math.max(needed, this.#bytes.length * 2))
    bytes.set(this.#bytes)
    this.#bytes = bytes
    this.#view = viewOf(bytes)
  }

  #rehash(): void {
    const length = this.#slots.length * 2
    const hashes = new Int32Array(length)
    hashes.set(this.#hashes)
    this.#hashes = hashes
    const offsets = new Uint32Array(length)
    offsets.set(this.#offsets)
    this.#offsets = offsets
    this.#slots = new Uint32Array(length)
    const mask = length - 1
    for (let number = 0; number < this.size; number++) {
      let slot = hashes[number]! & mask
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask
      this.#slots[slot] = number + 1
    }
  }

  /** All texts, each at its number. */
  table(): StringTable {
    const offsets = this.#offsets.slice(0, this.size + 1)
    return new StringTable(this.#bytes.slice(0, offsets[this.size]!), offsets)
  }
}
