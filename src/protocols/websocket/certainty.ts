/**
 * How much speaks for frames at a place, in bits: the number of times that a coin falls as wished by chance. Heads of frames say
 * little; that they end where the bytes end, and text behind a mask, say much.
 */
import { isUtf8 } from 'node:buffer'
import type { Side } from '../protocol'
import { CLOSE, type FrameHead, isControl, isShortest, readHead, TEXT, unmask } from './frames'

/** Frames in a row that are looked at. */
const MAX_FRAMES = 8
/** More isn't looked for. */
const ENOUGH = 64
/** The first byte of a frame, and the mask's bit. */
const HEAD_BITS = 5
/** Fewer first bytes begin a control frame. */
const CONTROL_BITS = 7
/** The frame's length is one of 126, or of 65,536 and more. */
const SHORT_BITS = 7
const LONG_BITS = 16
/** Characters of a text that are looked at; each is one byte in two. */
const MAX_TEXT = 64
const MOST_TEXT_BITS = 40
/** Bytes of a key that are 0 speak for another protocol, with text behind them. */
const LEAST_KEY = 3

const text = new Uint8Array(MAX_TEXT)

/** Of the codes that a close frame may have (RFC 6455 §7.4), in 65,536. */
const CODE_BITS = 5
const CODE_BYTES = 2
const KEY_BYTES = 4

export interface Evidence {
  readonly bits: number
  /** The frames end where the bytes end. */
  readonly isLanding: boolean
  /** Frames that were looked at. */
  readonly frames: number
}

/** For frames of this side at `at`, up to the end of `bytes`; 0 bits where there are none. */
export function evidenceFor(bytes: Uint8Array, at: number, side: Side, rsv: number): Evidence {
  let bits = 0
  let place = at
  let frames = 0
  while (frames < MAX_FRAMES && bits < ENOUGH) {
    const head = readHead(bytes, place, bytes.length, side, rsv)
    if (head === 'need-more') break
    frames++
    const ofFrame = head === 'no' || !isShortest(head, place) ? -1 : bitsOf(bytes, head)
    if (head === 'no' || ofFrame < 0) return { bits: 0, isLanding: false, frames }
    bits += ofFrame
    place = head.end + head.length
    if (place > bytes.length) break
    if (place < bytes.length) continue
    bits += head.length > 125 ? LONG_BITS : SHORT_BITS
    return { bits, isLanding: true, frames }
  }
  return { bits, isLanding: false, frames }
}

/** -1 where such a frame can't be. */
function bitsOf(bytes: Uint8Array, { opcode, rsv, length, end, keyAt }: FrameHead): number {
  const behind = Math.min(end + length, bytes.length)
  if (opcode === TEXT && rsv === 0) {
    const ofText = textBits(bytes, end, behind, keyAt, 0)
    return ofText < 0 ? -1 : HEAD_BITS + ofText
  }
  if (opcode !== CLOSE || length === 0) return isControl(opcode) ? CONTROL_BITS : HEAD_BITS
  if (behind - end < CODE_BYTES) return length < CODE_BYTES ? -1 : CONTROL_BITS
  const code = ((bytes[end]! ^ keyByte(bytes, keyAt, 0)) << 8) | (bytes[end + 1]! ^ keyByte(bytes, keyAt, 1))
  const isKnown = (code >= 1000 && code < 1015) || (code >= 3000 && code < 5000)
  const ofReason = textBits(bytes, end + CODE_BYTES, behind, keyAt, CODE_BYTES)
  return ofReason < 0 || !isKnown ? -1 : CONTROL_BITS + CODE_BITS + ofReason
}

const keyByte = (bytes: Uint8Array, keyAt: number, i: number): number => (keyAt < 0 ? 0 : bytes[keyAt + i]!)

/** -1 where these bytes, at offset `from` of a payload, are no text (RFC 6455 §5.6: it is UTF-8). */
function textBits(bytes: Uint8Array, start: number, end: number, keyAt: number, from: number): number {
  const length = Math.min(MAX_TEXT, end - start)
  text.set(bytes.subarray(start, start + length))
  if (keyAt >= 0) unmask(text, 0, length, bytes.subarray(keyAt, keyAt + KEY_BYTES), from)
  let ascii = 0
  for (let i = 0; i < length; i++) {
    const byte = text[i]!
    if (byte < 0x20 && byte !== 9 && byte !== 10 && byte !== 13) return -1
    if (byte < 0x7f) ascii++
    else if (byte === 0x7f) return -1
  }
  if (ascii < length && !isUtf8(text.subarray(0, wholeCharacters(length)))) return -1
  return keyAt >= 0 && zeros(bytes, keyAt) > KEY_BYTES - LEAST_KEY ? 0 : Math.min(ascii, MOST_TEXT_BITS)
}

/** Without a character that the end may have cut. */
function wholeCharacters(length: number): number {
  let end = length
  while (end > 0 && end > length - 4 && text[end - 1]! >= 0x80) end--
  return end
}

function zeros(bytes: Uint8Array, at: number): number {
  let count = 0
  for (let i = at; i < at + KEY_BYTES; i++) if (bytes[i] === 0) count++
  return count
}
