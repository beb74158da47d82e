/**
 * Decompresses the beginning of a body in one pass that stops at the limit. The input is usually truncated, and may be
 * hostile: the pass goes in steps, and a budget says after each whether there is time for one more.
 */
import { narrowWindow } from './brotli-window'
import type { DecodeBudget } from './decode-budget'
import { type Decoder, gunzip, inflateRaw, inflateZlib, unbrotli, unzstd } from './decoders'

/** Enough for one block of every coding; zstd gives nothing of a block that isn't whole. */
const MAX_INPUT = 32 << 10
/** Nested codings that are undone at most. */
const MAX_CODINGS = 4
/** Input that a header and the first table may take before there is output. */
const DEFLATE_OVERHEAD = 256

interface Codec {
  /** Encoded bytes that are enough for `limit` decoded ones. */
  inputFor(limit: number): number
  decoderFor(bytes: Uint8Array): Decoder
  /** The stream, changed such that its first `limit` decoded bytes cost little. */
  prepare?(bytes: Uint8Array, limit: number): Uint8Array
}

const deflateInput = (limit: number) => Math.min(limit + DEFLATE_OVERHEAD, MAX_INPUT)
const blockInput = () => MAX_INPUT

const gzip: Codec = { inputFor: deflateInput, decoderFor: () => gunzip }

const CODECS: ReadonlyMap<string, Codec> = new Map<string, Codec>([
  ['gzip', gzip],
  ['x-gzip', gzip],
  [
    'deflate',
    {
      inputFor: deflateInput,
      // RFC 9110 §8.4.1.2 wants the zlib format; some servers send bare deflate data.
      decoderFor: (bytes) => (isZlib(bytes) ? inflateZlib : inflateRaw),
    },
  ],
  ['br', { inputFor: blockInput, decoderFor: () => unbrotli, prepare: withNarrowWindow }],
  ['zstd', { inputFor: blockInput, decoderFor: () => unzstd }],
])

/** RFC 1950 §2.2: method 8 with a window of at most 32 KiB, and a check over both bytes. */
function isZlib(bytes: Uint8Array): boolean {
  const [method = 0, flags = 0] = bytes
  return (method & 0x0f) === 8 && method >> 4 <= 7 && (method * 256 + flags) % 31 === 0
}

function withNarrowWindow(bytes: Uint8Array, limit: number): Uint8Array {
  const first = narrowWindow(bytes[0]!, limit)
  if (first === bytes[0]) return bytes
  const narrowed = bytes.slice()
  narrowed[0] = first
  return narrowed
}

/** The codings that a Content-Encoding names (RFC 9110 §8.4), in the order in which they were applied; empty for none. */
export function contentCodings(value: string): readonly string[] {
  const names = value.toLowerCase().split(',')
  return names.map((name) => name.trim()).filter((name) => name !== '' && name !== 'identity')
}

/** Encoded bytes that must be kept to show `limit` decoded ones; 0 for codings that can't be undone. */
export function inflateInput(codings: readonly string[], limit: number): number {
  const codecs = codecsOf(codings)
  if (codecs === undefined || limit === 0) return 0
  return codecs.reduce((wanted, codec) => codec.inputFor(wanted), limit)
}

/**
 * Decodes `bytes`, the beginning of a body, to at most `limit` bytes: undoes `codings`, the last one first. Damaged
 * input gives the output before the damaged step. undefined when there is no output, or the budget has no time.
 */
export function inflate(
  codings: readonly string[],
  bytes: Uint8Array,
  limit: number,
  budget: DecodeBudget,
): Uint8Array | undefined {
  const codecs = codecsOf(codings)
  if (codecs === undefined || limit === 0 || bytes.length === 0 || !budget.begin()) return undefined
  let content: Uint8Array | undefined = bytes
  for (let i = codecs.length - 1; i >= 0 && content !== undefined; i--) {
    const wanted = codecs.slice(0, i).reduce((size, codec) => codec.inputFor(size), limit)
    content = undo(codecs[i]!, content, wanted, budget)
  }
  return content
}

function codecsOf(codings: readonly string[]): readonly Codec[] | undefined {
  if (codings.length === 0 || codings.length > MAX_CODINGS) return undefined
  const codecs: Codec[] = []
  for (const coding of codings) {
    const codec = CODECS.get(coding)
    if (codec === undefined) return undefined
    codecs.push(codec)
  }
  return codecs
}

function undo(codec: Codec, bytes: Uint8Array, limit: number, budget: DecodeBudget): Uint8Array | undefined {
  const decoder = codec.decoderFor(bytes)
  if (!decoder.begin()) return undefined
  const input = codec.prepare?.(bytes, limit) ?? bytes
  const output = new Uint8Array(limit)
  const size = decode(decoder, input, output, budget)
  decoder.end()
  return size > 0 ? output.subarray(0, size) : undefined
}

/** Returns how many bytes of `output` were filled; -1 when the budget ended it. */
function decode(decoder: Decoder, input: Uint8Array, output: Uint8Array, budget: DecodeBudget): number {
  let read = 0
  let written = 0
  for (;;) {
    const step = decoder.step(input, read, input.length, output, written, output.length)
    read += step.read
    written += step.written
    const hasTime = budget.charge()
    const stuck = step.read === 0 && step.written === 0
    if (step.failed || stuck || read >= input.length || written >= output.length) return written
    if (!hasTime) {
      budget.giveUp()
      return -1
    }
  }
}
