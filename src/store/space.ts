/** Disk budget and use of the file, and the return of free pages to the file system. */
import type { Database } from 'bun:sqlite'
import { statfsSync } from 'node:fs'
import { pragma, sizeOf, storeFile } from './database'
import { budgetFor } from './retention'

/** The default budget: this, or a share of the free disk where that is less. */
const MAX_DEFAULT_BUDGET = 1 << 30
const DEFAULT_DISK_SHARE = 0.1
/** On a disk that is full: with less nothing of use could be kept once it has room again. */
const LEAST_DEFAULT_BUDGET = 16 << 20

/** Pages given back in one step at most. */
const STEP_PAGES = 256
/** Free pages that are always kept for new rows. */
const SPARE_PAGES = 2 * STEP_PAGES

const pageBytes = (db: Database): number => Number(pragma(db, 'page_size'))

export function usedBytes(db: Database): number {
  return (Number(pragma(db, 'page_count')) - Number(pragma(db, 'freelist_count'))) * pageBytes(db)
}

/**
 * One step, of some `stepBytes` in the log: the bytes that were moved; 0 when enough of the file is in use, and it is
 * within its budget.
 */
export function giveBack(db: Database, budgetBytes: number, stepBytes: number): number {
  const free = Number(pragma(db, 'freelist_count'))
  const pages = Number(pragma(db, 'page_count'))
  const tooLarge = pages * pageBytes(db) > budgetBytes && free > 0
  if (!tooLarge && (free < SPARE_PAGES || free * 4 < pages)) return 0
  const step = Math.max(1, Math.min(STEP_PAGES, Math.floor(stepBytes / pageBytes(db))))
  db.query(`PRAGMA incremental_vacuum(${step})`).all()
  return Number(pragma(db, 'freelist_count')) < free ? step * pageBytes(db) : 0
}

/** What `statfs` tells of a disk: free and all blocks, and their size in bytes. */
export interface Disk {
  readonly bavail: number
  readonly blocks: number
  readonly bsize: number
}

/**
 * The most bytes that the store may take. Without a given number that is a tenth of what is free or its own already, 1 GiB at most. It
 * grows with the disk's room, and never shrinks: other programs that fill the disk are no reason to delete what is kept, not even when
 * Nixie starts while the disk is full.
 */
export class DiskBudget {
  readonly #dataDir: string
  readonly #given: number
  readonly #disk: () => Disk
  #bytes: number

  constructor(dataDir: string, given: number, disk: () => Disk = () => statfsSync(dataDir)) {
    this.#dataDir = dataDir
    this.#given = given
    this.#disk = disk
    this.#bytes = given || this.#default()
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Looks at the disk again. */
  look(): void {
    if (this.#given === 0) this.#bytes = Math.max(this.#bytes, this.#default())
  }

  #default(): number {
    const { bavail, blocks, bsize } = this.#disk()
    const used = sizeOf(storeFile(this.#dataDir))
    const share = (bavail * bsize + used) * DEFAULT_DISK_SHARE
    const least = Math.min(LEAST_DEFAULT_BUDGET, blocks * bsize * DEFAULT_DISK_SHARE)
    return Math.min(MAX_DEFAULT_BUDGET, Math.ceil(Math.max(share, budgetFor(used), least)))
  }
}
