/** The words of an unfinished text: its statements before the cursor, and the brackets that are open there. */

export interface Token {
  readonly kind: 'name' | 'number' | 'string' | 'mark'
  readonly text: string
  readonly from: number
  readonly to: number
}

/** A statement, or the head of a block: a line with those that its brackets hold together. */
export interface Statement {
  readonly indent: number
  readonly tokens: readonly Token[]
}

export interface Cursor {
  /** Whole statements before the cursor's. */
  readonly before: readonly Statement[]
  /** The cursor's own, up to the cursor; a literal that is open there is not among its tokens. */
  readonly current: Statement
  /** Where the text in quotes begins in which the cursor stands. */
  readonly literal: number | undefined
  readonly inComment: boolean
}

const TOKEN = /([A-Za-z_]\w*)|(\d[\w.]*)|([rRuUbB]{0,2}(?:"""|'''|"|'))|[=!<>]=|\*\*|\/\/|[^\s]/y
const STARTS_STATEMENT =
  /(?:def|import|from|return)\b|px\.(?:display|debug)\b|[A-Za-z_]\w*(?:\.\w+|\[[^\]\n]*\])*[ \t]*=(?!=)/y

interface Building {
  indent: number
  from: number
  tokens: Token[]
}

/** The statements of a text up to its end, which is where the cursor stands. */
export function readCursor(text: string): Cursor {
  const before: Statement[] = []
  let current: Building = { indent: 0, from: 0, tokens: [] }
  let depth = 0
  let literal: number | undefined
  let inComment = false
  const finish = (from: number) => {
    if (current.tokens.length > 0) before.push(current)
    current = { indent: 0, from, tokens: [] }
    depth = 0
  }
  let i = 0
  while (i < text.length) {
    const c = text[i]!
    if (c === '\n') {
      i++
      if (depth === 0 || breaksOff(text, i, current.indent)) finish(i)
      continue
    }
    if (/\s/.test(c)) {
      i++
      continue
    }
    if (c === '\\' && text[i + 1] === '\n') {
      i += 2
      continue
    }
    if (c === '#') {
      const end = text.indexOf('\n', i)
      inComment = end < 0
      i = end < 0 ? text.length : end
      continue
    }
    TOKEN.lastIndex = i
    const [whole, name, number, quote] = prefixed(TOKEN.exec(text)!, text, i)
    if (current.tokens.length === 0) current.indent = i - current.from
    let to = i + whole.length
    if (quote !== undefined) {
      const end = endOfLiteral(text, to, quote.replace(/^\w+/, ''))
      if (end === undefined) literal = to
      to = end ?? text.length
      if (end === undefined) break
    } else if ('([{'.includes(whole)) depth++
    else if (')]}'.includes(whole)) depth = Math.max(0, depth - 1)
    const kind = quote !== undefined ? 'string' : name !== undefined ? 'name' : number ? 'number' : 'mark'
    current.tokens.push({ kind, text: text.slice(i, to), from: i, to })
    i = to
  }
  if (current.tokens.length === 0) current.indent = text.length - current.from
  return { before, current, literal, inComment }
}

const PREFIXED = /[rRuUbB]{1,2}(?:"""|'''|"|')/y

/** A token, and the same as name, number or opening quote when it is one. */
type Word = readonly [
  whole: string,
  name: string | undefined,
  number: string | undefined,
  quote: string | undefined,
]

/** A name that is a literal's prefix belongs to the literal. */
function prefixed(match: RegExpExecArray, text: string, at: number): Word {
  PREFIXED.lastIndex = at
  const literal = PREFIXED.exec(text)
  if (literal) return [literal[0], undefined, undefined, literal[0]]
  return [match[0], match[1], match[2], match[3]]
}

/** Behind the closing quote; at the line's end for a quote that nothing closes there; undefined at the text's end. */
function endOfLiteral(text: string, from: number, quote: string): number | undefined {
  for (let i = from; i < text.length; i++) {
    if (text[i] === '\\') i++
    else if (text.startsWith(quote, i)) return i + quote.length
    else if (text[i] === '\n' && quote.length === 1) return i
  }
  return undefined
}

/** A bracket was left open: what begins like a statement and isn't indented deeper is one. */
function breaksOff(text: string, lineStart: number, indent: number): boolean {
  let at = lineStart
  while (text[at] === ' ' || text[at] === '\t') at++
  STARTS_STATEMENT.lastIndex = at
  return at - lineStart <= indent && STARTS_STATEMENT.test(text)
}

/** An open bracket and what stands in it so far; token indexes. */
export interface Bracket {
  readonly open: number
  readonly mark: '(' | '[' | '{'
  /** The expression that is called or subscripted begins here; undefined for a list, a tuple or a group. */
  readonly subject: number | undefined
  /** The arguments or items; the last one is the cursor's, and may be empty. */
  readonly items: readonly Item[]
}

export interface Item {
  /** Of a keyword argument. */
  readonly name: string | undefined
  readonly from: number
  readonly to: number
}

const KEYWORDS = new Set([
  'and',
  'or',
  'not',
  'in',
  'is',
  'if',
  'else',
  'return',
  'import',
  'from',
  'as',
  'def',
])

/** Open brackets, the innermost last. */
export function openBrackets(tokens: readonly Token[]): Bracket[] {
  const stack: { open: number; commas: number[] }[] = []
  tokens.forEach(({ kind, text }, i) => {
    if (kind !== 'mark') return
    if ('([{'.includes(text)) stack.push({ open: i, commas: [] })
    else if (')]}'.includes(text)) stack.pop()
    else if (text === ',') stack.at(-1)?.commas.push(i)
  })
  return stack.map(({ open, commas }) => {
    const edges = [open, ...commas]
    const items = edges.map((edge, n) => itemOf(tokens, edge + 1, commas[n] ?? tokens.length))
    const subject = primaryBefore(tokens, open)
    const mark = tokens[open]!.text as Bracket['mark']
    return { open, mark, subject: subject === open ? undefined : subject, items }
  })
}

function itemOf(tokens: readonly Token[], from: number, to: number): Item {
  const named = tokens[from]?.kind === 'name' && tokens[from + 1]?.text === '=' && from + 1 < to
  return named ? { name: tokens[from]!.text, from: from + 2, to } : { name: undefined, from, to }
}

/** Where the expression begins that ends before token `end`: `df.groupby('a')` before `.agg`; `end` when there is none. */
export function primaryBefore(tokens: readonly Token[], end: number): number {
  let at = end
  for (;;) {
    const token = tokens[at - 1]
    if (!token) return at
    if (token.text === ')' || token.text === ']') {
      at = matchingOpen(tokens, at - 1)
      const before = tokens[at - 1]
      const isApplied = before && (isOperand(before) || before.text === ')' || before.text === ']')
      if (isApplied) continue
    } else if (isOperand(token)) at--
    else return at
    if (tokens[at - 1]?.text !== '.') return at
    at--
  }
}

const isOperand = ({ kind, text }: Token): boolean =>
  kind === 'string' || (kind === 'name' && !KEYWORDS.has(text))

function matchingOpen(tokens: readonly Token[], close: number): number {
  let depth = 0
  for (let i = close; i >= 0; i--) {
    const { kind, text } = tokens[i]!
    if (kind !== 'mark') continue
    if (')]}'.includes(text)) depth++
    else if ('([{'.includes(text) && --depth === 0) return i
  }
  return 0
}
