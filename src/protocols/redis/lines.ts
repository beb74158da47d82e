/**
 * RESP, the protocol of Redis and of what speaks like it (redis.io/docs/latest/develop/reference/protocol-spec). A value is a line that
 * begins with its type, and for some what follows:
 *
 *     +text   -error   :integer   _   #t   ,double   (big number      a line
 *     $length   !length   =length                                      so many bytes, and a line break
 *     *count   ~count   >count                                         so many values; > is pushed: it answers no command
 *     %count   |count                                                  so many names with their values; | belongs to the value after it
 *     $-1   *-1                                                        nothing, before RESP3
 *     *?   …   .         $?   ;length …   ;0                           as long as they come
 *
 * A command is an array of strings, or a line of words (inline), which may be in quotes.
 */

export const LF = 10
export const CR = 13

export const SIMPLE = 0x2b // +
export const ERROR = 0x2d // -
export const INTEGER = 0x3a // :
export const STRING = 0x24 // $
export const ARRAY = 0x2a // *
export const NULL = 0x5f // _
export const BOOLEAN = 0x23 // #
export const DOUBLE = 0x2c // ,
export const BIG_NUMBER = 0x28 // (
export const LONG_ERROR = 0x21 // !
export const VERBATIM = 0x3d // =
export const MAP = 0x25 // %
export const SET = 0x7e // ~
export const PUSH = 0x3e // >
export const ATTRIBUTE = 0x7c // |
export const CHUNK = 0x3b // ;
export const END = 0x2e // .

/** A line is no longer: that is the limit of a server for lines of its clients. */
export const MAX_LINE = 64 << 10
/** No server takes longer strings than its memory, nor has so many values in one. */
const MAX_LENGTH = 2 ** 40
const MAX_DIGITS = 13

export const isAggregate = (type: number): boolean =>
  type === ARRAY || type === SET || type === PUSH || type === MAP || type === ATTRIBUTE

export const isString = (type: number): boolean => type === STRING || type === VERBATIM || type === LONG_ERROR

/** The length or count of a line that has none: `-1`. */
export const NOTHING = -1
/** That of one that is only known at its end: `?`. */
export const UNTIL_END = Number.POSITIVE_INFINITY
/** There is no length. */
export const BAD = -2

/** The length or count that is bytes[start..end). */
export function lengthIn(bytes: Uint8Array, start: number, end: number): number {
  const digits = end - start
  if (digits === 0 || digits > MAX_DIGITS) return BAD
  let length = 0
  for (let at = start; at < end; at++) {
    const digit = bytes[at]! - 0x30
    if (digit < 0 || digit > 9) return special(bytes, start, digits)
    length = 10 * length + digit
  }
  return length <= MAX_LENGTH ? length : BAD
}

function special(bytes: Uint8Array, start: number, length: number): number {
  if (length === 1 && bytes[start] === 0x3f) return UNTIL_END
  return length === 2 && bytes[start] === 0x2d && bytes[start + 1] === 0x31 ? NOTHING : BAD
}

/** Whether bytes[start..end) are a whole number with or without a sign. */
export function isInteger(bytes: Uint8Array, start: number, end: number): boolean {
  const first = bytes[start]
  const from = first === 0x2d || first === 0x2b ? start + 1 : start
  if (from >= end || end - from > 20) return false
  for (let at = from; at < end; at++) if (bytes[at]! < 0x30 || bytes[at]! > 0x39) return false
  return true
}

/** Whether a line with bytes[start..end) behind its type can be one of a server. */
export function isLine(bytes: Uint8Array, type: number, start: number, end: number): boolean {
  switch (type) {
    case SIMPLE:
    case ERROR:
      return end > start
    case INTEGER:
      return isInteger(bytes, start, end)
    case NULL:
    case END:
      return start === end
    case BOOLEAN:
      return end - start === 1 && (bytes[start] === 0x74 || bytes[start] === 0x66)
    case DOUBLE:
    case BIG_NUMBER:
      return end > start && end - start < 4096 && isNumeric(bytes, start, end)
    case STRING:
    case ARRAY:
      return lengthIn(bytes, start, end) !== BAD
    case LONG_ERROR:
    case VERBATIM:
    case MAP:
    case SET:
    case PUSH:
    case ATTRIBUTE:
    case CHUNK:
      return lengthIn(bytes, start, end) >= 0
    default:
      return false
  }
}

/** Letters of numbers, of `inf` and of `nan`. */
function isNumeric(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!
    const isDigit = byte >= 0x30 && byte <= 0x39
    if (!isDigit && !NUMBER_LETTERS.includes(byte)) return false
  }
  return true
}

const NUMBER_LETTERS: readonly number[] = [...Buffer.from('+-.eEinfa')]
