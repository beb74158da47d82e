/** The reading end of the store: snapshots of a file that a writer may be appending to. */
import { Database } from 'bun:sqlite'
import { codeOf, messageOf, NixieError } from '../errors'
import type { Batch } from '../records/batch'
import type { Entity, EntityKind } from '../records/entities'
import type { Table } from '../records/table'
import { unknownTable } from '../suggest'
import { DamagedBlob } from './blob'
import { type Chunk, chunksBetween, DAMAGED, GoneChunk, listChunks, rowsOf, wholeOf } from './chunks'
import {
  FORMAT_VERSION,
  fileAt,
  isDamage,
  isOfSqlite,
  OLDEST_READABLE,
  pragma,
  sizeOf,
  storeError,
  storeFile,
} from './database'
import { completed, type DeclaredTable, parseDeclaration, type Row, readDeclarations } from './declared'
import { entitiesVersion, findEntity, listEntities } from './entities'
import { putMark } from './marks'
import { ChunkScan } from './scan'
import type { Damage, ReadableStore, ScanBatch, ScanOptions, StoreSummary, TableInfo } from './store'
import { summarise } from './summary'
import { readTotals } from './totals'

const BUSY_MS = 2000
const MAX_INT64 = 2n ** 63n - 1n
/** Rows this far from the base are still exact. */
const EXACT_NS = 2n ** 53n
const KEPT_CONNECTIONS = 4

export interface Reader extends ReadableStore {
  /** The content of the store, and how long it will be kept at the rates of the 24 hours before `nowNs`. */
  summary(nowNs: bigint): StoreSummary
  /** Chunks passed over because a blob of theirs is damaged, since the reader was opened. */
  readonly damagedChunks: number
  /** Damaged chunks, not yet marked as such, that scans have met since this was last called: to be told to the writer. */
  takeDamage(): readonly Damage[]
}

/**
 * A reader of the store in this directory, which may be made later. Read a scan to its end, or call its `return`.
 *
 * @param known tables of this program: a store that an older one wrote may lack them, or some of their columns
 */
export function openReader(dataDir: string, known: readonly Table[] = []): Reader {
  return new SqliteReader(dataDir, known)
}

/** Processes that are kept in memory. */
const KEPT_PROCESSES = 10_000

interface KnownEntities<K extends EntityKind> {
  /** Version of the file and its entities. */
  readonly version: string
  readonly entities: ReadonlyMap<string, Entity<K>>
}

interface Connection {
  readonly db: Database
  /** Identity of the opened file: another file in its place is another store. */
  readonly inode: number
}

class SqliteReader implements Reader {
  damagedChunks = 0
  /** By the number of the chunk. */
  #found = new Map<number, Damage>()
  readonly #dataDir: string
  readonly #known: readonly Table[]
  /** The store's last declaration. */
  #declared:
    | { readonly rows: readonly Row[]; readonly tables: ReadonlyMap<string, DeclaredTable> }
    | undefined
  #idle: Connection[] = []
  #closed = false
  readonly #entities: { [K in EntityKind]?: KnownEntities<K> } = {}
  /** Those that were asked for, also if there is none. */
  #processes = { version: '', known: new Map<string, Entity<'process'> | undefined>() }

  constructor(dataDir: string, known: readonly Table[]) {
    this.#dataDir = dataDir
    this.#known = known
  }

  tables(): readonly TableInfo[] {
    const known = this.#read((db) => ({ tables: this.#tablesIn(db), chunks: listChunks(db) }))
    const byTable = Map.groupBy(known?.chunks ?? [], (chunk) => chunk.table)
    return [...(known?.tables.values() ?? [])].map((table) => infoOf(table, byTable.get(table.name) ?? []))
  }

