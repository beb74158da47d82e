/** Is this Memcached? */
import type { Head, Recognition } from '../protocol'
import { HEAD_BYTES, isHead, isKnownCommand, REQUEST, RESPONSE } from './packet'
import { recogniseText, searchText } from './recognise-text'

export function recognise(head: Head): Recognition {
  const { bytes } = head
  if (bytes.length === 0) return 'need-more'
  return bytes[0] === REQUEST || bytes[0] === RESPONSE ? recogniseBinary(head) : recogniseText(head)
}

function recogniseBinary({ bytes, from }: Head): Recognition {
  const side = bytes[0] === REQUEST ? 'client' : 'server'
  if (from !== undefined && from !== side) return 'no'
  if (bytes.length > 1 && !isKnownCommand(bytes[1]!)) return 'no'
  if (bytes.length > 2 && bytes[2] !== 0) return 'no'
  if (bytes.length > 5 && bytes[5] !== 0) return 'no'
  if (bytes.length < HEAD_BYTES) return 'need-more'
  return isHead(bytes, 0) ? { side, sure: true } : 'no'
}

export function search(bytes: Uint8Array, from: number): number {
  const text = searchText(bytes, from)
  const last = Math.min(bytes.length - HEAD_BYTES, text < 0 ? bytes.length : text)
  for (let at = from; at <= last; at++)
    if ((bytes[at] === REQUEST || bytes[at] === RESPONSE) && isHead(bytes, at)) return at
  return text
}
