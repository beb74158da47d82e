/** Secrets that say themselves what they are: JSON Web Tokens (RFC 7519), keys that their makers mark by a prefix. */
import { REDACTED } from '../records/redacted'
import { KEPT, SHAPES, SIGNED } from './marked'
import { THREES, threeOf } from './traces'

/** Hashes of passwords as crypt(5) writes them. */
const CRYPT = '\\$(?:2[abxy]|[156y]|apr1|argon2(?:id?|d)|scrypt)\\$[^\\s"\'&,;:<>\\\\]{8,}'

const escaped = (text: string): string => text.replace(/[.$*+?^(){}|[\]\\/-]/g, '\\$&')
/** A word begins here, also behind an escape: `%3D`, `\n`. */
const BEGIN = '(?:(?<![\\w-])|(?<=%[0-9A-Fa-f]{2})|(?<=\\\\[nrt]))'
/** The last thing in a text, when it is cut off: no word of letters alone, unless a long one. */
const CUT = '(?:(?=[\\w.-]{0,256}?\\d)[\\w.-]{4,512}|[\\w.-]{12,512})$'

const TOKEN = new RegExp(
  [
    ...SHAPES.map(
      ([prefixes, rest]) => `${BEGIN}(?:${prefixes.split(' ').map(escaped).join('|')})(?:${rest}|${CUT})`,
    ),
    CRYPT,
  ].join('|'),
  'y',
)

/** What is kept, and a secret behind it. */
const BEHIND_KEPT = new RegExp(
  KEPT.map(([, kept, secret], i) => `(?<kept${i}>${kept})${secret}`).join('|'),
  'y',
)

/** Behind the name of a scheme (RFC 9110 §11.4): mixed as no word is. */
const OF_SCHEME =
  /(?<![A-Za-z])(?:((?:[Bb]earer|BEARER)(?: |%20){1,4})(?:(?!\[|realm\b|error\b|scope\b)(?=[\w.~+/=-]{0,256}?(?:[\d=]|[a-z][A-Z]))[\w.~+/=-]{8,}|[\w.~+/=-]{1,512}$)|((?:[Bb]asic|BASIC|[Nn]egotiate)(?: |%20){1,4})(?!realm\b|charset\b)(?=[\w+/=-]{0,256}?(?:[\d=]|[a-z][A-Z]))[\w+/=-]{8,}|([Dd]igest )username=[^\r\n]*)/y

const SCHEMES = ['bearer', 'basic', 'digest', 'negotiate']

/** What tokens begin with, as it is spelt. */
export const TOKEN_TRACES: readonly string[] = [
  ...SHAPES.map(([prefixes]) => prefixes),
  ...KEPT.map(([begin]) => begin),
  ...SIGNED.map(([sign]) => sign),
  '$2a$ $2b$ $2x$ $2y$ $apr1$ $argon2 $scrypt$ $1$ $5$ $6$ $y$',
].flatMap((words) => words.split(' '))
/** … and in any spelling. */
export const SCHEME_TRACES: readonly string[] = SCHEMES.flatMap((scheme) =>
  [' ', '%20'].map((space) => scheme + space),
)

/** Which three letters may begin one: nearly all places are told by it to have none. */
const BEGINNINGS = new Uint8Array(THREES)
for (const trace of [...TOKEN_TRACES, ...SCHEME_TRACES]) BEGINNINGS[threeOf(trace, 0)] = 1

/** The token that begins at `at`, behind what is kept of it. */
export function tokenAt(
  text: string,
  at: number,
): { readonly start: number; readonly end: number; readonly instead?: string } | undefined {
  if (BEGINNINGS[threeOf(text, at)] === 0) return undefined
  const token = matchAt(TOKEN, text, at)
  if (token) return { start: at, end: at + token[0].length }
  const found = matchAt(BEHIND_KEPT, text, at) ?? matchAt(OF_SCHEME, text, at)
  if (!found) return signedAt(text, at)
  const kept = found.slice(1).find((group) => group !== undefined)!
  return { start: at + kept.length, end: at + found[0].length }
}

/** The longest part of a token in front of a sign. */
const MAX_FRONT = 64

/** The token that has its sign at `at`. */
function signedAt(text: string, at: number): { readonly start: number; readonly end: number } | undefined {
  for (const [sign, inFront, behind] of SIGNED) {
    if (!text.startsWith(sign, at)) continue
    const front = inFront.exec(text.slice(Math.max(0, at - MAX_FRONT), at))
    const rest = matchAt(behind, text, at + sign.length)
    if (front && rest) return { start: at - front[0].length, end: at + sign.length + rest[0].length }
  }
  return undefined
}

/** A sticky pattern at one place. */
export function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at
  return pattern.exec(text)
}

// ── User and password in front of a host ─────────────────────────────────────

