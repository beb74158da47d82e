/** Stores in directories of their own, and what is in them as plain rows. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Batch, cell } from '../../src/records/batch'
import { BatchBuilder } from '../../src/records/builder'
import { defineTable, int, type RecordOf, string, type Table, time } from '../../src/records/table'
import { openWriter, type Writer, type WriterOptions } from '../../src/store'
import type { ReadableStore } from '../../src/store/store'

export const SECOND_NS = 1_000_000_000n
/** Epoch nanoseconds of the first row in tests. */
export const START_NS = 1_767_225_600n * SECOND_NS
export const START_MS = Number(START_NS / 1_000_000n)

/** Small and plain; `filler` makes rows as large as a test wants. */
export const events = defineTable('events', 'Things that happened', {
  time_: time('When'),
  n: int('Which'),
  filler: string('Text'),
})

export type Row = Readonly<Record<string, unknown>>

export function withDirectory<T>(work: (dir: string) => T): T {
  const dir = mkdtempSync(join(tmpdir(), 'nixie-store-'))
  try {
    return work(dir)
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

export async function withDirectoryAsync(work: (dir: string) => Promise<void>): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'nixie-store-'))
  try {
    await work(dir)
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

/** A clock that a test sets: milliseconds, from any zero. */
export class TestUptime {
  readonly boot: number
  ms = START_MS

  constructor(boot = 1) {
    this.boot = boot
  }

  seconds(): number {
    return this.ms / 1000
  }
}

const clocks = new WeakMap<Writer, TestUptime>()
const sentences = new WeakMap<Writer, readonly string[]>()

/** The problems that a writer has told of. */
export const said = (writer: Writer): readonly string[] => sentences.get(writer)!

/** Its clock stands at `START_MS` until `settle` or `at` sets it. */
export function open(
  dataDir: string,
  { uptime = new TestUptime(), ...options }: Partial<WriterOptions> & { readonly uptime?: TestUptime } = {},
): Writer {
  const told: string[] = []
  const writer = openWriter({
    dataDir,
    retentionSeconds: 86_400,
    diskBudgetBytes: 1 << 30,
    tables: [events],
    uptime,
    ...options,
    warn: (sentence) => {
      told.push(sentence)
      options.warn?.(sentence)
    },
  })
  clocks.set(writer, uptime)
  sentences.set(writer, told)
  return writer
}

/** Sets the clock of a writer. */
export function at(writer: Writer, nowMs: number): Writer {
  clocks.get(writer)!.ms = nowMs
  return writer
}

export function batchOf<T extends Table>(
  table: T,
  records: readonly RecordOf<T>[],
  baseNs = START_NS,
): Batch {
  const builder = new BatchBuilder(table, baseNs)
  for (const record of records) builder.append(record)
  return builder.seal()
}

/** One second of `events`: rows n = from … from + count − 1, spread over the second. */
export function second(at: number, from: number, count: number, filler = (n: number) => `f${n % 5}`): Batch {
  const records = Array.from({ length: count }, (_, i) => ({
    time_: at * 1e9 + Math.floor((i * 1e9) / count),
    n: from + i,
    filler: filler(from + i),
  }))
  return batchOf(events, records)
}

/** Appends seconds `from` to `to` (exclusive) of `events`, ten rows each, in which n goes on. */
export function appendSeconds(writer: Writer, from: number, to: number): void {
  for (let at = from; at < to; at++) writer.append([{ table: events, batch: second(at, at * 10, 10) }])
}

export function settle(writer: Writer, nowMs = START_MS): number {
  let steps = 0
  at(writer, nowMs)
  while (writer.maintain()) if (++steps > 100_000) throw new Error('upkeep does not end')
  return steps
}

/** Rows of a scan as objects; times as epoch nanoseconds. */
export function rowsOf(
  source: ReadableStore,
  table: Table,
  range: { startNs?: bigint; endNs?: bigint } = {},
): Row[] {
  const columns = table.columns.map((column) => column.name)
  const rows: Row[] = []
  for (const batch of source.scan(table.name, { columns, ...range }))
    for (let i = 0; i < batch.rows; i++)
      rows.push(Object.fromEntries(columns.map((name, c) => [name, cell(batch.columns[c]!, i)])))
  return rows
}

/** The numbers of all stored `events`, in the order of a scan. */
export function numbersOf(source: ReadableStore): number[] {
  return rowsOf(source, events).map((row) => row.n as number)
}

/** Text that zstd cannot make small. */
export const noise = (n: number) =>
  Buffer.from(crypto.getRandomValues(new Uint8Array(600))).toString('base64') + n
