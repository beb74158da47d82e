/**
 * The store against SQLite rows and DuckDB over zstd Parquet, on the same generated http_events, in one run.
 *
 *     bun test/bench/store.ts [rows=1000000] [rows per second=2000]
 */
import { Database } from 'bun:sqlite'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BatchBuilder } from '../../src/records/builder'
import { openReader, openWriter } from '../../src/store'
import { httpEvents, httpRecords, takeRecords } from './http-events'

const ROWS = Number(process.argv[2] ?? 1_000_000)
const PER_SECOND = Number(process.argv[3] ?? 2000)
const REPEATS = 10
const START_NS = 1_767_225_600_000_000_000n

const ms = (from: number) => performance.now() - from

function fastest(work: () => unknown): number {
  let best = Number.POSITIVE_INFINITY
  for (let i = 0; i < REPEATS; i++) {
    const from = performance.now()
    work()
    best = Math.min(best, ms(from))
  }
  return best
}

function percentile(samples: number[], p: number): number {
  return samples.toSorted((a, b) => a - b)[Math.floor((samples.length - 1) * p)] ?? 0
}

/** Appends second by second, with upkeep between, as the capture thread does. */
function fillStore(dir: string) {
  const writer = openWriter({
    dataDir: dir,
    retentionSeconds: 1e6,
    diskBudgetBytes: 64 * 2 ** 30,
    tables: [httpEvents],
  })
  const builder = new BatchBuilder(httpEvents, START_NS)
  const time = { generate: 0, build: 0, append: 0, maintain: 0 }
  const appends: number[] = []
  const steps: number[] = []
  const records = httpRecords(ROWS, PER_SECOND)
  for (let done = 0; done < ROWS; done += PER_SECOND) {
    let from = performance.now()
    const second = takeRecords(records, PER_SECOND)
    time.generate += ms(from)
    from = performance.now()
    for (const record of second) builder.append(record)
    time.build += ms(from)
    from = performance.now()
    writer.append([{ table: httpEvents, batch: builder.seal() }])
    appends.push(ms(from))
    time.append += ms(from)
    const upkeep = performance.now()
    for (let more = true; more; ) {
      from = performance.now()
      more = writer.maintain(Number(START_NS / 1_000_000n) + (done / PER_SECOND) * 1000)
      steps.push(ms(from))
    }
    time.maintain += ms(upkeep)
  }
  const stats = writer.stats()
  writer.close()
  return { time, stats, appends, steps }
}

const GROUP_SQL = `SELECT upid, req_path, count(*) AS n, avg(latency) AS mean,
  sum(CASE WHEN resp_status >= 400 THEN 1 ELSE 0 END) AS errors FROM http_events GROUP BY upid, req_path`

function sqliteRows(dir: string) {
  const path = join(dir, 'rows.db')
  const db = new Database(path, { create: true })
  db.run('PRAGMA journal_mode = WAL')
  db.run('PRAGMA synchronous = NORMAL')
  const names = httpEvents.columns.map((column) => column.name)
  db.run(`CREATE TABLE http_events (${names.join(', ')})`)
  const insert = db.query(`INSERT INTO http_events VALUES (${names.map(() => '?').join(', ')})`)
  const records = httpRecords(ROWS, PER_SECOND)
  const add = db.transaction((rows: Record<string, string | number | boolean>[]) => {
    for (const row of rows) insert.run(...names.map((name) => row[name]!))
  })
  let insertMs = 0
  for (let done = 0; done < ROWS; done += PER_SECOND) {
    const rows = takeRecords(records, PER_SECOND)
    const from = performance.now()
    add(rows)
    insertMs += ms(from)
  }
  db.run('PRAGMA wal_checkpoint(TRUNCATE)')
  let groups = 0
  const query = fastest(() => {
    groups = db.query(GROUP_SQL).all().length
  })
  db.close()
  return { insertMs, query, groups, bytes: statSync(path).size }
}

const DUCK = `
import sys, time, os, json, duckdb
source, target, sql, repeats = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
db = duckdb.connect()
db.execute("SET threads = 1")
columns = {name: kind for name, kind in json.loads(sys.argv[5])}
db.execute(f"COPY (SELECT * FROM read_json('{source}', format='newline_delimited', columns={columns})) TO '{target}' (FORMAT parquet, COMPRESSION zstd)")
db.execute(f"CREATE VIEW http_events AS SELECT * FROM '{target}'")
best = 1e9
for _ in range(repeats):
    start = time.perf_counter()
    groups = len(db.execute(sql).fetchall())
    plan = time.perf_counter() - start
    start = time.perf_counter()
    db.execute("SELECT count(*), sum(n), sum(mean), sum(errors) FROM (" + sql + ")").fetchall()
    best = min(best, time.perf_counter() - start)
print(json.dumps({"version": duckdb.__version__, "bytes": os.path.getsize(target), "query": best * 1000, "rows": plan * 1000, "groups": groups}))
`

