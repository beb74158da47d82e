/**
 * Compression, as STARTUP names it. Bodies of versions 3 and 4: with LZ4 the length of the content (4 bytes) and a block, with Snappy its
 * raw format. Segments of version 5 have a block of LZ4 alone.
 */
import type { DecodeBudget } from '../lib/decode-budget'
import { unlz4 } from '../lib/lz4'
import { snappyLength, unsnappy } from '../lib/snappy'

export type Coding = 'lz4' | 'snappy'

/** So many bytes of content never take too long. */
const MOST_CONTENT = 256 << 10

export interface Content {
  /** Its beginning. */
  readonly bytes: Uint8Array
  /** Bytes of all of it. */
  readonly size: number
}

/**
 * At most `limit` bytes of what a compressed body says. Where it isn't known how it is compressed, its beginning tells: no content of
 * Snappy begins with a zero, and every shorter one of LZ4 does. undefined where there is none.
 */
export function contentOf(body: Uint8Array, coding: Coding | undefined, limit: number): Content | undefined {
  if (body.length === 0) return undefined
  const known = coding ?? (body[0] === 0 ? 'lz4' : 'snappy')
  const most = Math.min(limit, MOST_CONTENT)
  if (known === 'snappy') {
    const size = snappyLength(body)
    return size === undefined ? undefined : { bytes: unsnappy(body, most), size }
  }
  if (body.length < 4) return undefined
  const size = body[0]! * 2 ** 24 + ((body[1]! << 16) | (body[2]! << 8) | body[3]!)
  const output = new Uint8Array(Math.min(size, most))
  return { bytes: output.subarray(0, unlz4(body.subarray(4), output)), size }
}

/** The same, within the time for compressed bodies of all connections. */
export function decoded(
  body: Uint8Array,
  coding: Coding | undefined,
  limit: number,
  budget: DecodeBudget,
): Content | undefined {
  if (!budget.begin()) return undefined
  const content = contentOf(body, coding, limit)
  budget.charge()
  return content
}
