/**
 * Documents as relaxed extended JSON (github.com/mongodb/specifications, extended-json.md, version 2), as far as their bytes go and up
 * to a limit: what is cut ends with `…`. Each byte is looked at a bounded number of times, and deeper documents are not shown.
 */

import { wholeCharacters } from '../lib/body-text'
import { latin1, utf8 } from '../lib/bytes'
import { REDACTED } from '../lib/redact'
import * as Bson from './bson'
import { decimalText } from './decimal'
import { i32 } from './message'

/** MongoDB itself takes no document that is deeper. */
const MAX_DEPTH = 100
const PLAIN = /^[ !#-[\]-~]*$/
const HEX = 'hex'
const BASE64 = 'base64'
const LAST_DATE = 253_402_300_799_999
const WORD = 2 ** 32

/** Whether the value of a member of this name is left out; `depth` 0: of the command or the answer itself. */
export type IsSecret = (name: string, depth: number) => boolean

export class JsonText {
  #text = ''
  #isCut = false
  readonly #bytes: Uint8Array
  readonly #end: number
  /** The bytes as characters: parts of it cost less than texts of their own. */
  readonly #letters: string
  readonly #from: number
  readonly #limit: number
  readonly #isSecret: IsSecret

  /** Of bytes[from..end), at most `limit` characters. */
  constructor(bytes: Uint8Array, from: number, end: number, limit: number, isSecret: IsSecret) {
    this.#bytes = bytes
    this.#from = from
    this.#end = end
    this.#letters = latin1(bytes, from, end)
    this.#limit = limit
    this.#isSecret = isSecret
  }

  get isCut(): boolean {
    return this.#isCut
  }

  /** What was written. `isOpen`: more of it isn't there. */
  get text(): string {
    if (!this.#isCut && this.#text.length <= this.#limit) return this.#text
    return `${this.#text.slice(0, this.#limit).replace(/[\ud800-\udbff]$/, '')}…`
  }

  add(text: string): void {
    this.#text += text
    if (this.#text.length > this.#limit) this.#isCut = true
  }

  /** More than this isn't there. */
  cut(): void {
    this.#isCut = true
  }

  /** The document at `at`, all of it; returns the offset behind it. */
  document(at: number, isArray = false, depth = 0): number {
    if (depth > MAX_DEPTH || at + 4 > this.#end) {
      this.#isCut = true
      return at
    }
    const end = at + i32(this.#bytes, at)
    this.add(isArray ? '[' : '{')
    this.members(at, isArray, depth)
    if (!this.#isCut) this.add(isArray ? ']' : '}')
    return end
  }

  /** The members of the document at `at`, without its braces. `sign`: what stands in front of the first one. */
  members(at: number, isArray = false, depth = 0, sign = ''): void {
    const last = at + i32(this.#bytes, at) - 1
    let next = at + 4
    let comma = sign
    while (next < last && !this.#isCut) {
      const name = next + 1
      const nul = this.#letters.indexOf('\0', name - this.#from) + this.#from
      if (nul < name || nul >= last) break
      const type = this.#bytes[next]!
      this.#text += comma
      comma = ','
      const key = isArray ? '' : this.#text.length <= this.#limit ? this.#string(name, nul, nul - name) : ''
      if (!isArray) this.#text += `${key}:`
      const isSecret = !isArray && this.#isSecret(key.slice(1, -1), depth)
      next = this.#value(type, nul + 1, last, depth, isSecret)
    }
    if (next < last) this.#isCut = true
  }

  /** A list of documents that end at `last`, behind its name. */
  list(name: number, last: number, sign: string): void {
    const nul = this.#letters.indexOf('\0', name - this.#from) + this.#from
    if (nul < name) {
      this.#isCut = true
      return
    }
    this.add(`${sign}${this.#string(name, nul)}:[`)
    let comma = ''
    for (let at = nul + 1; at < last && !this.#isCut; comma = ',') {
      this.#text += comma
      at = this.document(at)
    }
    this.add(']')
  }

  /** Returns the offset behind the value. */
  #value(type: number, at: number, last: number, depth: number, isSecret: boolean): number {
    const size = Bson.valueBytes(type, this.#bytes, at, this.#end)
    const end = at + size
    if (isSecret) this.add(`"${REDACTED}"`)
    const most = Math.min(last, this.#end)
    if (size >= 0 && end <= most) {
      if (!isSecret) this.#whole(type, at, end, depth)
      return end
    }
    if (!isSecret && size >= 0 && end <= last) this.#begun(type, at, depth)
    this.#isCut = true
    return end
  }

  /** A value whose end isn't there. */
  #begun(type: number, at: number, depth: number): void {
    if (Bson.isDocument(type)) this.document(at, type === Bson.ARRAY, depth + 1)
    else if (type === Bson.STRING) this.#text += this.#string(at + 4, this.#end, i32(this.#bytes, at) - 1)
  }

  #whole(type: number, at: number, end: number, depth: number): void {
    switch (type) {
      case Bson.STRING:
        this.add(this.#string(at + 4, end - 1, end - 1 - at - 4))
        return
      case Bson.DOCUMENT:
      case Bson.ARRAY:
        this.document(at, type === Bson.ARRAY, depth + 1)
        return
      case Bson.SCOPED_CODE:
        this.#scopedCode(at, end, depth)
        return
      default:
        this.add(this.#scalar(type, at, end))
    }
  }

  #scalar(type: number, at: number, end: number): string {
    const bytes = this.#bytes
    switch (type) {
      case Bson.INT32:
        return String(i32(bytes, at))
      case Bson.BOOLEAN:
        return bytes[at] === 0 ? 'false' : 'true'
      case Bson.NULL:
        return 'null'
      case Bson.DOUBLE:
        return doubleText(bytes, at)
      case Bson.INT64:
        return int64Text(bytes, at)
      case Bson.OBJECT_ID:
        return `{"$oid":"${this.#coded(HEX, at, end)}"}`
      case Bson.DATE:
        return dateText(bytes, at)
      case Bson.BINARY:
        return this.#binary(at, end)
      case Bson.TIMESTAMP:
        return `{"$timestamp":{"t":${i32(bytes, at + 4) >>> 0},"i":${i32(bytes, at) >>> 0}}}`
      case Bson.DECIMAL:
        return `{"$numberDecimal":"${decimalText(bytes, at)}"}`
      case Bson.REGEX:
        return this.#regex(at, end)
      case Bson.CODE:
        return `{"$code":${this.#string(at + 4, end - 1)}}`
      case Bson.SYMBOL:
        return `{"$symbol":${this.#string(at + 4, end - 1)}}`
      case Bson.POINTER: {
        const id = this.#coded(HEX, end - 12, end)
        return `{"$dbPointer":{"$ref":${this.#string(at + 4, end - 13)},"$id":{"$oid":"${id}"}}}`
      }
      case Bson.UNDEFINED:
        return '{"$undefined":true}'
      case Bson.MIN_KEY:
        return '{"$minKey":1}'
      default:
        return '{"$maxKey":1}'
    }
  }

  /** A text in quotes; `length` bytes of which those up to `end` are there. What is beyond the limit is left out. */
  #string(at: number, end: number, length = end - at): string {
    const most = Math.min(end, at + Math.max(0, this.#limit - this.#text.length) + 1)
    const isWhole = at + length <= most
    if (!isWhole) this.#isCut = true
    const letters = this.#letters.slice(at - this.#from, most - this.#from)
    if (PLAIN.test(letters)) return isWhole ? `"${letters}"` : `"${letters}`
    const stop = isWhole ? most : at + wholeCharacters(this.#bytes.subarray(at, most))
    const quoted = JSON.stringify(utf8(this.#bytes, at, stop))
    return isWhole ? quoted : quoted.slice(0, -1)
  }

  #coded(coding: 'hex' | 'base64', at: number, end: number): string {
    return Buffer.from(this.#bytes.buffer, this.#bytes.byteOffset + at, end - at).toString(coding)
  }

  #binary(at: number, end: number): string {
    const subtype = this.#bytes[at + 4]!
    // Subtype 2 has its length once more.
    const from = subtype === 2 ? Math.min(at + 9, end) : at + 5
    const most = Math.min(end, from + this.#limit)
    const kind = subtype.toString(16).padStart(2, '0')
    return `{"$binary":{"base64":"${this.#coded(BASE64, from, most)}","subType":"${kind}"}}`
  }

  #regex(at: number, end: number): string {
    const nul = this.#letters.indexOf('\0', at - this.#from) + this.#from
    const [pattern, options] = [this.#string(at, nul), this.#string(nul + 1, end - 1)]
    return `{"$regularExpression":{"pattern":${pattern},"options":${options}}}`
  }

  /** size:4, a text, a document. */
  #scopedCode(at: number, end: number, depth: number): void {
    const length = at + 8 <= end ? i32(this.#bytes, at + 4) : 0
    const scope = at + 8 + length
    if (length < 1 || scope + Bson.LEAST_DOCUMENT > end || scope + i32(this.#bytes, scope) > end) {
      this.#isCut = true
      return
    }
    this.add(`{"$code":${this.#string(at + 8, scope - 1)},"$scope":`)
    this.document(scope, false, depth + 1)
    if (!this.#isCut) this.add('}')
  }
}

const number = new DataView(new ArrayBuffer(8))
function double(bytes: Uint8Array, at: number): number {
  number.setInt32(0, i32(bytes, at), true)
  number.setInt32(4, i32(bytes, at + 4), true)
  return number.getFloat64(0, true)
}

/** A number of a command or an answer; NaN: of another type. */
export function numberOf(type: number, bytes: Uint8Array, at: number): number {
  if (type === Bson.INT32) return i32(bytes, at)
  if (type === Bson.DOUBLE) return double(bytes, at)
  if (type === Bson.BOOLEAN) return bytes[at]!
  return type === Bson.INT64 ? int64(bytes, at) : Number.NaN
}

const int64 = (bytes: Uint8Array, at: number): number => i32(bytes, at + 4) * WORD + (i32(bytes, at) >>> 0)

function int64Text(bytes: Uint8Array, at: number): string {
  const value = int64(bytes, at)
  if (Number.isSafeInteger(value)) return String(value)
  return String(BigInt(i32(bytes, at + 4)) * BigInt(WORD) + BigInt(i32(bytes, at) >>> 0))
}

function doubleText(bytes: Uint8Array, at: number): string {
  const value = double(bytes, at)
  if (!Number.isFinite(value)) return `{"$numberDouble":"${value}"}`
  if (Object.is(value, -0)) return '-0.0'
  return Number.isInteger(value) && Math.abs(value) < 1e21 ? `${value}.0` : String(value)
}

function dateText(bytes: Uint8Array, at: number): string {
  const ms = int64(bytes, at)
  if (ms < 0 || ms > LAST_DATE) return `{"$date":{"$numberLong":"${int64Text(bytes, at)}"}}`
  return `{"$date":"${new Date(ms).toISOString().replace('.000Z', 'Z')}"}`
}
