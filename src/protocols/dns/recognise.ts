/**
 * Which bytes are DNS. A header alone says little: twelve bytes of any binary protocol may look like one. So, away from the
 * ports of DNS, a message must be whole, with one question of a known type and class, and no bytes after it.
 *
 * Not recognised: NetBIOS names (port 137), which have the same form and other meanings; LLMNR (5355) and multicast DNS (5353 at
 * both ends), whose questions go to a group and are answered by any host that knows, from another address: a question there has
 * no answer of its own. Ordinary DNS on port 5353 is common, and is recognised.
 */
import { indexOfBytes } from '../lib/bytes'
import type { Head, Recognition, Side } from '../protocol'
import { HEADER_BYTES, type Header, headerAt, isResponse, opcodeOf } from './message'
import { skipName } from './names'
import { isKnownClass, isKnownType } from './numbers'

const DNS_PORT = 53
/** DNS over TLS (RFC 7858). */
const DNS_TLS_PORT = 853
const MULTICAST_PORT = 5353
const OTHERS: ReadonlySet<number> = new Set([137, 5355])

/** Bytes before a message on a stream (RFC 7766 §8). */
export const LENGTH_BYTES = 2
/** Away from the ports of DNS, a longer message on a stream is not taken for DNS. */
const MAX_LENGTH = 4096
const RECORD_BYTES = 11

const QUERY = 0
const NOTIFY = 4
const UPDATE = 5
const OPCODES: ReadonlySet<number> = new Set([QUERY, NOTIFY, UPDATE])
/** Flags that only an answer has: AA, RA and a response code. A question may have TC. */
const AUTHORITATIVE = 0x0400
const ANSWER_FLAGS = AUTHORITATIVE | 0x0200 | 0x0080 | 0x000f
const RESERVED_FLAG = 0x0040

export function recognise(head: Head): Recognition {
  const { bytes, transport, ownPort, peerPort } = head
  if (OTHERS.has(ownPort) || OTHERS.has(peerPort)) return 'no'
  if (transport !== 'udp') return recogniseStream(head)
  if (ownPort === MULTICAST_PORT && peerPort === MULTICAST_PORT) return 'no'
  return recogniseMessage(head, 0, bytes.length, true)
}

/** On a stream each message follows its length. */
function recogniseStream(head: Head): Recognition {
  const { bytes } = head
  const isOnPort = isServed(head, 'client') || isServed(head, 'server')
  if (bytes.length < LENGTH_BYTES) return isOnPort || bytes[0]! <= MAX_LENGTH >> 8 ? 'need-more' : 'no'
  const length = lengthAt(bytes, 0)
  if (length <= HEADER_BYTES || (!isOnPort && length > MAX_LENGTH)) return 'no'
  return recogniseMessage(head, LENGTH_BYTES, LENGTH_BYTES + length, false)
}

/** Judges the message in `bytes[start..end)`, as far as it is there. `isSure`: it is DNS on any port. */
function recogniseMessage(head: Head, start: number, end: number, isSure: boolean): Recognition {
  const { bytes } = head
  const there = Math.min(end, bytes.length)
  if (!mayBeHeader(bytes, start, there)) return 'no'
  if (there - start < HEADER_BYTES) return 'need-more'
  const header = headerAt(bytes, start)
  const side = sideOf(header)
  if (isServed(head, side)) {
    const at = header.questions === 0 ? start + HEADER_BYTES : questionEnd(bytes, start, there)
    if (at <= there) return at < 0 ? 'no' : { side, sure: true }
    return 'need-more'
  }
  const at = header.questions === 1 ? wholeEnd(bytes, start, there, header) : -1
  if (at > there) return 'need-more'
  return at === end ? { side, sure: isSure } : 'no'
}

/** A number of two bytes. */
export const lengthAt = (bytes: Uint8Array, at: number): number => (bytes[at]! << 8) | bytes[at + 1]!

const sideOf = (header: Header): Side => (isResponse(header) ? 'server' : 'client')

/** Whether the server's end, as the message tells it, has a port of DNS. */
function isServed({ ownPort, peerPort }: Head, side: Side): boolean {
  const port = side === 'client' ? peerPort : ownPort
  return port === DNS_PORT || port === DNS_TLS_PORT
}

