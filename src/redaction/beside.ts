/** Values that stand beside a name which is itself a value: of pairs, lists of fields, parts of forms, and netrc files. */
import { behindElement, ofAttribute } from './elements'
import { LINE, QUOTE, quoted, type Secret, UNTIL_SPACE, whole } from './extent'
import { matchAt } from './tokens'

/** Characters in front of a name that are looked at. */
const BEFORE = 24

/** What stands behind a name decides what it may be, so that nearly all names cost one look. */
export function besideName(text: string, start: number, end: number): Secret | undefined {
  const next = text[end]
  if (next === undefined || !MAY_FOLLOW.includes(next)) return undefined
  const before = text.slice(Math.max(0, start - BEFORE), start)
  if (next === '<') return behindElement(text, before, end)
  if (next === '&') return inForm(text, before, end)
  if (next === ' ' || next === '\t') return inNetrc(text, start, end) ?? inLine(text, before, end)
  return (
    inPart(text, before, end) ??
    inField(text, end) ??
    inSerialized(text, end) ??
    inObject(text, before, start, end) ??
    ofAttribute(text, start, end) ??
    inPair(text, before, end) ??
    inLine(text, before, end) ??
    inNetrc(text, start, end)
  )
}
const MAY_FOLLOW = '<& \t\r\n"\'`\\%'

/** multipart/form-data (RFC 7578): `name="password"`, perhaps more lines, an empty one, the value. */
function inPart(text: string, before: string, end: number): Secret | undefined {
  if (!PART_NAME.test(before)) return undefined
  const rest = matchAt(PART, text, end)
  if (!rest) return undefined
  const from = end + rest[0].length
  PART_END.lastIndex = from
  return whole(from, PART_END.exec(text)?.index ?? text.length)
}
/** Also as RFC 8187 writes it: `name*=utf-8''password`. */
const PART_NAME = /name\*?=\\?"?(?:[\w-]{1,12}'[\w-]{0,5}')?$/
/** The rest of a part's header, and the empty line. */
const PART = /"?[^\r\n]{0,256}(?:\r?\n[^\r\n]{1,512}){0,4}\r?\n\r?\n/y
const PART_END = /\r?\n--/g

/** `{"name": "DB_PASSWORD", "value": "…"}` */
function inField(text: string, end: number): Secret | undefined {
  const rest = matchAt(FIELD, text, end)
  return rest ? quoted(text, end + rest[0].length) : undefined
}
const FIELD = new RegExp(
  `${QUOTE}\\s{0,32},?\\s{0,32}${QUOTE}?value${QUOTE}?\\s{0,8}[:=]\\s{0,8}(?=\\\\{0,7}["'])`,
  'iy',
)

/** `s:8:"password";s:20:"…";` of PHP's serialize(). */
function inSerialized(text: string, end: number): Secret | undefined {
  const rest = matchAt(SERIALIZED, text, end)
  return rest ? quoted(text, end + rest[0].length) : undefined
}
const SERIALIZED = /\\{0,7}";s:\d{1,9}:(?=\\{0,7}")/y

/** `{"value": "…", "type": "a", "name": "DB_PASSWORD"}`, in any order, with nothing nested. */
function inObject(text: string, before: string, start: number, end: number): Secret | undefined {
  if (!NAME_MEMBER.test(before)) return undefined
  const first = Math.max(0, start - MOST)
  const from = first + text.slice(first, start).search(/[^{}]*$/)
  const to = end + text.slice(end, end + MOST).search(/[{}]|$/)
  const value = VALUE_MEMBER.exec(text.slice(from, to))
  return value ? quoted(text, from + value.index + value[0].length) : undefined
}
const MOST = 512
const NAME_MEMBER = new RegExp(`(?:name|key)${QUOTE}\\s{0,4}:\\s{0,4}${QUOTE}$`, 'i')
const VALUE_MEMBER = new RegExp(`${QUOTE}value${QUOTE}\\s{0,8}:\\s{0,8}(?=${QUOTE})`, 'i')

