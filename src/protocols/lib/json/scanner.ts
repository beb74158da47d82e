/**
 * JSON (RFC 8259) as it passes: in pieces, with holes, cut anywhere. Each value is told with the names above it; no document is kept.
 *
 * Nothing is an error. Of a text that is cut its beginning is told, of a number that is cut nothing. Behind a hole it goes on at the
 * first quote that can only begin a text: within a text a quote has a backslash before it, and behind one that ends a text stands one of
 * `,:]}` or white space. How many objects and arrays are around shows at the end of the document, which closes all: such values are told
 * then. Time is linear in the bytes, memory is bounded.
 */
import { latin1, utf8 } from '../bytes'

/** Objects and arrays within each other whose values are told; deeper ones are passed over. */
const MAX_DEPTH = 32
/** Bytes of a text that are kept while it isn't known whether it is a name. */
const MAX_TEXT = 1024
/** Longer ones are no number, `true`, `false` or `null`. */
const MAX_LITERAL = 40
/** Values behind a hole that wait for the end, and their characters. */
const MAX_LATE = 64
const MAX_LATE_TEXT = 256
const MAX_HIDDEN = 3

/** Names above a value, and its own, as `usage.prompt_tokens`; elements of arrays are `*`, and what a hole hides is `?`. */
export type Path = string
export const ELEMENT = '*'

export interface JsonListener {
  /** Whether values of this name are of interest; `*` for elements. */
  wants(name: string): boolean
  /** A text (with … behind it, if it was cut), or a number, `true`, `false` or `null` as it is written. */
  value(path: Path, value: string, isText: boolean): void
  /** An object or an array begins. */
  opens?(path: Path): void
}

/** A value behind a hole, `closed` objects and arrays after it that were open there. */
interface Late {
  readonly path: Path
  readonly value: string
  readonly isText: boolean
  readonly closed: number
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const COLON = 0x3a
const OPEN_ARRAY = 0x5b
const CLOSE_ARRAY = 0x5d
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d

/** So few bytes are copied one by one. */
const FEW = 32

const isSpace = (byte: number): boolean => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d)
/** What stands behind a text. */
const isBehind = (byte: number): boolean =>
  byte === COMMA || byte === COLON || byte === CLOSE_ARRAY || byte === CLOSE_OBJECT || isSpace(byte)
const endsLiteral = (byte: number): boolean =>
  isBehind(byte) || byte === QUOTE || byte === OPEN_ARRAY || byte === OPEN_OBJECT

enum State {
  Between,
  Text,
  Literal,
  /** Behind a hole: within a text, or not. */
  Lost,
}

export class JsonScanner {
  readonly #listener: JsonListener
  #state = State.Between
  /** The path of each object and array that is open, and whether it is an array. */
  readonly #paths: Path[] = []
  readonly #isArray: boolean[] = []
  /** Those that are open beyond MAX_DEPTH. */
  #deeper = 0
  /** The name of the member whose value follows; undefined where none was read. */
  #name: string | undefined
  /** The text or literal that is being read, or was read last: whether it is a name shows behind it. */
  readonly #kept = new Uint8Array(MAX_TEXT)
  #length = 0
  #hasValue = false
  #isText = false
  #isEscaped = false
  /** Behind a hole: the newest values, and how many objects and arrays were closed that were open at the hole. */
  #late: Late[] | undefined
  #closed = 0

  constructor(listener: JsonListener) {
    this.#listener = listener
  }

  /** Bytes are missing here. */
  misses(): void {
    this.#finishValue(true)
    this.#reset()
    this.#late = []
    this.#state = State.Lost
  }

  take(all: Uint8Array, start: number, end: number): void {
    // A search ends with the piece, not with what lies behind it.
    const bytes = start === 0 && end === all.length ? all : all.subarray(start, end)
    for (let at = 0; at < bytes.length; ) {
      if (this.#state === State.Text) at = this.#readText(bytes, at)
      else if (this.#state === State.Literal) at = this.#readLiteral(bytes, at)
      else if (this.#state === State.Lost) at = this.#seek(bytes, at)
      else at = this.#readBetween(bytes, at)
    }
  }

  /** Another document may follow. `isWhole`: this one ends here, and was not cut. */
  finish(isWhole: boolean): void {
    this.#finishValue(!isWhole)
    if (isWhole && this.#late && this.#state === State.Between && this.#paths.length === 0)
      for (const { path, value, isText, closed } of this.#late) {
        const hidden = this.#closed - closed - 1
        if (hidden >= 0 && hidden <= MAX_HIDDEN)
          this.#listener.value('?.'.repeat(hidden) + path, value, isText)
      }
    this.#reset()
  }

  #reset(): void {
    this.#paths.length = 0
    this.#isArray.length = 0
    this.#deeper = 0
    this.#name = undefined
    this.#hasValue = false
    this.#isEscaped = false
    this.#late = undefined
    this.#closed = 0
    this.#state = State.Between
  }

  // ── Bytes ──────────────────────────────────────────────────────────────────

  #readBetween(bytes: Uint8Array, start: number): number {
    for (let at = start; at < bytes.length; at++) {
      const byte = bytes[at]!
      switch (byte) {
        case QUOTE:
          this.#begins(State.Text)
          return at + 1
        case COLON:
          this.#isName()
          break
        case COMMA:
          this.#finishValue(false)
          break
        case OPEN_OBJECT:
        case OPEN_ARRAY:
          this.#open(byte === OPEN_ARRAY)
          break
        case CLOSE_OBJECT:
        case CLOSE_ARRAY:
          this.#close()
          break
        default:
          if (isSpace(byte)) break
          this.#begins(State.Literal)
          return at
      }
    }
    return bytes.length
  }

  #begins(state: State.Text | State.Literal): void {
    // A value without a comma behind it.
    this.#finishValue(false)
    this.#state = state
    this.#isText = state === State.Text
    this.#length = 0
    this.#hasValue = true
    this.#isEscaped = false
  }

  #readText(bytes: Uint8Array, start: number): number {
    const end = bytes.length
    let at = this.#isEscaped ? start + 1 : start
    this.#isEscaped = false
    while (at < end) {
      const quote = bytes.indexOf(QUOTE, at)
      const stop = quote < 0 ? end : quote
      const isOdd = backslashesBefore(bytes, at, stop) % 2 === 1
      if (quote >= 0 && !isOdd) {
        this.#keep(bytes, start, stop)
        this.#state = State.Between
        return stop + 1
      }
      this.#isEscaped = quote < 0 && isOdd
      at = stop + 1
    }
    this.#keep(bytes, start, end)
    return end
  }

