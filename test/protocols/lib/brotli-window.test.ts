import { describe, expect, test } from 'bun:test'
import zlib from 'node:zlib'
import { narrowWindow } from '../../../src/protocols/lib/brotli-window'

/** RFC 7932 §9.1's table, as the lowest bits of the first byte. */
const PATTERNS: readonly (readonly [bits: number, pattern: number, length: number])[] = [
  [10, 0b0100001, 7],
  [11, 0b0110001, 7],
  [12, 0b1000001, 7],
  [13, 0b1010001, 7],
  [14, 0b1100001, 7],
  [15, 0b1110001, 7],
  [16, 0b0, 1],
  [17, 0b0000001, 7],
  [18, 0b0011, 4],
  [19, 0b0101, 4],
  [20, 0b0111, 4],
  [21, 0b1001, 4],
  [22, 0b1011, 4],
  [23, 0b1101, 4],
  [24, 0b1111, 4],
]

function windowOf(first: number): { bits: number; length: number } {
  const found = PATTERNS.find(([, pattern, length]) => (first & (2 ** length - 1)) === pattern)
  if (!found) throw new Error(`${first} is no window`)
  return { bits: found[0], length: found[2] }
}

describe.each([1, 1008, 1009, 1024, 65_520, 262_128, 262_129, 1 << 20])('%d bytes', (limit) => {
  test.each(PATTERNS)('window 2^%d', (bits, pattern, length) => {
    const rest = 0xff & ~(2 ** length - 1)
    const first = narrowWindow(pattern | rest, limit)
    const narrowed = windowOf(first)
    expect(first & rest).toBe(rest)
    expect(narrowed.length).toBe(length)
    expect(narrowed.bits).toBeLessThanOrEqual(bits)
    expect(narrowed.bits === bits || 2 ** narrowed.bits - 16 >= limit).toBe(true)
    if (length === 4)
      expect(narrowed.bits).toBe(Math.min(bits, Math.max(18, Math.ceil(Math.log2(limit + 16)))))
  })
})

test('a large window, which is no brotli of RFC 7932, stays one', () => {
  expect(narrowWindow(0x11, 1024)).toBe(0x11)
})

test('the same content comes out, up to the limit', () => {
  const words = Array.from({ length: 60_000 }, (_, i) => ((i * 7919) % 4001).toString(36)).join(' ')
  const text = Buffer.from(words).subarray(0, 250_000)
  for (let bits = 10; bits <= 24; bits++) {
    const params = {
      [zlib.constants.BROTLI_PARAM_LGWIN]: bits,
      [zlib.constants.BROTLI_PARAM_QUALITY]: 7,
    }
    for (const limit of [900, 60_000, 250_000]) {
      const body = zlib.brotliCompressSync(text.subarray(0, limit), { params })
      body[0] = narrowWindow(body[0]!, limit)
      expect(zlib.brotliDecompressSync(body).equals(text.subarray(0, limit))).toBe(true)
    }
  }
})
