/** Checksums of segments: native_protocol_v5.spec §2.2. */
import { crc32 } from 'node:zlib'

const CRC24_START = 0x875060
const CRC24_POLYNOMIAL = 0x1974f0b
/** Bytes that CRC32 counts in front of a payload: 0xfa2d55ca. */
const CRC32_START = crc32(Uint8Array.of(0xfa, 0x2d, 0x55, 0xca))

const TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 16
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x800000 ? (crc << 1) ^ CRC24_POLYNOMIAL : crc << 1
  return crc & 0xffffff
})

/** Of a segment's header without the checksum, `size` bytes from `at` on. */
export function crc24(bytes: Uint8Array, at: number, size: number): number {
  let crc = CRC24_START
  for (let i = at; i < at + size; i++) crc = ((crc << 8) & 0xffffff) ^ TABLE[(crc >> 16) ^ bytes[i]!]!
  return crc
}

/** Of a segment's payload. */
export const payloadCrc = (payload: Uint8Array): number => crc32(payload, CRC32_START)
