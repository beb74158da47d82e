/**
 * Is this WebSocket, on a connection that was joined under way? Only the masked text of a client tells it surely. A connection never
 * begins with it: there HTTP hands over.
 */
import type { Head, Recognition, Side } from '../protocol'
import { evidenceFor } from './certainty'
import { FIN, RSV1, TEXT } from './frames'

/** At the beginning of a call's bytes, and anywhere. */
const SURE = 40
const SURE_ANYWHERE = 48
/** Behind lost bytes: what ends where the bytes end, and what doesn't. */
const SURE_LANDING = 17
const SURE_BEHIND = 30

/** Frames that one search looks at: a long list of false ones costs no more. */
const MAX_FRAMES = 8192

export function recognise({ bytes, isOpening, from }: Head): Recognition {
  if (isOpening || from === 'server') return 'no'
  // Other protocols have as much for other frames until more of them are there.
  if (bytes.length > 0 && (bytes[0]! & ~FIN) !== TEXT) return 'no'
  const { bits } = evidenceFor(bytes, 0, 'client', 0)
  if (bits >= SURE) return { side: 'client', sure: true }
  return bits > 0 ? 'need-more' : 'no'
}

/** The first frame of a client that is one for sure. */
export const search = (bytes: Uint8Array, from: number): number =>
  find(bytes, from, 'client', RSV1, () => SURE_ANYWHERE)

/** The first offset ≥ `from` at which a frame of this side begins, as far as that is sure, or -1. */
export const boundary = (side: Side, bytes: Uint8Array, from: number, rsv: number): number =>
  find(bytes, from, side, rsv, (isLanding) => (isLanding ? SURE_LANDING : SURE_BEHIND))

function find(
  bytes: Uint8Array,
  from: number,
  side: Side,
  rsv: number,
  wanted: (isLanding: boolean) => number,
): number {
  let looked = 0
  for (let at = from; at < bytes.length && looked < MAX_FRAMES; at++) {
    if (!mayBegin(bytes[at]!)) continue
    const { bits, isLanding, frames } = evidenceFor(bytes, at, side, rsv)
    if (bits >= wanted(isLanding)) return at
    looked += frames - 1
  }
  return -1
}

/** Of the last three bits of an opcode these are used. */
const mayBegin = (byte: number): boolean => (byte & 0x07) <= 2
