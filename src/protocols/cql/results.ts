/** Results as text: their kind, and what they have of columns and rows. */
import { RESULT } from './codes'
import type { Fields } from './fields'
import { type Column, metadataOf } from './metadata'

export interface Prepared {
  /** Its id, as a hexadecimal number. */
  readonly id: string
  readonly columns: readonly Column[]
  /** All columns are known. */
  readonly isWhole: boolean
}

export interface Result {
  readonly text: string
  readonly rows: number
  readonly keyspace?: string | undefined
  readonly prepared?: Prepared | undefined
}

const NAMES = ['', 'VOID', 'ROWS', 'SET_KEYSPACE', 'PREPARED', 'SCHEMA_CHANGE']

export function resultOf(fields: Fields, version: number): Result {
  const kind = fields.int()
  const head = `Response type = ${NAMES[kind] ?? kind}`
  switch (kind) {
    case RESULT.ROWS:
      return rowsOf(fields, version, head)
    case RESULT.SET_KEYSPACE: {
      const keyspace = fields.text()
      return { text: `${head}\nKeyspace = ${keyspace}`, rows: 0, keyspace }
    }
    case RESULT.PREPARED:
      return preparedOf(fields, version, head)
    case RESULT.SCHEMA_CHANGE:
      return { text: `${head}\n${schemaChange(fields)}`, rows: 0 }
    default:
      return { text: head, rows: 0 }
  }
}

function rowsOf(fields: Fields, version: number, head: string): Result {
  const metadata = metadataOf(fields, version)
  const rows = metadata.isWhole ? fields.int() : undefined
  const isKnown = rows !== undefined && !fields.isShort
  const lines = [head, `Number of columns = ${metadata.count}`]
  if (metadata.columns.length > 0) lines.push(JSON.stringify(metadata.columns.map(({ name }) => name)))
  lines.push(`Number of rows = ${isKnown ? rows : '?'}`)
  if (metadata.hasMore) lines.push('More pages follow')
  return { text: lines.join('\n'), rows: isKnown ? Math.max(0, rows) : 0 }
}

function preparedOf(fields: Fields, version: number, head: string): Result {
  const id = Buffer.from(fields.shortBytes()).toString('hex')
  // Of its results: they name their columns themselves, or are as known.
  if (version >= 5) fields.shortBytes()
  const { count, columns, isWhole } = metadataOf(fields, version, true)
  const text = `${head}\nStatement = ${id}\nNumber of parameters = ${count}`
  return { text, rows: 0, prepared: { id, columns, isWhole } }
}

/** What changed: `CREATED TABLE shop.goods`, with the arguments of a function. */
export function schemaChange(fields: Fields): string {
  const change = fields.text()
  const target = fields.text()
  const keyspace = fields.text()
  if (target === 'KEYSPACE') return `${change} ${target} ${keyspace}`
  const name = `${keyspace}.${fields.text()}`
  const args = target === 'FUNCTION' || target === 'AGGREGATE' ? `(${fields.texts().join(', ')})` : ''
  return `${change} ${target} ${name}${args}`
}
