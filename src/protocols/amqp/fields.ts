/**
 * Field tables (AMQP 0-9-1 §4.2.5.5): their length in four bytes, then for each field its name, a letter for its kind, and its value.
 * The letters are those that RabbitMQ and its clients use (www.rabbitmq.com/amqp-0-9-1-errata.html §3).
 */
import { bodyText } from '../lib/body-text'
import { isSecretHeader, REDACTED, redactText } from '../lib/redact'
import { isSecretKey } from '../lib/secret-keys'
import type { Cursor } from './cursor'

export type Value = string | number | boolean | null | readonly Value[] | { readonly [name: string]: Value }
export type Fields = Readonly<Record<string, Value>>

/** Values of one frame that are shown, and how deep they lie within one another. */
const MAX_VALUES = 256
const MAX_DEPTH = 8
/** Bytes of a value that are shown. */
const MAX_TEXT = 1024

const isSecret = (name: string): boolean => isSecretKey(name) || isSecretHeader(name.toLowerCase())

/** Reads the tables of one frame. */
export class FieldReader {
  readonly #cursor: Cursor
  readonly #redact: boolean
  #values = 0

  constructor(cursor: Cursor, redact: boolean) {
    this.#cursor = cursor
    this.#redact = redact
  }

  /** Undefined: it doesn't fit. */
  table(depth = 0): Fields | undefined {
    const end = this.#end(depth)
    if (end === undefined) return undefined
    const fields: Record<string, Value> = {}
    while (this.#cursor.at < end) {
      const name = this.#cursor.short()
      const value = this.#value(depth)
      if (name === undefined || value === undefined || this.#cursor.at > end) return this.#cursor.fail()
      if (this.#values > MAX_VALUES) {
        this.#cursor.at = end
        return { ...fields, '…': '' }
      }
      Object.defineProperty(fields, name, {
        value: this.#redact && isSecret(name) ? REDACTED : value,
        enumerable: true,
        configurable: true,
      })
    }
    return fields
  }

  #end(depth: number): number | undefined {
    const length = this.#cursor.number(4)
    if (length === undefined || length > this.#cursor.left || depth >= MAX_DEPTH) return this.#cursor.fail()
    return this.#cursor.at + length
  }

  #array(depth: number): Value[] | undefined {
    const end = this.#end(depth)
    if (end === undefined) return undefined
    const values: Value[] = []
    while (this.#cursor.at < end) {
      const value = this.#value(depth)
      if (value === undefined || this.#cursor.at > end) return this.#cursor.fail()
      if (this.#values > MAX_VALUES) this.#cursor.at = end
      else values.push(value)
    }
    return values
  }

  #value(depth: number): Value | undefined {
    const cursor = this.#cursor
    this.#values++
    switch (cursor.number(1)) {
      case 0x74: // t
        return cursor.number(1) !== 0
      case 0x62: // b
        return cursor.signed(1)
      case 0x42: // B
        return cursor.number(1)
      case 0x73: // s
      case 0x55: // U
        return cursor.signed(2)
      case 0x75: // u
        return cursor.number(2)
      case 0x49: // I
        return cursor.signed(4)
      case 0x69: // i
        return cursor.number(4)
      case 0x6c: // l
      case 0x4c: // L
        return cursor.large()
      case 0x66: // f
        return finite(cursor.float(4))
      case 0x64: // d
        return finite(cursor.float(8))
      case 0x44: // D
        return this.#decimal()
      case 0x54: // T
        return timestamp(cursor.number(8))
      case 0x53: // S
      case 0x78: // x
        return this.text()
      case 0x46: // F
        return this.table(depth + 1)
      case 0x41: // A
        return this.#array(depth + 1)
      case 0x56: // V
        return null
      default:
        return cursor.fail()
    }
  }

  #decimal(): string | undefined {
    const scale = this.#cursor.number(1)
    const value = this.#cursor.signed(4)
    if (scale === undefined || value === undefined) return undefined
    const digits = String(Math.abs(value)).padStart(Math.min(scale, 255) + 1, '0')
    const at = digits.length - scale
    const sign = value < 0 ? '-' : ''
    return scale === 0 ? `${sign}${digits}` : `${sign}${digits.slice(0, at)}.${digits.slice(at)}`
  }

  /** A long string: text, or bytes. */
  text(): string | undefined {
    const bytes = this.#cursor.long()
    if (!bytes) return undefined
    const text = bodyText(bytes.subarray(0, MAX_TEXT), bytes.length)
    return this.#redact ? redactText(text) : text
  }

  short(): string | undefined {
    const text = this.#cursor.short()
    return text !== undefined && this.#redact ? redactText(text) : text
  }
}

/** JSON has no other numbers. */
const finite = (value: number | undefined): number | string | undefined =>
  value === undefined || Number.isFinite(value) ? value : String(value)

/** Dates that JavaScript has: seconds since 1970. */
export function timestamp(seconds: number | undefined): string | number | undefined {
  if (seconds === undefined || seconds > 8.64e12) return seconds
  return new Date(seconds * 1000).toISOString()
}
