/**
 * The head of a message (RFC 9112 §2–§6): a start line (`grammar.ts`), and
 *
 *     field-line   = field-name ":" OWS field-value OWS CRLF      ; a line that begins with SP or HT continues the last (obs-fold)
 *
 * Header blocks and start lines repeat from message to message: a parsed one is remembered by its bytes. Where only some
 * lines of a block are new, the others are remembered by their texts.
 */
import { STATUS_CODES } from 'node:http'
import { ByteMemo } from '../lib/byte-memo'
import { latin1 } from '../lib/bytes'
import { contentCodings } from '../lib/inflate'
import { Memo } from '../lib/memo'
import { isSecretHeader, REDACTED, redactHeader, redactUrl } from '../lib/redact'
import { decoded, HIGH, isMethod, isOws, requestParts, statusParts, trimOws } from './grammar'
import { CONTENT_GRPC, CONTENT_JSON, CONTENT_UNKNOWN, type ContentType } from './types'

/** The meaning of the header fields. */
export interface Fields {
  /** A JSON object; repeated fields are joined with ", " in order of arrival, under the first one's spelling. */
  readonly json: string
  /** -1 when absent. */
  readonly contentLength: number
  readonly chunked: boolean
  /** As `contentCodings`, without chunked. */
  readonly transferCodings: readonly string[]
  /** There is a Transfer-Encoding whose last coding isn't chunked. */
  readonly otherTransferCoding: boolean
  /** In the order in which they were applied; empty for none. */
  readonly contentCodings: readonly string[]
  readonly contentType: ContentType
  readonly isForm: boolean
  /** The first protocol of Upgrade in lower case, or ''. */
  readonly upgrade: string
  /** The length is malformed, or there are two: where this message ends can't be said. */
  readonly contradictory: boolean
}

/** The field lines of a head, with the empty line that ends them. */
export interface Block {
  readonly fields: Fields
  /** Their bytes. */
  readonly length: number
}

/** Where a head lies in the bytes that are being read. All heads share one object, as reads don't nest. */
export interface HeadPlace {
  bytes: Uint8Array
  /** The start line, without its line break. */
  lineStart: number
  lineEnd: number
  /** The field lines, and the end of the empty line behind them. */
  fieldsStart: number
  end: number
}

export interface RequestLine {
  readonly method: string
  readonly path: string
  readonly minor: number
}

export interface StatusLine {
  readonly status: number
  readonly reason: string
  readonly minor: number
}

/** Characters of JSON that are kept of one header block at most; further fields are left out. */
const MAX_JSON = 64 << 10
/** Characters of a target that are kept at most. */
const MAX_TARGET = 256 << 10
/** Blocks and start lines that are remembered at most, and the memory that they may take. */
const KNOWN = 1024
const LONGEST_BLOCK = 4096
const BLOCKS_BYTES = 4 << 20
const LONGEST_START = 256
const STARTS_BYTES = 1 << 20
const LINE_ENTRIES = 1024
const LINE_TEXT = 512
const MAX_NAMES = 4096
const NO_CODINGS: readonly string[] = []
const CR = 13
const LF = 10

/** Reads the field lines. They end with an empty line of a bare LF, if one comes before the end that `place` tells. */
export function blockOf({ bytes, fieldsStart, end }: HeadPlace, redact: boolean): Block {
  return (redact ? redacting : plain).blocks.get(bytes, fieldsStart, end)
}

/** Reads field lines that are only a part of a head. `text`: one character per byte. */
export function fieldsOf(text: string, redact: boolean): Fields {
  return (redact ? redacting : plain).read(text)
}

/** See `parseRequestLine`. */
export function requestLineOf(
  { bytes, lineStart, lineEnd }: HeadPlace,
  redact: boolean,
): RequestLine | undefined {
  return (redact ? safeRequests : plainRequests).get(bytes, lineStart, lineEnd)
}

/** See `parseStatusLine`. */
export function statusLineOf(
  { bytes, lineStart, lineEnd }: HeadPlace,
  redact: boolean,
): StatusLine | undefined {
  return (redact ? safeStatuses : plainStatuses).get(bytes, lineStart, lineEnd)
}

/** A memo of start lines. */
const known = <L>(parse: (line: string) => L) =>
  new ByteMemo((bytes, from, to) => parse(latin1(bytes, from, to)), KNOWN, LONGEST_START, STARTS_BYTES)

