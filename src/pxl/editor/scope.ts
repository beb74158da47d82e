/** Finds the values of names at the cursor. It runs the statements before the cursor and skips those that fail. */
import type { CompileOptions } from '../compile'
import { Evaluator } from '../evaluate/evaluator'
import { parse } from '../language/parse'
import { SourceText } from '../language/source-text'
import type { Statement as Parsed } from '../language/syntax'
import { constant, Scope, type UserFunction, type Value } from '../values/values'
import type { Cursor, Statement, Token } from './cursor'
import { readCursor } from './cursor'

export class CursorScope {
  readonly scope: Scope
  readonly #text: string
  readonly #evaluator: Evaluator

  /** `offset` is where the cursor stands. */
  constructor(text: string, offset: number, cursor: Cursor, { tables, nowNs }: CompileOptions) {
    this.#text = text
    this.#evaluator = new Evaluator(new SourceText('script', text), {
      nowNs,
      tables: new Map(tables.map((table) => [table.name, table])),
      display: () => {},
      warn: () => {},
      act: () => {},
    })
    const globals = this.#evaluator.globals()
    this.#runAll(cursor.before, globals)
    const head = enclosingFunction(cursor)
    if (!head) {
      this.scope = globals
      return
    }
    // A function sees what the module defines further down, too.
    const rest = text.indexOf('\n', offset)
    if (rest >= 0) {
      const below = readCursor(`${text.slice(rest)}\n`).before
      this.#runAll(
        below.map((statement) => shifted(statement, rest)),
        globals,
      )
    }
    this.scope = this.#inside(cursor, head, globals)
  }

  /** The value of an expression; undefined when it has none. */
  value(expression: string): Value | undefined {
    const scope = new Scope(this.scope)
    return this.#run(`_ = (${expression}\n)`, scope) ? scope.get('_') : undefined
  }

  /** Modules among `names` that a script can import. */
  modules(names: readonly string[]): string[] {
    return names.filter((name) => this.imported(name) !== undefined)
  }

  /** The module of that name. */
  imported(name: string): Value | undefined {
    const scope = new Scope()
    return this.#run(`import ${name}`, scope) ? scope.get(name) : undefined
  }

  #runAll(statements: readonly Statement[], scope: Scope): void {
    for (let i = 0; i < statements.length; i++) {
      const statement = statements[i]!
      if (statement.indent > 0) continue
      if (!isFunction(statement)) {
        this.#runOne(statement, scope)
        continue
      }
      let end = i
      while ((statements[end + 1]?.indent ?? 0) > 0) end++
      this.#define(statement, statements.slice(i + 1, end + 1), scope)
      i = end
    }
  }

  /** A function with a wrong line is defined without that line. */
  #define(head: Statement, body: readonly Statement[], scope: Scope): void {
    const last = (body.at(-1) ?? head).tokens.at(-1)!
    if (this.#run(this.#text.slice(head.tokens[0]!.from, last.to), scope)) return
    const good = body.map((s) => this.#textOf(s)).filter((line) => parsed(line))
    this.#run([this.#textOf(head), ...good, 'return None'].join('\n  '), scope)
  }

  #inside(cursor: Cursor, head: Statement, globals: Scope): Scope {
    const shell = new Scope(globals)
    this.#run(`${this.#textOf(head)}\n  return None`, shell)
    const fn = shell.get(head.tokens[1]?.text ?? '')
    const scope = new Scope(globals)
    if (fn?.kind !== 'function') return scope
    for (const param of fn.params) scope.set(param.name, madeUp(param))
    for (const statement of cursor.before.slice(cursor.before.indexOf(head) + 1)) {
      this.#runOne(statement, scope)
    }
    return scope
  }

  #runOne(statement: Statement, scope: Scope): void {
    if (this.#run(this.#textOf(statement), scope)) return
    // The column exists for the statements that follow, whatever its value.
    const target = statement.tokens.findIndex((token) => token.text === '=')
    if (target > 1) this.#run(`${this.#slice(statement.tokens.slice(0, target))} = ''`, scope)
  }

  #textOf = (statement: Statement): string => this.#slice(statement.tokens)

  #slice(tokens: readonly Token[]): string {
    return this.#text.slice(tokens[0]!.from, tokens.at(-1)!.to)
  }

  #run(text: string, scope: Scope): boolean {
    const statements = parsed(text)
    if (!statements) return false
    try {
      this.#evaluator.run(statements, scope)
      return true
    } catch {
      return false
    }
  }
}

function parsed(text: string): readonly Parsed[] | undefined {
  try {
    return parse(new SourceText('script', text))
  } catch {
    return undefined
  }
}

const isFunction = (statement: Statement): boolean => statement.tokens[0]?.text === 'def'

/** The head of the function in whose body the cursor stands. */
function enclosingFunction({ before, current }: Cursor): Statement | undefined {
  const outer = before.findLastIndex((statement) => statement.indent < current.indent)
  const head = before[outer]
  return head && isFunction(head) ? head : undefined
}

function shifted({ indent, tokens }: Statement, by: number): Statement {
  return { indent, tokens: tokens.map((t) => ({ ...t, from: t.from + by, to: t.to + by })) }
}

/** A value for an argument without one. A time such as '-5m' is accepted where most texts are. */
function madeUp(param: UserFunction['params'][number]): Value {
  if (param.fallback) return param.fallback
  const { annotation } = param
  const type = annotation?.kind === 'name' || annotation?.kind === 'attribute' ? annotation.name : ''
  if (type === 'int') return constant('INT64', 1n)
  if (type === 'float') return constant('FLOAT64', 1)
  if (type === 'bool') return constant('BOOLEAN', true)
  return constant('STRING', '-5m')
}
