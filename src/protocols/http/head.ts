/**
 * The head of a message (RFC 9112 §2–§6):
 *
 *     request-line = method SP request-target SP HTTP-version CRLF
 *     status-line  = HTTP-version SP status-code SP [ reason-phrase ] CRLF
 *     field-line   = field-name ":" OWS field-value OWS CRLF      ; a line that begins with SP or HT continues the last (obs-fold)
 *
 * Header blocks repeat from message to message: what one means is kept in a memo by its text.
 */
import { STATUS_CODES } from 'node:http'
import { utf8 } from '../lib/bytes'
import { Memo } from '../lib/memo'
import { isSecretHeader, REDACTED, redactUrl } from '../lib/redact'
import { CONTENT_GRPC, CONTENT_JSON, CONTENT_UNKNOWN, type ContentType } from './types'

/** What the header fields say. */
export interface Fields {
  /** A JSON object; repeated fields are joined with ", " in order of arrival, under the first one's spelling. */
  readonly json: string
  /** -1 when absent. */
  readonly contentLength: number
  readonly chunked: boolean
  /** A Transfer-Encoding whose last coding isn't chunked. */
  readonly otherTransferCoding: boolean
  readonly contentCoding: string
  readonly contentType: ContentType
  readonly isForm: boolean
  /** The first protocol of Upgrade in lower case, or ''. */
  readonly upgrade: string
  /** Two different lengths: nobody can say where this message ends. */
  readonly contradictory: boolean
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

/** Characters of JSON that are kept of one header block; further fields are left out. */
const MAX_JSON = 64 << 10
const MEMO_ENTRIES = 512
const MEMO_TEXT = 4096

const plainFields = new Memo((block) => parseFields(block, false), MEMO_ENTRIES, MEMO_TEXT)
const redactedFields = new Memo((block) => parseFields(block, true), MEMO_ENTRIES, MEMO_TEXT)

/** `block` is the field lines, one character per byte. */
export function fieldsOf(block: string, redact: boolean): Fields {
  return (redact ? redactedFields : plainFields).get(block)
}

/** RFC 9112 §3; undefined when the line is none. `line` is without its line break. */
export function parseRequestLine(line: string, redact: boolean): RequestLine | undefined {
  const methodEnd = line.indexOf(' ')
  const targetEnd = line.length - 9
  if (methodEnd < 1 || methodEnd >= targetEnd || !isVersion(line, targetEnd)) return undefined
  let path = line.slice(methodEnd + 1, targetEnd)
  if (CONTROL.test(path)) return undefined
  if (HIGH.test(path)) path = decoded(path)
  if (redact) path = redactUrl(path)
  return { method: line.slice(0, methodEnd), path, minor: line.charCodeAt(line.length - 1) - 0x30 }
}

function isVersion(line: string, at: number): boolean {
  const digit = line.charCodeAt(at + 8)
  return line.startsWith(' HTTP/1.', at) && digit >= 0x30 && digit <= 0x39
}

/** RFC 9112 §4; undefined when the line is none. An empty reason becomes the standard one. */
export function parseStatusLine(line: string): StatusLine | undefined {
  if (!line.startsWith('HTTP/1.') || line.charCodeAt(8) !== 0x20) return undefined
  const minor = line.charCodeAt(7) - 0x30
  const status = digits(line.slice(9, 12))
  if (minor < 0 || minor > 9 || status < 100 || line.length < 12) return undefined
  if (line.length > 12 && line.charCodeAt(12) !== 0x20) return undefined
  const reason = line.slice(13)
  if (CONTROL.test(reason)) return undefined
  return {
    status,
    minor,
    reason: reason === '' ? (STATUS_CODES[status] ?? '') : HIGH.test(reason) ? decoded(reason) : reason,
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: a start line with one of these is not HTTP
const CONTROL = /[\x00-\x08\x0a-\x1f\x7f]/
const HIGH = /[\x80-\xff]/
// biome-ignore lint/suspicious/noControlCharactersInRegex: what a JSON string can't hold as it is
const NEEDS_ESCAPE = /["\\\x00-\x1f\x7f-\uffff]/

/** Field values are bytes; where they aren't ASCII they are mostly UTF-8. */
function decoded(text: string): string {
  const bytes = Buffer.from(text, 'latin1')
  return utf8(bytes, 0, bytes.length)
}

/** A number of decimal digits only, or -1. */
function digits(text: string): number {
  return /^[0-9]{1,15}$/.test(text) ? Number(text) : -1
}

function quote(text: string): string {
  return NEEDS_ESCAPE.test(text) ? JSON.stringify(text) : `"${text}"`
}

interface Field {
  readonly name: string
  value: string
}

function splitFields(block: string): Map<string, Field> {
  const fields = new Map<string, Field>()
  const text = HIGH.test(block) ? decoded(block) : block
  for (const line of text.replace(/\r?\n[ \t]+/g, ' ').split('\n')) {
    const colon = line.indexOf(':')
    if (colon < 1) continue
    const name = line.slice(0, colon).trim()
    const value = line.slice(colon + 1).trim()
    const key = name.toLowerCase()
    const known = fields.get(key)
    if (known) known.value += `, ${value}`
    else fields.set(key, { name, value })
  }
  return fields
}

function parseFields(block: string, redact: boolean): Fields {
  const fields = splitFields(block)
  const value = (key: string) => fields.get(key)?.value ?? ''
  const codings = value('transfer-encoding').toLowerCase()
  const chunked = /(?:^|,)[ \t]*chunked[ \t]*$/.test(codings)
  const type = value('content-type').toLowerCase()
  const lengths = new Set(fields.has('content-length') ? value('content-length').split(/\s*,\s*/) : [])
  const contentLength = lengths.size === 1 ? digits([...lengths][0]!) : -1
  return {
    json: fieldsJson(fields, redact),
    contentLength: codings === '' ? contentLength : -1,
    chunked,
    otherTransferCoding: codings !== '' && !chunked,
    contentCoding: value('content-encoding').toLowerCase().replace('identity', ''),
    contentType: contentTypeOf(type),
    isForm: type.startsWith('application/x-www-form-urlencoded'),
    upgrade: value('upgrade')
      .toLowerCase()
      .split(/[,/\s]/)[0]!,
    contradictory: codings === '' && lengths.size > 0 && contentLength < 0,
  }
}

function contentTypeOf(type: string): ContentType {
  if (/^[\w.-]+\/(?:[\w.-]+\+)?json\b/.test(type)) return CONTENT_JSON
  return type.startsWith('application/grpc') || /^application\/(?:x-)?protobuf\b/.test(type)
    ? CONTENT_GRPC
    : CONTENT_UNKNOWN
}

function fieldsJson(fields: Map<string, Field>, redact: boolean): string {
  let json = ''
  for (const [key, { name, value }] of fields) {
    const safe = !redact ? value : isSecretHeader(key) ? REDACTED : redactUrl(value)
    const entry = `${quote(name)}:${quote(safe)}`
    if (json.length + entry.length > MAX_JSON) continue
    json += json === '' ? entry : `,${entry}`
  }
  return `{${json}}`
}
