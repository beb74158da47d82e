/** Is this HTTP/1, and where does a message begin? (RFC 9112 §3, §4) */
import { indexOfByte, indexOfBytes, latin1 } from '../lib/bytes'
import type { Head, Recognition, Side } from '../protocol'
import { isMethod, isStatusLine, MAX_METHOD, requestParts, STATUS_LENGTH, STATUS_START } from './grammar'

const CR = 13
const LF = 10
const SPACE = 32

/**
 * Methods by which a request is found within a stream that was joined under way: IANA's HTTP Method Registry, those of UPnP
 * and of caches. https://www.iana.org/assignments/http-methods
 */
const METHODS = new Set(
  (
    'GET HEAD POST PUT DELETE CONNECT OPTIONS TRACE PATCH QUERY ACL BASELINE-CONTROL BIND CHECKIN CHECKOUT COPY LABEL LINK ' +
    'LOCK MERGE MKACTIVITY MKCALENDAR MKCOL MKREDIRECTREF MKWORKSPACE MOVE ORDERPATCH PROPFIND PROPPATCH REBIND REPORT ' +
    'SEARCH UNBIND UNCHECKOUT UNLINK UNLOCK UPDATE UPDATEREDIRECTREF VERSION-CONTROL M-SEARCH NOTIFY SUBSCRIBE ' +
    'UNSUBSCRIBE PURGE BAN SOURCE'
  ).split(' '),
)
const LONGEST_METHOD = 17

/** A request line of this length is taken for one even without its end. */
const ENOUGH = 1024
const MAX_LINE = 16 << 10

export function recognise({ bytes, isOpening }: Head): Recognition {
  if (bytes.length === 0) return 'need-more'
  if (mayBeStatusLine(bytes, 0)) {
    if (bytes.length < STATUS_LENGTH) return 'need-more'
    if (isStatusLine(bytes, 0)) return { side: 'server', sure: true }
  }
  return recogniseRequest(bytes, isOpening)
}

export const startsRequest = (bytes: Uint8Array): boolean =>
  typeof recogniseRequest(bytes, false) === 'object'

/** At the beginning of a connection any token may be a method; elsewhere it may be the end of a longer word. */
function recogniseRequest(head: Uint8Array, isOpening: boolean): Recognition {
  // RFC 9112 §2.2: empty lines before a request line are to be ignored.
  let start = 0
  while (start < head.length && start < 8 && (head[start] === CR || head[start] === LF)) start++
  const space = indexOfByte(head, SPACE, start, Math.min(head.length, start + MAX_METHOD + 1))
  const methodEnd = space < 0 ? Math.min(head.length, start + MAX_METHOD + 1) : space
  const method = latin1(head, start, methodEnd)
  if (methodEnd > start && !isMethod(method)) return 'no'
  if (!isOpening && !(space < 0 ? mayBecomeMethod(method) : METHODS.has(method))) return 'no'
  if (space < 0) return head.length - start > MAX_METHOD ? 'no' : 'need-more'
  if (methodEnd === start) return 'no'
  const lineEnd = indexOfByte(head, LF, methodEnd, Math.min(head.length, MAX_LINE))
  if (lineEnd >= 0) {
    const stop = head[lineEnd - 1] === CR ? lineEnd - 1 : lineEnd
    const parts = requestParts(latin1(head, start, stop))
    return parts === undefined ? 'no' : { side: 'client', sure: true }
  }
  const isKnown = METHODS.has(method)
  // RFC 9112 §3.2.3: the target of CONNECT is a host and a port, never that long; in NATS an object follows that word.
  const isLong = isKnown && method !== 'CONNECT'
  if (head.length - start >= ENOUGH) return isLong ? { side: 'client', sure: true } : 'no'
  return isKnown || head.length < 256 ? 'need-more' : 'no'
}

/** Whether bytes[at..end) may become a status line, or the beginning of one. */
export function mayBeStatusLine(bytes: Uint8Array, at: number, end = bytes.length): boolean {
  for (let i = 0; i < STATUS_START.length && at + i < end; i++)
    if (bytes[at + i] !== STATUS_START[i]) return false
  return true
}

