/** Fields of ErrorResponse and NoticeResponse (postgresql.org/docs/current/protocol-error-fields.html), as psql shows them. */
import { utf8 } from '../lib/bytes'
import { stringEnd } from './letters'
import { redactContext, redactDetail } from './secrets'

const MOST_FIELDS = 32

export interface Report {
  /** ERROR, FATAL, NOTICE, …: not translated, where the server says it so. */
  readonly severity: string
  /** SQLSTATE. */
  readonly code: string
  readonly text: string
}

const SHOWN: readonly (readonly [
  field: string,
  name: string,
  safe?: (code: string, text: string) => string,
])[] = [
  ['D', 'DETAIL', redactDetail],
  ['H', 'HINT'],
  ['W', 'CONTEXT', (_, text) => redactContext(text)],
]

/** bytes[from..to) may be cut. */
export function reportOf(bytes: Uint8Array, from: number, to: number, redact: boolean): Report {
  const fields = new Map<string, string>()
  for (let at = from; at < to && bytes[at] !== 0 && fields.size < MOST_FIELDS; ) {
    const nul = stringEnd(bytes, at + 1, to)
    const end = nul < 0 ? to : nul
    fields.set(String.fromCharCode(bytes[at]!), utf8(bytes, at + 1, end))
    at = end + 1
  }
  const severity = fields.get('V') ?? fields.get('S') ?? ''
  const code = fields.get('C') ?? ''
  const lines = SHOWN.flatMap(([field, name, safe]) => {
    const value = fields.get(field)
    return value ? [`${name}: ${redact && safe ? safe(code, value) : value}`] : []
  })
  return { severity, code, text: [`${severity} ${code}: ${fields.get('M') ?? ''}`, ...lines].join('\n') }
}
