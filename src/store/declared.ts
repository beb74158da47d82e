/**
 * The tables that a store has, as its writer declared them, and what a reader knows beside. The declarations are an
 * addition to the file's format: a program that doesn't know them reads the rows all the same.
 */
import type { Database } from 'bun:sqlite'
import type { Column, Table } from '../records/table'

/** A table as readers need it. */
export type DeclaredTable = Pick<Table, 'name' | 'description' | 'columns' | 'share'> & {
  /** False: the writer has no source of rows for it. */
  readonly recorded: boolean
}

export interface Row {
  readonly name: string
  readonly declaration: string
}

const CREATE = 'CREATE TABLE IF NOT EXISTS tables (name TEXT PRIMARY KEY, declaration TEXT NOT NULL) STRICT'

const textOf = ({ description, columns, share, recorded }: DeclaredTable) =>
  JSON.stringify({ description, columns, share, recorded })

/** Makes the store say that it has these tables and no others, in the order given. Writes only what is new. */
export function declareTables(db: Database, tables: readonly DeclaredTable[]): void {
  db.run(CREATE)
  const said = db.query('SELECT name, declaration FROM tables ORDER BY rowid').all() as Row[]
  const wanted = tables.map((table): Row => ({ name: table.name, declaration: textOf(table) }))
  if (Bun.deepEquals(said, wanted)) return
  db.transaction(() => {
    db.run('DELETE FROM tables')
    const insert = db.query('INSERT INTO tables (name, declaration) VALUES (?, ?)')
    for (const { name, declaration } of wanted) insert.run(name, declaration)
  })()
}

/** The declarations as stored. Unchanged ones need not be parsed again. */
export function readDeclarations(db: Database): readonly Row[] {
  const there = db.query("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'tables'").get()
  if (there) return db.query('SELECT name, declaration FROM tables ORDER BY rowid').all() as Row[]
  return ofRows(db)
}

export function parseDeclaration({ name, declaration }: Row): DeclaredTable {
  return { name, ...(JSON.parse(declaration) as Omit<DeclaredTable, 'name'>) }
}

/**
 * The declared tables with what this program knows beside them, as an older one may have written the store: columns that rows of it lack have
 * their empty value, and tables that it lacks no rows. A column that has another type there stays as it is: so it can be read.
 */
export function completed(
  declared: readonly DeclaredTable[],
  known: readonly Table[],
): ReadonlyMap<string, DeclaredTable> {
  const others = new Map(declared.map((table) => [table.name, table]))
  const ours = known.map((table) => {
    const there = others.get(table.name)
    others.delete(table.name)
    return there ? withColumnsOf(there, table.columns) : { ...table, recorded: false }
  })
  return new Map([...ours, ...others.values()].map((table) => [table.name, table]))
}

function withColumnsOf(table: DeclaredTable, known: readonly Column[]): DeclaredTable {
  const others = new Map(table.columns.map((column) => [column.name, column]))
  const ours = known.map((column) => {
    const there = others.get(column.name)
    others.delete(column.name)
    return there && there.type !== column.type ? there : column
  })
  return { ...table, columns: [...ours, ...others.values()] }
}

/** For a store without declarations (an earlier format): the columns of its chunks, the newest last. */
function ofRows(db: Database): Row[] {
  const schemas = db.query('SELECT tab, columns FROM schemas ORDER BY id').all() as {
    tab: string
    columns: string
  }[]
  const byName = new Map<string, Row>()
  for (const { tab, columns } of schemas) {
    const table = { name: tab, description: '', columns: columnsOf(columns), recorded: true }
    byName.set(tab, { name: tab, declaration: textOf(table) })
  }
  return [...byName.values()]
}

const columnsOf = (columns: string): Column[] =>
  (JSON.parse(columns) as [Column['name'], Column['type']][]).map(([name, type]) => ({
    name,
    type,
    semantic: name === 'upid' ? 'ST_UPID' : 'ST_NONE',
    pattern: 'GENERAL',
    description: '',
  }))
