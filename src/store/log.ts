/**
 * Brings SQLite's write-ahead log into the file, without waiting for the disk on the thread that appends:
 *
 *     pin the log's end ▸ fdatasync(log) ▸ copy up to the pin ▸ fdatasync(file) ▸ unpin, begin the log anew
 *
 * Both flushes run on another thread. The pin is a read transaction: SQLite copies nothing behind it, so no page gets to
 * the file before the log that repairs it is on the disk; and it does not begin the log anew while the pin is there, so
 * the log holds all pages until the file is on the disk.
 */
import { Database } from 'bun:sqlite'
import { close, closeSync, fdatasync, fdatasyncSync, open, openSync } from 'node:fs'
import { pragma } from './database'

/** When the log has this many times its usual length, it is folded at once, waiting for the disk. */
const PATIENCE = 4

export class Log {
  readonly #db: Database
  readonly #path: string
  /** The usual length of the log. */
  readonly limitBytes: number
  readonly #begin: () => void
  readonly #pageBytes: number
  /**
   * The file itself, open as long as the database: closing any descriptor of it would drop the locks that SQLite holds
   * on it for this process (POSIX), and another program could take the log away.
   */
  readonly #file: number
  #flushing = false
  #closed = false
  #pin: Database | undefined
  /** Pages were copied to the file and may not be on the disk. */
  #unsynced = false
  /** Results of an abandoned round are ignored. */
  #round = 0
  /** Bytes of the log that are not yet in the file. */
  #bytes = 0
  /** Bytes of the log since it was begun. */
  #length = 0

  /** `begin` makes a small write, with which SQLite begins a folded log anew: that waits for the disk once. */
  constructor(db: Database, path: string, limitBytes: number, begin: () => void) {
    this.#db = db
    this.#path = path
    this.limitBytes = limitBytes
    this.#begin = begin
    this.#file = openSync(path, 'r')
    this.#pageBytes = Number(pragma(db, 'page_size'))
    db.run(`PRAGMA journal_size_limit = ${Math.floor(limitBytes)}`)
  }

  wrote(bytes: number): void {
    this.#bytes += bytes
  }

  /** The log grows while it is being folded, so other upkeep should wait. */
  get behind(): boolean {
    return this.#pin !== undefined && this.#bytes > 2 * this.limitBytes
  }

  /** Starts folding when the log is long enough. If it is far too long, it is folded at once. Throws SQLite's errors. */
  tend(): void {
    if (this.#bytes > PATIENCE * this.limitBytes) this.fold()
    else if (this.#bytes > this.limitBytes && !this.#pin) this.#start()
  }

  /** Folds what it can, waiting for the disk. */
  fold(): void {
    this.unpin()
    this.#copy()
  }

  /** Gives up the round under way; to be called before the database is closed … */
  unpin(): void {
    this.#round++
    if (this.#unsynced) fdatasyncSync(this.#file)
    this.#unsynced = false
    this.#pin?.close()
    this.#pin = undefined
  }

  /** … and after. */
  close(): void {
    this.#closed = true
    if (!this.#flushing) closeSync(this.#file)
  }

  #start(): void {
    this.#pin = new Database(this.#path, { readonly: true })
    this.#pin.run('BEGIN')
    this.#pin.query('SELECT count(*) FROM sqlite_schema').get()
    const next = this.#next(() => this.#fill())
    open(`${this.#path}-wal`, 'r', (failed, log) => {
      if (failed) next(failed)
      else fdatasync(log, (cause) => close(log, () => next(cause)))
    })
  }

  /** The log is on the disk up to the pin. */
  #fill(): void {
    this.#unsynced = true
    this.#db.run('PRAGMA synchronous = OFF')
    try {
      this.#copy()
    } finally {
      this.#db.run('PRAGMA synchronous = NORMAL')
    }
    this.#flushing = true
    const next = this.#next(() => {
      this.#unsynced = false
      this.unpin()
      // New rows keep SQLite from beginning the log anew, but not for ever.
      if (this.#length > PATIENCE * this.limitBytes) this.#copy()
      this.#begin()
    })
    fdatasync(this.#file, (cause) => {
      this.#flushing = false
      if (this.#closed) closeSync(this.#file)
      next(cause)
    })
  }

  /** Readers may block a part of the log, or all of it. That part is folded the next time. */
  #copy(): void {
    const left = this.#db.query('PRAGMA wal_checkpoint(PASSIVE)').get() as Record<string, number | bigint>
    this.#bytes = (Number(left.log) - Number(left.checkpointed)) * this.#pageBytes
    this.#length = Number(left.log) * this.#pageBytes
  }

  /** The step after a flush. If it fails, the pin stays until `fold` tries again and throws the error. */
  #next(then: () => void): (cause: Error | null | undefined) => void {
    const round = this.#round
    return (cause) => {
      if (cause || round !== this.#round) return
      try {
        then()
      } catch {
        // As above.
      }
    }
  }
}
