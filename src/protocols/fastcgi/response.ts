/**
 * What an application writes to STDOUT: a response of CGI (RFC 3875 §6), fields, an empty line, and the content.
 *
 * Status is a field of it. Where there is none, a Location means 302 (§6.2.3 and §6.2.4), and anything else 200.
 */
import { latin1 } from '../lib/bytes'
import { fieldsOf } from '../lib/http/fields'

const LF = 0x0a
const CR = 0x0d
const OK = 200
const FOUND = 302

export interface Responded {
  readonly status: number
  /** A JSON object. */
  readonly headers: string
  readonly contentType: string
}

/** Where the content begins, at or after `from`; -1: its fields have no end so far. */
export function contentAt(bytes: Uint8Array, from: number): number {
  for (let at = bytes.indexOf(LF, from); at >= 0; at = bytes.indexOf(LF, at + 1)) {
    if (bytes[at + 1] === LF) return at + 2
    if (bytes[at + 1] === CR && bytes[at + 2] === LF) return at + 3
  }
  return -1
}

/** Fields that a response of CGI begins with. */
const FIRST =
  /^(?:status|content-[a-z]+|location|x-[a-z-]+|set-cookie|cache-control|expires|pragma|date|server|etag|last-modified|vary|link|www-authenticate|access-control-[a-z-]+):/i
const LONGEST_FIRST = 64

/** Whether the bytes are the beginning of a response, and not of a later part of it. */
export const beginsAt = (bytes: Uint8Array, start: number, end: number): boolean =>
  FIRST.test(latin1(bytes, start, Math.min(end, start + LONGEST_FIRST)))

const STATUS = /^status:[ \t]*(\d{3})\b/im
const LOCATION = /^location:/im
const TYPE = /^content-type:[ \t]*([^\r\n]{0,128})/im

/** `bytes`: the fields, all of them or as many as there are: the one that isn't there yet may be Status. */
export function respondedIn(bytes: Uint8Array, isWhole: boolean, redact: boolean): Responded {
  const text = latin1(bytes, 0, bytes.length).trimEnd()
  const status = STATUS.exec(text)
  return {
    status: status ? Number(status[1]) : isWhole ? (LOCATION.test(text) ? FOUND : OK) : 0,
    headers: fieldsOf(text, redact).json,
    contentType: TYPE.exec(text)?.[1]?.toLowerCase() ?? '',
  }
}
