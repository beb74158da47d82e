/**
 * Secrets in texts of any form, by the names in front of them: JSON (also as a string within JSON), queries and forms (also
 * escaped), GraphQL, XML, YAML, multipart/form-data (RFC 7578), `KEY=value`. No grammar is followed: captured texts are cut
 * anywhere. Each character is looked at a bounded number of times.
 */
import { REDACTED } from '../records/redacted'
import { addSecretNames, MAX_NAME, secrecyOf } from './names'
import { matchAt, redactUserinfo, SCHEME_TRACES, TOKEN_TRACES, tokenAt } from './tokens'
import { Traces } from './traces'

/** What names of secrets have in them; `_` stands for nothing, `_` or `-`. */
const STEMS =
  'passw passphrase passcode secret token signature credential authoriz assertion session_id sessid csrf xsrf samlre code_verifier connection_string api_key api.key access_key creds requirepass masterauth api_sign access_sign mnemonic auth_code device_code recovery_code backup_code reset_code verification_code security_code mfa_code'
    .split(' ')
    .flatMap((stem) => (stem.includes('_') ? ['', '_', '-'].map((sign) => stem.replace('_', sign)) : [stem]))
/** Words of which names end; else they are in too many others (`monkey`, `design`). */
const ENDINGS =
  'pass pwd pw jwt key sig otp totp cvv cvc pin psk auth sid hmac cookie cookies ticket session bearer'.split(
    ' ',
  )
const BEHIND_ENDINGS = ['"', "'", '=', ':', '\\', ']', '%', '>']
const endings = ENDINGS.flatMap((word) => BEHIND_ENDINGS.map((behind) => word + behind))
/** Of INI files and SQL. */
const OTHERS = ['pass =', 'pwd =', 'pw =', 'x-auth:', 'identified by']

let traces: Traces

function lookFor(more: readonly string[]): void {
  traces = new Traces([...STEMS, ...OTHERS, ...more, ...endings, ...SCHEME_TRACES], TOKEN_TRACES)
}
lookFor([])

/** The parts of a name that is given by the user which texts are searched for. */
const LITERAL = /[A-Za-z0-9]{3,}/g

/** The longest part of a name's shape; '' when it is too short to be searched for. */
export function literalOf(shape: string): string {
  const parts = shape.match(LITERAL) ?? []
  return parts.reduce((longest, part) => (part.length > longest.length ? part : longest), '')
}

/** Names of secrets beside those that are known by their shape: `--redact-extra`. For all that runs in this thread. */
export function redactAlso(shapes: readonly string[]): void {
  addSecretNames(shapes)
  lookFor(shapes.map(literalOf))
}

/** The same text, `[redacted]` in the place of secrets. */
export function redactText(text: string): string {
  const first = traces.find(text, 0)
  const safe = redactUserinfo(first < 0 ? text : redactFrom(text, first))
  return safe.includes('\\u00') ? safe.replace(ESCAPED_NAME, redactEscapedName) : safe
}

function redactFrom(text: string, first: number): string {
  let safe = ''
  let done = 0
  for (let at = first; at >= 0; ) {
    const secret = tokenAt(text, at) ?? namedAt(text, at, done)
    if (secret) {
      safe += text.slice(done, secret.start) + (secret.instead ?? REDACTED)
      done = secret.end
    }
    at = traces.find(text, Math.max(at + 1, done))
  }
  safe += text.slice(done)
  return safe.includes('authorization_code') ? safe.replace(GRANT, `$1${REDACTED}`) : safe
}

/** A name in JSON with letters written as their numbers (RFC 8259 §7), and its value. */
const ESCAPED_NAME =
  /"([^"\\]{0,64}\\u00[4-7][0-9a-f](?:[^"\\]|\\u00[0-9a-f]{2}){0,64})"(\s{0,8}:\s{0,8})"((?:[^"\\]|\\.)*)"?/gi