/** `["password", "…"]`, of two only: a longer one is a list of names. */
function inPair(text: string, before: string, end: number): Secret | undefined {
  if (!BEGINS_PAIR.test(before)) return undefined
  const comma = matchAt(COMMA, text, end)
  if (!comma) return undefined
  const value = quoted(text, end + comma[0].length)!
  if (value.end < text.length && !matchAt(ENDS_PAIR, text, value.end)) return undefined
  const isName = IS_LIST.test(before) ? WORDS : FIELD_NAME
  return isName.test(text.slice(value.start, value.end)) ? undefined : value
}
const BEGINS_PAIR = /\[\s{0,8}\\{0,7}["']$/
/** `"required": ["password", "email"]` */
const IS_LIST = /[:=]\s{0,8}\[\s{0,8}\\{0,7}["']$/
const WORDS = /^[A-Za-z]+(?:[._-][A-Za-z]+)*$/
const COMMA = new RegExp(`${QUOTE}\\s{0,16},\\s{0,16}(?=\\\\{0,7}["'])`, 'y')
const ENDS_PAIR = new RegExp(`${QUOTE}\\s{0,16}\\]`, 'y')
/** What stands beside a name in a list of fields. */
const FIELD_NAME =
  /^(?:user|user_?name|login|e?-?mail|name|id|type|scope|expires_?\w*|host|url|kind|pass(?:word|wd)|token|secret)s?$/i

/** `fields[0][name]=password&fields[0][value]=…` */
function inForm(text: string, before: string, end: number): Secret | undefined {
  if (!before.endsWith('=')) return undefined
  const rest = matchAt(FORM_VALUE, text, end)
  if (!rest) return undefined
  const from = end + rest[0].length
  return whole(from, from + matchAt(UNTIL_SPACE, text, from)![0].length)
}
const FORM_VALUE = /&[^=&\s]{0,64}?value(?:\]|%5D)?=/iy

/** `- name: DB_PASSWORD`, and in the line below `value: …` */
function inLine(text: string, before: string, end: number): Secret | undefined {
  if (!LINE_NAME.test(before)) return undefined
  const rest = matchAt(LINE_VALUE, text, end)
  if (!rest) return undefined
  const from = end + rest[0].length
  return quoted(text, from) ?? whole(from, from + matchAt(LINE, text, from)![0].length)
}
const LINE_NAME = /\bname:[ \t]{1,8}["']?$/
const LINE_VALUE = /["']?[ \t]{0,16}\r?\n[ \t]{1,64}value:[ \t]{1,16}/y

/** `machine HOST login NAME password …` of `.netrc`, in one line or several, also within JSON. */
function inNetrc(text: string, start: number, end: number): Secret | undefined {
  const name = end - start > MAX_NETRC_NAME ? null : NETRC_NAME.exec(text.slice(start - 1, end))
  const space = name && matchAt(SPACE, text, end)
  const begin = end - (name?.[1]?.length ?? 0)
  if (!space || !MACHINE.test(text.slice(Math.max(0, begin - MAX_MACHINE), begin))) return undefined
  const from = end + space[0].length
  return whole(from, from + matchAt(UNTIL_SPACE, text, from)![0].length)
}
const MAX_NETRC_NAME = 9
/** Behind an escape within JSON, too. */
const NETRC_NAME = /^(?:\\[nrt]|[\s"'])(passw(?:or)?d)$/
const SPACE = /(?:\s|\\[nrt]){1,16}(?=[^\s\\])/y
const MAX_MACHINE = 300
const MACHINE =
  /(?:^|[\s"']|\\[nrt])(?:machine(?:\s|\\[nrt]){1,16}[^\s\\]{1,128}|default)(?:(?:\s|\\[nrt]){1,16}(?:login|account)(?:\s|\\[nrt]){1,16}[^\s\\]{1,128}){0,2}(?:\s|\\[nrt]){1,16}$/
