/**
 * Chooses what leaves the store: first what is too old, then, over the budget, the oldest of the table furthest over
 * its share. Age counts from a row's arrival, whatever its time: see `uptime.ts`.
 */
import type { Table } from '../records/table'
import type { Chunk } from './chunks'

/**
 * Part of the budget that is kept free for the log, for chunks under way and for dead ones that a reader may still
 * need.
 */
const RESERVE_BYTES = 32 << 20
const RESERVE_SHARE = 0.1

/** Share of the budget by table; tables without one split evenly what is left. */
export function sharesOf(tables: readonly Pick<Table, 'name' | 'share'>[]): ReadonlyMap<string, number> {
  const taken = tables.reduce((sum, table) => sum + (table.share ?? 0), 0)
  const rest = tables.filter((table) => table.share === undefined).length
  const each = Math.max(0, 1 - taken) / rest
  return new Map(tables.map((table) => [table.name, table.share ?? each]))
}

/** Chunks whose newest row came before `cutoff`, by the age of the store, longest there first. */
export function overAge(chunks: readonly Chunk[], cutoff: number, limit: number): Chunk[] {
  const old = chunks.filter((chunk) => chunk.born < cutoff)
  return old.sort((a, b) => a.born - b.born).slice(0, limit)
}

/** Bytes of the budget that chunks may take. */
export const limitOf = (budgetBytes: number): number =>
  budgetBytes - Math.min(RESERVE_BYTES, budgetBytes * RESERVE_SHARE)

/** The budget of which chunks may take so many bytes. */
export const budgetFor = (bytes: number): number =>
  bytes + Math.min(RESERVE_BYTES, (bytes * RESERVE_SHARE) / (1 - RESERVE_SHARE))

/** The chunk to delete next, if `usedBytes` exceed the budget. A table may use the shares that others leave. */
export function overBudget(
  chunks: readonly Chunk[],
  shares: ReadonlyMap<string, number>,
  usedBytes: number,
  budgetBytes: number,
): Chunk | undefined {
  const limit = limitOf(budgetBytes)
  if (usedBytes <= limit) return undefined
  const bytes = new Map<string, number>()
  for (const chunk of chunks) bytes.set(chunk.table, (bytes.get(chunk.table) ?? 0) + chunk.bytes)
  let furthest: string | undefined
  let excess = Number.NEGATIVE_INFINITY
  for (const [table, taken] of bytes) {
    const over = taken - (shares.get(table) ?? 0) * limit
    if (over <= excess) continue
    excess = over
    furthest = table
  }
  return longestThere(chunks.filter((chunk) => chunk.table === furthest))
}

/** The first of those that came at one time: `chunks` are in time order. */
function longestThere(chunks: readonly Chunk[]): Chunk | undefined {
  let longest: Chunk | undefined
  for (const chunk of chunks) if (!longest || chunk.born < longest.born) longest = chunk
  return longest
}
