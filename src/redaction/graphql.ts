/** Variables of GraphQL that are named otherwise than what they are for: `login(password: $p)` with `{"p": "…"}`. */
import { REDACTED } from '../records/redacted'
import { secrecyOf } from './names'

const ARGUMENT = /\b(\w{1,64})\s{0,4}:\s{0,4}\$(\w{1,64})/g
/** More are looked at by none. */
const MOST = 16

/** `safe`: `text` without its other secrets. */
export function redactVariables(text: string, safe: string): string {
  if (!text.includes('$') || !text.includes('"variables"')) return safe
  const variables = new Set<string>()
  for (const [, argument, variable] of text.matchAll(ARGUMENT))
    if (variables.size < MOST && secrecyOf(argument!) === 'always') variables.add(variable!)
  if (variables.size === 0) return safe
  const value = new RegExp(`("(?:${[...variables].join('|')})"\\s{0,8}:\\s{0,8}")(?:[^"\\\\]|\\\\.)*`, 'g')
  return safe.replace(value, `$1${REDACTED}`)
}
