/**
 * The PROXY protocol's header, by which a proxy tells its server who the client is (haproxy's proxy-protocol.txt):
 *
 *     version 1 = "PROXY" SP ( "TCP4" | "TCP6" ) SP source SP destination SP port SP port CRLF | "PROXY UNKNOWN" … CRLF
 *     version 2 = signature, version and command (1), family and transport (1), length (2), addresses, TLVs
 */
import { isIP } from 'node:net'
import { indexOfByte, latin1 } from '../lib/bytes'

export interface Client {
  readonly address: string
  readonly port: number
}

/** `client`: undefined when the proxy is the client itself, or has another kind of address. `length`: bytes of the header. */
export interface Header {
  readonly length: number
  readonly client: Client | undefined
}

const PREFIX = Buffer.from('PROXY ')
const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1')
const LF = 10
/** §2.1: the longest line of version 1, with its line break. */
const LONGEST_LINE = 107
const FIXED = 16

const COMMAND_PROXY = 1
const FAMILY_INET = 1
const FAMILY_INET6 = 2

/** So many bytes of version 2 are enough, however many are still to come: the length has two bytes, and TLVs may fill it. */
export const isSurelyHeader = (bytes: Uint8Array): boolean =>
  bytes.length >= FIXED && bytes[0] === SIGNATURE[0] && readHeader(bytes, 0, bytes.length) !== 'no'

/** 'no': these bytes are no header. 'need-more': they may become one. */
export function readHeader(bytes: Uint8Array, start: number, end: number): Header | 'no' | 'need-more' {
  if (end - start === 0) return 'need-more'
  if (bytes[start] === PREFIX[0]) return readLine(bytes, start, end)
  return bytes[start] === SIGNATURE[0] ? readBinary(bytes, start, end) : 'no'
}

function begins(bytes: Uint8Array, start: number, end: number, wanted: Uint8Array): boolean {
  for (let i = 0; i < wanted.length && start + i < end; i++) if (bytes[start + i] !== wanted[i]) return false
  return true
}

function readLine(bytes: Uint8Array, start: number, end: number): Header | 'no' | 'need-more' {
  if (!begins(bytes, start, end, PREFIX)) return 'no'
  const lineEnd = indexOfByte(bytes, LF, start, Math.min(end, start + LONGEST_LINE))
  if (lineEnd < 0) return end - start >= LONGEST_LINE ? 'no' : 'need-more'
  const line = latin1(bytes, start, lineEnd)
  if (!line.endsWith('\r')) return 'no'
  const [, kind, source = '', destination = '', port = ''] = line.slice(0, -1).split(' ')
  const length = lineEnd + 1 - start
  if (kind === 'UNKNOWN') return { length, client: undefined }
  const family = kind === 'TCP4' ? 4 : kind === 'TCP6' ? 6 : -1
  if (isIP(source) !== family || isIP(destination) !== family || !/^\d{1,5}$/.test(port)) return 'no'
  return { length, client: { address: source, port: Number(port) } }
}

function readBinary(bytes: Uint8Array, start: number, end: number): Header | 'no' | 'need-more' {
  if (!begins(bytes, start, end, SIGNATURE)) return 'no'
  if (end - start < FIXED) return 'need-more'
  const command = bytes[start + 12]!
  const family = bytes[start + 13]! >> 4
  const rest = (bytes[start + 14]! << 8) | bytes[start + 15]!
  if (command >> 4 !== 2 || (command & 15) > COMMAND_PROXY) return 'no'
  const length = FIXED + rest
  if (end - start < length) return 'need-more'
  const isProxied = (command & 15) === COMMAND_PROXY
  const client = isProxied ? clientOf(bytes.subarray(start + FIXED, start + length), family) : undefined
  return { length, client }
}

function clientOf(bytes: Uint8Array, family: number): Client | undefined {
  if (family === FAMILY_INET && bytes.length >= 12)
    return { address: bytes.subarray(0, 4).join('.'), port: port(bytes, 8) }
  if (family === FAMILY_INET6 && bytes.length >= 36)
    return { address: inet6(bytes.subarray(0, 16)), port: port(bytes, 32) }
  return undefined
}

const port = (bytes: Uint8Array, at: number) => (bytes[at]! << 8) | bytes[at + 1]!

/** As the addresses of sockets are written (RFC 5952). */
function inet6(bytes: Uint8Array): string {
  const words = Array.from({ length: 8 }, (_, i) => port(bytes, 2 * i).toString(16))
  return new URL(`http://[${words.join(':')}]/`).hostname.slice(1, -1)
}
