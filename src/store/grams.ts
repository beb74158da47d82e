/**
 * Which three bytes in a row the texts of a column hold: a chunk without those of a sought word has no such text. A set
 * of 2^16 hashed trigrams is 8 KiB, in the file as a blob of its own. Texts at random (ids, base64) fill it, and then it
 * would rule nothing out: it is left out.
 */
import { BlobWriter, DamagedBlob, readBlob } from './blob'

const SLOTS = 1 << 16
const BYTES = SLOTS >> 3
/** Of the slots: above it, a word of a few letters is found by chance. */
const TOO_FULL = 0.5
const SHORTEST = 3
/** Texts of fewer bytes are searched as fast as the index is read. */
export const WORTH_BYTES = 256 << 10

const slotOf = (a: number, b: number, c: number) => Math.imul(a | (b << 8) | (c << 16), 0x9e3779b1) >>> 16

export class Grams {
  /** A byte a slot: faster to fill than bits. */
  readonly #seen = new Uint8Array(SLOTS)

  /** Takes whole texts, one behind the other: trigrams across two of them do no harm. */
  add(bytes: Uint8Array): void {
    const seen = this.#seen
    for (let i = SHORTEST - 1, a = bytes[0]!, b = bytes[1]!; i < bytes.length; i++) {
      const c = bytes[i]!
      seen[slotOf(a, b, c)] = 1
      a = b
      b = c
    }
  }

  /** The index as a blob; undefined when it would rule nothing out. */
  finish(level: number): Uint8Array | undefined {
    const bits = new Uint8Array(BYTES)
    let count = 0
    for (let slot = 0; slot < SLOTS; slot++) {
      if (this.#seen[slot] === 0) continue
      bits[slot >> 3]! |= 1 << (slot & 7)
      count++
    }
    if (count > SLOTS * TOO_FULL) return undefined
    const out = new BlobWriter(level)
    out.write(bits)
    return out.finish()
  }
}

/** Whether no text of the column can hold the sought one; false when the index is damaged. */
export function lacks(index: Uint8Array, place: number, sought: string): boolean {
  // Half a character is no text of its own: whether it is in one depends on who asks.
  if (!sought.isWellFormed()) return false
  const bytes = Buffer.from(sought)
  if (bytes.length < SHORTEST) return false
  let bits: Uint8Array
  try {
    bits = readBlob(index, place).take(0, BYTES)
  } catch (cause) {
    if (cause instanceof DamagedBlob) return false
    throw cause
  }
  for (let i = SHORTEST - 1; i < bytes.length; i++) {
    const slot = slotOf(bytes[i - 2]!, bytes[i - 1]!, bytes[i]!)
    if ((bits[slot >> 3]! & (1 << (slot & 7))) === 0) return true
  }
  return false
}
