/** What sentences say of a secret: `the password for bob is hunter2`, `your verification code is 482913`. In English only. */
import { GAP, QUOTE, quoted, type Secret, whole } from './extent'
import { matchAt } from './tokens'

const SPACE = '(?:[ \\t]|\\+|%20)'
/** Behind the name of a secret. */
const IS = new RegExp(
  `${SPACE}{1,2}(?:(?:for|of|on)${SPACE}(?:[\\w.@-]{1,32}${SPACE}){1,3})?(?:is|was)(?:${SPACE}(?:now|set${SPACE}to|changed${SPACE}to))?:?${SPACE}{1,2}`,
  'iy',
)
const WORD = /[^\s"'`&;,<>()\\%+]*/y
/** What ends a sentence. */
const END = /[.!?:]+$/
const LEAST = 6
/** Letters and digits, or signs that no word has. */
const NO_WORD = /^(?=.*[A-Za-z])(?=.*(?:\d|[!@#$^*~=])).+$/
/** Kinds of things, files and places, and what stands for a value. */
const KIND =
  /^(?:base|sha|md|utf|iso|rfc|http|oauth|ipv|x|pkcs|hs|rs|es|ps|aes|ed|v)-?\d{1,5}(?:[._-]\w{1,8})?$|^[~./]|\.\w{1,4}$|:\/\/|^\d+[a-z]{1,12}$|^[$#@]\w+$/i

/** Behind the name that ends at `end`. */
export function saidOf(text: string, end: number): Secret | undefined {
  const is = matchAt(IS, text, end)
  if (!is) return undefined
  const at = end + is[0].length
  const inQuotes = quoted(text, at)
  const value = inQuotes
    ? text.slice(inQuotes.start, inQuotes.end)
    : matchAt(WORD, text, at)![0].replace(END, '')
  if (value.length < LEAST || /\s/.test(value) || !NO_WORD.test(value) || KIND.test(value)) return undefined
  return inQuotes ?? whole(at, at + value.length)
}

// ── Codes for one use ────────────────────────────────────────────────────────

/** In any spelling. */
export const CODE_TRACES: readonly string[] = ['code', 'otp', 'pin'].flatMap((name) =>
  [' is', '+is', '%20is', ': '].map((behind) => name + behind),
)

const CODE = new RegExp(`(code|otp|pin)(?:${SPACE}is:?|:)${SPACE}{1,2}`, 'iy')
/** In front of `code`: which ones are for one use. */
const OF_CODE = new RegExp(
  `(?:verification|security|confirmation|log-?in|sign-?in|access|pass|one-?time|auth\\w{0,10}|sms|2fa|mfa|reset|activation)${SPACE}$`,
  'i',
)
const MAX_FRONT = 24
const DIGITS = /(?:[A-Z]-)?\d{4,10}(?![\w%-])/y

/** The code of which the text at `at` says what it is. */
function codeAt(text: string, at: number): Secret | undefined {
  const is = matchAt(CODE, text, at)
  if (!is || /\w/.test(text[at - 1] ?? ' ')) return undefined
  if (is[1]!.toLowerCase() === 'code' && !OF_CODE.test(text.slice(Math.max(0, at - MAX_FRONT), at)))
    return undefined
  const from = at + is[0].length
  const digits = matchAt(DIGITS, text, from)
  return digits ? whole(from, from + digits[0].length) : undefined
}

// ── User and password behind a flag ──────────────────────────────────────────

/** In any spelling; `-U` is that of a proxy. */
export const USER_TRACES: readonly string[] = [
  ' -u ',
  ...['"', "'", '\\'].flatMap((quote) => [`${quote}-u${quote}`, `-user${quote}`]),
  '-u\\',
  '-user ',
  '-user=',
]

const FLAG = new RegExp(
  `(?:[ "'\\\\]-u|-user)(?:=|[ \\t]{1,4}|${QUOTE}${GAP},${GAP}(?=${QUOTE}))(${QUOTE})?`,
  'iy',
)
const USER_PASSWORD = /[\w.@+-]{1,64}:[^\s"'`&;<>\\]*/y

/** What stands behind the user in an argument, if it is a password: no port, and no group (`www-data:www-data`, `1000:1000`). */
export function passwordIn(argument: string): number | undefined {
  const [, user, password] = /^([\w.@+-]{1,64}):([^\s]*)$/.exec(argument) ?? []
  if (user === undefined || password === undefined) return undefined
  if (
    password === user ||
    /^(?:\d{0,5}|\/\/.*|\/.*|root|wheel|staff|users|nobody|nogroup|[$%{].*)$/.test(password)
  )
    return undefined
  return user.length + 1
}

/** The password behind the flag at `at`. */
function userFlagAt(text: string, at: number): Secret | undefined {
  const flag = matchAt(FLAG, text, at)
  if (!flag) return undefined
  const from = at + flag[0].length
  const argument = matchAt(USER_PASSWORD, text, from)?.[0]
  const password = argument === undefined ? undefined : passwordIn(argument.replace(/[,.)\]]+$/, ''))
  return password === undefined ? undefined : whole(from + password, from + argument!.length)
}

const BEGINS_CODE = 'cCoOpP'
const BEGINS_FLAG = ' -"\'\\'
/** The secret that the trace at `at` says to be one, or hands to a program. */
export function saidAt(text: string, at: number): Secret | undefined {
  const first = text[at]!
  if (BEGINS_CODE.includes(first)) return codeAt(text, at)
  return BEGINS_FLAG.includes(first) ? userFlagAt(text, at) : undefined
}
