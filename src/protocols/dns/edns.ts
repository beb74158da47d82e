/** What an OPT record adds to a message (RFC 6891 §6.1): sizes, flags and options. */
import { Data, ipv4, ipv6 } from './data'

/** IANA, "DNS EDNS0 Option Codes (OPT)". */
const CLIENT_SUBNET = 8
const EXTENDED_ERROR = 15
const OPTIONS: Readonly<Record<number, string>> = {
  1: 'LLQ',
  2: 'UL',
  3: 'NSID',
  5: 'DAU',
  6: 'DHU',
  7: 'N3U',
  9: 'EXPIRE',
  10: 'COOKIE',
  11: 'KEEPALIVE',
  12: 'PADDING',
  13: 'CHAIN',
  14: 'KEY-TAG',
  16: 'CLIENT-TAG',
  17: 'SERVER-TAG',
  18: 'REPORT-CHANNEL',
  19: 'ZONEVERSION',
}
const MAX_OPTIONS = 16
const MAX_ERROR_TEXT = 256

export interface Edns {
  readonly udp_size: number
  readonly version: number
  /** The client understands DNSSEC (RFC 3225). */
  readonly do: number
  /** The client subnet: the network for which the answer is meant (RFC 7871). */
  client_subnet?: string
  /** RFC 8914 */
  errors?: { readonly code: number; readonly text: string }[]
  /** The names of the other options. */
  options?: string[]
}

/** `code` and `ttl` are the fields that hold class and time to live in other records. */
export function edns(code: number, ttl: number, data: Data): Edns {
  const said: Edns = { udp_size: code, version: (ttl >>> 16) & 0xff, do: (ttl >>> 15) & 1 }
  for (let i = 0; i < MAX_OPTIONS && data.left >= 4; i++) {
    const option = data.number(2)
    const value = data.part(data.number(2))
    if (option === CLIENT_SUBNET) said.client_subnet = subnet(value)
    else if (option === EXTENDED_ERROR) {
      const text = { code: value.number(2), text: value.characters(Math.min(value.left, MAX_ERROR_TEXT)) }
      said.errors = [...(said.errors ?? []), text]
    } else said.options = [...(said.options ?? []), OPTIONS[option] ?? `OPTION${option}`]
  }
  return said
}

/** The upper bits of a response code: the lower four are in the header. */
export const extendedRcode = (ttl: number): number => (ttl >>> 24) << 4

/** RFC 7871 §6: an address that is sent without the zeros at its end. */
function subnet(value: Data): string {
  const family = value.number(2)
  const length = value.number(1)
  value.number(1)
  const whole = new Uint8Array(16)
  const part = value.rest().subarray(0, 16)
  whole.set(part)
  const address = new Data(whole, 0, 0, 16)
  return `${family === 1 ? ipv4(address) : ipv6(address)}/${length}`
}
