/** Divides what a server sends into values, and tells which of them answer a command and which are pushed. */
import { indexOfByte, latin1 } from '../lib/bytes'
import { Content, contentText } from '../lib/content'
import { KeptBytes } from '../lib/kept-bytes'
import { type Input, type Invalid, invalid, type Read } from '../protocol'
import {
  ARRAY,
  ATTRIBUTE,
  BOOLEAN,
  CHUNK,
  CR,
  DOUBLE,
  END,
  ERROR,
  INTEGER,
  isAggregate,
  isLine,
  isString,
  LF,
  LONG_ERROR,
  lengthIn,
  MAP,
  MAX_LINE,
  NOTHING,
  NULL,
  PUSH,
  SIMPLE,
  UNTIL_END,
  VERBATIM,
} from './lines'
import { ReplyText } from './reply-text'

/** Values within values, at most: no server nests them so deep. */
const MAX_DEPTH = 128
/** Of the first values so much is kept always: they tell what is pushed. */
const KIND_BYTES = 256
const KINDS = 3
/** The format in front of a verbatim string: `txt:`. */
const FORMAT_BYTES = 4

export interface Value {
  readonly isPush: boolean
  /** … and shows it by its type. */
  readonly isMarked: boolean
  /** Bytes of what tells its kind are missing. */
  readonly isHoled: boolean
  readonly isError: boolean
  /** The first texts and numbers in it, where it has several. */
  readonly firsts: readonly string[]
  readonly text: string
  /** Bytes as it was sent. */
  readonly size: number
  readonly startNs: number
  readonly endNs: number
}

export interface ReplyListener {
  readonly bodyLimit: number
  readonly redact: boolean
  /** Whether an array of so many values that begins with this text answers no command (before RESP3). */
  isPushed(kind: string, count: number): boolean
  /** Whether a line answers no command. */
  isPushedLine(text: string): boolean
  /** A value that answers a command begins; `valueEnds` follows unless its end is lost. */
  answerBegins(startNs: number): void
  valueEnds(value: Value): void
}

const NO_TEXTS: readonly string[] = []

export class Replies {
  readonly #listener: ReplyListener
  #searched = 0
  #isBegun = false
  /** It is known whether the value is pushed. */
  #isDecided = false
  #isPush = false
  #isMarked = false
  #isHoled = false
  #isError = false
  #count = 0
  #firsts: string[] | undefined
  #text: ReplyText | undefined
  /** Values that are still to come in each that is open, and the types of these. */
  #lefts: number[] = []
  #types: number[] = []
  /** How many of them are attributes, which aren't shown. */
  #muted = 0
  #content: Content | undefined
  #contentType = 0
  #chunks: { readonly kept: KeptBytes; size: number } | undefined
  #size = 0
  #startNs = 0
  #lastNs = 0

  constructor(listener: ReplyListener) {
    this.#listener = listener
  }

