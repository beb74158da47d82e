/** The writing end of the store: appends, compacts, expires. One per data directory, on the capture thread. */
import type { Database } from 'bun:sqlite'
import { close, fdatasync, open, statfsSync, statSync } from 'node:fs'
import type { Counters } from '../health/counters'
import type { Batch } from '../records/batch'
import type { Table } from '../records/table'
import {
  type Chunk,
  DAMAGED,
  deleteChunk,
  insertChunk,
  listChunks,
  type NewChunk,
  SEALED,
  schemaColumns,
  schemaId,
} from './chunks'
import {
  isDamage,
  isDiskFull,
  lockDirectory,
  openForWriting,
  pragma,
  setAside,
  storeError,
  storeFile,
} from './database'
import { DamagedSource, FULL_ROWS, type Limits, limitsFor, mergeChunks, pickMerge } from './merge'
import { overAge, overBudget, type Shares, sharesOf } from './retention'
import { sealBatch } from './seal'
import { sliceBatch } from './slice'
import type { Entity, StoreWriter, WriterStats } from './store'

/** The default budget: this, or a share of the free disk where that is less. */
const MAX_DEFAULT_BUDGET = 1 << 30
const DEFAULT_DISK_SHARE = 0.1
/** Log bytes after which the log is folded into the file; less where the budget is small. */
const CHECKPOINT_BYTES = 1 << 20
/** So many times as much, and it is folded without waiting for the flush. */
const CHECKPOINT_PATIENCE = 4
const CHECKPOINT_SHARE = 0.1
/** Pages given back to the file system in one step, when at least so many are free. */
const VACUUM_PAGES = 256
/** Chunks expired in one step. */
const EXPIRE_CHUNKS = 16
/** How often entities that no record can refer to are looked for. */
const ENTITY_SWEEP_MS = 60_000
const KEPT_WARNINGS = 20

export interface WriterOptions {
  readonly dataDir: string
  readonly retentionSeconds: number
  /** 0: 1 GiB or 10 % of the free disk, whichever is less. */
  readonly diskBudgetBytes: number
  readonly tables: readonly Table[]
  /** Share of the budget by table name; what is left is split evenly among the rest. */
  readonly shares?: Shares
  readonly counters?: Counters
}

export interface Writer extends StoreWriter {
  /** What users should know: a store that was set aside, a damaged chunk. Newest last, bounded. */
  readonly warnings: readonly string[]
}

