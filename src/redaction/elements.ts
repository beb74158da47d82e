/** Values in XML, HTML and property lists: in the element of a name, in one whose attribute has the name, beside it. */
import { quoted, type Secret, whole } from './extent'
import { matchAt } from './tokens'

const CDATA = '<![CDATA['
const TAG_END = /(?:\s[^<>]{0,256})?>/y
const PREFIX = '<(?:[\\w-]{1,32}:)?'
/** Elements that hold the value of the one around them. */
const NESTED = `(?:\\s{0,64}${PREFIX}(?:value|string|text|content|plain|plaintext|raw|data)(?:\\s[^<>]{0,256})?>){1,3}`
const HOLDERS = new RegExp(NESTED, 'iy')
const MOST = 512

/** `<password>…</password>`, `<password><value>…`; the name is from `start` to `end`. */
export function inElement(text: string, start: number, end: number): Secret | undefined {
  const rest = matchAt(TAG_END, text, end)
  if (!rest) return undefined
  const begin = end + rest[0].length
  // `Option<Token>` is a type: no such element ends.
  const isType = TYPE.test(text.slice(Math.max(0, start - 2), start))
  return contentAt(text, begin, isType)
}
const TYPE = /\w<$/

function contentAt(text: string, at: number, mustEnd = false): Secret | undefined {
  const begin = at + (matchAt(HOLDERS, text, at)?.[0].length ?? 0)
  const isData = text.startsWith(CDATA, begin)
  const from = isData ? begin + CDATA.length : begin
  const to = text.indexOf(isData ? ']]>' : '<', from)
  if (mustEnd && !isData && !text.startsWith('</', to)) return undefined
  const value = whole(from, to < 0 ? text.length : to)
  return value && text.slice(value.start, value.end).trim() === '' ? undefined : value
}

/** `<key>password</key><string>…` of property lists, `<name>password</name><value>…` of XML-RPC. */
export function behindElement(text: string, before: string, end: number): Secret | undefined {
  if (!NAME_ELEMENT.test(before)) return undefined
  const rest = matchAt(VALUE_ELEMENT, text, end)
  return rest ? contentAt(text, end + rest[0].length) : undefined
}
const NAME_ELEMENT = new RegExp(`${PREFIX}(?:key|name|property|field)>\\s{0,4}$`, 'i')
const VALUE_ELEMENT = new RegExp(`\\s{0,8}</[\\w:-]{1,40}>(?=\\s{0,64}<)(?=${NESTED})`, 'iy')

/** `<input value="…" name="password">`, `<entry key="password">…</entry>`; the name is an attribute from `start` to `end`. */
export function ofAttribute(text: string, start: number, end: number): Secret | undefined {
  const first = Math.max(0, start - MOST)
  const before = text.slice(first, start)
  const open = before.lastIndexOf('<')
  if (open < 0 || !NAME_ATTRIBUTE.test(before)) return undefined
  const close = text.slice(end, end + MOST).indexOf('>')
  const from = first + open
  const to = close < 0 ? end + MOST : end + close
  const tag = text.slice(from, to)
  const tagName = TAG_NAME.exec(tag)?.[1]
  if (tagName === undefined || tag.slice(0, start - from).includes('>')) return undefined
  const value = VALUE_ATTRIBUTE.exec(tag)
  if (value) return quoted(text, from + value.index + value[0].length)
  return close < 0 || tag.endsWith('/') || NO_HOLDER.test(tagName) ? undefined : contentAt(text, to + 1)
}
const NAME_ATTRIBUTE = /\s(?:name|key|property)\s{0,4}=\s{0,4}\\{0,7}["']$/i
const VALUE_ATTRIBUTE = /\s(?:value|content)\s{0,4}=\s{0,4}(?=\\{0,7}["'])/i
const TAG_NAME = /^<([\w:.-]{1,64})/
/** What stands in these is a text for readers, or more elements. */
const NO_HOLDER =
  /^(?:a|button|form|iframe|input|label|meta|fieldset|select|slot|(?:see)?param(?:ref)?|(?:\w+:)?(?:attribute|element))$/i
