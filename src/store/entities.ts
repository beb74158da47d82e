/** Entities in the file: the objects that records refer to, by kind and key. A counter tells readers of changes. */
import type { Database } from 'bun:sqlite'
import type { Entity, EntityKind, EntityValues } from '../records/entities'

/** An entity larger than this has pages of its own in the file (https://www.sqlite.org/fileformat2.html, 1.5). */
const MOST_IN_ROW = 900
const OWN_PAGES = 5120
/** Keys, times and its place in the index. */
const BESIDE = 200

/** What entities of one kind take in the file, in bytes. */
const COST = `CASE WHEN octet_length(value) > ${MOST_IN_ROW} THEN ${OWN_PAGES} ELSE octet_length(value) + ${BESIDE} END`

/** By kind and age. An addition to the file's format, which readers don't need. */
export function indexEntities(db: Database): void {
  db.run('CREATE INDEX IF NOT EXISTS entities_seen ON entities (kind, seen)')
}

/** About the bytes that all processes take in the file. It reads each of them. */
export function processBytes(db: Database): number {
  const row = db.query(`SELECT sum(${COST}) AS bytes FROM entities WHERE kind = 'process'`).get()
  return Number((row as { bytes: bigint | null }).bytes ?? 0n)
}

/** Deletes the processes that were not seen for longest, `most` at most, until `bytes` are free. In a transaction. */
export function forgetProcesses(db: Database, bytes: number, most: number) {
  const oldest = db
    .query<Costly, [number]>(
      `SELECT key, ${COST} AS cost FROM entities WHERE kind = 'process' ORDER BY seen LIMIT ?`,
    )
    .all(most)
  const forget = db.query("DELETE FROM entities WHERE kind = 'process' AND key = ?")
  let freed = 0
  let processes = 0
  for (const { key, cost } of oldest) {
    if (freed >= bytes) break
    forget.run(key)
    freed += Number(cost)
    processes++
  }
  if (processes > 0) bump(db)
  return { processes, bytes: freed }
}

/**
 * `seen`: the age of the store, by which they leave it. In a transaction.
 *
 * @returns bytes written, and by how much the processes have grown
 */
export function putEntities(db: Database, entities: readonly Entity[], seen: number) {
  const costOf = db.query<Costly, [string, string]>(
    `SELECT key, ${COST} AS cost FROM entities WHERE kind = ? AND key = ?`,
  )
  const cost = ({ kind, key }: Entity) => Number(costOf.get(kind, key)?.cost ?? 0n)
  const put = db.query(`INSERT INTO entities VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
    value = excluded.value, seen = excluded.seen,
    first_ms = min(first_ms, excluded.first_ms), last_ms = max(last_ms, excluded.last_ms)`)
  let written = 0
  let grown = 0
  for (const entity of entities) {
    const { kind, key, value, firstSeenMs, lastSeenMs } = entity
    const before = cost(entity)
    put.run(kind, key, JSON.stringify(value), Math.trunc(firstSeenMs), Math.trunc(lastSeenMs), seen)
    const after = cost(entity)
    written += after
    if (kind === 'process') grown += after - before
  }
  bump(db)
  return { written, grown }
}

/** Deletes those that were last seen before `oldest`; returns the bytes of the processes among them. In a transaction. */
export function sweepEntities(db: Database, oldest: number): number {
  const row = db
    .query<{ bytes: bigint | null }, [number]>(
      `SELECT sum(${COST}) AS bytes FROM entities WHERE kind = 'process' AND seen < ?`,
    )
    .get(oldest)
  if (db.query('DELETE FROM entities WHERE seen < ?').run(oldest).changes > 0) bump(db)
  return Number(row?.bytes ?? 0n)
}

function bump(db: Database): void {
  db.run("UPDATE counters SET value = value + 1 WHERE name = 'entities'")
}

/** Changes with the entities. */
export function entitiesVersion(db: Database): bigint {
  return (db.query("SELECT value FROM counters WHERE name = 'entities'").get() as { value: bigint }).value
}

export function findEntity<K extends EntityKind>(db: Database, kind: K, key: string): Entity<K> | undefined {
  const row = db
    .query<Row, [string, string]>(
      'SELECT key, value, first_ms, last_ms FROM entities WHERE kind = ? AND key = ?',
    )
    .get(kind, key)
  return row ? entityOf(kind, row) : undefined
}

export function listEntities<K extends EntityKind>(db: Database, kind: K): ReadonlyMap<string, Entity<K>> {
  const rows = db
    .query<Row, [string]>('SELECT key, value, first_ms, last_ms FROM entities WHERE kind = ?')
    .all(kind)
  return new Map(rows.map((row) => [row.key, entityOf(kind, row)]))
}

/** An entity, and about the bytes that it takes in the file. */
interface Costly {
  readonly key: string
  readonly cost: bigint
}

interface Row {
  readonly key: string
  readonly value: string
  readonly first_ms: bigint
  readonly last_ms: bigint
}

const entityOf = <K extends EntityKind>(kind: K, row: Row): Entity<K> => ({
  kind,
  key: row.key,
  value: JSON.parse(row.value) as EntityValues[K],
  firstSeenMs: Number(row.first_ms),
  lastSeenMs: Number(row.last_ms),
})
