/** Writes messages of MongoDB as its documentation says (mongodb.com/docs/manual/reference/mongodb-wire-protocol), and plays them. */
import zlib from 'node:zlib'
import { BSON } from 'mongodb'
import { PROTOCOLS } from '../../../src/protocols'
import { end, type Rig, type Row, rig, type SocketOptions, Wire } from '../../streams/wire'

export type Document = Record<string, unknown>

export const le = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32LE(value | 0)
  return bytes
}
const concat = (...parts: readonly Uint8Array[]) => Buffer.concat(parts)
const name = (text: string) => Buffer.from(`${text}\0`, 'utf8')
export const bson = (document: Document): Uint8Array => BSON.serialize(document)

export interface Ids {
  readonly id?: number
  /** The request that it answers. */
  readonly to?: number
}

export const message = (opcode: number, { id = 1, to = 0 }: Ids, content: Uint8Array): Buffer =>
  concat(le(16 + content.length), le(id), le(to), le(opcode), content)

// ── OP_MSG ───────────────────────────────────────────────────────────────────

export const MORE = 2
export const EXHAUST = 1 << 16
const CHECKSUM = 1

interface Options extends Ids {
  readonly flags?: number
  /** Documents in sections of their own, by their names. */
  readonly sequences?: Readonly<Record<string, readonly Document[]>>
  /** The body comes behind the other sections. */
  readonly isLast?: boolean
  /** CRC-32C of the message. */
  readonly checksum?: boolean
}

export const sequence = (identifier: string, documents: readonly Document[]): Buffer => {
  const content = concat(name(identifier), ...documents.map(bson))
  return concat(Buffer.of(1), le(4 + content.length), content)
}

export const content = (body: Document, { flags = 0, sequences = {}, isLast, checksum }: Options = {}) => {
  const others = Object.entries(sequences).map(([identifier, documents]) => sequence(identifier, documents))
  const own = concat(Buffer.of(0), bson(body))
  const sections = isLast ? [...others, own] : [own, ...others]
  return concat(le(flags | (checksum ? CHECKSUM : 0)), ...sections, ...(checksum ? [le(0x12345678)] : []))
}

export const msg = (body: Document, options: Options = {}) => message(2013, options, content(body, options))

/** Rest of a command, as every client sends it. */
export const DB = { $db: 'shop' }
export const OK = { ok: 1 }

export const cursor = (batch: readonly Document[], id = 0, which = 'firstBatch') => ({
  cursor: { [which]: batch, id: BSON.Long.fromNumber(id), ns: 'shop.goods' },
  ...OK,
})

// ── Older messages ───────────────────────────────────────────────────────────

export const query = (collection: string, document: Document, ids: Ids = {}) =>
  message(2004, ids, concat(le(0), name(collection), le(0), le(-1), bson(document)))

export const reply = (documents: readonly Document[], ids: Ids, flags = 8) =>
  message(1, ids, concat(le(flags), le(0), le(0), le(0), le(documents.length), ...documents.map(bson)))

// ── Compressed ones ──────────────────────────────────────────────────────────

/** Snappy's format allows content without a single copy. */
const snappy = (bytes: Uint8Array): Buffer => {
  const size: number[] = []
  let rest = bytes.length
  for (; rest > 127; rest >>= 7) size.push((rest & 127) | 128)
  return concat(Buffer.of(...size, rest), Buffer.of(62 << 2), le(bytes.length - 1).subarray(0, 3), bytes)
}

const COMPRESSORS = {
  snappy: [1, snappy],
  zlib: [2, (bytes: Uint8Array) => zlib.deflateSync(bytes)],
  zstd: [3, (bytes: Uint8Array) => zlib.zstdCompressSync(bytes)],
} as const
export type Compressor = keyof typeof COMPRESSORS

export const packed = (compressor: Compressor, inner: Uint8Array, ids: Ids = {}, opcode = 2013) => {
  const [code, compress] = COMPRESSORS[compressor]
  return message(2012, ids, concat(le(opcode), le(inner.length), Buffer.of(code), compress(inner)))
}

export const compressed = (compressor: Compressor, body: Document, options: Options = {}) =>
  packed(compressor, content(body, options), options)

// ── Played ───────────────────────────────────────────────────────────────────

/** Who says it, and what; only the first so many bytes are captured. */
export type Turn = readonly [from: '>' | '<', bytes: Uint8Array, captured?: number]

export interface Played extends Rig {
  readonly rows: Row[]
}

interface How {
  readonly joined?: true
  readonly open?: true
  readonly socket?: SocketOptions
  readonly set?: (settings: Rig['settings']) => void
}

export function talk(turns: readonly Turn[], how: How = {}): Played & { readonly wire: Wire } {
  const all = rig(PROTOCOLS)
  how.set?.(all.settings)
  const wire = new Wire({ local: ['10.0.0.1', 27017], ...how.socket })
  if (!how.joined) all.streams.handle(wire.open())
  for (const [from, bytes, captured] of turns)
    all.streams.handle(from === '>' ? wire.request(bytes, captured) : wire.response(bytes, captured))
  if (!how.open) end(all.streams, wire)
  return { ...all, rows: all.sink.rows('mongodb_events'), wire }
}
