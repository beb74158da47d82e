/** Where secrets are in what is told apart no further: bodies, and what protocols of lines say. */
import { isUtf8 } from 'node:buffer'
import { isCredential, isSecretHeader, redactHeader, redactText, redactUrl } from '../protocols/lib/redact'
import { narrowed, type WideText, wideText } from '../protocols/lib/wide-text'
import { maskLogins } from './logins'
import { latin1, mask, maskSecrets, type Range, secretRanges } from './mask'

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what tells binary from text
const CONTROL = /[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]/
/** As rows show what is no text: from there on all that follows a telling name is taken for its value. */
const BINARY = '<binary 0 bytes> '
const UNPRINTABLE = /[^\x20-\x7e]/g
/** With the lines that it goes on in (obs-fold, RFC 9112 §5.2). */
const FIELD = /^([^\s:"{]+)[ \t]*:[ \t]*([^\r\n]*(?:\r?\n[ \t][^\r\n]*)*)/gm
const MEMBER = /"([^"\\]{1,64})"\s{0,8}:\s{0,8}"((?:[^"\\]|\\.)*)/g
/** The whole of it may be a token. */
const USERINFO = /:\/\/([^@\s/"]{1,512})@/g

/** `isForm`: it is application/x-www-form-urlencoded. */
export function secretsOfBody(body: Uint8Array, isForm: boolean): Range[] {
  const text = latin1(body)
  const redact = isForm ? redactUrl : redactText
  if (!CONTROL.test(text) && isUtf8(body)) return secretRanges(text, redact)
  const wide = wideText(body)
  if (wide && !CONTROL.test(wide.text)) return inBytes(wide, secretRanges(wide.text, redact), 0)
  const narrow = narrowed(text)
  const shown = BINARY + narrow.text.replace(UNPRINTABLE, '.')
  return inBytes(narrow, secretRanges(shown, redactText), BINARY.length)
}

/** `inFront`: so many characters of the ranges are no part of the text. */
const inBytes = ({ byteOf }: WideText, ranges: readonly Range[], inFront: number): Range[] =>
  ranges.map(({ start, end }) => ({
    start: byteOf(Math.max(0, start - inFront)),
    end: byteOf(Math.max(0, end - inFront)),
  }))

/** Fields of heads, where `text` is at `start` of the bytes. Returns how many bytes were replaced. */
export function maskFields(bytes: Uint8Array, text: string, start: number): number {
  let replaced = 0
  for (const { index, 0: whole, 1: name, 2: value } of text.matchAll(FIELD)) {
    const end = start + index + whole.length
    const range = { start: end - value!.length, end }
    replaced += isSecretHeader(name!.toLowerCase())
      ? mask(bytes, range)
      : maskSecrets(bytes.subarray(range.start, end), (field) => redactHeader(name!.toLowerCase(), field))
  }
  return replaced
}

/** Of a protocol other than HTTP: whatever could be a field, a member of JSON or a URL. */
export function maskTalk(bytes: Uint8Array): number {
  const text = latin1(bytes)
  let replaced = maskSecrets(bytes, redactUrl)
  for (const { index, 0: whole, 1: name, 2: value } of text.matchAll(MEMBER)) {
    const end = index + whole.length
    if (isCredential(name!)) replaced += mask(bytes, { start: end - value!.length, end })
  }
  for (const { index, 1: userinfo } of text.matchAll(USERINFO))
    replaced += mask(bytes, { start: index + 3, end: index + 3 + userinfo!.length })
  return replaced + maskLogins(bytes, text) + maskFields(bytes, text, 0)
}