  #tablesIn(db: Database): ReadonlyMap<string, DeclaredTable> {
    const rows = readDeclarations(db)
    if (!this.#declared || !Bun.deepEquals(rows, this.#declared.rows)) {
      this.#declared = { rows, tables: completed(rows.map(parseDeclaration), this.#known) }
    }
    return this.#declared.tables
  }

  summary(nowNs: bigint): StoreSummary {
    const path = storeFile(this.#dataDir)
    const known = this.#read((db) => ({
      ...readTotals(db),
      chunks: listChunks(db),
      tables: [...this.#tablesIn(db).values()],
    }))
    return summarise({
      ...(known ?? { chunks: [], written: 0, compacted: 0, budget: 0, retention: 0, tables: [] }),
      nowNs,
      fileBytes: sizeOf(path),
      walBytes: sizeOf(`${path}-wal`),
    })
  }

  *scan(name: string, options: ScanOptions): Generator<ScanBatch> {
    const connection = this.#take()
    if (!connection) {
      tableFor(name, options, new Map())
      return
    }
    try {
      const table = tableFor(name, options, this.#tablesIn(connection.db))
      yield* this.#batches(connection.db, table, options)
    } catch (cause) {
      if (!isOfSqlite(cause)) throw cause
      throw storeError(cause, `The store ${storeFile(this.#dataDir)} cannot be read`, this.#dataDir)
    } finally {
      this.#give(connection)
    }
  }

  /**
   * The snapshot is the list of chunks, which never change; the writer leaves replaced ones in place while the mark is
   * there, which comes before the list. No transaction spans two of them: it would keep the writer's log from being folded.
   */
  *#batches(db: Database, table: DeclaredTable, options: ScanOptions): Generator<ScanBatch> {
    const startNs = options.startNs ?? -MAX_INT64
    const endNs = options.endNs ?? MAX_INT64
    const unmark = putMark(this.#dataDir)
    try {
      yield* this.#marked(db, table, options, { startNs, endNs })
    } finally {
      unmark()
    }
  }

  *#marked(
    db: Database,
    table: DeclaredTable,
    options: ScanOptions,
    { startNs, endNs }: { startNs: bigint; endNs: bigint },
  ): Generator<ScanBatch> {
    const chunks = chunksBetween(db, table.name, startNs, endNs)
    const scan = new ChunkScan(db, table, options, { baseNs: baseOf(chunks), startNs, endNs })
    if (options.reverse) chunks.sort(newestFirst)
    for (const [i, chunk] of chunks.entries()) {
      let batch: Batch | undefined
      try {
        batch = scan.read(chunk)
      } catch (cause) {
        this.#passOver(chunk, cause)
      }
      const next = options.reverse ? chunks[i + 1] : undefined
      if (batch) yield next ? { ...batch, restUntilNs: next.maxNs } : batch
    }
  }

  /** A damaged chunk costs its rows, not the query. */
  #passOver(chunk: Chunk, cause: unknown): void {
    if (cause instanceof GoneChunk)
      throw new NixieError(
        'store_error',
        `Rows of ${chunk.table} left the store while they were read`,
        'Run the query again; a shorter time range or a larger --disk-budget helps.',
      )
    const damaged = cause instanceof DamagedBlob || isDamage(cause)
    if (!damaged && !/^SQLITE_IOERR/.test(codeOf(cause) ?? '')) throw cause
    this.damagedChunks++
    const { id, table, rows, minNs } = chunk
    const why = messageOf(cause)
    // What the disk refused now it may read the next time.
    if (damaged && chunk.level !== DAMAGED) this.#found.set(id, { table, chunk: id, rows, minNs, why })
  }

  takeDamage(): readonly Damage[] {
    const found = [...this.#found.values()]
    this.#found = new Map()
    return found
  }

  entities<K extends EntityKind>(kind: K): ReadonlyMap<string, Entity<K>> {
    const known: KnownEntities<K> | undefined = this.#entities[kind]
    const fresh = this.#read((db, inode): KnownEntities<K> => {
      const version = `${inode}:${entitiesVersion(db)}`
      if (known?.version === version) return known
      return { version, entities: listEntities(db, kind) }
    })
    if (!fresh) return new Map()
    Object.assign(this.#entities, { [kind]: fresh })
    return fresh.entities
  }

  process(upid: string): Entity<'process'> | undefined {
    return this.#read((db, inode) => {
      const version = `${inode}:${entitiesVersion(db)}`
      if (this.#processes.version !== version || this.#processes.known.size >= KEPT_PROCESSES)
        this.#processes = { version, known: new Map() }
      const { known } = this.#processes
      if (!known.has(upid)) known.set(upid, findEntity(db, 'process', upid))
      return known.get(upid)
    })
  }

  close(): void {
    this.#closed = true
    for (const { db } of this.#idle) db.close()
    this.#idle = []
  }

  /** One look at the store in one snapshot; undefined when there is none yet. */
  #read<T>(look: (db: Database, inode: number) => T): T | undefined {
    const connection = this.#take()
    if (!connection) return undefined
    try {
      connection.db.run('BEGIN')
      return look(connection.db, connection.inode)
    } catch (cause) {
      throw storeError(cause, `The store ${storeFile(this.#dataDir)} cannot be read`, this.#dataDir)
    } finally {
      this.#give(connection)
    }
  }

  /** A connection of its own for each scan under way. */
  #take(): Connection | undefined {
    if (this.#closed) throw new NixieError('unavailable', 'The store is closed', 'Nixie is stopping.')
    const path = storeFile(this.#dataDir)
    const file = fileAt(path, this.#dataDir)
    if (!file || file.size === 0) return undefined
    for (let idle = this.#idle.pop(); idle; idle = this.#idle.pop()) {
      if (idle.inode === file.ino) return idle
      idle.db.close()
    }
    return openConnection(path, file.ino, this.#dataDir)
  }

  #give(connection: Connection): void {
    try {
      if (connection.db.inTransaction) connection.db.run('ROLLBACK')
    } catch {
      connection.db.close()
      return
    }
    if (this.#closed || this.#idle.length >= KEPT_CONNECTIONS) connection.db.close()
    else this.#idle.push(connection)
  }
}

function openConnection(path: string, inode: number, dataDir: string): Connection | undefined {
  let db: Database | undefined
  try {
    db = new Database(path, { readonly: true, safeIntegers: true, strict: true })
    db.run(`PRAGMA busy_timeout = ${BUSY_MS}`)
    const version = Number(pragma(db, 'user_version'))
    if (version >= OLDEST_READABLE && version <= FORMAT_VERSION) return { db, inode }
    db.close()
    // A writer is making the store at this moment.
    if (version === 0) return undefined
  } catch (cause) {
    db?.close()
    throw storeError(cause, `The store ${path} cannot be read`, dataDir)
  }
  throw new NixieError(
    'store_error',
    `The store ${path} has another format than this Nixie reads`,
    'Read it with the Nixie that writes it.',
  )
}

/** The table of a scan; throws where it, or a column, is not there. */
function tableFor(
  name: string,
  options: ScanOptions,
  tables: ReadonlyMap<string, DeclaredTable>,
): DeclaredTable {
  const table = tables.get(name)
  if (!table) throw unknownTable(name, [...tables.keys()])
  const selected = (options.select ?? []).flatMap((step) => step.columns)
  const pruned = (options.prune ?? []).map((condition) => condition.column)
  for (const column of [...options.columns, ...pruned, ...selected])
    if (!table.columns.some((c) => c.name === column))
      throw new NixieError('unknown_column', `${name} has no column '${column}'`, columnsOf(table))
  return table
}

function infoOf(table: DeclaredTable, chunks: readonly Chunk[]): TableInfo {
  let oldestNs: bigint | undefined
  let newestNs: bigint | undefined
  for (const chunk of wholeOf(chunks)) {
    if (oldestNs === undefined || chunk.minNs < oldestNs) oldestNs = chunk.minNs
    if (newestNs === undefined || chunk.maxNs > newestNs) newestNs = chunk.maxNs
  }
  const rows = rowsOf(chunks)
  const bytes = chunks.reduce((sum, chunk) => sum + chunk.bytes, 0)
  const { name, description, columns, recorded } = table
  return { name, description, columns, recorded, rows, bytes, oldestNs, newestNs }
}

const columnsOf = (table: DeclaredTable) =>
  `Columns: ${table.columns.map((column) => column.name).join(', ')}.`

/** By their newest row; of equal ones the later chunk. */
const newestFirst = (a: Chunk, b: Chunk): number =>
  a.maxNs === b.maxNs ? b.id - a.id : a.maxNs < b.maxNs ? 1 : -1

/** The base of all times of a scan: the oldest row, unless the newest would not be exact from there. */
function baseOf(chunks: readonly Chunk[]): bigint {
  if (chunks.length === 0) return 0n
  const newest = chunks.reduce((max, chunk) => (chunk.maxNs > max ? chunk.maxNs : max), chunks[0]!.maxNs)
  const oldest = chunks[0]!.minNs
  return newest - oldest > EXACT_NS ? newest - EXACT_NS : oldest
}
