/** Reads what bodies consist of ("Notations"): big-endian numbers, texts and bytes with their length in front. */
import { utf8 } from '../lib/bytes'

/** Entries of a list or map that are read. */
const MAX_ENTRIES = 1024

export class Fields {
  readonly bytes: Uint8Array
  readonly end: number
  at: number
  /** Something was to be read behind the end. */
  isShort = false

  constructor(bytes: Uint8Array, at = 0, end = bytes.length) {
    this.bytes = bytes
    this.at = at
    this.end = end
  }

  get left(): number {
    return this.end - this.at
  }

  /** 0 behind the end. */
  byte(): number {
    return this.#has(1) ? this.bytes[this.at++]! : 0
  }

  short(): number {
    if (!this.#has(2)) return 0
    const value = (this.bytes[this.at]! << 8) | this.bytes[this.at + 1]!
    this.at += 2
    return value
  }

  /** With its sign. */
  int(): number {
    const high = this.short()
    return (high << 16) | this.short()
  }

  skip(bytes: number): void {
    if (this.#has(bytes)) this.at += bytes
  }

  /** The next bytes, as far as they are there. */
  take(bytes: number): Uint8Array {
    const from = this.at
    const to = Math.min(this.end, from + Math.max(0, bytes))
    if (to - from < bytes) this.isShort = true
    this.at = to
    return this.bytes.subarray(from, to)
  }

  /** [string] */
  text(): string {
    return textOf(this.take(this.short()))
  }

  /** [long string] */
  longText(): string {
    return textOf(this.take(this.int()))
  }

  /** [short bytes] */
  shortBytes(): Uint8Array {
    return this.take(this.short())
  }

  /** [bytes]; undefined for null. */
  longBytes(): Uint8Array | undefined {
    const size = this.int()
    return size < 0 ? undefined : this.take(size)
  }

  /** Reads so many entries, or as many as are there. */
  entries<T>(count: number, read: () => T): T[] {
    const all: T[] = []
    while (all.length < Math.min(count, MAX_ENTRIES) && !this.isShort && this.left > 0) all.push(read())
    if (count > all.length) this.isShort = true
    return all
  }

  /** [string list] */
  texts(): readonly string[] {
    return this.entries(this.short(), () => this.text())
  }

  #has(bytes: number): boolean {
    if (bytes <= this.left) return true
    this.isShort = true
    this.at = this.end
    return false
  }
}

export const textOf = (bytes: Uint8Array): string => utf8(bytes, 0, bytes.length)

export const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

/** A number of 16 bytes as `f81d4fae-7dec-11d0-a765-00a0c91e6bf6`. */
export const uuidOf = (bytes: Uint8Array): string =>
  hexOf(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
