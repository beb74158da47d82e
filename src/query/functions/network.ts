/** URIs (RFC 3986) and addresses (RFC 4291, RFC 4632). */
import { isIP } from 'node:net'
import { type FunctionContext, type FunctionSpec, scalar } from './function'
import { none } from './units'

/** RFC 3986, appendix B. */
const URI = /^(?:([^:/?#]+):)?(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s

function splitAuthority(authority: string): { userInfo: string; host: string; port: number } {
  const at = authority.lastIndexOf('@')
  const userInfo = at < 0 ? '' : authority.slice(0, at)
  const rest = authority.slice(at + 1)
  const match = /^(\[[^\]]*\]|[^:]*)(?::(\d{0,5}))?$/.exec(rest)
  if (!match) return { userInfo, host: rest, port: -1 }
  return { userInfo, host: match[1]!, port: match[2] ? Number(match[2]) : -1 }
}

/** The parts as JSON; a port that isn't given is -1. */
function parseUri(uri: string): string {
  const match = URI.exec(uri)
  if (!match) return ''
  const [, scheme = '', authority = '', path = '', query = '', fragment = ''] = match
  return JSON.stringify({ scheme, ...splitAuthority(authority), path, query, fragment })
}

type Parts = [
  scheme: string,
  userInfo: string,
  host: string,
  port: number | bigint,
  path: string,
  query: string,
  fragment: string,
]

function recomposeUri(...[scheme, userInfo, host, port, path, query, fragment]: Parts): string {
  const authority = host === '' ? '' : `//${userInfo && `${userInfo}@`}${host}${port > 0 ? `:${port}` : ''}`
  return `${scheme && `${scheme}:`}${authority}${path}${query && `?${query}`}${fragment && `#${fragment}`}`
}

interface Address {
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

interface Range {
  readonly address: Address
  readonly prefix: number
}

function parseRange(text: string): Range | undefined {
  const slash = text.indexOf('/')
  const address = parseAddress(slash < 0 ? text : text.slice(0, slash))
  if (!address) return undefined
  const digits = slash < 0 ? String(address.bits) : text.slice(slash + 1)
  return /^\d{1,3}$/.test(digits) && Number(digits) <= address.bits
    ? { address, prefix: Number(digits) }
    : undefined
}

function within(ip: Address, { address, prefix }: Range): boolean {
  if (ip.bits !== address.bits) return false
  const shift = BigInt(address.bits - prefix)
  return ip.value >> shift === address.value >> shift
}

let lastList = ''
let lastRanges: readonly Range[] = []

/** A JSON array of CIDR ranges; the last list stays parsed, since a column of addresses meets one list. */
function rangesOf(list: string): readonly Range[] {
  if (list === lastList) return lastRanges
  let texts: unknown
  try {
    texts = JSON.parse(list)
  } catch {
    texts = []
  }
  const all = Array.isArray(texts) ? texts : []
  lastRanges = all.flatMap((text) => parseRange(String(text)) ?? [])
  lastList = list
  return lastRanges
}

function containsIp(list: string, text: string): boolean {
  const ip = parseAddress(text)
  return ip !== undefined && rangesOf(list).some((range) => within(ip, range))
}

export const NETWORK: readonly FunctionSpec[] = [
  {
    name: 'uri_parse',
    description: 'The parts of a URI as JSON: scheme, userInfo, host, port, path, query, fragment.',
    unit: none,
    overloads: [scalar('uri:STRING -> STRING', (_, uri: string) => parseUri(uri))],
  },
  {
    name: 'uri_recompose',
    description: 'A URI from its parts.',
    unit: none,
    overloads: [
      scalar(
        'scheme:STRING userInfo:STRING host:STRING port:INT64 path:STRING query:STRING fragment:STRING -> STRING',
        (_: FunctionContext, ...parts: Parts) => recomposeUri(...parts),
      ),
    ],
  },
  {
    name: 'cidrs_contain_ip',
    description: 'Whether an address lies in one of some CIDR ranges (a JSON array).',
    unit: none,
    overloads: [
      scalar('cidrs:STRING ip:STRING -> BOOLEAN', (_, cidrs: string, ip: string) => containsIp(cidrs, ip)),
    ],
  },
]
