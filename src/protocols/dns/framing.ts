/**
 * Messages on a stream, each behind its length in two bytes (RFC 7766 §8). The beginning of a message is kept, up to a bound. The
 * rest is passed over, and so are holes in it, since the length tells where it ends.
 */
import { type Input, type Invalid, invalid, type Read } from '../protocol'
import { HEADER_BYTES } from './message'
import { LENGTH_BYTES } from './recognise'

/** Bytes of a message that are read at most. */
const MAX_KEPT = 16 << 10
const FIRST_KEPT = 512

const NO_MESSAGE = 'not a DNS message'

/** A message, perhaps without its last bytes: those from `end` on were lost or are beyond the bound. */
export interface Framed {
  readonly bytes: Uint8Array
  readonly start: number
  readonly end: number
  readonly startNs: number
  readonly endNs: number
  readonly isCut: boolean
}

export class Framing {
  readonly #message: (message: Framed) => boolean
  #kept = new Uint8Array(0)
  #filled = 0
  /** Bytes of the current message that were passed; `#length` is its length, or 0 between messages. */
  #passed = 0
  #length = 0
  #startNs = 0
  #lastNs = 0
  #isCut = false

  /** `message` is given each message and says whether it can be read. */
  constructor(message: (message: Framed) => boolean) {
    this.#message = message
  }

  get held(): number {
    return this.#kept.length
  }

  read(input: Input): Read {
    if (this.#length === 0) {
      const begun = this.#begin(input)
      if (begun !== 'begun') return begun
    }
    return this.#take(input)
  }

  /** Takes a hole; true when it lies within a message whose end is known. */
  pass(bytes: number, timeNs: number): boolean {
    if (this.#length === 0 || this.#passed + bytes > this.#length) return false
    this.#isCut = true
    this.#passed += bytes
    this.#lastNs = timeNs
    if (this.#passed === this.#length) this.#ends()
    return true
  }

  /** The current message ends here. */
  cut(): void {
    if (this.#length === 0) return
    this.#isCut = true
    this.#ends()
  }

  reset(): void {
    this.#length = 0
    this.#passed = 0
    this.#filled = 0
    this.#isCut = false
    this.#kept = new Uint8Array(0)
  }

  #begin(input: Input): Read | Invalid | 'begun' {
    const { bytes, pos, end } = input
    if (end - pos < LENGTH_BYTES) return 'need-more'
    const length = (bytes[pos]! << 8) | bytes[pos + 1]!
    if (length < HEADER_BYTES) return invalid('shorter than a header')
    const startNs = input.timeAt(pos)
    const start = pos + LENGTH_BYTES
    if (end - start >= length) {
      const behind = start + length
      const endNs = input.timeAt(behind - 1)
      if (!this.#message({ bytes, start, end: behind, startNs, endNs, isCut: false }))
        return invalid(NO_MESSAGE, behind - pos)
      input.pos = behind
      return 'message'
    }
    input.pos = start
    this.#length = length
    this.#startNs = this.#lastNs = startNs
    return 'begun'
  }

  #take(input: Input): Read {
    const { bytes, pos, end } = input
    const size = Math.min(end - pos, this.#length - this.#passed)
    if (size === 0) return 'need-more'
    if (!this.#isCut) this.#keep(bytes.subarray(pos, pos + size))
    input.pos = pos + size
    this.#passed += size
    this.#lastNs = input.timeAt(input.pos - 1)
    if (this.#passed < this.#length) return 'need-more'
    if (this.#ends()) return 'message'
    // The next bytes begin a message, as after one that came whole.
    input.pos--
    return invalid(NO_MESSAGE)
  }

  #keep(bytes: Uint8Array): void {
    const part = bytes.subarray(0, MAX_KEPT - this.#filled)
    const needed = this.#filled + part.length
    if (needed > this.#kept.length) {
      const larger = new Uint8Array(Math.min(this.#length, Math.max(FIRST_KEPT, 2 * needed)))
      larger.set(this.#kept.subarray(0, this.#filled))
      this.#kept = larger
    }
    this.#kept.set(part, this.#filled)
    this.#filled = needed
  }

  #ends(): boolean {
    const framed: Framed = {
      bytes: this.#kept,
      start: 0,
      end: this.#filled,
      startNs: this.#startNs,
      endNs: this.#lastNs,
      isCut: this.#isCut || this.#filled < this.#length,
    }
    this.reset()
    return this.#message(framed)
  }
}
