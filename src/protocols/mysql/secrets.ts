/** Secrets of statements: those that every text may hold, MySQL's own, and values that stand where a statement names one. */
import { REDACTED, redactText } from '../lib/redact'
import type { ProtocolSettings } from '../protocol'

/** Functions of passwords. */
const FUNCTION = /(\b(?:old_)?password\s{0,8}\(\s{0,8})('(?:[^'\\]|\\.|'')*'?|"(?:[^"\\]|\\.|"")*"?)/gi
const MAY_HAVE = /password/i

export function safeStatement(text: string, { redact }: ProtocolSettings): string {
  if (!redact) return text
  const safe = redactText(text)
  if (!MAY_HAVE.test(safe)) return safe
  return safe.replace(FUNCTION, (_, before: string) => `${before}'${REDACTED}'`)
}

/** A prepared statement as it is shown, and which values of its placeholders are secrets. */
export class Template {
  readonly text: string
  readonly #settings: ProtocolSettings
  readonly #parts: readonly string[]

  constructor(statement: string, settings: ProtocolSettings) {
    this.#settings = settings
    this.#parts = safeParts(statement, settings)
    this.text = this.#parts.join('?')
  }

  /** What is shown of it. */
  get shown(): string {
    return this.limited(this.text)
  }

  limited(text: string): string {
    return text.slice(0, this.#settings.bodyLimit)
  }

  /**
   * The values without secrets. A value is one if it would be in its place in the statement: so the statement is looked at with all
   * of them in it. What has no place, since the statement was cut, can't be told from one.
   */
  safe(values: readonly string[]): readonly string[] {
    if (!this.#settings.redact || values.length === 0) return values
    const parts = this.#parts
    // A value can't end its own quotes here.
    const quoted = values.map((value) => (value === 'NULL' ? value : `'${value.replace(/['\\]/g, ' ')}'`))
    const whole = parts.map((part, i) => part + (i < parts.length - 1 ? (quoted[i] ?? '?') : '')).join('')
    const found = safeStatement(whole, this.#settings)
    if (found === whole && values.length < parts.length) return values
    return placed(found, parts, values, quoted)
  }
}

/** Values that stand unchanged between the parts stay; the others are secrets, and so is all that can't be told. */
function placed(
  text: string,
  parts: readonly string[],
  values: readonly string[],
  quoted: readonly string[],
): readonly string[] {
  let at = text.startsWith(parts[0]!) ? parts[0]!.length : -1
  return values.map((value, i) => {
    const next = parts[i + 1]
    if (next === undefined || at < 0) return REDACTED
    if (text.startsWith(quoted[i]! + next, at)) {
      at += quoted[i]!.length + next.length
      return value
    }
    const end = next === '' ? text.length : text.indexOf(next, at)
    at = end < 0 ? -1 : end + next.length
    // A document with a secret in it shows the rest of it.
    const safe = redactText(value)
    return safe === value ? REDACTED : safe
  })
}

/** The parts around a statement's placeholders, without secrets. NULL in place of a placeholder is never taken for one. */
function safeParts(statement: string, settings: ProtocolSettings): readonly string[] {
  const parts = partsOf(statement)
  if (safeStatement(statement, settings) === statement) return parts
  const whole = parts.join(' NULL ')
  const safe = safeStatement(whole, settings)
  if (safe === whole) return parts
  const [before, behind] = [whole.split(NULLS), safe.split(NULLS)]
  if (before.length !== behind.length) return [safe]
  const made: string[] = []
  let part = ''
  let length = 0
  let next = parts[0]!.length
  before.forEach((text, i) => {
    part += behind[i]
    length += text.length
    if (i === before.length - 1) return
    const isPlaceholder = length === next
    if (isPlaceholder) {
      made.push(part)
      part = ''
      next += NULL_LENGTH + (parts[made.length]?.length ?? 0)
    } else part += ' NULL '
    length += NULL_LENGTH
  })
  made.push(part)
  return made
}
const NULLS = / NULL /
const NULL_LENGTH = 6

const QUOTES = /'(?:[^'\\]|\\.|'')*'?|"(?:[^"\\]|\\.|"")*"?|`[^`]*`?|\/\*[\s\S]*?(?:\*\/|$)|#.*|--\s.*|\?/g

/** A statement's text between its placeholders. */
function partsOf(statement: string): readonly string[] {
  const parts: string[] = []
  let from = 0
  for (const { 0: token, index } of statement.matchAll(QUOTES)) {
    if (token !== '?') continue
    parts.push(statement.slice(from, index))
    from = index + 1
  }
  parts.push(statement.slice(from))
  return parts
}
