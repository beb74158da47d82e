/** The writing end of the store: appends, compacts, expires. One per data directory, on the capture thread. */
import type { Database } from 'bun:sqlite'
import type { Entity } from '../records/entities'
import type { Table } from '../records/table'
import {
  type Chunk,
  DAMAGED,
  DEAD,
  deleteChunk,
  insertChunk,
  type NewChunk,
  rowsOf,
  SEALED,
  schemaColumns,
  schemaId,
  setLevel,
  wholeOf,
} from './chunks'
import { isDiskFull, isOfDisk, sizeOf, spoolFiles, storeError, storeFile } from './database'
import type { DeclaredTable } from './declared'
import { forgetProcesses, putEntities, sweepEntities } from './entities'
import { Held } from './held'
import { asLive } from './live'
import { DamagedChunk, limitsFor, type MergeLimits, mergeChunks, pickMerge } from './merge'
import { attempt, type OpenStore, Premises } from './premises'
import { openPrivately } from './private'
import { overAge, overBudget, sharesOf } from './retention'
import { type RowsOf, type SealedPiece, seal } from './seal'
import { type Disk, DiskBudget, giveBack, usedBytes } from './space'
import { damagedSpool, type Spooled } from './spool'
import type { Said } from './spool-record'
import type { Damage, StoreWriter, TableBatch, When, WriterStats } from './store'
import { saveTotals, type Totals } from './totals'
import { type Committed, Transactions } from './transactions'
import { systemUptime, type Uptime } from './uptime'

/** Log bytes after which the log is brought into the file (some 10 ms of copying); less where the budget is small. */
const LOG_BYTES = 2 << 20
const LOG_SHARE = 0.05
/** Chunks expired, and dead ones taken out, in one step. */
const EXPIRE_CHUNKS = 16
const BURY_CHUNKS = 16
/** How often the store looks for entities that no record can refer to. */
const ENTITY_SWEEP_SECONDS = 60
/** What processes may take of the disk budget: a local account can start any number of them. */
const PROCESS_SHARE = 0.125
/** Processes forgotten in one step. */
const FORGET_PROCESSES = 500
/** A store in which there was nothing to do, and nothing is new, is looked at again after so long: only time can change that. */
const TIDY_SECONDS = 5

export interface WriterOptions {
  readonly dataDir: string
  readonly retentionSeconds: number
  /** 0: 1 GiB or 10 % of the free disk, whichever is less. */
  readonly diskBudgetBytes: number
  /** The tables that it will be given rows of. */
  readonly tables: readonly Table[]
  /** Tables without a source of rows. Readers find them too. */
  readonly empty?: readonly Table[]
  /** Called with each problem that was found and repaired, such as a damaged store that was set aside. */
  readonly warn?: (sentence: string) => void
  /** Log bytes after which the log is brought into the file; by default 2 MiB, or less where the budget is small. */
  readonly logBytes?: number
  /** The clock by which rows age, and the disk's room; tests have their own. */
  readonly uptime?: Uptime
  readonly disk?: () => Disk
}

export type Writer = StoreWriter

/** Opens or makes the store; throws a NixieError when the directory can't be written or another writer has it. */
export function openWriter(options: WriterOptions): Writer {
  return new SqliteWriter(options)
}

const declared = ({ tables, empty = [] }: WriterOptions): DeclaredTable[] => [
  ...tables.map((table) => ({ ...table, recorded: true })),
  ...empty.map((table) => ({ ...table, recorded: false })),
]

interface Merge {
  /** The opened store that the chunks belong to. */
  readonly opened: OpenStore
  readonly merged: readonly Chunk[]
  readonly work: Generator<void, NewChunk>
}

function finish(steps: Generator<void, void>): void {
  while (!steps.next().done) {
    // One after the other.
  }
}

