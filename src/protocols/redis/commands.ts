/** Divides what a client sends into commands: arrays of strings, or lines of words. */
import { indexOfByte } from '../lib/bytes'
import { Content, contentText } from '../lib/content'
import { type Input, type Invalid, invalid, type Read } from '../protocol'
import { wordsIn } from './inline'
import { ARRAY, BAD, CR, LF, lengthIn, MAX_LINE, STRING, UNTIL_END } from './lines'
import { nameIn } from './names'

/** Arguments that are kept at most. */
const MAX_ARGS = 1024
/** A longer head of an array or a string is none. */
const MAX_HEAD = 32

export interface Said {
  /** In capitals. */
  readonly name: string
  /** Texts of the first ones; those that were too long end with `…`. */
  readonly args: string[]
  /** How many more there were. */
  readonly omitted: number
  /** Bytes of them are missing. */
  readonly isHoled: boolean
  /** Bytes as it was sent. */
  readonly size: number
  readonly startNs: number
  readonly endNs: number
}

export interface CommandListener {
  /** Bytes of arguments that are kept at most. */
  readonly bodyLimit: number
  /** The name of a command was read; `commandEnds` follows unless its end is lost. */
  commandBegins(name: string, startNs: number): void
  commandEnds(said: Said): void
}

export class Commands {
  readonly #listener: CommandListener
  /** Bytes at the head of the input that are known to have no line feed. */
  #searched = 0
  /** Strings of the command that are still to come, the current one too; -1: between two commands. */
  #left = -1
  /** A string that comes in pieces. */
  #content: Content | undefined
  #name: string | undefined
  #args: string[] = []
  #omitted = 0
  #room = 0
  #isHoled = false
  #size = 0
  #startNs = 0
  #lastNs = 0

  constructor(listener: CommandListener) {
    this.#listener = listener
  }

  get held(): number {
    return (this.#content?.held ?? 0) + 2 * (this.#listener.bodyLimit - this.#room) * (this.isIdle ? 0 : 1)
  }

  /** The bytes read so far end between two commands. */
  get isIdle(): boolean {
    return this.#left < 0
  }

  get unwanted(): number {
    return this.#content?.unwanted ?? 0
  }

  read(input: Input): Read {
    for (;;) {
      if (this.#left >= 0) return this.#strings(input)
      const { bytes, pos, end } = input
      if (pos === end) return 'need-more'
      const read = bytes[pos] === ARRAY ? this.#array(input) : this.#inline(input)
      if (read !== undefined) return read
    }
  }

  /**
   * `bytes` are missing here. True when the current string goes on, or ends, right after them. It may tell what of the following ones is a
   * secret, so nothing of these is shown.
   */
  pass(bytes: number, timeNs: number): boolean {
    this.#searched = 0
    if (this.#name === undefined || !this.#content?.pass(bytes)) return false
    this.#isHoled = true
    this.#size += bytes
    this.#lastNs = timeNs
    return true
  }

  /** Bytes were lost, or were no command. */
  reset(): void {
    this.#searched = 0
    this.#clear()
  }

  #clear(): void {
    this.#left = -1
    this.#content = undefined
    this.#name = undefined
    this.#args = []
    this.#omitted = 0
    this.#isHoled = false
  }

  #begin(input: Input, pos: number): void {
    this.#startNs = input.timeAt(pos)
    this.#lastNs = this.#startNs
    this.#size = input.pos - pos
    this.#room = this.#listener.bodyLimit
  }

  #strings(input: Input): Read {
    while (this.#left > 0) {
      const { pos } = input
      if (this.#content) {
        const read = this.#content.read(input)
        this.#moved(input, pos)
        if (read === undefined) return this.#none('a string without its end', 1)
        if (read === 'need-more') return read
        this.#ends(this.#content.bytes, 0, this.#content.bytes.length, this.#content.size)
        this.#content = undefined
        continue
      }
      const length = this.#head(input, STRING)
      if (typeof length !== 'number') return length
      if (length < 0 || length === UNTIL_END) return this.#none('no string of a command', 1)
      this.#string(input, length)
      this.#moved(input, pos)
    }
    return this.#finish()
  }

