/** Is this Redis, and where does a command or a value begin? */
import { indexOfByte, latin1 } from '../lib/bytes'
import type { Head, Recognition, Side } from '../protocol'
import {
  ARRAY,
  CHUNK,
  CR,
  ERROR,
  isAggregate,
  isLine,
  isString,
  LF,
  lengthIn,
  MAX_LINE,
  SIMPLE,
  STRING,
} from './lines'

/** Lines that one search looks at: a long list of false ones costs no more. */
const MAX_CANDIDATES = 256
/** Lines behind a place that must be in order, too. */
const MAX_LINES = 16
/** A line of numbers has no more bytes. */
const MAX_HEAD = 24
/** Bytes of a first string that are waited for. */
const MAX_FIRST = 4 << 10
const MAX_INLINE = 1024
const MAX_NAME = 64

/** What only Redis says in such a line. */
const ANSWER =
  /^(?:\+(?:PONG|QUEUED)\r\n|\+(?:FULLRESYNC [0-9a-f]{40} |\d{9,11}\.\d{6} \[-?\d+ [^\]\r\n]*\] ")|-(?:NOAUTH|WRONGPASS|NOPERM|LOADING|MOVED|ASK|WRONGTYPE|DENIED|READONLY|NOSCRIPT|MISCONF|EXECABORT|CLUSTERDOWN|MASTERDOWN|NOREPLICAS|UNKILLABLE|BUSYGROUP|NOGROUP) )/

/** First words of lines that no other protocol has, or that nobody sends first in it. */
const INLINE =
  /^(?:PING|INFO(?: [a-z]+)?|SELECT \d+|HELLO [23]|DBSIZE|MONITOR|CLIENT [a-z]+|CONFIG GET \S+|CLUSTER [a-z]+|ROLE|LASTSAVE|FLUSHALL|FLUSHDB|RANDOMKEY|KEYS \S+|SUBSCRIBE \S+|HGETALL \S+|LLEN \S+|EXISTS \S+|TTL \S+)\r?\n/i
const INLINE_WORDS =
  'PING INFO SELECT HELLO DBSIZE MONITOR CLIENT CONFIG CLUSTER ROLE LASTSAVE FLUSHALL FLUSHDB RANDOMKEY KEYS SUBSCRIBE HGETALL LLEN EXISTS TTL'.split(
    ' ',
  )

export function recognise(head: Head): Recognition {
  const { bytes, from } = head
  if (bytes.length === 0) return 'need-more'
  const first = bytes[0]!
  if (first === ARRAY && from !== 'server') {
    const found = commandAt(bytes, 0)
    if (found === 'yes') return { side: 'client', sure: true }
    if (found === 'more' || from === 'client') return found === 'more' ? 'need-more' : 'no'
  }
  if (from === 'client') return inline(head)
  const found = first === SIMPLE || first === ERROR ? lineAt(bytes) : valueAt(bytes)
  if (found === 'yes') return { side: 'server', sure: true }
  if (found === 'more') return 'need-more'
  return from === undefined ? inline(head) : 'no'
}

type Found = 'yes' | 'more' | 'no'

/** A line of words, from a client that begins with it. */
function inline({ bytes, isOpening, from }: Head): Recognition {
  if (!isOpening || from !== 'client') return 'no'
  const text = latin1(bytes, 0, Math.min(bytes.length, MAX_INLINE))
  if (INLINE.test(text)) return { side: 'client', sure: false }
  if (text.includes('\n') || bytes.length >= MAX_INLINE) return 'no'
  const word = /^[a-z]*/i.exec(text)![0].toUpperCase()
  const isPart = word.length === text.length
  return INLINE_WORDS.some((each) => (isPart ? each.startsWith(word) : each === word)) ? 'need-more' : 'no'
}

/** The line feed of a line of numbers, -1: there is none yet, -2: it is no such line. */
function headEnd(bytes: Uint8Array, at: number): number {
  const most = Math.min(bytes.length, at + MAX_HEAD)
  for (let i = at + 1; i < most; i++) {
    const byte = bytes[i]!
    if (byte === CR) {
      if (i + 1 >= bytes.length) return -1
      return bytes[i + 1] === LF ? i + 1 : -2
    }
    if (byte < 0x30 || byte > 0x39) return -2
  }
  return most === bytes.length ? -1 : -2
}

/** An array whose first string is the name of a command. */
function commandAt(bytes: Uint8Array, at: number): Found {
  const first = headEnd(bytes, at)
  if (first < 0) return first === -1 ? 'more' : 'no'
  if (!(lengthIn(bytes, at + 1, first - 1) >= 1)) return 'no'
  const start = first + 1
  if (start >= bytes.length) return 'more'
  if (bytes[start] !== STRING) return 'no'
  const second = headEnd(bytes, start)
  if (second < 0) return second === -1 ? 'more' : 'no'
  const length = lengthIn(bytes, start + 1, second - 1)
  if (!(length >= 1 && length <= MAX_NAME)) return 'no'
  const name = second + 1
  for (let i = 0; i < length; i++) {
    if (name + i >= bytes.length) return 'more'
    if (!isNameByte(bytes[name + i]!, i === 0)) return 'no'
  }
  return endsAt(bytes, name + length)
}

const isNameByte = (byte: number, isFirst: boolean): boolean =>
  (byte >= 0x41 && byte <= 0x5a) ||
  (byte >= 0x61 && byte <= 0x7a) ||
  (!isFirst && ((byte >= 0x30 && byte <= 0x39) || byte === 0x2e || byte === 0x2d || byte === 0x5f))

/** Whether a line break is at `at`. */
function endsAt(bytes: Uint8Array, at: number): Found {
  if (at < bytes.length && bytes[at] !== CR) return 'no'
  if (at + 1 < bytes.length) return bytes[at + 1] === LF ? 'yes' : 'no'
  return 'more'
}

/** A value of several, or a string: the lengths show it. */
function valueAt(bytes: Uint8Array): Found {
  const type = bytes[0]!
  if (type !== STRING && !isAggregate(type)) return 'no'
  const first = headEnd(bytes, 0)
  if (first < 0) return first === -1 ? 'more' : 'no'
  const count = lengthIn(bytes, 1, first - 1)
  if (!(count >= 1)) return 'no'
  if (type === STRING) return stringAt(bytes, first + 1, count)
  const start = first + 1
  if (start >= bytes.length) return 'more'
  // Of values within values the next line is enough.
  if (isAggregate(bytes[start]!)) {
    const next = headEnd(bytes, start)
    if (next < 0 || next + 1 >= bytes.length) return next === -2 ? 'no' : 'more'
    return isString(bytes[next + 1]!) || isAggregate(bytes[next + 1]!) ? 'yes' : 'no'
  }
  if (bytes[start] !== STRING) return 'no'
  const second = headEnd(bytes, start)
  if (second < 0) return second === -1 ? 'more' : 'no'
  return stringAt(bytes, second + 1, lengthIn(bytes, start + 1, second - 1))
}

function stringAt(bytes: Uint8Array, start: number, length: number): Found {
  if (length < 0) return 'no'
  const found = endsAt(bytes, start + length)
  return found === 'more' && bytes.length > MAX_FIRST ? 'no' : found
}

/** A line that only Redis says. */
function lineAt(bytes: Uint8Array): Found {
  const lf = indexOfByte(bytes, LF, 0, Math.min(bytes.length, MAX_FIRST))
  const text = latin1(bytes, 0, lf < 0 ? Math.min(bytes.length, 256) : Math.min(lf + 1, 256))
  if (lf >= 0) return ANSWER.test(text) ? 'yes' : 'no'
  // Until its end it may become one.
  return bytes.length < 128 && /^[+-][A-Z0-9]/.test(`${text}A`.slice(0, 2)) && !/[^\x20-\x7e\r]/.test(text)
    ? 'more'
    : 'no'
}

/** The first command that is one for sure, at a line's beginning. */
export function search(bytes: Uint8Array, from: number): number {
  let candidates = 0
  for (let at = bytes.indexOf(ARRAY, from); at >= 0; at = bytes.indexOf(ARRAY, at + 1)) {
    if (at > 0 && bytes[at - 1] !== LF) continue
    if (candidates++ >= MAX_CANDIDATES) return -1
    if (commandAt(bytes, at) === 'yes') return at
  }
  return -1
}

/** The first offset ≥ `from` at which a command or a value begins, or may do so at the end of `bytes`; -1: there is none. */
export function boundary(side: Side, bytes: Uint8Array, from: number): number {
  let candidates = 0
  for (let at = from; at < bytes.length && candidates < MAX_CANDIDATES; ) {
    if (side === 'client') {
      if (bytes[at] === ARRAY && commandAt(bytes, at) !== 'no') return at
      candidates += bytes[at] === ARRAY ? 1 : 0
    } else if (isAggregate(bytes[at]!) || isLineType(bytes[at]!)) {
      candidates++
      if (areValues(bytes, at)) return at
    }
    const lf = indexOfByte(bytes, LF, at, bytes.length)
    if (lf < 0) return -1
    at = lf + 1
  }
  return -1
}

const LINE_TYPES: readonly number[] = [...Buffer.from('+-:$_#,(!=')]
const isLineType = (byte: number): boolean => LINE_TYPES.includes(byte)

/** Whether the lines from `at` on are those of values, as far as they are there; a line alone is none. */
function areValues(bytes: Uint8Array, start: number): boolean {
  let at = start
  for (let lines = 0; lines < MAX_LINES && at < bytes.length; lines++) {
    const type = bytes[at]!
    if (type === CHUNK) return false
    const lf = indexOfByte(bytes, LF, at, Math.min(bytes.length, at + MAX_LINE))
    if (lf < 0) return lines > 0 && (isAggregate(type) || isLineType(type))
    if (bytes[lf - 1] !== CR || !isLine(bytes, type, at + 1, lf - 1)) return false
    const length = isString(type) ? lengthIn(bytes, at + 1, lf - 1) : -1
    at = lf + 1
    if (length < 0) continue
    if (endsAt(bytes, at + length) === 'no') return false
    at += length + 2
  }
  return true
}
