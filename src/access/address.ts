/** Addresses as 16 bytes: an IPv4 address in its IPv6-mapped form (RFC 4291, section 2.5.5.2), so that both have one. */
import { networkInterfaces } from 'node:os'

const MAPPED = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]

function ipv4Bytes(text: string): number[] | undefined {
  const parts = text.split('.').map((part) => (/^\d{1,3}$/.test(part) ? Number(part) : 256))
  return parts.length === 4 && parts.every((part) => part < 256) ? parts : undefined
}

function groupBytes(text: string): number[] | undefined {
  if (text === '') return []
  const bytes: number[] = []
  const parts = text.split(':')
  for (const [i, part] of parts.entries()) {
    const ipv4 = i === parts.length - 1 && part.includes('.') ? ipv4Bytes(part) : undefined
    if (ipv4) bytes.push(...ipv4)
    else if (/^[0-9a-f]{1,4}$/i.test(part))
      bytes.push(Number.parseInt(part, 16) >> 8, Number.parseInt(part, 16) & 255)
    else return undefined
  }
  return bytes
}

/** 16 bytes; undefined for what is no address. A zone (`fe80::1%eth0`) is left out. */
export function addressBytes(text: string): Uint8Array | undefined {
  const ipv4 = ipv4Bytes(text)
  if (ipv4) return Uint8Array.from([...MAPPED, ...ipv4])
  const halves = text.replace(/%.*$/, '').split('::')
  if (halves.length > 2) return undefined
  const [head, tail] = [groupBytes(halves[0]!), groupBytes(halves[1] ?? '')]
  if (!head || !tail) return undefined
  const gap = 16 - head.length - tail.length
  if (halves.length === 1 ? gap !== 0 : gap < 2) return undefined
  return Uint8Array.from([...head, ...new Array(gap).fill(0), ...tail])
}

export const isIpv4 = (bytes: Uint8Array): boolean => MAPPED.every((byte, i) => bytes[i] === byte)

/** `127.0.0.1`, or eight groups of an IPv6 address. */
export function addressText(bytes: Uint8Array): string {
  if (isIpv4(bytes)) return bytes.subarray(12).join('.')
  return (Buffer.from(bytes).toString('hex').match(/.{4}/g) ?? []).join(':')
}

export const sameBytes = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, i) => byte === b[i])

/** `0.0.0.0` or `::`. */
export const isUnspecified = (bytes: Uint8Array): boolean =>
  bytes.subarray(isIpv4(bytes) ? 12 : 0).every((byte) => byte === 0)

const LOOPBACK = addressBytes('::1')!

export const isLoopbackAddress = (bytes: Uint8Array): boolean =>
  sameBytes(bytes, LOOPBACK) || (isIpv4(bytes) && bytes[12] === 127)

/** Whether a connection from this address began on this machine, in this network namespace. */
export function isOwnAddress(bytes: Uint8Array): boolean {
  if (isLoopbackAddress(bytes)) return true
  return Object.values(networkInterfaces())
    .flatMap((all) => all ?? [])
    .some(({ address }) => {
      const own = addressBytes(address)
      return own !== undefined && sameBytes(own, bytes)
    })
}