  #readLiteral(bytes: Uint8Array, start: number): number {
    let at = start
    while (at < bytes.length && !endsLiteral(bytes[at]!)) at++
    this.#keep(bytes, start, at)
    if (at < bytes.length) this.#state = State.Between
    return at
  }

  #seek(bytes: Uint8Array, start: number): number {
    for (let at = bytes.indexOf(QUOTE, start); at >= 0; at = bytes.indexOf(QUOTE, at + 1)) {
      // What stands before the first byte isn't known.
      const isSure = at > start && bytes[at - 1] !== BACKSLASH && at + 1 < bytes.length
      if (!isSure || isBehind(bytes[at + 1]!)) continue
      this.#begins(State.Text)
      return at + 1
    }
    return bytes.length
  }

  #keep(bytes: Uint8Array, start: number, end: number): void {
    const take = Math.min(end - start, MAX_TEXT - this.#length)
    const kept = this.#kept
    if (take > FEW) kept.set(bytes.subarray(start, start + take), this.#length)
    else for (let i = 0; i < take; i++) kept[this.#length + i] = bytes[start + i]!
    this.#length += take
  }

  // ── Values ─────────────────────────────────────────────────────────────────

  /** What was read last is the name of a member. */
  #isName(): void {
    if (!this.#hasValue || !this.#isText) return
    this.#hasValue = false
    this.#name = latin1(this.#kept, 0, Math.min(this.#length, MAX_TEXT))
  }

  #finishValue(isCut: boolean): void {
    if (!this.#hasValue) return
    this.#hasValue = false
    const name = this.#nameHere()
    this.#name = undefined
    const isOpen = this.#state !== State.Between
    if (this.#deeper > 0 || name === undefined || !this.#listener.wants(name)) return
    if (!this.#isText && ((isOpen && isCut) || this.#length >= MAX_LITERAL)) return
    const { value, isText } = this.#read(this.#isText && (isOpen || this.#length >= MAX_TEXT))
    const path = this.#pathOf(name)
    if (this.#late) this.#isLate({ path, value: value.slice(0, MAX_LATE_TEXT), isText, closed: this.#closed })
    else this.#listener.value(path, value, isText)
  }

  #read(isCut: boolean): { value: string; isText: boolean } {
    if (!this.#isText) return { value: latin1(this.#kept, 0, this.#length), isText: false }
    return { value: textOf(this.#kept, this.#length) + (isCut ? '…' : ''), isText: true }
  }

  #isLate(late: Late): void {
    this.#late!.push(late)
    if (this.#late!.length > MAX_LATE) this.#late!.shift()
  }

  /** '' for a document. undefined: a member of which no name was read, so that it may be a name itself. */
  #nameHere(): string | undefined {
    if (this.#isArray[this.#isArray.length - 1]) return ELEMENT
    const isDocument = this.#paths.length === 0 && this.#late === undefined
    return this.#name ?? (isDocument ? '' : undefined)
  }

  #pathOf(name: string): Path {
    const above = this.#paths[this.#paths.length - 1] ?? ''
    if (above === '') return name
    return name === '' ? above : `${above}.${name}`
  }

  #open(isArray: boolean): void {
    this.#finishValue(false)
    if (this.#paths.length >= MAX_DEPTH || this.#deeper > 0) {
      this.#deeper++
      return
    }
    // What has no name is an element: behind a hole it isn't known of what.
    const path = this.#pathOf(this.#nameHere() ?? ELEMENT)
    this.#paths.push(path)
    this.#isArray.push(isArray)
    this.#name = undefined
    if (!this.#late) this.#listener.opens?.(path)
  }

  #close(): void {
    this.#finishValue(false)
    this.#name = undefined
    if (this.#deeper > 0) {
      this.#deeper--
      return
    }
    if (this.#paths.length === 0) this.#closed++
    this.#paths.pop()
    this.#isArray.pop()
  }
}

/** How many stand right before `end`, `from` at most. */
function backslashesBefore(bytes: Uint8Array, from: number, end: number): number {
  let at = end
  while (at > from && bytes[at - 1] === BACKSLASH) at--
  return end - at
}

/** What a JSON text of these bytes says, as far as its escapes are whole. */
function textOf(bytes: Uint8Array, length: number): string {
  const written = utf8(bytes, 0, length)
  if (!written.includes('\\')) return written
  return written.replace(/\\(?:u([0-9a-fA-F]{4})|([\s\S])|$)/g, (_, hex?: string, sign?: string) => {
    if (hex) return String.fromCharCode(Number.parseInt(hex, 16))
    return sign === undefined || sign === 'u' ? '' : (SIGNS[sign] ?? sign)
  })
}

const SIGNS: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: '\b', f: '\f' }
