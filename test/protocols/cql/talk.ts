/** Writes CQL, as native_protocol_v3.spec, native_protocol_v4.spec and native_protocol_v5.spec say. Texts have a character for each byte. */
import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'

const u8 = (value: number) => String.fromCharCode(value & 0xff)
export const u16 = (value: number) => u8(value >> 8) + u8(value)
export const u32 = (value: number) => u16(value >>> 16) + u16(value)
const u64 = (value: bigint) => u32(Number((value >> 32n) & 0xffffffffn)) + u32(Number(value & 0xffffffffn))
export const text = (value: string) => u16(value.length) + value
export const long = (value: string) => u32(value.length) + value
const list = (values: readonly string[]) => u16(values.length) + values.map(text).join('')
const pairs = (values: Readonly<Record<string, string>>) =>
  u16(Object.keys(values).length) +
  Object.entries(values)
    .map(([name, value]) => text(name) + text(value))
    .join('')

export const FLAG = { COMPRESSED: 1, TRACING: 2, PAYLOAD: 4, WARNING: 8 } as const

interface Options {
  readonly version?: number
  readonly flags?: number
}

type Coding = (body: string) => string

/** An envelope; `coding` compresses its body. */
export function envelope(
  opcode: number,
  stream: number,
  body: string,
  { version = 4, flags = 0, coding }: Options & { readonly coding?: Coding } = {},
  isAnswer = false,
): string {
  const content = coding ? coding(body) : body
  const head = u8(version | (isAnswer ? 0x80 : 0)) + u8(flags | (coding ? FLAG.COMPRESSED : 0))
  return head + u16(stream) + u8(opcode) + long(content)
}

type More = Parameters<typeof envelope>[3]

const asks = (opcode: number) => (stream: number, body: string, more?: More) =>
  envelope(opcode, stream, body, more)
const says = (opcode: number) => (stream: number, body: string, more?: More) =>
  envelope(opcode, stream, body, more, true)

// ── Requests ─────────────────────────────────────────────────────────────────

const STARTUP = asks(1)
export const startup = (stream: number, options: Readonly<Record<string, string>> = {}, more?: More) =>
  STARTUP(stream, pairs({ CQL_VERSION: '3.0.0', ...options }), more)
export const options = (stream: number, more?: More) => asks(5)(stream, '', more)
export const register = (stream: number, events: readonly string[], more?: More) =>
  asks(11)(stream, list(events), more)
export const authResponse = (stream: number, token: string, more?: More) =>
  asks(15)(stream, long(token), more)

/** Values as they are sent; null, and undefined for one that isn't set. */
export type Sent = string | null | undefined
export const sent = (values: readonly Sent[]) =>
  u16(values.length) +
  values.map((value) => (value === undefined ? u32(-2) : value === null ? u32(-1) : long(value))).join('')

interface Given extends Options {
  readonly consistency?: number
  readonly values?: readonly Sent[]
  readonly names?: readonly string[]
  readonly pageSize?: number
  readonly pagingState?: string
  readonly timestamp?: bigint
  readonly keyspace?: string
}

export function parameters(given: Given): string {
  const { version = 4, consistency = 1, values, names, pageSize, pagingState, timestamp, keyspace } = given
  let flags = 0
  let rest = ''
  if (values) {
    flags |= names ? 0x41 : 1
    rest += names
      ? u16(values.length) + values.map((value, i) => text(names[i]!) + sent([value]).slice(2)).join('')
      : sent(values)
  }
  if (pageSize !== undefined) {
    flags |= 4
    rest += u32(pageSize)
  }
  if (pagingState !== undefined) {
    flags |= 8
    rest += long(pagingState)
  }
  if (timestamp !== undefined) {
    flags |= 0x20
    rest += u64(timestamp)
  }
  if (keyspace !== undefined) {
    flags |= 0x80
    rest += text(keyspace)
  }
  return u16(consistency) + (version >= 5 ? u32(flags) : u8(flags)) + rest
}

export const query = (stream: number, statement: string, given: Given = {}, more: More = given) =>
  asks(7)(stream, long(statement) + parameters(given), more)

/** As Cassandra makes them. */
export const idOf = (statement: string) => createHash('md5').update(statement).digest().toString('latin1')
export const hexOf = (statement: string) => createHash('md5').update(statement).digest('hex')

