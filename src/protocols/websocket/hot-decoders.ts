/**
 * Decoders that are kept from one message to the next. Each takes some 45 KB, so only the sides have one that said something last; of the
 * others it is kept what their next message may refer to, from which a decoder is begun again.
 */
import { type Decoder, inflateRawBehind } from '../lib/decoders'
import type { Window } from './window'

const MAX_HOT = 64

/** By what they have decoded, in the order of their last use. */
const hot = new Map<Window, Decoder>()

export interface Found {
  readonly decoder: Decoder
  /** It has decoded messages before. */
  readonly isUsed: boolean
}

/** A decoder that goes on behind `window`; undefined where the runtime has none. */
export function decoderBehind(window: Window): Found | undefined {
  const known = hot.get(window)
  if (known) {
    hot.delete(window)
    hot.set(window, known)
    return { decoder: known, isUsed: true }
  }
  const decoder = inflateRawBehind(window.bytes)
  if (!decoder.begin()) return undefined
  hot.set(window, decoder)
  if (hot.size > MAX_HOT)
    for (const oldest of hot.keys()) {
      endDecoder(oldest)
      break
    }
  return { decoder, isUsed: false }
}

export function endDecoder(window: Window): void {
  hot.get(window)?.end()
  hot.delete(window)
}