function redactEscapedName(all: string, written: string, sign: string): string {
  const name = written.replace(/\\u00([0-9a-f]{2})/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
  return secrecyOf(name) === 'always' ? `"${written}"${sign}"${REDACTED}"` : all
}

/** A client's request for a token as JSON (RFC 6749 §4.1.3, which has it as a form). */
const GRANT = /(["']code\\{0,7}["']\s{0,8}:\s{0,8}\\{0,7}["'])[^"'\\]+/g

// ── Values behind their names ────────────────────────────────────────────────

/** Letters that names are made of; others end one. */
const isNameLetter = (code: number): boolean =>
  (code >= 0x30 && code <= 0x39) ||
  (code >= 0x41 && code <= 0x5a) ||
  (code >= 0x61 && code <= 0x7a) ||
  code === 0x2d ||
  code === 0x2e ||
  code === 0x5f

/** Dots stand for what can't be printed. */
function wordEnd(text: string, at: number): number {
  const dot = text.indexOf('.', at)
  return dot < 0 ? text.length : dot
}

interface Secret {
  readonly start: number
  readonly end: number
  /** In the place of it; `[redacted]` by default. */
  readonly instead?: string
}

/** The value of the name that has the letter at `at`, and begins at `from` or behind it. */
function namedAt(text: string, at: number, from: number): Secret | undefined {
  let start = at
  let end = at
  const least = Math.max(from, at - MAX_NAME)
  const most = at + MAX_NAME
  while (start > least && isNameLetter(text.charCodeAt(start - 1))) start--
  while (end < most && isNameLetter(text.charCodeAt(end))) end++
  if (end - start > MAX_NAME) return undefined
  if (text.startsWith('<binary ')) end = Math.min(end, wordEnd(text, at))
  // The rest of an escape is no part of the name: `x%5Bpw`.
  if (text.charCodeAt(start - 1) === 0x25) start = Math.min(start + 2, at)
  return secretAt(text, start, end)
}

const ESCAPE = '%(?:25){0,3}'
const QUOTE = `(?:\\\\{0,7}["'\`]|${ESCAPE}2[27])`
/** `"] =` and the like: what ends a name, and what assigns. Two slashes begin a host, two colons another name. */
const ASSIGNS = new RegExp(
  `(?:\\]|\\[[^\\]\\s=]{0,32}\\]|%5B\\w{0,32}%5D|${ESCAPE}5D){0,8}(${QUOTE}?)[ \\t]{0,8}(=>|[=!]?={1,2}|:(?!//|:)|${ESCAPE}3[ADad])[ \\t]{0,16}`,
  'y',
)
/** The name is itself a value, and its own stands beside it: `{"name": "DB_PASSWORD", "value": "…"}`. */
const BESIDE = new RegExp(
  `${QUOTE}\\s{0,32},?\\s{0,32}${QUOTE}?value${QUOTE}?\\s{0,8}[:=]\\s{0,8}(?=\\\\{0,7}["'])`,
  'iy',
)
const NAMESPACE = /<[\w-]{1,32}:$/
const CDATA = '<![CDATA['
const ELEMENT = /(?:\s[^<>]{0,256})?>/y
const PART_NAME = /name=\\?"?$/
/** The rest of a part's header, and the empty line. */
const PART = /"?[^\r\n]{0,256}(?:\r?\n[^\r\n]{1,512}){0,4}\r?\n\r?\n/y
const PART_END = /\r?\n--/g
const QUOTED = new RegExp(QUOTE, 'y')
/** An array of plain values; of one with objects in it the names within tell. */
const ARRAY = /\[(?![^\]]{0,256}\{)(?:"(?:[^"\\]|\\.)*"?|[^"[\]{}]+)+\]?/y
/** In a string within a string, where quotes are escaped. */
const ESCAPED_ARRAY = /\[(?![^\]]{0,256}\{)[^\]]+\]?/y
/** `{"password":{"value":"…"}}` */
const WRAPPED =
  /\{\s{0,16}\\{0,7}["'](?:value|raw|plain|plaintext|text|content)\\{0,7}["']\s{0,8}:\s{0,8}(?=\\{0,7}["'])/iy
