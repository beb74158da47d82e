/** Which protocol an end speaks: each is asked, and the surest wins. */
import type { Head, Protocol, Recognised, Transport } from '../protocols/protocol'

export interface Found extends Recognised {
  readonly protocol: Protocol
  /** The offset of the message in the head; earlier bytes belong to a message whose beginning wasn't seen. */
  readonly at: number
}

/** Bytes of a joined stream that are searched for a beginning. */
const MAX_SEARCH = 64 << 10

/** 'nothing': no protocol has such bytes; 'need-more': one may have them. */
export type Verdict = Found | 'need-more' | 'nothing'

/**
 * Finds a known message in `head`, the bytes of one end so far: at its beginning, at that of its newest event (the last `newest`
 * bytes), or, for a sure protocol and a stream that was joined after its opening, anywhere. `refused`: protocols that these
 * bytes have proved not to be. `isWhole`: no more of this message comes, so that none that needs more has it.
 */
export function recognise(
  protocols: readonly Protocol[],
  head: Head,
  newest: number,
  refused: ReadonlySet<Protocol>,
  isWhole = false,
): Verdict {
  const candidates = protocols.filter((p) => speaksOver(p, head.transport) && !refused.has(p))
  const first = surest(candidates, head, 0, isWhole)
  if (first !== 'nothing') return first
  const at = head.bytes.length - newest
  if (at > 0) {
    const newestHead = { ...head, bytes: head.bytes.subarray(at), isOpening: false }
    const later = surest(candidates, newestHead, at, isWhole)
    if (later !== 'nothing' && later !== 'need-more') return later
  }
  return head.isOpening ? 'nothing' : searched(candidates, head)
}

const speaksOver = ({ transports }: Protocol, transport: Transport) => transports.includes(transport)

function surest(protocols: readonly Protocol[], head: Head, at: number, isWhole: boolean): Verdict {
  let likely: Found | undefined
  let mayBe = false
  for (const protocol of protocols) {
    const answer = protocol.recognise(head)
    if (answer === 'no') continue
    if (answer === 'need-more') {
      mayBe = true
      continue
    }
    // The kernel knows which end connected: only a sure recognition outweighs that.
    if (answer.sure) return { ...answer, protocol, at }
    if (head.from === undefined || head.from === answer.side) likely ??= { ...answer, protocol, at }
  }
  if (mayBe && !(likely && isWhole)) return 'need-more'
  return likely ?? 'nothing'
}

/** Takes the earliest place in the stream: a later one may lie within the message that begins there. */
function searched(protocols: readonly Protocol[], head: Head): Verdict {
  const bytes = head.bytes.length > MAX_SEARCH ? head.bytes.subarray(-MAX_SEARCH) : head.bytes
  const skipped = head.bytes.length - bytes.length
  let first: Found | undefined
  for (const protocol of protocols) {
    const at = protocol.search?.(bytes, 1) ?? -1
    if (at < 0 || (first && skipped + at >= first.at)) continue
    const answer = protocol.recognise({ ...head, bytes: bytes.subarray(at), isOpening: false })
    if (answer !== 'no' && answer !== 'need-more' && answer.sure)
      first = { ...answer, protocol, at: skipped + at }
  }
  return first ?? 'nothing'
}
