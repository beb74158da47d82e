/**
 * Messages on a stream, each with its length in its head (DNS over TCP, Mux, Kafka, CQL, MongoDB, AMQP). The beginning of a message is
 * kept, up to a bound. The rest is passed over, and so are holes in it, since the length tells where it ends.
 */
import { type Input, type Invalid, invalid, type Read } from '../protocol'
import { KeptBytes } from './kept-bytes'

export interface Shape {
  /** Bytes that a message has at least, and by which its length is known, unless `lengthAt` says otherwise. */
  readonly headBytes: number
  /** Bytes of the message that begins at `at`, its head included; 0: none begins there; undefined: more bytes are needed. */
  lengthAt(bytes: Uint8Array, at: number, end: number): number | undefined
  /** Bytes of a message that are kept, when it comes in parts; or how many of the one that begins at `at`. */
  readonly mostKept: number | ((bytes: Uint8Array, at: number) => number)
  /** What is wrong where no message begins. */
  readonly wrong: string
}

/** A message, perhaps without its last bytes: those from `end` on were lost or are beyond the bound. */
export interface Framed {
  readonly bytes: Uint8Array
  /** Of the head. */
  readonly start: number
  readonly end: number
  /** Bytes of the whole message, its head included. */
  readonly length: number
  readonly startNs: number
  readonly endNs: number
  /** Bytes of it are missing: they were lost, or the connection ended. */
  readonly isCut: boolean
  /** Its end never came. */
  readonly isShort: boolean
}

export class Framing {
  readonly #shape: Shape
  readonly #message: (message: Framed) => boolean
  #kept: KeptBytes | undefined
  /** Bytes of the current message that were passed; `#length` is its length, or 0 between messages. */
  #passed = 0
  #length = 0
  #startNs = 0
  #lastNs = 0
  #isCut = false

  /** `message` is given each message and says whether it can be read. */
  constructor(shape: Shape, message: (message: Framed) => boolean) {
    this.#shape = shape
    this.#message = message
  }

  get held(): number {
    return this.#kept?.held ?? 0
  }

  /** What was read so far ends between two messages. */
  get isIdle(): boolean {
    return this.#length === 0
  }

  /** How many of the next bytes are of the current message, and won't be kept. */
  get unwanted(): number {
    return this.#isCut || this.#kept?.isFull ? this.#length - this.#passed : 0
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
    if (!this.#kept?.isFull) this.#isCut = true
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
    this.#isCut = false
    this.#kept = undefined
  }

  #begin(input: Input): Read | Invalid | 'begun' {
    const { bytes, pos, end } = input
    if (end - pos < this.#shape.headBytes) return 'need-more'
    const length = this.#shape.lengthAt(bytes, pos, end)
    if (length === undefined) return 'need-more'
    if (length === 0) return invalid(this.#shape.wrong)
    const startNs = input.timeAt(pos)
    if (end - pos >= length) {
      const behind = pos + length
      const endNs = input.timeAt(behind - 1)
      if (
        !this.#message({
          bytes,
          start: pos,
          end: behind,
          length,
          startNs,
          endNs,
          isCut: false,
          isShort: false,
        })
      )
        return invalid(this.#shape.wrong, length)
      input.pos = behind
      return 'message'
    }
    this.#length = length
    const { mostKept } = this.#shape
    this.#kept = new KeptBytes(
      Math.min(length, typeof mostKept === 'number' ? mostKept : mostKept(bytes, pos)),
    )
    this.#startNs = this.#lastNs = startNs
    return 'begun'
  }

  #take(input: Input): Read {
    const { bytes, pos, end } = input
    const size = Math.min(end - pos, this.#length - this.#passed)
    if (size === 0) return 'need-more'
    if (!this.#isCut) this.#kept?.add(bytes, pos, pos + size)
    input.pos = pos + size
    this.#passed += size
    this.#lastNs = input.timeAt(input.pos - 1)
    if (this.#passed < this.#length) return 'need-more'
    if (this.#ends()) return 'message'
    // The next bytes begin a message, as after one that came whole.
    input.pos--
    return invalid(this.#shape.wrong)
  }

  #ends(): boolean {
    const bytes = this.#kept?.bytes ?? new Uint8Array(0)
    const framed: Framed = {
      bytes,
      start: 0,
      end: bytes.length,
      length: this.#length,
      startNs: this.#startNs,
      endNs: this.#lastNs,
      isCut: this.#isCut,
      isShort: this.#passed < this.#length,
    }
    this.reset()
    return this.#message(framed)
  }
}