  /** Reads the head of an array; undefined where reading goes on behind it: a server passes over those that are empty. */
  #array(input: Input): Read | undefined {
    const { pos } = input
    const count = this.#head(input, ARRAY)
    if (typeof count !== 'number') return count
    if (count === UNTIL_END) return invalid('no command')
    this.#begin(input, pos)
    this.#left = count > 0 ? count : -1
    return undefined
  }

  #moved(input: Input, from: number): void {
    if (input.pos === from) return
    this.#size += input.pos - from
    this.#lastNs = input.timeAt(input.pos - 1)
  }

  /** All of it is here mostly: no copy is needed. */
  #string(input: Input, length: number): void {
    const { bytes, pos, end } = input
    const after = pos + length
    if (after + 2 <= end && bytes[after] === CR && bytes[after + 1] === LF) {
      this.#ends(bytes, pos, Math.min(after, pos + Math.max(this.#room, MAX_HEAD)), length)
      input.pos = after + 2
    } else this.#content = new Content(length, Math.max(this.#room, MAX_HEAD))
  }

  #ends(bytes: Uint8Array, start: number, end: number, size: number): void {
    this.#left--
    if (this.#name === undefined) {
      this.#name = nameIn(bytes, start, end)
      this.#listener.commandBegins(this.#name, this.#startNs)
      return
    }
    this.#arg(bytes, start, end, size)
  }

  #arg(bytes: Uint8Array, start: number, end: number, size: number): void {
    if (this.#room <= 0 || this.#args.length >= MAX_ARGS) {
      this.#omitted++
      return
    }
    const kept = Math.min(end - start, this.#room)
    this.#args.push(contentText(bytes.subarray(start, start + kept), size))
    this.#room = this.#isHoled ? 0 : this.#room - kept - 1
  }

  #finish(): Read {
    const said: Said = {
      name: this.#name!,
      args: this.#args,
      omitted: this.#omitted,
      isHoled: this.#isHoled,
      size: this.#size,
      startNs: this.#startNs,
      endNs: this.#lastNs,
    }
    this.#clear()
    this.#listener.commandEnds(said)
    return 'message'
  }

  /** The number of a line of this type; the input is behind it then. */
  #head(input: Input, type: number): number | Read {
    const { bytes, pos, end } = input
    if (pos < end && bytes[pos] !== type) return this.#none('no string of a command', 1)
    const most = Math.min(end, pos + MAX_HEAD)
    let at = pos + 1
    while (at < most && bytes[at] !== CR) at++
    if (at + 1 >= most) return most === end ? 'need-more' : this.#none('a number without an end', 1)
    if (bytes[at + 1] !== LF) return this.#none('a number without a line break', 1)
    const number = lengthIn(bytes, pos + 1, at)
    if (number === BAD) return this.#none('no number', 1)
    input.pos = at + 2
    return number
  }

  #inline(input: Input): Read | undefined {
    const { bytes, pos, end } = input
    const lf = indexOfByte(bytes, LF, pos + this.#searched, Math.min(end, pos + MAX_LINE))
    if (lf < 0) {
      if (end - pos >= MAX_LINE) return this.#none('a line without an end', MAX_LINE)
      if (!mayBeWords(bytes, pos + this.#searched, end)) return this.#none('no line of words', 1)
      this.#searched = end - pos
      return 'need-more'
    }
    const words = mayBeWords(bytes, pos, lf) ? wordsIn(bytes, pos, lf) : undefined
    this.#searched = 0
    const first = words?.[0]?.[0]
    if (!words || (first !== undefined && !isLetter(first))) return invalid('no line of words', lf + 1 - pos)
    input.pos = lf + 1
    this.#begin(input, pos)
    this.#lastNs = input.timeAt(lf)
    const [name, ...args] = words
    // An empty line is no command.
    if (!name) return undefined
    this.#left = words.length
    this.#ends(name, 0, name.length, name.length)
    for (const arg of args) this.#ends(arg, 0, arg.length, arg.length)
    return this.#finish()
  }

  #none(reason: string, bytes: number): Invalid {
    this.#searched = 0
    return invalid(reason, bytes)
  }
}

const isLetter = (byte: number): boolean => (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a

/** No control characters but those that are spaces: a line of words may have any other byte. */
function mayBeWords(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!
    if (byte < 0x20 && byte !== 9 && byte !== CR) return false
  }
  return true
}
