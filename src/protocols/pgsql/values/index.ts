/**
 * Values of columns and parameters as text. Those in text format are that already; those in binary are what each type's `send`
 * function makes (src/backend/utils/adt). Types are told by their numbers (src/include/catalog/pg_type.dat).
 */
import { bodyText } from '../../lib/body-text'
import { latin1 } from '../../lib/bytes'
import { int32, uint16 } from '../letters'
import { doubleText, numericText, singleText } from './numbers'
import { dateText, intervalText, timestampText, timeText, zoneText } from './times'

export const TEXT = 0
export const BINARY = 1
/** Whether it is text or binary isn't known. */
export const UNKNOWN = -1

/** Lists within lists. */
const MOST_DEPTH = 4
const MOST_ELEMENTS = 256
const NULL = 'NULL'

/** A value in binary; undefined when it isn't one of its type. */
type Read = (bytes: Uint8Array, at: number, end: number, depth: number) => string | undefined

const view = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
const int64 = (bytes: Uint8Array, at: number): bigint => view(bytes).getBigInt64(at)

/** Only of so many bytes. */
const sized =
  (size: number, text: (bytes: Uint8Array, at: number) => string): Read =>
  (bytes, at, end) =>
    end - at === size ? text(bytes, at) : undefined

const asText: Read = (bytes, at, end) => bodyText(bytes.subarray(at, end), end - at)
const hex = (bytes: Uint8Array, at: number, end: number): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset + at, end - at).toString('hex')

const READERS: Readonly<Record<string, Read>> = {
  bool: sized(1, (bytes, at) => (bytes[at] === 0 ? 'f' : 't')),
  bytea: (bytes, at, end) => `\\x${hex(bytes, at, end)}`,
  text: asText,
  int2: sized(2, (bytes, at) => String((uint16(bytes, at) << 16) >> 16)),
  int4: sized(4, (bytes, at) => String(int32(bytes, at))),
  int8: sized(8, (bytes, at) => String(int64(bytes, at))),
  oid: sized(4, (bytes, at) => String(int32(bytes, at) >>> 0)),
  xid8: sized(8, (bytes, at) => String(BigInt.asUintN(64, int64(bytes, at)))),
  float4: sized(4, (bytes, at) => singleText(view(bytes).getFloat32(at))),
  float8: sized(8, (bytes, at) => doubleText(view(bytes).getFloat64(at))),
  numeric: numericText,
  date: sized(4, (bytes, at) => dateText(int32(bytes, at))),
  time: sized(8, (bytes, at) => timeText(int64(bytes, at))),
  timetz: sized(12, (bytes, at) => timeText(int64(bytes, at)) + zoneText(int32(bytes, at + 8))),
  timestamp: sized(8, (bytes, at) => timestampText(int64(bytes, at))),
  timestamptz: sized(8, (bytes, at) => timestampText(int64(bytes, at), '+00')),
  interval: sized(16, (bytes, at) =>
    intervalText(int64(bytes, at), int32(bytes, at + 8), int32(bytes, at + 12)),
  ),
  uuid: sized(16, (bytes, at) =>
    hex(bytes, at, at + 16).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'),
  ),
  jsonb: (bytes, at, end, depth) => (bytes[at] === 1 ? asText(bytes, at + 1, end, depth) : undefined),
  inet: addressText,
  macaddr: (bytes, at, end) =>
    end - at === 6 || end - at === 8 ? hex(bytes, at, end).replace(/..(?=.)/g, '$&:') : undefined,
  bit: bitText,
  void: () => '',
  array: arrayText,
  record: recordText,
}

/** Names of readers, each with the numbers of types that it reads. */
const TYPES = `
bool 16  bytea 17  text 18 19 25 114 142 705 1042 1043 2275  int8 20  int2 21  int4 23
oid 24 26 28 29 2202 2203 2204 2205 2206 3734 3769 4089 4096 4191  xid8 5069  float4 700  float8 701  numeric 1700
date 1082  time 1083  timetz 1266  timestamp 1114  timestamptz 1184  interval 1186
uuid 2950  jsonb 3802 4072  inet 650 869  macaddr 774 829  bit 1560 1562  void 2278  record 2249 2287
array 22 30 143 199 629 651 775 1000 1001 1002 1003 1005 1006 1007 1009 1011 1012 1013 1014 1015 1016 1021 1022 1028 1040 1041 1115
array 1182 1183 1185 1187 1231 1263 1270 1561 1563 2951 3807`

const READER_OF: readonly (Read | undefined)[] = (() => {
  const list: Read[] = []
  for (const [, name, types] of TYPES.matchAll(/([a-z]\w*)((?:\s+\d+)+)/g))
    for (const type of types!.trim().split(/\s+/)) list[Number(type)] = READERS[name!]!
  return list
})()

/** The value bytes[at..end) of a type; 0: unknown. */
export function valueText(bytes: Uint8Array, at: number, end: number, format: number, type: number): string {
  if (format === BINARY) return binaryText(bytes, at, end, type, 0)
  return asText(bytes, at, end, 0) ?? ''
}

