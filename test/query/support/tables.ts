/** Tables in memory, plans and random data for the tests of the engine. */

import { toCells } from '../../../src/query/cells'
import { type ExecuteContext, execute } from '../../../src/query/engine'
import { resolveAggregate, resolveFunction } from '../../../src/query/functions/registry'
import { vectorOf } from '../../../src/query/operand'
import type { Aggregate, Expr, Node, Plan, TypedColumn } from '../../../src/query/plan'
import { type Batch, cell, type Vector } from '../../../src/records/batch'
import { gather } from '../../../src/records/rows'
import type { DataType, SemanticType } from '../../../src/records/types'
import type { Prune, ReadableStore, ScanOptions, Selection } from '../../../src/store/store'
import { metadata } from '../../metadata/support'

export { metadata }

export type Value = string | number | bigint | boolean
export type Row = Record<string, Value>

export const typed = (name: string, type: DataType, semantic: SemanticType = 'ST_NONE'): TypedColumn => ({
  name,
  type,
  semantic,
})

export interface MemoryTable {
  readonly columns: readonly TypedColumn[]
  readonly batches: readonly Batch[]
}

/** Rows as batches of at most `size` rows; a string column gets one dictionary per batch. */
export function tableOf(columns: readonly TypedColumn[], rows: readonly Row[], size = 1000): MemoryTable {
  const batches: Batch[] = []
  for (let at = 0; at < rows.length; at += size) {
    const part = rows.slice(at, at + size)
    batches.push({
      rows: part.length,
      columns: columns.map(({ name, type }) =>
        columnOf(
          type,
          part.map((row) => row[name]!),
        ),
      ),
    })
  }
  return { columns, batches }
}

/** A column whose strings are each once in the dictionary. */
export function columnOf(type: DataType, values: readonly Value[]): Vector {
  const distinct = [...new Set(values)]
  const place = new Map(distinct.map((value, i) => [value, i]))
  return gather(
    vectorOf(type, distinct),
    Uint32Array.from(values, (value) => place.get(value)!),
  )
}

const TESTS: Readonly<Record<Prune['op'], (a: Value, b: Value) => boolean>> = {
  // biome-ignore lint/suspicious/noDoubleEquals: a number and a bigint may be the same value
  '==': (a, b) => a == b,
  // biome-ignore lint/suspicious/noDoubleEquals: as above
  '!=': (a, b) => a != b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
  contains: (a, b) => String(a).includes(String(b)),
}

/** The sharpest statistics there could be: a batch in which no row meets the condition is not given. */
function ruledOut({ column, op, value }: Prune, columns: readonly TypedColumn[], batch: Batch): boolean {
  const vector = batch.columns[columns.findIndex(({ name }) => name === column)]!
  for (let row = 0; row < batch.rows; row++) if (TESTS[op](cell(vector, row), value)) return false
  return true
}

function selected(columns: readonly TypedColumn[], batch: Batch, steps: readonly Selection[]): Batch {
  let left = batch
  for (const step of steps) {
    const wanted = step.columns.map(
      (name) => left.columns[columns.findIndex((column) => column.name === name)]!,
    )
    const stay = step.keep({ rows: left.rows, columns: wanted })
    if (stay) left = { rows: stay.length, columns: left.columns.map((vector) => gather(vector, stay)) }
  }
  return left
}

export class MemorySource implements ReadableStore {
  readonly scans: { table: string; options: ScanOptions }[] = []
  batchesGiven = 0
  readonly #tables: Readonly<Record<string, MemoryTable>>

  constructor(tables: Readonly<Record<string, MemoryTable>>) {
    this.#tables = tables
  }

  tables() {
    return []
  }

