/** Native searches and decodings that work on any view, without wrapping it in a Buffer first. */

interface Slices {
  latin1Slice(this: Uint8Array, start: number, end: number): string
  utf8Slice(this: Uint8Array, start: number, end: number): string
}

const { latin1Slice, utf8Slice } = Buffer.prototype as unknown as Slices
const bufferIndexOf = Buffer.prototype.indexOf as (
  this: Uint8Array,
  needle: Uint8Array,
  from: number,
) => number

const bufferCompare = Buffer.prototype.compare as (
  this: Uint8Array,
  other: Uint8Array,
  otherStart: number,
  otherEnd: number,
) => number

/** Whether bytes[from..to) are the same as `whole`. */
export function sameBytes(whole: Uint8Array, bytes: Uint8Array, from: number, to: number): boolean {
  return whole.length === to - from && bufferCompare.call(whole, bytes, from, to) === 0
}

/** One character per byte, as header syntax is defined. */
export function latin1(bytes: Uint8Array, start: number, end: number): string {
  return latin1Slice.call(bytes, start, end)
}

/** Ill-formed sequences become U+FFFD. */
export function utf8(bytes: Uint8Array, start: number, end: number): string {
  return utf8Slice.call(bytes, start, end)
}

/** The first offset ≥ `from` of `needle` that ends at or before `end`, or -1. */
export function indexOfBytes(bytes: Uint8Array, needle: Uint8Array, from: number, end: number): number {
  const at = bufferIndexOf.call(bytes, needle, from)
  return at >= 0 && at + needle.length <= end ? at : -1
}

/** The first offset ≥ `from` and < `end` of one byte, or -1. */
export function indexOfByte(bytes: Uint8Array, byte: number, from: number, end: number): number {
  const at = bytes.indexOf(byte, from)
  return at >= 0 && at < end ? at : -1
}
