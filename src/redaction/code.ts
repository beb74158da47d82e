/**
 * Program text in messages: there a secret is a literal in quotes, and what stands behind `token =` without any is an
 * expression or a type.
 */

/** So much of a text tells whether it is a program's. */
const MOST = 4096
const MODIFIERS =
  '(?:(?:export|default|public|private|protected|internal|static|async|abstract|final|virtual|inline|unsafe|pub(?:\\([a-z]{1,8}\\))?) )*'
/** Lines as only programs have them. */
const STATEMENTS = [
  'import [\\w{*"\'<(]|from [\\w.]+ import |use \\w+(?:::|;)|#[ \\t]*(?:include|define|ifn?def|if|endif|pragma)\\b',
  `${MODIFIERS}(?:def|class|function|func|fn|struct|enum|impl|interface|trait|sub|type|namespace|module)\\b[^\\n]*[({:;=]`,
  `${MODIFIERS}(?:const|let|var|my|val|auto|static|pub)\\b[^\\n]*[=;:,(]`,
  '(?:return|raise|throw|yield|await|assert|delete)\\b[^\\n]*[\\w;)\\]}]',
  '(?:\\} )?(?:if|elif|else if|else|while|for|switch|match|try|except|catch|with|case|unless)\\b[^\\n]*[:{;)]',
  '[\\w$.:>-]+\\([^\\n]*[;,(]',
  '(?:self|this|\\$\\w+)(?:\\.|->)\\w',
  '[\\w$.[\\]*> -]+ :?= [^\\n]*[;({]',
  '(?:///?|/\\*|\\*/|"""|\'\'\'|\\}\\)?;?|\\);?|@\\w+|:param )',
]
const STATEMENT = new RegExp(`^[ \\t]*(?:${STATEMENTS.map((one) => `(?:${one})`).join('|')})`)
/** So many of them, of lines that aren't empty, make a program. */
const LEAST = 2
const LEAST_SHARE = 0.4
/** Of programs, but in messages: a stack trace, whose errors say what they please. */
const TRACE = /^(?:Traceback |[ \t]+at [\w.$<>]+[ (]|[ \t]+File ")/m

let last = { text: '', isCode: false }

function isCode(text: string): boolean {
  if (last.text === text) return last.isCode
  const begin = text.slice(0, MOST)
  const lines = begin.split('\n').filter((line) => line.trim() !== '')
  const statements = lines.filter((line) => STATEMENT.test(line.slice(0, 200))).length
  const isCode = statements >= LEAST && statements >= lines.length * LEAST_SHARE && !TRACE.test(begin)
  last = { text, isCode }
  return last.isCode
}

/** Letters and digits mixed make no name that people give, and are never taken for one. */
const MIXED = /[A-Za-z]\d+[A-Za-z]|\d[A-Za-z]{3}|[A-Za-z]\d{3}/
/** A word with a digit is a name only where more than a word stands: `u8::MAX`, `lex1(text)`. */
const STRUCTURED = /\w[([]|\w\.\w|::|->|^[*&[]|<$/
/** What a whole line has more than a word when it is no setting's value. */
const MORE_THAN_WORDS = /[(){}[\],;*&|]|\.\w|::|->|\w\(|<$/

/** `password=self.password, …)` */
const IN_CALL = /^[A-Za-z_$]+(?:\.[A-Za-z_]+)*[(,)]/

/**
 * Whether a value in `text` is an expression.
 * @param value as far as it goes without quotes
 * @param sign what assigns it, with the blanks around
 * @param isLine it would be a setting in a file of `name: value`
 */
export function isExpression(value: string, text: string, sign: string, isLine: boolean): boolean {
  if (MIXED.test(value) || /^\d/.test(value)) return false
  if (/\d/.test(value) && !STRUCTURED.test(value)) return false
  // `password=x` of forms and shells has no blanks around.
  if (!/\s$/.test(sign) && !IN_CALL.test(value)) return false
  if (isLine && !MORE_THAN_WORDS.test(value)) return false
  return isCode(text)
}

/** `isLast ? 'secret' : 'other'` */
export const isTernary = (text: string, start: number): boolean =>
  /\? {0,4}\\{0,7}["'`]$/.test(text.slice(Math.max(0, start - 8), start))
