/** Is this PostgreSQL, and where does a message begin? */
import { latin1 } from '../lib/bytes'
import { type Head, otherSide, type Recognition, type Side } from '../protocol'
import { mayBeContent } from './content'
import {
  CANCEL_REQUEST,
  GSSENC_REQUEST,
  HEADER,
  int32,
  isLength,
  isLetter,
  LENGTH,
  MAJOR_VERSION,
  MAX_CANCEL,
  MAX_STARTUP,
  SSL_REQUEST,
  uint16,
} from './letters'

/** Messages of a chain that are looked at: so many in a row are no chance. */
const MOST_CHAINED = 16
/** Places that one search looks at closely. */
const MAX_CANDIDATES = 512
/** What makes sure. */
const SURE = 2
/** How much a whole message of a kind says; of others 1. Of data, nothing: it has no structure. */
const EVIDENCE: Readonly<Record<Side, Readonly<Record<string, number>>>> = {
  client: { Q: SURE, P: SURE, B: SURE, d: 0, p: 0, H: 0.25, X: 0.25, c: 0.25 },
  server: { T: SURE, E: SURE, N: SURE, R: SURE, S: SURE, A: SURE, d: 0, c: 0.25, I: 0.25, s: 0.25, n: 0.25 },
}
/** A statement that is still coming is one by its first word. */
const STATEMENT =
  /^\s{0,64}(?:--|\/\*|\()?\s{0,8}(?:select|insert|update|delete|merge|with|begin|start|commit|end|rollback|set|show|create|alter|drop|copy|values|explain|truncate|vacuum|analyze|declare|fetch|close|call|do|lock|listen|notify|savepoint|release|prepare|execute|grant|revoke|table)\b/i
const LEAST_STATEMENT = 16

/** A startup packet's first parameter: a name, and the beginning of its value. */
const FIRST_PARAMETER =
  /^(?:user|database|application_name|client_encoding|replication|options|[A-Za-z_][\w.]{1,62})\0[ -~\x80-\xff]/
const MAY_BE_PARAMETER = /^[A-Za-z_][\w.]{0,62}\0?$/

export function recognise(head: Head): Recognition {
  const { bytes } = head
  if (bytes.length === 0) return 'need-more'
  if (bytes[0] === 0) return recogniseOpening(bytes)
  const first = head.from ?? 'client'
  const answers = [chain(first, bytes, 0), chain(otherSide(first), bytes, 0)]
  const side = answers.findIndex((evidence) => evidence >= SURE)
  if (side >= 0) return { side: side === 0 ? first : otherSide(first), sure: true }
  return answers.some((evidence) => evidence >= 0) ? 'need-more' : 'no'
}

/** The packets that begin a connection: the client's. */
function recogniseOpening(bytes: Uint8Array): Recognition {
  const { length } = bytes
  if (bytes[1] !== 0 && length > 1) return 'no'
  if (length < 4) return 'need-more'
  const size = int32(bytes, 0)
  if (size < 8 || size > MAX_STARTUP) return 'no'
  if (length < 8) return 'need-more'
  const code = int32(bytes, 4)
  if (code === SSL_REQUEST || code === GSSENC_REQUEST)
    return size === 8 ? { side: 'client', sure: true } : 'no'
  if (code === CANCEL_REQUEST) return size >= 16 && size <= MAX_CANCEL ? { side: 'client', sure: true } : 'no'
  if (code >> 16 !== MAJOR_VERSION || (code & 0xffff) > 9999) return 'no'
  const text = latin1(bytes, 8, Math.min(length, size, 80))
  if (FIRST_PARAMETER.test(text)) return { side: 'client', sure: true }
  return text === '' || MAY_BE_PARAMETER.test(text) ? 'need-more' : 'no'
}

const isOpening = (bytes: Uint8Array, at: number): boolean =>
  typeof recogniseOpening(bytes.subarray(at, at + MAX_STARTUP)) === 'object'

/** The end of the message at `at`, as its header says it; -1: it is none. Its content is looked at as far as it is there. */
function messageEnd(side: Side, bytes: Uint8Array, at: number): number {
  const seen = bytes.length
  const letter = bytes[at]!
  if (!isLetter(side, letter)) return -1
  if (at + HEADER > seen) return at + 1 < seen && bytes[at + 1]! > 0x3f ? -1 : seen + 1
  const length = int32(bytes, at + 1)
  if (!isLength(side, letter, length)) return -1
  const end = at + 1 + length
  const content = { bytes, at: at + HEADER, end, seen: Math.min(end, seen) }
  return mayBeContent(side, letter, content) ? end : -1
}

/** How much speaks for messages of this side from `at` on; -1: there are none. */
function chain(side: Side, bytes: Uint8Array, at: number): number {
  let evidence = 0
  let next = at
  for (let i = 0; i < MOST_CHAINED && next < bytes.length; i++) {
    const end = messageEnd(side, bytes, next)
    if (end < 0) return -1
    if (end > bytes.length) return evidence + ofPart(side, bytes, next)
    evidence += EVIDENCE[side][String.fromCharCode(bytes[next]!)] ?? 1
    next = end
  }
  return evidence
}

function ofPart(side: Side, bytes: Uint8Array, at: number): number {
  const text = latin1(bytes, at, Math.min(bytes.length, at + HEADER + 96))
  if (side !== 'client' || text[0] !== 'Q' || text.length < HEADER + LEAST_STATEMENT) return 0
  return STATEMENT.test(text.slice(HEADER)) ? SURE : 0
}

/** A place from which on messages are surely of one side. */
export function search(bytes: Uint8Array, from: number): number {
  return findFrom(bytes, from, (at) =>
    bytes[at] === 0
      ? isOpening(bytes, at)
      : Math.max(chain('client', bytes, at), chain('server', bytes, at)) > SURE,
  )
}

/** Finds a message of this side, or the beginning of one at the end of `bytes`; `from` may be within one. */
export function boundary(side: Side, bytes: Uint8Array, from: number): number {
  return findFrom(bytes, from, (at) =>
    bytes[at] === 0 ? side === 'client' && isOpening(bytes, at) : mayBegin(side, bytes, at),
  )
}

function mayBegin(side: Side, bytes: Uint8Array, at: number): boolean {
  if (!isLetter(side, bytes[at]!)) return false
  const end = messageEnd(side, bytes, at)
  if (end < 0) return false
  // The rest of its header, or of its content, will tell; only at the very end, where it can be found again.
  if (end > bytes.length)
    return bytes.length - at < HEADER + LENGTH || ofPart(side, bytes, at) > 0 || isNear(end, bytes)
  return chain(side, bytes, at) > 0
}

/** A message that ends soon. */
const isNear = (end: number, bytes: Uint8Array): boolean => end - bytes.length < 16 << 10

/** The upper half of what stands behind the length of a packet that begins a connection. */
const mayOpen = (bytes: Uint8Array, at: number): boolean => {
  if (at + 8 > bytes.length) return false
  const code = uint16(bytes, at + 4)
  return code === MAJOR_VERSION || code === SSL_REQUEST >> 16
}

/** The first place ≥ `from` that `isIt`. */
function findFrom(bytes: Uint8Array, from: number, isIt: (at: number) => boolean): number {
  let candidates = 0
  for (let at = from; at < bytes.length; at++) {
    // Lengths of 16 MiB and more are not looked for.
    const letter = bytes[at]!
    if (letter === 0 ? !mayOpen(bytes, at) : !isLetter('client', letter) && !isLetter('server', letter))
      continue
    if (at + 1 < bytes.length && bytes[at + 1] !== 0) continue
    if (++candidates > MAX_CANDIDATES) return -1
    if (isIt(at)) return at
  }
  return -1
}
