/** Divides what a server says in text into answers: a line, values, or lines up to END. */
import { indexOfByte } from '../lib/bytes'
import { Content, contentText } from '../lib/content'
import { type Input, type Invalid, invalid, type Read } from '../protocol'
import type { Answered } from './exchange'
import { type AnswerLine, answerIn, LF, lineEnd, MAX_LINE } from './lines'
import { mayBecomeAnswer } from './recognise-text'

/** Values that are kept of one answer. */
const MAX_VALUES = 256

/** Bytes of END and its line break. */
const END_LINE = 5

/** They end lines of values, or of statistics; so does any error. */
const ENDS = /^(?:END|RESET|ERROR|(?:CLIENT|SERVER)_ERROR)$/

export interface ResponseListener {
  readonly bodyLimit: number
  /** The first line of an answer was read; `responseEnds` follows unless its end is lost. */
  responseBegins(line: AnswerLine, startNs: number): void
  responseEnds(answered: Answered, endNs: number): void
}

export class TextResponses {
  readonly #listener: ResponseListener
  #searched = 0
  #isBegun = false
  #content: Content | undefined
  /** The line of the value that is coming. */
  #line: AnswerLine | undefined
  #values: (readonly [string, string])[] = []
  #hits = 0
  #size = 0
  #room = 0
  #isStatistics = false
  #lastNs = 0

  constructor(listener: ResponseListener) {
    this.#listener = listener
  }

  get held(): number {
    return (this.#content?.held ?? 0) + (this.#isBegun ? 2 * (this.#listener.bodyLimit - this.#room) : 0)
  }

  get isIdle(): boolean {
    return !this.#isBegun
  }

  get lastNs(): number {
    return this.#lastNs
  }

  get unwanted(): number {
    return this.#content?.unwanted ?? 0
  }

  /** The answer so far; undefined between two of them. */
  get cut(): Answered | undefined {
    if (!this.#isBegun) return undefined
    if (this.#content) this.#took(this.#content)
    return this.#answered('')
  }

  read(input: Input): Read {
    while (input.pos < input.end) {
      const read = this.#content ? this.#value(input, this.#content) : this.#next(input)
      if (read !== undefined) return read
    }
    return 'need-more'
  }

  /** `bytes` are missing here. True when the current value goes on, or ends, right after them. */
  pass(bytes: number, timeNs: number): boolean {
    this.#searched = 0
    const content = this.#content
    if (!content) return false
    // A server says the end of an answer with its last value: there is no room for another one.
    const isEnd = this.#line?.kind === 'value' && bytes === content.left + END_LINE
    if (!content.pass(isEnd ? content.left : bytes)) return false
    this.#lastNs = timeNs
    if (isEnd) {
      this.#took(content)
      this.#ends('END')
    }
    return true
  }

  reset(): void {
    this.#searched = 0
    this.#isBegun = false
    this.#content = undefined
    this.#line = undefined
    this.#values = []
    this.#hits = 0
    this.#size = 0
    this.#isStatistics = false
  }

  #next(input: Input): Read | undefined {
    const { bytes, pos, end } = input
    const lf = indexOfByte(bytes, LF, pos + this.#searched, Math.min(end, pos + MAX_LINE))
    if (lf < 0) {
      if (end - pos >= MAX_LINE) return this.#none('a line without an end', MAX_LINE)
      if (!mayBecomeAnswer(bytes, pos, end)) return this.#none('no answer', 1)
      this.#searched = end - pos
      return 'need-more'
    }
    this.#searched = 0
    const line = answerIn(bytes, pos, lineEnd(bytes, pos, lf))
    if (!line || !this.#mayFollow(line)) return invalid('no answer', lf + 1 - pos)
    this.#lastNs = input.timeAt(lf)
    if (!this.#isBegun) this.#begin(line, input.timeAt(pos))
    input.pos = lf + 1
    return this.#take(line)
  }

  #mayFollow({ word, kind }: AnswerLine): boolean {
    return !this.#isBegun || kind === 'value' || kind === 'more' || (kind === 'last' && ENDS.test(word))
  }

  #begin(line: AnswerLine, startNs: number): void {
    this.#isBegun = true
    this.#room = this.#listener.bodyLimit
    this.#listener.responseBegins(line, startNs)
  }

  #take(line: AnswerLine): Read | undefined {
    // A meta command found its key, and no value is wanted.
    if (line.word === 'HD') this.#hits = 1
    if (line.kind === 'last') return this.#ends(line.text)
    if (line.size >= 0) {
      this.#line = line
      this.#content = new Content(line.size, Math.max(0, this.#room))
      return undefined
    }
    const [, name = '', value = ''] = /^(?:STAT |ITEM )?(\S+) ?(.*)$/.exec(line.text) ?? []
    this.#isStatistics = true
    this.#keep(name, value)
    return undefined
  }

  #value(input: Input, content: Content): Read | undefined {
    const { pos } = input
    const read = content.read(input)
    if (input.pos > pos) this.#lastNs = input.timeAt(input.pos - 1)
    if (read === undefined) return this.#none('a value without its end', 1)
    if (read === 'need-more') return read
    const line = this.#took(content)
    return line.kind === 'one-value' ? this.#ends(line.text) : undefined
  }

  /** A value has come to its end, or to where it is cut. */
  #took(content: Content): AnswerLine {
    const line = this.#line!
    this.#content = undefined
    this.#line = undefined
    this.#size += content.size
    this.#keep(line.key ?? '', contentText(content.bytes, content.size))
    return line
  }

  #keep(name: string, text: string): void {
    this.#hits++
    if (this.#values.length > 0 && (this.#room <= 0 || this.#values.length >= MAX_VALUES)) return
    this.#values.push([name, text])
    this.#room -= name.length + text.length
  }

  #ends(line: string): Read {
    const answered = this.#answered(line)
    this.reset()
    this.#listener.responseEnds(answered, this.#lastNs)
    return 'message'
  }

  #answered(line: string): Answered {
    const isStatistics = this.#isStatistics
    return { line, values: this.#values, hits: this.#hits, size: this.#size, isStatistics }
  }

  #none(reason: string, bytes: number): Invalid {
    this.#searched = 0
    return invalid(reason, bytes)
  }
}
