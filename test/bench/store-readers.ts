/**
 * Appends at a steady rate, with upkeep as capture does it, while a reader in a process of its own scans all columns of
 * all rows again and again. Prints JSON: what appends and steps of upkeep took (ms), the log's greatest size, how often
 * the reader was through, and rows that are not there at the end.
 *
 *     bun test/bench/store-readers.ts [rows per second=10000] [seconds=60] [rows before=1000000]
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { APPEND_ROWS, MAINTAIN_BUDGET_MS } from '../../src/capture/pipeline'
import { BatchBuilder } from '../../src/records/builder'
import { openReader, openWriter } from '../../src/store'
import { httpEvents, httpRecords, takeRecords } from './http-events'
import { percentiles } from './percentiles'

const FILL_PER_SECOND = 10_000
const SLICES = 50

function scanAll(dir: string): number {
  const reader = openReader(dir, [httpEvents])
  let rows = 0
  const columns = httpEvents.columns.map((column) => column.name)
  for (const batch of reader.scan('http_events', { columns })) rows += batch.rows
  if (reader.damagedChunks > 0)
    throw new Error(
      reader
        .takeDamage()
        .map(({ why }) => why)
        .join(),
    )
  reader.close()
  return rows
}

function timed<T>(samples: number[], work: () => T): T {
  const from = performance.now()
  const value = work()
  samples.push(performance.now() - from)
  return value
}

async function measure(dir: string, perSecond: number, seconds: number, before: number) {
  const startNs = BigInt(Date.now()) * 1_000_000n
  const writer = openWriter({
    dataDir: dir,
    retentionSeconds: 86_400,
    diskBudgetBytes: 4 * 2 ** 30,
    tables: [httpEvents],
  })
  const records = httpRecords(before + perSecond * seconds, FILL_PER_SECOND)
  const builder = new BatchBuilder(httpEvents, startNs)
  for (let done = 0; done < before; done += FILL_PER_SECOND) {
    for (const record of takeRecords(records, FILL_PER_SECOND)) builder.append(record)
    writer.append([{ table: httpEvents, batch: builder.seal() }])
    while (writer.maintain());
  }
  const reader = Bun.spawn([process.execPath, import.meta.path, 'reader', dir], { stdout: 'pipe' })
  const appends: number[] = []
  const steps: number[] = []
  let wal = 0
  const append = () => timed(appends, () => writer.append([{ table: httpEvents, batch: builder.seal() }]))
  const began = performance.now()
  for (let s = 0; s < seconds; s++) {
    for (let slice = 0; slice < SLICES; slice++) {
      for (const record of takeRecords(records, perSecond / SLICES)) builder.append(record)
      if (builder.rows >= APPEND_ROWS) append()
      const due = began + (s + (slice + 1) / SLICES) * 1000
      await Bun.sleep(Math.max(0, due - performance.now()))
    }
    append()
    for (let spent = 0; spent < MAINTAIN_BUDGET_MS; spent += steps.at(-1)!)
      if (!timed(steps, () => writer.maintain())) break
    wal = Math.max(wal, statSync(join(dir, 'nixie.db-wal')).size)
  }
  reader.kill()
  const scans = (await new Response(reader.stdout).text()).trim().split('\n').map(Number)
  await reader.exited
  const stats = writer.stats()
  writer.close()
  return {
    perSecond,
    append: percentiles(appends),
    step: percentiles(steps),
    walMiB: Math.round(wal / 2 ** 20),
    scans: scans.length,
    scanMs: percentiles(scans),
    amplification: Number(((stats.writtenBytes + stats.compactedBytes) / stats.writtenBytes).toFixed(2)),
    lost: before + perSecond * seconds - scanAll(dir),
  }
}

if (process.argv[2] === 'reader') {
  for (;;) {
    const from = performance.now()
    scanAll(process.argv[3]!)
    process.stdout.write(`${Math.round(performance.now() - from)}\n`)
  }
} else {
  const [perSecond = 10_000, seconds = 60, before = 1_000_000] = process.argv.slice(2).map(Number)
  const dir = mkdtempSync(join(tmpdir(), 'nixie-readers-'))
  try {
    console.log(JSON.stringify(await measure(dir, perSecond, seconds, before)))
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}
