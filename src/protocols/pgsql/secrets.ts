/** Secrets that stand apart from their names: in copied data, whose columns the statement names, and in what errors tell of rows. */
import { REDACTED } from '../../records/redacted'
import { isSecretName } from '../../redaction/names'
import { CUT } from './texts'

/** `COPY t (a, b) FROM STDIN WITH (…)`; a query in brackets has no name in front of them. */
const COPY = /^\s{0,64}copy\s{1,8}(?:[^\s()]{1,256}\s{0,8})?\(([^()]{0,4096})\)?(.*)$/is
const OF_QUERY = /^\s{0,64}copy\s{0,8}\(/i
/** Formats in which fields aren't parted by tabs alone. */
const OTHER_FORMAT = /\b(?:csv|binary|delimiter)/i
const NAME = /[A-Za-z_]\w{0,127}/g
/** A tag, or the mark of what was left out. */
const NO_DATA = /^(?:COPY \d+|\\\.|…)$/

/** The lines of data that this statement copies, without the fields of columns whose names are those of secrets. */
export function redactCopied(sql: string, text: string): string {
  const [, columns = '', options = ''] = COPY.exec(sql) ?? []
  const secret = columns.split(',').map((name) => isSecretName(name.trim().replaceAll('"', '')))
  const isOfQuery = OF_QUERY.test(sql)
  if (isOfQuery ? !(sql.match(NAME) ?? []).some(isSecretName) : !secret.includes(true)) return text
  const isWhole = isOfQuery || OTHER_FORMAT.test(options)
  const lines = text.split('\n')
  return lines
    .map((line) => (line === '' || NO_DATA.test(line) ? line : redactLine(line, isWhole, secret)))
    .join('\n')
}

const redactLine = (line: string, isWhole: boolean, secret: readonly boolean[]): string =>
  isWhole
    ? REDACTED
    : line
        .split('\t')
        .map((field, i) => (secret[i] ? REDACTED : field))
        .join('\t')

/** Errors of these kinds show a whole row: a NULL, or a value that a check refuses. */
const OF_ROW = new Set(['23502', '23514', '44000'])
const ROW = /\(.*/s
/** `Key (a, b)=(1, 2) already exists.`, in any language. */
const KEY = /\(([^()]{0,512})\)=\(.*/s
const COPIED_LINE = /^(COPY [^"]{0,256}?: )".*/s

/** What an error with this code says in detail, without values that may be secrets. */
export function redactDetail(code: string, detail: string): string {
  if (OF_ROW.has(code)) return detail.replace(ROW, `(${REDACTED})`)
  const names = KEY.exec(detail)?.[1]
  if (names?.split(',').some((name) => isSecretName(name.trim().replaceAll('"', ''))))
    return detail.replace(KEY, `(${names})=(${REDACTED})${CUT}`)
  return detail
}

/** Where it happened: a line of copied data isn't repeated. */
export const redactContext = (context: string): string => context.replace(COPIED_LINE, `$1"${REDACTED}"`)
