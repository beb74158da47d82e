/** Passwords of SASL PLAIN (RFC 4616) within binary protocols (CQL, AMQP, Kafka): the token's length in four bytes, NUL, user, NUL, password. */
import { mask } from './mask'

const LENGTH = 4
// biome-ignore lint/suspicious/noControlCharactersInRegex: NUL parts a token, and names and passwords have no such bytes
const TOKEN = /\0([^\x00-\x1f\x7f]{1,256})\0([^\x00-\x1f\x7f]{1,512})/g

/** `text`: the bytes, a character each. Returns how many bytes were replaced. */
export function maskLogins(bytes: Uint8Array, text: string): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  let replaced = 0
  for (const { index, 0: token, 1: user } of text.matchAll(TOKEN)) {
    if (index < LENGTH) continue
    const length = view.getUint32(index - LENGTH)
    const password = user!.length + 2
    // What follows may be text, too.
    if (length > password && length <= token.length)
      replaced += mask(bytes, { start: index + password, end: index + length })
  }
  return replaced
}
