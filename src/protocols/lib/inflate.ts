/** The head of a compressed body, decompressed: truncated input is the rule here, and a bomb must not go off. */
import zlib from 'node:zlib'

/** Enough for one block of every coding; zstd shows nothing of a block that isn't whole. */
const MAX_INPUT = 32 << 10
const MAX_OUTPUT = 256 << 10
const MIN_INPUT = 64

const { Z_SYNC_FLUSH, BROTLI_OPERATION_FLUSH } = zlib.constants
const ZSTD_FLUSH = zlib.constants.ZSTD_e_flush

/** Encoded bytes that are worth keeping in order to show `limit` decoded ones; 0 for a coding that we can't undo. */
export function inflateInput(coding: string, limit: number): number {
  if (limit === 0) return 0
  switch (coding) {
    case 'gzip':
    case 'x-gzip':
    case 'deflate':
      return Math.min(limit + 256, MAX_INPUT)
    case 'br':
    case 'zstd':
      return MAX_INPUT
    default:
      return 0
  }
}

/**
 * At most `limit` bytes of what `bytes`, the head of a body in a content coding (RFC 9110 §8.4.1), decodes to; undefined when
 * nothing can be made of it. Work and memory are bounded by MAX_OUTPUT: input that goes beyond is cut shorter.
 */
export function inflate(coding: string, bytes: Uint8Array, limit: number): Uint8Array | undefined {
  for (let length = bytes.length; length >= MIN_INPUT || length === bytes.length; length >>= 1) {
    try {
      const out = inflateOnce(coding, bytes.subarray(0, length))
      return out && out.length > 0 ? out.subarray(0, limit) : undefined
    } catch (error) {
      if ((error as { code?: string }).code !== 'ERR_BUFFER_TOO_LARGE' || length === 0) return undefined
    }
  }
  return undefined
}

function inflateOnce(coding: string, bytes: Uint8Array): Uint8Array | undefined {
  const limits = { maxOutputLength: MAX_OUTPUT }
  switch (coding) {
    case 'gzip':
    case 'x-gzip':
      return zlib.gunzipSync(bytes, { ...limits, finishFlush: Z_SYNC_FLUSH })
    case 'deflate':
      // RFC 9110 §8.4.1.2 wants the zlib format; some servers send bare deflate data. 8 is deflate's number in zlib's header.
      return (bytes[0]! & 0x0f) === 8
        ? zlib.inflateSync(bytes, { ...limits, finishFlush: Z_SYNC_FLUSH })
        : zlib.inflateRawSync(bytes, { ...limits, finishFlush: Z_SYNC_FLUSH })
    case 'br':
      return zlib.brotliDecompressSync(bytes, { ...limits, finishFlush: BROTLI_OPERATION_FLUSH })
    case 'zstd':
      return zlib.zstdDecompressSync(bytes, { ...limits, finishFlush: ZSTD_FLUSH })
    default:
      return undefined
  }
}
