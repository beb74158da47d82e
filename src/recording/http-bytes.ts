/**
 * Secrets in one direction of an HTTP/1 connection (RFC 9112), in place. Heads and bodies are told apart as far as it takes to look
 * into each; what is neither is left out.
 */
import { brotliDecompressSync, constants, gunzipSync, inflateRawSync, inflateSync } from 'node:zlib'
import { requestParts, STATUS_LENGTH, statusParts } from '../protocols/http/grammar'
import { type Fields, fieldsOf } from '../protocols/lib/http/fields'
import { redactUrl } from '../protocols/lib/redact'
import { readHeader } from '../protocols/proxy-protocol/header'
import { latin1, mask, maskSecrets, type Range } from './mask'
import { maskFields, secretsOfBody } from './texts'

/** Bytes that were replaced, see `Header.redacted`, and those that may still be decoded. */
export interface Redaction {
  secret: number
  unread: number
  decodable: number
}

const HEAD_END = /\r?\n\r?\n/g
const CHUNK = /([0-9a-fA-F]{1,8})[^\r\n]*\r?\n/y
/** How gzip, zstd, zip, xz and bzip2 begin. A body that begins so without a Content-Encoding is blanked, as its secrets can't be found. */
const PACKED = ['\x1f\x8b', '\x28\xb5\x2f\xfd', 'PK\x03\x04', '\xfd7zXZ', 'BZh']
/** Decoded, of a body that is looked into … */
const MAX_DECODED = 4 << 20
/** … and of all together: beyond that they are replaced unseen. */
export const MAX_DECODED_IN_ALL = 256 << 20

/** Whether a line with which a message begins stands in this text. */
export const hasStartLine = (text: string): boolean => nextStart(text, 0) < text.length

const CR = 0x0d
const LF = 0x0a

const isPacked = (text: string): boolean => PACKED.some((magic) => text.startsWith(magic))

const blank = (bytes: Uint8Array, { start, end }: Range): number => {
  bytes.fill(0, start, end)
  return Math.max(0, end - start)
}

/** What a head says of its body. */
interface Content {
  /** In the order in which they were applied. */
  readonly codings: readonly string[]
  readonly isForm: boolean
}

/** What a hole in the stream may have cut. */
type Rest =
  | { readonly kind: 'none' }
  | { readonly kind: 'length'; left: number; readonly codings: readonly string[] }
  | { readonly kind: 'unknown'; readonly codings: readonly string[] }
  /** The connection has left HTTP. */
  | { readonly kind: 'left' }

export class HttpRedactor {
  readonly #redaction: Redaction
  #rest: Rest = { kind: 'none' }

  constructor(redaction: Redaction) {
    this.#redaction = redaction
  }

  /** The next bytes that lie in one piece; `missing` bytes before them are not there. */
  run(bytes: Uint8Array, missing: number): void {
    const text = latin1(bytes)
    let at = this.#continue(bytes, text, missing)
    while (at < bytes.length) at = this.#message(bytes, text, at)
  }