  get held(): number {
    return (this.#content?.held ?? 0) + (this.#chunks?.kept.held ?? 0) + (this.#text?.held ?? 0)
  }

  get isIdle(): boolean {
    return !this.#isBegun
  }

  get unwanted(): number {
    return this.#content?.unwanted ?? 0
  }

  /** The value so far, which is cut here; undefined between two of them. */
  get cut(): Value | undefined {
    if (!this.#isBegun) return undefined
    const content = this.#content
    if (content && this.#lefts.length === 0) this.#strings(content.bytes, content.size)
    return this.#value()
  }

  read(input: Input): Read {
    while (input.pos < input.end) {
      const { pos } = input
      const read = this.#content ? this.#rest(input, this.#content) : this.#line(input)
      if (input.pos > pos && this.#isBegun) {
        this.#size += input.pos - pos
        this.#lastNs = input.timeAt(input.pos - 1)
      }
      if (read === 'value') {
        const value = this.#value()
        this.reset()
        this.#listener.valueEnds(value)
        return 'message'
      }
      if (read !== undefined) return read
    }
    return 'need-more'
  }

  /** `bytes` are missing here. True when the current string goes on, or ends, right after them. */
  pass(bytes: number, timeNs: number): boolean {
    this.#searched = 0
    if (!this.#content?.pass(bytes)) return false
    this.#size += bytes
    this.#lastNs = timeNs
    // A name may be missing that tells what a secret is.
    if (this.#lefts.length > 0) this.#text?.end()
    if (this.#isKind && (this.#firsts?.length ?? 0) < KINDS - 1) this.#isHoled = true
    return true
  }

  reset(): void {
    this.#searched = 0
    this.#isBegun = false
    this.#isDecided = false
    this.#isPush = false
    this.#isMarked = false
    this.#isHoled = false
    this.#isError = false
    this.#firsts = undefined
    this.#text = undefined
    this.#content = undefined
    this.#chunks = undefined
    if (this.#lefts.length > 0) {
      this.#lefts = []
      this.#types = []
    }
    this.#muted = 0
    this.#size = 0
  }

  // ── Reading ────────────────────────────────────────────────────────────────

  /** Reads one line, and the string behind it if all of it is there. undefined: it goes on. */
  #line(input: Input): Read | 'value' | undefined {
    const { bytes, pos, end } = input
    const lf = indexOfByte(bytes, LF, pos + this.#searched, Math.min(end, pos + MAX_LINE))
    if (lf < 0) {
      if (end - pos >= MAX_LINE) return this.#none('a line without an end', MAX_LINE)
      if (!mayBecomeLine(bytes, pos, end)) return this.#none('no value', 1)
      this.#searched = end - pos
      return 'need-more'
    }
    this.#searched = 0
    // Such lines keep a connection of a replica alive.
    if (lf === pos && !this.#isBegun) {
      input.pos++
      return undefined
    }
    const type = bytes[pos]!
    const last = lf - 1
    if (last <= pos || bytes[last] !== CR || !isLine(bytes, type, pos + 1, last))
      return this.#none('no value', 1)
    if ((type === CHUNK) !== (this.#chunks !== undefined)) return this.#none('no value', 1)
    if (!this.#isBegun) this.#begin(type, input.timeAt(pos))
    input.pos = lf + 1
    if (isAggregate(type)) return this.#opens(type, lengthIn(bytes, pos + 1, last))
    if (isString(type) || type === CHUNK) return this.#string(input, type, lengthIn(bytes, pos + 1, last))
    return this.#scalar(bytes, type, pos + 1, last)
  }

  #begin(type: number, startNs: number): void {
    const { bodyLimit, redact } = this.#listener
    this.#isBegun = true
    this.#startNs = startNs
    this.#lastNs = startNs
    this.#text = new ReplyText(bodyLimit, redact)
    this.#isMarked = type === PUSH
    this.#isPush = this.#isMarked
    this.#isDecided = this.#isMarked
  }

  #scalar(bytes: Uint8Array, type: number, start: number, end: number): 'value' | Invalid | undefined {
    if (type === END) {
      if (this.#lefts.at(-1) !== UNTIL_END) return this.#none('no value', 1)
      this.#lefts[this.#lefts.length - 1] = 1
      return this.#done(true)
    }
    if (type === SIMPLE || type === ERROR) {
      const kept = Math.min(end, start + Math.max(this.#room, KIND_BYTES))
      const text = contentText(bytes.subarray(start, kept), end - start)
      if (
        !this.#isDecided &&
        this.#lefts.length === 0 &&
        type === SIMPLE &&
        this.#listener.isPushedLine(text)
      ) {
        this.#isPush = true
        this.#isDecided = true
      }
      this.#answers()
      if (type === ERROR && this.#lefts.length === 0) this.#isError = true
      this.#says(type === ERROR ? `-${text}` : text, true)
      return this.#done(false)
    }
    this.#answers()
    const text = latin1(bytes, start, end)
    if (type === NULL) this.#says('null', false)
    else if (type === BOOLEAN) this.#says(text === 't' ? 'true' : 'false', false)
    else this.#says(text, this.#lefts.length > 0 && !isJsonNumber(type, text))
    return this.#done(false)
  }

  #opens(type: number, count: number): 'value' | Invalid | undefined {
    if (count === NOTHING) {
      this.#answers()
      this.#says('null', false)
      return this.#done(false)
    }
    if (this.#lefts.length >= MAX_DEPTH) return this.#none('values within values without an end', 1)
    if (this.#lefts.length === 0 && type !== ATTRIBUTE) {
      this.#count = count
      // Whether an array is pushed is known by the first text in it.
      if (type !== ARRAY || (count !== 3 && count !== 4)) this.#answers()
    } else if (type !== ATTRIBUTE) this.#answers()
    const isMap = type === MAP || type === ATTRIBUTE
    if (type === ATTRIBUTE) this.#muted++
    else if (this.#muted === 0) this.#text!.open(isMap)
    this.#lefts.push(isMap ? 2 * count : count)
    this.#types.push(type)
    return count === 0 ? this.#done(true) : undefined
  }

  #string(input: Input, type: number, length: number): 'value' | Invalid | undefined {
    if (type === CHUNK) return this.#chunk(length)
    if (length === NOTHING) {
      this.#answers()
      this.#says('null', false)
      return this.#done(false)
    }
    if (this.#lefts.length === 0) this.#answers()
    if (length === UNTIL_END) {
      this.#chunks = { kept: new KeptBytes(this.#room), size: 0 }
      this.#contentType = type
      return undefined
    }
    const { bytes, pos, end } = input
    const after = pos + length
    this.#contentType = type
    const room = Math.max(this.#room, this.#kindRoom)
    if (after + 2 <= end && bytes[after] === CR && bytes[after + 1] === LF) {
      input.pos = after + 2
      this.#strings(bytes.subarray(pos, Math.min(after, pos + room)), length)
      return this.#done(false)
    }
    this.#content = new Content(length, room)
    return undefined
  }

  /** A part of a string; 0 ends it. */
  #chunk(length: number): 'value' | Invalid | undefined {
    const chunks = this.#chunks!
    if (length > 0) {
      this.#content = new Content(length, this.#room)
      return undefined
    }
    this.#chunks = undefined
    this.#strings(chunks.kept.bytes, chunks.size)
    return this.#done(false)
  }

  #rest(input: Input, content: Content): Read | 'value' | undefined {
    const read = content.read(input)
    if (read === undefined) return this.#none('a string without its end', 1)
    if (read === 'need-more') return read
    this.#content = undefined
    const chunks = this.#chunks
    if (chunks) {
      chunks.kept.add(content.bytes, 0, content.bytes.length)
      chunks.size += content.size
      return undefined
    }
    this.#strings(content.bytes, content.size)
    return this.#done(false)
  }

  #none(reason: string, bytes: number): Invalid {
    this.#searched = 0
    return invalid(reason, bytes)
  }

  // ── What is said ───────────────────────────────────────────────────────────

  get #room(): number {
    return this.#muted > 0 ? 0 : (this.#text?.room ?? 0)
  }

  get #kindRoom(): number {
    return this.#isKind ? KIND_BYTES : 0
  }

  /** One of the first values of several. */
  get #isKind(): boolean {
    return this.#lefts.length === 1 && this.#muted === 0 && (this.#firsts?.length ?? 0) < KINDS
  }

  /** The value answers a command, if that wasn't known yet. */
  #answers(): void {
    if (this.#isDecided || this.#muted > 0) return
    this.#isDecided = true
    this.#listener.answerBegins(this.#startNs)
  }

  #strings(bytes: Uint8Array, size: number): void {
    const type = this.#contentType
    if (this.#muted > 0) return
    const isShort = type === VERBATIM && bytes.length >= FORMAT_BYTES
    const text = isShort
      ? contentText(bytes.subarray(FORMAT_BYTES), size - FORMAT_BYTES)
      : contentText(bytes, size)
    if (!this.#isDecided) {
      this.#isPush = this.#isKind && this.#listener.isPushed(text, this.#count)
      if (this.#isPush) this.#isDecided = true
      this.#answers()
    }
    if (type === LONG_ERROR && this.#lefts.length === 0) this.#isError = true
    this.#says(type === LONG_ERROR ? `-${text}` : text, true)
  }

  #says(text: string, isString: boolean): void {
    if (this.#muted > 0) return
    if (this.#isKind) {
      this.#firsts ??= []
      this.#firsts.push(text)
    }
    if (isString) this.#text!.string(text)
    else this.#text!.literal(text)
  }

  /** A value has ended, or (`isInner`) the last one within one. 'value': all of it has. */
  #done(isInner: boolean): 'value' | undefined {
    const lefts = this.#lefts
    let isEnd = isInner
    for (;;) {
      const at = lefts.length - 1
      if (at < 0) return 'value'
      if (!isEnd) {
        lefts[at]!--
        if (lefts[at]! > 0) return undefined
      }
      lefts.pop()
      isEnd = false
      if (this.#types.pop() === ATTRIBUTE) {
        // The value that it belongs to follows.
        this.#muted--
        return undefined
      }
      if (this.#muted === 0) this.#text!.close()
    }
  }

  #value(): Value {
    // An empty array, of which nothing told that it is an answer.
    this.#answers()
    return {
      isPush: this.#isPush,
      isMarked: this.#isMarked,
      isHoled: this.#isHoled,
      isError: this.#isError,
      firsts: this.#firsts ?? NO_TEXTS,
      text: this.#text?.text ?? '',
      size: this.#size,
      startNs: this.#startNs,
      endNs: this.#lastNs,
    }
  }
}

const JSON_NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/

const isJsonNumber = (type: number, text: string): boolean =>
  (type === INTEGER || type === DOUBLE) && JSON_NUMBER.test(text)

/** Whether bytes[start..end), which have no line feed, may be the beginning of a line. */
function mayBecomeLine(bytes: Uint8Array, start: number, end: number): boolean {
  const type = bytes[start]!
  if (type === SIMPLE || type === ERROR) return true
  const last = bytes[end - 1] === CR ? end - 1 : end
  const length = last - start - 1
  if (type === END || type === NULL) return length <= 0
  if (length <= 0) return TYPES.includes(type) && (last === end || length > 0 || type === SIMPLE)
  // One sign alone is no number yet.
  if (length === 1 && (bytes[start + 1] === 0x2d || bytes[start + 1] === 0x2b)) return TYPES.includes(type)
  return isLine(bytes, type, start + 1, last)
}

const TYPES: readonly number[] = [...utf8Bytes(':$*#,(!=%~>|;')]

function utf8Bytes(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text))
}
