/**
 * The aggregate of the store's bench in a process of its own: count, mean latency and errors by (upid, path), as PxL by
 * the engine over the store, or as SQL over SQLite rows. Each line on the standard input runs it once and is answered
 * with `{ms, groups, rows, means, errors}`: the time until all groups are there, and sums over them.
 *
 *     bun test/bench/store-aggregate.ts store|sqlite DIRECTORY
 */
import { Database } from 'bun:sqlite'
import { join } from 'node:path'
import { openMetadata } from '../../src/metadata'
import { compile } from '../../src/pxl/compile'
import { execute } from '../../src/query/engine'
import type { Batch } from '../../src/records/batch'
import { openReader } from '../../src/store'
import { httpEvents } from './http-events'

const PXL = `import px
df = px.DataFrame('http_events')
df.error = df.resp_status >= 400
df = df.groupby(['upid', 'req_path']).agg(
    n=('latency', px.count), mean=('latency', px.mean), errors=('error', px.sum))
px.display(df)
`
const LIMITS = { rows: 1_000_000, memoryBytes: 256 << 20, deadlineMs: 30_000 }

export const GROUP_SQL = `SELECT upid, req_path, count(*) AS n, avg(latency) AS mean,
  sum(CASE WHEN resp_status >= 400 THEN 1 ELSE 0 END) AS errors FROM http_events GROUP BY upid, req_path`

export interface Answer {
  readonly ms: number
  readonly groups: number
  readonly rows: number
  readonly means: number
  readonly errors: number
}

/** Sums over the columns of the groups: what a wrong answer would get wrong. */
type Sums = Omit<Answer, 'ms'>

function ofStore(dir: string): () => Answer {
  const store = openReader(dir, [httpEvents])
  const metadata = openMetadata(store, 'node-1')
  return () => {
    const from = performance.now()
    const nowNs = BigInt(Date.now()) * 1_000_000n
    const plan = { outputs: compile(PXL, { tables: store.tables(), nowNs }).displays }
    const virtualTable = () => ({ columns: [], batch: { rows: 0, columns: [] } })
    const { tables } = execute(plan, {
      store,
      metadata,
      limits: LIMITS,
      nowNs,
      cancelled: () => false,
      virtualTable,
    })
    return { ms: performance.now() - from, ...sumsOf(tables[0]!.batch) }
  }
}

function sumsOf({ rows: groups, columns }: Batch): Sums {
  const [rows, means, errors] = columns.slice(2).map((vector) => {
    if (!('values' in vector)) throw new TypeError('numbers expected')
    let sum = 0
    for (const value of vector.values) sum += value
    return sum
  })
  return { groups, rows: rows!, means: means!, errors: errors! }
}

function ofSqlite(dir: string): () => Answer {
  const db = new Database(join(dir, 'rows.db'), { readonly: true })
  const query = db.query(
    `SELECT count(*) AS groups, sum(n) AS rows, sum(mean) AS means, sum(errors) AS errors FROM (${GROUP_SQL})`,
  )
  return () => {
    const from = performance.now()
    const sums = query.get() as Sums
    return { ms: performance.now() - from, ...sums }
  }
}

if (import.meta.main) {
  const [kind, dir = ''] = process.argv.slice(2)
  const run = kind === 'store' ? ofStore(dir) : ofSqlite(dir)
  for await (const _ of console) process.stdout.write(`${JSON.stringify(run())}\n`)
}
