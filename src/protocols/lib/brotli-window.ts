/**
 * Brotli's decoder fills a ring buffer as large as the window that the stream names, up to 16 MiB, before it gives out
 * a byte: 14 bytes of input can cost 16 MiB and many milliseconds. A smaller window gives the same output up to its
 * own size (RFC 7932 §4: a distance is limited by the bytes so far, then by the window), so
 * it is enough for the first bytes of a stream.
 *
 * The stream's first bits are the window's logarithm (RFC 7932 §9.1), read from the lowest bit on:
 *
 *     0            16
 *     nnn1         17 + n, n ≥ 1
 *     mmm0001      8 + m, m ≥ 2; 17 for m = 0; m = 1 is no brotli
 *
 * The bits after them stay where they are, so a window can only become the smallest one with as many bits.
 */

/** A window of 2^n bytes reaches this many positions less (RFC 7932 §9.1). */
const UNREACHED = 16

/** The first byte of the same stream with the smallest window that its first `limit` bytes can have. */
export function narrowWindow(first: number, limit: number): number {
  if ((first & 1) === 0) return first
  const long = (first >> 1) & 7
  if (long > 0) {
    const n = Math.max(1, Math.min(long, bitsFor(limit) - 17))
    return (first & ~0x0e) | (n << 1)
  }
  const short = (first >> 4) & 7
  if (short === 1) return first
  const bits = Math.max(10, bitsFor(limit))
  if (bits > 15 || (short > 0 && bits >= 8 + short)) return first
  return (first & ~0x70) | ((bits - 8) << 4)
}

function bitsFor(limit: number): number {
  return Math.ceil(Math.log2(limit + UNREACHED))
}
