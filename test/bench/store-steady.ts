/**
 * The capture thread's share of the store, alone: a steady rate of rows, sealed, appended and tidied as capture does it.
 * Prints JSON: what appends and steps of upkeep took on the wall and of the processor (ms), and memory (MiB). The ring
 * waits for one append or one step at a time.
 *
 *     bun test/bench/store-steady.ts [rows per second=10000] [seconds=60]
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { APPEND_ROWS, MAINTAIN_BUDGET_MS } from '../../src/capture/pipeline'
import { BatchBuilder } from '../../src/records/builder'
import { openWriter } from '../../src/store'
import { httpEvents, httpRecords, takeRecords } from './http-events'
import { percentiles } from './percentiles'

const PER_SECOND = Number(process.argv[2] ?? 10_000)
const SECONDS = Number(process.argv[3] ?? 60)
/** Rows that come between two drains. */
const SLICES = 50

const START_NS = BigInt(Date.now()) * 1_000_000n
const mebibytes = () => Math.round(process.memoryUsage.rss() / 2 ** 20)

const dir = mkdtempSync(join(tmpdir(), 'nixie-steady-'))
const writer = openWriter({
  dataDir: dir,
  retentionSeconds: 86_400,
  diskBudgetBytes: 1 << 30,
  tables: [httpEvents],
})
const builder = new BatchBuilder(httpEvents, START_NS)
const records = httpRecords(PER_SECOND * SECONDS, PER_SECOND)
class Samples {
  readonly wall: number[] = []
  readonly cpu: number[] = []

  /** Returns what the work took on the wall. */
  take<T>(work: () => T): { value: T; ms: number } {
    const cpu = process.threadCpuUsage()
    const from = performance.now()
    const value = work()
    const ms = performance.now() - from
    const used = process.threadCpuUsage(cpu)
    this.wall.push(ms)
    this.cpu.push((used.user + used.system) / 1000)
    return { value, ms }
  }

  get spread() {
    return { wall: percentiles(this.wall), cpu: percentiles(this.cpu) }
  }
}

const appends = new Samples()
const steps = new Samples()
const rss = { start: mebibytes(), peak: 0, end: 0 }

function append(): void {
  appends.take(() => writer.append([{ table: httpEvents, batch: builder.seal() }]))
}

function second(): void {
  append()
  for (let spent = 0; spent < MAINTAIN_BUDGET_MS; ) {
    const { value: more, ms } = steps.take(() => writer.maintain())
    spent += ms
    if (!more) break
  }
}

try {
  const began = performance.now()
  for (let s = 0; s < SECONDS; s++) {
    for (let slice = 0; slice < SLICES; slice++) {
      for (const record of takeRecords(records, PER_SECOND / SLICES)) builder.append(record)
      if (builder.rows >= APPEND_ROWS) append()
      const due = began + (s + (slice + 1) / SLICES) * 1000
      await Bun.sleep(Math.max(0, due - performance.now()))
    }
    second()
    rss.peak = Math.max(rss.peak, mebibytes())
  }
  rss.end = mebibytes()
  const cpu = [...appends.cpu, ...steps.cpu].reduce((sum, ms) => sum + ms, 0)
  const result = {
    rows: PER_SECOND * SECONDS,
    append: appends.spread,
    step: steps.spread,
    cpuMsPerSecond: Math.round(cpu / SECONDS),
    rss,
  }
  console.log(JSON.stringify(result))
} finally {
  writer.close()
  rmSync(dir, { recursive: true, force: true })
}