  *scan(table: string, options: ScanOptions): Iterable<Batch> {
    this.scans.push({ table, options })
    const { columns, batches } = this.#tables[table]!
    const places = options.columns.map((name) => columns.findIndex((column) => column.name === name))
    for (const batch of batches) {
      if (options.prune?.some((prune) => ruledOut(prune, columns, batch))) continue
      this.batchesGiven++
      const chosen = selected(columns, batch, options.select ?? [])
      if (chosen.rows > 0) yield { rows: chosen.rows, columns: places.map((place) => chosen.columns[place]!) }
    }
  }

  entities() {
    return new Map()
  }

  process() {
    return undefined
  }

  close() {}
}

export const NOW = 1_800_000_000_000_000_000n

export function contextOf(source: ReadableStore, changes: Partial<ExecuteContext> = {}): ExecuteContext {
  return {
    store: source,
    metadata,
    limits: { rows: 1_000_000, memoryBytes: 256 << 20, deadlineMs: 60_000 },
    nowNs: NOW,
    cancelled: () => false,
    virtualTable: () => {
      throw new Error('no virtual tables here')
    },
    ...changes,
  }
}

export const scan = (table: string, columns: readonly TypedColumn[]): Node => ({ op: 'scan', table, columns })

export const filter = (input: Node, predicate: Expr): Node => ({
  op: 'filter',
  input,
  predicate,
  columns: input.columns,
})

export function project(input: Node, exprs: Record<string, Expr>): Node {
  const list = Object.entries(exprs).map(([name, expr]) => ({ name, expr }))
  const columns = list.map(({ name, expr }) => typed(name, expr.type, expr.semantic))
  return { op: 'project', input, exprs: list, columns }
}

export function aggregate(input: Node, keys: readonly string[], aggregates: readonly Aggregate[]): Node {
  const of = (name: string) => input.columns.find((column) => column.name === name)!
  const results = aggregates.map(({ name, fn, column, more = [] }) => {
    const result = resolveAggregate(fn, of(column), ...more.map(of))
    if (!result) throw new Error(`${fn}(${of(column).type})`)
    return { name, ...result }
  })
  return { op: 'aggregate', input, keys, aggregates, columns: [...keys.map(of), ...results] }
}

export const limit = (input: Node, rows: number): Node => ({
  op: 'limit',
  input,
  rows,
  columns: input.columns,
})

export function column(node: Node, name: string): Expr {
  const { type, semantic } = node.columns.find((candidate) => candidate.name === name)!
  return { kind: 'column', name, type, semantic }
}

export function literal(type: DataType, value: Value): Expr {
  return { kind: 'literal', value, type, semantic: 'ST_NONE' }
}

export function call(fn: string, ...args: Expr[]): Expr {
  const result = resolveFunction(fn, args)
  if (!result) throw new Error(`${fn}(${args.map((arg) => arg.type)})`)
  return { kind: 'call', fn, args, ...result }
}

/** The cells of every row of one node's result. */
export function run(node: Node, source: ReadableStore, changes?: Partial<ExecuteContext>): unknown[][] {
  const plan: Plan = { outputs: [{ name: 'output', node }] }
  const { batch } = execute(plan, contextOf(source, changes)).tables[0]!
  const columns = toCells(batch)
  return Array.from({ length: batch.rows }, (_, i) => columns.map((cells) => cells[i]))
}

/** Numbers in [0, 1), the same for the same seed (mulberry32). */
export function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

/** Every column of both sides, as l_… and r_…, joined on columns of the same names. */
export function joined(
  left: Node,
  right: Node,
  how: 'inner' | 'left' | 'right' | 'outer',
  keys: readonly string[],
): Node {
  const side = (name: 'left' | 'right', input: Node) =>
    input.columns.map(({ name: from }) => ({ side: name, from, name: `${name[0]}_${from}` }))
  const output = [...side('left', left), ...side('right', right)]
  const columns = [...left.columns, ...right.columns].map((c, i) => ({ ...c, name: output[i]!.name }))
  return { op: 'join', left, right, how, leftOn: keys, rightOn: keys, output, columns }
}

export const union = (inputs: readonly Node[]): Node => ({ op: 'union', inputs, columns: inputs[0]!.columns })
