/**
 * Which bytes are FastCGI. A web server begins with BEGIN_REQUEST, and behind it come parameters of the same id, or another beginning:
 * sixteen and eight bytes of which nearly all are fixed. It may ask for the application's limits first (GET_VALUES), by names that begin with FCGI_.
 */
import { indexOfBytes } from '../lib/bytes'
import type { Head, Recognition, Side } from '../protocol'
import {
  ABORT,
  BEGIN,
  BODY_BYTES,
  contentLengthAt,
  END,
  endedAt,
  GET_VALUES,
  HEAD_BYTES,
  idAt,
  isSaidBy,
  lengthAt,
  PARAMS,
  STDIN,
  typeAt,
} from './wire'

const CLIENT: Recognition = { side: 'client', sure: true }
const BEGIN_BYTES = HEAD_BYTES + BODY_BYTES
const NAME = Buffer.from('FCGI_')
/** Bytes of lengths before the first name. */
const NAME_AT = HEAD_BYTES + 2

export function recognise({ bytes }: Head): Recognition {
  if (bytes.length < 2) return bytes.length === 0 || bytes[0] === 1 ? 'need-more' : 'no'
  if (bytes[0] !== 1) return 'no'
  if (bytes[1] === GET_VALUES) return asValues(bytes)
  return bytes[1] === BEGIN ? asBegin(bytes) : 'no'
}

/** version, type, id, length (8), no padding, reserved (0), role (1 to 3), flags (0 or 1), reserved (0); and the head behind it. */
function asBegin(bytes: Uint8Array): Recognition {
  const at = (place: number, ...values: readonly number[]): boolean =>
    bytes[place] === undefined || values.includes(bytes[place]!)
  const isBegin =
    at(4, 0) && at(5, BODY_BYTES) && at(6, 0) && at(7, 0) && at(8, 0) && at(9, 1, 2, 3) && at(10, 0, 1)
  if (!isBegin || !bytes.subarray(11, BEGIN_BYTES).every((byte) => byte === 0)) return 'no'
  if (bytes.length >= HEAD_BYTES && idAt(bytes, 0) === 0) return 'no'
  const isOfSame =
    at(BEGIN_BYTES + 1, PARAMS, STDIN, ABORT) &&
    at(BEGIN_BYTES + 2, bytes[2] ?? 0) &&
    at(BEGIN_BYTES + 3, bytes[3] ?? 0)
  if (!at(BEGIN_BYTES, 1) || !(isOfSame || at(BEGIN_BYTES + 1, BEGIN))) return 'no'
  return bytes.length >= BEGIN_BYTES + 4 ? CLIENT : 'need-more'
}

function asValues(bytes: Uint8Array): Recognition {
  if (bytes.length >= HEAD_BYTES && idAt(bytes, 0) !== 0) return 'no'
  const said = bytes.subarray(NAME_AT, NAME_AT + NAME.length)
  if (!said.every((byte, i) => byte === NAME[i])) return 'no'
  return said.length === NAME.length ? CLIENT : 'need-more'
}

/** What stands in the middle of each BEGIN_REQUEST: its length, padding and reserved byte, and the first byte of the role. */
const MIDDLE = Buffer.from([0, BODY_BYTES, 0, 0, 0])
const MIDDLE_AT = 4
/** Places that a search looks at. */
const MAX_CANDIDATES = 64

/** Where a BEGIN_REQUEST begins that `recognise` is sure of. */
export function search(bytes: Uint8Array, from: number): number {
  let at = from + MIDDLE_AT
  for (let i = 0; i < MAX_CANDIDATES; i++) {
    at = indexOfBytes(bytes, MIDDLE, at, bytes.length)
    if (at < 0) return -1
    const start = at - MIDDLE_AT
    if (typeAt(bytes, start) === BEGIN && bytes[start] === 1 && asBegin(bytes.subarray(start)) === CLIENT)
      return start
    at++
  }
  return -1
}

/** The first offset ≥ `from` where a record of this side lies whole, and another one, or nothing, behind it; or -1. */
export function boundary(side: Side, bytes: Uint8Array, from: number): number {
  for (
    let at = bytes.indexOf(1, from);
    at >= 0 && at + HEAD_BYTES <= bytes.length;
    at = bytes.indexOf(1, at + 1)
  )
    if (isRecord(side, bytes, at) && chains(side, bytes, at + lengthAt(bytes, at))) return at
  return -1
}

/** Padding makes lengths multiples of eight, or there is none: so few bytes as a head has are found in any content. */
function isRecord(side: Side, bytes: Uint8Array, at: number): boolean {
  const type = typeAt(bytes, at)
  if (lengthAt(bytes, at) === 0 || !isSaidBy(side, type) || bytes[at + 7] !== 0 || bytes[at + 6]! > 7)
    return false
  if (type === BEGIN) return asBegin(bytes.subarray(at)) !== 'no'
  if (type !== END) return true
  if (contentLengthAt(bytes, at) !== BODY_BYTES) return false
  return at + BEGIN_BYTES > bytes.length || endedAt(bytes, at + HEAD_BYTES) !== undefined
}

function chains(side: Side, bytes: Uint8Array, at: number): boolean {
  if (at >= bytes.length) return at === bytes.length
  return bytes[at] === 1 && (at + HEAD_BYTES > bytes.length || isRecord(side, bytes, at))
}
