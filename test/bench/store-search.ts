/**
 * Search for a word in the bodies of failed requests, by PxL over the store: a word that every merged chunk holds, one
 * that a single chunk holds, and one that none does. Prints JSON: median milliseconds, rows read and found, and the
 * share of the store's bytes that the index of trigrams takes.
 *
 *     bun test/bench/store-search.ts [rows=1000000]
 */
import { Database } from 'bun:sqlite'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openMetadata } from '../../src/metadata'
import { compile } from '../../src/pxl/compile'
import { execute } from '../../src/query/engine'
import { BatchBuilder } from '../../src/records/builder'
import { openReader } from '../../src/store'
import { httpEvents, httpRecords, takeRecords } from './http-events'
import { openBenchStore } from './http-stores'

const ROWS = Number(process.argv[2] ?? 1_000_000)
const PER_SECOND = 2000
const START_NS = 1_767_225_600_000_000_000n
const REPEATS = 15
const LIMITS = { rows: 1_000_000, memoryBytes: 256 << 20, deadlineMs: 60_000 }
/** One row of so many holds the word of every chunk. */
const EVERY = 20_000

function bodyOf(row: number): string | undefined {
  if (row === Math.floor(ROWS / 2)) return '{"error":"a lone mongoose"}'
  return row % EVERY === 7 ? `{"error":"zebrafish ${row}"}` : undefined
}

function fill(dir: string): void {
  const writer = openBenchStore(dir)
  const builder = new BatchBuilder(httpEvents, START_NS)
  const records = httpRecords(ROWS, PER_SECOND)
  for (let row = 0; row < ROWS; ) {
    for (const record of takeRecords(records, PER_SECOND)) {
      const resp_body = bodyOf(row++)
      builder.append(resp_body ? { ...record, resp_status: 500, resp_body } : record)
    }
    writer.append([{ table: httpEvents, batch: builder.seal() }])
    while (writer.maintain());
  }
  writer.close()
}

function search(dir: string, word: string) {
  const store = openReader(dir, [httpEvents])
  const metadata = openMetadata(store, 'node-1')
  const nowNs = START_NS
  const script = `import px
df = px.DataFrame('http_events')
df = df[df.resp_status >= 400]
df = df[px.contains(df.resp_body, '${word}')]
px.display(df[['time_', 'req_path', 'resp_body']])
`
  const samples: number[] = []
  let counts = { read: 0, found: 0 }
  for (let i = 0; i < REPEATS; i++) {
    const from = performance.now()
    const plan = { outputs: compile(script, { tables: store.tables(), nowNs }).displays }
    const { tables, stats } = execute(plan, {
      store,
      metadata,
      limits: LIMITS,
      nowNs,
      cancelled: () => false,
      virtualTable: () => ({ columns: [], batch: { rows: 0, columns: [] } }),
    })
    samples.push(performance.now() - from)
    counts = { read: stats.rowsRead, found: tables[0]!.rows }
  }
  store.close()
  return { ms: Number(samples.toSorted((a, b) => a - b)[REPEATS >> 1]!.toFixed(1)), ...counts }
}

function indexShare(dir: string): number {
  const db = new Database(join(dir, 'nixie.db'), { readonly: true })
  const bytes = db
    .query('SELECT sum(length(data)) AS whole, sum(length(data) * (id % 1024 >= 512)) AS index_ FROM columns')
    .get() as { whole: number; index_: number }
  db.close()
  return Number((bytes.index_ / bytes.whole).toFixed(4))
}

const dir = mkdtempSync(join(tmpdir(), 'nixie-search-'))
try {
  fill(dir)
  const words = { inEveryChunk: 'zebrafish', inOne: 'mongoose', inNone: 'quokka' }
  const found = Object.entries(words).map(([name, word]) => [name, search(dir, word)])
  console.log(JSON.stringify({ rows: ROWS, indexShare: indexShare(dir), ...Object.fromEntries(found) }))
} finally {
  rmSync(dir, { recursive: true, force: true })
}
