/**
 * Private keys in the forms that they are kept in: PEM (RFC 7468) and that of OpenPGP (RFC 9580 §6.2), SSH2 (as RFC 4716 has
 * public ones), PuTTY's, JSON Web Keys (RFC 7517). All of them also within JSON, in a URL and in a form, where blanks, dashes
 * and line breaks are escaped; whatever stands in front of them.
 */
import { REDACTED } from '../records/redacted'
import { ESCAPE, QUOTE, type Secret, whole } from './extent'
import { matchAt } from './tokens'

/** What begins them, as it is spelt; without letters that many words have. */
export const KEY_TRACES: readonly string[] = [
  ...['-----', '---- ', '----+', '---%20', '2D', '2d'].map((dash) => `${dash}BEGIN`),
  'e-Lines',
  ...['"', "'", '\\', '%'].map((behind) => `kty${behind}`),
]

const BLANK = `(?: |\\+|${ESCAPE}20)`
const LINE_BREAK = `(?:(?:\\r|\\\\{1,7}r|${ESCAPE}0[Dd])?(?:\\n|\\\\{1,7}n|${ESCAPE}0[Aa]))`
const DASH = `(?:-|${ESCAPE}2[Dd])`
const PEM = new RegExp(
  `${DASH}{1,5}${BLANK}?BEGIN(?:${BLANK}[A-Z0-9]{1,16}){0,4}${BLANK}PRIVATE${BLANK}KEY[\\s\\S]*?(?:${DASH}{4}${BLANK}?END(?:${BLANK}[A-Z0-9]{1,16}){1,6}${BLANK}?${DASH}{0,5}|$)`,
  'y',
)
const PUTTY = new RegExp(
  `(Private-Lines(?::|${ESCAPE}3[Aa])${BLANK}{0,4}\\d{1,6}${LINE_BREAK})[\\s\\S]*?(?=${LINE_BREAK}Private-|$)`,
  'y',
)

const DASH_CODE = 0x2d
const TWO = 0x32
const LETTER_E = 0x65
const LETTER_K = 0x6b
/** In front of a dash's number. */
const ESCAPES = /(?:%(?:25)?)?$/

/** The private key that begins at `at`, behind what is kept of it. */
export function privateKeyAt(text: string, at: number): Secret | undefined {
  const code = text.charCodeAt(at)
  if (code === DASH_CODE || code === TWO) {
    const from = code === TWO ? at - ESCAPES.exec(text.slice(Math.max(0, at - 3), at))![0].length : at
    const pem = matchAt(PEM, text, from)
    return pem ? whole(from, from + pem[0].length) : undefined
  }
  if (code !== LETTER_E) return undefined
  at -= 'Privat'.length
  const putty = at < 0 ? null : matchAt(PUTTY, text, at)
  return putty ? whole(at + putty[1]!.length, at + putty[0].length) : undefined
}

/** The members that only a private or a symmetric key has (RFC 7518 §6.2.2, §6.3.2, §6.4). */
const MEMBER = new RegExp(
  `(${QUOTE}(?:d|p|q|dp|dq|qi|k)${QUOTE}\\s{0,8}(?::|${ESCAPE}3[Aa])(?:\\s|${BLANK}){0,8}${QUOTE})[\\w-]{4,}`,
  'g',
)

/** Whether a JSON Web Key says at `at` what it is. */
export const isWebKeyAt = (text: string, at: number): boolean =>
  text.charCodeAt(at) === LETTER_K && text.startsWith('kty', at)

/** The same text without what is private of JSON Web Keys. */
export const redactWebKeys = (text: string): string => text.replace(MEMBER, `$1${REDACTED}`)
