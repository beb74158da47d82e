/** A handshake record (RFC 8446 §5.1) that begins with a ClientHello or a ServerHello (§4.1). */
import type { Head, Recognition } from '../protocol'
import { MAX_MESSAGE } from './assembly'
import { MESSAGE, RECORD } from './numbers'

const RECORD_HEADER = 5
const MESSAGE_HEADER = 4
/** A version and a random, the shortest of lists. */
const LEAST_MESSAGE = 38

export function recognise({ bytes }: Head): Recognition {
  const mayBe = (at: number, is: (byte: number) => boolean) => at >= bytes.length || is(bytes[at]!)
  const fits =
    mayBe(0, (type) => type === RECORD.handshake) &&
    mayBe(1, (major) => major === 3) &&
    mayBe(2, (minor) => minor <= 4) &&
    mayBe(RECORD_HEADER, (type) => type === MESSAGE.clientHello || type === MESSAGE.serverHello) &&
    mayBe(RECORD_HEADER + 1, (high) => high <= MAX_MESSAGE >> 16) &&
    mayBe(RECORD_HEADER + MESSAGE_HEADER, (major) => major === 3) &&
    mayBe(RECORD_HEADER + MESSAGE_HEADER + 1, (minor) => minor <= 4)
  if (!fits) return 'no'
  if (bytes.length < RECORD_HEADER + MESSAGE_HEADER) return 'need-more'
  const [, , , high, low, type, , middle, least] = bytes
  const length = (high! << 8) | low!
  if (length <= MESSAGE_HEADER || ((middle! << 8) | least!) < LEAST_MESSAGE) return 'no'
  return { side: type === MESSAGE.clientHello ? 'client' : 'server', sure: true }
}
