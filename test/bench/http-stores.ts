/** Stores that benchmarks fill with http_events: Nixie's own, and rows of SQLite to compare it with. */
import { Database } from 'bun:sqlite'
import { openWriter, type Writer } from '../../src/store'
import { type HttpEvent, httpEvents } from './http-events'

/** A store from which nothing expires while a benchmark runs. */
export const openBenchStore = (dir: string): Writer =>
  openWriter({ dataDir: dir, retentionSeconds: 1e9, diskBudgetBytes: 64 * 2 ** 30, tables: [httpEvents] })

/** The same rows in a plain table of SQLite; `add` takes them as one transaction. */
export class SqliteRows {
  readonly add: (rows: readonly HttpEvent[]) => void
  readonly #db: Database

  constructor(path: string) {
    const db = new Database(path, { create: true })
    db.run('PRAGMA journal_mode = WAL')
    db.run('PRAGMA synchronous = NORMAL')
    const names = httpEvents.columns.map((column) => column.name)
    db.run(`CREATE TABLE http_events (${names.join(', ')})`)
    const insert = db.query(`INSERT INTO http_events VALUES (${names.map(() => '?').join(', ')})`)
    this.add = db.transaction((rows: readonly Readonly<Record<string, string | number | boolean>>[]) => {
      for (const row of rows) insert.run(...names.map((name) => row[name]!))
    })
    this.#db = db
  }

  close(): void {
    this.#db.run('PRAGMA wal_checkpoint(TRUNCATE)')
    this.#db.close()
  }
}
