/** The files of a writer: the directory with its lock, the database and its log; and whether they are still the ones it opened. */
import { constants, type Database } from 'bun:sqlite'
import { rmSync, type Stats, statSync } from 'node:fs'
import { codeOf } from '../errors'
import { lockDirectory, lockFile, openForWriting, storeFile } from './database'
import type { DeclaredTable } from './declared'
import { Log } from './log'
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
  /** What the store is to declare. */
  readonly tables: readonly DeclaredTable[]
  /** A small write, with which a folded log is begun anew. */
  readonly begin: () => void
  /** Told of a damaged store that was set aside. */
  readonly warn: (sentence: string) => void
}

export class Home {
  readonly db: Database
  readonly log: Log
  /** What the log of the writer before was too damaged to give back. */
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
      this.#store = placeOf(path)
      this.#logs = [`${path}-wal`, `${path}-shm`].map(placeOf)
      this.#lockFile = placeOf(lockFile(dataDir))
    } catch (cause) {
      db?.close()
      this.#lock.release()
      throw cause
    }
  }

  /** SQLite goes on writing to files that nobody can open any more, and says nothing. */
  get change(): Change | undefined {
    const file = lookAt(this.#store)
    if (file !== undefined) return file
    return [...this.#logs, this.#lockFile].some((place) => lookAt(place) !== undefined) ? 'log' : undefined
  }

  /** Closes it once the database was taken away: its log, if it is still there, must not get to the next one. */
  abandon(): void {
    this.close({ keepFiles: true })
    for (const place of this.#logs) if (lookAt(place) === undefined) rmSync(place.path, { force: true })
  }

  /** `keepFiles`: those that have the names now are not ours, so SQLite is not to take them away by their names. */
  close({ keepFiles = false } = {}): void {
    const steps = [
      () => this.log.unpin(),
      () => keepFiles && this.db.fileControl(constants.SQLITE_FCNTL_PERSIST_WAL, 1),
      () => this.db.close(),
      () => this.log.close(),
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
    // A directory on the way may not be entered any more: the open files still serve.
    return codeOf(cause) === 'EACCES' ? undefined : 'removed'
  }
  if (!stats) return 'removed'
  return stats.ino === inode && stats.dev === device ? undefined : 'replaced'
}
