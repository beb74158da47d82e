/** Conversations that are nearly right: a sample's messages with changes that know where numbers, lengths and ends usually are. */
import type { Piece } from '../conformance/sample'

export type Random = () => number

const upTo = (next: Random, end: number) => Math.floor(next() * end)
const oneOf = <T>(next: Random, list: readonly T[]): T => list[upTo(next, list.length)]!

/** What breaks those who count: ends of number ranges, signs, and their neighbours. */
const NUMBERS = [
  0, 1, 2, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0xffffff, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff,
]
const TEXT_NUMBERS = [
  '0',
  '-1',
  '1',
  '00',
  '4294967295',
  '9223372036854775807',
  '99999999999999999999',
  '1e9',
  '0x10',
  ' 7',
  '',
]
/** Bytes that end, separate, quote or escape something in one protocol or the other. */
const SPECIAL = [
  '\0',
  '\r',
  '\n',
  '\r\n',
  '\r\n\r\n',
  ' ',
  '\t',
  '"',
  '\\',
  '{',
  '[',
  '$',
  '*',
  '%',
  '>',
  '~',
  ';',
  ':',
  ',',
  '=',
  '\xff',
  '\xfe',
  '\xc0\x80',
  '\xf0\x9f\x98\x80',
]
/** What is repeated may become so long. */
const MAX_REPEATED = 8192

type Change = (bytes: Uint8Array, next: Random, other: Uint8Array) => Uint8Array

const joined = (...parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts))

function copied(bytes: Uint8Array, write: (copy: DataView) => void): Uint8Array {
  const copy = new Uint8Array(bytes)
  if (copy.length > 0) write(new DataView(copy.buffer))
  return copy
}

const flipBit: Change = (bytes, next) =>
  copied(bytes, (copy) => {
    const at = upTo(next, copy.byteLength)
    copy.setUint8(at, copy.getUint8(at) ^ (1 << upTo(next, 8)))
  })

const changeByte: Change = (bytes, next) =>
  copied(bytes, (copy) => copy.setUint8(upTo(next, copy.byteLength), next() * 256))

/** A number of 1, 2 or 4 bytes of either order becomes another one, or nearly itself. */
const changeNumber: Change = (bytes, next) =>
  copied(bytes, (copy) => {
    const size = oneOf(
      next,
      [1, 2, 4].filter((each) => each <= copy.byteLength),
    )
    const at = upTo(next, copy.byteLength - size + 1)
    const isLittle = next() < 0.5
    const near = next() < 0.5
    const by = oneOf(next, [-2, -1, 1, 2, 256])
    if (size === 1) copy.setUint8(at, near ? copy.getUint8(at) + by : oneOf(next, NUMBERS))
    else if (size === 2)
      copy.setUint16(at, near ? copy.getUint16(at, isLittle) + by : oneOf(next, NUMBERS), isLittle)
    else copy.setUint32(at, near ? copy.getUint32(at, isLittle) + by : oneOf(next, NUMBERS), isLittle)
  })

/** A number in digits becomes another one. */
const changeDigits: Change = (bytes, next) => {
  const text = Buffer.from(bytes).toString('latin1')
  const found = [...text.matchAll(/\d+/g)]
  if (found.length === 0) return bytes
  const { 0: digits, index } = oneOf(next, found)
  const changed = text.slice(0, index) + oneOf(next, TEXT_NUMBERS) + text.slice(index + digits.length)
  return new Uint8Array(Buffer.from(changed, 'latin1'))
}

const insertSpecial: Change = (bytes, next) => {
  const at = upTo(next, bytes.length + 1)
  const special = Buffer.from(oneOf(next, SPECIAL), 'latin1')
  return joined(bytes.subarray(0, at), special, bytes.subarray(next() < 0.5 ? at : at + special.length))
}

const cutOff: Change = (bytes, next) => bytes.subarray(0, upTo(next, bytes.length + 1))
const cutOut: Change = (bytes, next) => {
  const from = upTo(next, bytes.length + 1)
  return joined(bytes.subarray(0, from), bytes.subarray(from + upTo(next, 12)))
}

/** A stretch many times over: nested, or a list without an end. */
const repeat: Change = (bytes, next) => {
  const from = upTo(next, bytes.length)
  const stretch = bytes.subarray(from, from + 1 + upTo(next, 40))
  if (stretch.length === 0) return bytes
  const times = 1 + upTo(next, oneOf(next, [3, 30, MAX_REPEATED / stretch.length]))
  return joined(bytes.subarray(0, from), ...Array<Uint8Array>(times).fill(stretch), bytes.subarray(from))
}

/** Goes on as another message does. */
const splice: Change = (bytes, next, other) =>
  joined(bytes.subarray(0, upTo(next, bytes.length + 1)), other.subarray(upTo(next, other.length + 1)))

const CHANGES: readonly Change[] = [
  flipBit,
  changeByte,
  changeNumber,
  changeNumber,
  changeDigits,
  insertSpecial,
  cutOff,
  cutOut,
  repeat,
  splice,
]

const turned = (piece: Piece): Piece => ({ ...piece, from: piece.from === 'client' ? 'server' : 'client' })

/** Order, ends and losses: what a network or a hostile end does with whole messages. */
function moved(pieces: Piece[], next: Random): void {
  const at = upTo(next, pieces.length)
  const piece = pieces[at]!
  const cut = upTo(next, piece.bytes.length + 1)
  switch (upTo(next, 6)) {
    case 0:
      pieces.splice(at, 1)
      break
    case 1:
      pieces.splice(at, 0, piece)
      break
    case 2:
      pieces.push(...pieces.splice(at, 1))
      break
    case 3:
      pieces[at] = turned(piece)
      break
    case 4:
      pieces.splice(
        at,
        1,
        { ...piece, bytes: piece.bytes.subarray(0, cut) },
        { ...piece, bytes: piece.bytes.subarray(cut) },
      )
      break
    default:
      pieces[at] = { ...piece, lost: { at: cut, bytes: 1 + upTo(next, piece.bytes.length - cut + 1) } }
  }
}

/** `pieces` with one to five changes; `others` are messages of other conversations. */
export function mutated(pieces: readonly Piece[], others: readonly Uint8Array[], next: Random): Piece[] {
  const result = [...pieces]
  // By the first message the protocol is known: half of the time it stays.
  const first = next() < 0.5 ? 1 : 0
  for (let i = 0; i < 1 + next() * 5 && result.length > 0; i++) {
    if (next() < 0.25) {
      moved(result, next)
      continue
    }
    const at = Math.min(first + upTo(next, result.length - first), result.length - 1)
    const { bytes, from, message } = result[at]!
    result[at] = { bytes: oneOf(next, CHANGES)(bytes, next, oneOf(next, others)), from, message }
  }
  return result
}
