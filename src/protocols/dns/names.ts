/**
 * Domain names on the wire (RFC 1035 §3.1, §4.1.4): labels, each after its length, up to the empty one. The rest of a
 * name may be a pointer to an earlier place where the same labels stand. A pointer must go further back than the place that led to it,
 * so no chain of pointers has a loop.
 */
import { latin1 } from '../lib/bytes'

const MAX_LABEL = 63
/** Bytes of a name, with the lengths of its labels. */
const MAX_NAME = 255
/** A name can't have more labels than this. */
const MAX_POINTERS = 127
const POINTER = 0xc0

export interface Name {
  /** As master files write it (RFC 1035 §5.1), without the dot at the end; `.` is the root. */
  readonly text: string
  /** The offset after its bytes at the place where it was read. */
  readonly end: number
}

/**
 * The offset after the name at `at`; its pointer is not followed. -1 when it is no name, Infinity when it doesn't end
 * before `end`.
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

/** The name at `at` of the message in `bytes[start..end)`; undefined when there is none. */
export function nameAt(bytes: Uint8Array, at: number, start: number, end: number): Name | undefined {
  const labels: string[] = []
  let size = 1
  let pointers = 0
  let pos = at
  /** Where the current labels began: a pointer from them must lead further back. */
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

/** RFC 1035 §5.1: a character with a special meaning is escaped by a backslash, one that can't be printed by its number. */
const labelText = (label: string): string => (PLAIN.test(label) ? label : label.replace(SPECIAL, escaped))

function escaped(character: string): string {
  const code = character.charCodeAt(0)
  return code > 0x20 && code < 0x7f ? `\\${character}` : `\\${String(code).padStart(3, '0')}`
}
