/** Is this HTTP/2, and where does a frame begin? (RFC 9113 §3.4) */
import { indexOfBytes } from '../lib/bytes'
import type { Head, Recognition, Side } from '../protocol'
import {
  DATA,
  END_HEADERS,
  FRAME_HEADER,
  HEADERS,
  lengthAt,
  mayBeFrame,
  PREFACE,
  SETTINGS,
  streamAt,
} from './frames'
import { blockIn } from './header-frame'
import { decodeBlock } from './hpack/decode'
import { FieldTable, UNKNOWN } from './hpack/table'

/** Frames in a row that make a place the beginning of one. */
const CHAIN = 3
/** The first frames of a call that are looked at: control frames may stand before the head of a message. */
const FIRST_FRAMES = 8
/** The largest known number of a setting, and the most of them that an opening has. */
const MAX_SETTING = 0x10
const MAX_SETTINGS = 16
/** Beginnings of heads that one search decodes. */
const MAX_HEADS = 64

export function recognise({ bytes, isOpening, from }: Head): Recognition {
  return isOpening ? recogniseOpening(bytes, from) : recogniseFrames(bytes)
}

/** A client begins with the preface, and a server with its settings. */
function recogniseOpening(bytes: Uint8Array, from: Side | undefined): Recognition {
  const known = Math.min(bytes.length, PREFACE.length)
  if (startsWithPreface(bytes)) return known < PREFACE.length ? 'need-more' : { side: 'client', sure: true }
  if (from === 'client') return 'no'
  if (bytes.length < FRAME_HEADER) return mayBecomeSettings(bytes) ? 'need-more' : 'no'
  const length = lengthAt(bytes, 0)
  const isSettings = bytes[3] === SETTINGS && bytes[4] === 0 && mayBeFrame(bytes, 0)
  if (!isSettings || length > 6 * MAX_SETTINGS) return 'no'
  if (bytes.length < FRAME_HEADER + length) return 'need-more'
  for (let at = FRAME_HEADER; at < FRAME_HEADER + length; at += 6) {
    const setting = (bytes[at]! << 8) | bytes[at + 1]!
    // gRPC has its own (0xfe03), and some peers send one that nobody knows, so that these are passed over.
    if (setting === 0 || (setting > MAX_SETTING && setting < 0x0a0a)) return 'no'
  }
  return { side: 'server', sure: true }
}

function startsWithPreface(bytes: Uint8Array): boolean {
  const length = Math.min(bytes.length, PREFACE.length)
  for (let i = 0; i < length; i++) if (bytes[i] !== PREFACE[i]) return false
  return true
}

const mayBecomeSettings = (bytes: Uint8Array): boolean =>
  (bytes[0] ?? 0) === 0 && (bytes[1] ?? 0) === 0 && (bytes[3] ?? SETTINGS) === SETTINGS

/** Frames in a row, with a head among them that can be read. */
function recogniseFrames(bytes: Uint8Array): Recognition {
  if (bytes.length >= PREFACE.length && startsWithPreface(bytes)) return { side: 'client', sure: true }
  let at = 0
  for (let i = 0; i < FIRST_FRAMES && at + FRAME_HEADER <= bytes.length; i++) {
    if (!mayBeFrame(bytes, at)) return 'no'
    const end = at + FRAME_HEADER + lengthAt(bytes, at)
    if (bytes[at + 3] === HEADERS) {
      if (end > bytes.length) return 'need-more'
      const side = senderOf(bytes, at, end)
      return side ? { side, sure: true } : 'no'
    }
    at = end
  }
  return 'no'
}

/** Whose head this frame begins, by its pseudo-header fields (§8.3); undefined where it can't be read as one. */
function senderOf(bytes: Uint8Array, at: number, end: number): Side | undefined {
  if ((bytes[at + 4]! & END_HEADERS) === 0 || streamAt(bytes, at) % 2 === 0) return undefined
  const block = blockIn(bytes, at, end)
  if (!block) return undefined
  const fields = decodeBlock(new FieldTable(false), bytes, block.start, block.end)
  if (!fields || fields.length === 0) return undefined
  let isBehind = false
  let asks = 0
  let answers = 0
  for (const { name, value } of fields) {
    if (name === UNKNOWN) continue
    if (!isFieldName(name)) return undefined
    const isPseudo = name.startsWith(':')
    // They stand before the others.
    if (isPseudo && isBehind) return undefined
    isBehind ||= !isPseudo
    if (name === ':status' && /^[1-5]\d\d$/.test(value)) answers++
    else if (REQUEST.has(name)) asks++
    else if (isPseudo) return undefined
  }
  if (answers + asks === 0 || (answers > 0 && asks > 0)) return undefined
  return answers > 0 ? 'server' : 'client'
}

const REQUEST = new Set([':method', ':scheme', ':authority', ':path', ':protocol'])
/** §8.2.1: tokens without capitals. */
const isFieldName = (name: string): boolean => /^:?[!#$%&'*+\-.^_`|~0-9a-z]+$/.test(name)

/** The client's beginning, or the first head of either side, in a stream that was joined under way. */
export function search(bytes: Uint8Array, from: number): number {
  const opening = indexOfBytes(bytes, PREFACE, from, bytes.length)
  const head = firstHead(bytes, from)
  return opening < 0 || head < 0 ? Math.max(opening, head) : Math.min(opening, head)
}

function firstHead(bytes: Uint8Array, from: number): number {
  let heads = 0
  for (let type = bytes.indexOf(HEADERS, from + 3); type >= 0; type = bytes.indexOf(HEADERS, type + 1)) {
    const at = type - 3
    if (at + FRAME_HEADER > bytes.length) return -1
    if (!mayBeFrame(bytes, at)) continue
    const end = at + FRAME_HEADER + lengthAt(bytes, at)
    if (end > bytes.length) continue
    if (++heads > MAX_HEADS) return -1
    if (senderOf(bytes, at, end)) return at
  }
  return -1
}

/** The first offset ≥ `from` at which a frame begins, or -1. `isOpen`: whether the connection has such a stream. */
export function boundary(bytes: Uint8Array, from: number, isOpen: (stream: number) => boolean): number {
  const last = bytes.length - FRAME_HEADER
  for (let at = from; at <= last; at++) if (mayBeFrame(bytes, at) && isChain(bytes, at, isOpen)) return at
  return -1
}

/** Whether frames begin at `from`, as far as the bytes show. */
export function isChain(bytes: Uint8Array, from: number, isOpen: (stream: number) => boolean): boolean {
  let at = from
  for (let frames = 0; frames < CHAIN; frames++) {
    if (at === bytes.length) return true
    if (at + FRAME_HEADER > bytes.length) return frames > 1
    if (!mayBeFrame(bytes, at)) return false
    const isOfStream = bytes[at + 3] === DATA
    const length = lengthAt(bytes, at)
    // Zeros and a small number: that is common in data.
    if (isOfStream && frames === 0 && (!isOpen(streamAt(bytes, at)) || (length === 0 && bytes[at + 4] === 0)))
      return false
    at += FRAME_HEADER + length
    if (at > bytes.length) return frames > 0 || isOfStream
  }
  return true
}