/** The first offset at which a message may begin: a whole start line, or the beginning of one at the end of `bytes`. */
export function boundary(side: Side, bytes: Uint8Array, from: number): number {
  return side === 'server' ? responseBoundary(bytes, from) : requestBoundary(bytes, from)
}

/** The first message of either side, in a stream that was joined under way. */
export function search(bytes: Uint8Array, from: number): number {
  const request = requestBoundary(bytes, from)
  const response = responseBoundary(bytes, from)
  if (request < 0 || response < 0) return Math.max(request, response)
  return Math.min(request, response)
}

function responseBoundary(bytes: Uint8Array, from: number): number {
  for (let at = from; ; at += STATUS_START.length) {
    at = indexOfBytes(bytes, STATUS_START, at, bytes.length)
    if (at < 0) return partialStatusLine(bytes, from)
    if (isStatusLine(bytes, at) || bytes.length - at < STATUS_LENGTH) return at
  }
}

/** The beginning of a status line at the end of the bytes. */
function partialStatusLine(bytes: Uint8Array, from: number): number {
  for (let at = Math.max(from, bytes.length - STATUS_START.length + 1); at < bytes.length; at++)
    if (mayBeStatusLine(bytes, at)) return at
  return -1
}

const VERSION = Buffer.from(' HTTP/1.')
const TAIL = 4096
/** Candidates for a request line that one search looks at: a long list of false ones costs no more. */
const MAX_CANDIDATES = 256

/**
 * Requests are found from their version backwards: a body may run into the next request line without a line break. No byte
 * is looked at for two versions, except the bytes of one method.
 */
function requestBoundary(bytes: Uint8Array, from: number): number {
  let line = from
  let at = from
  for (let candidates = 0; candidates < MAX_CANDIDATES; candidates++) {
    const version = indexOfBytes(bytes, VERSION, at, bytes.length)
    if (version < 0) break
    line = Math.max(line, lineStart(bytes, Math.max(at, version - TAIL), version))
    const start = leftmostMethod(bytes, Math.max(line, version - TAIL), version)
    if (start >= 0) return start
    at = version + VERSION.length
    line = Math.max(line, version - LONGEST_METHOD)
  }
  return partialRequestLine(bytes, lineStart(bytes, Math.max(from, bytes.length - TAIL), bytes.length))
}

/** The offset after the last line break in bytes[from..end), or `from`. */
function lineStart(bytes: Uint8Array, from: number, end: number): number {
  for (let at = end - 1; at >= from; at--) if (bytes[at] === LF || bytes[at] === CR) return at + 1
  return from
}

/**
 * The leftmost place in bytes[from..end) of a known method and a space, or -1: `xyzGET /` hides a `GET /`. After a
 * capital or a hyphen the word is the end of another method (`REBIND`, `M-SEARCH`), whose beginning is missing.
 */
function leftmostMethod(bytes: Uint8Array, from: number, end: number): number {
  let space = indexOfByte(bytes, SPACE, from, end)
  for (; space >= 0; space = indexOfByte(bytes, SPACE, space + 1, end)) {
    const farthest = Math.max(from, space - LONGEST_METHOD)
    let start = space
    while (start > farthest && isOfMethod(bytes[start - 1]!)) start--
    if (start > 0 && isOfMethod(bytes[start - 1]!)) continue
    if (start < space && METHODS.has(latin1(bytes, start, space))) return start
  }
  return -1
}

const isOfMethod = (code: number): boolean => (code >= 0x41 && code <= 0x5a) || code === 0x2d

/** At the end of the bytes: a method and the beginning of a target, or the beginning of a method at a line's start. */
function partialRequestLine(bytes: Uint8Array, lastLine: number): number {
  const found = leftmostMethod(bytes, lastLine, bytes.length)
  if (found >= 0) return found
  const length = bytes.length - lastLine
  if (length === 0 || length > LONGEST_METHOD) return -1
  return mayBecomeMethod(latin1(bytes, lastLine, bytes.length)) ? lastLine : -1
}

function mayBecomeMethod(text: string): boolean {
  for (const method of METHODS) if (method.startsWith(text)) return true
  return false
}
