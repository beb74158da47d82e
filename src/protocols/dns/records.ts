/** The data of a resource record as fields of an object. Data that doesn't fit its type is shown as bytes. */
import { utf8 } from '../lib/bytes'
import { Data, encoded, generic, ipv4, ipv6 } from './data'
import { typeName } from './numbers'
import { serviceParameters } from './service'

export type Fields = Record<string, unknown>

/** Characters of a text that are shown at most. */
const MAX_TEXT = 1024

type Reading = (data: Data) => Fields

const named =
  (key: string): Reading =>
  (data) => ({ [key]: data.name() })

/** RFC 7208 §3.3: the pieces of a text are joined to one. */
function texts(data: Data): Fields {
  let txt = ''
  while (data.left > 0 && txt.length < MAX_TEXT) txt += data.text()
  return { txt: txt.slice(0, MAX_TEXT) }
}

/** Fields in their order, each with its size in bytes or its kind. */
const layout =
  (
    ...fields: readonly (readonly [name: string, kind: 1 | 2 | 4 | 'name' | 'text' | 'hex' | 'base64'])[]
  ): Reading =>
  (data) => {
    const said: Fields = {}
    for (const [field, kind] of fields) {
      if (kind === 'name') said[field] = data.name()
      else if (kind === 'text') said[field] = data.text()
      else if (kind === 'hex' || kind === 'base64') said[field] = encoded(data.rest(), kind)
      else said[field] = data.number(kind)
    }
    return said
  }

/** RFC 4034 §3 */
function signature(data: Data): Fields {
  const covers = typeName(data.number(2))
  const said = layout(
    ['algorithm', 1],
    ['labels', 1],
    ['original_ttl', 4],
    ['expires', 4],
    ['since', 4],
  )(data)
  return { covers, ...said, ...layout(['key_tag', 2], ['signer', 'name'], ['signature', 'base64'])(data) }
}

/** RFC 4034 §4.1.2: windows with a bit for each type. */
function typesIn(data: Data): string[] {
  const types: string[] = []
  while (data.left > 1 && types.length < 64) {
    const window = data.number(1)
    const length = data.number(1)
    for (let i = 0; i < length && data.left > 0; i++) {
      const bits = data.number(1)
      for (let bit = 0; bit < 8; bit++)
        if (bits & (0x80 >> bit)) types.push(typeName(window * 256 + i * 8 + bit))
    }
  }
  return types
}

/** RFC 8659 §4.1 */
function authority(data: Data): Fields {
  const flags = data.number(1)
  const tag = data.text()
  const value = data.rest()
  return { flags, tag, value: utf8(value, 0, Math.min(value.length, MAX_TEXT)) }
}

/** RFC 7553 §4.5 */
function uri(data: Data): Fields {
  const said = layout(['priority', 2], ['weight', 2])(data)
  const target = data.rest()
  return { ...said, target: utf8(target, 0, Math.min(target.length, MAX_TEXT)) }
}

const SIGNED_BY = layout(['key_tag', 2], ['algorithm', 1], ['digest_type', 1], ['digest', 'hex'])
const KEY = layout(['flags', 2], ['protocol', 1], ['algorithm', 1], ['key', 'base64'])
const CERTIFICATE = layout(['usage', 1], ['selector', 1], ['matching', 1], ['certificate', 'hex'])

const service: Reading = (data) => {
  const said = layout(['priority', 2], ['target', 'name'])(data)
  return { ...said, params: serviceParameters(data) }
}

const READINGS: Readonly<Record<string, Reading>> = {
  A: (data) => ({ addr: ipv4(data) }),
  AAAA: (data) => ({ addr: ipv6(data) }),
  NS: named('ns'),
  CNAME: named('cname'),
  PTR: named('ptr'),
  DNAME: named('dname'),
  SOA: layout(
    ...([
      ['mname', 'name'],
      ['rname', 'name'],
      ['serial', 4],
      ['refresh', 4],
      ['retry', 4],
    ] as const),
    ...([
      ['expire', 4],
      ['minimum', 4],
    ] as const),
  ),
  HINFO: layout(['cpu', 'text'], ['os', 'text']),
  MX: layout(['preference', 2], ['exchange', 'name']),
  KX: layout(['preference', 2], ['exchange', 'name']),
  AFSDB: layout(['subtype', 2], ['host', 'name']),
  RP: layout(['mailbox', 'name'], ['text', 'name']),
  TXT: texts,
  SPF: texts,
  SRV: layout(['priority', 2], ['weight', 2], ['port', 2], ['target', 'name']),
  NAPTR: layout(
    ...([
      ['order', 2],
      ['preference', 2],
      ['flags', 'text'],
      ['service', 'text'],
      ['regexp', 'text'],
    ] as const),
    ['replacement', 'name'],
  ),
  DS: SIGNED_BY,
  CDS: SIGNED_BY,
  DLV: SIGNED_BY,
  DNSKEY: KEY,
  CDNSKEY: KEY,
  RRSIG: signature,
  NSEC: (data) => ({ next: data.name(), types: typesIn(data) }),
  TLSA: CERTIFICATE,
  SMIMEA: CERTIFICATE,
  SSHFP: layout(['algorithm', 1], ['digest_type', 1], ['digest', 'hex']),
  SVCB: service,
  HTTPS: service,
  URI: uri,
  CAA: authority,
}

/** The data in `bytes[at..end)` of a message that begins at `start`. */
export function dataFields(type: string, bytes: Uint8Array, start: number, at: number, end: number): Fields {
  // An update names what it deletes by records without data (RFC 2136 §2.5).
  if (at === end) return {}
  const data = new Data(bytes, start, at, end)
  const said = READINGS[type]?.(data)
  return said && !data.isBroken ? said : { data: generic(bytes.subarray(at, end)) }
}