const DUCK_TYPE: Record<string, string> = {
  BOOLEAN: 'BOOLEAN',
  INT64: 'BIGINT',
  TIME64NS: 'BIGINT',
  FLOAT64: 'DOUBLE',
  STRING: 'VARCHAR',
  UINT128: 'VARCHAR',
}

/** DuckDB from PyPI in a directory of its own; a sentence when it isn't to be had. */
function duckdb(dir: string): { bytes: number; query: number; groups: number; version: string } | string {
  const given = process.env.DUCKDB_PYTHON
  const python = given ?? join(dir, 'venv/bin/python')
  if (!given) {
    const made = Bun.spawnSync(['python3', '-m', 'venv', join(dir, 'venv')])
    const pip = () => Bun.spawnSync([join(dir, 'venv/bin/pip'), '-q', 'install', 'duckdb'])
    if (!made.success || !pip().success) return 'no python3 venv with duckdb'
  }
  const source = join(dir, 'rows.ndjson')
  const sink = Bun.file(source).writer({ highWaterMark: 1 << 20 })
  for (const record of httpRecords(ROWS, PER_SECOND)) sink.write(`${JSON.stringify(record)}\n`)
  sink.end()
  const script = join(dir, 'duck.py')
  writeFileSync(script, DUCK)
  const columns = JSON.stringify(httpEvents.columns.map((column) => [column.name, DUCK_TYPE[column.type]]))
  const ran = Bun.spawnSync([
    python,
    script,
    source,
    join(dir, 'rows.parquet'),
    GROUP_SQL,
    String(REPEATS),
    columns,
  ])
  return ran.success ? JSON.parse(ran.stdout.toString()) : ran.stderr.toString()
}

function bytesByColumn(dir: string): [string, number][] {
  const db = new Database(join(dir, 'nixie.db'), { readonly: true })
  const rows = db.query('SELECT id % 1024 AS i, sum(length(data)) AS bytes FROM columns GROUP BY 1').all()
  db.close()
  return (rows as { i: number; bytes: number }[])
    .map(({ i, bytes }): [string, number] => [httpEvents.columns[i]!.name, bytes])
    .sort((a, b) => b[1] - a[1])
}

const perRow = (milliseconds: number) => `${((milliseconds * 1000) / ROWS).toFixed(2)} µs/row`
const dir = mkdtempSync(join(tmpdir(), 'nixie-bench-'))
try {
  const { time, stats, appends, steps } = fillStore(dir)
  const source = openReader(dir, [httpEvents])
  const info = source.tables()[0]!
  console.log(`rows ${ROWS}, ${PER_SECOND} a second (generated in ${(time.generate / 1000).toFixed(1)} s)`)
  console.log(`build ${perRow(time.build)}, append ${perRow(time.append)}, upkeep ${perRow(time.maintain)}`)
  console.log(
    `append p50 ${percentile(appends, 0.5).toFixed(1)} p99 ${percentile(appends, 0.99).toFixed(1)} ms`,
  )
  console.log(
    `upkeep step p99 ${percentile(steps, 0.99).toFixed(1)} max ${percentile(steps, 1).toFixed(1)} ms`,
  )
  const written = stats.writtenBytes + stats.compactedBytes
  console.log(
    `store ${(info.bytes / ROWS).toFixed(1)} B/row, file ${(stats.fileBytes / ROWS).toFixed(1)} B/row, ` +
      `write amplification ${(written / info.bytes).toFixed(2)} of the final bytes`,
  )
  for (const [name, bytes] of bytesByColumn(dir).slice(0, 10))
    console.log(`  ${name} ${(bytes / ROWS).toFixed(2)} B/row`)
  const aggregate = [process.execPath, join(import.meta.dir, 'store-aggregate.ts'), dir, String(REPEATS)]
  const { ms: own, groups } = JSON.parse(Bun.spawnSync(aggregate).stdout.toString())
  console.log(`group by (upid, path): store ${own.toFixed(1)} ms, ${groups} groups`)
  source.close()
  const duck = duckdb(dir)
  if (typeof duck === 'string') console.log(`DuckDB skipped: ${duck}`)
  else {
    console.log(
      `DuckDB ${duck.version}: ${(duck.bytes / ROWS).toFixed(1)} B/row, ${duck.query.toFixed(1)} ms, ${duck.groups} groups`,
    )
    console.log(`bytes: ${(info.bytes / duck.bytes).toFixed(2)} × Parquet zstd (aim ≤ 1.1)`)
    console.log(`aggregate: ${(own / duck.query).toFixed(2)} × DuckDB's time (aim ≤ 1)`)
  }
  const rows = sqliteRows(dir)
  console.log(
    `SQLite rows: ${(rows.bytes / ROWS).toFixed(1)} B/row, insert ${perRow(rows.insertMs)}, ${rows.query.toFixed(1)} ms, ${rows.groups} groups`,
  )
  console.log(`aggregate: ${(rows.query / own).toFixed(1)} × faster than SQLite rows (aim ≥ 20)`)
} finally {
  rmSync(dir, { recursive: true, force: true })
}
