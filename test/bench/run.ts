/**
 * Runs the benches one after the other, each a process of its own; their figures go to standard output.
 *
 *     bun run bench                 all of them, about ten minutes
 *     bun run bench capture store   those
 *
 * Nothing else should run meanwhile. `capture` needs root and the built binary.
 */
import { loadavg } from 'node:os'
import { join } from 'node:path'

const BENCHES: Record<string, { file: string; measures: string }> = {
  capture: { file: 'capture.ts', measures: 'nginx under load with and without Nixie; what the agent costs' },
  store: { file: 'store.ts', measures: 'disk and aggregates against SQLite rows and DuckDB over Parquet' },
  steady: { file: 'store-steady.ts', measures: 'appends and upkeep at a steady rate' },
  readers: { file: 'store-readers.ts', measures: 'appends at a steady rate while all rows are scanned' },
  search: { file: 'store-search.ts', measures: 'a word in many bodies, with the index of trigrams' },
  query: { file: 'query.ts', measures: 'operators over a million rows in memory' },
  figures: { file: 'query-figures.ts', measures: 'queries over the store against DuckDB and SQLite rows' },
  processes: { file: 'processes.ts', measures: 'process_stats of 300 processes' },
  identity: { file: 'identity.ts', measures: 'fork and exec with and without the probe; 10,000 processes' },
  http: { file: 'http-parse.ts', measures: 'events to records, one request at a time' },
  inflate: { file: 'inflate.ts', measures: 'compressed bodies, ordinary and hostile' },
}

const wanted = process.argv.slice(2)
const unknown = wanted.find((name) => !(name in BENCHES))
if (unknown !== undefined) {
  console.error(`There is no bench '${unknown}'; there are ${Object.keys(BENCHES).join(', ')}.`)
  process.exit(2)
}

let failed = 0
for (const [name, { file, measures }] of Object.entries(BENCHES)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  console.log(`\n── ${name}: ${measures} (load ${loadavg()[0]!.toFixed(2)})`)
  const { exitCode } = Bun.spawnSync([process.execPath, join(import.meta.dir, file)], {
    stdout: 'inherit',
    stderr: 'inherit',
  })
  if (exitCode !== 0) failed++
}
process.exit(failed === 0 ? 0 : 1)
