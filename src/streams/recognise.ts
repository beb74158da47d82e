import type { Input, Kind, Protocol } from '../protocols/protocol'
import type { Direction } from './direction'

/** Bytes that a search for the next message keeps, so that a start line in two pieces is found. */
const SEARCH_TAIL = 4096

export interface Recognised {
  readonly protocol: Protocol
  readonly kind: Kind
  /** Where in the head the message begins; what is before it is nobody's. */
  readonly at: number
}

/**
 * A known message in `head`, what one direction said so far: at its beginning, at that of its newest event (the last
 * `newest` bytes), or, when the connection was joined under way, anywhere.
 */
export function recognise(
  protocols: readonly Protocol[],
  head: Uint8Array,
  newest: number,
  fresh: boolean,
): Recognised | undefined {
  for (const protocol of protocols) {
    const kind = protocol.infer(head)
    if (kind) return { protocol, kind, at: 0 }
  }
  const at = head.length - newest
  for (const protocol of protocols) {
    const kind = at === 0 ? undefined : protocol.infer(head.subarray(at))
    if (kind) return { protocol, kind, at }
    const found = fresh ? undefined : within(protocol, head)
    if (found) return found
  }
  return undefined
}

function within(protocol: Protocol, head: Uint8Array): Recognised | undefined {
  for (const kind of ['request', 'response'] as const) {
    const at = protocol.boundary(kind, head, 1)
    if (at >= 0 && protocol.infer(head.subarray(at)) === kind) return { protocol, kind, at }
  }
  return undefined
}

/** Moves to where the next message may begin; false when it isn't there yet. */
export function seekMessage(protocol: Protocol, stream: Direction, bytes: Input): boolean {
  if (bytes.pos === bytes.end) return false
  const view = bytes.bytes.length === bytes.end ? bytes.bytes : bytes.bytes.subarray(0, bytes.end)
  const at = protocol.boundary(stream.kind, view, bytes.pos)
  if (at < 0) {
    bytes.pos = Math.max(bytes.pos, bytes.end - SEARCH_TAIL)
    return false
  }
  bytes.pos = at
  stream.lost = false
  return true
}