/** Opens or makes the store; throws a NixieError when the directory can't be written or another writer has it. */
export function openWriter(options: WriterOptions): Writer {
  return new SqliteWriter(options)
}

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
  #sinceCheckpoint = 0
  /** Whether the log is being brought to the disk by another thread, or has been since the last fold. */
  #flush: 'none' | 'running' | 'done' = 'none'
  readonly #checkpointBytes: number
  #sweptMs = 0
  #stats = { expiredRows: 0, writtenBytes: 0, compactedBytes: 0 }

  constructor(options: WriterOptions) {
    this.#options = options
    this.#limits = limitsFor(options.retentionSeconds)
    this.#shares = sharesOf(options.tables, options.shares)
    this.#lock = lockDirectory(options.dataDir)
    try {
      this.#budgetBytes = options.diskBudgetBytes || defaultBudget(options.dataDir)
      this.#checkpointBytes = Math.min(CHECKPOINT_BYTES, this.#budgetBytes * CHECKPOINT_SHARE)
      this.#db = openForWriting(options.dataDir, this.warnings)
      this.#chunks = this.#loadChunks()
    } catch (cause) {
      this.#lock.release()
      throw storeError(cause, 'The store cannot be opened', options.dataDir)
    }
  }

  #loadChunks(): Chunk[] {
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
    if (this.#sinceCheckpoint > CHECKPOINT_PATIENCE * this.#checkpointBytes) this.#checkpoint()
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
    if (this.#merge) return this.#mergeStep(this.#merge)
    const cutoff =
      BigInt(Math.floor(nowMs)) * 1_000_000n - BigInt(this.#options.retentionSeconds) * 1_000_000_000n
    const old = overAge(this.#chunks, cutoff, EXPIRE_CHUNKS)
    if (old.length > 0) return this.#expire(old)
    const victim = overBudget(this.#chunks, this.#shares, this.#usedBytes(), this.#budgetBytes)
    if (victim) return this.#expire([victim])
    if (this.#sinceCheckpoint > this.#checkpointBytes && this.#foldLog()) return true
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

  #mergeStep({ sources, work }: Merge): boolean {
    try {
      const step = work.next()
      if (!step.done) return true
      this.#merge = undefined
      this.#replace(sources, step.value)
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

  #replace(sources: readonly Chunk[], chunk: NewChunk): void {
    this.#write('Chunks could not be merged', () => {
      const merged = this.#insert(sources[0]!.table, chunk)
      for (const source of sources) deleteChunk(this.#db, source.id)
      return () => {
        const gone = new Set(sources)
        this.#chunks = this.#chunks.filter((c) => !gone.has(c))
        this.#keep(merged)
        this.#stats.compactedBytes += merged.bytes
        this.#count('compactedBytes', merged.bytes)
      }
    })
  }

  #expire(chunks: readonly Chunk[]): boolean {
    this.#write('Old rows could not be taken out', () => {
      for (const chunk of chunks) deleteChunk(this.#db, chunk.id)
      return () => {
        const gone = new Set(chunks)
        this.#chunks = this.#chunks.filter((chunk) => !gone.has(chunk))
        const rows = chunks.reduce((sum, chunk) => sum + chunk.rows, 0)
        this.#stats.expiredRows += rows
        this.#count('expiredRows', rows)
      }
    })
    return true
  }

  #setLevel(chunk: Chunk, level: number): void {
    this.#write('A chunk could not be marked', () => {
      this.#db.query('UPDATE chunks SET level = ? WHERE id = ?').run(level, chunk.id)
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
    this.#sinceCheckpoint += VACUUM_PAGES * this.#pageBytes()
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
    this.#sinceCheckpoint += chunk.bytes
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
      this.#checkpoint()
    } catch {
      // The disk is full for this too: the next append tries again.
    }
  }

  #beginAnew(cause: unknown): void {
    const { dataDir } = this.#options
    this.#db.close()
    this.#warn(setAside(storeFile(dataDir), cause))
    this.#db = openForWriting(dataDir, this.warnings)
    this.#merge = undefined
    this.#chunks = this.#loadChunks()
  }

  #warn(sentence: string): void {
    this.warnings.push(sentence)
    if (this.warnings.length > KEPT_WARNINGS) this.warnings.shift()
  }

  /** Another thread flushes the log first: this one then waits for the disk half as long. True once it is folded. */
  #foldLog(): boolean {
    if (this.#flush === 'none') {
      this.#flush = 'running'
      const done = () => {
        this.#flush = 'done'
      }
      open(`${storeFile(this.#options.dataDir)}-wal`, 'r', (failed, log) => {
        if (failed) done()
        else fdatasync(log, () => close(log, done))
      })
    }
    if (this.#flush !== 'done') return false
    this.#checkpoint()
    return true
  }

  #checkpoint(): void {
    if (this.#flush === 'done') this.#flush = 'none'
    this.#db.query('PRAGMA wal_checkpoint(PASSIVE)').all()
    this.#sinceCheckpoint = 0
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
    this.#db.close()
    this.#lock.release()
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}

function defaultBudget(dataDir: string): number {
  const disk = statfsSync(dataDir)
  const used = sizeOf(storeFile(dataDir))
  return Math.min(MAX_DEFAULT_BUDGET, Math.floor((disk.bavail * disk.bsize + used) * DEFAULT_DISK_SHARE))
}
