/** IP addresses as numbers (RFC 4291). */
import { isIP } from 'node:net'

export interface Address {
  readonly value: bigint
  readonly bits: 32 | 128
}

function parseV4(text: string): bigint {
  return text.split('.').reduce((value, part) => (value << 8n) | BigInt(part), 0n)
}

function parseV6(text: string): bigint {
  const embedded = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text)
  if (embedded) {
    const v4 = parseV4(embedded[2]!)
    return parseV6(`${embedded[1]}${(v4 >> 16n).toString(16)}:${(v4 & 0xffffn).toString(16)}`)
  }
  const [left = '', right] = text.split('::')
  const groups = (side: string) => (side === '' ? [] : side.split(':'))
  const before = groups(left)
  const after = right === undefined ? [] : groups(right)
  const zeros = new Array<string>(8 - before.length - after.length).fill('0')
  return [...before, ...zeros, ...after].reduce((value, group) => (value << 16n) | BigInt(`0x${group}`), 0n)
}

const MAPPED = 0xffffn << 32n

/** An IPv4 address inside IPv6 (::ffff:a.b.c.d) is the IPv4 address. */
export function parseAddress(text: string): Address | undefined {
  const kind = isIP(text)
  if (kind === 4) return { value: parseV4(text), bits: 32 }
  if (kind !== 6 || text.includes('%')) return undefined
  const value = parseV6(text)
  return value >> 32n === MAPPED >> 32n ? { value: value & 0xffffffffn, bits: 32 } : { value, bits: 128 }
}
