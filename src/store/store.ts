/** The contract of the store with its writer (the capture thread) and its readers (query threads). */
import type { Batch } from '../records/batch'
import type { Entity, EntityKind } from '../records/entities'
import type { Column, Table } from '../records/table'

export interface TableInfo {
  readonly name: string
  readonly description: string
  readonly columns: readonly Column[]
  /** False: it has no source of rows, and exists for scripts that read it. */
  readonly recorded: boolean
  readonly rows: number
  /** Compressed bytes on disk. */
  readonly bytes: number
  /** Epoch nanoseconds of the oldest and newest row; undefined when the table is empty. */
  readonly oldestNs: bigint | undefined
  readonly newestNs: bigint | undefined
}

export interface WriterStats {
  /** Rows taken out to keep the promise of time or bytes. */
  readonly expiredRows: number
  /** Rows that were stored and are lost: their file was removed or replaced, or their bytes are damaged. */
  readonly goneRows: number
  /** Processes that left before their rows, as all of them took more than their share of the disk budget. */
  readonly forgottenProcesses: number
  readonly writtenBytes: number
  readonly compactedBytes: number
  /** The most that the file may take. */
  readonly budgetBytes: number
}

/** A chunk that a reader found damaged. */
export interface Damage {
  readonly table: string
  readonly chunk: number
  readonly rows: number
  /** With the number of the chunk it tells whether the writer still has this one. */
  readonly minNs: bigint
  /** What is wrong, in words. */
  readonly why: string
}

export interface TableBatch {
  readonly table: Table
  readonly batch: Batch
}

/**
 * `now`: readers have it after the call, and all that came before. `soon`: little may wait for a minute, so that it is written with
 * more. A crash of the process costs neither.
 */
export type When = 'now' | 'soon'

export interface StoreWriter {
  /**
   * Seals the batches as chunks in one transaction: after it returns they survive a crash of the process. `live`: rows of what
   * is still under way; they take the place of those of the last call. After a crash they stay, as nothing more is known.
   */
  append(batches: readonly TableBatch[], live?: readonly TableBatch[]): void
  /**
   * The same in steps of some milliseconds, so that the caller can do other work in between. Nothing is stored before
   * the last step.
   */
  appendInSteps(
    batches: readonly TableBatch[],
    live?: readonly TableBatch[],
    when?: When,
  ): Generator<void, void>
  putEntities(entities: readonly Entity[], when?: When): void
  /**
   * One bounded step of compaction and retention; true when there is more to do. To be called each second, also when no
   * row came: it notices files that were removed, and begins anew.
   */
  maintain(): boolean
  /**
   * Marks chunks that readers found damaged: their rows are lost, counted once and said. Those that are marked already, or
   * were replaced or expired meanwhile, are passed over.
   */
  markDamaged(found: readonly Damage[]): void
  stats(): WriterStats
  /** Of the file, its log and its spool, as the file system has them. */
  fileBytes(): number
  close(): void
}

export interface ScanOptions {
  /** Names, in the order in which the vectors are wanted. */
  readonly columns: readonly string[]
  /** Epoch nanoseconds, inclusive; chunks outside are not read. Rows outside are not returned. */
  readonly startNs?: bigint
  readonly endNs?: bigint
  /** Conditions that a chunk's statistics may rule out; rows are still to be filtered by the caller. */
  readonly prune?: readonly Prune[]
  /**
   * Steps that choose rows, cheapest first. The columns of a step are read once the steps before it have left rows, and
   * `columns` after the last: what a condition rules out costs no reading of the rest. Columns are read once, however
   * often they are named.
   */
  readonly select?: readonly Selection[]
  /** Chunks by their newest row, the newest first; each in time order. */
  readonly reverse?: boolean
}

export interface ScanBatch extends Batch {
  /**
   * Of a reverse scan: no row that is still to come is newer (epoch nanoseconds); absent when it is not known, or no
   * row follows.
   */
  readonly restUntilNs?: bigint
}

export interface Selection {
  /** Names, in the order in which `keep` wants the vectors. */
  readonly columns: readonly string[]
  /**
   * Takes the rows that are left of a chunk and returns those that stay, as ascending places in this batch; undefined:
   * all. An error that it throws ends the scan unchanged.
   */
  keep(batch: Batch): Uint32Array | undefined
}

export interface Prune {
  readonly column: string
  /** `contains`: the text holds `value` somewhere, compared byte by byte. */
  readonly op: '==' | '!=' | '<' | '<=' | '>' | '>=' | 'contains'
  readonly value: number | string | bigint | boolean
}

/** What one table holds, and how long it will be kept. */
export interface TableHolding {
  readonly name: string
  /** Without those of damaged chunks, which are lost, and … */
  readonly rows: number
  /** … so many. */
  readonly damagedRows: number
  readonly chunks: number
  /** Compressed bytes of its columns. */
  readonly bytes: number
  /** 0 for an empty table. */
  readonly bytesPerRow: number
  /** Epoch nanoseconds; undefined when the table is empty. */
  readonly oldestNs: bigint | undefined
  readonly newestNs: bigint | undefined
  /** From the oldest to the newest row. */
  readonly spanSeconds: number
  /** Of the last 24 hours, or since the oldest row where that is less. */
  readonly bytesPerSecond: number
  /**
   * How much of it the retention and the budget keep at the rates of today, when every table goes on at its own;
   * undefined while it has no rate or no writer has said its limits.
   */
  readonly keepsSeconds: number | undefined
}

export interface StoreSummary {
  readonly tables: readonly TableHolding[]
  /** The file without its log. */
  readonly fileBytes: number
  readonly walBytes: number
  /** The settings of the last writer; undefined before there was one. */
  readonly budgetBytes: number | undefined
  readonly retentionSeconds: number | undefined
  /** Bytes written (appends and merges) for each byte appended, over the life of the store; undefined at first. */
  readonly writeAmplification: number | undefined
}

/** Anything that yields column batches of tables: the local store is one; another engine can be another. */
export interface ReadableStore {
  tables(): readonly TableInfo[]
  /**
   * The batches of one consistent snapshot, in time order. Times of all batches share one base. A scan that takes longer
   * than 11 min, or that a full budget overtakes, may end with `store_error`: its chunks were merged or expired meanwhile.
   */
  scan(table: string, options: ScanOptions): Iterable<ScanBatch>
  /** All entities of one kind, for kinds that are few; cheap to call often (cached until the store changes). */
  entities<K extends EntityKind>(kind: K): ReadonlyMap<string, Entity<K>>
  /** One process; cheap to call often, too. There may be some hundred thousand. */
  process(upid: string): Entity<'process'> | undefined
  close(): void
}
