/** The objects of INFO and CONNECT, and headers, as a row shows them: bounded, with secrets replaced. */
import type { Fields } from '../../json'
import { utf8 } from '../lib/bytes'
import { isCredential, isSecretHeader, REDACTED, redactUrl } from '../lib/redact'

/** Objects within objects beyond this depth are left out. */
const MAX_DEPTH = 6
/** Characters of an object that are kept at most; further fields are left out. */
const MAX_JSON = 8 << 10
const USERINFO = /:\/\/[^\s/?#@]*@/g
const HEADER_VERSION = /^NATS\/1\.0[ \t]*([0-9]{3})?[ \t]*(.*)/
const LEFT_OUT = '…'

/** The object as JSON of a bounded length, with secrets replaced. */
export function objectText(fields: Fields, redact: boolean): string {
  let json = ''
  for (const [name, value] of Object.entries(fields)) {
    const field = `${JSON.stringify(name)}:${JSON.stringify(shown(name, value, redact, 0))}`
    if (json.length + field.length <= MAX_JSON) json += json === '' ? field : `,${field}`
  }
  return `{${json}}`
}

function shown(name: string, value: unknown, redact: boolean, depth: number): unknown {
  if (redact && value !== '' && typeof value !== 'boolean' && isCredential(name)) return REDACTED
  if (typeof value === 'string') return redact ? withoutUserinfo(value) : value
  if (typeof value !== 'object' || value === null) return value
  if (depth === MAX_DEPTH) return LEFT_OUT
  if (Array.isArray(value)) return value.map((item) => shown('', item, redact, depth + 1))
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, shown(key, item, redact, depth + 1)]),
  )
}

/** In `nats://token@host` the user's name is the secret. */
function withoutUserinfo(text: string): string {
  return redactUrl(text.includes('@') ? text.replace(USERINFO, `://${REDACTED}@`) : text)
}

export interface Headers {
  /** The status of a message without further content (`503`: no subscriber), or 0. */
  readonly status: number
  readonly description: string
  /** Values of a repeated header are joined with ", ". */
  readonly values: Readonly<Record<string, string>>
}

/** `NATS/1.0 [status [description]] CRLF *(name ":" value CRLF) CRLF`, or the beginning of it. */
export function parseHeaders(bytes: Uint8Array, end: number, redact: boolean): Headers {
  const [first = '', ...lines] = utf8(bytes, 0, end).split(/\r?\n/)
  const [, status = '', description = ''] = HEADER_VERSION.exec(first) ?? []
  const values = new Map<string, string>()
  for (const line of lines) {
    const colon = line.indexOf(':')
    if (colon < 1) continue
    const name = line.slice(0, colon).trim()
    const value = safeHeader(name, line.slice(colon + 1).trim(), redact)
    const before = values.get(name)
    values.set(name, before === undefined || before === value ? value : `${before}, ${value}`)
  }
  return { status: Number(status), description, values: Object.fromEntries(values) }
}

function safeHeader(name: string, value: string, redact: boolean): string {
  if (!redact) return value
  return isSecretHeader(name.toLowerCase()) ? REDACTED : redactUrl(value)
}
