/**
 * Kubernetes objects of kind Secret, as JSON (also as a string within JSON) or YAML: the names of their data say nothing
 * of them, so all values of `data` and `stringData` are secrets. https://kubernetes.io/docs/concepts/configuration/secret/
 */
import { REDACTED } from '../records/redacted'
import { quoted } from './extent'
import { matchAt } from './tokens'

const KIND = /kind(?:\\{0,7}"\s{0,8}:\s{0,8}\\{0,7}"|:[ \t]{1,8}["']?)Secret(?:List)?(?!\w)/
/** What Go writes begins so; `kind` comes behind the data, and may be cut off. */
const BEGUN = ['{"apiVersion":"v1","data":{', 'apiVersion: v1\ndata:\n']
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{1,3}={0,2})?$/

const DATA = /\\{0,7}"(?:data|stringData)\\{0,7}"\s{0,8}:\s{0,8}\{/g
const KEY = /(?:[\s,]{0,64}\\{0,7}"[^"\\]{0,256}\\{0,7}"\s{0,8}:\s{0,8}(?:null|(?=\\{0,7}"))){1,64}/y
const DATA_LINE = /(?:^|\n)([ \t]{0,64})(?:data|stringData):[ \t]*\r?\n/g
const LINE = /([ \t]*)([^\r\n]*)(\r?\n|$)/y
const KEY_OF_LINE = /^["']?[\w.-]{1,256}["']?:(?=[ \t]|$)[ \t]*/
const BLOCK = /^[|>][+-]?\d?$/

/** A value that is to be hidden. */
type IsSecret = (value: string) => boolean

/** The same text, `[redacted]` in the place of the data of Secrets. */
export function redactSecretObjects(text: string): string {
  const isSecret = text.includes('Secret') && KIND.test(text)
  return isSecret ? redactData(text, () => true) : redactBegunObject(text)
}

/** Of one whose kind is cut off, which may be any: a ConfigMap's values would be plain. */
export function redactBegunObject(text: string): string {
  const isBegun = BEGUN.some((begin) => text.startsWith(begin)) && !text.includes('kind')
  return isBegun ? redactData(text, (value) => BASE64.test(value)) : text
}

const redactData = (text: string, isSecret: IsSecret): string =>
  redactLines(redactObjects(text, isSecret), isSecret)

function redactObjects(text: string, isSecret: IsSecret): string {
  let safe = ''
  let done = 0
  DATA.lastIndex = 0
  for (let data = DATA.exec(text); data; data = DATA.exec(text)) {
    let at = DATA.lastIndex
    for (let key = matchAt(KEY, text, at); key; key = matchAt(KEY, text, at)) {
      const value = quoted(text, at + key[0].length)
      if (!value) break
      const isHidden = value.instead === REDACTED && isSecret(text.slice(value.start, value.end))
      if (isHidden) {
        safe += text.slice(done, value.start) + REDACTED
        done = value.end
      }
      at = value.end + (value.start - at - key[0].length)
    }
    DATA.lastIndex = Math.max(at, DATA.lastIndex)
  }
  return safe + text.slice(done)
}

/** The lines below `data:` that are indented further. */
function redactLines(text: string, isSecret: IsSecret): string {
  let safe = ''
  let done = 0
  DATA_LINE.lastIndex = 0
  for (let data = DATA_LINE.exec(text); data; data = DATA_LINE.exec(text)) {
    let at = DATA_LINE.lastIndex
    let level = -1
    while (at < text.length) {
      const [line, indent, content, end] = matchAt(LINE, text, at)!
      if (content !== '' && indent!.length <= data[1]!.length) break
      if (level < 0) level = indent!.length
      safe += text.slice(done, at) + indent + safeLine(content!, indent!.length === level, isSecret) + end
      at += line.length
      done = at
    }
    // The line break in front of the next one.
    DATA_LINE.lastIndex = Math.max(at - 1, DATA_LINE.lastIndex)
  }
  return safe + text.slice(done)
}

/** `isEntry`: it begins with a key; else it is a line of the value above. */
function safeLine(content: string, isEntry: boolean, isSecret: IsSecret): string {
  const key = isEntry ? (KEY_OF_LINE.exec(content)?.[0] ?? '') : ''
  const value = content.slice(key.length)
  return value === '' || BLOCK.test(value) || !isSecret(value) ? content : key + REDACTED
}
