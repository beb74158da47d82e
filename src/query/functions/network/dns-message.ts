/** PTR questions and answers (RFC 1035 §4.1, RFC 3596 §2.5). */

const TYPE_PTR = 12
const CLASS_IN = 1
const HEADER_BYTES = 12
/** A question in one packet that asks for recursion. */
const RECURSION_DESIRED = 0x0100
const IS_RESPONSE = 0x8000
const RESPONSE_CODE = 0x000f
const MAX_JUMPS = 16

function reverseLabels(value: bigint, bits: 32 | 128): string[] {
  if (bits === 128) {
    const digits = value.toString(16).padStart(32, '0')
    return [...digits].reverse().concat('ip6', 'arpa')
  }
  const octets = [0n, 8n, 16n, 24n].map((shift) => String((value >> shift) & 255n))
  return [...octets, 'in-addr', 'arpa']
}

export function encodePtrQuestion(id: number, value: bigint, bits: 32 | 128): Buffer {
  const header = Buffer.alloc(HEADER_BYTES)
  header.writeUInt16BE(id, 0)
  header.writeUInt16BE(RECURSION_DESIRED, 2)
  header.writeUInt16BE(1, 4)
  const labels = reverseLabels(value, bits).flatMap((label) => [Buffer.of(label.length), Buffer.from(label)])
  return Buffer.concat([header, ...labels, Buffer.of(0, 0, TYPE_PTR, 0, CLASS_IN)])
}

/** The name at a position and where it ends; pointers are followed a bounded number of times. */
function nameAt(message: Buffer, from: number): { name: string; end: number } | undefined {
  const labels: string[] = []
  let end = -1
  let at = from
  for (let jumps = 0; jumps <= MAX_JUMPS; ) {
    const length = message[at]
    if (length === undefined) return undefined
    if (length === 0) return { name: labels.join('.'), end: end < 0 ? at + 1 : end }
    if (length >= 0xc0) {
      if (at + 1 >= message.length) return undefined
      if (end < 0) end = at + 2
      at = message.readUInt16BE(at) & 0x3fff
      jumps++
    } else {
      if (length > 63 || at + 1 + length > message.length) return undefined
      labels.push(message.toString('latin1', at + 1, at + 1 + length))
      at += 1 + length
    }
  }
  return undefined
}

/** Characters of a host name (RFC 1123). Any other text in an answer is not a name. */
const HOST_NAME = /^[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,252}[A-Za-z0-9_])?$/

/** The name in an answer, '' when it has none (no such name, refused, …); undefined when it isn't one to this question. */
export function decodePtr(message: Buffer, id: number): string | undefined {
  if (message.length < HEADER_BYTES || message.readUInt16BE(0) !== id) return undefined
  const flags = message.readUInt16BE(2)
  if ((flags & IS_RESPONSE) === 0) return undefined
  if ((flags & RESPONSE_CODE) !== 0) return ''
  const question = nameAt(message, HEADER_BYTES)
  if (!question) return undefined
  let at = question.end + 4
  for (let left = message.readUInt16BE(6); left > 0; left--) {
    const owner = nameAt(message, at)
    if (!owner || owner.end + 10 > message.length) return undefined
    const dataAt = owner.end + 10
    if (message.readUInt16BE(owner.end) === TYPE_PTR) {
      const { name = '' } = nameAt(message, dataAt) ?? {}
      return HOST_NAME.test(name) ? name : ''
    }
    at = dataAt + message.readUInt16BE(owner.end + 8)
  }
  return ''
}
