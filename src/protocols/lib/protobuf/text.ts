/**
 * Protocol Buffers (https://protobuf.dev/programming-guides/encoding) as text: `1: "milk", 2: 3, 3: {1: true}`, and where the type of the
 * message is known `name: "milk", count: 3, options: {gift: true}`.
 *
 *     message = *( tag value )          ; tag = varint of (field number << 3 | wire type)
 *     value   = varint | 8 bytes | varint length and so many bytes | 4 bytes
 *
 * What a length stands before may be a text, a message or bytes: without a type a printable text is taken for one, else what can be read whole
 * as a message. A field that isn't in the type, or that is coded otherwise than there, has its number.
 */
import { isUtf8 } from 'node:buffer'
import { wholeCharacters } from '../body-text'
import { latin1, utf8 } from '../bytes'
import { REDACTED } from '../redact'
import { FieldKind, type FieldType, type MessageType } from './descriptors'
import { packedText, scalarText, wireOf } from './scalars'
import { MAX_FIELD_NUMBER, varintAt, Wire } from './wire'

const MAX_DEPTH = 16
/** Fields of one body that are shown at most. */
const MAX_FIELDS = 1000
/** Bytes that are shown of a field that is neither. */
const SHOWN_BYTES = 32
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters tell binary from text
const UNPRINTABLE = /[\x00-\x08\x0b-\x1f\x7f]/

/** bytes[start..end) as text, up to where they are no message; `isWhole`: no more of it was sent. undefined where they are none. */
export function protobufText(
  bytes: Uint8Array,
  isWhole: boolean,
  type?: MessageType,
  start = 0,
  end = bytes.length,
): string | undefined {
  return new Reader(bytes, start).message(end, isWhole ? 'whole' : 'cut', 0, type)
}

/** 'cut': the rest of the message isn't there. */
type Kind = 'whole' | 'cut'

