/**
 * A TLS record begins with its type (20–24), the version 3.0–3.4 and a length of at most 2^14 + 2048 (RFC 8446 §5.1,
 * RFC 5246 §6.2.3). A fresh connection begins with a handshake record, one joined later with any.
 */
const HANDSHAKE = 22
const MAX_RECORD = (1 << 14) + 2048

export function looksLikeTls(head: Uint8Array, fresh: boolean): boolean {
  if (head.length < 5) return false
  const type = head[0]!
  if (fresh ? type !== HANDSHAKE : type < 20 || type > 24) return false
  const length = (head[3]! << 8) | head[4]!
  return head[1] === 3 && head[2]! <= 4 && length > 0 && length <= MAX_RECORD
}
