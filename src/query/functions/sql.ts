/**
 * SQL statements without their values, so that those which differ only in values are one. Placeholders and parameters
 * correspond one to one: a list of literals after IN is one parameter, and a placeholder that was there before stands for
 * itself, or for the value that an execution carries.
 */
import { type FunctionSpec, scalar } from './function'
import { type Dialect, type Token, tokens } from './sql-lexer'
import { none } from './units'

/** COM_QUERY, COM_STMT_PREPARE, COM_STMT_EXECUTE. */
const MYSQL_STATEMENTS: ReadonlySet<number> = new Set([3, 22, 23])
const PGSQL_STATEMENTS: ReadonlySet<string> = new Set(['query', 'parse', 'bind', 'execute'])

/** Words after which a minus is a number's sign. */
const BEFORE_VALUE =
  /^(?:and|between|by|case|else|in|is|like|limit|not|offset|or|return|returning|select|set|then|values?|when|where)$/i

interface Normalised {
  readonly query: string
  readonly params: readonly string[]
  readonly error: string
}

/** How executions of prepared statements are shown: the statement and its values. */
const EXECUTION = /^query=\[/
const VALUES = '] params=['

function splitExecution(text: string): { statement: string; values: readonly string[] } {
  const at = text.lastIndexOf(VALUES)
  if (!EXECUTION.test(text) || at < 0) return { statement: text, values: [] }
  const values = text.slice(at + VALUES.length).replace(/\]\s*$/, '')
  return { statement: text.slice('query=['.length, at), values: values === '' ? [] : values.split(', ') }
}

class Normaliser {
  readonly #dialect: Dialect
  readonly #values: readonly string[]
  readonly #params: string[] = []
  readonly #out: string[] = []
  #error = ''
  /** MySQL's are counted. */
  #placeholders = 0
  /** The last token that isn't white space. */
  #last: Token | undefined
  #afterIn = false

  constructor(dialect: Dialect, values: readonly string[]) {
    this.#dialect = dialect
    this.#values = values
  }

  run(statement: string): Normalised {
    const all = [...tokens(statement, this.#dialect)]
    if (this.#dialect === 'pgsql') this.#keepPositions(all)
    for (let i = 0; i < all.length; i++) {
      const token = all[i]!
      const sign = this.#isSign(token) && all[i + 1]?.kind === 'literal'
      if (sign) this.#param(`-${all[++i]!.text}`, all[i]!)
      else if (token.kind === 'literal') this.#param(token.text, token)
      else if (token.kind === 'placeholder' && this.#dialect === 'mysql') this.#given(token)
      else this.#copy(token)
      const list = token.text === '(' && this.#afterIn ? literalList(all, i + 1) : undefined
      if (list) {
        this.#param(list.text, all[list.end - 1]!)
        i = list.end - 1
      }
      if (token.kind !== 'space') {
        this.#afterIn = token.kind === 'word' && token.text.toLowerCase() === 'in'
        this.#last = all[i]
      }
    }
    while (this.#out.at(-1) === ' ' || this.#out.at(-1) === ';') this.#out.pop()
    return { query: this.#out.join(''), params: this.#params, error: this.#error }
  }

  /** PostgreSQL's placeholders are numbered; new ones go on after the largest. */
  #keepPositions(all: readonly Token[]): void {
    const positions = all.flatMap(({ kind, text }) => (kind === 'placeholder' ? [Number(text.slice(1))] : []))
    // A statement uses every position up to its largest one; others would only make the answer long.
    const largest = positions.reduce((most, n) => (n <= positions.length ? Math.max(most, n) : most), 0)
    for (let n = 1; n <= largest; n++) this.#params.push(this.#values[n - 1] ?? `$${n}`)
  }

  #isSign({ text }: Token): boolean {
    if (text !== '-') return false
    const last = this.#last
    if (!last || last.kind === 'other') return last?.text !== ')' && last?.text !== ']'
    return last.kind === 'word' && BEFORE_VALUE.test(last.text)
  }

  #param(text: string, { open }: Token): void {
    if (open) this.#error = 'The statement ends inside a literal.'
    this.#params.push(text)
    this.#out.push(this.#dialect === 'mysql' ? '?' : `$${this.#params.length}`)
  }

  #given({ text }: Token): void {
    this.#params.push(this.#values[this.#placeholders++] ?? text)
    this.#out.push(text)
  }

  #copy({ kind, text }: Token): void {
    if (kind !== 'space') this.#out.push(text)
    else if (this.#out.length > 0 && this.#out.at(-1) !== ' ') this.#out.push(' ')
  }
}

/** `1, 'a', -3` up to the closing parenthesis: its text and the place of the parenthesis. */
function literalList(all: readonly Token[], from: number): { text: string; end: number } | undefined {
  const parts: string[] = []
  let count = 0
  for (let i = from; i < all.length; i++) {
    const { kind, text } = all[i]!
    if (text === ')' && kind === 'other') {
      return count > 0 ? { text: parts.join('').trim(), end: i } : undefined
    }
    if (kind === 'literal') count++
    else if (kind !== 'space' && text !== ',' && text !== '-') return undefined
    parts.push(kind === 'space' ? ' ' : text)
  }
  return undefined
}

function normalise(text: string, dialect: Dialect, isStatement: boolean): string {
  if (!isStatement) return JSON.stringify({ query: '', params: [], error: 'Not a command with a statement.' })
  const { statement, values } = splitExecution(text)
  return JSON.stringify(new Normaliser(dialect, values).run(statement))
}

export const SQL: readonly FunctionSpec[] = [
  {
    name: 'normalize_mysql',
    description:
      'A MySQL statement with ? for its values, as JSON: query, params, error; of commands 3, 22 and 23 only.',
    unit: none,
    overloads: [
      scalar(
        'sql_string:STRING cmd_code:INT64 -> STRING',
        ({ checkpoint }, text: string, command: number | bigint) => {
          checkpoint()
          return normalise(text, 'mysql', MYSQL_STATEMENTS.has(Number(command)))
        },
      ),
    ],
  },
  {
    name: 'normalize_pgsql',
    description:
      'A PostgreSQL statement with $1, $2, … for its values, as JSON: query, params, error; of Query, Parse, Bind and Execute only.',
    unit: none,
    overloads: [
      scalar(
        'sql_string:STRING cmd_code:STRING -> STRING',
        ({ checkpoint }, text: string, command: string) => {
          checkpoint()
          return normalise(text, 'pgsql', PGSQL_STATEMENTS.has(command.toLowerCase()))
        },
      ),
    ],
  },
]
