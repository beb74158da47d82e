/** Random tables and plans of every operator, such that their answers are exact: see the reference. */
import type { Aggregate, Expr, Node } from '../../../src/query/plan'
import { type Batch, StringTable, type Vector } from '../../../src/records/batch'
import { reference } from './reference'
import {
  aggregate,
  call,
  column,
  filter,
  joined,
  limit,
  literal,
  type MemoryTable,
  NOW,
  project,
  type Row,
  scan,
  tableOf,
  typed,
  union,
  type Value,
} from './tables'

const COLUMNS = [
  typed('time_', 'TIME64NS'),
  typed('upid', 'UINT128'),
  typed('word', 'STRING'),
  typed('small', 'INT64'),
  typed('large', 'INT64'),
  typed('ratio', 'FLOAT64'),
  typed('flag', 'BOOLEAN'),
]
const WORDS = ['', 'a', 'é', 'ab', 'größe', '😀', 'aé']
/** Rows of one node, at most: the reference compares every pair. */
const MOST_ROWS = 300

export type Tables = Readonly<Record<string, readonly Row[]>>

export class PlanMaker {
  readonly tables: Tables
  readonly #next: () => number
  readonly #pool: Node[] = []
  /** Nodes whose rows come in one order, whoever makes them. */
  readonly #ordered = new WeakSet<Node>()
  #names = 0

