/**
 * Segments of version 5 (native_protocol_v5.spec §2), in which envelopes come behind READY or AUTHENTICATE. Numbers are little-endian:
 *
 *     17 bits payload's length, 1 bit self-contained, 6 bits 0                          CRC24:3  payload  CRC32:4
 *     17 bits payload's length, 17 bits its content's, 1 bit self-contained, 5 bits 0   CRC24:3  payload  CRC32:4     where LZ4 was agreed on
 *
 * The payload of the second form isn't compressed where its content's length is 0. A self-contained segment holds whole envelopes; an
 * envelope that is longer than a segment has some of its own.
 */
import { unlz4 } from '../lib/lz4'
import type { Side } from '../protocol'
import { crc24, payloadCrc } from './checksums'
import { HEAD_BYTES, headAt, lengthAt, mayBegin, sideOf } from './envelope'

const CRC24_BYTES = 3
export const CRC32_BYTES = 4
const PLAIN_BYTES = 3
const COMPRESSED_BYTES = 5
/** A header and the head of an envelope: so few bytes tell what is there. */
export const LEAST_BYTES = HEAD_BYTES

export const headerBytes = (isCompressed: boolean): number =>
  (isCompressed ? COMPRESSED_BYTES : PLAIN_BYTES) + CRC24_BYTES

export interface Header {
  readonly isCompressed: boolean
  readonly bytes: number
  /** Of the payload, without its checksum. */
  readonly size: number
  /** Of what a compressed payload says; 0: it isn't compressed. */
  readonly contentSize: number
  readonly isSelfContained: boolean
}

/** The header at `at`, if its checksum is right. */
export function headerAt(
  bytes: Uint8Array,
  at: number,
  end: number,
  isCompressed: boolean,
): Header | undefined {
  const size = headerBytes(isCompressed)
  const counted = size - CRC24_BYTES
  if (at + size > end || (isCompressed ? bytes[at + 4]! > 7 : bytes[at + 2]! > 3)) return undefined
  const low = bytes[at]! | (bytes[at + 1]! << 8) | ((bytes[at + 2]! & 1) << 16)
  if (low === 0) return undefined
  const sum = bytes[at + counted]! | (bytes[at + counted + 1]! << 8) | (bytes[at + counted + 2]! << 16)
  if (crc24(bytes, at, counted) !== sum) return undefined
  if (!isCompressed)
    return {
      isCompressed,
      bytes: size,
      size: low,
      contentSize: 0,
      isSelfContained: (bytes[at + 2]! & 2) !== 0,
    }
  const contentSize = (bytes[at + 2]! >> 1) | (bytes[at + 3]! << 7) | ((bytes[at + 4]! & 3) << 15)
  return { isCompressed, bytes: size, size: low, contentSize, isSelfContained: (bytes[at + 4]! & 4) !== 0 }
}

/** The header of either form. */
export const anyHeaderAt = (bytes: Uint8Array, at: number, end: number): Header | undefined =>
  headerAt(bytes, at, end, false) ?? headerAt(bytes, at, end, true)

/** Who says the segment whose payload begins with an envelope, as far as it is there. 'part': more bytes are needed to tell. */
export function senderOf(bytes: Uint8Array, at: number, end: number, header: Header): Side | 'part' | 'no' {
  const from = at + header.bytes
  const to = Math.min(end, from + header.size)
  const isWhole = end >= from + header.size + CRC32_BYTES
  if (isWhole && !hasRightSum(bytes, from, header.size)) return 'no'
  const content = beginningOf(bytes.subarray(from, to), header)
  if (content.length === 0) return isWhole ? 'no' : 'part'
  const side = sideOf(content[0]!)
  if (headAt(content, 0).version !== SEGMENTED) return 'no'
  if (!mayBegin(side, content, 0, Math.min(content.length, HEAD_BYTES))) return 'no'
  if (content.length < HEAD_BYTES) return isWhole ? 'no' : 'part'
  const length = lengthAt(side, content, 0)
  const most = header.contentSize || header.size
  return header.isSelfContained === length <= most ? side : 'no'
}
/** The version that has segments. */
export const SEGMENTED = 5

function beginningOf(payload: Uint8Array, { contentSize }: Header): Uint8Array {
  if (contentSize === 0) return payload.subarray(0, HEAD_BYTES)
  const content = new Uint8Array(HEAD_BYTES)
  return content.subarray(0, unlz4(payload, content))
}

function hasRightSum(bytes: Uint8Array, from: number, size: number): boolean {
  const at = from + size
  const sum = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
  return payloadCrc(bytes.subarray(from, at)) === sum >>> 0
}
