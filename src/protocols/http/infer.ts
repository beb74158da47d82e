/** Is this HTTP/1, and where does a message begin? (RFC 9112 §3, §4) */
import { indexOfByte, indexOfBytes, latin1 } from '../lib/bytes'
import type { Kind } from '../protocol'

const LF = 10
const SPACE = 32

/** Methods of RFC 9110, RFC 5789, WebDAV and its kin, and the usual cache commands: what a stream is recognised by. */
const METHODS = new Set(
  (
    'GET HEAD POST PUT DELETE CONNECT OPTIONS TRACE PATCH PROPFIND PROPPATCH MKCOL COPY MOVE LOCK UNLOCK ' +
    'SEARCH REPORT PURGE QUERY MKCALENDAR CHECKOUT MERGE SUBSCRIBE UNSUBSCRIBE NOTIFY LINK UNLINK BIND'
  ).split(' '),
)
const LONGEST_METHOD = 11
const INITIALS = new Uint8Array(128)
for (const method of METHODS) INITIALS[method.charCodeAt(0)] = 1

const STATUS_LINE = Buffer.from('HTTP/1.')
/** A request line that is longer without an end is taken at its word. */
const ENOUGH = 1024

export function infer(head: Uint8Array): Kind | undefined {
  const first = head[0]
  if (first === undefined || first > 127) return undefined
  if (first === 0x48 && head[1] === 0x54) return isStatusLine(head, 0) ? 'response' : undefined
  return INITIALS[first] === 1 && isRequestLine(head) ? 'request' : undefined
}

function isRequestLine(head: Uint8Array): boolean {
  const methodEnd = indexOfByte(head, SPACE, 0, Math.min(head.length, LONGEST_METHOD + 1))
  if (methodEnd < 3 || !METHODS.has(latin1(head, 0, methodEnd))) return false
  const lineEnd = indexOfByte(head, LF, methodEnd, head.length)
  if (lineEnd < 0) return head.length >= ENOUGH
  return /^ [^\s]+ HTTP\/1\.[0-9]\r?$/.test(latin1(head, methodEnd, lineEnd))
}

/** `HTTP/1.1 200` and a space or the line's end. */
function isStatusLine(bytes: Uint8Array, at: number): boolean {
  if (bytes.length - at < 13) return false
  for (let i = 0; i < STATUS_LINE.length; i++) if (bytes[at + i] !== STATUS_LINE[i]) return false
  if (!isDigit(bytes[at + 7]!) || bytes[at + 8] !== SPACE) return false
  const after = bytes[at + 12]
  if (after !== SPACE && after !== 13 && after !== LF) return false
  return isDigit(bytes[at + 9]!) && isDigit(bytes[at + 10]!) && isDigit(bytes[at + 11]!)
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39
}

/** The first offset at which a message may begin: a whole start line, or what may become one at the end of `bytes`. */
export function boundary(kind: Kind, bytes: Uint8Array, from: number): number {
  return kind === 'response' ? responseBoundary(bytes, from) : requestBoundary(bytes, from)
}

function responseBoundary(bytes: Uint8Array, from: number): number {
  for (let at = from; ; at++) {
    at = indexOfByte(bytes, 0x48, at, bytes.length)
    if (at < 0) return -1
    if (isStatusLine(bytes, at)) return at
    if (bytes.length - at < 13 && mayBecomeStatusLine(bytes, at)) return at
  }
}

function mayBecomeStatusLine(bytes: Uint8Array, at: number): boolean {
  return /^HTTP\/1\.[0-9] [0-9]{0,3}$/.test(`${latin1(bytes, at, bytes.length)}HTTP/1.1 200`.slice(0, 12))
    ? 'HTTP/1.'.startsWith(latin1(bytes, at, Math.min(bytes.length, at + 7)))
    : false
}

const VERSION = Buffer.from(' HTTP/1.')
const LINE_HEAD = /[A-Z]{3,11} [^\s]+$/
const TAIL = 4096

/** Requests are found from their version backwards: a body may run into the next request line without a line break. */
function requestBoundary(bytes: Uint8Array, from: number): number {
  let line = from
  for (let at = from; ; ) {
    const version = indexOfBytes(bytes, VERSION, at, bytes.length)
    if (version < 0) break
    line = Math.max(line, bytes.lastIndexOf(LF, version) + 1)
    const start = methodIn(bytes, Math.max(line, version - TAIL), version)
    if (start >= 0) return start
    at = version + VERSION.length
  }
  const lastLine = Math.max(from, bytes.lastIndexOf(LF) + 1, bytes.length - TAIL)
  return partialRequestLine(bytes, lastLine)
}

/** Where in the line that ends at `end` a known method with a target begins, or -1. */
function methodIn(bytes: Uint8Array, start: number, end: number): number {
  const match = LINE_HEAD.exec(latin1(bytes, start, end))
  return match ? methodAt(match[0], start + match.index) : -1
}

/** The leftmost suffix of the letters before the target that is a method: `xyzGET /` hides a `GET /`. */
function methodAt(text: string, offset: number): number {
  const letters = text.indexOf(' ')
  for (let skip = 0; skip <= letters - 3; skip++)
    if (METHODS.has(text.slice(skip, letters))) return offset + skip
  return -1
}

/** At the end of the bytes: a method and the beginning of a target, or the beginning of a method at a line's start. */
function partialRequestLine(bytes: Uint8Array, lastLine: number): number {
  const text = latin1(bytes, lastLine, bytes.length)
  const match = /[A-Z]{3,11} [^\s]*$/.exec(text)
  if (match) return methodAt(match[0], lastLine + match.index)
  if (text !== '' && text.length <= LONGEST_METHOD)
    for (const method of METHODS) if (method.startsWith(text)) return lastLine
  return -1
}