function isSaneHeader(header: Header): boolean {
  const { flags, questions, answers, authorities, additionals } = header
  const opcode = opcodeOf(header)
  if (!OPCODES.has(opcode) || flags & RESERVED_FLAG) return false
  if (isResponse(header)) return questions <= 1
  if (questions !== 1) return false
  if (opcode === UPDATE) return true
  // A notification has AA and the new SOA as an answer record (RFC 1996 §3.7); the question of a transfer has the old SOA (RFC 1995 §3).
  const isNotify = opcode === NOTIFY
  if (flags & (isNotify ? ANSWER_FLAGS & ~AUTHORITATIVE : ANSWER_FLAGS)) return false
  return answers <= (isNotify ? 1 : 0) && authorities <= 1 && additionals <= 2
}

/** Whether a header, or its beginning, makes sense. */
function mayBeHeader(bytes: Uint8Array, start: number, end: number): boolean {
  const size = end - start
  if (size >= HEADER_BYTES) return isSaneHeader(headerAt(bytes, start))
  if (size < 3) return true
  const flags = size < 4 ? bytes[start + 2]! << 8 : lengthAt(bytes, start + 2)
  const questions = size < 6 ? 1 : lengthAt(bytes, start + 4)
  const opcode = (flags >> 11) & 15
  const answerFlags = flags & 0x8000 ? 0 : opcode === NOTIFY ? ANSWER_FLAGS & ~AUTHORITATIVE : ANSWER_FLAGS
  return OPCODES.has(opcode) && (flags & (RESERVED_FLAG | answerFlags)) === 0 && questions <= 1
}

/** The offset after the question of the message at `start`; -1 when it makes no sense, Infinity when its end isn't there. */
function questionEnd(bytes: Uint8Array, start: number, end: number): number {
  const at = skipName(bytes, start + HEADER_BYTES, end)
  if (at < 0) return -1
  if (at + 4 > end) return Number.POSITIVE_INFINITY
  // The upper bit of the class asks for a unicast answer (RFC 6762 §5.4).
  const code = lengthAt(bytes, at + 2) & 0x7fff
  return isKnownType(lengthAt(bytes, at)) && isKnownClass(code) ? at + 4 : -1
}

/** The offset after the last record; -1 when something makes no sense, Infinity when its end isn't there. */
function wholeEnd(bytes: Uint8Array, start: number, end: number, header: Header): number {
  let at = questionEnd(bytes, start, end)
  for (let left = header.answers + header.authorities + header.additionals; left > 0 && at >= 0; left--) {
    if (at + left * RECORD_BYTES > end) return Number.POSITIVE_INFINITY
    at = skipName(bytes, at, end)
    if (at < 0) return -1
    if (at + 10 > end) return Number.POSITIVE_INFINITY
    at += 10 + lengthAt(bytes, at + 8)
  }
  return at
}

// ── Within a stream ──────────────────────────────────────────────────────────

/** Bytes from the length to the count of questions; a search looks for the latter. */
const TO_QUESTIONS = LENGTH_BYTES + 4
const ONE_QUESTION = Buffer.of(0, 1)
/** A search reads at most one question for so many bytes: bytes with more of them are made to be slow. */
const BYTES_PER_QUESTION = 16

/** The first offset ≥ `from` where a message of this side begins with its length, or -1; without a side, of either. */
export function boundary(side: Side | undefined, bytes: Uint8Array, from: number): number {
  let tries = 16 + Math.ceil((bytes.length - from) / BYTES_PER_QUESTION)
  for (let hit = from + TO_QUESTIONS; tries > 0; hit++) {
    hit = indexOfBytes(bytes, ONE_QUESTION, hit, bytes.length)
    if (hit < 0) return -1
    const start = hit - 4
    if (start + HEADER_BYTES > bytes.length) return -1
    const header = headerAt(bytes, start)
    if ((side !== undefined && sideOf(header) !== side) || !isSaneHeader(header)) continue
    tries--
    const length = lengthAt(bytes, start - LENGTH_BYTES)
    if (length <= HEADER_BYTES) continue
    const end = questionEnd(bytes, start, Math.min(bytes.length, start + length))
    if (end > 0 && end <= bytes.length) return start - LENGTH_BYTES
  }
  return -1
}

export const search = (bytes: Uint8Array, from: number): number => boundary(undefined, bytes, from)
