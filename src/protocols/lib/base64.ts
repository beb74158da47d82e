/** Base64 (RFC 4648 §4) that comes in parts, each of which may end with padding and go on behind it. */

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const PADDING = 61
const NONE = 64

const VALUES = new Uint8Array(256).fill(NONE)
for (let value = 0; value < ALPHABET.length; value++) VALUES[ALPHABET.charCodeAt(value)] = value

export class Base64Decoder {
  /** Bits of the last characters that make no byte yet. */
  #bits = 0
  #count = 0

  /** What the characters in bytes[start..end) say, with those before; others than base64 has are passed over. */
  decode(bytes: Uint8Array, start: number, end: number): Uint8Array {
    const out = new Uint8Array(Math.ceil(((end - start) * 3) / 4) + 1)
    let length = 0
    for (let at = start; at < end; at++) {
      const value = VALUES[bytes[at]!]!
      if (bytes[at] === PADDING) this.#count = 0
      if (value === NONE) continue
      this.#bits = ((this.#bits << 6) | value) & 0xffff
      this.#count += 6
      if (this.#count < 8) continue
      this.#count -= 8
      out[length++] = this.#bits >> this.#count
    }
    return out.subarray(0, length)
  }
}
