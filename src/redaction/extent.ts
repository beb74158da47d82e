/** Where a value ends: in quotes, also escaped ones, and without. */
import { REDACTED } from '../records/redacted'
import { matchAt } from './tokens'

export interface Secret {
  readonly start: number
  readonly end: number
  /** In the place of it; `[redacted]` by default. */
  readonly instead?: string
}

export const ESCAPE = '%(?:25){0,3}'
export const QUOTE = `(?:\\\\{0,7}["'\`]|${ESCAPE}2[27])`
/** Three of them begin a string of several lines: of GraphQL, TOML, Python, Kotlin. */
const QUOTED = new RegExp(`(${QUOTE})(?:\\1\\1)?`, 'y')
/** What may stand between a name in quotes, its colon and its value: blanks, also escaped, and comments. */
export const GAP = `(?:\\s|\\\\{1,7}[nrt]|\\+|${ESCAPE}(?:20|0[9AaDd])|/\\*[^*]{0,128}\\*/|//[^\\n]{0,128}\\n|#[^\\n]{0,128}\\n){0,32}`

/** What says nothing, and types in a schema. */
export const NO_VALUE =
  /^(?:true|false|null|none|nil|undefined|\[?(?:String|ID|Int|Boolean|Float|number|any|unknown|void)!?\]?!?|[[{(]{0,4})$/i

/** A value in quotes, which may be escaped; without the closing one it goes to the end. */
export function quoted(text: string, at: number): Secret | undefined {
  const opening = matchAt(QUOTED, text, at)
  if (!opening) return undefined
  const [quote, sign] = opening
  const start = at + quote.length
  let end = text.indexOf(quote, start)
  while (end >= 0 && isEscaped(text, start, end, sign!)) end = text.indexOf(quote, end + 1)
  if (end < 0) end = text.length
  const value = text.slice(start, end)
  return { start, end, instead: NO_VALUE.test(value) ? value : REDACTED }
}

/**
 * Within a string within n strings a quote has 2ⁿ − 1 backslashes; one that belongs to the value has more, and those in
 * front that are multiples of 2 × 2ⁿ are backslashes of the value.
 */
function isEscaped(text: string, start: number, at: number, quote: string): boolean {
  let backslashes = 0
  while (at - 1 - backslashes >= start && text.charCodeAt(at - 1 - backslashes) === 0x5c) backslashes++
  return backslashes % (2 * quote.length) !== 0
}

/** Behind `=` commas are part of it; behind `:` they may begin the next one. */
export const UNTIL_SPACE = /(?:(?:bearer|basic|digest|negotiate|token) )?[^\s"&;#<>\\]*/iy
export const UNTIL_COMMA = /(?:(?:bearer|basic|digest|negotiate|token) )?[^\s"'&;,)}\]<>\\]*/iy
export const LINE = /[^\r\n"\\<>]*/y

export const whole = (start: number, end: number): Secret | undefined =>
  end > start ? { start, end } : undefined
