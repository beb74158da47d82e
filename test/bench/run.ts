/**
 * Runs the benches one after the other, each a process of its own; their figures go to standard output.
 *
 *     bun run bench                           all of them, about half an hour
 *     bun run bench capture store             those
 *     bun run bench capture saturation idle   sections of `capture`, which says what else it takes
 *
 * Nothing else should run meanwhile. `capture` needs root and the built binary.
 */
import { loadavg } from 'node:os'
import { join } from 'node:path'

const BENCHES: Record<string, { file: string; measures: string; takesWords?: boolean }> = {
  capture: {
    file: 'capture.ts',
    measures: 'what capture costs, beside the release before',
    takesWords: true,
  },
  tls: { file: 'tls.ts', measures: 'what reading TLS costs, by library', takesWords: true },
  databases: {
    file: 'databases.ts',
    measures: 'redis-benchmark, pgbench and mariadb-slap with and without capture',
    takesWords: true,
  },
  store: { file: 'store.ts', measures: 'disk and aggregates against SQLite rows and DuckDB over Parquet' },
  steady: { file: 'store-steady.ts', measures: 'appends and upkeep at a steady rate' },
  readers: { file: 'store-readers.ts', measures: 'appends at a steady rate while all rows are scanned' },
  search: { file: 'store-search.ts', measures: 'a word in many bodies, with the index of trigrams' },
  query: { file: 'query.ts', measures: 'operators over a million rows in memory' },
  figures: { file: 'query-figures.ts', measures: 'queries over the store against DuckDB and SQLite rows' },
  processes: { file: 'processes.ts', measures: 'process_stats of 300 processes' },
  identity: { file: 'identity.ts', measures: 'fork and exec with and without the probe; 10,000 processes' },
  small: {
    file: 'small.ts',
    measures: 'what it takes of a machine of one processor and 512 MiB',
    takesWords: true,
  },
  protocols: {
    file: 'protocols.ts',
    measures: 'events to records, a small exchange of each protocol',
    takesWords: true,
  },
  http: { file: 'http-parse.ts', measures: 'events to records, one request at a time' },
  http2: {
    file: 'http2.ts',
    measures: 'nginx and h2load with and without capture, and rows of all requests',
  },
  inflate: { file: 'inflate.ts', measures: 'compressed bodies, ordinary and hostile' },
}

/** Each bench that is asked for, with the words behind its name that no bench is called. */
function wanted(words: readonly string[]): { name: string; args: string[] }[] {
  if (words.length === 0) return Object.keys(BENCHES).map((name) => ({ name, args: [] }))
  const found: { name: string; args: string[] }[] = []
  for (const word of words) {
    const last = found.at(-1)
    if (word in BENCHES) found.push({ name: word, args: [] })
    else if (last && BENCHES[last.name]!.takesWords) last.args.push(word)
    else {
      console.error(`There is no bench '${word}'; there are ${Object.keys(BENCHES).join(', ')}.`)
      process.exit(2)
    }
  }
  return found
}

let failed = 0
for (const { name, args } of wanted(process.argv.slice(2))) {
  const { file, measures } = BENCHES[name]!
  console.log(`\n── ${name}: ${measures} (load ${loadavg()[0]!.toFixed(2)})`)
  const { exitCode } = Bun.spawnSync([process.execPath, join(import.meta.dir, file), ...args], {
    stdout: 'inherit',
    stderr: 'inherit',
  })
  if (exitCode !== 0) failed++
}
process.exit(failed === 0 ? 0 : 1)
