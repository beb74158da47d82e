/** Texts of statements and answers, as rows show them: bounded, and without secrets. */
import { REDACTED } from '../../records/redacted'
import { isSecretName } from '../../redaction/names'
import { wholeCharacters } from '../lib/body-text'
import { ByteMemo } from '../lib/byte-memo'
import { utf8 } from '../lib/bytes'
import { redactText } from '../lib/redact'

/** What was left out. */
export const CUT = '…'

/** Bytes of memory that remembered statements of each kind may take, and their places. */
const MEMO_BYTES = 4 << 20
const MEMO_PLACES = 2048
const MEMO_LONGEST = 4096

/** A statement that is prepared, or asked. */
export interface Sql {
  readonly text: string
  /** Places of placeholders whose values must not be shown, from 1 on. */
  readonly secrets: ReadonlySet<number>
}

const NONE: ReadonlySet<number> = new Set()
const PLACEHOLDER = /\$(\d{1,5})(?![\w$])/g
const MARKED = /<\$(\d{1,5})>/g
/** A value that stands in the place of a placeholder. */
const marker = (place: string): string => `'v${place}alue'`

const textOf = (bytes: Uint8Array, from: number, to: number): string =>
  utf8(bytes, from, from + wholeCharacters(bytes.subarray(from, to)))

function safeSql(bytes: Uint8Array, from: number, to: number): Sql {
  const text = textOf(bytes, from, to)
  // Redaction takes what stands behind the name of a secret for its value; between these signs it sees a placeholder.
  const safe = redactText(text.replace(PLACEHOLDER, '<$$$1>')).replace(MARKED, '$$$1')
  return { text: safe, secrets: secretsOf(text) }
}

/** Which values of the statement are replaced if they stand in it. */
function secretsOf(text: string): ReadonlySet<number> {
  const places = new Set(Array.from(text.matchAll(PLACEHOLDER), ([, place]) => place!))
  if (places.size === 0) return NONE
  const safe = redactText(text.replace(PLACEHOLDER, (_, place: string) => marker(place)))
  const secrets = [...places].filter((place) => !safe.includes(marker(place)))
  return secrets.length === 0 ? NONE : new Set(secrets.map(Number))
}

const redacted = new ByteMemo(safeSql, MEMO_PLACES, MEMO_LONGEST, MEMO_BYTES)
const plain = new ByteMemo<Sql>(
  (bytes, from, to) => ({ text: textOf(bytes, from, to), secrets: NONE }),
  MEMO_PLACES,
  MEMO_LONGEST,
  MEMO_BYTES,
)

/** The statement bytes[from..to), of which `isCut` says that more followed. */
export function sqlOf(bytes: Uint8Array, from: number, to: number, isCut: boolean, redact: boolean): Sql {
  const sql = (redact ? redacted : plain).get(bytes, from, to)
  return isCut ? { ...sql, text: sql.text + CUT } : sql
}

export const safeText = (text: string, redact: boolean): string => (redact ? redactText(text) : text)

/** Whether the values of a column of this name are secrets. */
export const isSecretColumn = (name: string, redact: boolean): boolean => redact && isSecretName(name)

export { REDACTED }
