/** Secrets are taken out before anything is stored: header values by name, passwords and tokens in URLs and forms. */
import { REDACTED } from '../../records/redacted'

export { REDACTED }

const SECRET_HEADERS = new Set(['authorization', 'proxy-authorization', 'cookie', 'set-cookie', 'x-api-key'])

/** `name` in lower case. */
export function isSecretHeader(name: string): boolean {
  return SECRET_HEADERS.has(name)
}

const SECRET_PARAMETER = /((?:^|[?&;])(?:password|passwd|secret|token|api_key|access_token)=)[^&;#\s"]*/gi
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
  return form.replace(SECRET_PARAMETER, `$1${REDACTED}`)
}