export const prepare = (stream: number, statement: string, more: More = {}) =>
  asks(9)(stream, long(statement) + ((more?.version ?? 4) >= 5 ? u32(0) : ''), more)
export const execute = (stream: number, statement: string, given: Given = {}, more: More = given) =>
  asks(10)(
    stream,
    text(idOf(statement)) + ((given.version ?? 4) >= 5 ? text(idOf('result')) : '') + parameters(given),
    more,
  )

/** A statement, or the id of one that was prepared, with its values. */
export type Batched = readonly [statement: string, values?: readonly Sent[], isPrepared?: boolean]
export const batch = (
  stream: number,
  statements: readonly Batched[],
  more: Options & { kind?: number } = {},
) =>
  asks(13)(
    stream,
    u8(more.kind ?? 0) +
      u16(statements.length) +
      statements
        .map(
          ([statement, values = [], isPrepared]) =>
            (isPrepared ? u8(1) + text(idOf(statement)) : u8(0) + long(statement)) + sent(values),
        )
        .join('') +
      parameters(more),
    more,
  )

// ── Answers ──────────────────────────────────────────────────────────────────

export const ready = (stream: number, more?: More) => says(2)(stream, '', more)
export const authenticate = (stream: number, more?: More) =>
  says(3)(stream, text('org.apache.cassandra.auth.PasswordAuthenticator'), more)
export const supported = (stream: number, more?: More) =>
  says(6)(
    stream,
    u16(2) + text('CQL_VERSION') + list(['3.4.7']) + text('COMPRESSION') + list(['lz4', 'snappy']),
    more,
  )
export const authSuccess = (stream: number, token = '', more?: More) => says(16)(stream, long(token), more)
export const error = (stream: number, code: number, message: string, more?: More) =>
  says(0)(stream, u32(code) + text(message), more)
export const event = (kind: string, rest: string, more?: More) => says(12)(-1, text(kind) + rest, more)
export const statusChange = (change: string, address: readonly number[], port: number, more?: More) =>
  event('STATUS_CHANGE', text(change) + u8(address.length) + address.map(u8).join('') + u32(port), more)

const result = (stream: number, kind: number, rest: string, more?: More) =>
  says(8)(stream, u32(kind) + rest, more)
export const done = (stream: number, more?: More) => result(stream, 1, '', more)
export const used = (stream: number, keyspace: string, more?: More) => result(stream, 3, text(keyspace), more)
export const changed = (stream: number, ...words: readonly string[]) =>
  result(stream, 5, words.map(text).join(''))

/** Types by their names. */
export const TYPE = {
  ascii: u16(1),
  bigint: u16(2),
  blob: u16(3),
  boolean: u16(4),
  decimal: u16(6),
  double: u16(7),
  float: u16(8),
  int: u16(9),
  timestamp: u16(11),
  uuid: u16(12),
  text: u16(13),
  varint: u16(14),
  inet: u16(16),
  date: u16(17),
  time: u16(18),
  smallint: u16(19),
  tinyint: u16(20),
  duration: u16(21),
  list: (of: string) => u16(0x20) + of,
  map: (key: string, of: string) => u16(0x21) + key + of,
  set: (of: string) => u16(0x22) + of,
  udt: (name: string, fields: Readonly<Record<string, string>>) =>
    u16(0x30) +
    text('shop') +
    text(name) +
    u16(Object.keys(fields).length) +
    Object.entries(fields)
      .map(([field, type]) => text(field) + type)
      .join(''),
  tuple: (...of: readonly string[]) => u16(0x31) + u16(of.length) + of.join(''),
  custom: (name: string) => u16(0) + text(name),
} as const

type Columns = Readonly<Record<string, string>>

const specs = (columns: Columns) =>
  text('shop') +
  text('goods') +
  Object.entries(columns)
    .map(([name, type]) => text(name) + type)
    .join('')

/** Metadata of results, with the columns of one table. */
const metadata = (columns: Columns) => u32(1) + u32(Object.keys(columns).length) + specs(columns)

export const rows = (stream: number, columns: Columns, values: readonly (readonly Sent[])[], more?: More) =>
  result(
    stream,
    2,
    metadata(columns) + u32(values.length) + values.map((row) => sent(row).slice(2)).join(''),
    more,
  )

