/** Chunks of a body (RFC 9112 §7.1). */
import { latin1 } from '../lib/bytes'
import type { Input } from '../protocol'

export const LAST_CHUNK = '0\r\n\r\n'
/** Of a line with a size and its extensions. */
export const MAX_CHUNK_LINE = 4096
/** A larger number is no chunk size. */
const MAX_CHUNK = 2 ** 48
/** A line break follows the size, and another one the data. */
export const LINE_BREAK = 2

/** Reads hexadecimal digits before the extensions; -1 when the line is no chunk size. */
export function chunkSize(line: string): number {
  const digits = /^[ \t]*([0-9a-fA-F]+)[ \t]*(?:;|\r?$)/.exec(line)?.[1]
  const size = digits === undefined ? Number.NaN : Number.parseInt(digits, 16)
  return size < MAX_CHUNK ? size : -1
}

export function endsWithLastChunk({ bytes, pos, end }: Input): boolean {
  return latin1(bytes, Math.max(pos, end - LAST_CHUNK.length), end) === LAST_CHUNK
}

/** The most data that so many bytes of chunks can hold: that of a single one. */
export function mostWithin(bytes: number): number {
  let digits = 1
  while (bytes - 2 * LINE_BREAK - digits >= 16 ** digits) digits++
  return Math.max(0, bytes - 2 * LINE_BREAK - digits)
}
