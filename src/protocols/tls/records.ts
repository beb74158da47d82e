/** The record layer of one side (RFC 8446 §5.1, RFC 5246 §6.2.1), as far as it is in the clear. */
import { type Input, type Invalid, invalid } from '../protocol'
import { RECORD } from './numbers'

const HEADER = 5
/** Of a record's content (RFC 5246 §6.2.3). */
export const MAX_RECORD = (1 << 14) + 2048

/** What a record begins with; undefined: nothing of TLS. */
export interface RecordHeader {
  readonly type: number
  readonly length: number
}

export interface RecordListener {
  /** A record begins. */
  begins(timeNs: number): void
  /** The next bytes of its content; valid during the call only. */
  content(type: number, bytes: Uint8Array, start: number, end: number, timeNs: number): void
  /** Its last byte has come. */
  ends(header: RecordHeader, timeNs: number): void
}

export function headerAt(bytes: Uint8Array, at: number): RecordHeader | undefined {
  const type = bytes[at]!
  const length = (bytes[at + 3]! << 8) | bytes[at + 4]!
  const isRecord = type >= RECORD.changeCipherSpec && type <= RECORD.heartbeat && bytes[at + 1] === 3
  return isRecord && bytes[at + 2]! <= 4 && length <= MAX_RECORD ? { type, length } : undefined
}

export class Records {
  readonly #listener: RecordListener
  #header: RecordHeader | undefined
  #left = 0

  constructor(listener: RecordListener) {
    this.#listener = listener
  }

  /** Reads to the end of a record at most. undefined: it has got on. */
  step(input: Input): 'need-more' | Invalid | undefined {
    const { bytes, pos, end } = input
    if (this.#header) return this.#content(input, this.#header)
    if (end - pos < HEADER) return 'need-more'
    const header = headerAt(bytes, pos)
    if (!header) return invalid('no record of TLS')
    this.#header = header
    this.#left = header.length
    this.#listener.begins(input.timeAt(pos))
    input.pos += HEADER
    return this.#content(input, header)
  }

  /** `bytes` are missing: true if they are within a record of which nothing is needed. */
  pass(bytes: number, isNeeded: (type: number) => boolean, timeNs: number): boolean {
    const header = this.#header
    if (!header || bytes > this.#left || isNeeded(header.type)) return false
    this.#left -= bytes
    if (this.#left === 0) this.#end(header, timeNs)
    return true
  }

  #content(input: Input, header: RecordHeader): 'need-more' | undefined {
    const { bytes, pos, end } = input
    const taken = Math.min(this.#left, end - pos)
    if (taken === 0 && this.#left > 0) return 'need-more'
    const timeNs = taken > 0 ? input.timeAt(pos + taken - 1) : input.timeAt(pos - 1)
    input.pos += taken
    this.#left -= taken
    this.#listener.content(header.type, bytes, pos, pos + taken, timeNs)
    if (this.#left === 0) this.#end(header, timeNs)
    return undefined
  }

  #end(header: RecordHeader, timeNs: number): void {
    this.#header = undefined
    this.#listener.ends(header, timeNs)
  }
}
