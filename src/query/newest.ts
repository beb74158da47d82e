/**
 * Rows from the newest to the oldest, exactly. A row may be stored well after others of its time (a message that waits for
 * the next one, a connection that settles late), so chunks overlap in time: rows wait while a chunk that is still to come
 * may hold newer ones.
 */
import { type Batch, type IntVector, integersOf } from '../records/batch'
import { gather, slice } from '../records/rows'
import type { ScanBatch } from '../store/store'
import type { Budget } from './budget'
import type { TypedColumn } from './plan'
import { bytesOf, compactBatch, concatBatches } from './vectors'

/** Most rows that may wait where chunks overlap a lot. Beyond, the newest are passed on at once. */
const MOST_WAITING = 1 << 16

const part = ({ columns }: Batch, from: number, to: number): Batch => ({
  rows: to - from,
  columns: columns.map((vector) => slice(vector, from, to)),
})

/** Places of the times, the newest first; of equal ones the later. */
function newestPlaces({ values }: IntVector): Uint32Array {
  const places = Uint32Array.from(values, (_, i) => values.length - 1 - i)
  const isAscending = values.every((at, i) => i === 0 || values[i - 1]! <= at)
  return isAscending ? places : places.sort((a, b) => values[b]! - values[a]! || b - a)
}

/** How many rows of these, the newest first, are at least as new as `ns`. */
function readyRows({ base, values }: IntVector, ns: bigint): number {
  const bound = Number(ns - base)
  const first = values.findIndex((at) => at < bound)
  return first < 0 ? values.length : first
}

/**
 * @param batches of a reverse scan; they hold `columns` and then `time_`, which the result has not, unless it is one of them
 * @param budget waiting rows are accounted for in it
 */
export function* newestFirst(
  batches: Iterable<ScanBatch>,
  columns: readonly TypedColumn[],
  budget: Pick<Budget, 'hold'>,
): Generator<Batch> {
  const own = columns.findIndex(({ name }) => name === 'time_')
  const timeAt = own < 0 ? columns.length : own
  const types = [...columns.map(({ type }) => type), ...(own < 0 ? (['TIME64NS'] as const) : [])]
  const shown = ({ rows, columns: vectors }: Batch): Batch => ({
    rows,
    columns: vectors.slice(0, columns.length),
  })
  let waiting: Batch = { rows: 0, columns: [] }
  const wait = (rows: Batch) => {
    budget.hold(-bytesOf(waiting))
    waiting = { rows: 0, columns: [] }
    const kept = compactBatch(rows)
    budget.hold(bytesOf(kept))
    waiting = kept
  }
  try {
    for (const batch of batches) {
      const all = waiting.rows === 0 ? batch : concatBatches(types, [batch, waiting])
      const order = newestPlaces(integersOf(all.columns[timeAt]!))
      const sorted = { rows: all.rows, columns: all.columns.map((vector) => gather(vector, order)) }
      const { restUntilNs } = batch
      const times = integersOf(sorted.columns[timeAt]!)
      const sure = restUntilNs === undefined ? sorted.rows : readyRows(times, restUntilNs)
      const ready = Math.max(sure, sorted.rows - MOST_WAITING)
      wait(part(sorted, ready, sorted.rows))
      if (ready > 0) yield shown(part(sorted, 0, ready))
    }
    if (waiting.rows > 0) yield shown(waiting)
  } finally {
    budget.hold(-bytesOf(waiting))
  }
}
