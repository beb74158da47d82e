/**
 * Prepared statements of a connection, and their executions as text:
 *
 *     COM_STMT_EXECUTE       17  statement:4  flags:1  1:4  [parameters]
 *     COM_STMT_BULK_EXECUTE  fa  statement:4  flags:2  [types]  (indicator:1 [value]) …     (MariaDB)
 *     parameters             [count]  which are NULL: 1 bit each  1  (type:1 sign:1 [name]) …  value …
 *
 * The types may be left out where they are those of the execution before. What was prepared unseen is `<unknown statement 12>`.
 */

import { type ParameterType, valueText } from './binary-values'
import { Fields } from './fields'
import type { LongData } from './long-data'
import { parametersIn } from './parameters'
import type { Template } from './secrets'

const MAX_STATEMENTS = 2048
const MAX_BYTES = 1 << 20
/** Closed statements that are remembered. */
const CLOSED = 64
const STATEMENT_BYTES = 200
/** Stands for the statement that was prepared last (MariaDB). */
const LAST = 0xffffffff
const HAS_COUNT = 0x08
const BULK_TYPES = 0x80
/** Rows of bulk data that are shown. */
const SHOWN_ROWS = 16
const NO_VALUES = '<unknown values>'
/** What an indicator of bulk data says in place of a value. */
const INDICATED = ['', 'NULL', 'DEFAULT', 'IGNORE']

interface Statement {
  readonly template: Template
  readonly parameters: number
  types: readonly ParameterType[] | undefined
}

export interface Execution {
  /** The packet, or its beginning. */
  readonly bytes: Uint8Array
  readonly isWhole: boolean
  readonly longData: LongData | undefined
}

export class Statements {
  readonly #known = new Map<number, Statement>()
  readonly #closed: number[] = []
  #bytes = 0
  #last: number | undefined

  get held(): number {
    return this.#bytes
  }

  prepared(id: number, template: Template, parameters: number): void {
    this.#remove(id)
    this.#known.set(id, { template, parameters, types: undefined })
    this.#bytes += memoryOf(template)
    this.#last = id
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= MAX_STATEMENTS && this.#bytes <= MAX_BYTES) return
      this.#remove(oldest)
    }
  }

  /** What was prepared last isn't known; nor are the types of statements, if executions of them were lost. */
  loses(): void {
    this.#last = undefined
    for (const statement of this.#known.values()) statement.types = undefined
  }

  clear(): void {
    this.#known.clear()
    this.#closed.length = 0
    this.#bytes = 0
    this.#last = undefined
  }

  /** It stays for a while: executions before it may wait until it is sure what they are. */
  close(id: number): void {
    if (this.#closed.push(id) > CLOSED) this.#remove(this.#closed.shift()!)
  }

  /** The text of a statement; of many that are unknown, each has its number. */
  textOf(id: number): string {
    const known = id === LAST ? this.#last : id
    return (
      this.#statement(id)?.template.shown ?? `<unknown statement${known === undefined ? '' : ` ${known}`}>`
    )
  }

  /** `hasCount`: how many parameters there are stands in front of them; undefined: that isn't known. */
  execution({ bytes, isWhole, longData }: Execution, hasCount: boolean | undefined): string {
    const fields = new Fields(bytes, 1)
    const id = fields.number(4)
    const flags = fields.number(1)
    fields.skip(4)
    const statement = this.#statement(id)
    if (!statement) return this.textOf(id)
    const ways = hasCount === undefined ? [(flags & HAS_COUNT) !== 0, true] : [hasCount]
    for (const counted of new Set(ways)) {
      if (statement.parameters === 0 && !(counted && (flags & HAS_COUNT) !== 0)) break
      const found = parametersIn(new Fields(bytes, fields.pos), {
        count: counted ? undefined : statement.parameters,
        isNamed: counted,
        types: statement.types,
        longData,
        isWhole,
      })
      if (!found) continue
      if (found.types) statement.types = found.types.slice(0, statement.parameters)
      return shown(statement, statement.template.safe(found.values.slice(0, statement.parameters)))
    }
    return shown(statement, statement.parameters === 0 ? [] : [NO_VALUES])
  }

  bulk({ bytes, isWhole }: Execution): string {
    const fields = new Fields(bytes, 1)
    const id = fields.number(4)
    const flags = fields.number(2)
    const statement = this.#statement(id)
    if (!statement) return this.textOf(id)
    if ((flags & BULK_TYPES) !== 0)
      statement.types = Array.from({ length: Math.min(statement.parameters, fields.left >> 1) }, () => ({
        type: fields.number(1),
        isUnsigned: fields.number(1) !== 0,
      }))
    const rows = rowsIn(fields, statement)
    const isRead = rows !== undefined && (fields.left === 0 || !isWhole)
    if (!rows || !isRead) return shown(statement, [NO_VALUES])
    const tuples = rows.slice(0, SHOWN_ROWS).map((row) => `(${statement.template.safe(row).join(', ')})`)
    if (rows.length > SHOWN_ROWS) tuples.push(`… ${rows.length - SHOWN_ROWS} more`)
    return shown(statement, tuples)
  }

  #statement(id: number): Statement | undefined {
    const known = id === LAST ? this.#last : id
    return known === undefined ? undefined : this.#known.get(known)
  }

  #remove(id: number): void {
    const statement = this.#known.get(id)
    if (!statement) return
    this.#known.delete(id)
    this.#bytes -= memoryOf(statement.template)
  }
}

/** As Pixie shows it, which scripts read. */
const shown = ({ template }: Statement, values: readonly string[]): string =>
  `query=[${template.shown}] params=[${template.limited(values.join(', '))}]`

const memoryOf = ({ text }: Template): number => STATEMENT_BYTES + 2 * text.length

/** Rows up to the end of what is there. */
function rowsIn(fields: Fields, { parameters, types }: Statement): string[][] | undefined {
  if (!types || types.length < parameters || parameters === 0) return undefined
  const rows: string[][] = []
  while (fields.left > 0 && !fields.isShort) {
    const row: string[] = []
    for (const type of types) {
      const indicator = fields.number(1)
      const value = indicator === 0 ? valueText(fields, type) : INDICATED[indicator]
      if (value === undefined || fields.isShort) break
      row.push(value)
    }
    if (row.length < parameters) return fields.isShort ? rows : undefined
    rows.push(row)
  }
  return rows
}