class SqliteWriter implements Writer {
  readonly #budget: DiskBudget
  readonly #options: WriterOptions
  readonly #limits: MergeLimits
  readonly #shares: ReadonlyMap<string, number>
  readonly #premises: Premises
  readonly #transactions: Transactions
  readonly #held: Held
  #merge: Merge | undefined
  /** The store in which there was nothing to do, when it was last looked at, and its age then. */
  #tidy: { readonly opened: OpenStore; readonly age: number } | undefined
  #stats = { expiredRows: 0, writtenBytes: 0, compactedBytes: 0, forgottenProcesses: 0 }
  /** The part of them that is already in the file. */
  #savedBytes: Totals = { written: 0, compacted: 0 }

  constructor(options: WriterOptions) {
    this.#options = options
    this.#limits = limitsFor(options.retentionSeconds)
    this.#shares = sharesOf(options.tables)
    const { dataDir, logBytes, uptime = systemUptime() } = options
    try {
      // The disk is asked once the directory is there.
      openPrivately(dataDir)
      this.#budget = new DiskBudget(dataDir, options.diskBudgetBytes, options.disk)
    } catch (cause) {
      throw storeError(cause, `The data directory ${dataDir} cannot be used`, dataDir)
    }
    this.#premises = new Premises({
      dataDir,
      logBytes: logBytes ?? Math.min(LOG_BYTES, this.#budget.bytes * LOG_SHARE),
      tables: declared(options),
      uptime,
      begin: () => this.#saveTotals(),
      warn: (sentence) => this.#options.warn?.(sentence),
    })
    this.#transactions = new Transactions(this.#premises, dataDir)
    this.#held = new Held(uptime)
    this.#recover(this.#premises.ready().home.spool.left)
  }

  /** What an earlier writer had not stored when it was killed. Where the disk is full it waits in the spool. */
  #recover(left: Spooled | undefined): void {
    if (!left) return
    if (left.damagedBytes > 0) this.#options.warn?.(damagedSpool(left.damagedBytes))
    this.#held.take(left)
    attempt(() => {
      if (!this.#held.isEmpty) this.#storeHeld()
      this.#opened.home.log.fold()
      this.#opened.home.spool.clear()
    })
  }

  get #opened(): OpenStore {
    return this.#premises.opened
  }

  get #db(): Database {
    return this.#opened.home.db
  }

  append(batches: readonly TableBatch[], live: readonly TableBatch[] = []): void {
    finish(this.appendInSteps(batches, live))
  }

  *appendInSteps(
    batches: readonly TableBatch[],
    live: readonly TableBatch[] = [],
    when: When = 'now',
  ): Generator<void, void> {
    const isDue = when === 'now' ? !this.#held.isEmpty : this.#held.isOld
    // With nothing to store its files aren't looked at: upkeep does that.
    if (batches.length + live.length === 0 && !this.#hasLive && !isDue) return
    const { age, home } = this.#premises.ready()
    const born = age.now()
    if (when === 'soon' && this.#held.hasRoom(home.spool, batches)) {
      const rows = yield* seal(batches, this.#limits, born)
      const said = { rows, live: yield* seal(live, this.#limits, born), entities: [] }
      if (this.#hold(said, batches, live)) return
    }
    yield* this.#store([...this.#held.rows, ...batches], live, born)
  }

  get #hasLive(): boolean {
    return this.#held.live ? this.#held.live.length > 0 : this.#premises.hasLive
  }

  /** False when it can't wait. */
  #hold(said: Said, rows: readonly RowsOf[], live?: readonly RowsOf[]): boolean {
    const bytes = this.#held.add(this.#opened.home.spool, said, rows, live)
    this.#stats.compactedBytes += bytes ?? 0
    return bytes !== undefined
  }

  #storeHeld(): void {
    const { rows, live } = this.#held
    finish(this.#store(rows, live, this.#premises.ready().age.now()))
  }

  /** In one transaction with all that is held but its rows. `live`: undefined leaves those of the store. */
  *#store(
    batches: readonly RowsOf[],
    live: readonly RowsOf[] | undefined,
    born: number,
  ): Generator<void, void> {
    const pieces = yield* seal(batches, this.#limits, born)
    const livePieces = live && (yield* seal(live, this.#limits, born)).map(asLive)
    const store = () => {
      const opened = this.#opened
      const insert = ({ table, chunk }: SealedPiece) =>
        this.#insert(table.name, { ...chunk, schema: schemaId(this.#db, table.name, table.columns) })
      const added = pieces.map(insert)
      const running = livePieces?.map(insert) ?? opened.live
      const replaced = livePieces ? opened.live : []
      for (const { id } of replaced) setLevel(this.#db, id, DEAD)
      const unheld = this.#takeHeld(opened, born)
      return () => {
        this.#tidy = undefined
        for (const chunk of added) this.#keep(chunk)
        opened.graves.add(replaced, opened.age.now())
        opened.live = running
        const begun = livePieces ? running : []
        for (const { bytes } of begun) opened.home.log.wrote(bytes)
        for (const { bytes } of [...added, ...begun]) this.#stats.writtenBytes += bytes
        unheld()
      }
    }
    this.#transactions.write('Rows could not be stored', store, 'again')
    // The rows are stored. A problem with folding the log is reported by the next step of upkeep.
    attempt(() => this.#transactions.tendLog())
  }

  #takeHeld({ home }: OpenStore, seen: number): Committed {
    if (this.#held.isEmpty) return () => {}
    const remembered = this.#putEntities(this.#held.entities, seen)
    home.spool.take(this.#db)
    return () => {
      remembered()
      this.#held.clear()
      home.spool.begin()
    }
  }

  putEntities(entities: readonly Entity[], when: When = 'now'): void {
    if (entities.length === 0) return
    const { age, home } = this.#premises.ready()
    const mayWait = when === 'soon' && this.#held.hasRoom(home.spool, [], entities)
    if (mayWait && this.#hold({ rows: [], entities }, [])) return
    if (this.#held.knows(entities)) this.#storeHeld()
    const store = () => this.#putEntities(entities, age.now())
    this.#transactions.write('Entities could not be stored', store, 'again')
    attempt(() => this.#transactions.tendLog())
  }

  #putEntities(entities: readonly Entity[], seen: number): Committed {
    if (entities.length === 0) return () => {}
    const { written, grown } = putEntities(this.#db, entities, seen)
    return () => {
      if (grown > 0) this.#tidy = undefined
      this.#opened.processBytes += grown
      this.#opened.home.log.wrote(written)
    }
  }

  maintain(): boolean {
    const opened = this.#premises.ready()
    try {
      return this.#step(opened)
    } catch (cause) {
      this.#merge = undefined
      const { dataDir } = this.#options
      if (isOfDisk(cause) && !isDiskFull(cause, dataDir)) this.#premises.release()
      throw storeError(cause, 'The store could not be tidied', dataDir)
    }
  }

  #step(opened: OpenStore): boolean {
    const { home, age } = opened
    this.#transactions.tendLog()
    if (home.log.behind) return false
    if (this.#merge?.opened === opened) return this.#mergeStep(this.#merge)
    const now = age.now()
    if (this.#tidy?.opened === opened && now - this.#tidy.age < TIDY_SECONDS) return false
    this.#budget.look()
    if (this.#tidyUp(opened, now)) return true
    this.#tidy = { opened, age: now }
    return false
  }

  /** True when there is more to do. */
  #tidyUp(opened: OpenStore, now: number): boolean {
    const { home, graves, chunks, swept } = opened
    const old = overAge(chunks, now - this.#options.retentionSeconds, EXPIRE_CHUNKS)
    if (old.length > 0) return this.#expire(old)
    if (this.#forgetProcesses(opened)) return true
    const used = usedBytes(home.db)
    const victim = overBudget(chunks, this.#shares, used - graves.bytes, this.#budget.bytes)
    if (victim) return this.#expire([victim])
    if (this.#bury(used > this.#budget.bytes - home.log.limitBytes)) return true
    if (this.#startMerge()) return true
    if (now - swept >= ENTITY_SWEEP_SECONDS) this.#sweepEntities(now)
    return this.#giveBack()
  }

  #startMerge(): boolean {
    const opened = this.#opened
    for (const chunks of Map.groupBy(opened.chunks, (chunk) => chunk.table).values()) {
      const merged = pickMerge(chunks, this.#limits)
      if (!merged) continue
      if (merged.length === 1) this.#setLevel(merged[0]!, SEALED)
      else {
        const columns = schemaColumns(this.#db, merged[0]!.schema)
        this.#merge = { opened, merged, work: mergeChunks(this.#db, merged, columns, this.#limits) }
      }
      return true
    }
    return false
  }

  #mergeStep({ merged, work }: Merge): boolean {
    try {
      const step = work.next()
      if (!step.done) return true
      this.#merge = undefined
      this.#replace(merged, step.value)
    } catch (cause) {
      if (!(cause instanceof DamagedChunk)) throw cause
      this.#merge = undefined
      this.#giveUp([cause.chunk], cause.message)
    }
    return true
  }

  markDamaged(found: readonly Damage[]): void {
    if (found.length === 0) return
    const known = new Map(wholeOf(this.#premises.ready().chunks).map((chunk) => [chunk.id, chunk]))
    const chunks = found.flatMap(({ chunk: id, table, rows, minNs }) => {
      const chunk = known.get(id)
      const isSame = chunk?.table === table && chunk.rows === rows && chunk.minNs === minNs
      return isSame ? [chunk] : []
    })
    for (const ofTable of Map.groupBy(chunks, ({ table }) => table).values())
      this.#giveUp(ofTable, found.find(({ chunk }) => chunk === ofTable[0]!.id)!.why)
  }

  /** Damaged chunks of one table: their rows are lost from now on, also for writers after this one. */
  #giveUp(chunks: readonly Chunk[], why: string): void {
    this.#transactions.write('Damaged chunks could not be marked', () => {
      for (const { id } of chunks) setLevel(this.#db, id, DAMAGED)
      return () => {
        const opened = this.#opened
        this.#tidy = undefined
        const damaged = new Set(chunks)
        // It would not find them again among the others.
        if (this.#merge?.merged.some((chunk) => damaged.has(chunk))) this.#merge = undefined
        const rows = rowsOf(chunks)
        opened.chunks = opened.chunks.map((c) => (damaged.has(c) ? { ...c, level: DAMAGED } : c))
        this.#premises.goneRows += rows
        const which = chunks.length === 1 ? 'A chunk' : `${chunks.length} chunks`
        const are = chunks.length === 1 ? 'is' : 'are'
        this.#options.warn?.(
          `${which} of ${chunks[0]!.table} (${rows} rows) ${are} damaged and left out: ${why}`,
        )
      }
    })
  }

  #replace(merged: readonly Chunk[], chunk: NewChunk): void {
    this.#transactions.write('Chunks could not be merged', () => {
      const made = this.#insert(merged[0]!.table, chunk)
      for (const old of merged) setLevel(this.#db, old.id, DEAD)
      return () => {
        this.#drop(merged)
        this.#keep(made)
        this.#stats.compactedBytes += made.bytes
      }
    })
  }

  #expire(chunks: readonly Chunk[]): boolean {
    this.#transactions.write('Old rows could not be taken out', () => {
      for (const chunk of chunks) setLevel(this.#db, chunk.id, DEAD)
      return () => {
        this.#drop(chunks)
        const rows = rowsOf(chunks)
        this.#stats.expiredRows += rows
      }
    })
    return true
  }

  #drop(chunks: readonly Chunk[]): void {
    const opened = this.#opened
    const gone = new Set(chunks)
    opened.chunks = opened.chunks.filter((chunk) => !gone.has(chunk))
    opened.graves.add(chunks, opened.age.now())
  }

  /** Takes out dead chunks that nobody reads any more, or, at once, the longest dead. True when there were any. */
  #bury(atOnce: boolean): boolean {
    const { graves, age } = this.#opened
    const ids = graves.due(age.now(), atOnce, BURY_CHUNKS)
    if (ids.length === 0) return false
    this.#transactions.write('Old chunks could not be taken out', () => {
      for (const id of ids) deleteChunk(this.#db, id)
      return () => graves.remove(ids)
    })
    return true
  }

  #setLevel(chunk: Chunk, level: number): void {
    this.#transactions.write('A chunk could not be marked', () => {
      setLevel(this.#db, chunk.id, level)
      return () => {
        const opened = this.#opened
        opened.chunks = opened.chunks.map((c) => (c === chunk ? { ...chunk, level } : c))
      }
    })
  }

  /** Entities outlive the oldest record, and are kept for the retention when there is none. */
  #sweepEntities(now: number): void {
    const opened = this.#opened
    opened.swept = now
    const first = opened.chunks.reduce((min, { born }) => Math.min(min, born), Number.POSITIVE_INFINITY)
    // A merged chunk may have rows that are this much older than its newest.
    const oldest = Math.min(now - this.#options.retentionSeconds, first - this.#limits.bornSeconds)
    this.#transactions.write('Old entities could not be taken out', () => {
      const bytes = sweepEntities(this.#db, oldest)
      return () => {
        opened.processBytes -= bytes
      }
    })
    this.#saveTotals()
  }

  /** Beyond their share of the budget, the processes leave that were not seen for longest. True when there were any. */
  #forgetProcesses(opened: OpenStore): boolean {
    const excess = opened.processBytes - PROCESS_SHARE * this.#budget.bytes
    if (excess <= 0) return false
    this.#transactions.write('Processes could not be taken out', () => {
      const { processes, bytes } = forgetProcesses(this.#db, excess, FORGET_PROCESSES)
      return () => {
        opened.processBytes = processes === 0 ? 0 : opened.processBytes - bytes
        this.#stats.forgottenProcesses += processes
        opened.home.log.wrote(bytes)
      }
    })
    return true
  }

  /** Free pages are used again; many of them go back to the file system. */
  #giveBack(): boolean {
    const { db, log } = this.#opened.home
    const bytes = giveBack(db, this.#budget.bytes, 2 * log.limitBytes)
    log.wrote(bytes)
    return bytes > 0
  }

  #insert(table: string, chunk: NewChunk): Chunk {
    const id = this.#opened.nextId++
    const bytes = insertChunk(this.#db, id, chunk)
    const raw = chunk.columns.reduce((sum, column) => sum + column.rawBytes, 0)
    const { schema, level, rows, minNs, maxNs, born } = chunk
    return { id, table, schema, level, rows, minNs, maxNs, born, bytes, raw }
  }

  #keep(chunk: Chunk): void {
    const { chunks, home } = this.#opened
    let at = chunks.length
    while (at > 0 && chunks[at - 1]!.minNs > chunk.minNs) at--
    chunks.splice(at, 0, chunk)
    home.log.wrote(chunk.bytes)
  }

  /** For `summary`; and a folded log is begun anew here, not by an append. No harm is done where it fails. */
  #saveTotals(): void {
    const { writtenBytes, compactedBytes } = this.#stats
    const totals = {
      written: writtenBytes - this.#savedBytes.written,
      compacted: compactedBytes - this.#savedBytes.compacted,
    }
    try {
      saveTotals(this.#db, totals, this.#budget.bytes, this.#options.retentionSeconds, this.#opened.age)
    } catch {
      return
    }
    this.#savedBytes = { written: writtenBytes, compacted: compactedBytes }
  }

  stats(): WriterStats {
    return { ...this.#stats, goneRows: this.#premises.goneRows, budgetBytes: this.#budget.bytes }
  }

  fileBytes(): number {
    const { dataDir } = this.#options
    const path = storeFile(dataDir)
    return [path, `${path}-wal`, ...spoolFiles(dataDir)].reduce((sum, file) => sum + sizeOf(file), 0)
  }

  close(): void {
    this.#merge = undefined
    if (!this.#held.isEmpty) attempt(() => this.#storeHeld())
    this.#premises.end(() => this.#saveTotals())
  }
}
