/** Disk budget and use of the file, and the return of free pages to the file system. */
import type { Database } from 'bun:sqlite'
import { statfsSync } from 'node:fs'
import { pragma, sizeOf, storeFile } from './database'

/** The default budget: this, or a share of the free disk where that is less. */
const MAX_DEFAULT_BUDGET = 1 << 30
const DEFAULT_DISK_SHARE = 0.1

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

/** Of the disk that the directory is on. */
export function defaultBudget(
  dataDir: string,
  disk: { readonly bavail: number; readonly bsize: number } = statfsSync(dataDir),
): number {
  const used = sizeOf(storeFile(dataDir))
  return Math.min(MAX_DEFAULT_BUDGET, Math.floor((disk.bavail * disk.bsize + used) * DEFAULT_DISK_SHARE))
}
