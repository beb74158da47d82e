/**
 * SQL texts as tokens: literals, placeholders, comments. No grammar: captured statements may be cut anywhere and be of
 * any dialect version. Each character is looked at a bounded number of times.
 */

export type Dialect = 'mysql' | 'pgsql'

export interface Token {
  readonly kind: 'literal' | 'placeholder' | 'word' | 'space' | 'other'
  readonly text: string
  /** A literal that the text ends inside of. */
  readonly open?: true
}

type Kind = 'letter' | 'digit' | 'space' | 'other'

const KINDS: readonly Kind[] = Array.from({ length: 128 }, (_, code) => {
  const char = String.fromCharCode(code)
  return /[A-Za-z_]/.test(char) ? 'letter' : /\d/.test(char) ? 'digit' : /\s/.test(char) ? 'space' : 'other'
})

/** Non-ASCII characters count as letters, as in both servers' lexers. */
const kindOf = (text: string, at: number): Kind => KINDS[text.charCodeAt(at)] ?? 'letter'

const NUMBER = /0[xX][0-9a-fA-F]+|0[bB][01]+|(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y
/** A letter before the quote is part of a literal: hexadecimal, bits, national, and with escapes in PostgreSQL. */
const PREFIX = /(?:[xXbBnNeE]|[uU]&|_[a-z0-9]+ ?)(?=')/y
const DOLLAR_QUOTE = /\$(?:[A-Za-z_\x80-\uffff][\w\x80-\uffff]*)?\$/y
const POSITION = /\$\d+/y
const EXECUTED = /\/\*!\d{0,6}/y

function at(pattern: RegExp, text: string, from: number): string {
  pattern.lastIndex = from
  return pattern.exec(text)?.[0] ?? ''
}

/** The end of what starts with a quote at `from`; the text's length + 1 when it never closes. A doubled quote stays inside. */
function quoteEnd(text: string, from: number, escapes: boolean): number {
  const quote = text[from]!
  for (let i = from + 1; i < text.length; i++) {
    const char = text[i]
    if (char === '\\' && escapes) i++
    else if (char === quote) {
      if (text[i + 1] !== quote) return i + 1
      i++
    }
  }
  return text.length + 1
}

/** PostgreSQL's comments nest, MySQL's don't. */
function commentEnd(text: string, from: number, nested: boolean): number {
  let depth = 1
  for (let i = from + 2; i < text.length; i++) {
    if (text[i] === '*' && text[i + 1] === '/') {
      i++
      if (--depth === 0) return i + 1
    } else if (nested && text[i] === '/' && text[i + 1] === '*') {
      i++
      depth++
    }
  }
  return text.length
}

function lineEnd(text: string, from: number): number {
  const end = text.indexOf('\n', from)
  return end < 0 ? text.length : end
}

/** The end of a comment that starts at `from`, or `from` when none does. */
function skipComment(text: string, from: number, dialect: Dialect): number {
  const char = text[from]
  const next = text[from + 1]
  if (char === '/' && next === '*') return commentEnd(text, from, dialect === 'pgsql')
  if (char === '#' && dialect === 'mysql') return lineEnd(text, from)
  // MySQL wants white space after the dashes, so that 5--1 is a difference.
  if (char === '-' && next === '-' && (dialect === 'pgsql' || /^\s?$/.test(text[from + 2] ?? '')))
    return lineEnd(text, from)
  return from
}

function quoted(text: string, from: number, start: number, dialect: Dialect): Token {
  const escapes = dialect === 'mysql' || /^[eE]/.test(text.slice(from, start))
  const end = quoteEnd(text, start, escapes)
  const token = text.slice(from, end)
  return end > text.length ? { kind: 'literal', text: token, open: true } : { kind: 'literal', text: token }
}

function dollarQuoted(text: string, from: number, tag: string): Token {
  const end = text.indexOf(tag, from + tag.length)
  if (end < 0) return { kind: 'literal', text: text.slice(from), open: true }
  return { kind: 'literal', text: text.slice(from, end + tag.length) }
}

const MAY_PREFIX = /[xXbBnNeEuU_]/

function wordAt(text: string, from: number, dialect: Dialect): Token {
  const prefix = MAY_PREFIX.test(text[from]!) ? at(PREFIX, text, from) : ''
  if (prefix !== '') return quoted(text, from, from + prefix.length, dialect)
  let end = from + 1
  while (
    end < text.length &&
    (kindOf(text, end) === 'letter' || kindOf(text, end) === 'digit' || text[end] === '$')
  )
    end++
  return { kind: 'word', text: text.slice(from, end) }
}

function dollarAt(text: string, from: number): Token {
  const position = at(POSITION, text, from)
  if (position !== '') return { kind: 'placeholder', text: position }
  const tag = at(DOLLAR_QUOTE, text, from)
  return tag === '' ? { kind: 'other', text: '$' } : dollarQuoted(text, from, tag)
}

function spaceAt(text: string, from: number): Token {
  let end = from + 1
  while (end < text.length && kindOf(text, end) === 'space') end++
  return { kind: 'space', text: text.slice(from, end) }
}

function tokenAt(text: string, from: number, dialect: Dialect): Token {
  const kind = kindOf(text, from)
  if (kind === 'space') return spaceAt(text, from)
  if (kind === 'letter') return wordAt(text, from, dialect)
  const char = text[from]!
  if (char === "'" || (char === '"' && dialect === 'mysql')) return quoted(text, from, from, dialect)
  if (char === '"' || char === '`')
    return { kind: 'word', text: text.slice(from, quoteEnd(text, from, false)) }
  if (char === '?' && dialect === 'mysql') return { kind: 'placeholder', text: char }
  if (char === '$' && dialect === 'pgsql') return dollarAt(text, from)
  const number = kind === 'digit' || char === '.' ? at(NUMBER, text, from) : ''
  return number === '' ? { kind: 'other', text: char } : { kind: 'literal', text: number }
}

/** Comments come as white space. */
export function* tokens(text: string, dialect: Dialect): Generator<Token> {
  /** Inside `/*!80013 …`, which servers from a version on execute: only the marks are left out. */
  let isExecuted = false
  for (let i = 0; i < text.length; ) {
    const mark = dialect === 'mysql' && text[i] === '/' ? at(EXECUTED, text, i) : ''
    const closes = isExecuted && text.startsWith('*/', i)
    if (mark !== '') isExecuted = true
    else if (closes) isExecuted = false
    const after = mark !== '' ? i + mark.length : closes ? i + 2 : skipComment(text, i, dialect)
    if (after > i) {
      yield { kind: 'space', text: ' ' }
      i = after
      continue
    }
    const token = tokenAt(text, i, dialect)
    yield token
    i += token.text.length
  }
}
