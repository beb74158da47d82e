/**
 * The same generated http_events three times: in the store, as Parquet of DuckDB, as SQLite rows. Made once per directory.
 *
 *     bun test/bench/query-data.ts store|rows|parquet DIRECTORY ROWS ROWS_PER_SECOND
 */
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { BatchBuilder } from '../../src/records/builder'
import { type HttpEvent, httpEvents, httpRecords, takeRecords } from './http-events'
import { openBenchStore, SqliteRows } from './http-stores'

/** Epoch nanoseconds of the first row. */
export const START_NS = 1_767_225_600_000_000_000n
/** Rows of one append: a minute's or so, since what an append costs isn't measured here. */
const APPEND = 6000
/** Rows of one Parquet file: the text that DuckDB reads takes a kilobyte a row. */
const PART = 500_000
/** The word that the search looks for, and the rows that have it. */
export const RARE_WORD = 'zirconium'
const RARE_EVERY = 20_011

/** Some answers of every kind hold the rare word, a few of them failures. */
function* records(rows: number, perSecond: number): Generator<HttpEvent> {
  let i = 0
  for (const record of httpRecords(rows, perSecond)) {
    const rare = i++ % RARE_EVERY === 7 && record.resp_body !== ''
    yield rare ? { ...record, resp_body: record.resp_body.replace('{', `{"note":"${RARE_WORD}",`) } : record
  }
}

function fillStore(dir: string, rows: number, perSecond: number): void {
  const writer = openBenchStore(dir)
  const builder = new BatchBuilder(httpEvents, START_NS)
  const source = records(rows, perSecond)
  for (let done = 0; done < rows; done += APPEND) {
    for (const record of takeRecords(source, APPEND)) builder.append(record)
    writer.append([{ table: httpEvents, batch: builder.seal() }])
    while (writer.maintain());
  }
  writer.close()
}

function fillRows(dir: string, rows: number, perSecond: number): void {
  const table = new SqliteRows(join(dir, 'rows.db'))
  const source = records(rows, perSecond)
  for (let done = 0; done < rows; done += APPEND) table.add(takeRecords(source, APPEND))
  table.close()
}

const DUCK_TYPE = {
  BOOLEAN: 'BOOLEAN',
  INT64: 'BIGINT',
  TIME64NS: 'BIGINT',
  FLOAT64: 'DOUBLE',
  STRING: 'VARCHAR',
  UINT128: 'VARCHAR',
} as const

const COPY = `
import sys, json, duckdb
source, target, columns = sys.argv[1], sys.argv[2], {name: kind for name, kind in json.loads(sys.argv[3])}
duckdb.execute(f"COPY (SELECT * FROM read_json('{source}', format='newline_delimited', columns={columns})) TO '{target}' (FORMAT parquet, COMPRESSION zstd)")
`

/** A python with duckdb from PyPI, in a directory of its own unless one is named; undefined when it isn't to be had. */
export function duckdbPython(dir: string): string | undefined {
  const given = process.env.DUCKDB_PYTHON
  if (given) return given
  const python = join(dir, 'venv/bin/python')
  if (existsSync(python)) return python
  const made = Bun.spawnSync(['python3', '-m', 'venv', join(dir, 'venv')])
  const pip = () => Bun.spawnSync([join(dir, 'venv/bin/pip'), '-q', 'install', 'duckdb'])
  return made.success && pip().success ? python : undefined
}

async function fillParquet(dir: string, rows: number, perSecond: number): Promise<void> {
  const python = duckdbPython(dir)
  if (!python) throw new Error('no python3 venv with duckdb')
  mkdirSync(join(dir, 'parquet'), { recursive: true })
  const script = join(dir, 'to-parquet.py')
  writeFileSync(script, COPY)
  const columns = JSON.stringify(httpEvents.columns.map(({ name, type }) => [name, DUCK_TYPE[type]]))
  const source = records(rows, perSecond)
  const text = join(dir, 'part.ndjson')
  for (let part = 0; part * PART < rows; part++) {
    // The writer of a file that is there doesn't cut it.
    rmSync(text, { force: true })
    const sink = Bun.file(text).writer({ highWaterMark: 1 << 20 })
    for (let done = 0; done < PART; done += APPEND)
      for (const record of takeRecords(source, Math.min(APPEND, PART - done)))
        sink.write(`${JSON.stringify(record)}\n`)
    await sink.end()
    const target = join(dir, 'parquet', `${String(part).padStart(4, '0')}.parquet`)
    if (!Bun.spawnSync([python, script, text, target, columns], { stderr: 'inherit' }).success)
      throw new Error('DuckDB wrote no Parquet')
  }
  rmSync(text, { force: true })
}

const FILLS = { store: fillStore, rows: fillRows, parquet: fillParquet }

/** Makes what isn't there yet. */
export async function ensure(kind: keyof typeof FILLS, dir: string, rows: number, perSecond: number) {
  const done = join(dir, `${kind}.done`)
  if (existsSync(done)) return
  mkdirSync(dir, { recursive: true })
  await FILLS[kind](dir, rows, perSecond)
  writeFileSync(done, '')
}

if (import.meta.main) {
  const [kind, dir, rows, perSecond] = process.argv.slice(2)
  await ensure(kind as keyof typeof FILLS, dir!, Number(rows), Number(perSecond))
}