/** See `requestParts`. */
export function parseRequestLine(line: string, redact: boolean): RequestLine | undefined {
  const parts = requestParts(line)
  if (parts === undefined) return undefined
  const { method, targetStart, targetEnd, minor } = parts
  // A longer target is cut. The cut text is copied: a part would keep the whole text in memory.
  const isLong = targetEnd - targetStart > MAX_TARGET
  const kept = line.slice(targetStart, isLong ? targetStart + MAX_TARGET : targetEnd)
  let path = isLong ? `${Buffer.from(kept, 'latin1').toString('latin1')}…` : kept
  if (HIGH.test(path)) path = decoded(path)
  if (redact) path = redactUrl(path)
  return { method, path, minor }
}

/** ` HTTP/1.1`, as far as it was sent. */
const VERSION_PART = / +(?:H(?:T(?:T(?:P(?:\/(?:1(?:\.[0-9]?)?)?)?)?)?)?)?\r?$/

/** Reads a request line that wasn't sent to its end. */
export function parseRequestPart(line: string, redact: boolean): RequestLine | undefined {
  const methodEnd = line.indexOf(' ')
  const method = line.slice(0, methodEnd)
  if (methodEnd < 1 || !isMethod(method)) return undefined
  const target = line.slice(methodEnd + 1).replace(VERSION_PART, '')
  return parseRequestLine(`${method} ${trimOws(target) || '-'} HTTP/1.1`, redact)
}

/** See `statusParts`. An empty reason becomes the standard one. */
export function parseStatusLine(line: string, redact: boolean): StatusLine | undefined {
  const parts = statusParts(line)
  if (parts === undefined) return undefined
  const { status, minor, reasonStart } = parts
  const reason = trimOws(line.slice(reasonStart))
  if (reason === '') return { status, minor, reason: STATUS_CODES[status] ?? '' }
  const text = HIGH.test(reason) ? decoded(reason) : reason
  return { status, minor, reason: redact ? redactUrl(text) : text }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: characters that a JSON string must escape
const NEEDS_ESCAPE = /["\\\x00-\x1f\x7f-\uffff]/

/** A number of decimal digits only, leading zeros allowed, or -1. */
function digits(text: string): number {
  const match = /^0*([0-9]{1,15})$/.exec(text)
  return match ? Number(match[1]) : -1
}

function quote(text: string): string {
  return NEEDS_ESCAPE.test(text) ? JSON.stringify(text) : `"${text}"`
}

interface FieldName {
  readonly key: string
  readonly isSecret: boolean
  /** The block in which the name was last seen, and its place there; this finds repeated fields. */
  block: number
  index: number
}

interface FieldLine {
  readonly name: FieldName
  /** As it was sent. */
  readonly spelling: string
  readonly value: string
  /** `"name":"value"` */
  readonly json: string
}

class FieldReader {
  readonly #redact: boolean
  /** Never forgotten, so that a name is one object; repetitions of names beyond MAX_NAMES aren't noticed. */
  readonly #names = new Map<string, FieldName>()
  readonly #lines = new Memo<FieldLine | null>((line) => this.#line(line), LINE_ENTRIES, LINE_TEXT)
  readonly blocks = new ByteMemo<Block>(
    (bytes, from, to) => this.#block(bytes, from, to),
    KNOWN,
    LONGEST_BLOCK,
    BLOCKS_BYTES,
  )
  /** The number of the block. */
  #newest = 0

  constructor(redact: boolean) {
    this.#redact = redact
  }

  #block(bytes: Uint8Array, from: number, to: number): Block {
    const end = bytes[to - 2] === CR ? to - 3 : to - 2
    const text = end > from ? latin1(bytes, from, end) : ''
    const bare = emptyLine(text)
    if (bare < 0) return { fields: this.read(text), length: to - from }
    return { fields: this.read(text.slice(0, bare)), length: bare + 1 }
  }

  #line(line: string): FieldLine | null {
    const colon = line.indexOf(':')
    if (colon < 1) return null
    const spelling = trimOws(line.slice(0, colon))
    return this.#lineOf(this.#name(spelling.toLowerCase()), spelling, trimOws(line.slice(colon + 1)))
  }

  #name(key: string): FieldName {
    const known = this.#names.get(key)
    if (known) return known
    const name = { key, isSecret: isSecretHeader(key), block: 0, index: 0 }
    if (this.#names.size < MAX_NAMES) this.#names.set(key, name)
    return name
  }

  #lineOf(name: FieldName, spelling: string, value: string): FieldLine {
    const safe = !this.#redact ? value : name.isSecret ? REDACTED : redactHeader(name.key, value)
    return { name, spelling, value, json: `${quote(spelling)}:${quote(safe)}` }
  }

  read(block: string): Fields {
    const id = ++this.#newest
    let text = HIGH.test(block) ? decoded(block) : block
    // RFC 9112 §2.2: lines folded onto the start line are passed over.
    if (isOws(text.charCodeAt(0))) text = text.replace(/^(?:[ \t][^\n]*(?:\n|$))+/, '')
    if (text.includes('\n ') || text.includes('\n\t')) text = text.replace(/\r?\n[ \t]+/g, ' ')
    // The remembered part must not keep the whole text in memory.
    const isLong = text.length > LONGEST_BLOCK
    const lines: FieldLine[] = []
    /** Values of the fields that repeat, by the first one's index. */
    let repeated: Map<number, string[]> | undefined
    for (let at = 0; at < text.length; ) {
      const lineFeed = text.indexOf('\n', at)
      const next = lineFeed < 0 ? text.length : lineFeed
      const end = text.charCodeAt(next - 1) === 13 ? next - 1 : next
      const line = this.#lines.get(
        isLong && end - at <= LINE_TEXT ? copyOf(text.slice(at, end)) : text.slice(at, end),
      )
      at = next + 1
      if (line === null) continue
      const { name } = line
      if (name.block === id) {
        repeated ??= new Map()
        const values = repeated.get(name.index)
        if (values) values.push(line.value)
        else repeated.set(name.index, [lines[name.index]!.value, line.value])
        continue
      }
      name.block = id
      name.index = lines.length
      lines.push(line)
    }
    for (const [index, values] of repeated ?? []) {
      const { name, spelling } = lines[index]!
      lines[index] = this.#lineOf(name, spelling, values.join(', '))
    }
    const fields = fieldsFrom(lines)
    const isSmallPart = isLong && text.length > 2 * fields.json.length
    return isSmallPart ? { ...fields, json: copyOf(fields.json) } : fields
  }
}

