/**
 * Frames (RFC 6455 §5.2):
 *
 *     frame = FIN (1) RSV1-3 (3) opcode (4) MASK (1) length (7) [length (16 | 64)] [masking key (32)] payload
 */
import type { Side } from '../protocol'

export const CONTINUATION = 0x0
export const TEXT = 0x1
export const BINARY = 0x2
export const CLOSE = 0x8
export const PING = 0x9
export const PONG = 0xa

const NAMES: ReadonlyMap<number, string> = new Map([
  [TEXT, 'text'],
  [BINARY, 'binary'],
  [CLOSE, 'close'],
  [PING, 'ping'],
  [PONG, 'pong'],
])

/** The kind of message that begins with the opcode. */
export const nameOf = (opcode: number): string => NAMES.get(opcode) ?? ''

export const RSV1 = 0x40
/** All three. */
export const RSV = 0x70
export const FIN = 0x80
const MASKED = 0x80
export const MAX_CONTROL = 125
const LENGTH_16 = 126
const LENGTH_64 = 127
const KEY_BYTES = 4
/** The upper half of a length of 64 bits; no larger number is exact. */
const MAX_UPPER = 0x1f_ffff

export interface FrameHead {
  readonly isLast: boolean
  readonly rsv: number
  readonly opcode: number
  /** Bytes of the payload. */
  readonly length: number
  /** Where the masking key is; -1 for none. */
  readonly keyAt: number
  /** Where the payload begins. */
  readonly end: number
}

export const isControl = (opcode: number): boolean => opcode >= CLOSE

/**
 * Reads the head of a frame at `at`. 'no': no frame of this side is there, as clients mask theirs and servers don't (§5.1). `rsv`:
 * the bits that extensions may use.
 */
export function readHead(
  bytes: Uint8Array,
  at: number,
  end: number,
  side: Side,
  rsv: number,
): FrameHead | 'no' | 'need-more' {
  if (at >= end) return 'need-more'
  const first = bytes[at]!
  const opcode = first & 0x0f
  const isLast = (first & FIN) !== 0
  const bits = first & RSV
  if ((bits & ~rsv) !== 0 || !(opcode === CONTINUATION || NAMES.has(opcode))) return 'no'
  if (isControl(opcode) && (!isLast || bits !== 0)) return 'no'
  if (at + 1 >= end) return 'need-more'
  const second = bytes[at + 1]!
  const isMasked = (second & MASKED) !== 0
  const short = second & 0x7f
  if (isMasked !== (side === 'client') || (isControl(opcode) && short > MAX_CONTROL)) return 'no'
  const lengthBytes = short === LENGTH_16 ? 2 : short === LENGTH_64 ? 8 : 0
  const keyAt = at + 2 + lengthBytes
  const start = keyAt + (isMasked ? KEY_BYTES : 0)
  if (start > end) return 'need-more'
  const length = lengthBytes === 0 ? short : lengthIn(bytes, at + 2, lengthBytes)
  if (length < 0) return 'no'
  return { isLast, rsv: bits, opcode, length, keyAt: isMasked ? keyAt : -1, end: start }
}

/** -1 for a length that can't be. */
function lengthIn(bytes: Uint8Array, at: number, size: number): number {
  if (size === 2) return (bytes[at]! << 8) | bytes[at + 1]!
  const upper = uint32(bytes, at)
  return upper > MAX_UPPER ? -1 : upper * 2 ** 32 + uint32(bytes, at + 4)
}

const uint32 = (bytes: Uint8Array, at: number): number =>
  ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0

/** A sender uses the shortest form of a length (§5.2). */
export const isShortest = ({ length, end, keyAt }: FrameHead, at: number): boolean => {
  const size = (keyAt < 0 ? end : keyAt) - at - 2
  return size === 0 || length > (size === 2 ? MAX_CONTROL : 0xffff)
}

/** Takes the mask off bytes[start..end), which begin at offset `from` of their frame's payload (§5.3). */
export function unmask(
  bytes: Uint8Array,
  start: number,
  end: number,
  key: ArrayLike<number>,
  from: number,
): void {
  for (let i = start; i < end; i++) bytes[i]! ^= key[(from + i - start) & 3]!
}