  constructor(next: () => number) {
    this.#next = next
    this.tables = { http: this.#rows(25), other: this.#rows(this.#whole(12)), none: [] }
  }

  #whole(below: number): number {
    return Math.floor(this.#next() * below)
  }

  #pick<T>(from: readonly T[]): T {
    return from[this.#whole(from.length)]!
  }

  #rows(count: number): Row[] {
    let at = NOW
    return Array.from({ length: count }, () => {
      at += BigInt(this.#whole(3))
      return {
        time_: at,
        upid: `1:${this.#whole(3)}:7`,
        word: this.#pick(WORDS),
        small: BigInt(this.#pick([0, 1, 200, 404, -1, 70_000])),
        large: BigInt(this.#whole(5)) * 2n ** 51n - 2n ** 52n,
        ratio: this.#pick([Number.NaN, 0, 0.25, -0.5, 1]),
        flag: this.#next() < 0.3,
      }
    })
  }

  /** As batches whose dictionaries hold entries twice or for nothing, and whose integers have bases of their own. */
  stored(): Readonly<Record<string, MemoryTable>> {
    const size = 1 + this.#whole(10)
    return Object.fromEntries(
      Object.entries(this.tables).map(([name, rows]) => {
        const { columns, batches } = tableOf(COLUMNS, rows, size)
        return [name, { columns, batches: batches.map((batch) => this.#messy(batch)) }]
      }),
    )
  }

  #messy(batch: Batch): Batch {
    return { rows: batch.rows, columns: batch.columns.map((vector) => this.#messyVector(vector)) }
  }

  #messyVector(vector: Vector): Vector {
    if ('codes' in vector) {
      const entries = Array.from({ length: vector.dict.length }, (_, i) => vector.dict.get(i))
      const dict = StringTable.of([...entries, 'of no row', ...entries])
      const codes = vector.codes.map((code) => (this.#next() < 0.5 ? code : code + entries.length + 1))
      return { type: vector.type, codes, dict }
    }
    if (vector.type !== 'INT64') return vector
    const shift = this.#pick([0, 1, -3])
    return {
      type: 'INT64',
      base: vector.base + BigInt(shift),
      values: vector.values.map((value) => value - shift),
    }
  }

  node(depth: number): Node {
    if (this.#pool.length > 0 && this.#next() < 0.2) return this.#pick(this.#pool)
    const made = depth === 0 ? this.#scan() : this.#over(this.node(depth - 1), depth)
    if (reference(made, this.tables).length > MOST_ROWS) return this.#scan()
    this.#pool.push(made)
    return made
  }

  #scan(): Node {
    const node = scan(this.#pick(['http', 'http', 'http', 'other', 'none']), COLUMNS)
    this.#ordered.add(node)
    return node
  }

  #over(input: Node, depth: number): Node {
    switch (this.#whole(8)) {
      case 0:
      case 1:
        return this.#alike(input, filter(input, this.#condition(input, 2)))
      case 2:
      case 3:
        return this.#alike(input, this.#project(input))
      case 4:
        return this.#alike(input, this.#aggregate(input))
      case 5:
        return this.#join(input, this.node(depth - 1))
      case 6:
        return union([input, filter(input, this.#condition(input, 1))])
      default:
        return this.#ordered.has(input) ? this.#alike(input, limit(input, this.#whole(20))) : input
    }
  }

  #alike(input: Node, made: Node): Node {
    if (this.#ordered.has(input)) this.#ordered.add(made)
    return made
  }

  #condition(node: Node, depth: number): Expr {
    if (depth > 0 && this.#next() < 0.5) {
      const left = this.#condition(node, depth - 1)
      if (this.#next() < 0.2) return call('logicalNot', left)
      return call(this.#pick(['logicalAnd', 'logicalOr']), left, this.#condition(node, depth - 1))
    }
    const { name, type } = this.#pick(node.columns)
    const same = this.#pick(['equal', 'notEqual'])
    const order = this.#pick(['lessThan', 'lessThanEqual', 'greaterThan', 'greaterThanEqual', same])
    const value = column(node, name)
    switch (type) {
      case 'BOOLEAN':
        return value
      case 'STRING':
        return this.#next() < 0.5
          ? call('contains', value, literal('STRING', this.#pick(WORDS)))
          : call(same, value, literal('STRING', this.#pick(WORDS)))
      case 'UINT128':
        return call(same, value, literal('STRING', '1:1:7'))
      case 'FLOAT64':
        return call(order, value, literal('FLOAT64', this.#pick([0, 0.25, Number.NaN])))
      case 'TIME64NS':
        return call(order, value, literal('TIME64NS', NOW + BigInt(this.#whole(30))))
      case 'INT64':
        return call(order, value, literal('INT64', this.#pick([0n, 200n, 2n ** 51n, -(2n ** 60n)])))
    }
  }

  #project(node: Node): Node {
    const kept = node.columns.filter(() => this.#next() < 0.7).map(({ name }) => name)
    const exprs: Record<string, Expr> = Object.fromEntries(kept.map((name) => [name, column(node, name)]))
    for (let i = this.#whole(3); i >= 0; i--) exprs[`c${this.#names++}`] = this.#expression(node)
    return project(node, exprs)
  }

  #expression(node: Node): Expr {
    const { name, type } = this.#pick(node.columns)
    const value = column(node, name)
    if (type === 'STRING') return call('add', value, literal('STRING', 'x'))
    if (type === 'INT64') return call('add', value, literal('INT64', this.#pick([1n, -7n, 2n ** 40n])))
    if (type === 'FLOAT64') return call('multiply', value, literal('FLOAT64', 0.5))
    return this.#condition(node, 1)
  }

  #aggregate(node: Node): Node {
    const keys = node.columns.filter(() => this.#next() < 0.25).map(({ name }) => name)
    const rows = reference(node, this.tables)
    const aggregates: Aggregate[] = []
    for (let i = this.#whole(4); i >= 0; i--) {
      const { name, type } = this.#pick(node.columns)
      const fns = this.#fnsOf(
        type,
        rows.map((row) => row[name]!),
      )
      if (this.#ordered.has(node)) fns.push('any')
      aggregates.push({ name: `a${this.#names++}`, fn: this.#pick(fns), column: name })
    }
    return aggregate(node, keys, aggregates)
  }

  /** Sums of doubles only where every order gives the same. */
  #fnsOf(type: string, values: readonly Value[]): string[] {
    if (type === 'TIME64NS') return ['count', 'min', 'max']
    if (type === 'BOOLEAN') return ['count', 'sum', 'mean']
    if (type !== 'INT64' && type !== 'FLOAT64') return ['count']
    const exact = values
      .map(Number)
      .every((v) => Number.isNaN(v) || (Number.isInteger(v * 2 ** 10) && Math.abs(v) < 2 ** 30))
    if (exact) return ['count', 'sum', 'mean', 'min', 'max', 'quantiles']
    return type === 'INT64' ? ['count', 'sum', 'min', 'max'] : ['count', 'min', 'max']
  }

  #join(left: Node, right: Node): Node {
    const types = new Map(right.columns.map(({ name, type }) => [name, type]))
    const common = left.columns.filter(({ name, type }) => types.get(name) === type)
    const keys = common.filter(() => this.#next() < 0.4).map(({ name }) => name)
    return joined(left, right, this.#pick(['inner', 'left', 'right', 'outer']), keys)
  }
}