function binaryText(bytes: Uint8Array, at: number, end: number, type: number, depth: number): string {
  const text = depth > MOST_DEPTH ? undefined : READER_OF[type]?.(bytes, at, end, depth)
  return text ?? unread(bytes, at, end)
}

/** What is of no known type is shown by its size, unless it is all text: enumerations are sent by name. */
function unread(bytes: Uint8Array, at: number, end: number): string {
  const size = end - at
  const isName = size > 0 && /^[A-Za-z_][\w .:/-]*$/.test(latin1(bytes, at, Math.min(end, at + 64)))
  return isName && size <= 63 && size !== 4 && size !== 8 ? latin1(bytes, at, end) : `<binary ${size} bytes>`
}

/** Dimensions, flags, type, the size and first index of each dimension, elements (`array_send`). */
function arrayText(bytes: Uint8Array, from: number, end: number, depth: number): string | undefined {
  if (end - from < 12) return undefined
  const dimensions = int32(bytes, from)
  const type = int32(bytes, from + 8)
  let at = from + 12
  if (dimensions === 0) return '{}'
  if (dimensions < 0 || dimensions > 6 || at + 8 * dimensions > end) return undefined
  const sizes = Array.from({ length: dimensions }, (_, i) => int32(bytes, at + 8 * i))
  if (sizes.some((size) => size <= 0)) return undefined
  at += 8 * dimensions
  let left = MOST_ELEMENTS
  const level = (dimension: number): string | undefined => {
    const parts: string[] = []
    for (let i = 0; i < sizes[dimension]!; i++) {
      if (left <= 0) {
        parts.push('…')
        break
      }
      const part = dimension + 1 < dimensions ? level(dimension + 1) : element()
      if (part === undefined) return undefined
      parts.push(part)
    }
    return `{${parts.join(',')}}`
  }
  const element = (): string | undefined => {
    left--
    const value = partAt(bytes, at, end)
    if (!value) return undefined
    at = value.end
    return value.isNull ? NULL : quoted(binaryText(bytes, value.start, value.end, type, depth + 1))
  }
  return level(0)
}

/** Elements with other signs in them stand in quotes (`array_out`). */
const quoted = (text: string): string =>
  /^[^\s{},"\\]+$/.test(text) && !/^null$/i.test(text) ? text : `"${text.replace(/["\\]/g, '\\$&')}"`

/** A value behind its length. */
function partAt(bytes: Uint8Array, at: number, end: number) {
  if (at + 4 > end) return undefined
  const length = int32(bytes, at)
  const start = at + 4
  if (length < 0) return { start, end: start, isNull: true }
  return start + length <= end ? { start, end: start + length, isNull: false } : undefined
}

/** Columns, each with its type and length (`record_send`). */
function recordText(bytes: Uint8Array, from: number, end: number, depth: number): string | undefined {
  if (end - from < 4) return undefined
  const count = int32(bytes, from)
  const parts: string[] = []
  let at = from + 4
  for (let i = 0; i < count; i++) {
    if (i === MOST_ELEMENTS) {
      parts.push('…')
      break
    }
    const value = at + 4 <= end ? partAt(bytes, at + 4, end) : undefined
    if (!value) return undefined
    parts.push(
      value.isNull ? '' : quoted(binaryText(bytes, value.start, value.end, int32(bytes, at), depth + 1)),
    )
    at = value.end
  }
  return `(${parts.join(',')})`
}

/** Family, bits of the network, whether it is a network, bytes of the address (`network_send`). */
function addressText(bytes: Uint8Array, at: number, end: number): string | undefined {
  const size = bytes[at + 3]
  if (end - at !== 4 + (size ?? 0) || (size !== 4 && size !== 16)) return undefined
  const address = bytes.subarray(at + 4, end)
  const bits = bytes[at + 1]!
  const text = size === 4 ? address.join('.') : shortest(address)
  return bits === 8 * size && bytes[at + 2] === 0 ? text : `${text}/${bits}`
}

/** RFC 5952: the first longest run of zeroes is left out. */
function shortest(address: Uint8Array): string {
  const words = Array.from({ length: 8 }, (_, i) => uint16(address, 2 * i).toString(16))
  const runs = words
    .map((_, i) => words.slice(i).findIndex((word) => word !== '0'))
    .map((run, i) => (run < 0 ? 8 - i : run))
  const longest = Math.max(...runs)
  if (longest < 2) return words.join(':')
  const at = runs.indexOf(longest)
  return `${words.slice(0, at).join(':')}::${words.slice(at + longest).join(':')}`
}

function bitText(bytes: Uint8Array, at: number, end: number): string | undefined {
  if (end - at < 4) return undefined
  const bits = int32(bytes, at)
  if (bits < 0 || Math.ceil(bits / 8) !== end - at - 4) return undefined
  return Array.from(bytes.subarray(at + 4, end), (byte) => byte.toString(2).padStart(8, '0'))
    .join('')
    .slice(0, bits)
}
