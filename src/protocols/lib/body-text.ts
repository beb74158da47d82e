/** A message body as the text of a column. */
import { isAscii, isUtf8 } from 'node:buffer'
import { latin1, utf8 } from './bytes'
import { narrowed, wideText } from './wide-text'

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters tell binary from text
const CONTROL = /[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]/
const PRINTABLE_HEAD = 64

/**
 * `bytes` is the kept beginning of a body of `size` bytes. Text stays as it is, without a character that the limit cut in two;
 * so does text in UTF-16 and UTF-32.
 * Anything else becomes `<binary 5120 bytes> .PNG....`: its size and its beginning, with unprintable bytes as dots.
 */
export function bodyText(bytes: Uint8Array, size: number): string {
  return plainText(bytes) ?? wideTextOf(bytes) ?? binaryText(bytes, size)
}

/** The same of what can't be UTF-16 or UTF-32. */
export const utf8Text = (bytes: Uint8Array, size: number): string =>
  plainText(bytes) ?? binaryText(bytes, size)

function plainText(bytes: Uint8Array): string | undefined {
  const text = isAscii(bytes) ? latin1(bytes, 0, bytes.length) : utf8In(bytes)
  return text === undefined || CONTROL.test(text) ? undefined : text
}

function utf8In(bytes: Uint8Array): string | undefined {
  const end = wholeCharacters(bytes)
  return isUtf8(bytes.subarray(0, end)) ? utf8(bytes, 0, end) : undefined
}

function wideTextOf(bytes: Uint8Array): string | undefined {
  const wide = wideText(bytes)?.text
  return wide && !CONTROL.test(wide) ? wide : undefined
}

function binaryText(bytes: Uint8Array, size: number): string {
  const head = narrowed(latin1(bytes, 0, Math.min(PRINTABLE_HEAD, bytes.length))).text
  return `<binary ${size} bytes> ${head.replace(/[^\x20-\x7e]/g, '.')}`
}

/** The offset after the last whole UTF-8 sequence. */
export function wholeCharacters(bytes: Uint8Array): number {
  const end = bytes.length
  for (let back = 1; back <= 3 && back <= end; back++) {
    const byte = bytes[end - back]!
    if (byte < 0x80) return end
    if (byte >= 0xc0) {
      const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2
      return length > back ? end - back : end
    }
  }
  return end
}
