/** Parameters of a request: those that rows have columns for, and all of them as JSON without secrets. */
import { bodyText } from '../lib/body-text'
import { latin1 } from '../lib/bytes'
import { Memo } from '../lib/memo'
import { isSecretHeader, REDACTED, redactHeader } from '../lib/redact'
import { pairAt } from './wire'

/** Pairs that are read of one request. */
const MAX_PAIRS = 1024
const MAX_NAME = 256
const KNOWN_NAMES = 512

export interface Params {
  readonly method: string
  readonly path: string
  readonly script: string
  readonly contentType: string
  /** A JSON object. */
  readonly json: string
}

export const NO_PARAMS: Params = { method: '', path: '', script: '', contentType: '', json: '{}' }

/** How the field of HTTP, or the variable, is called whose value a parameter has. */
const meantBy = (name: string): string =>
  (name.startsWith('HTTP_') ? name.slice('HTTP_'.length) : name).toLowerCase().replaceAll('_', '-')

/** As PHP calls what a client proves itself with (RFC 7616). */
const DIGEST = 'php-auth-digest'

const names = new Memo(
  (name) => {
    const meant = meantBy(name)
    const isSecret = isSecretHeader(meant) || isSecretHeader(name.toLowerCase()) || meant === DIGEST
    return { meant, isSecret, json: JSON.stringify(name) }
  },
  KNOWN_NAMES,
  MAX_NAME,
)
/** Values repeat from request to request. */
const safeValues = new Memo((text) => redactHeader('', text), 1024, 512)

/** As far as the pairs are whole. */
export function paramsIn(bytes: Uint8Array, redact: boolean): Params {
  const found = new Map<string, string>()
  let json = ''
  let at = 0
  for (let i = 0; i < MAX_PAIRS && at < bytes.length; i++) {
    const pair = pairAt(bytes, at, bytes.length)
    if (!pair) break
    at = pair.end
    const name = latin1(bytes, pair.name, Math.min(pair.value, pair.name + MAX_NAME))
    const value = textOf(bytes.subarray(pair.value, pair.end), name, redact)
    if (found.has(name)) continue
    found.set(name, value)
    json += `${json === '' ? '' : ','}${names.get(name).json}:${JSON.stringify(value)}`
  }
  const said = (name: string): string => found.get(name) ?? ''
  return {
    method: said('REQUEST_METHOD'),
    path: said('REQUEST_URI') || pathOf(said('SCRIPT_NAME'), said('QUERY_STRING')),
    script: said('SCRIPT_FILENAME') || said('SCRIPT_NAME'),
    contentType: said('CONTENT_TYPE').toLowerCase(),
    json: `{${json}}`,
  }
}

const pathOf = (script: string, query: string): string => (query === '' ? script : `${script}?${query}`)

function textOf(bytes: Uint8Array, name: string, redact: boolean): string {
  if (redact && names.get(name).isSecret) return bytes.length === 0 ? '' : REDACTED
  const text = bodyText(bytes, bytes.length)
  return redact ? safeValues.get(text) : text
}
