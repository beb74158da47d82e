/** The content of the store, and how long it will be kept. */
import { type Chunk, rowsOf, wholeOf } from './chunks'
import type { DeclaredTable } from './declared'
import { limitOf, sharesOf } from './retention'
import type { StoreSummary, TableHolding } from './store'

const DAY_NS = 86_400_000_000_000n
const NS = 1e9
/** Steps of the bisection for how far tables may exceed their shares: the result is exact to far below a byte. */
const HALVINGS = 80

export interface SummaryInput {
  readonly tables: readonly DeclaredTable[]
  readonly chunks: readonly Chunk[]
  readonly nowNs: bigint
  readonly fileBytes: number
  readonly walBytes: number
  /** Over the life of the store; 0: none yet. */
  readonly written: number
  readonly compacted: number
  /** 0: unknown. */
  readonly budget: number
  readonly retention: number
}

export function summarise(input: SummaryInput): StoreSummary {
  const { tables, nowNs, written, compacted, budget, retention } = input
  const byTable = Map.groupBy(input.chunks, (chunk) => chunk.table)
  const held = tables.map((table) => holding(table.name, byTable.get(table.name) ?? [], nowNs))
  const keeps =
    budget > 0 && retention > 0
      ? keptSeconds(held, sharesOf(tables.filter((table) => table.recorded)), limitOf(budget), retention)
      : new Map<string, number>()
  return {
    tables: held.map((table) => ({ ...table, keepsSeconds: keeps.get(table.name) })),
    fileBytes: input.fileBytes,
    walBytes: input.walBytes,
    budgetBytes: budget || undefined,
    retentionSeconds: retention || undefined,
    writeAmplification: written > 0 ? (written + compacted) / written : undefined,
  }
}

type Holding = Omit<TableHolding, 'keepsSeconds'>

function holding(name: string, chunks: readonly Chunk[], nowNs: bigint): Holding {
  let oldestNs: bigint | undefined
  let newestNs: bigint | undefined
  let wholeBytes = 0
  for (const chunk of wholeOf(chunks)) {
    if (oldestNs === undefined || chunk.minNs < oldestNs) oldestNs = chunk.minNs
    if (newestNs === undefined || chunk.maxNs > newestNs) newestNs = chunk.maxNs
    wholeBytes += chunk.bytes
  }
  const rows = rowsOf(chunks)
  let allRows = 0
  let bytes = 0
  let ofToday = 0
  for (const chunk of chunks) {
    allRows += chunk.rows
    bytes += chunk.bytes
    if (chunk.maxNs >= nowNs - DAY_NS) ofToday += chunk.bytes
  }
  const age = Number(nowNs - (oldestNs ?? nowNs)) / NS
  // At least a second: a new store has no rate yet.
  const seconds = Math.max(1, Math.min(age, Number(DAY_NS) / NS))
  return {
    name,
    rows,
    damagedRows: allRows - rows,
    chunks: chunks.length,
    bytes,
    bytesPerRow: rows > 0 ? wholeBytes / rows : 0,
    oldestNs,
    newestNs,
    spanSeconds: oldestNs === undefined ? 0 : Number(newestNs! - oldestNs) / NS,
    bytesPerSecond: ofToday / seconds,
  }
}

/**
 * How the budget divides when all tables go on. It takes from the table furthest over its share, so in the end all
 * tables that need more than their share exceed it by the same number of bytes.
 */
export function keptSeconds(
  tables: readonly Pick<Holding, 'name' | 'bytesPerSecond'>[],
  shares: ReadonlyMap<string, number>,
  limitBytes: number,
  retentionSeconds: number,
): Map<string, number> {
  const busy = tables.filter((table) => table.bytesPerSecond > 0)
  const bytesOf = ({ name, bytesPerSecond }: (typeof busy)[number], over: number) =>
    Math.max(0, Math.min(bytesPerSecond * retentionSeconds, (shares.get(name) ?? 0) * limitBytes + over))
  const total = (over: number) => busy.reduce((sum, table) => sum + bytesOf(table, over), 0)
  let low = -limitBytes
  let high = busy.reduce((sum, table) => sum + table.bytesPerSecond * retentionSeconds, limitBytes)
  if (total(high) > limitBytes)
    for (let i = 0; i < HALVINGS; i++) {
      const middle = (low + high) / 2
      if (total(middle) > limitBytes) high = middle
      else low = middle
    }
  else low = high
  return new Map(busy.map((table) => [table.name, bytesOf(table, low) / table.bytesPerSecond]))
}
