/** Texts of HTTP, whichever its version. */
import { utf8 } from '../bytes'

/** Optional white space is SP and HTAB, nothing else (RFC 9110 §5.6.3). */
export function trimOws(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && isOws(text.charCodeAt(start))) start++
  while (end > start && isOws(text.charCodeAt(end - 1))) end--
  return start === 0 && end === text.length ? text : text.slice(start, end)
}

export const isOws = (code: number): boolean => code === 0x20 || code === 0x09

export const HIGH = /[\x80-\xff]/

/** Field values and targets are bytes; where they aren't ASCII they are mostly UTF-8. */
export function decoded(text: string): string {
  const bytes = Buffer.from(text, 'latin1')
  return utf8(bytes, 0, bytes.length)
}
