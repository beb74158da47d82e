/**
 * OP_COMPRESSED: the content of another message, compressed (github.com/mongodb/specifications, OP_COMPRESSED.md). What is within is read
 * up to bounds of size and time; the rest counts as lost.
 */
import type { DecodeBudget } from '../lib/decode-budget'
import { type Decoder, inflateZlib, unzstd } from '../lib/decoders'
import { snappyLength, unsnappy } from '../lib/snappy'
import { HEAD_BYTES, i32, LEAST, MAX_LENGTH, OP_COMPRESSED } from './message'

/** Behind the head: opcode:4 size:4 compressor:1. */
export const COMPRESSED_BYTES = HEAD_BYTES + 9
/** Longer content isn't decompressed, as it has to wait for its end; nor is more given. */
export const MAX_COMPRESSED = 256 << 10
const MAX_CONTENT = 1 << 20
/** So many bytes of output never take too long. */
const SURE_OUTPUT = 64 << 10

const NONE = 0
const SNAPPY = 1
const ZLIB = 2
const ZSTD = 3
export const COMPRESSORS: readonly string[] = ['', 'snappy', 'zlib', 'zstd']

export interface Compression {
  /** Of the message within. */
  readonly opcode: number
  /** Bytes of its content, its head not counted. */
  readonly size: number
  readonly compressor: number
}

/** What the message at `at` has in it; undefined: this can't be. */
export function compressionAt(bytes: Uint8Array, at: number): Compression | undefined {
  const opcode = i32(bytes, at + HEAD_BYTES)
  const size = i32(bytes, at + HEAD_BYTES + 4)
  const compressor = bytes[at + HEAD_BYTES + 8]!
  const least = LEAST.get(opcode)
  if (!least || opcode === OP_COMPRESSED || compressor > ZSTD) return undefined
  return size + HEAD_BYTES >= least && size <= MAX_LENGTH ? { opcode, size, compressor } : undefined
}

/** Whether content may begin so. `content` is at least one byte of it. */
export function mayBegin({ compressor, size }: Compression, content: Uint8Array): boolean {
  if (compressor === SNAPPY) {
    const stated = snappyLength(content)
    return stated === undefined ? content.length < 5 : stated === size
  }
  const begins = compressor === ZLIB ? [0x78] : compressor === ZSTD ? [0x28, 0xb5, 0x2f, 0xfd] : []
  return begins.every((byte, i) => i >= content.length || content[i] === byte)
}

/** The content, as far as it can be read; undefined: not at all. */
export function contentOf(
  { compressor, size }: Compression,
  content: Uint8Array,
  budget: DecodeBudget,
): Uint8Array | undefined {
  if (compressor === NONE) return content
  if (!budget.begin()) return undefined
  const most = Math.min(size, MAX_CONTENT)
  const made =
    compressor === SNAPPY
      ? unsnappy(content, most)
      : steps(compressor === ZLIB ? inflateZlib : unzstd, content, most, budget)
  budget.charge()
  return made && made.length > 0 ? made : undefined
}

function steps(
  decoder: Decoder,
  content: Uint8Array,
  most: number,
  budget: DecodeBudget,
): Uint8Array | undefined {
  if (!decoder.begin()) return undefined
  const output = new Uint8Array(most)
  let read = 0
  let made = 0
  for (;;) {
    const step = decoder.step(content, read, content.length, output, made, most)
    read += step.read
    made += step.written
    const hasTime = budget.charge()
    const isStuck = step.read === 0 && step.written === 0
    if (step.failed || isStuck || made >= most) break
    // Steps that were interrupted take no answer away.
    if (hasTime || made < SURE_OUTPUT) continue
    budget.giveUp()
    break
  }
  decoder.end()
  return output.subarray(0, made)
}
