/** Divides one side's bytes into messages: a control line, and for some a payload of known length. */
import { indexOfByte } from '../lib/bytes'
import { type Input, type Invalid, invalid, type Leave, type Read, type Side } from '../protocol'
import { type ControlLine, CR, LF, lineEnd, MAX_LINE, mayBecomeLine, parseLine } from './lines'

/** Bytes of headers that are kept at most. */
const MAX_HEADERS = 8 << 10
const LINE_BREAK = 2
const EMPTY = new Uint8Array(0)

/** A message that has come to its end. */
export interface Said {
  readonly line: ControlLine
  /** The kept beginning of headers and payload; valid during the call only. */
  readonly content: Uint8Array
  /** When its last byte was moved. */
  readonly timeNs: number
  /** Bytes before it were lost: its line may be the end of another one. */
  readonly isFirst: boolean
  /** Bytes of headers and payload that were moved, when the connection ended before their end. */
  readonly isCut: boolean
}

export interface Listener {
  /** Bytes of a payload that are kept at most. */
  readonly bodyLimit: number
  /** The line of a message with a payload was read; `says` follows unless its end is lost. */
  begins(side: Side, line: ControlLine, timeNs: number): void
  says(side: Side, said: Said): void
}

export class Framing {
  readonly #side: Side
  readonly #listener: Listener
  /** Bytes at the head of the input that are known to have no line feed. */
  #searched = 0
  /** The line whose payload is still coming. */
  #line: ControlLine | undefined
  /** Bytes of the payload and the line break after it that are still to come. */
  #left = 0
  #keep = 0
  #content: Uint8Array = EMPTY
  #kept = 0
  #lastNs = 0
  #isFirst: boolean

  /** `isWhole`: the bytes begin with the first one that this side sent. */
  constructor(side: Side, listener: Listener, isWhole: boolean) {
    this.#side = side
    this.#listener = listener
    this.#isFirst = !isWhole
  }

  /** Bytes of memory that it takes. */
  get held(): number {
    return this.#content.length
  }

  /** The bytes read so far end between two messages. */
  get isIdle(): boolean {
    return this.#line === undefined
  }

  /** Bytes of a payload that are still to come and will not be kept. */
  get unwanted(): number {
    return this.#line && this.#kept >= this.#keep ? Math.max(0, this.#left - LINE_BREAK) : 0
  }

