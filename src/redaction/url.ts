/** Secrets in URLs, and in other lists of `name=value&…`. */
import { REDACTED } from '../records/redacted'
import { secrecyOf } from './names'
import { redactText } from './text'
import { matchAt } from './tokens'
import { looksRandom } from './values'

/** Secrets of a URL, of any text with one in it, or of `application/x-www-form-urlencoded`. */
export function redactUrl(url: string): string {
  let safe = redactText(url)
  if (safe.includes('%') && ESCAPED_LETTER.test(safe)) safe = redactParameters(safe, escapedSecret)
  if (safe.includes('code=') || safe.includes('state=')) safe = redactGrant(safe)
  return safe
}

/** Without the value: one that is no secret may be a URL with parameters of its own. */
const PARAMETER = /(?:^|[?&;#])([^=?&;#\s"]+)=/g
const VALUE = /[^&;#\s"]*/y

/** Of a value that may be none, so much is looked at. */
const MAX_DOUBTFUL = 160

/** `isSecret`: by the name, and the first characters of the value. */
function redactParameters(text: string, isSecret: (name: string, value: string) => boolean): string {
  let safe = ''
  let from = 0
  PARAMETER.lastIndex = 0
  for (let found = PARAMETER.exec(text); found; found = PARAMETER.exec(text)) {
    const at = PARAMETER.lastIndex
    const value = valueAt(text.slice(0, at + MAX_DOUBTFUL), at)
    if (value === '' || value === REDACTED || !isSecret(found[1]!, value)) continue
    safe += text.slice(from, at) + REDACTED
    from = at + valueAt(text, at).length
    PARAMETER.lastIndex = from
  }
  return safe + text.slice(from)
}

const valueAt = (text: string, at: number): string => matchAt(VALUE, text, at)![0]

// ── Names with escapes in them ───────────────────────────────────────────────

/** Letters, `-`, `.` and `_` need none: who escapes them hides a name, as who puts in what no name has. */
const ESCAPED_LETTER = /%(?:25){0,3}(?:[014-7][0-9a-f]|2[de]|20=)/i
const ESCAPE = /%([0-7][0-9a-f])/gi
const FIRST_VISIBLE = 0x20
/** Without control characters. */
const unescaped = (text: string): string =>
  text.replace(ESCAPE, (_, hex: string) => {
    const code = Number.parseInt(hex, 16)
    return code < FIRST_VISIBLE ? '' : String.fromCharCode(code)
  })

/** `x%5Bpassword%5D`, `%70assword`, `%2570assword`. */
function escapedSecret(written: string): boolean {
  if (!written.includes('%')) return false
  let name = written
  for (let i = 0; i < 3 && name.includes('%'); i++) name = unescaped(name)
  return secrecyOf(name.replace(/[[\]]+$/, '')) === 'always'
}

// ── OAuth ────────────────────────────────────────────────────────────────────

/** RFC 6749 §4.1: `code` and `state` are secrets beside these, or where a grant is asked for or given. */
const OF_GRANT =
  /(?:^|[?&;#])(?:grant_type|redirect_uri|client_id|response_type|code_verifier|code_challenge|session_state|authuser)=|oauth|oidc|sso|callback|authorize|login|signin|\/auth\b/i

function redactGrant(url: string): string {
  const isGrant = (url.includes('code=') && url.includes('state=')) || OF_GRANT.test(url)
  return redactParameters(
    url,
    (name, value) =>
      (name === 'code' || name === 'state') && (isGrant ? !ORDINARY.test(value) : looksRandom(value, 12)),
  )
}

/** A country, an HTTP status: too short to be a grant. */
const ORDINARY = /^(?:[A-Za-z]{1,3}|\d{1,3})$/
