/** Where the block is within a frame that has one (RFC 9113 §6.2, §6.6). */
import { FRAME_HEADER, HEADERS, lengthAt, PADDED, PRIORITISED, PUSH_PROMISE } from './frames'

const PRIORITY_BYTES = 5
const PROMISED_BYTES = 4

/** Of the frame in bytes[at..end); undefined where the padding is longer than the frame. */
export function blockIn(
  bytes: Uint8Array,
  at: number,
  end: number,
): { readonly start: number; readonly end: number } | undefined {
  const type = bytes[at + 3]!
  const flags = bytes[at + 4]!
  if (lengthAt(bytes, at) !== end - at - FRAME_HEADER) return undefined
  let start = at + FRAME_HEADER
  let padding = 0
  if (type === HEADERS || type === PUSH_PROMISE) {
    if (flags & PADDED) padding = bytes[start++] ?? 0
    if (type === HEADERS && flags & PRIORITISED) start += PRIORITY_BYTES
    if (type === PUSH_PROMISE) start += PROMISED_BYTES
  }
  return start + padding <= end ? { start, end: end - padding } : undefined
}
