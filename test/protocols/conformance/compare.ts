/** Compares what came out with what the whole conversation gives. */
import type { Row } from '../../streams/wire'
import { type Outcome, said } from './play'

/**
 * Rows that join what belongs to different records: values that stand in one expected row only, each in its column, and hold
 * one of its texts, tell where a row's parts come from.
 */
function wrongPairs(rows: readonly Row[], { rows: expected, texts }: Outcome): string[] {
  const all = texts.flat()
  const tellingOf = (row: Row): string[] =>
    Object.entries(row).flatMap(([column, value]) =>
      typeof value === 'string' && all.some((text) => value.includes(text)) ? [`${column}=${value}`] : [],
    )
  const owners = new Map<string, number | undefined>()
  expected.forEach((row, i) => {
    for (const key of tellingOf(row)) owners.set(key, owners.has(key) ? undefined : i)
  })
  return rows.flatMap((row) => {
    const from = new Set(tellingOf(row).flatMap((key) => owners.get(key) ?? []))
    return from.size > 1 ? [`a row joins parts of the records ${[...from].join(' and ')}: ${said(row)}`] : []
  })
}

/** The same records in the same order. */
export function same(found: Outcome, expected: Outcome, where: string): string[] {
  if (JSON.stringify(found.records) === JSON.stringify(expected.records)) return located(found, where)
  const missing = without(expected.records, found.records)
  const extra = without(found.records, expected.records)
  const difference =
    missing.length + extra.length === 0
      ? 'the records come in another order'
      : `missing ${missing.join(', ') || 'none'}; extra ${extra.join(', ') || 'none'}`
  return [`${where}: ${difference}`, ...located(found, where)]
}

export interface Cost {
  /** Records that must be there. */
  readonly kept: readonly number[]
  /** Rows that may say something else than any record does. */
  readonly changed: number
}

/** What was lost cost no more than this. */
export function costs(found: Outcome, expected: Outcome, { kept, changed }: Cost, where: string): string[] {
  const missing = without(
    kept.map((record) => expected.records[record]!),
    found.records,
  )
  const extra = without(found.records, expected.records)
  return [
    ...missing.map((record) => `${where}: lost ${record}`),
    ...(extra.length > changed ? [`${where}: ${extra.length} rows that nobody said, as ${extra[0]}`] : []),
    ...wrongPairs(found.rows, expected).map((text) => `${where}: ${text}`),
    ...located(found, where),
  ]
}

/** What is in the first list more often than in the second. */
export function without(all: readonly string[], some: readonly string[]): string[] {
  const rest = [...some]
  return all.filter((item) => {
    const at = rest.indexOf(item)
    if (at >= 0) rest.splice(at, 1)
    return at < 0
  })
}

export const located = ({ problems }: Outcome, where: string): string[] =>
  problems.map((problem) => `${where}: ${problem}`)
