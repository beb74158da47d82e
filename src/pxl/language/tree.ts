/** PxL text → the tree of Python's grammar, at a cost that grows with the text's length and no faster. */
import type { Tree } from '@lezer/common'
import { parser } from '@lezer/python'
import { putCommas } from './commas'
import type { SourceText } from './source-text'

/** Of a text that is compiled: units (the library's longest has 21,000), words and marks. */
const MAX_TEXT = 128 << 10
const MAX_WORDS = 40_000

/**
 * The grammar's error recovery tries many ways at once, and again at each error. That can take seconds and hundreds of
 * MiB, so a script is read without recovery first.
 */
const STRICT = parser.configure({ strict: true })

/** Units of text after the first error that are read too, since they help to say what is missing. */
const BEHIND_ERROR = 200

/** Of `2.`, which the grammar takes for an attribute without a name: as `2_` it is a number, of the same length. */
const POINTED_NUMBER = /(?<![\p{L}\p{N}_.])(\d[\d_]*)\.(?![\p{L}\p{N}_.])/gu

/**
 * The tree of a whole text, without an error in it; else of its part up to a little behind the first error.
 *
 * @throws NixieError `too_large`
 */
export function treeOf(source: SourceText): Tree {
  const tooLarge = (at: number, hint: string) =>
    source.error('too_large', at, 'The script is too large', `Keep it under ${hint}.`)
  if (source.text.length > MAX_TEXT) throw tooLarge(0, `${MAX_TEXT >> 10} KiB`)
  const text = putCommas(source.text).replace(POINTED_NUMBER, '$1_')
  const strict = STRICT.startParse(text)
  try {
    for (let words = 0; words < MAX_WORDS; words++) {
      const tree = strict.advance()
      if (tree) return tree
    }
  } catch (cause) {
    if (cause instanceof SyntaxError) return treeUpTo(text, strict.parsedPos + BEHIND_ERROR)
    throw cause
  }
  throw tooLarge(strict.parsedPos, `${MAX_WORDS} words and marks`)
}

function treeUpTo(text: string, end: number): Tree {
  const parse = parser.startParse(text)
  let tree = parse.advance()
  while (!tree) {
    if (parse.parsedPos > end && parse.stoppedAt === null) parse.stopAt(parse.parsedPos)
    tree = parse.advance()
  }
  return tree
}
