/** The packets of a datagram, as far as their headers are in the clear: long headers of QUIC 1 and 2 (RFC 9000 §17.2, RFC 9369 §3.2). */
import type { Cursor } from '../cursor'

export type QuicVersion = 1 | 2

const VERSIONS: ReadonlyMap<number, QuicVersion> = new Map([
  [0x0000_0001, 1],
  [0x6b33_43cf, 2],
])
/** By version, of the two bits in the first byte. */
const TYPES = {
  1: ['initial', '0-rtt', 'handshake', 'retry'],
  2: ['retry', 'initial', '0-rtt', 'handshake'],
} as const
const LONG = 0xc0
const MAX_ID = 20

export interface LongPacket {
  readonly version: QuicVersion
  readonly type: 'initial' | '0-rtt' | 'handshake' | 'retry'
  /** The id by which the other end knows the connection. */
  readonly destination: Uint8Array
  /** From the first byte of its header to its end. */
  readonly bytes: Uint8Array
  /** Where its number is. */
  readonly numberAt: number
}

/** A number of 1, 2, 4 or 8 bytes (RFC 9000 §16); larger ones than 2^53 are not exact. */
export function variable(at: Cursor): number {
  const first = at.number(1)
  let value = first & 0x3f
  for (let left = (1 << (first >> 6)) - 1; left > 0; left--) value = value * 256 + at.number(1)
  return value
}

/** The packet at the cursor, which moves behind it; undefined: it has no such header, or isn't whole. */
export function packetAt(at: Cursor): LongPacket | undefined {
  const start = at.pos
  const first = at.number(1)
  const version = VERSIONS.get(at.number(4))
  if (at.isShort || (first & LONG) !== LONG || version === undefined) return undefined
  const type = TYPES[version][(first >> 4) & 3]!
  const destination = at.vector(1).bytes
  const source = at.vector(1).bytes
  if (at.isShort || destination.length > MAX_ID || source.length > MAX_ID) return undefined
  if (type === 'retry') {
    at.pos = at.end
    return { version, type, destination, bytes: at.bytes.subarray(start, at.end), numberAt: 0 }
  }
  if (type === 'initial') at.take(variable(at))
  const length = variable(at)
  const numberAt = at.pos - start
  at.take(length)
  return at.isShort
    ? undefined
    : { version, type, destination, bytes: at.bytes.subarray(start, at.pos), numberAt }
}
