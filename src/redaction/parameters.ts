/** Lists of `name=value&…`, as URLs and forms have them. */
import { REDACTED } from '../records/redacted'
import { matchAt } from './tokens'

/** Without the value: one that is no secret may be a URL with parameters of its own. */
const PARAMETER = /(?:^|[?&;#])([^=?&;#\s"]+)=/g
const VALUE = /[^&;#\s"]*/y

/** Of a value that may be none, so much is looked at. */
const MAX_DOUBTFUL = 160

/** `isSecret`: by the name, and the first characters of the value. */
export function redactParameters(text: string, isSecret: (name: string, value: string) => boolean): string {
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