/** A copy of a text: a part of another text would keep that in memory. */
const copyOf = (text: string): string => Buffer.from(text).toString()

const plain = new FieldReader(false)
const redacting = new FieldReader(true)
const plainRequests = known((line) => parseRequestLine(line, false))
const safeRequests = known((line) => parseRequestLine(line, true))
const plainStatuses = known((line) => parseStatusLine(line, false))
const safeStatuses = known((line) => parseStatusLine(line, true))

/** Where in the field lines a line without CRs ends the head before the first empty line that ends with CRLF, or -1. */
function emptyLine(block: string): number {
  if (block.charCodeAt(0) === LF) return 0
  const at = block.indexOf('\n\n')
  return at < 0 ? -1 : at + 1
}

function fieldsFrom(lines: readonly FieldLine[]): Fields {
  let json = ''
  let length = ''
  let codings = ''
  let encodings = ''
  let type = ''
  let upgrade = ''
  for (const { name, value, json: entry } of lines) {
    if (json.length + entry.length <= MAX_JSON) json += json === '' ? entry : `,${entry}`
    if (name.key === 'content-length') length = value || '-'
    else if (name.key === 'transfer-encoding') codings = transferCodings(value)
    else if (name.key === 'content-encoding') encodings = value
    else if (name.key === 'content-type') type = value.toLowerCase()
    else if (name.key === 'upgrade') upgrade = value.toLowerCase().split(/[,/ \t]/)[0]!
  }
  const chunked = /(?:^|,)[ \t]*chunked$/.test(codings)
  // RFC 9112 §6.3: Transfer-Encoding overrides Content-Length.
  const contentLength = codings === '' && length !== '' ? lengthOf(length) : -1
  return {
    json: `{${json}}`,
    contentLength,
    chunked,
    transferCodings:
      codings === '' || codings === 'chunked'
        ? NO_CODINGS
        : contentCodings(codings).filter((coding) => coding !== 'chunked'),
    otherTransferCoding: codings !== '' && !chunked,
    contentCodings: encodings === '' ? NO_CODINGS : contentCodings(encodings),
    contentType: contentTypeOf(type),
    isForm: type.startsWith('application/x-www-form-urlencoded'),
    upgrade,
    contradictory: codings === '' && length !== '' && contentLength < 0,
  }
}

/** RFC 2616 §3.6 had `identity`, a coding that means none; it is still sent. */
function transferCodings(value: string): string {
  const codings = value.toLowerCase()
  return codings === 'identity' ? '' : codings
}

/** A list that repeats one number is that number (RFC 9110 §8.6); -1 for anything else. */
function lengthOf(value: string): number {
  if (!value.includes(',')) return digits(value)
  const lengths = new Set(value.split(',').map(trimOws))
  return lengths.size === 1 ? digits([...lengths][0]!) : -1
}

function contentTypeOf(type: string): ContentType {
  if (/^[\w.-]+\/(?:[\w.-]+\+)?json\b/.test(type)) return CONTENT_JSON
  return type.startsWith('application/grpc') || /^application\/(?:x-)?protobuf\b/.test(type)
    ? CONTENT_GRPC
    : CONTENT_UNKNOWN
}
