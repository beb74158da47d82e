/** Secrets in URLs, and in other lists of `name=value&…`. */
import { redactGrant } from './grants'
import { secrecyOf } from './names'
import { redactParameters } from './parameters'
import { redactText } from './text'

/** Secrets of a URL, of any text with one in it, or of `application/x-www-form-urlencoded`. */
export function redactUrl(url: string): string {
  let safe = redactText(url)
  if (safe.includes('%') && ESCAPED_NAME.test(safe)) safe = redactParameters(safe, escapedSecret)
  if (safe.includes('code=') || safe.includes('state=')) safe = redactGrant(safe)
  return safe
}

// ── Names with escapes in them ───────────────────────────────────────────────

/** Letters, `-`, `.` and `_` need none: who escapes them hides a name, as who puts in what no name has. In values they cost nothing. */
const ESCAPED_NAME = /(?:^|[?&;#])[^=?&;#]*?%(?:25){0,3}(?:[014-7][0-9a-f]|2[de]|20=)/i
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
