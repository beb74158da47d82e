/**
 * SQL statements without their values, so that those which differ only in values are one. Placeholders and parameters
 * correspond one to one: a list of literals after IN is one parameter, and a placeholder that was there before stands for
 * itself, or for the value that an execution carries.
 */
import { type FunctionSpec, scalar } from '../base/function'
import { none } from '../base/units'
import { type Dialect, type Token, tokens } from './sql-lexer'

/** COM_QUERY, COM_STMT_PREPARE, COM_STMT_EXECUTE. */
const MYSQL_STATEMENTS: ReadonlySet<number> = new Set([3, 22, 23])
const PGSQL_STATEMENTS: ReadonlySet<string> = new Set(['query', 'parse', 'bind', 'execute'])

/** Words after which a minus is a number's sign. */
const BEFORE_VALUE =
  /^(?:and|between|by|case|else|in|is|like|limit|not|offset|or|return|returning|select|set|then|values?|when|where)$/i

/** Words whose numbers in brackets are a type's length or precision, when they stand behind a name, `as` or `::`. */
const TYPE =
  /^(?:bit|n?(?:var)?char|character|varying|(?:var)?binary|blob|text|(?:tiny|small|medium|big)?int(?:eger)?|dec(?:imal)?|numeric|fixed|float|double|precision|real|date(?:time)?|time(?:stamp)?(?:tz)?|interval|year|n?varchar2|bpchar)$/i

const BOOLEAN = /^(?:true|false)$/i

interface Normalised {
  readonly query: string
  readonly params: readonly string[]
  readonly error: string
}

/** How executions of prepared statements are shown: the statement and its values. */
const EXECUTION = /^query=\[/
const VALUES = '] params=['

function splitExecution(text: string): { statement: string; values?: readonly string[] } {
  const at = text.lastIndexOf(VALUES)
  if (!EXECUTION.test(text) || at < 0) return { statement: text }
  const values = text.slice(at + VALUES.length).replace(/\]\s*$/, '')
  return { statement: text.slice('query=['.length, at), values: values === '' ? [] : values.split(', ') }
}

class Normaliser {
  readonly #dialect: Dialect
  readonly #values: readonly string[]
  readonly #isExecution: boolean
  readonly #params: string[] = []
  readonly #out: string[] = []
  #error = ''
  /** MySQL's are counted. */
  #placeholders = 0
  /** The last tokens that aren't white space, the last one first. */
  #last: Token | undefined
  #before: Token | undefined

  /** `values`: of an execution. */
  constructor(dialect: Dialect, values: readonly string[] | undefined) {
    this.#dialect = dialect
    this.#isExecution = values !== undefined
    this.#values = values ?? []
  }

  run(statement: string): Normalised {
    const all = [...tokens(statement, this.#dialect)]
    if (this.#dialect === 'pgsql' && !this.#isExecution) this.#keepPositions(all)
    for (let i = 0; i < all.length; ) {
      const from = i
      i = this.#next(all, i)
      if (all[from]!.kind === 'space') continue
      this.#before = this.#last
      this.#last = all[i - 1]
    }
    if (this.#out.at(-1) === ' ') this.#out.pop()
    return { query: this.#out.join(''), params: this.#params, error: this.#error }
  }

  /** Writes what stands at `i`; returns the place behind it. */
  #next(all: readonly Token[], i: number): number {
    const token = all[i]!
    const after = all[i + 1]
    if (this.#isSign(token) && after?.kind === 'literal') {
      this.#param(`-${after.text}`, after)
      return i + 2
    }
    if (token.text === '(' && token.kind === 'other') return this.#bracket(all, i)
    if (token.kind === 'literal' || this.#isBoolean(token)) this.#param(token.text, token)
    else if (token.kind === 'placeholder') this.#given(token)
    else this.#copy(token)
    return i + 1
  }

  /** A list of literals after IN is one parameter; the numbers of a type stay. */
  #bracket(all: readonly Token[], i: number): number {
    this.#copy(all[i]!)
    const isList = this.#last?.kind === 'word' && this.#last.text.toLowerCase() === 'in'
    const isType = this.#isType()
    const list = isList || isType ? literalList(all, i + 1) : undefined
    if (!list) return i + 1
    if (isList) this.#param(list.text, all[list.end - 1]!)
    else for (const token of all.slice(i + 1, list.end)) this.#copy(token)
    return list.end
  }

  #isType(): boolean {
    if (this.#last?.kind !== 'word' || !TYPE.test(this.#last.text) || !this.#before) return false
    return this.#before.kind === 'word' ? !BEFORE_VALUE.test(this.#before.text) : this.#before.text === ':'
  }

  /** TRUE and FALSE are values, except in the test IS [NOT] TRUE. */
  #isBoolean({ kind, text }: Token): boolean {
    if (kind !== 'word' || !BOOLEAN.test(text) || this.#last?.text === '.') return false
    const last = /^not$/i.test(this.#last?.text ?? '') ? this.#before : this.#last
    return !/^is$/i.test(last?.text ?? '')
  }

  /** PostgreSQL's placeholders are numbered; new ones go on after the largest. */
  #keepPositions(all: readonly Token[]): void {
    const positions = all.flatMap(({ kind, text }) => (kind === 'placeholder' ? [Number(text.slice(1))] : []))
    // A statement uses every position up to its largest one; Higher numbers would only make the answer long.
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

  /** A placeholder of the statement. An execution's are numbered anew, in the order in which their values are used. */
  #given(token: Token): void {
    if (this.#dialect === 'mysql') {
      this.#params.push(this.#values[this.#placeholders++] ?? token.text)
      this.#out.push(token.text)
    } else if (this.#isExecution)
      this.#param(this.#values[Number(token.text.slice(1)) - 1] ?? token.text, token)
    else this.#copy(token)
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
