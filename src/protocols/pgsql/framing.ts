/** Divides one side's bytes into messages: a letter, a length, and content of which the beginning is kept. */
import { KeptBytes } from '../lib/kept-bytes'
import { type Input, invalid, type Leave, type Read, type Side } from '../protocol'
import { HEADER, int32, isLength, isLetter, LENGTH, MAJOR_VERSION, MAX_STARTUP } from './letters'

/** The letter of packets that begin a connection, which have none. */
export const OPENING = 0

/** A message that has come to its end. `bytes[from..to)` is the kept beginning of its content, valid during the call only. */
export interface Message {
  readonly letter: number
  readonly bytes: Uint8Array
  readonly from: number
  readonly to: number
  /** Bytes of the whole content. */
  readonly size: number
  /** When its first and its last byte were moved. */
  readonly startNs: number
  readonly endNs: number
}

export interface Listener {
  /** How many bytes of the content of such a message are kept. */
  wants(side: Side, letter: number): number
  /** What follows, when that isn't the next message. */
  says(side: Side, message: Message): Leave | undefined
}

export class Framing {
  readonly #side: Side
  readonly #listener: Listener
  /** The message that is being read; -1: none. */
  #letter = -1
  #size = 0
  #left = 0
  #startNs = 0
  #lastNs = 0
  #kept: KeptBytes | undefined

  constructor(side: Side, listener: Listener) {
    this.#side = side
    this.#listener = listener
  }

  /** Bytes of memory that it takes. */
  get held(): number {
    return this.#kept?.held ?? 0
  }

  /** The bytes read so far end between two messages. */
  get isIdle(): boolean {
    return this.#letter < 0
  }

  /** Bytes of a message that are still to come and will not be kept. */
  get unwanted(): number {
    return this.#kept?.isFull ? this.#left : 0
  }

  read(input: Input): Read {
    if (this.#letter >= 0) return this.#content(input)
    const { bytes, pos, end } = input
    if (pos === end) return 'need-more'
    const letter = bytes[pos]!
    if (letter === OPENING && this.#side === 'client') return this.#opening(input)
    if (letter === TLS_HANDSHAKE) return this.#departure(input)
    if (!isLetter(this.#side, letter)) return invalid('no message of PostgreSQL')
    if (end - pos < HEADER) return 'need-more'
    const length = int32(bytes, pos + 1)
    if (!isLength(this.#side, letter, length)) return invalid('a message with another length')
    return this.#begins(input, letter, HEADER, length - LENGTH)
  }

  /**
   * `bytes` are missing here. True when the current message goes on, or ends, right after them. A message that ended
   * within them was sent all the same.
   */
  pass(bytes: number, timeNs: number): boolean {
    if (this.#letter < 0) return false
    this.#lastNs = timeNs
    this.#kept?.close()
    if (bytes <= this.#left) {
      this.#left -= bytes
      return true
    }
    if (Number.isFinite(bytes)) this.#ends()
    return false
  }

  reset(): void {
    this.#letter = -1
    this.#kept = undefined
  }

  #opening(input: Input): Read {
    const { bytes, pos, end } = input
    if (end - pos < 2 * LENGTH) return 'need-more'
    const length = int32(bytes, pos)
    const version = int32(bytes, pos + LENGTH) >> 16
    const isKnown = version === MAJOR_VERSION || version === REQUESTS
    if (length < 2 * LENGTH || length > MAX_STARTUP || !isKnown) return invalid('no packet of PostgreSQL')
    return this.#begins(input, OPENING, LENGTH, length - LENGTH)
  }

  /** The server's answer to a request for encryption may have been lost. */
  #departure({ bytes, pos, end }: Input): Read {
    if (end - pos < 2) return 'need-more'
    return bytes[pos + 1] === 3 ? { leave: 'tls', within: 'pgsql' } : invalid('no message of PostgreSQL')
  }

  #begins(input: Input, letter: number, header: number, size: number): Read {
    const { bytes, pos, end } = input
    const startNs = input.timeAt(pos)
    const from = pos + header
    const wanted = Math.min(size, this.#listener.wants(this.#side, letter))
    if (end - from >= size) {
      input.pos = from + size
      const endNs = input.timeAt(input.pos - 1)
      return this.#says({ letter, bytes, from, to: from + wanted, size, startNs, endNs })
    }
    this.#letter = letter
    this.#size = size
    this.#left = size
    this.#startNs = startNs
    this.#lastNs = startNs
    this.#kept = new KeptBytes(wanted)
    input.pos = from
    return this.#content(input)
  }

  #content(input: Input): Read {
    const { bytes, pos, end } = input
    const taken = Math.min(end - pos, this.#left)
    this.#kept?.add(bytes, pos, pos + taken)
    input.pos += taken
    this.#left -= taken
    if (taken > 0) this.#lastNs = input.timeAt(input.pos - 1)
    return this.#left > 0 ? 'need-more' : this.#ends()
  }

  #ends(): Read {
    const kept = this.#kept?.bytes ?? new Uint8Array(0)
    const [letter, size, startNs, endNs] = [this.#letter, this.#size, this.#startNs, this.#lastNs]
    this.reset()
    return this.#says({ letter, bytes: kept, from: 0, to: kept.length, size, startNs, endNs })
  }

  #says(message: Message): Read {
    return this.#listener.says(this.#side, message) ?? 'message'
  }
}

/** A TLS record of a handshake (RFC 8446 §5.1). */
const TLS_HANDSHAKE = 22
/** The upper half of the codes of requests for encryption, and to cancel. */
const REQUESTS = 1234
