/** Where a head ends (RFC 9112 §2.1). */
import { indexOfByte, indexOfBytes } from '../lib/bytes'

/** Most heads are shorter. */
const USUAL_HEAD = 2048

const CR = 13
const LF = 10
/** The empty line after a line: lines end with CRLF or LF, also mixed (RFC 9112 §2.2). */
const EMPTY_LINE = Buffer.from('\n\r\n')

/**
 * The first offset ≥ `from` of the line break before the empty line that ends a head, or -1. The search looks for CRLF CRLF
 * nearby only, then goes line by line: however many heads with bare LFs follow, each costs its own length.
 */
export function headEnd(bytes: Uint8Array, from: number, end: number): number {
  const near = Math.min(end, from + USUAL_HEAD)
  const window = near < bytes.length ? bytes.subarray(0, near) : bytes
  const strict = indexOfBytes(window, EMPTY_LINE, from, near)
  if (strict >= 0) return strict
  for (let at = indexOfByte(bytes, LF, from, end); at >= 0; at = indexOfByte(bytes, LF, at + 1, end)) {
    const next = bytes[at + 1] === CR ? at + 2 : at + 1
    if (next < end && bytes[next] === LF) return at
  }
  return -1
}
