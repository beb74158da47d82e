/**
 * Domain names on the wire (RFC 1035 §3.1, §4.1.4): labels, each behind its length, up to the empty one; the rest of a
 * name may be a pointer to where it stands already. A pointer must go back behind the one that led to it, so that no chain of them
 * has a loop.
 */
import { latin1 } from '../lib/bytes'

const MAX_LABEL = 63
/** With the lengths of its labels. */
const MAX_NAME = 255
/** As many as a name can have labels. */
const MAX_POINTERS = 127
const POINTER = 0xc0

export interface Name {
  /** As master files write it (RFC 1035 §5.1), without the dot at the end; `.` is the root. */
  readonly text: string
  /** Behind its bytes at the place where it was read. */
  readonly end: number
}

/**
 * The offset behind the name at `at`, without a look at what its pointer leads to; -1 when it is none, Infinity when its end
 * isn't there before `end`.
 */
export function skipName(bytes: Uint8Array, at: number, end: number): number {
  let pos = at
  while (pos < end) {
    const length = bytes[pos]!
    if (length === 0) return pos + 1 - at <= MAX_NAME ? pos + 1 : -1
    if (length >= POINTER) return pos + 2 <= end ? pos + 2 : Number.POSITIVE_INFINITY
    if (length > MAX_LABEL || pos - at > MAX_NAME) return -1
    pos += 1 + length
  }
  return pos - at <= MAX_NAME ? Number.POSITIVE_INFINITY : -1
}

/** The name at `at` in the message that stands in `bytes[start..end)`; undefined when there is none. */
export function nameAt(bytes: Uint8Array, at: number, start: number, end: number): Name | undefined {
  const labels: string[] = []
  let size = 1
  let pointers = 0
  let pos = at
  /** Where the labels under way began: what they point to stands before. */
  let run = at
  let behind = -1
  while (pos < end) {
    const length = bytes[pos]!
    if (length === 0) return { text: labels.join('.') || '.', end: behind < 0 ? pos + 1 : behind }
    if (length >= POINTER) {
      if (pos + 2 > end || ++pointers > MAX_POINTERS) return undefined
      const target = start + (((length & 0x3f) << 8) | bytes[pos + 1]!)
      if (target >= run) return undefined
      if (behind < 0) behind = pos + 2
      pos = run = target
      continue
    }
    size += 1 + length
    if (length > MAX_LABEL || size > MAX_NAME || pos + 1 + length > end) return undefined
    labels.push(labelText(latin1(bytes, pos + 1, pos + 1 + length)))
    pos += 1 + length
  }
  return undefined
}

const PLAIN = /^[!#-'*-\-/-:<-?A-[\]-~]*$/
const SPECIAL = /[^!#-'*-\-/-:<-?A-[\]-~]/g

/** RFC 1035 §5.1: what has a meaning of its own stands behind a backslash, and what can't be printed is its number. */
const labelText = (label: string): string => (PLAIN.test(label) ? label : label.replace(SPECIAL, escaped))

function escaped(character: string): string {
  const code = character.charCodeAt(0)
  return code > 0x20 && code < 0x7f ? `\\${character}` : `\\${String(code).padStart(3, '0')}`
}
