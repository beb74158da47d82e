/**
 * Facts about the writers, kept in the file: bytes written over the life of the store, and the limits of the last
 * writer.
 */
import type { Database } from 'bun:sqlite'
import type { Age } from './uptime'

/** Bytes that appends and merges wrote. */
export interface Totals {
  readonly written: number
  readonly compacted: number
}

export interface KnownLimits {
  /** 0: unknown. */
  readonly budget: number
  readonly retention: number
}

/** Adds to the totals and records the limits, in one transaction. */
export function saveTotals(
  db: Database,
  { written, compacted }: Totals,
  budgetBytes: number,
  retentionSeconds: number,
  age: Age,
): void {
  const add = db.query('UPDATE counters SET value = value + ? WHERE name = ?')
  const put = db.query('UPDATE counters SET value = ? WHERE name = ?')
  db.transaction(() => {
    add.run(Math.floor(written), 'written')
    add.run(Math.floor(compacted), 'compacted')
    put.run(Math.floor(budgetBytes), 'budget')
    put.run(Math.ceil(retentionSeconds), 'retention')
    age.save(db)
  })()
}

export function readTotals(db: Database): Totals & KnownLimits {
  const rows = db.query('SELECT name, value FROM counters').all() as { name: string; value: bigint }[]
  const of = (name: string) => Number(rows.find((row) => row.name === name)?.value ?? 0)
  return {
    written: of('written'),
    compacted: of('compacted'),
    budget: of('budget'),
    retention: of('retention'),
  }
}
