/** Calls a function in every mixture of constants and columns; all must agree. */
import { expect } from 'bun:test'
import { Budget } from '../../../src/query/budget'
import { toCells } from '../../../src/query/cells'
import type { FunctionContext } from '../../../src/query/functions/base/function'
import { apply } from '../../../src/query/functions/base/lift'
import { findOverload } from '../../../src/query/functions/registry'
import { materialise, type Operand } from '../../../src/query/operand'
import type { DataType } from '../../../src/records/types'
import { cpuMs } from '../../support/cpu-time'
import { metadata, NOW, type Value } from '../support/tables'

const newBudget = () =>
  new Budget({ rows: 1, memoryBytes: 64 << 20, deadlineMs: Number.POSITIVE_INFINITY }, () => false)
/** Of one call: all files of a ring may share this module. */
let budget = newBudget()
export const functionContext: FunctionContext = {
  metadata,
  nowNs: NOW,
  checkpoint: () => budget.checkpoint(),
  hold: (bytes) => budget.hold(bytes),
}

const TYPES: readonly [(value: Value) => boolean, DataType][] = [
  [(v) => typeof v === 'boolean', 'BOOLEAN'],
  [(v) => typeof v === 'bigint', 'INT64'],
  [(v) => typeof v === 'number', 'FLOAT64'],
  [() => true, 'STRING'],
]

/** A bigint is INT64, a number FLOAT64; `time` and `upid` say otherwise. */
export interface Typed {
  readonly type: DataType
  readonly value: Value
}
export const time = (value: bigint): Typed => ({ type: 'TIME64NS', value })
export const upid = (value: string): Typed => ({ type: 'UINT128', value })

/** Arguments and the cell that comes of them, by function. */
export type Cases = Readonly<
  Record<string, readonly (readonly [args: readonly (Value | Typed)[], result: unknown])[]>
>

const typedArg = (arg: Value | Typed): Typed =>
  typeof arg === 'object' ? arg : { type: TYPES.find(([fits]) => fits(arg))![1], value: arg }

const ROWS = 3

/** The result as a cell; fails when constants and columns give different ones. */
export function value(name: string, ...given: readonly (Value | Typed)[]): unknown {
  budget = newBudget()
  const args = given.map(typedArg)
  const overload = findOverload(
    name,
    args.map(({ type }) => ({ type, semantic: 'ST_NONE' as const })),
  )
  if (!overload) throw new Error(`${name} does not take ${args.map(({ type }) => type)}`)
  const results = Array.from({ length: 2 ** args.length }, (_, columns) => {
    const operands = args.map(({ type, value: constant }, i): Operand => {
      const operand = { type, constant }
      return columns & (1 << i) ? materialise(operand, ROWS) : operand
    })
    const result = materialise(apply(overload, operands, ROWS, functionContext), ROWS)
    expect(result.type).toBe(overload.returns)
    const [cells] = toCells({ rows: ROWS, columns: [result] })
    expect(new Set(cells).size).toBe(1)
    return cells![0]
  })
  for (const result of results) expect(result).toEqual(results[0])
  return results[0]
}

const HOSTILE_LENGTH = 100_000
/** Processor time: quadratic work on such a text takes ten times as much, linear work a tenth. */
const LINEAR_MS = 600

/** Runs a function once on a long text of each of these parts; fails when that takes more than linear time. */
export function expectLinear(name: string, parts: readonly string[], ...more: readonly Value[]): void {
  for (const part of parts) {
    const text = `${part.repeat(Math.ceil(HOSTILE_LENGTH / part.length))}\u0000x`
    const args = [text, ...more].map(typedArg)
    const overload = findOverload(
      name,
      args.map(({ type }) => ({ type, semantic: 'ST_NONE' as const })),
    )!
    const operands = args.map(({ type, value: constant }) => ({ type, constant }))
    const ms = cpuMs(() => apply(overload, operands, 1, functionContext))
    expect({ name, part, isLinear: ms < LINEAR_MS }).toEqual({ name, part, isLinear: true })
  }
}
