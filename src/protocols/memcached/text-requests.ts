/** Divides what a client says in text into commands: a line, and for some a value. */
import { indexOfByte } from '../lib/bytes'
import { Content, contentText } from '../lib/content'
import { type Input, type Invalid, invalid, type Read } from '../protocol'
import { type CommandLine, CR, commandIn, LF, lineEnd, MAX_LINE } from './lines'
import { mayBecomeCommand } from './recognise-text'

export interface RequestListener {
  /** Bytes of a value that are kept at most. */
  readonly bodyLimit: number
  /** The line of a command was read; `requestEnds` follows unless its end is lost. */
  requestBegins(line: CommandLine, startNs: number): void
  /** `value`: the head of what is stored. */
  requestEnds(value: string, endNs: number): void
}

export class TextRequests {
  readonly #listener: RequestListener
  /** Bytes at the head of the input that are known to have no line feed. */
  #searched = 0
  #content: Content | undefined
  #lastNs = 0

  constructor(listener: RequestListener) {
    this.#listener = listener
  }

  get held(): number {
    return this.#content?.held ?? 0
  }

  get isIdle(): boolean {
    return this.#content === undefined
  }

  get unwanted(): number {
    return this.#content?.unwanted ?? 0
  }

  read(input: Input): Read {
    if (this.#content) return this.#value(input, this.#content)
    const { bytes, pos, end } = input
    if (pos === end) return 'need-more'
    const lf = indexOfByte(bytes, LF, pos + this.#searched, Math.min(end, pos + MAX_LINE))
    if (lf < 0) {
      if (end - pos >= MAX_LINE) return this.#none('a line without an end', MAX_LINE)
      if (!mayBecomeCommand(bytes, pos, end)) return this.#none('no command', 1)
      this.#searched = end - pos
      return 'need-more'
    }
    this.#searched = 0
    const line = commandIn(bytes, pos, lineEnd(bytes, pos, lf))
    if (!line) return invalid('no command', lf + 1 - pos)
    this.#lastNs = input.timeAt(lf)
    this.#listener.requestBegins(line, input.timeAt(pos))
    input.pos = lf + 1
    if (line.size < 0) {
      this.#listener.requestEnds('', this.#lastNs)
      return 'message'
    }
    return this.#whole(input, line.size) ?? 'need-more'
  }

  /** All of the value is here mostly: no copy is needed. */
  #whole(input: Input, size: number): Read | undefined {
    const { bytes, pos, end } = input
    const after = pos + size
    const limit = this.#listener.bodyLimit
    if (after + 2 > end || bytes[after] !== CR || bytes[after + 1] !== LF) {
      this.#content = new Content(size, limit)
      return this.#value(input, this.#content)
    }
    input.pos = after + 2
    const text = contentText(bytes.subarray(pos, Math.min(after, pos + limit)), size)
    this.#listener.requestEnds(text, input.timeAt(after + 1))
    return 'message'
  }

  #value(input: Input, content: Content): Read {
    const { pos } = input
    const read = content.read(input)
    if (input.pos > pos) this.#lastNs = input.timeAt(input.pos - 1)
    if (read === undefined) return this.#none('a value without its end', 1)
    if (read === 'need-more') return read
    this.#content = undefined
    this.#listener.requestEnds(contentText(content.bytes, content.size), this.#lastNs)
    return 'message'
  }

  /** `bytes` are missing here. True when the current value goes on, or ends, right after them. */
  pass(bytes: number, timeNs: number): boolean {
    this.#searched = 0
    if (!this.#content?.pass(bytes)) return false
    this.#lastNs = timeNs
    return true
  }

  reset(): void {
    this.#searched = 0
    this.#content = undefined
  }

  #none(reason: string, bytes: number): Invalid {
    this.#searched = 0
    return invalid(reason, bytes)
  }
}
