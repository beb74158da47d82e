/** The words of an inline command: separated by spaces, in quotes as those of a shell (redis, src/sds.c). */

const SPACE = 0x20
const QUOTE = 0x22
const APOSTROPHE = 0x27
const BACKSLASH = 0x5c
/** A line has no more. */
const MAX_WORDS = 4096

const ESCAPES: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, b: 8, a: 7 }

const isSpace = (byte: number | undefined): boolean =>
  byte === SPACE || byte === 9 || byte === 13 || byte === 0 || byte === 11 || byte === 12

/** The words of the line bytes[start..end); undefined where a quote has no end. */
export function wordsIn(bytes: Uint8Array, start: number, end: number): Uint8Array[] | undefined {
  const words: Uint8Array[] = []
  for (let at = start; ; ) {
    while (at < end && isSpace(bytes[at])) at++
    if (at >= end || words.length === MAX_WORDS) return words
    const word: number[] = []
    const next = wordAt(bytes, at, end, word)
    if (next < 0) return undefined
    words.push(Uint8Array.from(word))
    at = next
  }
}

/** Reads one word; the offset behind it, or -1. */
function wordAt(bytes: Uint8Array, start: number, end: number, word: number[]): number {
  let at = start
  while (at < end && !isSpace(bytes[at])) {
    const byte = bytes[at]!
    if (byte !== QUOTE && byte !== APOSTROPHE) {
      word.push(byte)
      at++
      continue
    }
    at = quoted(bytes, at + 1, end, byte, word)
    // A word ends where its quotes do.
    if (at < 0 || (at < end && !isSpace(bytes[at]))) return -1
  }
  return at
}

/** Reads up to the closing quote; the offset behind it, or -1. */
function quoted(bytes: Uint8Array, start: number, end: number, quote: number, word: number[]): number {
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!
    if (byte === quote) return at + 1
    if (byte !== BACKSLASH || at + 1 >= end) {
      word.push(byte)
      continue
    }
    const next = bytes[at + 1]!
    if (quote === APOSTROPHE) {
      if (next === APOSTROPHE) at++
      word.push(bytes[at]!)
      continue
    }
    const hex = next === 0x78 ? hexAt(bytes, at + 2, end) : -1
    word.push(hex >= 0 ? hex : (ESCAPES[String.fromCharCode(next)] ?? next))
    at += hex >= 0 ? 3 : 1
  }
  return -1
}

function hexAt(bytes: Uint8Array, at: number, end: number): number {
  if (at + 2 > end) return -1
  const text = String.fromCharCode(bytes[at]!, bytes[at + 1]!)
  return /^[0-9a-f]{2}$/i.test(text) ? Number.parseInt(text, 16) : -1
}
