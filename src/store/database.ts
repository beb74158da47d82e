/** The SQLite file: opening, format version, lock, and what its errors mean in words. */
import { Database } from 'bun:sqlite'
import {
  constants,
  copyFileSync,
  existsSync,
  readdirSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { messageOf, NixieError } from '../errors'
import { type DeclaredTable, declareTables } from './declared'
import { indexEntities } from './entities'
import { FILE_MODE, makePrivateFile, openPrivately } from './private'

/** Raise it with a migration in `MIGRATIONS`. */
export const FORMAT_VERSION = 3
/** The oldest format that a reader takes as it is; a writer migrates. */
export const OLDEST_READABLE = 1
const APPLICATION_ID = 0x6e697869
const BUSY_MS = 5000

/** Statement i brings format version i to i + 1. */
const MIGRATIONS: readonly string[] = [
  `CREATE TABLE schemas (
     id INTEGER PRIMARY KEY, tab TEXT NOT NULL, columns TEXT NOT NULL, UNIQUE (tab, columns)) STRICT;
   CREATE TABLE chunks (
     id INTEGER PRIMARY KEY, schema INTEGER NOT NULL, level INTEGER NOT NULL, rows INTEGER NOT NULL,
     min_time INTEGER NOT NULL, max_time INTEGER NOT NULL, bytes INTEGER NOT NULL, raw INTEGER NOT NULL) STRICT;
   CREATE TABLE columns (id INTEGER PRIMARY KEY, min ANY, max ANY, data BLOB NOT NULL) STRICT;
   CREATE TABLE entities (
     kind TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,
     first_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL, PRIMARY KEY (kind, key)) STRICT, WITHOUT ROWID;
   CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
   INSERT INTO counters VALUES ('entities', 0);`,
  // Chunks may be dead (level −2), which the first format would have taken for rows.
  `INSERT INTO counters VALUES ('written', 0), ('compacted', 0), ('budget', 0), ('retention', 0);`,
  // Ages by a clock that can't be set. Existing rows get the start of the new clock as their age.
  `ALTER TABLE chunks ADD COLUMN born INTEGER NOT NULL DEFAULT 0;
   ALTER TABLE entities ADD COLUMN seen INTEGER NOT NULL DEFAULT 0;`,
]

export const storeFile = (dataDir: string): string => join(dataDir, 'nixie.db')

/** What came last, where little comes: see `spool.ts`. They have the store's name in front, as all that is deleted with it. */
export const spoolFiles = (dataDir: string): readonly string[] =>
  [0, 1].map((number) => `${storeFile(dataDir)}-spool-${number}`)

export const lockFile = (dataDir: string): string => join(dataDir, 'nixie.lock')

/** Bytes of a file; 0 when there is none. */
export function sizeOf(path: string): number {
  try {
    return statSync(path).size
  } catch {
    return 0
  }
}

/**
 * What the file system says of the store at this path; undefined when there is none.
 * @throws NixieError when it can't be looked at: a part of the path is a file, a loop of links, or not to be entered
 */
export function fileAt(path: string, dataDir: string): Stats | undefined {
  try {
    return statSync(path)
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return undefined
    throw storeError(cause, `The store ${path} cannot be read`, dataDir)
  }
}

/** SQLite's result code in words (SQLITE_FULL, SQLITE_CORRUPT_VTAB, …), or ''. */
function codeOf(cause: unknown): string {
  const code = (cause as { code?: unknown } | null)?.code
  return typeof code === 'string' ? code : ''
}

/** Whether the error comes from SQLite or the file system, not from the program. */
export function isOfSqlite(cause: unknown): boolean {
  return /^(SQLITE_|E[A-Z]+$)/.test(codeOf(cause))
}

/** Whether the file is damaged or not a store, so that it must be set aside. */
export function isDamage(cause: unknown): boolean {
  return /^SQLITE_(CORRUPT|NOTADB)/.test(codeOf(cause))
}

const FULL = /^(SQLITE_FULL|ENOSPC|EDQUOT|EFBIG)/

/** SQLite reports only that a write failed. */
const FAILED_WRITE = /^SQLITE_IOERR_(WRITE|SHMSIZE|TRUNCATE|FSYNC)/

/** Whether the disk is full, or seems to be. */
export function isDiskFull(cause: unknown, dataDir: string): boolean {
  const code = codeOf(cause)
  return FULL.test(code) || (FAILED_WRITE.test(code) && FULL.test(refusalOf(dataDir) ?? 'ENOSPC'))
}

/** Whether the connection must be opened anew, since it may not recover by itself. */
export function isOfDisk(cause: unknown): boolean {
  return /^(SQLITE_(IOERR|READONLY|CANTOPEN|PERM|PROTOCOL|NOLFS)|E[A-Z]+$)/.test(codeOf(cause))
}

/** Errors about the path itself. The errno is the reason, so writing a test file would tell nothing more. */
const FROM_PATH = /^(EACCES|EPERM|ENOTDIR|EEXIST|ENOENT|ELOOP|ENAMETOOLONG)$/

/** What went wrong with the file, for users. */
export function storeError(cause: unknown, what: string, dataDir: string): NixieError {
  if (cause instanceof NixieError) return cause
  const detail = messageOf(cause)
  const code = codeOf(cause)
  const asked = !FROM_PATH.test(code) && (isOfDisk(cause) || FULL.test(code))
  const reason = asked ? refusalOf(dataDir) : undefined
  return new NixieError('store_error', `${what}: ${detail}`, hintFor(reason ?? code, dataDir))
}

const PROBE_BYTES = 64 << 10

/** The errno with which the directory refuses a file just now: SQLite's own codes don't tell a full disk from a failing one. */
function refusalOf(dataDir: string): string | undefined {
  const path = join(dataDir, `.writable-${process.pid}`)
  try {
    writeFileSync(path, new Uint8Array(PROBE_BYTES), { mode: FILE_MODE })
    return undefined
  } catch (cause) {
    return codeOf(cause)
  } finally {
    try {
      unlinkSync(path)
    } catch {
      // The test file could not be made.
    }
  }
}

function hintFor(code: string, dataDir: string): string {
  if (FULL.test(code) || FAILED_WRITE.test(code))
    return `The disk that holds ${dataDir} is full: free some space or lower --disk-budget.`
  if (code === 'EROFS')
    return `The file system of ${dataDir} is read-only: the kernel remounts it so after errors of the disk (dmesg), or it was mounted so.`
  if (code === 'EIO') return `The disk that holds ${dataDir} fails to read or write: look at dmesg.`
  if (/^(ENOTDIR|EEXIST|ELOOP|ENAMETOOLONG)$/.test(code))
    return `${dataDir}, or a part of that path, is no directory: put one there, or give --data-dir another.`
  if (/^(SQLITE_(READONLY|CANTOPEN|PERM)|EACCES|EPERM|ENOENT)/.test(code))
    return 'Give --data-dir a directory that this user may write to.'
  if (/^SQLITE_(BUSY|LOCKED)/.test(code)) return 'Another program holds the store: try again.'
  if (/^SQLITE_(CORRUPT|NOTADB)/.test(code))
    return 'The store is damaged; restart Nixie: it sets the file aside.'
  return `Look at the disk and the directory ${dataDir}.`
}

function locked(path: string): Database {
  const lock = new Database(path, { create: true, readwrite: true })
  try {
    lock.run('PRAGMA locking_mode = EXCLUSIVE')
    lock.run('BEGIN EXCLUSIVE')
    return lock
  } catch (cause) {
    lock.close()
    throw cause
  }
}

/**
 * The lock file has no content. A damaged one is copied aside and emptied in place, since another Nixie may be about to
 * lock it.
 */
function lockedAnew(path: string): Database {
  try {
    return locked(path)
  } catch (cause) {
    if (!isDamage(cause)) throw cause
  }
  const aside = `${path}.damaged`
  rmSync(aside, { force: true })
  copyFileSync(path, aside, constants.COPYFILE_EXCL)
  truncateSync(path)
  return locked(path)
}

/** Held for the life of a writer: a second writer on the directory is refused. The system drops it with the process. */
export function lockDirectory(dataDir: string): { release(): void } {
  let lock: Database
  try {
    openPrivately(dataDir)
    makePrivateFile(lockFile(dataDir))
  } catch (cause) {
    throw storeError(cause, `The data directory ${dataDir} cannot be used`, dataDir)
  }
  try {
    lock = lockedAnew(lockFile(dataDir))
  } catch (cause) {
    if (!codeOf(cause).startsWith('SQLITE_BUSY'))
      throw storeError(cause, `The data directory ${dataDir} cannot be locked`, dataDir)
    throw new NixieError(
      'store_error',
      `Another Nixie writes to ${dataDir}`,
      'Stop it, or give this one its own --data-dir.',
    )
  }
  return {
    release() {
      lock.run('ROLLBACK')
      lock.close()
    },
  }
}

/**
 * Opens the store for writing, makes or migrates it, and has it declare these tables; what is no store is set aside and
 * told.
 *
 * @param suspect its log is damaged: every page is checked, since the rest of the log may be older than the file
 */
export function openForWriting(
  dataDir: string,
  tables: readonly DeclaredTable[],
  warn: (sentence: string) => void,
  suspect = false,
): Database {
  const path = storeFile(dataDir)
  if (existsSync(path) && sizeOf(path) === 0)
    warn(`The store ${path} was there, but empty: what was in it before is lost, and a new one is begun.`)
  try {
    return prepare(path, tables, suspect)
  } catch (cause) {
    if (!isDamage(cause)) throw storeError(cause, `The store ${path} cannot be opened`, dataDir)
    warn(setAside(path, cause))
  }
  try {
    return prepare(path, tables)
  } catch (cause) {
    throw storeError(cause, `The store ${path} cannot be made`, dataDir)
  }
}

/**
 * Renames a damaged store with its log; returns the sentence that says so. Only one is kept, since such files don't
 * count in the budget.
 */
export function setAside(path: string, cause: unknown): string {
  const folder = dirname(path)
  const older = readdirSync(folder).filter((name) => name.startsWith(`${basename(path)}.damaged-`))
  for (const name of older) rmSync(join(folder, name), { force: true })
  const aside = `${path}.damaged-${new Date().toISOString().replaceAll(':', '-')}`
  for (const part of ['', '-wal']) if (existsSync(path + part)) renameSync(path + part, aside + part)
  rmSync(`${path}-shm`, { force: true })
  const why = messageOf(cause)
  return `The store was damaged (${why}): it was set aside as ${aside} and a new one was begun.`
}

function prepare(path: string, tables: readonly DeclaredTable[], suspect = false): Database {
  makePrivateFile(path)
  const db = new Database(path, { create: true, readwrite: true, safeIntegers: true, strict: true })
  try {
    db.run(`PRAGMA busy_timeout = ${BUSY_MS}`)
    const version = Number(pragma(db, 'user_version'))
    if (version > FORMAT_VERSION) throw tooNew(path, version)
    if (Number(pragma(db, 'page_count')) === 0) db.run('PRAGMA auto_vacuum = INCREMENTAL')
    db.run('PRAGMA journal_mode = WAL')
    db.run('PRAGMA synchronous = NORMAL')
    db.run('PRAGMA wal_autocheckpoint = 0')
    migrate(db, version)
    checkQuickly(db)
    if (suspect) checkWhole(db)
    declareWhereRoom(db, tables)
    return db
  } catch (cause) {
    db.close()
    throw cause
  }
}

/** On a full disk a store still declares what it did before. */
function declareWhereRoom(db: Database, tables: readonly DeclaredTable[]): void {
  try {
    declareTables(db, tables)
    indexEntities(db)
  } catch (cause) {
    if (!isDiskFull(cause, dirname(db.filename))) throw cause
  }
}

class ForeignFile extends Error {
  readonly code = 'SQLITE_NOTADB'
}

function tooNew(path: string, version: number): NixieError {
  return new NixieError(
    'store_error',
    `The store ${path} has format ${version}; this Nixie writes format ${FORMAT_VERSION}`,
    'A newer Nixie wrote it: run that one, or give this one another --data-dir.',
  )
}

function migrate(db: Database, version: number): void {
  if (version === 0) {
    const tables = db.query('SELECT count(*) AS n FROM sqlite_schema').get() as { n: bigint }
    if (tables.n > 0n) throw new ForeignFile('it is a database, but not of Nixie')
  } else if (Number(pragma(db, 'application_id')) !== APPLICATION_ID) {
    throw new ForeignFile('it is a database, but not of Nixie')
  }
  for (let v = version; v < FORMAT_VERSION; v++) {
    db.transaction(() => {
      db.run(MIGRATIONS[v]!)
      db.run(`PRAGMA application_id = ${APPLICATION_ID}`)
      db.run(`PRAGMA user_version = ${v + 1}`)
    })()
  }
}

/** Every page of the small tables, and the ends of the large one; its blobs have checksums of their own. */
function checkQuickly(db: Database): void {
  db.query('SELECT count(*), sum(rows), min(min_time), max(max_time) FROM chunks').get()
  db.query('SELECT count(*), max(length(columns)) FROM schemas').get()
  db.query('SELECT count(*), max(last_ms) FROM entities').get()
  db.query('SELECT min(id), max(id) FROM columns').get()
}

class Inconsistent extends Error {
  readonly code = 'SQLITE_CORRUPT'
}

function checkWhole(db: Database): void {
  const found = pragma(db, 'quick_check(1)')
  if (found !== 'ok') throw new Inconsistent(String(found))
}

export function pragma(db: Database, name: string): unknown {
  const row = db.query(`PRAGMA ${name}`).get() as Record<string, unknown> | null
  return row ? Object.values(row)[0] : undefined
}
