/** The writing end of the store: appends, compacts, expires. One per data directory, on the capture thread. */
import type { Database } from 'bun:sqlite'
import { statfsSync } from 'node:fs'
import type { Counters } from '../health/counters'
import type { Batch } from '../records/batch'
import type { Table } from '../records/table'
import {
  type Chunk,
  DAMAGED,
  DEAD,
  type DeadChunk,
  deadChunks,
  deleteChunk,
  insertChunk,
  listChunks,
  type NewChunk,
  SEALED,
  schemaColumns,
  schemaId,
  setLevel,
} from './chunks'
import {
  isDamage,
  isDiskFull,
  lockDirectory,
  openForWriting,
  pragma,
  setAside,
  sizeOf,
  storeError,
  storeFile,
} from './database'
import type { DeclaredTable } from './declared'
import { Log } from './log'
import { DamagedSource, FULL_ROWS, type Limits, limitsFor, mergeChunks, pickMerge } from './merge'
import { overAge, overBudget, sharesOf } from './retention'
import { sealBatch } from './seal'
import { sliceBatch } from './slice'
import type { Entity, StoreWriter, WriterStats } from './store'
import { saveTotals, type Totals } from './totals'

/** The default budget: this, or a share of the free disk where that is less. */
const MAX_DEFAULT_BUDGET = 1 << 30
const DEFAULT_DISK_SHARE = 0.1
/** Log bytes after which the log is brought into the file (some 10 ms of copying); less where the budget is small. */
const LOG_BYTES = 2 << 20
const LOG_SHARE = 0.05
/** Pages given back to the file system in one step, when at least so many are free. */
const VACUUM_PAGES = 256
/** Chunks expired, and dead ones taken out, in one step. */
const EXPIRE_CHUNKS = 16
const BURY_CHUNKS = 16
/** How long a replaced or expired chunk stays for readers that began before: longer than a result may stream (600 s). */
const GRACE_MS = 660_000
/** How often entities that no record can refer to are looked for. */
const ENTITY_SWEEP_MS = 60_000
const KEPT_WARNINGS = 20

export interface WriterOptions {
  readonly dataDir: string
  readonly retentionSeconds: number
  /** 0: 1 GiB or 10 % of the free disk, whichever is less. */
  readonly diskBudgetBytes: number
  /** The tables that it will be given rows of. */
  readonly tables: readonly Table[]
  /** Tables that nothing fills, and that readers find all the same. */
  readonly empty?: readonly Table[]
  readonly counters?: Counters
  /** Log bytes after which the log is brought into the file; by default 2 MiB, or less where the budget is small. */
  readonly logBytes?: number
}

export interface Writer extends StoreWriter {
  /** What users should know: a store that was set aside, a damaged chunk. Newest last, bounded. */
  readonly warnings: readonly string[]
}

/** Opens or makes the store; throws a NixieError when the directory can't be written or another writer has it. */
export function openWriter(options: WriterOptions): Writer {
  return new SqliteWriter(options)
}

const declared = ({ tables, empty = [] }: WriterOptions): DeclaredTable[] => [
  ...tables.map((table) => ({ ...table, recorded: true })),
  ...empty.map((table) => ({ ...table, recorded: false })),
]

interface Merge {
  readonly sources: readonly Chunk[]
  readonly work: Generator<void, NewChunk>
}

/** Done once the transaction is in. */
type Committed = () => void

class SqliteWriter implements Writer {
  readonly warnings: string[] = []
  readonly #budgetBytes: number
  readonly #options: WriterOptions
  readonly #lock: { release(): void }
  readonly #limits: Limits
  readonly #shares: ReadonlyMap<string, number>
  #db: Database
  /** In time order. This writer is the only one who changes them. */
  #chunks: Chunk[]
  #nextId = 1
  #merge: Merge | undefined
  #log: Log
  /** Dead chunks, oldest death first. */
  #dead: DeadChunk[] = []
  #sweptMs = 0
  #stats = { expiredRows: 0, writtenBytes: 0, compactedBytes: 0 }
  /** Of these, what the file knows. */
  #savedBytes: Totals = { written: 0, compacted: 0 }

