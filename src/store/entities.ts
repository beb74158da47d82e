/** Entities in the file: the objects that records refer to, by kind and key. A counter tells readers of changes. */
import type { Database } from 'bun:sqlite'
import type { Entity, EntityKind, EntityValues } from '../records/entities'

/** `seen`: the age of the store, by which they leave it. In a transaction. */
export function putEntities(db: Database, entities: readonly Entity[], seen: number): void {
  const put = db.query(`INSERT INTO entities VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
    value = excluded.value, seen = excluded.seen,
    first_ms = min(first_ms, excluded.first_ms), last_ms = max(last_ms, excluded.last_ms)`)
  for (const { kind, key, value, firstSeenMs, lastSeenMs } of entities)
    put.run(kind, key, JSON.stringify(value), Math.trunc(firstSeenMs), Math.trunc(lastSeenMs), seen)
  bump(db)
}

/** Deletes those that were last seen before `oldest`. In a transaction. */
export function sweepEntities(db: Database, oldest: number): void {
  if (db.query('DELETE FROM entities WHERE seen < ?').run(oldest).changes > 0) bump(db)
}

function bump(db: Database): void {
  db.run("UPDATE counters SET value = value + 1 WHERE name = 'entities'")
}

/** Changes with the entities. */
export function entitiesVersion(db: Database): bigint {
  return (db.query("SELECT value FROM counters WHERE name = 'entities'").get() as { value: bigint }).value
}

export function listEntities<K extends EntityKind>(db: Database, kind: K): ReadonlyMap<string, Entity<K>> {
  const rows = db.query('SELECT key, value, first_ms, last_ms FROM entities WHERE kind = ?').all(kind) as {
    key: string
    value: string
    first_ms: bigint
    last_ms: bigint
  }[]
  return new Map(
    rows.map((row) => [
      row.key,
      {
        kind,
        key: row.key,
        value: JSON.parse(row.value) as EntityValues[K],
        firstSeenMs: Number(row.first_ms),
        lastSeenMs: Number(row.last_ms),
      },
    ]),
  )
}
