/** Is this NATS, and where does a message begin? */
import { indexOfByte } from '../lib/bytes'
import type { Head, Recognition, Side } from '../protocol'
import {
  type ControlLine,
  CR,
  LF,
  lineEnd,
  MAX_LINE,
  mayBecomeLine,
  parseLine,
  sizeOf,
  type Verb,
} from './lines'

/** Bytes without a line break that may still become a first line. */
const MAX_FIRST_LINE = 16 << 10

/** Lines that one search looks at: a long list of false ones costs no more. */
const MAX_CANDIDATES = 256

/** Other protocols have them too (Redis, IRC, POP3): they are no evidence of NATS. */
const COMMON: ReadonlySet<Verb> = new Set<Verb>(['PING', 'PONG', '+OK', '-ERR'])

export function recognise(head: Head): Recognition {
  const { bytes } = head
  if (bytes.length === 0) return 'need-more'
  const lf = indexOfByte(bytes, LF, 0, Math.min(bytes.length, MAX_LINE))
  if (lf >= 0) return recogniseLine(head, lf)
  if (bytes.length > MAX_FIRST_LINE || !mayBecomeLine(bytes, 0, bytes.length, undefined)) return 'no'
  // An object after the verb is enough: no other protocol has one there, and CONNECT may be long (a JWT).
  const json = JSON_BEGINS.exec(Buffer.from(bytes.subarray(0, 64)).toString('latin1'))
  if (!json) return 'need-more'
  return { side: sideOf(json[1]!.toUpperCase() as Verb, head), sure: true }
}

const JSON_BEGINS = /^(INFO|CONNECT)[ \t]+\{[ \t]*"/i

function recogniseLine(head: Head, lf: number): Recognition {
  const { bytes } = head
  const line = parseLine(bytes, 0, lineEnd(bytes, 0, lf), undefined)
  if (!line || COMMON.has(line.verb) || !endsRightly(bytes, lf, line)) return 'no'
  const sure = isSure(bytes, lf, line)
  // NSQ has `SUB topic channel`, and ends it with LF.
  if (!sure && line.verb === 'SUB' && bytes[lf - 1] !== CR) return 'no'
  return { side: sideOf(line.verb, head), sure }
}

/** Clients and servers differ in most of their lines; between servers only who has connected tells the sides. */
function sideOf(verb: Verb, { from, ownPort, peerPort }: Head): Side {
  switch (verb) {
    case 'PUB':
    case 'HPUB':
    case 'SUB':
    case 'UNSUB':
    case 'CONNECT':
      return 'client'
    case 'MSG':
      return 'server'
    case 'INFO':
    case 'HMSG':
      // Between servers the one that connected sends it too.
      return from ?? 'server'
    default:
      return from ?? (ownPort <= peerPort ? 'server' : 'client')
  }
}

/** If the bytes reach to the end of the payload, a line break must be there. */
function endsRightly(bytes: Uint8Array, lf: number, { size }: ControlLine): boolean {
  const end = lf + 1 + size
  if (size < 0) return true
  return (end >= bytes.length || bytes[end] === CR) && (end + 1 >= bytes.length || bytes[end + 1] === LF)
}

/** Other line-based protocols have verbs of the same names: NATS ends lines with CRLF, and numbers subscriptions. */
function isSure(bytes: Uint8Array, lf: number, { verb, parts }: ControlLine): boolean {
  if (bytes[lf - 1] !== CR) return false
  const isNumber = (part: string | undefined) => part !== undefined && sizeOf(part) >= 0
  if (verb === 'SUB') return isNumber(parts.at(-1))
  if (verb === 'UNSUB') return parts.every(isNumber)
  if (verb === 'MSG') return isNumber(parts[1])
  return verb !== 'A+' && verb !== 'A-'
}

/** At a line's beginning: a whole line that can be nothing but NATS. */
export function search(bytes: Uint8Array, from: number): number {
  let candidates = 0
  for (let at = lineStart(bytes, from); at >= 0 && candidates < MAX_CANDIDATES; ) {
    const lf = indexOfByte(bytes, LF, at, bytes.length)
    if (lf < 0) return -1
    if (lf - at < MAX_LINE && mayBecomeLine(bytes, at, lf, undefined)) {
      candidates++
      const line = parseLine(bytes, at, lineEnd(bytes, at, lf), undefined)
      if (line && !COMMON.has(line.verb) && endsRightly(bytes, lf, line) && isSure(bytes, lf, line)) return at
    }
    at = lf + 1
  }
  return -1
}

/** Finds a whole line of this side, or the beginning of one at the end of `bytes`; `from` may be within a line. */
export function boundary(side: Side, bytes: Uint8Array, from: number): number {
  let candidates = 0
  for (let at = from; at < bytes.length && candidates < MAX_CANDIDATES; ) {
    const lf = indexOfByte(bytes, LF, at, bytes.length)
    const end = lf < 0 ? bytes.length : lf
    if (end - at < MAX_LINE && mayBecomeLine(bytes, at, end, side)) {
      if (lf < 0) return at
      candidates++
      const line = parseLine(bytes, at, lineEnd(bytes, at, lf), side)
      if (line && endsRightly(bytes, lf, line)) return at
    }
    if (lf < 0) return -1
    at = lf + 1
  }
  return -1
}

/** The first offset ≥ `from` where a line begins, or -1. */
function lineStart(bytes: Uint8Array, from: number): number {
  if (from === 0) return 0
  const lf = indexOfByte(bytes, LF, from - 1, bytes.length)
  return lf < 0 ? -1 : lf + 1
}
