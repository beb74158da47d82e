/**
 * Answers the cases of the query figures in a process of its own, as a query thread does: scripts by `runScript`, over the
 * store; or SQL over SQLite rows. Each line on the standard input names a case and is answered with `{ms, check, rss}`;
 * `idle` collects garbage, as an idle query thread does.
 *
 *     bun test/bench/query-contender.ts store|sqlite DIRECTORY ROWS ROWS_PER_SECOND
 */
import { Database } from 'bun:sqlite'
import { join } from 'node:path'
import { openMetadata } from '../../src/metadata'
import type { ResultTable, RunRequest } from '../../src/runner/runner'
import { LIBRARY } from '../../src/scripts/library'
import { openReader } from '../../src/store'
import { runScript } from '../runner/support'
import { httpEvents } from './http-events'
import { CASES, type CaseName, sqlOf } from './query-cases'
import { START_NS } from './query-data'

/** Freed pages go back to the kernel a little later. */
const IDLE_MS = 1000
const LIMITS = { rows: 1_000_000, memoryBytes: 256 << 20, deadlineMs: 120_000 }

export interface Answer {
  readonly ms: number
  /** Sums that a wrong answer would get wrong. */
  readonly check: readonly number[]
  /** Bytes, after the run. */
  readonly rss: number
}

function ofStore(dir: string, rows: number, perSecond: number): (name: CaseName) => Omit<Answer, 'rss'> {
  const store = openReader(dir, [httpEvents])
  const metadata = openMetadata(store, 'node-1')
  const nowNs = START_NS + (BigInt(rows) * 1_000_000_000n) / BigInt(perSecond)
  return (name) => {
    const request = CASES[name].request as RunRequest
    const limits = name === 'group' || name === 'search' ? LIMITS : { deadlineMs: 120_000 }
    const from = performance.now()
    const context = { store, metadata, scripts: LIBRARY, cancelled: () => false, nowNs }
    const { tables } = runScript({ ...request, limits }, context)
    return { ms: performance.now() - from, check: checkOf(name, tables) }
  }
}

function checkOf(name: CaseName, tables: readonly ResultTable[]): number[] {
  const [table] = tables
  const sum = (column: number) =>
    (table!.values[column] as readonly number[]).reduce((total, value) => total + value, 0)
  if (name === 'group') return [table!.rows, sum(2), sum(3), sum(4)]
  return [table!.rows]
}

/** `sqlite` is the group query as it is, `sqlite-without` the same without its p99. */
function ofSqlite(dir: string): (name: string) => Omit<Answer, 'rss'> {
  const db = new Database(join(dir, 'rows.db'), { readonly: true })
  return (name) => {
    const query = db.query(sqlOf('group', name as 'sqlite' | 'sqlite-without')!)
    const from = performance.now()
    const row = query.get() as Record<string, number>
    return { ms: performance.now() - from, check: Object.values(row) }
  }
}

if (import.meta.main) {
  const [kind, dir = '', rows, perSecond] = process.argv.slice(2)
  const run = kind === 'store' ? ofStore(dir, Number(rows), Number(perSecond)) : ofSqlite(dir)
  for await (const name of console) {
    if (name === '') continue
    if (name === 'idle') {
      Bun.gc(true)
      await Bun.sleep(IDLE_MS)
      process.stdout.write(`${JSON.stringify({ ms: 0, check: [], rss: process.memoryUsage().rss })}\n`)
      continue
    }
    const answer = run(name as CaseName)
    process.stdout.write(`${JSON.stringify({ ...answer, rss: process.memoryUsage().rss })}\n`)
  }
}
