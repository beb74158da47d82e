/** Where the value of a name is: behind it, in the element or the part of that name, or beside it. No grammar is followed. */
import { REDACTED } from '../records/redacted'
import { besideName } from './beside'
import { isExpression, isTernary } from './code'
import { inElement } from './elements'
import {
  ESCAPE,
  GAP,
  LINE,
  NO_VALUE,
  QUOTE,
  quoted,
  type Secret,
  UNTIL_COMMA,
  UNTIL_SPACE,
  whole,
} from './extent'
import { secrecyOf } from './names'
import { saidOf } from './said'
import { matchAt } from './tokens'
import { inLinesBelow } from './yaml'

/** What assigns. Two slashes begin a host, two colons another name. */
const SIGN = `=>|[=!]?={1,2}|:=|:(?!//|:)|${ESCAPE}3[ADad]`
/** `"] =` and the like: what ends a name, and what assigns. */
const ASSIGNS = new RegExp(
  `(?:\\]|\\[[^\\]\\s=]{0,32}\\]|%5B\\w{0,32}%5D|${ESCAPE}5D){0,8}(?:(${QUOTE})\\]?${GAP}(=>|[=!]?={1,2}|:=|:(?!:)|${ESCAPE}3[ADad])${GAP}|[ \\t\\u00a0]{0,8}(${SIGN})[ \\t\\u00a0]{0,16})`,
  'y',
)
const NAMESPACE = /<[\w-]{1,32}:$/
/** An array of plain values; of one with objects in it the names within tell. */
const ARRAY = /\[(?![^\]]{0,256}\{)(?:"(?:[^"\\]|\\.)*"?|[^"[\]{}]+)+\]?/y
/** In a string within a string, where quotes are escaped. */
const ESCAPED_ARRAY = /\[(?![^\]]{0,256}\{)[^\]]+\]?/y
/** `{"password":{"value":"…"}}` */
const WRAPPED = new RegExp(
  `(?:\\{|${ESCAPE}7B)${GAP}${QUOTE}(?:value|raw|plain|plaintext|text|content)${QUOTE}${GAP}(?::|${ESCAPE}3A)${GAP}(?=${QUOTE})`,
  'iy',
)
/** An object in a URL, whose names tell; and a list of strings. */
const ESCAPED_OBJECT = new RegExp(`${ESCAPE}(?:7B|5B${GAP}${ESCAPE}7B)`, 'iy')
const ESCAPED_LIST = new RegExp(
  `(${ESCAPE}5B${GAP}${QUOTE})[^&\\s]*?(?=${QUOTE}${GAP}${ESCAPE}5D|[&\\s]|$)`,
  'iy',
)
const PERCENT = 0x25
/** `b'…'` of Python and the like. */
const PREFIX = /(?:[BbFfRrUu]{1,2}|[@LN])(?=\\{0,7}["'])/y
/** `SecretStr("…")` */
const CALL = /[A-Za-z_][\w.:]{0,48}\(\s{0,4}[BbFfRrUu]?(?=\\{0,7}["'])/y
/** `$password: String! = "…"` */
const TYPE_WITH_DEFAULT =
  /(?:\[?(?:String|ID|any|text|str|string|SecretStr|Option<String>|Optional\[str\]|&(?:'static )?str|str \| None)!?\]?[!?]?)\s{0,4}=\s{0,4}[BbFfRrUu]?(?=\\{0,7}["'])/y
/** What is said of a secret, not what it is: `invalid token: unexpected end`. */
const PROSE =
  /(?:an?|at|can(?:not)?|could|did|does|empty|expected|expired|failed|for|has|in|incorrect|invalid|is|it|malformed|missing|must|no|not|of|permission|please|required|resource|should|that|the|this|to|too|unauthorized|unexpected|unknown|use|was|wrong|your) [a-z]/y
const BEGINS_LINE = /(?:^|[\r\n]|\\n)[ \t]*(?:- |export |[>*] )?["']?$/
const ESCAPED_ASSIGNMENT = /^%/
const ESCAPED_END = /%(?:25){0,3}(?:26|23|22|27|7D|5D|2C|3B|0D|0A)/i

/** What ends a value in code and prose. */
const PUNCTUATION = /[,;:)\]}.]{1,3}$/
const NUMBER = /^-?\d{1,20}(?:\.\d+)?$/
/** Of these a number is a secret, too; of others it counts something. */
const MAY_BE_NUMBER = /pass|pw|pin|otp|cv[vc]|secret|code/i
const PORT = /^\d{1,5}(?:[/?].*)?$/
/** Fewer digits count something, as more tokens than one do. */
const COUNT = /^.{1,5}$/
const PLURAL = /s["'\]]?\s*[=:]\s*$/i
/** Characters of a value that may be none which are looked at. */
const MAX_DOUBTFUL = 160

/** The secret that the name from `start` to `end` announces. */
export function secretAt(text: string, start: number, end: number): Secret | undefined {
  const name = text.slice(start, end)
  if (IDENTIFIED.test(name)) return identifiedBy(text, start)
  const secrecy = secrecyOf(name)
  if (secrecy === 'never') return undefined
  if (secrecy === 'random') {
    const least = /key$/i.test(name) ? 16 : 8
    const clipped = text.slice(0, end + MAX_DOUBTFUL)
    const doubtful = behind(clipped, start, end, text)
    if (!doubtful || !looksRandom(clipped.slice(doubtful.start, doubtful.end), least)) return undefined
  }
  return behind(text, start, end, text)
}

const IDENTIFIED = /^identified$/i
const BY =
  /identified\s{1,8}(?:(?:with|via)\s{1,8}[\w.]{1,64}\s{1,8})?(?:by|as|using)(?:\s{1,8}password)?(?:\s{0,8}\(\s{0,8}|\s{1,8})(?=\\{0,7}['"])/iy

/** `CREATE USER bob IDENTIFIED BY 'x'`, `IDENTIFIED WITH plugin BY 'x'`, `IDENTIFIED VIA plugin USING PASSWORD('x')` */
function identifiedBy(text: string, start: number): Secret | undefined {
  const by = matchAt(BY, text, start)
  return by ? quoted(text, start + by[0].length) : undefined
}

/** `all`: what `text` is the first part of. */
function behind(text: string, start: number, end: number, all: string): Secret | undefined {
  const before = text.charCodeAt(start - 1)
  if (before === 0x3c || (before === 0x3a && NAMESPACE.test(text.slice(Math.max(0, start - 34), start))))
    return inElement(text, start, end)
  const assigns = matchAt(ASSIGNS, text, end)
  if (assigns) return assigned(text, start, end + assigns[0].length, assigns, all)
  return (
    ofKey(text, end) ??
    besideName(text, start, end) ??
    inPath(text, end) ??
    asWord(text, start, end) ??
    saidOf(text, end) ??
    inBinary(text, end)
  )
}

/** PostgreSQL's `Key (user_id, token)=(5, x) already exists.`: all values of the key, as they are told apart by no sign. */
function ofKey(text: string, end: number): Secret | undefined {
  const key = matchAt(KEY, text, end)
  if (!key) return undefined
  const at = end + key[0].length
  return whole(at, at + matchAt(KEY_VALUES, text, at)![0].length)
}
const KEY = /(?:,[\w". (-]{1,64}){0,32}\){1,3}=\(/y
/** To their bracket, or what already stands for them. */
const KEY_VALUES = /\[redacted\]|[^\r\n"]*?(?=\) (?:already|is|conflicts)\b|[\r\n"]|$)/y

/** `PASSWORD 'x'` of SQL, `--password x` of a command line, also as `"--password", "x"`. */
function asWord(text: string, start: number, end: number): Secret | undefined {
  const isFlag = text.startsWith('--', start)
  const space = matchAt(isFlag ? BEHIND_FLAG : BEHIND_WORD, text, end)
  if (!space) return undefined
  const at = end + space[0].length
  const inQuotes = quoted(text, at)
  if (inQuotes || !isFlag || text.startsWith('-', at)) return inQuotes
  return whole(at, at + matchAt(UNTIL_SPACE, text, at)![0].length)
}
const BEHIND_WORD = /[ \t]{1,4}(?=\\{0,7}')/y
const BEHIND_FLAG = /[ \t]{1,4}(?=\S)|\\{0,7}["'],\s{0,16}(?=\\{0,7}["'])/y

/** What is shown of binary content has no signs by which to tell where a value begins. */
const inBinary = (text: string, end: number): Secret | undefined =>
  text.startsWith('<binary ') ? whole(end, text.length) : undefined

/** `/reset-password/4f2a…` */
function inPath(text: string, end: number): Secret | undefined {
  if (text.charCodeAt(end) !== 0x2f) return undefined
  const length = matchAt(SEGMENT, text, end + 1)![0].length
  return looksRandom(text.slice(end + 1, end + 1 + length), 16) ? whole(end + 1, end + 1 + length) : undefined
}
const SEGMENT = /[\w~=-]{0,512}/y

function assigned(
  text: string,
  start: number,
  at: number,
  [signs, quote, quotedSign, plainSign]: RegExpExecArray,
  all: string,
): Secret | undefined {
  const closing = quote ?? ''
  const sign = quotedSign ?? plainSign!
  if (text.startsWith(REDACTED, at) || text.startsWith(`[${REDACTED}`, at)) return undefined
  const isColon = sign === ':'
  const inQuotes = quoted(text, at) ?? prefixed(text, at, isColon && closing === '')
  if (inQuotes) return isNone(text, start, inQuotes, closing) ? undefined : inQuotes
  const wrapped = matchAt(WRAPPED, text, at)
  if (wrapped) return quoted(text, at + wrapped[0].length)
  if (text.charCodeAt(at) === PERCENT) {
    if (matchAt(ESCAPED_OBJECT, text, at)) return undefined
    const list = matchAt(ESCAPED_LIST, text, at)
    if (list) return whole(at + list[1]!.length, at + list[0].length)
  }
  const array = matchAt(closing.length > 1 ? ESCAPED_ARRAY : ARRAY, text, at)
  if (array) {
    if (closing === '' && !/["']/.test(array[0]) && isExpression(array[0], all, signs, false))
      return undefined
    const instead = `[${closing}${REDACTED}${closing}]`
    return text.startsWith(instead, at) ? undefined : { start: at, end: at + array[0].length, instead }
  }
  const isLine = isColon && closing === '' && BEGINS_LINE.test(text.slice(Math.max(0, start - 64), start))
  const below = isLine && inLinesBelow(text, start, at)
  if (below) return below
  if (isColon && !isLine && closing === '' && /[ \t]$/.test(signs) && matchAt(PROSE, text, at))
    return undefined
  let { length } = matchAt(isLine ? LINE : isColon ? UNTIL_COMMA : UNTIL_SPACE, text, at)![0]
  if (ESCAPED_ASSIGNMENT.test(sign)) length = escapedLength(text.slice(at, at + length))
  const raw = text.slice(at, at + length)
  if (raw.includes('(')) {
    const call = matchAt(CALL, text, at)?.[0]
    if (call) return isExpression(call, all, signs, false) ? undefined : quoted(text, at + call.length)
  }
  const value = raw.replace(PUNCTUATION, '')
  if (NO_VALUE.test(value) || PLACEHOLDER.test(value) || isVariable(value, text.slice(start, at)))
    return undefined
  if (closing === '' && isExpression(text.slice(at, at + length + 1), all, signs, isLine)) return undefined
  const isNumber = NUMBER.test(value)
  if (isNumber && counts(value, text.slice(start, at))) return undefined
  if (!isNumber && isColon && PORT.test(value)) return undefined
  // What is written together is one: `{'password': x'…'}`.
  const glued = closing !== '' && length > 0 && text.startsWith(closing, at + length)
  const end = glued ? Math.min(quoted(text, at + length)!.end + closing.length, text.length) : at + length
  // A number in JSON gives way to a string.
  return { start: at, end, instead: isColon && closing !== '' ? `"${REDACTED}"` : REDACTED }
}

function prefixed(text: string, at: number, mayBeTyped: boolean): Secret | undefined {
  const prefix = matchAt(PREFIX, text, at) ?? (mayBeTyped ? matchAt(TYPE_WITH_DEFAULT, text, at) : null)
  return prefix ? quoted(text, at + prefix[0].length) : undefined
}

/** Whether what is in quotes behind the name that begins at `start` is no secret. */
function isNone(text: string, start: number, { start: from, end }: Secret, closing: string): boolean {
  const value = text.slice(from, end)
  if (PLACEHOLDER.test(value)) return true
  if (closing !== '') return isTernary(text, start)
  return ENDS_STRING.test(value)
}
/** `"of the token:", error`: the quote ends a text, and begins none. */
const ENDS_STRING = /^[,)\]};](?:[\s"'\\,;)\]}]|$)/
/** What is put in the place of a value: `%s`, `{token}`, `{{ .token }}`, `${TOKEN}`, `<token>`, `****`; `?` and `$1` of SQL. */
const PLACEHOLDER =
  /^(?:\?|\$\d{1,3}|%[a-z]|\{[a-z_. ]{0,64}\}|\{\{[^{}]{0,64}\}\}|\$\{[A-Z_a-z]{1,64}\}|\$\([A-Z_]{1,64}\)|<[a-z][a-z _-]{0,64}>|\*+)$/

/** `password: $password` in GraphQL, `password = :password` in SQL. */
const isVariable = (value: string, named: string): boolean =>
  /^[$:@]/.test(value) && value.length > 3 && named.toLowerCase().startsWith(value.slice(1).toLowerCase())

const counts = (number: string, named: string): boolean =>
  !MAY_BE_NUMBER.test(named) && (COUNT.test(number) || PLURAL.test(named))

/** Of a value whose own delimiters are escaped: `access_token%3Dabc%26state%3D1`. */
function escapedLength(value: string): number {
  return ESCAPED_END.exec(value)?.index ?? value.length
}

/** Letters and digits mixed, as keys and codes have them and words haven't; of `least` characters. */
export function looksRandom(value: string, least: number): boolean {
  if (value.length < least || !/^[\w~+/=%-]+$/.test(value)) return false
  return value.split(/[^a-z0-9]+/i).some((part) => part.length >= 8 && /[a-z]/i.test(part) && /\d/.test(part))
}
