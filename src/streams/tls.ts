/**
 * A TLS record begins with its type (20–24), the version 3.0–3.4 and a length of at most 2^14 + 2048 (RFC 8446 §5.1,
 * RFC 5246 §6.2.3), and records follow each other without a gap. A connection begins with a handshake record that holds a
 * ClientHello or ServerHello (RFC 8446 §4); one that is joined after its opening may begin with any.
 */
const HANDSHAKE = 22
const CLIENT_HELLO = 1
const SERVER_HELLO = 2
const HEADER = 5
const MAX_RECORD = (1 << 14) + 2048

/** `isOpening`: `bytes` begin with the first byte that this end sent. */
export function looksLikeTls(bytes: Uint8Array, isOpening: boolean): boolean {
  if (bytes.length < HEADER || !isRecord(bytes, 0)) return false
  const isHandshake = bytes[0] === HANDSHAKE
  if (isOpening && !isHandshake) return false
  if (isHandshake && bytes.length > HEADER && isOpening) {
    const message = bytes[HEADER]!
    if (message !== CLIENT_HELLO && message !== SERVER_HELLO) return false
  }
  for (let at = endOf(bytes, 0); at + HEADER <= bytes.length; at = endOf(bytes, at))
    if (!isRecord(bytes, at)) return false
  return true
}

function isRecord(bytes: Uint8Array, at: number): boolean {
  const type = bytes[at]!
  const length = endOf(bytes, at) - at - HEADER
  return (
    type >= 20 &&
    type <= 24 &&
    bytes[at + 1] === 3 &&
    bytes[at + 2]! <= 4 &&
    length > 0 &&
    length <= MAX_RECORD
  )
}

const endOf = (bytes: Uint8Array, at: number) => at + HEADER + ((bytes[at + 3]! << 8) | bytes[at + 4]!)
