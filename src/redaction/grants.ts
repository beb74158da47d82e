/**
 * OAuth's `code` and `state` (RFC 6749 §4.1): other things have these names too, so they are secrets only beside what a grant
 * is asked for with, or where they look random.
 */
import { REDACTED } from '../records/redacted'
import { ESCAPE, GAP, QUOTE, quoted } from './extent'
import { redactParameters } from './parameters'
import { matchAt } from './tokens'
import { looksRandom } from './values'

/** A country, an HTTP status: too short to be a grant. */
const ORDINARY = /^(?:[A-Za-z]{1,3}|\d{1,3})$/
/** `state` must not be guessed (RFC 6749 §10.12), so a word is none: `"state": "enabled"` of a client that is registered. */
const WORDS = /^[A-Za-z]{1,16}(?:[ _-][A-Za-z]{1,16}){0,3}$/

// ── In URLs and forms ────────────────────────────────────────────────────────

/** Where a grant is asked for or given. */
const OF_GRANT =
  /(?:^|[?&;#])(?:grant_type|redirect_uri|client_id|response_type|code_verifier|code_challenge|session_state|authuser)=|oauth|oidc|sso|callback|authorize|login|signin|\/auth\b/i

/** The same list of parameters without those of a grant. */
export function redactGrant(url: string): string {
  const isGrant = (url.includes('code=') && url.includes('state=')) || OF_GRANT.test(url)
  return redactParameters(
    url,
    (name, value) =>
      (name === 'code' || name === 'state') && (isGrant ? !ORDINARY.test(value) : looksRandom(value, 12)),
  )
}

// ── In JSON, in parts of a form, and in forms that nothing says to be some ───

/** Names beside a grant; `client_id` alone may be that of a customer. */
const STRONG = [
  'grant_type',
  'redirect_uri',
  'response_type',
  'code_verifier',
  'code_challenge',
  'session_state',
]
const WEAK = 'client_id'
const spellings = (name: string): readonly string[] => [name, name.replace('_', '')]

/** Texts without any of these have no grant, or its name: one is asked for with `response_type` code. */
export const GRANT_TRACES: readonly string[] = ['"', "'", '\\', '%'].map((behind) => `code${behind}`)
const TRACE = /code["'\\%]|authorization_code/iy
const LETTERS = 'cCaA'
/** Whether one of `GRANT_TRACES` is what was found, or the name of a grant. */
export const isGrantTraceAt = (text: string, at: number): boolean =>
  LETTERS.includes(text[at]!) && matchAt(TRACE, text, at) !== null

/** Behind one of these names. */
const ASSIGNS = `(?:\\\\{0,7}["']|${ESCAPE}22)?\\s{0,8}[:=%\\r]`
const IS_STRONG = new RegExp(
  `(?:${STRONG.flatMap(spellings).join('|')})${ASSIGNS}|\\bauthorization_code\\b`,
  'i',
)
const IS_WEAK = new RegExp(`(?:${spellings(WEAK).join('|')})${ASSIGNS}`, 'i')
const MEMBER = new RegExp(`(${QUOTE})(code|state)\\1${GAP}(?::|${ESCAPE}3A)${GAP}(?=${QUOTE})`, 'gi')
const HAS_CODE = /code(?:\\{0,7}["']|%(?:25){0,3}22)/i
const FORM = /^[\w.~%+[\]-]{1,64}=[^&\s]{0,2048}&\S+$/
const PART = /(name="(?:code|state)"\r?\n\r?\n)([^\r\n]+)/g

/** Of a text in which `GRANT_TRACES` are. */
export function redactGrants(text: string): string {
  const isStrong = IS_STRONG.test(text)
  const isWeak = isStrong || IS_WEAK.test(text)
  if (!isWeak && !HAS_CODE.test(text)) return text
  const isGrant = (name: string, value: string): boolean => {
    if (value === REDACTED || ORDINARY.test(value)) return false
    if (isStrong) return name.toLowerCase() === 'code' || !WORDS.test(value)
    return looksRandom(value, isWeak ? 8 : 12)
  }
  let safe = redactMembers(text, isGrant)
  if (isStrong)
    safe = safe.replace(PART, (all, begin: string, value: string) =>
      isGrant('code', value) ? begin + REDACTED : all,
    )
  return isStrong && FORM.test(safe) ? redactGrant(safe) : safe
}

function redactMembers(text: string, isGrant: (name: string, value: string) => boolean): string {
  let safe = ''
  let done = 0
  for (const { index, 0: all, 2: name } of text.matchAll(MEMBER)) {
    const value = index < done ? undefined : quoted(text, index + all.length)
    if (!value || !isGrant(name!, text.slice(value.start, value.end))) continue
    safe += text.slice(done, value.start) + REDACTED
    done = value.end
  }
  return safe + text.slice(done)
}
