/**
 * The capture thread's share of the store, alone: a steady rate of rows, sealed and appended each second, with upkeep
 * between as capture does it. Prints JSON: what each step took (ms), the longest pause of a second, and memory.
 *
 *     bun test/bench/store-steady.ts [rows per second=10000] [seconds=60]
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BatchBuilder } from '../../src/records/builder'
import { openWriter } from '../../src/store'
import { httpEvents, httpRecords, takeRecords } from './http-events'

const PER_SECOND = Number(process.argv[2] ?? 10_000)
const SECONDS = Number(process.argv[3] ?? 60)
/** As capture gives upkeep of each second. */
const MAINTAIN_BUDGET_MS = 100
/** Rows that come between two drains. */
const SLICES = 50

const START_NS = BigInt(Date.now()) * 1_000_000n
const mebibytes = () => Math.round(process.memoryUsage.rss() / 2 ** 20)

function spread(samples: readonly number[]) {
  const sorted = samples.toSorted((a, b) => a - b)
  const at = (p: number) => Number((sorted[Math.floor((sorted.length - 1) * p)] ?? 0).toFixed(1))
  return { p50: at(0.5), p99: at(0.99), max: at(1) }
}

const dir = mkdtempSync(join(tmpdir(), 'nixie-steady-'))
const writer = openWriter({
  dataDir: dir,
  retentionSeconds: 86_400,
  diskBudgetBytes: 1 << 30,
  tables: [httpEvents],
})
const builder = new BatchBuilder(httpEvents, START_NS)
const records = httpRecords(PER_SECOND * SECONDS, PER_SECOND)
const seals: number[] = []
const appends: number[] = []
const steps: number[] = []
const pauses: number[] = []
const rss = { start: mebibytes(), peak: 0, end: 0 }
let cpuMs = 0

function second(nowMs: number): void {
  const start = performance.now()
  const batch = builder.seal()
  seals.push(performance.now() - start)
  const appended = performance.now()
  writer.append([{ table: httpEvents, batch }])
  appends.push(performance.now() - appended)
  const until = performance.now() + MAINTAIN_BUDGET_MS
  for (let more = true; more && performance.now() < until; ) {
    const from = performance.now()
    more = writer.maintain(nowMs)
    steps.push(performance.now() - from)
  }
  pauses.push(performance.now() - start)
}

try {
  const began = performance.now()
  for (let s = 0; s < SECONDS; s++) {
    for (let slice = 0; slice < SLICES; slice++) {
      for (const record of takeRecords(records, PER_SECOND / SLICES)) builder.append(record)
      const due = began + (s + (slice + 1) / SLICES) * 1000
      await Bun.sleep(Math.max(0, due - performance.now()))
    }
    const before = process.cpuUsage()
    second(Date.now())
    const used = process.cpuUsage(before)
    cpuMs += (used.user + used.system) / 1000
    rss.peak = Math.max(rss.peak, mebibytes())
  }
  rss.end = mebibytes()
  const result = {
    rows: PER_SECOND * SECONDS,
    seal: spread(seals),
    append: spread(appends),
    step: spread(steps),
    pause: spread(pauses),
    cpuMsPerSecond: Math.round(cpuMs / SECONDS),
    rss,
  }
  console.log(JSON.stringify(result))
} finally {
  writer.close()
  rmSync(dir, { recursive: true, force: true })
}
