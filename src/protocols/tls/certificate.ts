/**
 * What an X.509 certificate says of itself (RFC 5280 §4.1), read as far as its DER (ITU-T X.690) needs: names and the end of its validity.
 * Nothing is checked: it is what was sent.
 */
import { ipv6Text } from '../../records/address'
import { latin1, utf8 } from '../lib/bytes'
import { Cursor } from './cursor'

export interface Certificate {
  /** The common name, else the organisation. */
  readonly subject: string
  readonly issuer: string
  /** Host names and addresses that it is for. */
  readonly names: readonly string[]
  /** As `2027-01-31T12:00:00Z`; empty: unknown. */
  readonly expires: string
}

const MOST_NAMES = 16
const MAX_NAME = 255
/** Elements of a list that are looked at. */
const MOST_ELEMENTS = 64

const SEQUENCE = 0x30
const UTC_TIME = 0x17
const GENERALIZED_TIME = 0x18
const BMP_STRING = 0x1e
const OBJECT_ID = 0x06
const VERSION = 0xa0
const EXTENSIONS = 0xa3
/** Of a GeneralName (RFC 5280 §4.2.1.6). */
const DNS_NAME = 0x82
const IP_ADDRESS = 0x87

/** In hexadecimal: 2.5.4.3, 2.5.4.10, 2.5.29.17. */
const COMMON_NAME = '550403'
const ORGANISATION = '55040a'
const ALTERNATIVE_NAMES = '551d11'

interface Element {
  readonly tag: number
  readonly content: Cursor
}

/** undefined: no certificate. */
export function readCertificate(der: Uint8Array): Certificate | undefined {
  const whole = next(new Cursor(der))
  const body = whole?.tag === SEQUENCE ? next(whole.content) : undefined
  if (body?.tag !== SEQUENCE) return undefined
  const parts = elements(body.content)
  // The version is left out in certificates of version 1; then come serial, signature, issuer, validity, subject, key.
  const first = parts[0]?.tag === VERSION ? 1 : 0
  const [issuer, validity, subject] = parts.slice(first + 2, first + 5)
  if (!issuer || !validity || !subject) return undefined
  const [, notAfter] = elements(validity.content)
  return {
    subject: nameIn(subject.content),
    issuer: nameIn(issuer.content),
    names: alternativeNames(parts.find(({ tag }) => tag === EXTENSIONS)),
    expires: notAfter ? timeIn(notAfter) : '',
  }
}

function next(at: Cursor): Element | undefined {
  const tag = at.number(1)
  const short = at.number(1)
  const long = short & 0x7f
  if (short >= 0x80 && (long === 0 || long > 3)) return undefined
  const content = at.take(short < 0x80 ? short : at.number(long))
  return at.isShort ? undefined : { tag, content: new Cursor(content) }
}

function elements(at: Cursor): Element[] {
  const found: Element[] = []
  while (at.left > 0 && found.length < MOST_ELEMENTS) {
    const element = next(at)
    if (!element) break
    found.push(element)
  }
  return found
}

/** Of a Name (RFC 5280 §4.1.2.4): sets of pairs of an object identifier and a text. */
function nameIn(name: Cursor): string {
  let organisation = ''
  for (const { content } of elements(name))
    for (const pair of elements(content)) {
      const [type, value] = elements(pair.content)
      if (!type || !value) continue
      const id = idOf(type)
      if (id === COMMON_NAME) return textOf(value)
      if (id === ORGANISATION) organisation = textOf(value)
    }
  return organisation
}

const idOf = ({ tag, content }: Element) =>
  tag === OBJECT_ID && content.end <= 8 ? Buffer.from(content.bytes).toString('hex') : ''

function textOf({ tag, content: { bytes } }: Element): string {
  if (tag === BMP_STRING) return wide(bytes.subarray(0, 2 * MAX_NAME))
  return utf8(bytes, 0, Math.min(bytes.length, MAX_NAME))
}

/** Two bytes a character, the high one first. */
const wide = (bytes: Uint8Array) =>
  Buffer.from(bytes.subarray(0, bytes.length & ~1))
    .swap16()
    .toString('utf16le')

function alternativeNames(extensions: Element | undefined): string[] {
  const list = extensions && next(extensions.content)
  for (const { content } of list ? elements(list.content) : []) {
    const parts = elements(content)
    if (!parts[0] || idOf(parts[0]) !== ALTERNATIVE_NAMES) continue
    const names = next(parts.at(-1)!.content)
    return names ? elements(names.content).flatMap(generalName).slice(0, MOST_NAMES) : []
  }
  return []
}

function generalName({ tag, content: { bytes } }: Element): string[] {
  if (tag === DNS_NAME) return [latin1(bytes, 0, Math.min(bytes.length, MAX_NAME))]
  if (tag === IP_ADDRESS && bytes.length === 4) return [bytes.join('.')]
  if (tag === IP_ADDRESS && bytes.length === 16) return [ipv6Text(groups(bytes))]
  return []
}

const groups = (bytes: Uint8Array) =>
  Array.from({ length: 8 }, (_, i) => (bytes[2 * i]! << 8) | bytes[2 * i + 1]!)

/** RFC 5280 §4.1.2.5: YYMMDDHHMMSSZ, of 1950 to 2049, or YYYYMMDDHHMMSSZ. */
function timeIn({ tag, content: { bytes, end } }: Element): string {
  if (tag !== UTC_TIME && tag !== GENERALIZED_TIME) return ''
  const text = latin1(bytes, 0, Math.min(end, 16))
  const short = tag === UTC_TIME ? (text < '5' ? '20' : '19') : ''
  const found = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(short + text)
  if (!found) return ''
  const [year, month, day, hour, minute, second] = found.slice(1)
  return `${year}-${month}-${day}T${hour}:${minute}:${second}Z`
}
