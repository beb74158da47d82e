/**
 * Protocol Buffers without their schema (https://protobuf.dev/programming-guides/encoding), as text: `1: "milk", 2: 3, 3: {1: true}`.
 *
 *     message = *( tag value )          ; tag = varint of (field number << 3 | wire type)
 *     value   = varint | 8 bytes | varint length and so many bytes | 4 bytes
 *
 * What a length stands before may be a text, a message or bytes: a printable text is taken for one, else what can be read whole as
 * a message.
 */
import { isUtf8 } from 'node:buffer'
import { latin1, utf8 } from './bytes'

const MAX_DEPTH = 16
/** Fields of one body that are shown at most. */
const MAX_FIELDS = 1000
/** Bytes that are shown of a field that is neither. */
const SHOWN_BYTES = 32
const MAX_FIELD_NUMBER = 2 ** 29 - 1

const VARINT = 0
const FIXED_64 = 1
const LENGTH = 2
const FIXED_32 = 5

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters tell binary from text
const UNPRINTABLE = /[\x00-\x08\x0b-\x1f\x7f]/

/** The bytes as text, up to where they are no message; `isWhole`: no more of it was sent. undefined where they are none. */
export function protobufText(bytes: Uint8Array, isWhole: boolean): string | undefined {
  return new Reader(bytes).message(bytes.length, isWhole ? 'whole' : 'cut', 0)
}

class Reader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  #at = 0
  #fields = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  }

  /** Reads fields up to `end`. 'cut': the rest of the message isn't there. */
  message(end: number, kind: 'whole' | 'cut', depth: number): string | undefined {
    const shown: string[] = []
    while (this.#at < end) {
      if (++this.#fields > MAX_FIELDS) {
        this.#at = end
        shown.push('…')
        break
      }
      const field = this.#field(end, kind, depth)
      if (field === undefined && kind === 'whole') return undefined
      if (field === undefined) {
        if (shown.length === 0) return undefined
        shown.push('…')
        break
      }
      shown.push(field)
    }
    return shown.join(', ')
  }

  #field(end: number, kind: 'whole' | 'cut', depth: number): string | undefined {
    const tag = this.#varint(end)
    if (typeof tag !== 'number') return undefined
    const number = Math.floor(tag / 8)
    if (number < 1 || number > MAX_FIELD_NUMBER) return undefined
    const value = this.#value(tag % 8, end, kind, depth)
    return value === undefined ? undefined : `${number}: ${value}`
  }

  #value(type: number, end: number, kind: 'whole' | 'cut', depth: number): string | undefined {
    switch (type) {
      case VARINT:
        return this.#varint(end)?.toString()
      case FIXED_64:
        return this.#fixed(8, end)
      case FIXED_32:
        return this.#fixed(4, end)
      case LENGTH:
        return this.#delimited(end, kind, depth)
      default:
        return undefined
    }
  }

  /** Undefined where it doesn't end. Most are small: only those beyond 2^49 take a bigint. */
  #varint(end: number): number | bigint | undefined {
    let value = 0
    for (let bytes = 0; bytes < 7 && this.#at < end; bytes++) {
      const byte = this.#bytes[this.#at++]!
      value += (byte & 0x7f) * 2 ** (7 * bytes)
      if (byte < 0x80) return value
    }
    let large = BigInt(value)
    for (let shift = 49n; shift < 70n && this.#at < end; shift += 7n) {
      const byte = this.#bytes[this.#at++]!
      large |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return BigInt.asUintN(64, large)
    }
    return undefined
  }

  /** A number with a fraction where it is a likely one, else the bits as an unsigned number. */
  #fixed(size: 4 | 8, end: number): string | undefined {
    if (end - this.#at < size) return undefined
    const at = this.#at
    this.#at += size
    const real = size === 8 ? this.#view.getFloat64(at, true) : this.#view.getFloat32(at, true)
    const isLikely = real === 0 || (Math.abs(real) > 1e-9 && Math.abs(real) < 1e15)
    if (isLikely) return `${size === 8 ? real : Number(real.toPrecision(7))}`
    return `${size === 8 ? this.#view.getBigUint64(at, true) : this.#view.getUint32(at, true)}`
  }

  #delimited(end: number, kind: 'whole' | 'cut', depth: number): string | undefined {
    const length = this.#varint(end)
    if (typeof length !== 'number') return undefined
    const start = this.#at
    const isCut = length > end - start
    if (isCut && kind === 'whole') return undefined
    const stop = isCut ? end : start + length
    const content = this.#bytes.subarray(start, stop)
    const text = printable(content)
    const nested =
      text === undefined && depth < MAX_DEPTH
        ? this.message(stop, isCut ? 'cut' : 'whole', depth + 1)
        : undefined
    // What it couldn't read isn't read as fields of this message.
    this.#at = stop
    if (nested !== undefined) return isCut ? `{${nested}` : `{${nested}}`
    return (text ?? binary(content)) + (isCut ? '…' : '')
  }
}

/** A JSON string, if the bytes are a text. */
function printable(bytes: Uint8Array): string | undefined {
  if (!isUtf8(bytes)) return undefined
  const text = utf8(bytes, 0, bytes.length)
  // A message often begins with the tag of its first field, which is a line break.
  return UNPRINTABLE.test(text) || text.startsWith('\n') ? undefined : JSON.stringify(text)
}

function binary(bytes: Uint8Array): string {
  const head = latin1(bytes, 0, Math.min(bytes.length, SHOWN_BYTES)).replace(/[^\x20-\x7e]/g, '.')
  return `<${bytes.length} bytes> ${JSON.stringify(head)}`
}