  read(input: Input): Read {
    if (this.#line) return this.#payload(input, this.#line)
    const { bytes, pos, end } = input
    if (pos === end) return 'need-more'
    const lf = indexOfByte(bytes, LF, pos + this.#searched, Math.min(end, pos + MAX_LINE))
    if (lf < 0) return this.#unfinished(input)
    this.#searched = 0
    const line = parseLine(bytes, pos, lineEnd(bytes, pos, lf), this.#side)
    if (!line) return departure(bytes, pos, end) ?? invalid('no message of NATS', lf + 1 - pos)
    const timeNs = input.timeAt(lf)
    input.pos = lf + 1
    if (line.size >= 0) {
      this.#lastNs = timeNs
      this.#listener.begins(this.#side, line, timeNs)
      return this.#begins(input, line)
    }
    this.#says(line, EMPTY, timeNs)
    return 'message'
  }

  /**
   * `bytes` are missing here. True when the current message goes on, or ends, right after them. A message that ended
   * within them was sent all the same.
   */
  pass(bytes: number, timeNs: number): boolean {
    this.#searched = 0
    const line = this.#line
    if (!line) return false
    this.#lastNs = timeNs
    if (bytes > this.#left) {
      if (Number.isFinite(bytes)) this.#ends(line, timeNs)
      return false
    }
    this.#keep = this.#kept
    this.#left -= bytes
    return true
  }

  /** The connection ends: the current message was sent as far as it was seen. */
  cut(): void {
    const line = this.#line
    const moved = line ? Math.max(0, line.size - Math.max(0, this.#left - LINE_BREAK)) : 0
    const content = this.#content.subarray(0, this.#kept)
    this.reset()
    if (line)
      this.#says(
        { ...line, size: moved, headerSize: Math.min(line.headerSize, moved) },
        content,
        this.#lastNs,
        true,
      )
  }

  /** Bytes were lost, or were no message. */
  reset(): void {
    this.#clear()
    this.#isFirst = true
  }

  #clear(): void {
    this.#searched = 0
    this.#line = undefined
    this.#content = EMPTY
    this.#kept = 0
  }

  #says(line: ControlLine, content: Uint8Array, timeNs: number, isCut = false): void {
    const isFirst = this.#isFirst && !isCut
    this.#isFirst = false
    this.#listener.says(this.#side, { line, content, timeNs, isFirst, isCut })
  }

  #unfinished({ bytes, pos, end }: Input): Read {
    const leave = departure(bytes, pos, end)
    if (leave) return leave
    if (!mayBecomeLine(bytes, pos, end, this.#side) && !mayDepart(bytes, pos, end))
      return this.#none('no message of NATS', 1)
    if (end - pos >= MAX_LINE) return this.#none('a line without an end', MAX_LINE)
    this.#searched = end - pos
    return 'need-more'
  }

  #none(reason: string, bytes: number): Invalid {
    this.#searched = 0
    return invalid(reason, bytes)
  }

  #begins(input: Input, line: ControlLine): Read {
    const { size, headerSize } = line
    const { bodyLimit } = this.#listener
    this.#line = line
    this.#left = size + LINE_BREAK
    this.#keep = Math.min(size, headerSize > MAX_HEADERS ? MAX_HEADERS : headerSize + bodyLimit)
    this.#kept = 0
    return this.#payload(input, line)
  }

  #payload(input: Input, line: ControlLine): Read {
    const { bytes, pos, end } = input
    const content = this.#left - LINE_BREAK
    if (end - pos >= this.#left && this.#kept === 0 && content === line.size) return this.#whole(input, line)
    if (content > 0) {
      const taken = Math.min(end - pos, content)
      this.#keepSome(bytes, pos, taken)
      input.pos += taken
      this.#left -= taken
      if (taken > 0) this.#lastNs = input.timeAt(input.pos - 1)
      if (content > taken) return 'need-more'
    }
    return this.#lineBreak(input, line)
  }

  /** All of it is here: no copy is needed. */
  #whole(input: Input, line: ControlLine): Read {
    const { bytes, pos } = input
    const end = pos + line.size
    if (bytes[end] !== CR || bytes[end + 1] !== LF) return this.#endless(input, pos)
    const timeNs = input.timeAt(end + 1)
    input.pos = end + LINE_BREAK
    this.#line = undefined
    this.#says(line, bytes.subarray(pos, pos + this.#keep), timeNs)
    return 'message'
  }

  #lineBreak(input: Input, line: ControlLine): Read {
    const { bytes, end } = input
    while (this.#left > 0) {
      if (input.pos === end) return 'need-more'
      if (bytes[input.pos] !== (this.#left === LINE_BREAK ? CR : LF)) return this.#endless(input, input.pos)
      this.#lastNs = input.timeAt(input.pos)
      input.pos++
      this.#left--
    }
    this.#ends(line, this.#lastNs)
    return 'message'
  }

  /** No line break follows the payload: its length was wrong, or bytes before it were no line. */
  #endless(input: Input, at: number): Invalid {
    input.pos = at
    return invalid('a payload without its end')
  }

  #ends(line: ControlLine, timeNs: number): void {
    const content = this.#content.subarray(0, this.#kept)
    this.#clear()
    this.#says(line, content, timeNs)
  }

  #keepSome(bytes: Uint8Array, start: number, length: number): void {
    const taken = Math.min(length, this.#keep - this.#kept)
    if (taken <= 0) return
    const needed = this.#kept + taken
    if (needed > this.#content.length) {
      const wider = new Uint8Array(Math.min(this.#keep, Math.max(needed, 2 * this.#content.length)))
      wider.set(this.#content.subarray(0, this.#kept))
      this.#content = wider
    }
    this.#content.set(bytes.subarray(start, start + taken), this.#kept)
    this.#kept = needed
  }
}

/** Where a line would begin: a TLS handshake record (RFC 8446 §5.1), an S2 stream identifier (between servers). */
const DEPARTURES: readonly { readonly mark: readonly number[]; readonly leave: string }[] = [
  { mark: [22, 3], leave: 'any' },
  { mark: [0xff, 6, 0, 0], leave: 'compressed NATS' },
]

/** From here on the connection isn't NATS: TLS, as INFO announced, or compression begins. */
function departure(bytes: Uint8Array, pos: number, end: number): Leave | undefined {
  for (const { mark, leave } of DEPARTURES)
    if (end - pos >= mark.length && mark.every((byte, i) => bytes[pos + i] === byte)) return { leave }
  return undefined
}

const mayDepart = (bytes: Uint8Array, pos: number, end: number): boolean =>
  DEPARTURES.some(({ mark }) => mark.every((byte, i) => pos + i >= end || bytes[pos + i] === byte))
