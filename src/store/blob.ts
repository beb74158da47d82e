/**
 * A blob is one column of one chunk on disk:
 *
 *     crc32 u32 (of all that follows; in the file with the mark of its place) · frames u32 · (packed u32, raw u32) per frame · the frames
 *
 * A frame is zstd, or plain where packed = raw. Frames split what is unlike (codes, lengths, texts) and bound how much
 * is packed at a time. All numbers are little-endian.
 */

import { viewOf } from '../records/text-index'

/** Raw bytes after which a frame is closed: bounds one step of compaction. */
const FRAME_BYTES = 1 << 20
/** Sections shorter than this share a frame with the next one. */
const SECTION_BYTES = 2048
/** Too short to gain from zstd. */
const TINY_BYTES = 128
/** A frame that zstd makes hardly smaller stays plain: it is read faster. */
const WORTH_PACKING = 0.9
/** No column of a chunk is larger than this; a blob that claims to be is damaged. */
const MAX_RAW_BYTES = 1 << 30

/** Bytes on disk that are not what was written. */
export class DamagedBlob extends Error {}

interface Frame {
  readonly packed: Uint8Array
  readonly raw: number
}

export class BlobWriter {
  readonly #level: number
  #pieces: Uint8Array[] = []
  #pending = 0
  #frames: Frame[] = []
  rawBytes = 0

  constructor(level: number) {
    this.#level = level
  }

  /** Takes the bytes as they are: they must not change until `finish`. */
  write(bytes: Uint8Array): void {
    for (let from = 0; from < bytes.length; ) {
      const piece = bytes.subarray(from, Math.min(bytes.length, from + FRAME_BYTES - this.#pending))
      this.#pieces.push(piece)
      this.#pending += piece.length
      from += piece.length
      if (this.#pending >= FRAME_BYTES) this.#close()
    }
  }

  /** Ends a section: the next bytes are of another kind. */
  section(): void {
    if (this.#pending >= SECTION_BYTES) this.#close()
  }

  #close(): void {
    const raw = this.#pieces.length === 1 ? this.#pieces[0]! : Buffer.concat(this.#pieces, this.#pending)
    this.rawBytes += raw.length
    const zstd = raw.length < TINY_BYTES ? raw : Bun.zstdCompressSync(raw, { level: this.#level })
    this.#frames.push({ packed: zstd.length < raw.length * WORTH_PACKING ? zstd : raw, raw: raw.length })
    this.#pieces = []
    this.#pending = 0
  }

  finish(): Uint8Array {
    if (this.#pending > 0) this.#close()
    const head = new Uint32Array(2 + 2 * this.#frames.length)
    head[1] = this.#frames.length
    this.#frames.forEach((frame, i) => {
      head[2 + 2 * i] = frame.packed.length
      head[3 + 2 * i] = frame.raw
    })
    const blob = Buffer.concat([new Uint8Array(head.buffer), ...this.#frames.map((frame) => frame.packed)])
    blob.writeUInt32LE(Bun.hash.crc32(blob.subarray(4)), 0)
    return blob
  }
}

/** The raw bytes of a blob, frame by frame: bytes within one frame aren't copied. */
export class RawBytes {
  readonly length: number
  readonly #frames: readonly Uint8Array[]

  constructor(frames: readonly Uint8Array[]) {
    this.#frames = frames
    this.length = frames.reduce((sum, frame) => sum + frame.length, 0)
  }

  /** Bytes [at, at + length), which must be there. */
  take(at: number, length: number): Uint8Array {
    if (at + length > this.length) throw new DamagedBlob('a column is cut')
    let skip = at
    for (const [i, frame] of this.#frames.entries()) {
      if (skip + length <= frame.length) return frame.subarray(skip, skip + length)
      if (skip < frame.length)
        return Buffer.concat([frame.subarray(skip), ...this.#frames.slice(i + 1)], length)
      skip -= frame.length
    }
    return new Uint8Array(0)
  }
}

/** The checksum of a blob includes its place, so that a blob at a wrong place is noticed. Without a place: 0. */
const markOf = (place: number): number => Math.imul(place % 2 ** 32, 0x9e3779b1) >>> 0

/** Marks a blob for its place, or, the second time, takes the mark off. */
export function mark(blob: Uint8Array, place: number): void {
  const view = viewOf(blob)
  view.setUint32(0, view.getUint32(0, true) ^ markOf(place), true)
}

/** The raw bytes of a blob; throws `DamagedBlob`. The first format had no marks. */
export function readBlob(blob: Uint8Array, place = 0): RawBytes {
  if (blob.length < 8) throw new DamagedBlob('the blob is cut')
  const view = viewOf(blob)
  const unlike = (view.getUint32(0, true) ^ Bun.hash.crc32(blob.subarray(4))) >>> 0
  if (unlike !== 0 && unlike !== markOf(place)) throw new DamagedBlob('the checksum is wrong')
  const frames = view.getUint32(4, true)
  let at = 8 + 8 * frames
  if (at > blob.length) throw new DamagedBlob('the frame list is cut')
  const parts: Uint8Array[] = []
  let total = 0
  for (let i = 0; i < frames; i++) {
    const packed = view.getUint32(8 + 8 * i, true)
    const raw = view.getUint32(12 + 8 * i, true)
    total += raw
    if (at + packed > blob.length || total > MAX_RAW_BYTES) throw new DamagedBlob('a frame is cut')
    const bytes = blob.subarray(at, at + packed)
    parts.push(packed === raw ? bytes : unpack(bytes, raw))
    at += packed
  }
  return new RawBytes(parts)
}

const ZSTD_MAGIC = 0xfd2fb528
const DICTIONARY_ID_BYTES = [0, 1, 2, 4] as const
const CONTENT_SIZE_BYTES = [0, 2, 4, 8] as const

/** What a zstd frame says that it unpacks to (RFC 8878 §3.1.1.1); undefined when it doesn't. */
function contentSize(bytes: Uint8Array): number | undefined {
  if (bytes.length < 14) return undefined
  const view = viewOf(bytes)
  if (view.getUint32(0, true) !== ZSTD_MAGIC) return undefined
  const descriptor = bytes[4]!
  const single = (descriptor >> 5) & 1
  const at = 6 - single + DICTIONARY_ID_BYTES[(descriptor & 3) as 0 | 1 | 2 | 3]
  switch (CONTENT_SIZE_BYTES[(descriptor >> 6) as 0 | 1 | 2 | 3]) {
    case 0:
      return single ? view.getUint8(at) : undefined
    case 2:
      return view.getUint16(at, true) + 256
    case 4:
      return view.getUint32(at, true)
    default:
      return undefined
  }
}

/** The size is known before anything is allocated. */
function unpack(bytes: Uint8Array, raw: number): Uint8Array {
  if (contentSize(bytes) !== raw) throw new DamagedBlob('a frame has the wrong length')
  let out: Uint8Array
  try {
    out = Bun.zstdDecompressSync(bytes as Uint8Array<ArrayBuffer>)
  } catch {
    throw new DamagedBlob('a frame does not unpack')
  }
  if (out.length !== raw) throw new DamagedBlob('a frame has the wrong length')
  return out
}
