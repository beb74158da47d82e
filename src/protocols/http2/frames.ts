/**
 * Frames (RFC 9113 §4.1, §6):
 *
 *     frame = Length (24) Type (8) Flags (8) Reserved (1) Stream Identifier (31) Payload (Length)
 */

export const FRAME_HEADER = 9

export const DATA = 0
export const HEADERS = 1
export const PRIORITY = 2
export const RST_STREAM = 3
export const SETTINGS = 4
export const PUSH_PROMISE = 5
export const PING = 6
export const GOAWAY = 7
export const WINDOW_UPDATE = 8
export const CONTINUATION = 9
/** RFC 7838, RFC 8336, RFC 9218. */
const ALTSVC = 0x0a
const ORIGIN = 0x0c
const PRIORITY_UPDATE = 0x10

export const END_STREAM = 0x01
export const END_HEADERS = 0x04
export const PADDED = 0x08
export const PRIORITISED = 0x20
const ACK = 0x01

/** What a client sends first (§3.4). */
export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')

/** Pads a frame, and depends on another stream: bytes before the block. */
const PRIORITY_BYTES = 5
const SETTING_BYTES = 6

export const lengthAt = (bytes: Uint8Array, at: number): number =>
  (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!

/** 32 bits; of a stream's number the highest one is reserved. */
export const uint32At = (bytes: Uint8Array, at: number): number =>
  ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0

export const streamAt = (bytes: Uint8Array, at: number): number => uint32At(bytes, at + 5) & 0x7fffffff

/** §6: frames of a stream, those of the connection, and those of either have their rules. Unknown types have none (§5.5). */
export function isValid(type: number, length: number, stream: number): boolean {
  switch (type) {
    case DATA:
    case HEADERS:
    case CONTINUATION:
    case PUSH_PROMISE:
      return stream !== 0
    case PRIORITY:
      return stream !== 0 && length === PRIORITY_BYTES
    case RST_STREAM:
      return stream !== 0 && length === 4
    case SETTINGS:
      return stream === 0 && length % SETTING_BYTES === 0
    case PING:
      return stream === 0 && length === 8
    case GOAWAY:
      return stream === 0 && length >= 8
    case WINDOW_UPDATE:
      return length === 4
    default:
      return true
  }
}

/** The flags that a type has; a sender leaves the others out (§4.1). -1: no type of which a search finds frames. */
function flagsOf(type: number): number {
  switch (type) {
    case DATA:
      return END_STREAM | PADDED
    case HEADERS:
      return END_STREAM | END_HEADERS | PADDED | PRIORITISED
    case PUSH_PROMISE:
      return END_HEADERS | PADDED
    case CONTINUATION:
      return END_HEADERS
    case SETTINGS:
    case PING:
      return ACK
    case PRIORITY:
    case RST_STREAM:
    case GOAWAY:
    case WINDOW_UPDATE:
    case ALTSVC:
    case ORIGIN:
    case PRIORITY_UPDATE:
      return 0
    default:
      return -1
  }
}

/** Most senders keep to the least limit that a receiver may set (§4.2); a search finds no larger frames. */
const USUAL_FRAME = 16 << 10

/** Whether a frame may begin at `at`, as a search takes it. There are nine bytes. */
export function mayBeFrame(bytes: Uint8Array, at: number): boolean {
  const type = bytes[at + 3]!
  const flags = flagsOf(type)
  if (flags < 0 || (bytes[at + 4]! & ~flags) !== 0 || bytes[at + 5]! > 0x7f) return false
  const length = lengthAt(bytes, at)
  if (length > USUAL_FRAME) return false
  if (type === SETTINGS && bytes[at + 4] === ACK && length > 0) return false
  return isValid(type, length, streamAt(bytes, at))
}
