/**
 * Metadata of results and prepared statements (native_protocol_v5.spec §4.2.5.2 and §4.2.5.4):
 *
 *     flags:4  columns:4  [parts of the key:4 (position:2)…]  [paging state]  [new id]  [keyspace table]  ([keyspace table] name type)…
 */
import type { Fields } from './fields'
import { MAX_TYPES, type Type, typeOf } from './types'

const GLOBAL_TABLE = 1
const HAS_MORE = 2
const NO_METADATA = 4
const CHANGED = 8
/** Columns that are read of one result. */
const MAX_COLUMNS = 1024
/** Parts of a key that a statement may have. */
const MAX_KEY = 256

export interface Column {
  readonly name: string
  /** Undefined where it is of no known kind; what follows isn't known then either. */
  readonly type: Type | undefined
}

export interface Metadata {
  readonly count: number
  readonly hasMore: boolean
  readonly columns: readonly Column[]
  /** All of it was read. */
  readonly isWhole: boolean
}

/** `isOfParameters`: of a statement that was prepared, which names the parts of its table's key from version 4 on. */
export function metadataOf(fields: Fields, version: number, isOfParameters = false): Metadata {
  const flags = fields.int()
  const count = fields.int()
  if (isOfParameters && version >= 4) {
    const parts = fields.int()
    fields.skip(2 * Math.min(Math.max(0, parts), MAX_KEY))
    if (parts > MAX_KEY) fields.isShort = true
  }
  const hasMore = (flags & HAS_MORE) !== 0
  if (hasMore) fields.longBytes()
  if ((flags & CHANGED) !== 0 && version >= 5) fields.shortBytes()
  const columns = (flags & NO_METADATA) === 0 ? columnsOf(fields, count, (flags & GLOBAL_TABLE) !== 0) : []
  const isNamed = (flags & NO_METADATA) === 0 && count > 0
  const isWhole =
    !fields.isShort && (!isNamed || (columns.length === count && columns.at(-1)!.type !== undefined))
  return { count, hasMore, columns, isWhole }
}

function columnsOf(fields: Fields, count: number, isOfOneTable: boolean): readonly Column[] {
  const left = { types: MAX_TYPES }
  if (isOfOneTable && count > 0) skipTable(fields)
  const columns: Column[] = []
  while (columns.length < Math.min(count, MAX_COLUMNS) && !fields.isShort) {
    if (!isOfOneTable) skipTable(fields)
    const name = fields.text()
    if (fields.isShort) break
    const type = typeOf(fields, left)
    columns.push({ name, type })
    if (type === undefined) break
  }
  return columns
}

function skipTable(fields: Fields): void {
  fields.skip(fields.short())
  fields.skip(fields.short())
}
