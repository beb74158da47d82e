/**
 * The head of a message of HTTP/1 (RFC 9112 §2–§6): a start line (`grammar.ts`), and fields.
 *
 * Header blocks and start lines repeat from message to message: a parsed one is remembered by its bytes. Where only some
 * lines of a block are new, the others are remembered by their texts.
 */
import { STATUS_CODES } from 'node:http'
import { ByteMemo } from '../lib/byte-memo'
import { latin1 } from '../lib/bytes'
import { type Fields, fieldsOf } from '../lib/http/fields'
import { decoded, HIGH, trimOws } from '../lib/http/text'
import { redactUrl } from '../lib/redact'
import { isMethod, requestParts, statusParts } from './grammar'

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
  /** Bytes of its side before it; see `Input.passedAt`. */
  passed: number | undefined
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

/** Characters of a target that are kept at most. */
const MAX_TARGET = 256 << 10
/** Blocks and start lines that are remembered at most, and the memory that they may take. */
const KNOWN = 1024
const LONGEST_BLOCK = 4096
const BLOCKS_BYTES = 4 << 20
const LONGEST_START = 256
const STARTS_BYTES = 1 << 20
const CR = 13
const LF = 10

/** Reads the field lines. They end with an empty line of a bare LF, if one comes before the end that `place` tells. */
export function blockOf({ bytes, fieldsStart, end }: HeadPlace, redact: boolean): Block {
  return (redact ? safeBlocks : plainBlocks).get(bytes, fieldsStart, end)
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

/** A memo of header blocks. */
const knownBlocks = (redact: boolean) =>
  new ByteMemo((bytes, from, to) => readBlock(bytes, from, to, redact), KNOWN, LONGEST_BLOCK, BLOCKS_BYTES)

function readBlock(bytes: Uint8Array, from: number, to: number, redact: boolean): Block {
  const end = bytes[to - 2] === CR ? to - 3 : to - 2
  const text = end > from ? latin1(bytes, from, end) : ''
  const bare = emptyLine(text)
  if (bare < 0) return { fields: fieldsOf(text, redact), length: to - from }
  return { fields: fieldsOf(text.slice(0, bare), redact), length: bare + 1 }
}

/** Where in the field lines a line without CRs ends the head before the first empty line that ends with CRLF, or -1. */
function emptyLine(block: string): number {
  if (block.charCodeAt(0) === LF) return 0
  const at = block.indexOf('\n\n')
  return at < 0 ? -1 : at + 1
}

const plainBlocks = knownBlocks(false)
const safeBlocks = knownBlocks(true)
const plainRequests = known((line) => parseRequestLine(line, false))
const safeRequests = known((line) => parseRequestLine(line, true))
const plainStatuses = known((line) => parseStatusLine(line, false))
const safeStatuses = known((line) => parseStatusLine(line, true))