/** Behind `=` commas are part of it; behind `:` they may begin the next one. */
const UNTIL_SPACE = /(?:(?:bearer|basic|digest|negotiate|token) )?[^\s"&;#<>\\]*/iy
const UNTIL_COMMA = /(?:(?:bearer|basic|digest|negotiate|token) )?[^\s"'&;,)}\]<>\\]*/iy
const LINE = /[^\r\n"\\<>]*/y
const BEGINS_LINE = /(?:^|[\r\n]|\\n)[ \t]*(?:- |export |[>*] )?["']?$/
const ESCAPED_ASSIGNMENT = /^%/
const ESCAPED_END = /%(?:25){0,3}(?:26|23|22|27|7D|5D|2C|3B|0D|0A)/i

/** What says nothing, and types in a schema. */
const NO_VALUE =
  /^(?:true|false|null|none|nil|undefined|\[?(?:String|ID|Int|Boolean|Float|number|any|unknown|void)!?\]?!?|[[{(]?)$/i
/** What ends a value in code and prose. */
const PUNCTUATION = /[,;)\]}.]{1,3}$/
const NUMBER = /^-?\d{1,20}(?:\.\d+)?$/
/** Of these a number is a secret, too; of others it counts something. */
const MAY_BE_NUMBER = /pass|pw|pin|otp|cv[vc]|secret|code/i
const PORT = /^\d{1,5}(?:[/?].*)?$/
/** Fewer digits count something, as more tokens than one do. */
const COUNT = /^.{1,5}$/
const PLURAL = /s["'\]]?\s*[=:]\s*$/i
/** Characters of a value that may be none which are looked at. */
const MAX_DOUBTFUL = 160

function secretAt(text: string, start: number, end: number): Secret | undefined {
  const name = text.slice(start, end)
  if (IDENTIFIED.test(name)) return identifiedBy(text, start)
  const secrecy = secrecyOf(name)
  if (secrecy === 'never') return undefined
  if (secrecy === 'random') {
    const least = /key$/i.test(name) ? 16 : 8
    const clipped = text.slice(0, end + MAX_DOUBTFUL)
    const doubtful = behind(clipped, start, end)
    if (!doubtful || !looksRandom(clipped.slice(doubtful.start, doubtful.end), least)) return undefined
  }
  return behind(text, start, end)
}

const IDENTIFIED = /^identified$/i
const BY = /identified by(?: password)? {1,4}(?=\\{0,7}['"])/iy

/** `CREATE USER bob IDENTIFIED BY 'x'` */
function identifiedBy(text: string, start: number): Secret | undefined {
  const by = matchAt(BY, text, start)
  return by ? quoted(text, start + by[0].length) : undefined
}

function behind(text: string, start: number, end: number): Secret | undefined {
  const before = text.charCodeAt(start - 1)
  if (before === 0x3c || (before === 0x3a && NAMESPACE.test(text.slice(Math.max(0, start - 34), start))))
    return inElement(text, end)
  const assigns = matchAt(ASSIGNS, text, end)
  if (assigns) return assigned(text, start, end + assigns[0].length, assigns)
  return (
    inPart(text, start, end) ??
    beside(text, end) ??
    inPath(text, end) ??
    asWord(text, start, end) ??
    inBinary(text, end)
  )
}

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

/** multipart/form-data: `name="password"`, perhaps more lines, an empty one, the value. */
function inPart(text: string, start: number, end: number): Secret | undefined {
  if (!PART_NAME.test(text.slice(Math.max(0, start - 8), start))) return undefined
  const rest = matchAt(PART, text, end)
  if (!rest) return undefined
  const from = end + rest[0].length
  PART_END.lastIndex = from
  return whole(from, PART_END.exec(text)?.index ?? text.length)
}

function beside(text: string, end: number): Secret | undefined {
  const rest = matchAt(BESIDE, text, end)
  return rest ? quoted(text, end + rest[0].length) : undefined
}

/** `/reset-password/4f2a…` */
function inPath(text: string, end: number): Secret | undefined {
  if (text.charCodeAt(end) !== 0x2f) return undefined
  const length = matchAt(SEGMENT, text, end + 1)![0].length
  return looksRandom(text.slice(end + 1, end + 1 + length), 16) ? whole(end + 1, end + 1 + length) : undefined
}
const SEGMENT = /[\w~=-]{0,512}/y

function inElement(text: string, end: number): Secret | undefined {
  const rest = matchAt(ELEMENT, text, end)
  if (!rest) return undefined
  const begin = end + rest[0].length
  const isData = text.startsWith(CDATA, begin)
  const from = isData ? begin + CDATA.length : begin
  const to = text.indexOf(isData ? ']]>' : '<', from)
  const value = whole(from, to < 0 ? text.length : to)
  return value && text.slice(value.start, value.end).trim() === '' ? undefined : value
}

function assigned(
  text: string,
  start: number,
  at: number,
  [, closing, sign]: RegExpExecArray,
): Secret | undefined {
  if (text.startsWith(REDACTED, at)) return undefined
  const inQuotes = quoted(text, at)
  if (inQuotes) return inQuotes
  const wrapped = matchAt(WRAPPED, text, at)
  if (wrapped) return quoted(text, at + wrapped[0].length)
  const array = matchAt(closing!.length > 1 ? ESCAPED_ARRAY : ARRAY, text, at)
  if (array) {
    const instead = `[${closing}${REDACTED}${closing}]`
    return text.startsWith(instead, at) ? undefined : { start: at, end: at + array[0].length, instead }
  }
  const isColon = sign === ':'
  const isLine = isColon && closing === '' && BEGINS_LINE.test(text.slice(Math.max(0, start - 64), start))
  let { length } = matchAt(isLine ? LINE : isColon ? UNTIL_COMMA : UNTIL_SPACE, text, at)![0]
  if (ESCAPED_ASSIGNMENT.test(sign!)) length = escapedLength(text.slice(at, at + length))
  const raw = text.slice(at, at + length)
  const value = raw.replace(PUNCTUATION, '')
  if (NO_VALUE.test(value) || isVariable(value, text.slice(start, at))) return undefined
  if (isBlock(value)) return block(text, at + length)
  const isNumber = NUMBER.test(value)
  if (isNumber && counts(value, text.slice(start, at))) return undefined
  if (!isNumber && isColon && PORT.test(value)) return undefined
  // A number in JSON gives way to a string.
  return { start: at, end: at + length, instead: isColon && closing !== '' ? `"${REDACTED}"` : REDACTED }
}

/** `password: $password` in GraphQL. */
const isVariable = (value: string, named: string): boolean =>
  value.startsWith('$') && value.length > 3 && named.toLowerCase().startsWith(value.slice(1).toLowerCase())

const counts = (number: string, named: string): boolean =>
  !MAY_BE_NUMBER.test(named) && (COUNT.test(number) || PLURAL.test(named))

/** YAML's values of several lines: `password: |` and what is indented below. */
const isBlock = (value: string): boolean => /^[|>][+-]?$/.test(value)
const BLOCK = /(?:\r?\n[ \t]+)((?:[^\r\n]*)(?:\r?\n[ \t]+[^\r\n]*)*)/y

function block(text: string, at: number): Secret | undefined {
  const lines = matchAt(BLOCK, text, at)
  return lines ? whole(at + lines[0].length - lines[1]!.length, at + lines[0].length) : undefined
}

/** Of a value whose own delimiters are escaped: `access_token%3Dabc%26state%3D1`. */
function escapedLength(value: string): number {
  return ESCAPED_END.exec(value)?.index ?? value.length
}

/** A value in quotes, which may be escaped; without the closing one it goes to the end. */
function quoted(text: string, at: number): Secret | undefined {
  const quote = matchAt(QUOTED, text, at)?.[0]
  if (quote === undefined) return undefined
  const start = at + quote.length
  let end = text.indexOf(quote, start)
  while (end >= 0 && isEscaped(text, start, end, quote)) end = text.indexOf(quote, end + 1)
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

const whole = (start: number, end: number): Secret | undefined => (end > start ? { start, end } : undefined)

/** Letters and digits mixed, as keys and codes have them and words haven't; of `least` characters. */
export function looksRandom(value: string, least: number): boolean {
  if (value.length < least || !/^[\w~+/=%-]+$/.test(value)) return false
  return value.split(/[^a-z0-9]+/i).some((part) => part.length >= 8 && /[a-z]/i.test(part) && /\d/.test(part))
}