  /** The rest of the body before; where it ends. */
  #continue(bytes: Uint8Array, text: string, missing: number): number {
    const rest = this.#rest
    if (rest.kind === 'left') return this.#blankAll(bytes, 0)
    if (missing === 0 || rest.kind === 'none') return 0
    this.#rest = { kind: 'none' }
    if (rest.kind === 'length') {
      const left = Math.max(0, rest.left - missing)
      const end = Math.min(left, bytes.length)
      this.#cutBody(bytes, { start: 0, end }, rest.codings)
      if (left > end) this.#rest = { ...rest, left: left - end }
      return end
    }
    const end = nextStart(text, 0)
    this.#cutBody(bytes, { start: 0, end }, rest.codings)
    if (end === bytes.length) this.#rest = rest
    return end
  }

  #blankAll(bytes: Uint8Array, start: number): number {
    this.#redaction.unread += blank(bytes, { start, end: bytes.length })
    return bytes.length
  }

  /** A part of a body that nobody saw begin. */
  #cutBody(bytes: Uint8Array, range: Range, codings: readonly string[]): void {
    if (codings.length === 0) this.#text(bytes, range)
    else this.#redaction.unread += blank(bytes, range)
  }

  /** Blanks bytes that belong to no message, as no parser reads them. Line ends stay. */
  #strange(bytes: Uint8Array, { start, end }: Range): void {
    for (let at = start; at < end; at++) {
      if (bytes[at] === CR || bytes[at] === LF) continue
      bytes[at] = 0
      this.#redaction.unread++
    }
  }

  #text(bytes: Uint8Array, { start, end }: Range): void {
    const part = bytes.subarray(start, end)
    for (const range of secretsOfBody(part, true)) this.#redaction.secret += mask(part, range)
  }

  /** One message, or what stands before the next; where it ends. */
  #message(bytes: Uint8Array, text: string, from: number): number {
    const ofProxy = readHeader(bytes, from, bytes.length)
    if (typeof ofProxy === 'object') return from + ofProxy.length
    const start = nextStart(text, from)
    if (start > from) this.#strange(bytes, { start: from, end: start })
    if (start === bytes.length) return start
    HEAD_END.lastIndex = start
    const found = HEAD_END.exec(text)
    const end = found ? found.index + found[0].length : text.length
    const head = text.slice(start, end)
    const line = head.indexOf('\n') + 1 || head.length
    const status = this.#startLine(bytes, head.slice(0, line).trimEnd(), start)
    this.#redaction.secret += maskFields(bytes, head.slice(line), start + line)
    return found ? this.#body(bytes, text, end, status, fieldsOf(head.slice(line), false)) : end
  }

  /** The status of a response; 0 of a request. */
  #startLine(bytes: Uint8Array, line: string, start: number): number {
    const response = statusParts(line)
    const { targetStart = 0, targetEnd = 0 } = requestParts(line) ?? {}
    const [from, to] = response ? [response.reasonStart, line.length] : [targetStart, targetEnd]
    this.#redaction.secret += maskSecrets(bytes.subarray(start + from, start + to), redactUrl)
    return response?.status ?? 0
  }

  /** What follows a head; where it ends. */
  #body(bytes: Uint8Array, text: string, start: number, status: number, fields: Fields): number {
    if (status === 101) {
      this.#rest = { kind: 'left' }
      return this.#blankAll(bytes, start)
    }
    // To a HEAD, or without a body: the next message follows at once.
    if ((status > 0 && status < 200) || status === 204 || status === 304) return start
    if (statusParts(text.slice(start, start + STATUS_LENGTH + 1))) return start
    const { isForm, chunked, contentLength } = fields
    const codings = [...fields.contentCodings, ...fields.transferCodings]
    if (chunked) return this.#chunked(bytes, text, start, { codings, isForm })
    // A response without a length goes on until the close.
    if (contentLength < 0 && status === 0) return start
    const wanted = start + (contentLength < 0 ? Number.POSITIVE_INFINITY : contentLength)
    const bodyEnd = Math.min(text.length, wanted)
    this.#content(bytes, [{ start, end: bodyEnd }], { codings, isForm })
    if (wanted > bodyEnd) this.#rest = { kind: 'length', left: wanted - bodyEnd, codings }
    return bodyEnd
  }

  #chunked(bytes: Uint8Array, text: string, start: number, content: Content): number {
    const parts: Range[] = []
    let at = start
    for (;;) {
      CHUNK.lastIndex = at
      const line = CHUNK.exec(text)
      const size = line ? Number.parseInt(line[1]!, 16) : 0
      if (!line || size === 0) break
      const from = at + line[0].length
      parts.push({ start: from, end: Math.min(text.length, from + size) })
      at = from + size
      if (at >= text.length) break
      at += text[at] === '\r' ? 2 : 1
    }
    this.#content(bytes, parts, content)
    if (!text.startsWith('0', at)) {
      this.#rest = { kind: 'unknown', codings: content.codings }
      return Math.min(at, text.length)
    }
    HEAD_END.lastIndex = at
    const found = HEAD_END.exec(text)
    const end = found ? found.index + found[0].length : text.length
    this.#redaction.secret += maskFields(bytes, text.slice(at, end), at)
    return end
  }

  /** A body, whose parts belong together. */
  #content(bytes: Uint8Array, parts: readonly Range[], { codings, isForm }: Content): void {
    const whole = Buffer.concat(parts.map(({ start, end }) => bytes.subarray(start, end)))
    const text = whole.toString('latin1')
    if (codings.length === 0 && !isPacked(text)) {
      this.#maskParts(bytes, parts, secretsOfBody(whole, isForm))
      return
    }
    if (codings.length > 0 && this.#isSafe(whole, codings, isForm)) return
    for (const part of parts) this.#redaction.unread += blank(bytes, part)
  }

  /** Whether a compressed body was decoded, as far as it is there, and has no secret in it. */
  #isSafe(bytes: Uint8Array, codings: readonly string[], isForm: boolean): boolean {
    try {
      let decoded = bytes
      for (const coding of codings.toReversed()) {
        const decode = DECODERS[coding]
        if (!decode || this.#redaction.decodable <= 0) return false
        decoded = decode(decoded)
        this.#redaction.decodable -= decoded.length
      }
      return !isPacked(latin1(decoded)) && secretsOfBody(decoded, isForm).length === 0
    } catch {
      this.#redaction.decodable -= MAX_DECODED
      return false
    }
  }

  /** `secrets`: places in the parts, put together. */
  #maskParts(bytes: Uint8Array, parts: readonly Range[], secrets: readonly Range[]): void {
    for (const secret of secrets) {
      let before = 0
      for (const part of parts) {
        const start = Math.max(part.start, part.start + secret.start - before)
        const end = Math.min(part.end, part.start + secret.end - before)
        if (start < end) this.#redaction.secret += mask(bytes, { start, end })
        before += part.end - part.start
      }
    }
  }
}

/** Where the next message begins, at `from` or behind a line break; the text's end when none does. */
function nextStart(text: string, from: number): number {
  for (let at = from; at < text.length; ) {
    const lineFeed = text.indexOf('\n', at)
    const end = lineFeed < 0 ? text.length : lineFeed
    const line = text.slice(at, text[end - 1] === '\r' ? end - 1 : end)
    if (statusParts(line) || requestParts(line)) return at
    at = end + 1
  }
  return text.length
}

const ZLIB = { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: MAX_DECODED }
const DECODERS: Readonly<Record<string, (bytes: Uint8Array) => Uint8Array>> = {
  gzip: (bytes) => gunzipSync(bytes, ZLIB),
  'x-gzip': (bytes) => gunzipSync(bytes, ZLIB),
  deflate: (bytes) => ((bytes[0]! & 0x0f) === 8 ? inflateSync(bytes, ZLIB) : inflateRawSync(bytes, ZLIB)),
  br: (bytes) =>
    brotliDecompressSync(bytes, {
      finishFlush: constants.BROTLI_OPERATION_FLUSH,
      maxOutputLength: MAX_DECODED,
    }),
}
