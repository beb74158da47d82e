/**
 * Frames of AMQP 0-9-1 (§4.2.3):
 *
 *     type:1 channel:2 size:4 payload:size 0xCE
 *
 * - type 1, a method: class:2 method:2 arguments
 * - type 2, the header of a content: class:2 0:2 size:8 flags:2… properties
 * - type 3, a part of its body
 * - type 8, a heartbeat, on channel 0 and without payload
 *
 * Before them the client says `AMQP` 0 0 9 1; a server that doesn't speak that version says which it speaks, and closes.
 */

export const METHOD = 1
export const HEADER = 2
export const BODY = 3
export const HEARTBEAT = 8

export const FRAME_END = 0xce
/** Before the payload. */
export const HEAD_BYTES = 7
/** The shortest frame, and the header of the protocol. */
export const LEAST_BYTES = 8

const OPENING = Uint8Array.from([0x41, 0x4d, 0x51, 0x50, 0, 0, 9, 1])
/** No more than a method, a header and a part of a body have in any server or client. */
const MAX_METHOD = 1 << 20
const MAX_BODY = 256 << 20

/** Whether the bytes up to `end`, as far as they are there, are the header of the protocol. */
export function isOpening(bytes: Uint8Array, at: number, end: number): boolean {
  const count = Math.min(OPENING.length, end - at)
  for (let i = 0; i < count; i++) if (bytes[at + i] !== OPENING[i]) return false
  return true
}

const u16 = (bytes: Uint8Array, at: number) => (bytes[at]! << 8) | bytes[at + 1]!
const u32 = (bytes: Uint8Array, at: number) => u16(bytes, at) * 65_536 + u16(bytes, at + 2)

/** Bytes of the frame, or of the header of the protocol, that begins at `at`, of which LEAST_BYTES are there; 0: none begins there. */
export function lengthAt(bytes: Uint8Array, at: number, end: number): number {
  const type = bytes[at]
  if (type === OPENING[0]) return isOpening(bytes, at, end) ? OPENING.length : 0
  const size = u32(bytes, at + 3)
  const length = HEAD_BYTES + size + 1
  if (at + length <= end && bytes[at + length - 1] !== FRAME_END) return 0
  return isSize(bytes, at, size) ? length : 0
}

function isSize(bytes: Uint8Array, at: number, size: number): boolean {
  switch (bytes[at]) {
    case METHOD:
      return size >= 4 && size <= MAX_METHOD
    case HEADER:
      return size >= 14 && size <= MAX_METHOD && channelAt(bytes, at) > 0
    case BODY:
      return size > 0 && size <= MAX_BODY && channelAt(bytes, at) > 0
    case HEARTBEAT:
      return size === 0 && channelAt(bytes, at) === 0
    default:
      return false
  }
}

export const channelAt = (bytes: Uint8Array, at: number): number => u16(bytes, at + 1)
