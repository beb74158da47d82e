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
import { openReader } from '../../src/store'
import { httpEvents, httpRecords, takeRecords } from './http-events'
import { openBenchStore, SqliteRows } from './http-stores'
import { LineProcess } from './line-process'
import { percentile } from './percentiles'
import { type Answer, GROUP_SQL } from './store-aggregate'

const ROWS = Number(process.argv[2] ?? 1_000_000)
const PER_SECOND = Number(process.argv[3] ?? 2000)
const REPEATS = 30
const START_NS = 1_767_225_600_000_000_000n

const ms = (from: number) => performance.now() - from

/** Appends second by second, with upkeep between, as the capture thread does. */
async function fillStore(dir: string) {
  const writer = openBenchStore(dir)
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
      more = writer.maintain()
      steps.push(ms(from))
    }
    time.maintain += ms(upkeep)
    // Flushes of the log end here, as between two drains.
    await Bun.sleep(1)
  }
  const stats = { ...writer.stats(), fileBytes: writer.fileBytes() }
  writer.close()
  return { time, stats, appends, steps }
}

function sqliteRows(dir: string) {
  const path = join(dir, 'rows.db')
  const table = new SqliteRows(path)
  const records = httpRecords(ROWS, PER_SECOND)
  let insertMs = 0
  for (let done = 0; done < ROWS; done += PER_SECOND) {
    const rows = takeRecords(records, PER_SECOND)
    const from = performance.now()
    table.add(rows)
    insertMs += ms(from)
  }
  table.close()
  return { insertMs, bytes: statSync(path).size }
}

const DUCK = `
import sys, time, os, json, duckdb
source, target, sql = sys.argv[1], sys.argv[2], sys.argv[3]
db = duckdb.connect()
db.execute("SET threads = 1")
columns = {name: kind for name, kind in json.loads(sys.argv[4])}
db.execute(f"COPY (SELECT * FROM read_json('{source}', format='newline_delimited', columns={columns})) TO '{target}' (FORMAT parquet, COMPRESSION zstd)")
db.execute(f"CREATE VIEW http_events AS SELECT * FROM '{target}'")
print(json.dumps({"version": duckdb.__version__, "bytes": os.path.getsize(target)}), flush=True)
for _ in sys.stdin:
    start = time.perf_counter()
    groups, rows, means, errors = db.execute("SELECT count(*), sum(n), sum(mean), sum(errors) FROM (" + sql + ")").fetchone()
    ms = (time.perf_counter() - start) * 1000
    print(json.dumps({"ms": ms, "groups": groups, "rows": int(rows), "means": means, "errors": int(errors)}), flush=True)
`

const DUCK_TYPE: Record<string, string> = {
  BOOLEAN: 'BOOLEAN',
  INT64: 'BIGINT',
  TIME64NS: 'BIGINT',
  FLOAT64: 'DOUBLE',
  STRING: 'VARCHAR',
  UINT128: 'VARCHAR',
}

/** DuckDB from PyPI in a directory of its own, asked for the aggregate over Parquet; a sentence when it isn't to be had. */
function duckdb(dir: string): Contender | string {
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
  return new Contender([python, script, source, join(dir, 'rows.parquet'), GROUP_SQL, columns])
}

/** Runs the aggregate, in a process of its own, once for each line that it is sent. */
class Contender extends LineProcess {
  readonly samples: number[] = []
  last: Answer | undefined

  async run(): Promise<void> {
    this.last = (await this.ask('run')) as Answer
    this.samples.push(this.last.ms)
  }
}

function bytesByColumn(dir: string): [string, number][] {
  const db = new Database(join(dir, 'nixie.db'), { readonly: true })
  const rows = db.query('SELECT id % 512 AS i, sum(length(data)) AS bytes FROM columns GROUP BY 1').all()
  db.close()
  return (rows as { i: number; bytes: number }[])
    .map(({ i, bytes }): [string, number] => [httpEvents.columns[i]!.name, bytes])
    .sort((a, b) => b[1] - a[1])
}

const AGGREGATE = [process.execPath, join(import.meta.dir, 'store-aggregate.ts')]
/** The first runs of each are not counted: code is compiled and files are brought to memory. */
const WARM_UP = 10
/** SQLite rows take a second each. */
const SQLITE_EVERY = 5

async function compare(dir: string, bytes: number): Promise<void> {
  const rows = sqliteRows(dir)
  console.log(`SQLite rows: ${(rows.bytes / ROWS).toFixed(1)} B/row, insert ${perRow(rows.insertMs)}`)
  const own = new Contender([...AGGREGATE, 'store', dir])
  const sqlite = new Contender([...AGGREGATE, 'sqlite', dir])
  const duck = duckdb(dir)
  if (typeof duck === 'string') console.log(`DuckDB skipped: ${duck}`)
  else {
    const made = (await duck.line()) as { version: string; bytes: number }
    console.log(`DuckDB ${made.version}: ${(made.bytes / ROWS).toFixed(1)} B/row in Parquet, zstd`)
    console.log(`bytes: ${(bytes / made.bytes).toFixed(2)} × Parquet (aim ≤ 1.1)`)
  }
  const others = typeof duck === 'string' ? [sqlite] : [duck, sqlite]
  for (let i = 0; i < REPEATS + WARM_UP; i++) {
    await own.run()
    if (typeof duck !== 'string') await duck.run()
    if (i % SQLITE_EVERY === 0) await sqlite.run()
    if (i === WARM_UP - 1) for (const contender of [own, ...others]) contender.samples.length = 0
  }
  for (const other of others) agree(own.last!, other.last!)
  const median = (contender: Contender) => percentile(contender.samples, 0.5)
  console.log(`group by (upid, path) by PxL: ${median(own).toFixed(1)} ms, ${own.last!.groups} groups`)
  if (typeof duck !== 'string')
    console.log(
      `DuckDB, 1 thread: ${median(duck).toFixed(1)} ms; ours ${(median(own) / median(duck)).toFixed(2)} × its time (aim ≤ 1)`,
    )
  console.log(
    `SQLite rows: ${median(sqlite).toFixed(0)} ms; ours ${(median(sqlite) / median(own)).toFixed(1)} × faster (aim ≥ 20)`,
  )
  for (const contender of [own, ...others]) await contender.end()
}

function agree(a: Answer, b: Answer): void {
  const same = a.groups === b.groups && a.rows === b.rows && a.errors === b.errors
  if (!same || Math.abs(a.means / b.means - 1) > 1e-9)
    throw new Error(`the answers differ: ${JSON.stringify([a, b])}`)
}

const perRow = (milliseconds: number) => `${((milliseconds * 1000) / ROWS).toFixed(2)} µs/row`
const dir = mkdtempSync(join(tmpdir(), 'nixie-bench-'))
try {
  const { time, stats, appends, steps } = await fillStore(dir)
  const source = openReader(dir, [httpEvents])
  const info = source.tables()[0]!
  source.close()
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
  await compare(dir, info.bytes)
} finally {
  rmSync(dir, { recursive: true, force: true })
}
