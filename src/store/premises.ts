/**
 * A writer's directory: it is opened, checked, closed and opened again. Files may be removed, the disk may fail, the
 * log of the previous writer may be damaged. Rows that are lost so are counted and reported.
 */
import { type Chunk, deadChunks, listChunks, rowsOf } from './chunks'
import { isDiskFull, setAside, storeError, storeFile } from './database'
import type { DeclaredTable } from './declared'
import { processBytes } from './entities'
import { Graveyard } from './graveyard'
import { type Change, Home } from './home'
import { settleLive } from './live'
import { Age, type Uptime } from './uptime'
import type { DroppedCommits } from './wal'

/** A store that is open, and what its writer knows of it. */
export interface OpenStore {
  readonly home: Home
  readonly age: Age
  readonly graves: Graveyard
  /** In time order. The writer is the only one who changes them. */
  chunks: Chunk[]
  /** Chunks of exchanges under way, which the next append replaces. */
  live: readonly Chunk[]
  nextId: number
  /** The age of the store when entities were last checked. */
  swept: number
  /** About the bytes that processes take. */
  processBytes: number
}

export interface PremisesOptions {
  readonly dataDir: string
  /** Log bytes after which the log is brought into the file. */
  readonly logBytes: number
  /** The tables that the store declares. */
  readonly tables: readonly DeclaredTable[]
  readonly uptime: Uptime
  /** A small write, with which a folded log is begun anew; may fail. */
  readonly begin: () => void
  readonly warn: (sentence: string) => void
}

const CHANGES: Readonly<Record<Exclude<Change, 'log'>, string>> = {
  removed: 'was removed or moved away',
  replaced: 'was replaced by another file',
}

export class Premises {
  /** Rows that were stored and are lost. */
  goneRows = 0
  readonly #options: PremisesOptions
  /** Undefined while the directory can't be used: each `ready` tries anew. */
  #opened: OpenStore | undefined
  /** Rows that a store that is opened again should have. */
  #expected = 0
  #wasOpen = false

  /** Opens nothing yet. */
  constructor(options: PremisesOptions) {
    this.#options = options
  }

  /** Once `ready` has returned. */
  get opened(): OpenStore {
    return this.#opened!
  }

  /** Whether there are rows of what was under way, which the next append replaces. */
  get hasLive(): boolean {
    return this.#opened !== undefined && this.#opened.live.length > 0
  }

  /** Before each use: the files are there, and are those that were opened. Throws a NixieError while they can't be had. */
  ready(): OpenStore {
    const change = this.#opened?.home.change
    if (change === 'log') this.#reopen()
    else if (change !== undefined) this.#leave(change)
    return this.#opened ?? this.#open()
  }

  /** Closes the files. The stored rows should be there when they are opened again. */
  release(): void {
    this.#give(({ home }) => home.close({ keepFiles: true }))
  }

  /** The file is damaged: it is set aside, and what was in it is lost. */
  beginAnew(cause: unknown): void {
    const rows = this.#rows
    this.release()
    this.#lose(rows)
    const { dataDir, warn } = this.#options
    try {
      warn(setAside(storeFile(dataDir), cause))
    } catch (why) {
      throw storeError(why, 'The damaged store cannot be set aside', dataDir)
    }
    this.#open()
  }

  /** Closes for good. `last` writes what is left. */
  end(last: () => void): void {
    if (!this.#opened) return
    const { home } = this.#opened
    home.log.unpin()
    last()
    this.#opened = undefined
    home.close({ keepFiles: home.change !== undefined })
  }

  get #rows(): number {
    return this.#opened ? rowsOf(this.#opened.chunks) : 0
  }

  #open(): OpenStore {
    const { dataDir, logBytes, tables, uptime, begin, warn } = this.#options
    let home: Home | undefined
    try {
      home = new Home({ dataDir, logBytes, tables, begin, warn })
      // A killed writer's rows of what was under way may be replaced in the spool.
      const isReplaced = home.spool.left?.records.some(({ live }) => live) ?? false
      const chunks = settleLive(home.db, listChunks(home.db), this.#wasOpen || isReplaced)
      const dead = deadChunks(home.db)
      const known = new Set([...chunks, ...dead].map(({ id }) => id))
      const nextId = [...known].reduce((max, id) => Math.max(max, id), 0) + 1
      const graves = new Graveyard(dataDir, dead)
      this.#opened = {
        home,
        age: new Age(home.db, uptime),
        graves,
        chunks,
        live: [],
        nextId,
        swept: 0,
        processBytes: processBytes(home.db),
      }
      this.#wasOpen = true
      this.#foldFirst(home)
      // Only now, since a failed opening is tried again.
      if (home.dropped) this.#countDropped(home.dropped, known)
      this.#countMissing()
      return this.#opened
    } catch (cause) {
      this.#opened = undefined
      home?.close({ keepFiles: true })
      throw storeError(cause, 'The store cannot be opened', dataDir)
    }
  }

  /** The log of earlier writers is checked only once. On a full disk it stays there. */
  #foldFirst({ log }: Home): void {
    try {
      log.fold()
      this.#options.begin()
    } catch (cause) {
      if (!isDiskFull(cause, this.#options.dataDir)) throw cause
    }
  }

  #countDropped({ bytes, commits, chunks }: DroppedCommits, known: ReadonlySet<number>): void {
    if (commits === 0) {
      this.#options.warn(
        `The store's log was damaged: ${bytes} of its bytes cannot be read. Rows that were only there are lost; how many, nobody can tell.`,
      )
      return
    }
    let rows = 0
    for (const [id, count] of chunks) if (!known.has(id)) rows += count
    // The file had them already.
    if (rows === 0 && chunks.size > 0) return
    this.#lose(rows)
    this.#options.warn(
      `The store's log was damaged: its last ${commits} transactions, with ${rows} rows or more, are lost.`,
    )
  }

  #countMissing(): void {
    const rows = this.#expected - this.#rows
    this.#expected = 0
    if (rows <= 0) return
    this.#lose(rows)
    this.#options.warn(
      `The store in ${this.#options.dataDir} was opened again: ${rows} stored rows are lost.`,
    )
  }

  /** The database was taken away: what was in it is lost. */
  #leave(change: Exclude<Change, 'log'>): void {
    const rows = this.#rows
    this.#give(({ home }) => attempt(() => home.abandon()))
    this.#lose(rows)
    const { dataDir, warn } = this.#options
    const lost = `${rows} stored rows are lost`
    warn(`The store in ${dataDir} ${CHANGES[change]} while Nixie ran: ${lost}. A new one is begun.`)
  }

  /** The database is still there: it takes the log that only this process has open. */
  #reopen(): void {
    this.#give(({ home }) => {
      attempt(() => home.log.fold())
      home.close({ keepFiles: true })
    })
  }

  #give(close: (opened: OpenStore) => void): void {
    const opened = this.#opened
    if (!opened) return
    this.#expected = this.#rows
    this.#opened = undefined
    close(opened)
  }

  #lose(rows: number): void {
    this.goneRows += rows
    this.#expected = 0
  }
}

/** Best effort: the next step meets the error again. */
export function attempt(work: () => void): void {
  try {
    work()
  } catch {
    // As above.
  }
}
