/** Where packets begin a message: a greeting, a login, a command, an answer. What is sure is told from other protocols, too. */
import { latin1 } from '../lib/bytes'
import { COMPRESSED_HEADER, ZSTD } from './compressed'
import { FIXED, greetingIn, isLogin, mayBecomeLogin } from './login'
import { COM, lengthsOf } from './numbers'
import { EOF, EOF_SIZE, ERR, OK, okIn } from './ok'
import { HEADER } from './packets'

/** 'part': it may be one, there are too few bytes to tell. 'likely': it is one, if the bytes are this protocol's. */
export type Likeness = 'no' | 'part' | 'likely' | 'sure'

/** Words that statements begin with, behind comments and brackets. */
const STATEMENT =
  /^[\s(]*(?:\/\*|-- |#|(?:alter|analyze|begin|call|change|check|checksum|commit|create|deallocate|delete|desc|describe|do|drop|execute|explain|flush|grant|handler|insert|kill|load|lock|optimize|prepare|purge|release|rename|repair|replace|reset|revoke|rollback|savepoint|select|set|show|shutdown|start|stop|table|truncate|unlock|update|use|values|with|xa)(?=$|[^a-z0-9_]))/i
/** Bytes in which that is seen. */
const LOOKED_AT = 32
const LONGEST_GREETING = 1024
const MAX_VERSION = 128
const DEFINITION = [3, 0x64, 0x65, 0x66]
/** Errors have numbers from here on, and up to there. */
const LEAST_ERROR = 1000
const MOST_ERROR = 10_000
const NUMBERS = /^#[0-9A-Z]{5}/
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters tell binary from text
const CONTROL = /[\x00-\x08\x0e-\x1f\x7f]/

export const lengthAt = (bytes: Uint8Array, at: number): number =>
  bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16)

/** A greeting, or the error in its place. */
export function greetingAt(bytes: Uint8Array, at: number): Likeness {
  const have = bytes.length - at
  if (have < HEADER) return have > 1 && bytes[at + 1]! > LONGEST_GREETING >> 8 ? 'no' : 'part'
  const length = lengthAt(bytes, at)
  if (length > LONGEST_GREETING || length < HEADER || bytes[at + 3] !== 0) return 'no'
  if (have === HEADER) return 'part'
  const content = bytes.subarray(at + HEADER, Math.min(bytes.length, at + HEADER + length))
  if (content[0] === ERR) return refusal(content, length)
  if (content[0] !== 10) return 'no'
  if (greetingIn(content)) return 'sure'
  const version = latin1(content, 1, Math.min(content.length, MAX_VERSION))
  const isText = /^(?:\d[\x20-\x7e]*)?(?:\0|$)/.test(version)
  return isText && content.length < length ? 'part' : 'no'
}

function refusal(content: Uint8Array, length: number): Likeness {
  if (content.length < 3) return 'part'
  const code = content[1]! | (content[2]! << 8)
  if (code < LEAST_ERROR || code > MOST_ERROR || CONTROL.test(latin1(content, 3, content.length))) return 'no'
  return content.length < length ? 'part' : 'sure'
}

/** The first packet of a client, behind a greeting that wasn't seen. */
export function loginAt(bytes: Uint8Array, at: number): Likeness {
  const have = bytes.length - at
  if (have < HEADER) return 'part'
  const seq = bytes[at + 3]!
  if (seq < 1 || seq > 2 || lengthAt(bytes, at) < FIXED) return 'no'
  if (have < HEADER + FIXED) return mayBecomeLogin(bytes.subarray(at + HEADER)) ? 'part' : 'no'
  return isLogin(bytes.subarray(at + HEADER, at + HEADER + FIXED)) ? 'sure' : 'no'
}

export function commandAt(bytes: Uint8Array, at: number): Likeness {
  const have = bytes.length - at
  if (have < HEADER) return 'part'
  const length = lengthAt(bytes, at)
  if (bytes[at + 3] !== 0 || length === 0) return 'no'
  if (have === HEADER) return 'part'
  const command = bytes[at + HEADER]!
  const lengths = lengthsOf(command)
  if (!lengths || length < lengths[0] || length > lengths[1]) return 'no'
  const end = at + HEADER + length
  if (command === COM.QUERY || command === COM.PREPARE) return statementAt(bytes, at + HEADER + 1, end)
  if (command === COM.EXECUTE) return executionAt(bytes, at + HEADER)
  if (end > bytes.length) return 'part'
  return end + 3 < bytes.length && bytes[end + 3] !== 0 ? 'no' : 'likely'
}

function statementAt(bytes: Uint8Array, at: number, end: number): Likeness {
  const isAttributed = bytes[at]! < 9
  if (isAttributed && bytes[at + 1] !== undefined && bytes[at + 1] !== 1) return 'no'
  // Values of attributes stand in front of the statement.
  if (isAttributed && bytes[at] !== 0) return end > bytes.length ? 'part' : 'likely'
  const start = isAttributed ? at + 2 : at
  const text = latin1(bytes, start, Math.min(bytes.length, end, start + LOOKED_AT))
  if (CONTROL.test(text)) return 'no'
  const isAll = start + text.length >= Math.min(end, start + LOOKED_AT)
  if (!isAll) return 'part'
  return STATEMENT.test(text) ? 'sure' : end > bytes.length ? 'part' : 'likely'
}

function executionAt(bytes: Uint8Array, at: number): Likeness {
  if (bytes.length < at + 10) return 'part'
  const isOne = bytes[at + 6] === 1 && bytes[at + 7] === 0 && bytes[at + 8] === 0 && bytes[at + 9] === 0
  return isOne && bytes[at + 5]! <= 0x0f ? 'sure' : 'no'
}

/** Whether content of zlib or zstd begins here, in a packet of the compressed protocol. */
export function isCompressed(bytes: Uint8Array, at: number): boolean {
  const length = lengthAt(bytes, at)
  const start = at + COMPRESSED_HEADER
  const isZstd = ZSTD.every((byte, i) => bytes[start + i] === byte)
  return (
    length > 8 && lengthAt(bytes, at + HEADER) > 8 && (isZstd || isZlib(bytes[start]!, bytes[start + 1]!))
  )
}

/** RFC 1950 §2.2: method 8, the usual window of 32 KiB, no dictionary, and a check over both bytes. */
const isZlib = (method: number, flags: number): boolean =>
  method === 0x78 && (flags & 0x20) === 0 && (method * 256 + flags) % 31 === 0

/** A command in the compressed protocol: one that was too short to be compressed, or a content that is. */
export function compressedAt(bytes: Uint8Array, at: number): Likeness {
  const have = bytes.length - at
  if (have < HEADER) return 'part'
  const length = lengthAt(bytes, at)
  if (bytes[at + 3] !== 0 || length <= HEADER) return 'no'
  if (have < COMPRESSED_HEADER + HEADER) return 'part'
  if (lengthAt(bytes, at + HEADER) > 0) {
    if (!isCompressed(bytes, at)) return 'no'
    const end = at + COMPRESSED_HEADER + length
    return end > bytes.length ? 'part' : end === bytes.length ? 'sure' : 'no'
  }
  const inner = commandAt(bytes, at + COMPRESSED_HEADER)
  return lengthAt(bytes, at + COMPRESSED_HEADER) + HEADER === length ? inner : 'no'
}

/** The first packet of an answer. */
export function answerAt(bytes: Uint8Array, at: number): Likeness {
  const have = bytes.length - at
  if (have < HEADER) return 'part'
  const length = lengthAt(bytes, at)
  if (bytes[at + 3] !== 1 || length === 0) return 'no'
  if (have === HEADER) return 'part'
  const end = at + HEADER + length
  const first = bytes[at + HEADER]!
  if (first === ERR) return errorAt(bytes, at + HEADER, end)
  if (first === OK && length >= 7) return endingAt(bytes, at + HEADER, end)
  if (first === EOF && length === EOF_SIZE) return end > bytes.length ? 'part' : 'likely'
  return length <= 9 ? columnsAt(bytes, end) : 'no'
}

function errorAt(bytes: Uint8Array, at: number, end: number): Likeness {
  if (end - at < 9) return 'no'
  const content = bytes.subarray(at, Math.min(end, bytes.length))
  if (content.length < 9) return 'part'
  const code = content[1]! | (content[2]! << 8)
  const isError = code >= LEAST_ERROR && code <= MOST_ERROR && NUMBERS.test(latin1(content, 3, 9))
  return isError ? 'sure' : 'no'
}

function endingAt(bytes: Uint8Array, at: number, end: number): Likeness {
  if (end > bytes.length) return 'part'
  if (end + 3 < bytes.length && bytes[end + 3]! > 2) return 'no'
  return okIn(bytes.subarray(at, end)) ? 'likely' : 'no'
}

/** What describes the first column: its catalog is always `def`. */
function columnsAt(bytes: Uint8Array, at: number): Likeness {
  const have = bytes.length - at
  if (have > 3 && bytes[at + 3] !== 2) return 'no'
  for (let i = 0; i < DEFINITION.length; i++) {
    if (have <= HEADER + i) return 'part'
    if (bytes[at + HEADER + i] !== DEFINITION[i]) return 'no'
  }
  return 'sure'
}
