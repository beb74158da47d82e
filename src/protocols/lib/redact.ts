/** Secrets are taken out before anything is stored: header values by name, passwords and tokens in URLs and forms. */
import { REDACTED } from '../../records/redacted'

export { REDACTED }

/** `X-Auth-Token` and `X-Amz-Security-Token` as well as what the standards name. */
const SECRET_HEADER =
  /^(?:set-)?cookie2?$|(?:^|[-_])(?:authorization|token|secret|password|jwt|(?:api|auth|access)[-_]?key)$/

/** `name` in lower case. */
export function isSecretHeader(name: string): boolean {
  return SECRET_HEADER.test(name)
}

/** The end of a parameter's name whose value is a secret; tokens that turn pages are none. */
const SECRET_NAME =
  /(?:passw(?:or)?d|passphrase|pwd|secret|(?<!(?:page|next|sync|continuation)[-_]?)token|(?:api|access|private|auth)[-_]?key|signature|client[-_]?assertion|(?<![a-z])(?:pass|pw|sig|jwt|otp))$/i
/** What such a name can end in, or an escape anywhere: most texts have none, and their names are not looked at. */
const MAY_BE_SECRET =
  /(?:word|pass|passwd|phrase|pwd|pw|secret|token|key|sig|signature|assertion|jwt|otp|\]|\[)=|%/i
/** Without the value: one that is no secret may be a URL with parameters of its own. */
const PARAMETER = /(?:^|[?&;#])([^=?&;#\s"]+)=/g
const VALUE = /[^&;#\s"]*/y

const ESCAPE = /%([0-7][0-9a-f])/gi

/** `x[password]`, `user.password` and `%70assword` are as secret as `password`. */
function isSecretParameter(written: string): boolean {
  const name = written.includes('%')
    ? written.replace(ESCAPE, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    : written
  let end = name.length
  while (name[end - 1] === ']' || name[end - 1] === '[') end--
  return SECRET_NAME.test(name.slice(0, end))
}

// Without the scheme before `://`: to look for one takes the square of a long word's length.
const USERINFO = /(:\/\/[^\s/?#@:]*):[^\s/?#]*@/g

/** Values of secret query parameters, and the password of `user:password@host`. */
export function redactUrl(url: string): string {
  let safe = url
  if (safe.includes('=')) safe = redactForm(safe)
  if (safe.includes('://')) safe = safe.replace(USERINFO, `$1:${REDACTED}@`)
  return safe
}

/** Values of secret parameters of `application/x-www-form-urlencoded`, or of a query. */
export function redactForm(form: string): string {
  if (!MAY_BE_SECRET.test(form)) return form
  let safe = ''
  let from = 0
  PARAMETER.lastIndex = 0
  for (let found = PARAMETER.exec(form); found; found = PARAMETER.exec(form)) {
    if (!isSecretParameter(found[1]!)) continue
    safe += form.slice(from, PARAMETER.lastIndex) + REDACTED
    VALUE.lastIndex = PARAMETER.lastIndex
    VALUE.exec(form)
    from = VALUE.lastIndex
    PARAMETER.lastIndex = from
  }
  return safe + form.slice(from)
}