/** Rows whose columns the client knows. */
export const bareRows = (
  stream: number,
  columns: number,
  values: readonly (readonly Sent[])[],
  more?: More,
) =>
  result(
    stream,
    2,
    u32(4) + u32(columns) + u32(values.length) + values.map((row) => sent(row).slice(2)).join(''),
    more,
  )

export function prepared(stream: number, statement: string, columns: Columns, more: More = {}): string {
  const version = more?.version ?? 4
  const count = Object.keys(columns).length
  const parameters =
    u32(count > 0 ? 1 : 0) +
    u32(count) +
    (version >= 4 ? u32(1) + u16(0) : '') +
    (count > 0 ? specs(columns) : '')
  const ids = text(idOf(statement)) + (version >= 5 ? text(idOf('result')) : '')
  return result(stream, 4, ids + parameters + metadata({ name: TYPE.text }), more)
}

// ── Values ───────────────────────────────────────────────────────────────────

export const INT = u32
export const BIGINT = (value: bigint) => u64(BigInt.asUintN(64, value))
export function DOUBLE(value: number): string {
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleBE(value)
  return bytes.toString('latin1')
}
export function FLOAT(value: number): string {
  const bytes = Buffer.alloc(4)
  bytes.writeFloatBE(value)
  return bytes.toString('latin1')
}
/** Elements of a list, a set, or a map one after the other. */
export const LIST = (...elements: readonly string[]) => u32(elements.length) + elements.map(long).join('')
export const MAP = (...entries: readonly (readonly [string, string])[]) =>
  u32(entries.length) + entries.flat().map(long).join('')
/** Members of a tuple or a user's type. */
export const TUPLE = (...members: readonly string[]) => members.map(long).join('')

// ── Compression: literals alone ──────────────────────────────────────────────

const moreLength = (length: number): string => {
  let rest = length
  let bytes = ''
  for (; rest >= 255; rest -= 255) bytes += '\xff'
  return bytes + u8(rest)
}
/** A block of LZ4. */
export const lz4Block = (content: string): string =>
  content.length < 15
    ? u8(content.length << 4) + content
    : u8(0xf0) + moreLength(content.length - 15) + content
/** As bodies of versions 3 and 4 have it. */
export const lz4 = (body: string): string => u32(body.length) + lz4Block(body)

function varint(value: number): string {
  return value < 128 ? u8(value) : u8(value | 0x80) + varint(value >>> 7)
}
export function snappy(body: string): string {
  let parts = varint(body.length)
  for (let at = 0; at < body.length; at += 60) {
    const part = body.slice(at, at + 60)
    parts += u8((part.length - 1) << 2) + part
  }
  return parts
}

// ── Segments ─────────────────────────────────────────────────────────────────

/** Bit by bit, as the specification has it. */
function crc24(bytes: string): number {
  let crc = 0x875060
  for (const byte of Buffer.from(bytes, 'latin1')) {
    crc ^= byte << 16
    for (let bit = 0; bit < 8; bit++) {
      crc <<= 1
      if (crc & 0x1000000) crc ^= 0x1974f0b
    }
  }
  return crc
}

const little = (value: number, size: number): string =>
  Array.from({ length: size }, (_, i) => u8(Math.floor(value / 2 ** (8 * i)))).join('')

const MAX_PAYLOAD = (1 << 17) - 1

function segmentOf(payload: string, isSelfContained: boolean, isCompressed: boolean): string {
  const content = isCompressed ? lz4Block(payload) : payload
  const flag = isSelfContained ? 1 : 0
  const header = isCompressed
    ? little(content.length + payload.length * 2 ** 17 + flag * 2 ** 34, 5)
    : little(content.length + flag * 2 ** 17, 3)
  const start = crc32(Buffer.from('fa2d55ca', 'hex'))
  return header + little(crc24(header), 3) + content + little(crc32(Buffer.from(content, 'latin1'), start), 4)
}

/** Envelopes in one segment, or a long one in several. */
export function segment(envelopes: string, isCompressed = false, most = MAX_PAYLOAD): string {
  if (envelopes.length <= most) return segmentOf(envelopes, true, isCompressed)
  let all = ''
  for (let at = 0; at < envelopes.length; at += most)
    all += segmentOf(envelopes.slice(at, at + most), false, isCompressed)
  return all
}