  constructor(options: WriterOptions) {
    this.#options = options
    this.#limits = limitsFor(options.retentionSeconds)
    this.#shares = sharesOf(options.tables)
    this.#lock = lockDirectory(options.dataDir)
    try {
      this.#budgetBytes = options.diskBudgetBytes || defaultBudget(options.dataDir)
      this.#db = openForWriting(options.dataDir, declared(options), this.warnings)
      this.#log = this.#openLog()
      this.#chunks = this.#loadChunks()
      this.#saveTotals()
    } catch (cause) {
      this.#lock.release()
      throw storeError(cause, 'The store cannot be opened', options.dataDir)
    }
  }

  #openLog(): Log {
    const limit = this.#options.logBytes ?? Math.min(LOG_BYTES, this.#budgetBytes * LOG_SHARE)
    return new Log(this.#db, storeFile(this.#options.dataDir), limit, () => this.#saveTotals())
  }

  /** Readers that began before this writer was opened are not waited for. */
  #loadChunks(): Chunk[] {
    this.#dead = deadChunks(this.#db)
    const chunks = listChunks(this.#db)
    this.#nextId = chunks.reduce((max, chunk) => Math.max(max, chunk.id), 0) + 1
    return chunks
  }

  append(batches: readonly { table: Table; batch: Batch }[]): void {
    const pieces = batches.flatMap(({ table, batch }) =>
      sliceBatch(batch, FULL_ROWS).map((piece) => ({
        table,
        chunk: sealBatch(table, piece, this.#limits),
      })),
    )
    if (pieces.length === 0) return
    this.#write('Rows could not be stored', () => {
      const added = pieces.map(({ table, chunk }) =>
        this.#insert(table.name, { ...chunk, schema: schemaId(this.#db, table.name, table.columns) }),
      )
      return () => {
        for (const chunk of added) {
          this.#keep(chunk)
          this.#stats.writtenBytes += chunk.bytes
          this.#count('rows', chunk.rows)
          this.#count('chunks', 1)
          this.#count('chunkBytes', chunk.bytes)
        }
      }
    })
    this.#tendLog()
  }

  putEntities(entities: readonly Entity[]): void {
    if (entities.length === 0) return
    this.#write('Entities could not be stored', () => {
      const put = this.#db.query(`INSERT INTO entities VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
        value = excluded.value, first_ms = min(first_ms, excluded.first_ms), last_ms = max(last_ms, excluded.last_ms)`)
      for (const e of entities)
        put.run(e.kind, e.key, JSON.stringify(e.value), Math.trunc(e.firstSeenMs), Math.trunc(e.lastSeenMs))
      this.#bumpEntities()
      return undefined
    })
  }

  maintain(nowMs: number): boolean {
    try {
      return this.#step(nowMs)
    } catch (cause) {
      this.#merge = undefined
      throw storeError(cause, 'The store could not be tidied', this.#options.dataDir)
    }
  }

  #step(nowMs: number): boolean {
    this.#tendLog()
    if (this.#log.behind) return false
    if (this.#merge) return this.#mergeStep(this.#merge, nowMs)
    const cutoff =
      BigInt(Math.floor(nowMs)) * 1_000_000n - BigInt(this.#options.retentionSeconds) * 1_000_000_000n
    const old = overAge(this.#chunks, cutoff, EXPIRE_CHUNKS)
    if (old.length > 0) return this.#expire(old, nowMs)
    const used = this.#usedBytes()
    const dead = this.#dead.reduce((sum, { bytes }) => sum + bytes, 0)
    const victim = overBudget(this.#chunks, this.#shares, used - dead, this.#budgetBytes)
    if (victim) return this.#expire([victim], nowMs)
    if (this.#bury(nowMs, used > this.#budgetBytes - this.#log.limitBytes)) return true
    if (this.#startMerge()) return true
    if (nowMs - this.#sweptMs >= ENTITY_SWEEP_MS || nowMs < this.#sweptMs) this.#sweepEntities(nowMs)
    return this.#giveBack()
  }

  #startMerge(): boolean {
    for (const chunks of Map.groupBy(this.#chunks, (chunk) => chunk.table).values()) {
      const sources = pickMerge(chunks, this.#limits)
      if (!sources) continue
      if (sources.length === 1) this.#setLevel(sources[0]!, SEALED)
      else {
        const columns = schemaColumns(this.#db, sources[0]!.schema)
        this.#merge = { sources, work: mergeChunks(this.#db, sources, columns, this.#limits) }
      }
      return true
    }
    return false
  }

  #mergeStep({ sources, work }: Merge, nowMs: number): boolean {
    try {
      const step = work.next()
      if (!step.done) return true
      this.#merge = undefined
      this.#replace(sources, step.value, nowMs)
    } catch (cause) {
      if (!(cause instanceof DamagedSource)) throw cause
      this.#merge = undefined
      this.#warn(
        `A chunk of ${cause.chunk.table} (${cause.chunk.rows} rows) is damaged and left out: ${cause.message}`,
      )
      this.#setLevel(cause.chunk, DAMAGED)
    }
    return true
  }

  #replace(sources: readonly Chunk[], chunk: NewChunk, nowMs: number): void {
    this.#write('Chunks could not be merged', () => {
      const merged = this.#insert(sources[0]!.table, chunk)
      for (const source of sources) setLevel(this.#db, source.id, DEAD)
      return () => {
        this.#drop(sources, nowMs)
        this.#keep(merged)
        this.#stats.compactedBytes += merged.bytes
        this.#count('compactedBytes', merged.bytes)
      }
    })
  }

  #expire(chunks: readonly Chunk[], nowMs: number): boolean {
    this.#write('Old rows could not be taken out', () => {
      for (const chunk of chunks) setLevel(this.#db, chunk.id, DEAD)
      return () => {
        this.#drop(chunks, nowMs)
        const rows = chunks.reduce((sum, chunk) => sum + chunk.rows, 0)
        this.#stats.expiredRows += rows
        this.#count('expiredRows', rows)
      }
    })
    return true
  }

  #drop(chunks: readonly Chunk[], nowMs: number): void {
    const gone = new Set(chunks)
    this.#chunks = this.#chunks.filter((chunk) => !gone.has(chunk))
    for (const { id, bytes } of chunks) this.#dead.push({ id, bytes, diedMs: nowMs })
  }

  /** Takes out chunks that have been dead for long enough, or, at once, the longest dead. True when there were any. */
  #bury(nowMs: number, atOnce: boolean): boolean {
    let count = 0
    while (count < BURY_CHUNKS && count < this.#dead.length) {
      const { diedMs } = this.#dead[count]!
      if (!atOnce && diedMs <= nowMs && nowMs - diedMs < GRACE_MS) break
      count++
    }
    if (count === 0) return false
    this.#write('Old chunks could not be taken out', () => {
      for (const { id } of this.#dead.slice(0, count)) deleteChunk(this.#db, id)
      return () => {
        this.#dead.splice(0, count)
      }
    })
    return true
  }

  #setLevel(chunk: Chunk, level: number): void {
    this.#write('A chunk could not be marked', () => {
      setLevel(this.#db, chunk.id, level)
      return () => {
        this.#chunks = this.#chunks.map((c) => (c === chunk ? { ...chunk, level } : c))
      }
    })
  }

  /** Entities outlive the oldest record, and are kept for the retention when there is none. */
  #sweepEntities(nowMs: number): void {
    this.#sweptMs = nowMs
    let oldestMs = nowMs - this.#options.retentionSeconds * 1000
    for (const chunk of this.#chunks) oldestMs = Math.min(oldestMs, Number(chunk.minNs / 1_000_000n))
    this.#write('Old entities could not be taken out', () => {
      const gone = this.#db.query('DELETE FROM entities WHERE last_ms < ?').run(Math.trunc(oldestMs))
      if (gone.changes > 0) this.#bumpEntities()
      return undefined
    })
  }

  #bumpEntities(): void {
    this.#db.run("UPDATE counters SET value = value + 1 WHERE name = 'entities'")
  }

  /** Free pages are used again; many of them go back to the file system. */
  #giveBack(): boolean {
    const free = Number(pragma(this.#db, 'freelist_count'))
    const pages = Number(pragma(this.#db, 'page_count'))
    const tooLarge = pages * this.#pageBytes() > this.#budgetBytes && free > 0
    if (!tooLarge && (free < 16 * VACUUM_PAGES || free * 4 < pages)) return false
    this.#db.query(`PRAGMA incremental_vacuum(${VACUUM_PAGES})`).all()
    this.#log.wrote(VACUUM_PAGES * this.#pageBytes())
    return Number(pragma(this.#db, 'freelist_count')) < free
  }

  #insert(table: string, chunk: NewChunk): Chunk {
    const id = this.#nextId++
    const bytes = insertChunk(this.#db, id, chunk)
    const raw = chunk.columns.reduce((sum, column) => sum + column.rawBytes, 0)
    const { schema, level, rows, minNs, maxNs } = chunk
    return { id, table, schema, level, rows, minNs, maxNs, bytes, raw }
  }

  #keep(chunk: Chunk): void {
    let at = this.#chunks.length
    while (at > 0 && this.#chunks[at - 1]!.minNs > chunk.minNs) at--
    this.#chunks.splice(at, 0, chunk)
    this.#log.wrote(chunk.bytes)
  }

  /** One transaction; what it returns is done once it is in. A damaged file is set aside and the work done anew. */
  #write(what: string, work: () => Committed | undefined, retry = true): void {
    let done: Committed | undefined
    try {
      this.#db.run('BEGIN IMMEDIATE')
      done = work()
      this.#db.run('COMMIT')
    } catch (cause) {
      this.#rollback()
      if (isDiskFull(cause)) this.#makeRoom()
      if (!isDamage(cause) || !retry) throw storeError(cause, what, this.#options.dataDir)
      this.#beginAnew(cause)
      this.#write(what, work, false)
      return
    }
    done?.()
  }

  #rollback(): void {
    try {
      if (this.#db.inTransaction) this.#db.run('ROLLBACK')
    } catch {
      // SQLite has rolled back by itself.
    }
  }

  /** On a full disk a folded log can be written from its start again, without growing. */
  #makeRoom(): void {
    try {
      this.#log.fold()
    } catch {
      // The disk is full for this too: the next append tries again.
    }
  }

  #beginAnew(cause: unknown): void {
    const { dataDir } = this.#options
    this.#log.unpin()
    this.#db.close()
    this.#log.close()
    this.#warn(setAside(storeFile(dataDir), cause))
    this.#db = openForWriting(dataDir, declared(this.#options), this.warnings)
    this.#log = this.#openLog()
    this.#merge = undefined
    this.#chunks = this.#loadChunks()
  }

  #warn(sentence: string): void {
    this.warnings.push(sentence)
    if (this.warnings.length > KEPT_WARNINGS) this.warnings.shift()
  }

  /** A log that cannot be folded now is folded later: the rows are in it. */
  #tendLog(): void {
    try {
      this.#log.tend()
    } catch (cause) {
      if (!isDiskFull(cause)) throw storeError(cause, 'The log could not be folded', this.#options.dataDir)
    }
  }

  /** For `summary`; and a folded log is begun anew here, not by an append. No harm is done where it fails. */
  #saveTotals(): void {
    const { writtenBytes, compactedBytes } = this.#stats
    const totals = {
      written: writtenBytes - this.#savedBytes.written,
      compacted: compactedBytes - this.#savedBytes.compacted,
    }
    try {
      saveTotals(this.#db, totals, this.#budgetBytes, this.#options.retentionSeconds)
    } catch {
      return
    }
    this.#savedBytes = { written: writtenBytes, compacted: compactedBytes }
  }

  #pageBytes(): number {
    return Number(pragma(this.#db, 'page_size'))
  }

  #usedBytes(): number {
    const pages = Number(pragma(this.#db, 'page_count')) - Number(pragma(this.#db, 'freelist_count'))
    return pages * this.#pageBytes()
  }

  #count(name: 'rows' | 'chunks' | 'chunkBytes' | 'compactedBytes' | 'expiredRows', by: number): void {
    if (this.#options.counters) this.#options.counters[name] += by
  }

  stats(): WriterStats {
    const path = storeFile(this.#options.dataDir)
    return { ...this.#stats, budgetBytes: this.#budgetBytes, fileBytes: sizeOf(path) + sizeOf(`${path}-wal`) }
  }

  close(): void {
    this.#merge = undefined
    this.#log.unpin()
    this.#saveTotals()
    this.#db.close()
    this.#log.close()
    this.#lock.release()
  }
}

function defaultBudget(dataDir: string): number {
  const disk = statfsSync(dataDir)
  const used = sizeOf(storeFile(dataDir))
  return Math.min(MAX_DEFAULT_BUDGET, Math.floor((disk.bavail * disk.bsize + used) * DEFAULT_DISK_SHARE))
}
