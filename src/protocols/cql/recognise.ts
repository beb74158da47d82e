/** Is this CQL, and where does a message begin? */
import type { Head, Recognition, Side } from '../protocol'
import { HEAD_BYTES, lengthAt, mayBegin, sideOf } from './envelope'
import { likenessAt } from './likeness'
import { anyHeaderAt, type Header, headerAt, headerBytes, senderOf } from './segment'

export function recognise({ bytes, isOpening, from }: Head): Recognition {
  if (bytes.length === 0) return 'need-more'
  const said = sideOf(bytes[0]!)
  const likeness = from === undefined || from === said ? likenessAt(said, bytes, 0) : 'no'
  if (likeness === 'sure' || likeness === 'likely') return { side: said, sure: likeness === 'sure' }
  // Segments come behind the opening.
  const segment = isOpening ? 'no' : asSegment(bytes, from)
  return segment === 'no' && likeness === 'part' ? 'need-more' : segment
}

function asSegment(bytes: Uint8Array, from: Side | undefined): Recognition {
  const { length } = bytes
  const header = anyHeaderAt(bytes, 0, length)
  if (header) {
    const sender = senderOf(bytes, 0, length, header)
    if (sender === 'part') return 'need-more'
    if (sender !== 'no' && (from === undefined || from === sender)) return { side: sender, sure: true }
    return 'no'
  }
  const mayBePlain = length < headerBytes(false) && (bytes[2] ?? 0) <= 3
  const mayBeCompressed = length < headerBytes(true) && (bytes[4] ?? 0) <= 7
  return mayBePlain || mayBeCompressed ? 'need-more' : 'no'
}

export function search(bytes: Uint8Array, from: number): number {
  for (let at = from; at + HEAD_BYTES <= bytes.length; at++) {
    const side = sideOf(bytes[at]!)
    if (mayBegin(side, bytes, at, at + HEAD_BYTES) && likenessAt(side, bytes, at) === 'sure') return at
    const header = anyHeaderAt(bytes, at, bytes.length)
    if (header && isSaid(senderOf(bytes, at, bytes.length, header))) return at
  }
  return -1
}

const isSaid = (sender: ReturnType<typeof senderOf>): boolean => sender === 'client' || sender === 'server'

/** The first offset ≥ `from` where an envelope of this side begins, or -1. */
export function boundary(side: Side, bytes: Uint8Array, from: number): number {
  for (let at = from; at + HEAD_BYTES <= bytes.length; at++) {
    if (!mayBegin(side, bytes, at, at + HEAD_BYTES)) continue
    const likeness = likenessAt(side, bytes, at)
    if (likeness === 'sure' || (likeness === 'likely' && chains(side, bytes, at))) return at
  }
  return -1
}

/** Behind it comes another one, or nothing. */
function chains(side: Side, bytes: Uint8Array, at: number): boolean {
  const behind = at + lengthAt(side, bytes, at)
  return (
    behind === bytes.length || (behind < bytes.length && mayBegin(side, bytes, behind, behind + HEAD_BYTES))
  )
}

/** The same of segments: one that begins with an envelope of this side. */
export function segmentBoundary(side: Side, bytes: Uint8Array, from: number, isCompressed: boolean): number {
  for (let at = from; at + HEAD_BYTES <= bytes.length; at++) {
    const header: Header | undefined = headerAt(bytes, at, bytes.length, isCompressed)
    if (!header) continue
    const sender = senderOf(bytes, at, bytes.length, header)
    if (sender === side || sender === 'part') return at
  }
  return -1
}
