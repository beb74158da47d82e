/** URIs (RFC 3986) and addresses (RFC 4632). */

import { type FunctionContext, type FunctionSpec, scalar } from '../base/function'
import { none } from '../base/units'
import { type Address, parseAddress } from './address'
import { Resolver } from './resolver'

/** RFC 3986, appendix B. */
const URI = /^(?:([^:/?#]+):)?(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s

const UNPARSED = 'Failed to parse URI'
const UNCOMPOSED = 'Failed to recompose URI'
/** An int of C. */
const MOST_PORT = 2 ** 31 - 1

interface Authority {
  readonly userInfo: string | undefined
  readonly host: string
  /** Its digits, perhaps none. */
  readonly port: string | undefined
}

/** Undefined when what follows the host's colon is no port: `host:-1` is no authority. */
function splitAuthority(authority: string): Authority | undefined {
  const at = authority.lastIndexOf('@')
  const userInfo = at < 0 ? undefined : authority.slice(0, at)
  const match = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d*))?$/.exec(authority.slice(at + 1))
  return match ? { userInfo, host: match[1] ?? match[2]!, port: match[3] } : undefined
}

/** The parts that are there as JSON. A path is its segments, without the slash in front of the first one. */
function parseUri(uri: string): string {
  const match = URI.exec(uri)
  if (!match || /\s/.test(uri)) return UNPARSED
  const [, scheme, authority, path = '', query, fragment] = match
  const parts = authority === undefined ? undefined : splitAuthority(authority)
  if (authority !== undefined && !parts) return UNPARSED
  const port = parts?.port === undefined ? undefined : Number(parts.port)
  if (parts?.port === '' || (port ?? 0) > MOST_PORT) return 'Port parsing failed.'
  const segments = path === '' ? undefined : path.replace(/^\//, '')
  return JSON.stringify({
    ...{ scheme, userInfo: parts?.userInfo, host: parts?.host, port },
    ...{ path: segments, query, fragment },
  })
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

/** Port 0 is none. */
function recomposeUri(...[scheme, userInfo, host, port, path, query, fragment]: Parts): string {
  if (port < 0) return UNCOMPOSED
  const name = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host
  const authority =
    host === '' ? '' : `//${userInfo && `${userInfo}@`}${name}${Number(port) === 0 ? '' : `:${port}`}`
  const absolute = path.startsWith('/') ? path : `/${path}`
  return `${scheme && `${scheme}:`}${authority}${absolute}${query && `?${query}`}${fragment && `#${fragment}`}`
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
  const all = Array.isArray(texts) ? texts.filter((text) => typeof text === 'string') : []
  lastRanges = all.flatMap((text) => parseRange(text) ?? [])
  lastList = list
  return lastRanges
}

function containsIp(list: string, text: string): boolean {
  const ip = parseAddress(text)
  return ip !== undefined && rangesOf(list).some((range) => within(ip, range))
}

/** Stays for the life of the query thread, with the names that it knows. */
const resolver = new Resolver()

export const NETWORK: readonly FunctionSpec[] = [
  {
    name: 'uri_parse',
    description:
      'The parts of a URI as JSON: scheme, userInfo, host, port, path, query, fragment; only those that it has.',
    unit: none,
    overloads: [scalar('uri:STRING -> STRING', (_, uri: string) => parseUri(uri))],
  },
  {
    name: 'uri_recompose',
    description: 'A URI from its parts; port 0 is none.',
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
      scalar('cidrs:STRING ip_addr:STRING -> BOOLEAN', (_, cidrs: string, ip: string) =>
        containsIp(cidrs, ip),
      ),
    ],
  },
  {
    name: 'nslookup',
    description:
      'The name of an address by /etc/hosts or reverse DNS, or the address: 0.2 s are waited for one answer and 2 s in one run; names are kept for 5 minutes.',
    unit: none,
    overloads: [
      scalar('addr:STRING -> STRING', ({ nowNs, checkpoint }, address: string) => {
        checkpoint()
        return resolver.nameOf(address, nowNs)
      }),
    ],
  },
]