class Reader {
  readonly #bytes: Uint8Array
  /** Where it reads. */
  at: number
  #fields = 0

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes
    this.at = at
  }

  /** Reads fields up to `end`. */
  message(end: number, kind: Kind, depth: number, type?: MessageType): string | undefined {
    const shown: string[] = []
    while (this.at < end) {
      if (++this.#fields > MAX_FIELDS) {
        this.at = end
        shown.push('…')
        break
      }
      const field = this.#field(end, kind, depth, type)
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

  #field(end: number, kind: Kind, depth: number, type: MessageType | undefined): string | undefined {
    const tag = varintAt(this.#bytes, this, end)
    if (typeof tag !== 'number') return undefined
    const number = Math.floor(tag / 8)
    if (number < 1 || number > MAX_FIELD_NUMBER) return undefined
    const wire = tag % 8
    const named = type?.field(number)
    const start = this.at
    if (named) {
      const text = this.#named(named, wire, end, kind, depth)
      if (text !== undefined) return `${named.name}: ${text}`
      this.at = start
    }
    const value = this.#value(wire, end, kind, depth)
    return value === undefined ? undefined : `${number}: ${value}`
  }

  /** Undefined where it is coded otherwise than its type has it. */
  #named(field: FieldType, wire: number, end: number, kind: Kind, depth: number): string | undefined {
    const own = wireOf(field.kind)
    if (wire === Wire.Length) return this.#namedContent(field, end, kind, depth)
    if (wire !== own) return undefined
    const text = wire === Wire.Varint ? varintAt(this.#bytes, this, end) : this.#bits(wire, end)
    if (text === undefined) return undefined
    return field.isSecret ? REDACTED : scalarText(field, text)
  }

  #namedContent(field: FieldType, end: number, kind: Kind, depth: number): string | undefined {
    const own = wireOf(field.kind)
    // Numbers of a repeated field may stand behind one another.
    if (own !== Wire.Length && !field.isRepeated) return undefined
    const length = varintAt(this.#bytes, this, end)
    if (typeof length !== 'number') return undefined
    const isCut = length > end - this.at
    if (isCut && kind === 'whole') return undefined
    const start = this.at
    const stop = isCut ? end : start + length
    if (field.isSecret) {
      this.at = stop
      return REDACTED
    }
    if (own !== Wire.Length) {
      this.at = stop
      return packedText(field, this.#bytes.subarray(start, stop), isCut)
    }
    return this.#typedContent(field, start, stop, isCut, depth)
  }

  #typedContent(
    field: FieldType,
    start: number,
    stop: number,
    isCut: boolean,
    depth: number,
  ): string | undefined {
    this.at = stop
    const plain = field.kind === FieldKind.Message ? undefined : plainText(this.#bytes, start, stop)
    if (plain !== undefined) return plain + (isCut ? '…' : '')
    const content = this.#bytes.subarray(start, stop)
    if (field.kind === FieldKind.String) return textIn(content, isCut)
    if (field.kind === FieldKind.Bytes) return (printable(content) ?? binary(content)) + (isCut ? '…' : '')
    if (depth >= MAX_DEPTH) return binary(content)
    this.at = start
    const nested = this.message(stop, isCut ? 'cut' : 'whole', depth + 1, field.message)
    this.at = stop
    if (nested === undefined) return isCut && start === stop ? '{…' : undefined
    return isCut ? `{${nested}` : `{${nested}}`
  }

  /** Four or eight bytes. */
  #bits(wire: number, end: number): DataView | undefined {
    const size = wire === Wire.Fixed64 ? 8 : 4
    if (end - this.at < size) return undefined
    const at = this.#bytes.byteOffset + this.at
    this.at += size
    return new DataView(this.#bytes.buffer, at, size)
  }

  #value(wire: number, end: number, kind: Kind, depth: number): string | undefined {
    switch (wire) {
      case Wire.Varint:
        return varintAt(this.#bytes, this, end)?.toString()
      case Wire.Fixed64:
        return this.#fixed(8, end)
      case Wire.Fixed32:
        return this.#fixed(4, end)
      case Wire.Length:
        return this.#delimited(end, kind, depth)
      default:
        return undefined
    }
  }

  /** A number with a fraction where it is a likely one, else the bits as an unsigned number. */
  #fixed(size: 4 | 8, end: number): string | undefined {
    if (end - this.at < size) return undefined
    const view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset + this.at, size)
    this.at += size
    const real = size === 8 ? view.getFloat64(0, true) : view.getFloat32(0, true)
    const isLikely = real === 0 || (Math.abs(real) > 1e-9 && Math.abs(real) < 1e15)
    if (isLikely) return `${size === 8 ? real : Number(real.toPrecision(7))}`
    return `${size === 8 ? view.getBigUint64(0, true) : view.getUint32(0, true)}`
  }

  #delimited(end: number, kind: Kind, depth: number): string | undefined {
    const length = varintAt(this.#bytes, this, end)
    if (typeof length !== 'number') return undefined
    const start = this.at
    const isCut = length > end - start
    if (isCut && kind === 'whole') return undefined
    const stop = isCut ? end : start + length
    const plain = plainText(this.#bytes, start, stop)
    if (plain !== undefined) {
      this.at = stop
      return plain + (isCut ? '…' : '')
    }
    const content = this.#bytes.subarray(start, stop)
    const text = printable(content)
    const nested =
      text === undefined && depth < MAX_DEPTH
        ? this.message(stop, isCut ? 'cut' : 'whole', depth + 1)
        : undefined
    // What it couldn't read isn't read as fields of this message.
    this.at = stop
    if (nested !== undefined) return isCut ? `{${nested}` : `{${nested}}`
    return (text ?? binary(content)) + (isCut ? '…' : '')
  }
}

/** What its type says is a text. */
function textIn(bytes: Uint8Array, isCut: boolean): string | undefined {
  const end = isCut ? wholeCharacters(bytes) : bytes.length
  const content = bytes.subarray(0, end)
  return isUtf8(content) ? JSON.stringify(utf8(bytes, 0, end)) + (isCut ? '…' : '') : undefined
}

const SPACE = 0x20
const QUOTE = 0x22
const BACKSLASH = 0x5c
const TILDE = 0x7e

/** A JSON string, if the bytes are characters of ASCII that stand for themselves in it; most texts are. */
function plainText(bytes: Uint8Array, start: number, end: number): string | undefined {
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!
    if (byte < SPACE || byte > TILDE || byte === QUOTE || byte === BACKSLASH) return undefined
  }
  return `"${latin1(bytes, start, end)}"`
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
