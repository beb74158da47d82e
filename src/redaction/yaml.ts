/** Values of YAML that stand in the lines below their name: `password: |`, `tokens:` and a list, or a word by itself. */
import { type Secret, whole } from './extent'
import { matchAt } from './tokens'

const BLOCK_SIGN = /[|>](?:[+-]?\d?|\d[+-])[ \t]*(?=\r?\n)/y
const BLOCK = /(?:\r?\n[ \t]+)((?:[^\r\n]*)(?:\r?\n[ \t]+[^\r\n]*)*)/y

const WORD = `(?:"[^"\\r\\n]*"?|'[^'\\r\\n]*'?|[^\\s"'{}[\\]:#<>|&*-][^\\s"'{}[\\]:#]*)[ \\t]*`
const LIST = new RegExp(`([ \\t]*\\r?\\n([ \\t]*)- +)${WORD}(?:\\r?\\n\\2- +${WORD})*(?=\\r?\\n|$)`, 'y')
const NEXT_LINE = new RegExp(`([ \\t]*\\r?\\n([ \\t]+))${WORD}(?=\\r?\\n|$)`, 'y')
/** Of Compose files: a list of which ones a service gets. */
const OF_NAMES = /^secrets$/i

/** @param at behind the colon of the name from `start` on, which begins a line */
export function inLinesBelow(text: string, start: number, at: number): Secret | undefined {
  const sign = matchAt(BLOCK_SIGN, text, at)
  if (sign) {
    const from = at + sign[0].length
    const lines = matchAt(BLOCK, text, from)
    return lines ? whole(from + lines[0].length - lines[1]!.length, from + lines[0].length) : undefined
  }
  const indent = start - text.lastIndexOf('\n', start) - 1
  const list = matchAt(LIST, text, at)
  if (list)
    return OF_NAMES.test(text.slice(start, start + 8).replace(/:.*/s, '')) ? undefined : rest(at, list)
  const line = matchAt(NEXT_LINE, text, at)
  return line && line[2]!.length > indent ? rest(at, line) : undefined
}

/** Behind what is kept of it. */
const rest = (at: number, [all, kept]: RegExpExecArray): Secret | undefined =>
  whole(at + kept!.length, at + all.length)
