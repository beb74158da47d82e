/** Transactions of a writer, and what becomes of its files where one fails. */
import { isDamage, isDiskFull, isOfDisk, storeError } from './database'
import { attempt, type Premises } from './premises'

/** Done once the transaction is in. */
export type Committed = () => void

export class Transactions {
  readonly #premises: Premises
  readonly #dataDir: string

  constructor(premises: Premises, dataDir: string) {
    this.#premises = premises
    this.#dataDir = dataDir
  }

  /**
   * One transaction; the function that it returns runs after the commit. A damaged file is set aside; the work is then
   * done again, or, where it was about what is no longer there, left.
   *
   * @param what in words, where it fails
   */
  write(
    what: string,
    work: () => Committed | undefined,
    onDamage: 'again' | 'leave' | 'throw' = 'leave',
  ): void {
    let done: Committed | undefined
    try {
      const { db } = this.#premises.opened.home
      db.run('BEGIN IMMEDIATE')
      done = work()
      db.run('COMMIT')
    } catch (cause) {
      this.#rollback()
      if (isDamage(cause)) {
        this.#premises.beginAnew(cause)
        if (onDamage === 'throw') throw storeError(cause, what, this.#dataDir)
        if (onDamage === 'again') this.write(what, work, 'throw')
        return
      }
      if (isDiskFull(cause, this.#dataDir)) attempt(() => this.#premises.opened.home.log.fold())
      else if (isOfDisk(cause)) this.#premises.release()
      throw storeError(cause, what, this.#dataDir)
    }
    done?.()
  }

  #rollback(): void {
    try {
      const { db } = this.#premises.opened.home
      if (db.inTransaction) db.run('ROLLBACK')
    } catch {
      // SQLite has rolled back by itself.
    }
  }

  /** A log that cannot be folded now is folded later: the rows are in it. */
  tendLog(): void {
    try {
      this.#premises.opened.home.log.tend()
    } catch (cause) {
      if (isDiskFull(cause, this.#dataDir)) return
      if (isOfDisk(cause)) this.#premises.release()
      throw storeError(cause, 'The log could not be folded', this.#dataDir)
    }
  }
}
