/**
 * The figures that queries are to reach, over the store, against DuckDB over zstd Parquet (1 thread) and SQLite rows of
 * the same generated http_events, in interleaved rounds. Median (min–max) in milliseconds.
 *
 *     bun test/bench/query-figures.ts [rows=1000000] [rows per second=2000] [directory to keep the data in]
 *     bun test/bench/query-figures.ts 8640000 100        a day; takes about ten minutes to make, and 3 GB of disk
 *
 * SQLite rows are left out beyond two million. DuckDB comes from PyPI, or from the python that DUCKDB_PYTHON names.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LineProcess } from './line-process'
import { CASES, sqlOf } from './query-cases'
import type { Answer } from './query-contender'
import { duckdbPython, ensure } from './query-data'

const ROWS = Number(process.argv[2] ?? 1_000_000)
const PER_SECOND = Number(process.argv[3] ?? 2000)
const KEPT = process.argv[4]
const MOST_SQLITE_ROWS = 2_000_000
const ROUNDS = ROWS > 2_000_000 ? 7 : 15
/** Rounds that aren't counted: code is compiled and files are brought to memory. */
const WARM_UP = 3
/** SQLite rows take a second each. */
const SQLITE_EVERY = 5

const SQLITE_CASES = [
  ['sqlite', 'p99 by numbered rows'],
  ['sqlite-without', 'without the p99'],
] as const

const DUCK = `
import sys, time, json, duckdb
files, queries = sys.argv[1], json.loads(sys.argv[2])
db = duckdb.connect()
db.execute("SET threads = 1")
db.execute(f"CREATE VIEW http_events AS SELECT * FROM '{files}'")
print(json.dumps({"version": duckdb.__version__}), flush=True)
for line in sys.stdin:
    start = time.perf_counter()
    rows = db.execute(queries[line.strip()]).fetchall()
    ms = (time.perf_counter() - start) * 1000
    check = [len(rows)] if line.strip() == "search" else [float(v) for v in rows[0]]
    print(json.dumps({"ms": ms, "check": check, "rss": 0}), flush=True)
`

/** A process that answers each case that it is sent. */
class Contender extends LineProcess {
  readonly #samples = new Map<string, number[]>()
  rss = 0

  async run(name: string, counted: boolean): Promise<Answer> {
    const answer = (await this.ask(name)) as Answer
    if (counted) this.#samples.set(name, [...(this.#samples.get(name) ?? []), answer.ms])
    this.rss = Math.max(this.rss, answer.rss)
    return answer
  }

  median(name: string): number {
    return this.#sorted(name)[Math.floor((this.#samples.get(name)!.length - 1) / 2)]!
  }

  text(name: string): string {
    const sorted = this.#sorted(name)
    return `${this.median(name).toFixed(1)} (${sorted[0]!.toFixed(1)}–${sorted.at(-1)!.toFixed(1)})`
  }

  #sorted(name: string): number[] {
    return this.#samples.get(name)!.toSorted((a, b) => a - b)
  }
}

function duckdb(dir: string, python: string): Contender {
  const script = join(dir, 'figures.py')
  writeFileSync(script, DUCK)
  const queries = {
    approx: sqlOf('group', 'approx'),
    exact: sqlOf('group', 'exact'),
    search: sqlOf('search', 'exact'),
  }
  return new Contender([python, script, join(dir, 'parquet/*.parquet'), JSON.stringify(queries)])
}

/** Groups, rows, sum of means, errors: means to what doubles give. */
function agree(name: string, a: Answer, b: Answer, parts: number): void {
  for (let i = 0; i < parts; i++)
    if (Math.abs(a.check[i]! / b.check[i]! - 1) > 1e-9)
      throw new Error(`${name}: the answers differ: ${JSON.stringify([a.check, b.check])}`)
}

const row = (name: string, text: string) => console.log(`${name.padEnd(64)} ${text}`)
const ratio = (ours: number, theirs: number) => `ours ${(ours / theirs).toFixed(2)} × its time`

async function figures(dir: string): Promise<void> {
  await ensure('store', dir, ROWS, PER_SECOND)
  const python = duckdbPython(dir)
  if (python) await ensure('parquet', dir, ROWS, PER_SECOND)
  else console.log('DuckDB skipped: no python3 venv with duckdb')
  const withRows = ROWS <= MOST_SQLITE_ROWS
  if (withRows) await ensure('rows', dir, ROWS, PER_SECOND)
  const contender = (kind: string) =>
    new Contender([
      process.execPath,
      join(import.meta.dir, 'query-contender.ts'),
      kind,
      dir,
      String(ROWS),
      String(PER_SECOND),
    ])
  const own = contender('store')
  const duck = python ? duckdb(dir, python) : undefined
  const sqlite = withRows ? contender('sqlite') : undefined
  if (duck) console.log(`DuckDB ${((await duck.line()) as { version: string }).version}; ${ROWS} rows`)
  for (let round = -WARM_UP; round < ROUNDS; round++) {
    const counted = round >= 0
    const group = await own.run('group', counted)
    const search = await own.run('search', counted)
    if (duck) {
      agree('group', group, await duck.run('exact', counted), 4)
      agree('group', group, await duck.run('approx', counted), 4)
      agree('search', search, await duck.run('search', counted), 1)
    }
    if (sqlite && round % SQLITE_EVERY === 0)
      for (const [name] of SQLITE_CASES) agree(name, group, await sqlite.run(name, counted), 4)
    await own.run('http_data', counted)
    await own.run('service_stats', counted)
  }
  row(CASES.group.title, `${own.text('group')} ms`)
  if (duck) {
    row(
      '  DuckDB, quantile_cont',
      `${duck.text('exact')} ms; ${ratio(own.median('group'), duck.median('exact'))} (aim ≤ 1)`,
    )
    row(
      '  DuckDB, approx_quantile',
      `${duck.text('approx')} ms; ${ratio(own.median('group'), duck.median('approx'))}`,
    )
  }
  for (const [name, title] of sqlite ? SQLITE_CASES : []) {
    const faster = (sqlite!.median(name) / own.median('group')).toFixed(1)
    row(`  SQLite rows, ${title}`, `${sqlite!.text(name)} ms; ours ${faster} × faster (aim ≥ 20)`)
  }
  row(CASES.search.title, `${own.text('search')} ms`)
  if (duck)
    row(
      '  DuckDB',
      `${duck.text('search')} ms; ${ratio(own.median('search'), duck.median('search'))} (aim ≤ 1.5)`,
    )
  row(CASES.http_data.title, `${own.text('http_data')} ms (aim ≤ 50)`)
  row(CASES.service_stats.title, `${own.text('service_stats')} ms (aim ≤ 1000 over a day of 8,640,000 rows)`)
  const { rss } = await own.run('idle', false)
  const mebibytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(0)} MiB`
  row(
    'resident memory of the process that ran all that',
    `${mebibytes(rss)} (aim ≤ 200); at most ${mebibytes(own.rss)}`,
  )
  for (const one of [own, duck, sqlite]) await one?.end()
}

const dir = KEPT ?? mkdtempSync(join(tmpdir(), 'nixie-figures-'))
try {
  await figures(dir)
} finally {
  if (!KEPT) rmSync(dir, { recursive: true, force: true })
}
