/** Values whose names stand apart from them, in a list of columns: texts with separated values (RFC 4180), and SQL's INSERT. */
import { REDACTED } from '../records/redacted'
import { isSecretName } from './names'

/** The same text without what stands in columns with the names of secrets. Each character is looked at a bounded number of times. */
export const redactColumns = (text: string): string => redactInserts(redactLines(text))

/** Which of the columns hold secrets; undefined when none does, or they don't look like names of columns. */
function secretColumns(names: readonly string[]): readonly boolean[] | undefined {
  if (names.length < 2 || names.length > MOST_COLUMNS || !names.every((name) => NAME.test(name)))
    return undefined
  const secret = names.map((name) => isSecretName(name.replace(OF_QUOTES, '')))
  return secret.includes(true) ? secret : undefined
}
const MOST_COLUMNS = 256
const NAME = /^\s{0,8}(?:\\{0,3}["'`[])?[A-Za-z_][\w .-]{0,63}(?:\\{0,3}["'`\]])?\s{0,8}$/
const OF_QUOTES = /[\\"'`[\]]/g

// ── A line of names, and lines of values ─────────────────────────────────────

const HEADER = /^["'A-Za-z_][^\r\n{}<>=:]{2,4096}(?=\r?\n)/
const SEPARATORS = [',', ';', '\t', '|']

function redactLines(text: string): string {
  const header = HEADER.exec(text)?.[0]
  if (header === undefined) return text
  for (const separator of SEPARATORS) {
    const secret = secretColumns(header.split(separator))
    if (secret) return header + redactFields(text.slice(header.length), separator, secret)
  }
  return text
}

/** `rest` begins with the line break. Where the first line has another number of values, it is no table. */
function redactFields(rest: string, separator: string, secret: readonly boolean[]): string {
  const field = new RegExp(
    `([\\r\\n]+|${SIGNS[separator]})("(?:[^"]|"")*"?|[^${SIGNS[separator]}\\r\\n]*)`,
    'gy',
  )
  const isTable = (line: string) => [...`\n${line}`.matchAll(field)].length === secret.length
  const first = /^\r?\n((?:"(?:[^"]|"")*"?|[^"\r\n])*)/.exec(rest)?.[1] ?? ''
  // The last line may be cut.
  if (!isTable(first) && first.length + 2 < rest.length) return rest
  let column = 0
  return rest.replace(field, (all, sign: string, value: string) => {
    column = sign === separator ? column + 1 : 0
    return secret[column] && value !== '' && value !== '""' ? sign + REDACTED : all
  })
}
const SIGNS: Readonly<Record<string, string>> = { ',': ',', ';': ';', '\t': '\\t', '|': '\\|' }

// ── INSERT INTO … (columns) VALUES (…), (…) ──────────────────────────────────

const INSERT =
  /\binsert\s{1,8}(?:ignore\s{1,8})?into\s{1,8}[^\s(]{1,128}\s{0,8}\(([^()]{1,4096})\)(?:\s|\\[nrt]){0,8}values(?:\s|\\[nrt]){0,8}(?=\()/gi

function redactInserts(text: string): string {
  if (!/\binsert\b/i.test(text)) return text
  let safe = ''
  let done = 0
  for (const match of text.matchAll(INSERT)) {
    const secret = secretColumns(match[1]!.split(','))
    if (!secret || match.index < done) continue
    for (const { start, end } of valuesOf(text, match.index + match[0].length, secret)) {
      safe += text.slice(done, start) + REDACTED
      done = end
    }
  }
  return safe + text.slice(done)
}

/** A text, which may be cut; a bracket, a comma, or anything between them. */
const TOKEN = /'(?:[^'\\]|''|\\.)*'?|[(),;]|[^'(),;]+/gsy
const NOTHING = /^\s*(?:null|default|\?|\$\d+|:\w+|%s|\[redacted\]|'\[redacted\]'?|)\s*$/i

/** The values in the secret columns of all rows from `at` on. */
function* valuesOf(
  text: string,
  at: number,
  secret: readonly boolean[],
): Generator<{ start: number; end: number }> {
  let depth = 0
  let column = 0
  let from = at
  const value = (end: number) => {
    const raw = text.slice(from, end)
    if (!secret[column] || NOTHING.test(raw)) return []
    const start = from + raw.length - raw.trimStart().length
    return [{ start, end: start + raw.trim().length }]
  }
  TOKEN.lastIndex = at
  for (let token = TOKEN.exec(text); token; token = TOKEN.exec(text)) {
    const [sign] = token
    if (sign === '(' && ++depth === 1) {
      column = 0
      from = token.index + 1
    } else if (depth === 1 && (sign === ',' || sign === ')')) {
      yield* value(token.index)
      column++
      from = token.index + 1
    }
    if (sign === ')') depth--
    // What is behind the rows is another statement.
    if (depth === 0 && sign !== ')' && sign.trim() !== ',' && sign.trim() !== '') return
  }
  if (depth > 0) yield* value(text.length)
}
