/** The files of a writer: the directory with its lock, the database, its log and its spool; and whether they are still the ones it opened. */
import { constants, type Database } from 'bun:sqlite'
import { rmSync, type Stats, statSync } from 'node:fs'
import { codeOf } from '../errors'
import { lockDirectory, lockFile, openForWriting, spoolFiles, storeFile } from './database'
import type { DeclaredTable } from './declared'
import { Log } from './log'
import { Spool, takenGeneration } from './spool'
import { type DroppedCommits, droppedCommits } from './wal'

/** What happened to the files while they were open. */
export type Change = 'removed' | 'replaced' | 'log'

interface Place {
  readonly path: string
  readonly inode: number
  readonly device: number
}

const placeOf = (path: string): Place => {
  const { ino, dev } = statSync(path)
  return { path, inode: ino, device: dev }
}

export interface HomeOptions {
  readonly dataDir: string
  /** Log bytes after which the log is brought into the file. */
  readonly logBytes: number
  /** The tables that the store declares. */
  readonly tables: readonly DeclaredTable[]
  /** A small write, with which a folded log is begun anew. */
  readonly begin: () => void
  /** Called when a damaged store was set aside. */
  readonly warn: (sentence: string) => void
}

export class Home {
  readonly db: Database
  readonly log: Log
  readonly spool: Spool
  /** What was lost in the damaged log of the previous writer. */
  readonly dropped: DroppedCommits | undefined
  readonly #lock: { release(): void }
  readonly #store: Place
  readonly #logs: readonly Place[]
  readonly #lockFile: Place

  /** Throws a NixieError when the directory can't be written or another writer has it. */
  constructor({ dataDir, logBytes, tables, begin, warn }: HomeOptions) {
    const path = storeFile(dataDir)
    this.#lock = lockDirectory(dataDir)
    let db: Database | undefined
    try {
      this.dropped = droppedCommits(`${path}-wal`)
      db = openForWriting(dataDir, tables, warn, this.dropped !== undefined)
      this.db = db
      this.log = new Log(db, path, logBytes, begin)
      this.spool = new Spool(spoolFiles(dataDir), takenGeneration(db))
      this.#store = placeOf(path)
      this.#logs = [`${path}-wal`, `${path}-shm`].map(placeOf)
      this.#lockFile = placeOf(lockFile(dataDir))
    } catch (cause) {
      db?.close()
      this.#lock.release()
      throw cause
    }
  }

  /** Checks the files, because SQLite goes on writing to deleted files without an error. */
  get change(): Change | undefined {
    const file = lookAt(this.#store)
    if (file !== undefined) return file
    if (this.spool.isGone) return 'log'
    return [...this.#logs, this.#lockFile].some((place) => lookAt(place) !== undefined) ? 'log' : undefined
  }

  /** Closes it after the database was removed. A log that is left must not be applied to the next database. */
  abandon(): void {
    this.close({ keepFiles: true })
    for (const place of this.#logs) if (lookAt(place) === undefined) rmSync(place.path, { force: true })
  }

  /** `keepFiles`: other files have the names now, so SQLite must not delete files by name. */
  close({ keepFiles = false } = {}): void {
    const steps = [
      () => this.log.unpin(),
      () => keepFiles && this.db.fileControl(constants.SQLITE_FCNTL_PERSIST_WAL, 1),
      () => this.db.close(),
      () => this.log.close(),
      () => this.spool.close(keepFiles),
      () => this.#lock.release(),
    ]
    let failure: unknown
    for (const step of steps) {
      try {
        step()
      } catch (cause) {
        failure ??= cause
      }
    }
    if (failure !== undefined && !keepFiles) throw failure
  }
}

function lookAt({ path, inode, device }: Place): 'removed' | 'replaced' | undefined {
  let stats: Stats | undefined
  try {
    stats = statSync(path, { throwIfNoEntry: false })
  } catch (cause) {
    // A directory on the path may have become unreadable. The open files still work.
    return codeOf(cause) === 'EACCES' ? undefined : 'removed'
  }
  if (!stats) return 'removed'
  return stats.ino === inode && stats.dev === device ? undefined : 'replaced'
}
