/**
 * What the file takes of the disk beside what is in it, over half an hour of rows, with the clock played so that it takes
 * a minute or two. Prints a line each five minutes: MiB of live columns, of dead ones, of the file and of its log, and
 * (file + log) / live.
 *
 *     bun test/bench/store-space.ts [rows per second=200] [seconds=1800] [readers=0]
 *
 * `readers`: scans under way at any time, each of some seconds.
 */
import { Database } from 'bun:sqlite'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BatchBuilder } from '../../src/records/builder'
import { openReader, openWriter } from '../../src/store'
import { storeFile } from '../../src/store/database'
import { httpEvents, httpRecords, takeRecords } from './http-events'

const [perSecond = 200, seconds = 1800, readers = 0] = process.argv.slice(2).map(Number)
const REPORT_SECONDS = 300
const SCAN_SECONDS = 7

const dir = mkdtempSync(join(tmpdir(), 'nixie-space-'))
let now = 0
const writer = openWriter({
  dataDir: dir,
  retentionSeconds: 86_400,
  diskBudgetBytes: 1 << 30,
  tables: [httpEvents],
  uptime: { boot: 1, seconds: () => now },
})
const reader = openReader(dir, [httpEvents])
const builder = new BatchBuilder(httpEvents, BigInt(Date.now()) * 1_000_000n)
const records = httpRecords(perSecond * seconds, perSecond)
const scans: { readonly until: number; readonly steps: Iterator<unknown> }[] = []

function read(): void {
  for (const scan of scans.filter(({ until }) => until <= now)) {
    for (let step = scan.steps.next(); !step.done; step = scan.steps.next());
    scans.splice(scans.indexOf(scan), 1)
  }
  while (scans.length < readers) {
    const steps = reader.scan(httpEvents.name, { columns: ['resp_status'] })[Symbol.iterator]()
    if (steps.next().done) return
    scans.push({ until: now + SCAN_SECONDS + scans.length, steps })
  }
}

const mebibytes = (bytes: number) => Number((bytes / 2 ** 20).toFixed(1))

function report(): { ratio: number } {
  const db = new Database(storeFile(dir), { readonly: true })
  const sum = (where: string) =>
    (
      db.query(`SELECT coalesce(sum(bytes), 0) AS bytes FROM chunks WHERE ${where}`).get() as {
        bytes: number
      }
    ).bytes
  const [live, dead] = [sum('level <> -2'), sum('level = -2')]
  db.close()
  const file = statSync(storeFile(dir)).size
  const log = statSync(`${storeFile(dir)}-wal`).size
  const ratio = Number(((file + log) / live).toFixed(2))
  const sizes = { live: mebibytes(live), dead: mebibytes(dead), file: mebibytes(file), log: mebibytes(log) }
  console.log(JSON.stringify({ second: now, ...sizes, ratio }))
  return { ratio }
}

try {
  for (now = 1; now <= seconds; now++) {
    for (const record of takeRecords(records, perSecond)) builder.append(record)
    writer.append([{ table: httpEvents, batch: builder.seal() }])
    read()
    while (writer.maintain());
    // Flushes of the log end here.
    await Bun.sleep(10)
    if (now % REPORT_SECONDS === 0) report()
  }
  const { writtenBytes, compactedBytes } = writer.stats()
  console.log(
    JSON.stringify({ amplification: Number(((writtenBytes + compactedBytes) / writtenBytes).toFixed(2)) }),
  )
} finally {
  writer.close()
  reader.close()
  rmSync(dir, { recursive: true, force: true })
}
