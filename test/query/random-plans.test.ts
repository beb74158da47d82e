/** Whole plans against the slow reference: several outputs, shared parts, the optimiser and streaming among it. */
import { describe, expect, test } from 'bun:test'
import { toCells } from '../../src/query/cells'
import { execute } from '../../src/query/engine'
import type { TypedColumn } from '../../src/query/plan'
import type { Batch } from '../../src/records/batch'
import { PlanMaker } from './support/random-plan'
import { reference } from './support/reference'
import { contextOf, MemorySource, type Row, random, type Value } from './support/tables'

const SEEDS = 250

/** As `toCells` gives it, of any order. */
function expectedRows(rows: readonly Row[], columns: readonly TypedColumn[]): string[] {
  const shown = (value: Value, type: string) => {
    if (typeof value === 'number') return Number.isFinite(value) ? value + 0 : null
    if (typeof value !== 'bigint') return value
    return type !== 'TIME64NS' && Number.isSafeInteger(Number(value)) ? Number(value) : String(value)
  }
  return rows.map((row) => JSON.stringify(columns.map(({ name, type }) => shown(row[name]!, type)))).sort()
}

function givenRows(batches: readonly Batch[]): string[] {
  return batches
    .flatMap((batch) => {
      const cells = toCells(batch)
      return Array.from({ length: batch.rows }, (_, i) => JSON.stringify(cells.map((column) => column[i])))
    })
    .sort()
}

describe('random plans', () => {
  for (let seed = 1; seed <= SEEDS; seed++)
    test(`seed ${seed}`, () => {
      const next = random(seed)
      const maker = new PlanMaker(next)
      const nodes = Array.from({ length: 1 + Math.floor(next() * 3) }, () => maker.node(4))
      const plan = { outputs: nodes.map((node, i) => ({ name: `${i}`, node })) }
      const source = new MemorySource(maker.stored())
      const { tables } = execute(plan, contextOf(source))
      const emitted: Batch[][] = nodes.map(() => [])
      const emit = (output: number, batch: Batch) => emitted[output]!.push(batch)
      const streamed = execute(plan, contextOf(source, { emit })).tables
      nodes.forEach((node, i) => {
        const expected = expectedRows(reference(node, maker.tables), node.columns)
        expect(givenRows([tables[i]!.batch])).toEqual(expected)
        expect(givenRows(emitted[i]!)).toEqual(expected)
        expect(streamed[i]!.rows).toBe(expected.length)
      })
    })
})