// Without the scheme before `://`: to look for one takes the square of a long word's length.
// A password may have what ends a host elsewhere (`:a/b#c@`), but behind a port that is a path.
const USERINFO =
  /(:\/\/)([^\s/?#@:"'<>\\]*)(:(?!\d{1,5}(?:[/?#]|$))[^\s"'<>\\@]{0,256}(?:@[^\s/?#"'<>\\@]{0,256}){0,3})?@(?=[\w[])/gi
/** The same within a URL, where all signs of it are escaped, perhaps several times. */
const UNESCAPED = '(?:[^\\s&"\'<>%]|%(?!(?:25){0,3}(?:3A|2F|40|3F|23|26|20|22|0[AD])))'
const ESCAPED_USERINFO = new RegExp(
  `((?:%(?:25){0,3}2F){2})(${UNESCAPED}{0,128})((?:%(?:25){0,3}3A|:)${UNESCAPED}{0,256})?(?=%(?:25){0,3}40)`,
  'gi',
)
/** `user:password@host` without a scheme, where a host follows the `@`. `npm:name@1.2` and mail addresses don't match. */
const BARE_USERINFO =
  /(^|[\s=,'"])([\w.+-]{1,64}):(?!\/\/|\[)[^\s@/:"'<>]{1,256}@(?!sha\d+:)(?=(?:\[[\da-f:.]+\]|tcp|unix|[a-z][\w.-]*)[:/(])/gi
/** The name of an account, not a token in the place of it. */
const ACCOUNT = /^(?!.*(?:token|secret|passw))[a-z][a-z_.-]{0,15}\d{0,2}$/i

/** The host may be cut off; a number is a port. */
const USERINFO_CUT = /^:\/\/[^\s/?#@:"'<>\\[]*:(?!\d{1,5}(?:\W|$))[^\s/?#@"'<>\\]+$/
/** Longest part of a URL in front of its path. */
const MAX_AUTHORITY = 512

/** The password of `user:password@host`, and what stands in the place of the user without being a name. */
export function redactUserinfo(text: string): string {
  let safe = text
  if (safe.includes('@')) {
    if (mayHaveUserinfo(safe))
      safe = safe.replace(USERINFO, withoutPassword).replace(BARE_USERINFO, `$1$2:${REDACTED}@`)
  }
  if (safe.includes('%') && mayHaveEscapedUserinfo(safe))
    safe = safe.replace(ESCAPED_USERINFO, withoutEscaped)
  let last = safe.indexOf('://', safe.length - MAX_AUTHORITY)
  if (last < 0) return safe
  for (let at = last; at >= 0; at = safe.indexOf('://', at + 3)) last = at
  if (!USERINFO_CUT.test(safe.slice(last))) return safe
  return `${safe.slice(0, safe.indexOf(':', last + 3) + 1)}${REDACTED}`
}

function withoutPassword(_: string, before: string, user: string, password?: string): string {
  if (password === undefined) return `${before}${ACCOUNT.test(user) ? user : REDACTED}@`
  // In `https://TOKEN:x-oauth-basic@host` the user is the secret.
  return `${before}${user.length < 20 || ACCOUNT.test(user) ? user : REDACTED}:${REDACTED}@`
}

function withoutEscaped(_: string, before: string, user: string, password?: string): string {
  const isToken = !ACCOUNT.test(user) && (password === undefined || user.length >= 20)
  const sign = password && /^(?::|%(?:25)*3A)/i.exec(password)![0]
  return `${before}${isToken ? REDACTED : user}${sign === undefined ? '' : `${sign}${REDACTED}`}`
}

const ESCAPED_SLASHES = /%(?:25){0,3}2F%(?:25){0,3}2F/i
/** Few texts have both, one behind the other. */
function mayHaveEscapedUserinfo(text: string): boolean {
  if (!text.includes('%40') && !text.includes('%2540')) return false
  const last = Math.max(text.lastIndexOf('%40'), text.lastIndexOf('%2540'))
  const slashes = text.search(ESCAPED_SLASHES)
  return slashes >= 0 && slashes < last
}

const MAX_PASSWORD = 256
const ENDS_PASSWORD = new Set([...' \t\r\n:@"\'<>'].map((sign) => sign.charCodeAt(0)))
const endsPassword = Uint8Array.from({ length: 128 }, (_, code) => (ENDS_PASSWORD.has(code) ? 1 : 0))

/** Whether a colon or two slashes come before an `@`, with nothing between that no password has: addresses of mail have none. */
function mayHaveUserinfo(text: string): boolean {
  for (let at = text.indexOf('@'); at >= 0; at = text.indexOf('@', at + 1)) {
    let from = at - 1
    while (from > 0 && at - from < MAX_PASSWORD && endsPassword[text.charCodeAt(from)] !== 1) from--
    const code = text.charCodeAt(from)
    if (code === 0x3a || code === 0x40) return true
  }
  return false
}
