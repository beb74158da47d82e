/** Writes frames and header blocks (RFC 9113 §4.1, RFC 7541 §6), as a client or a server would send them. */
import { PREFACE } from '../../../src/protocols/http2/frames'
import { STATIC_FIELDS } from '../../../src/protocols/http2/hpack/static-table'

export const END_STREAM = 1
export const END_HEADERS = 4

/** A frame of `type` on `stream`. */
export function frame(
  type: number,
  flags: number,
  stream: number,
  payload: Uint8Array | string = '',
): Uint8Array {
  const bytes = Buffer.from(payload as string, 'latin1')
  const head = Buffer.alloc(9)
  head.writeUIntBE(bytes.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(stream, 5)
  return new Uint8Array(Buffer.concat([head, bytes]))
}

export type Fields = Readonly<Record<string, string>>

/** RFC 7541 §5.1: `value` behind the `first` bits of a byte that has `bits` left. */
export function integer(value: number, bits: number, first: number): number[] {
  const most = (1 << bits) - 1
  if (value < most) return [first | value]
  const bytes = [first | most]
  let rest = value - most
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128)
  return [...bytes, rest]
}

const text = (value: string): number[] => [...integer(value.length, 7, 0), ...Buffer.from(value, 'latin1')]

/** A block whose fields are numbers where the static table has them, and else literals that nobody remembers. */
export function block(fields: Fields): Uint8Array {
  return new Uint8Array(Object.entries(fields).flatMap(([name, value]) => field(name, value, 0x00, 4)))
}

/** A block whose literals both sides remember. */
export function remembered(fields: Fields): Uint8Array {
  return new Uint8Array(Object.entries(fields).flatMap(([name, value]) => field(name, value, 0x40, 6)))
}

/** A block whose literals nobody may remember, as they are secrets (RFC 7541 §7.1.3). */
export function neverIndexed(fields: Fields): Uint8Array {
  return new Uint8Array(Object.entries(fields).flatMap(([name, value]) => field(name, value, 0x10, 4)))
}

function field(name: string, value: string, first: number, bits: number): number[] {
  const whole = STATIC_FIELDS.findIndex(([n, v]) => n === name && v === value)
  if (whole >= 0) return integer(whole + 1, 7, 0x80)
  const named = STATIC_FIELDS.findIndex(([n]) => n === name)
  return named >= 0
    ? [...integer(named + 1, bits, first), ...text(value)]
    : [first, ...text(name), ...text(value)]
}

export const settings = (...pairs: readonly (readonly [number, number])[]): Uint8Array =>
  frame(4, 0, 0, new Uint8Array(pairs.flatMap(([id, value]) => [0, id, 0, 0, value >> 8, value & 255])))

export const OPENING = new Uint8Array(Buffer.concat([PREFACE, settings([3, 100])]))

export const headers = (stream: number, fields: Fields, flags = 0): Uint8Array =>
  frame(1, END_HEADERS | flags, stream, block(fields))

export const data = (stream: number, content: string | Uint8Array, flags = 0): Uint8Array =>
  frame(0, flags, stream, content)

export const get = (stream: number, path: string, more: Fields = {}): Uint8Array =>
  headers(
    stream,
    { ':method': 'GET', ':scheme': 'http', ':path': path, ':authority': 'shop', ...more },
    END_STREAM,
  )

export const post = (stream: number, path: string, more: Fields = {}): Uint8Array =>
  headers(stream, { ':method': 'POST', ':scheme': 'http', ':path': path, ':authority': 'shop', ...more })

export const answer = (stream: number, status: number, more: Fields = {}, flags = 0): Uint8Array =>
  headers(stream, { ':status': String(status), ...more }, flags)
