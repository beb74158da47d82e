/** What a connection has prepared: statements, and portals, which are statements with their values. */
import type { Sql } from './texts'

/** What a connection may make Nixie remember: more leaves, the oldest first. */
const MOST_STATEMENTS = 2048
const MOST_STATEMENT_BYTES = 1 << 20
const MOST_PORTALS = 256
const MOST_PORTAL_BYTES = 256 << 10
/** Memory of a statement or portal beside its texts. */
const LEAST_BYTES = 200

/** A column of an answer (RowDescription). */
export interface Column {
  readonly name: string
  readonly type: number
  readonly format: number
  readonly isSecret: boolean
}

export interface Statement {
  readonly name: string
  readonly sql: Sql
  /** Types of its parameters, as far as they are known. */
  types: readonly number[]
  columns: readonly Column[] | undefined
}

export interface Portal {
  readonly name: string
  readonly statement: Statement
  /** The values as rows show them. */
  readonly values: string
  /** Of the columns: one for all, or one for each; undefined where they aren't known. */
  readonly formats: readonly number[] | undefined
  columns: readonly Column[] | undefined
}

/** A map whose texts are bounded. */
class Bounded<V extends { readonly name: string }> {
  readonly #entries = new Map<string, V>()
  readonly #bytesOf: (value: V) => number
  readonly #most: number
  readonly #mostBytes: number
  #held = 0

  constructor(bytesOf: (value: V) => number, most: number, mostBytes: number) {
    this.#bytesOf = bytesOf
    this.#most = most
    this.#mostBytes = mostBytes
  }

  get held(): number {
    return this.#held
  }

  get(name: string): V | undefined {
    return this.#entries.get(name)
  }

  set(value: V): void {
    this.delete(value.name)
    this.#entries.set(value.name, value)
    this.#held += this.#bytesOf(value)
    if (this.#isOver) this.#shrink()
  }

  get #isOver(): boolean {
    return this.#entries.size > this.#most || this.#held > this.#mostBytes
  }

  #shrink(): void {
    for (const name of this.#entries.keys()) {
      if (!this.#isOver) return
      this.delete(name)
    }
  }

  delete(name: string): void {
    const value = this.#entries.get(name)
    if (!value) return
    this.#entries.delete(name)
    this.#held -= this.#bytesOf(value)
  }

  clear(): void {
    this.#entries.clear()
    this.#held = 0
  }
}

/** The texts of statements are shared by all connections that say the same, but not those of many different ones. */
const statementBytes = ({ name, sql }: Statement): number => LEAST_BYTES + 2 * (name.length + sql.text.length)
const portalBytes = ({ name, values }: Portal): number => LEAST_BYTES + 2 * (name.length + values.length)

export class Prepared {
  readonly #statements = new Bounded(statementBytes, MOST_STATEMENTS, MOST_STATEMENT_BYTES)
  readonly #portals = new Bounded(portalBytes, MOST_PORTALS, MOST_PORTAL_BYTES)

  get held(): number {
    return this.#statements.held + this.#portals.held
  }

  /** The statement of this name; one without its text where it was prepared unseen. */
  statement(name: string): Statement {
    return this.#statements.get(name) ?? unknownStatement(name)
  }

  portal(name: string): Portal | undefined {
    return this.#portals.get(name)
  }

  /** @returns the one that had the name before */
  prepare(statement: Statement): Statement | undefined {
    const before = this.#statements.get(statement.name)
    this.#statements.set(statement)
    return before
  }

  /** The server didn't take it: the one before is still there. */
  undo(statement: Statement, before: Statement | undefined): void {
    if (this.#statements.get(statement.name) !== statement) return
    if (before && statement.name !== '') this.#statements.set(before)
    else this.#statements.delete(statement.name)
  }

  bind(portal: Portal): void {
    this.#portals.set(portal)
  }

  close(isPortal: boolean, name: string): void {
    if (isPortal) this.#portals.delete(name)
    else this.#statements.delete(name)
  }

  /** A simple query, or a new transaction, ends what has no name. */
  closeUnnamed(): void {
    this.#statements.delete('')
    this.#portals.delete('')
  }

  /** Any of them may have been closed, and prepared otherwise. */
  clear(): void {
    this.#statements.clear()
    this.#portals.clear()
  }
}

function unknownStatement(name: string): Statement {
  const text = name === '' ? '<unknown statement>' : `<unknown statement ${name}>`
  return { name, sql: { text, secrets: new Set() }, types: [], columns: undefined }
}
