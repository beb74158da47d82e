/**
 * What a start line is, for the parser and for the redaction of recordings (RFC 9112 §3, §4):
 *
 *     request-line = method SP request-target SP HTTP-version CRLF     ; method is any token (RFC 9110 §9.1)
 *     status-line  = HTTP-version SP status-code SP [ reason-phrase ] CRLF
 */
import { latin1 } from '../lib/bytes'
import { isOws, trimOws } from '../lib/http/text'

const TCHAR = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]"
/** No valid method is longer, so this many bytes show whether a line may be a start line. */
export const MAX_METHOD = 64
const METHOD = new RegExp(`^${TCHAR}{1,${MAX_METHOD}}$`)
const METHOD_START = new RegExp(`^${TCHAR}{1,${MAX_METHOD}}(?: |$)`)

export const isMethod = (text: string): boolean => METHOD.test(text)

/** Whether a request line may begin at `start`, as far as the bytes tell. */
export const mayBeRequestLine = (bytes: Uint8Array, start: number, end: number): boolean =>
  METHOD_START.test(latin1(bytes, start, Math.min(end, start + MAX_METHOD + 1)))

export interface RequestParts {
  readonly method: string
  /** The target lies in line[targetStart..targetEnd). */
  readonly targetStart: number
  readonly targetEnd: number
  /** Of the version 1.x. */
  readonly minor: number
}

/** ` HTTP/1.1` */
const VERSION_LENGTH = 9

/**
 * undefined when the line is no request line. `line` is without its line break. As servers do, it accepts several spaces
 * between the parts (§3), spaces within the target, and other control characters.
 */
export function requestParts(line: string): RequestParts | undefined {
  const methodEnd = line.indexOf(' ')
  const end = isOws(line.charCodeAt(line.length - 1)) ? trimOws(line).length : line.length
  let targetEnd = end - VERSION_LENGTH
  if (methodEnd < 1 || methodEnd >= targetEnd || !isVersion(line, targetEnd)) return undefined
  const method = line.slice(0, methodEnd)
  let targetStart = methodEnd + 1
  while (targetStart < targetEnd && isOws(line.charCodeAt(targetStart))) targetStart++
  while (targetEnd > targetStart && isOws(line.charCodeAt(targetEnd - 1))) targetEnd--
  if (targetStart === targetEnd || !isMethod(method)) return undefined
  return { method, targetStart, targetEnd, minor: line.charCodeAt(end - 1) - 0x30 }
}

function isVersion(line: string, at: number): boolean {
  const digit = line.charCodeAt(at + 8)
  return line.startsWith(' HTTP/1.', at) && digit >= 0x30 && digit <= 0x39
}

/** With what each status line begins. */
export const STATUS_START = Buffer.from('HTTP/1.')
/** `HTTP/1.1 200` and what ends the number. */
export const STATUS_LENGTH = 13
/** One more space in front of the status is accepted. */
const STATUS = /^HTTP\/1\.([0-9]) {1,2}([1-9][0-9]{2})(?=[ \r\n]|$)/

export interface StatusParts {
  readonly status: number
  /** Of the version 1.x. */
  readonly minor: number
  /** Where the reason, or the white space before it, begins. */
  readonly reasonStart: number
}

/** undefined when the line, or the text that begins with one, is no status line. */
export function statusParts(line: string): StatusParts | undefined {
  const found = STATUS.exec(line)
  if (!found) return undefined
  return { status: Number(found[2]), minor: Number(found[1]), reasonStart: found[0].length }
}

export const isStatusLine = (bytes: Uint8Array, at: number): boolean =>
  bytes.length - at >= STATUS_LENGTH &&
  bytes[at] === STATUS_START[0] &&
  STATUS.test(latin1(bytes, at, Math.min(bytes.length, at + STATUS_LENGTH + 1)))
