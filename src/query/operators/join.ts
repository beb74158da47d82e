/**
 * Hash join. The right side is held and looked up by the rows of the left one; a right join is a left join with the
 * sides swapped. Rows without a partner get 0, '' and false.
 */
import type { Batch, StringTable, Vector } from '../../records/batch'
import { gather } from '../../records/rows'
import type { DataType } from '../../records/types'
import { Grouping } from '../grouping'
import { UNKNOWN } from '../key-columns'
import { materialise, zeroOf } from '../operand'
import type { Node, TypedColumn } from '../plan'
import { concatBatches, memoryOf } from '../vectors'
import { indexOf, Operator, type OperatorContext, type Port } from './operator'

/** Pairs of rows that go out in one batch. */
const PAIRS = 1 << 16

type Side = 'probe' | 'build'

interface Output {
  readonly side: Side
  readonly index: number
}

type JoinNode = Extract<Node, { op: 'join' }>

export class HashJoin extends Operator {
  readonly left: Port
  readonly right: Port
  readonly #outputs: readonly Output[]
  readonly #probe: readonly TypedColumn[]
  readonly #build: readonly TypedColumn[]
  readonly #probeKeys: readonly number[]
  readonly #buildKeys: readonly number[]
  /** Rows of the probe side, or of the build side, are also output without a partner. */
  readonly #keepsProbe: boolean
  readonly #keepsBuild: boolean
  readonly #grouping: Grouping
  #waiting: Batch[] = []
  #built: Batch[] = []
  #builtBytes = 0
  #table: BuildTable | undefined
  #probeEnded = false
  #held = 0

  constructor(
    node: JoinNode,
    left: readonly TypedColumn[],
    right: readonly TypedColumn[],
    context: OperatorContext,
  ) {
    super(node.columns, context)
    const swapped = node.how === 'right'
    this.#probe = swapped ? right : left
    this.#build = swapped ? left : right
    const keys = (on: readonly string[], columns: readonly TypedColumn[]) =>
      on.map((k) => indexOf(columns, k))
    this.#probeKeys = keys(swapped ? node.rightOn : node.leftOn, this.#probe)
    this.#buildKeys = keys(swapped ? node.leftOn : node.rightOn, this.#build)
    this.#keepsProbe = node.how !== 'inner'
    this.#keepsBuild = node.how === 'outer'
    this.#grouping = new Grouping(this.#buildKeys.map((key) => this.#build[key]!.type))
    this.#outputs = node.output.map(({ side, from }) =>
      (side === 'left') === swapped
        ? { side: 'build', index: indexOf(this.#build, from) }
        : { side: 'probe', index: indexOf(this.#probe, from) },
    )
    const probe = this.#port(
      (batch) => this.#pushProbe(batch),
      () => this.#endProbe(),
    )
    const build = this.#port(
      (batch) => this.#pushBuild(batch),
      () => this.#endBuild(),
    )
    this.left = swapped ? build : probe
    this.right = swapped ? probe : build
  }

  #port(push: (batch: Batch) => void, finish: () => void): Port {
    const join = this
    return {
      push,
      finish,
      get open() {
        return join.wanted
      },
    }
  }

  #hold(bytes: number): void {
    this.context.budget.hold(bytes)
    this.#held += bytes
  }

  #pushBuild(batch: Batch): void {
    // Counted twice: the batches are concatenated at the end.
    const bytes = memoryOf(batch)
    this.#hold(2 * bytes)
    this.#builtBytes += bytes
    this.#built.push(batch)
  }

  #endBuild(): void {
    const types = this.#build.map((column) => column.type)
    this.#table = new BuildTable(concatBatches(types, this.#built), types, this.#buildKeys, this.#grouping)
    this.#built = []
    this.#hold(-this.#builtBytes)
    this.#hold(this.#table.bytes + this.#grouping.bytes)
    for (const batch of this.#waiting) this.#join(batch)
    this.#waiting = []
    if (this.#probeEnded) this.#complete()
  }

  #pushProbe(batch: Batch): void {
    if (this.#table) this.#join(batch)
    else {
      this.#hold(memoryOf(batch))
      this.#waiting.push(batch)
    }
  }

  #endProbe(): void {
    this.#probeEnded = true
    if (this.#table) this.#complete()
  }

  #join(batch: Batch): void {
    const table = this.#table!
    const keys = this.#probeKeys.map((key) => batch.columns[key]!)
    const groups = this.#grouping.assign(keys, batch.rows, false)
    const probeRows = new Uint32Array(PAIRS)
    const buildRows = new Uint32Array(PAIRS)
    let count = 0
    const flush = () => {
      if (count > 0 && this.wanted) this.#emitPairs(batch, probeRows, table.batch, buildRows, count)
      count = 0
    }
    for (let row = 0; row < batch.rows; row++) {
      let match = table.first(groups[row]!)
      if (match === table.missing && !this.#keepsProbe) continue
      do {
        if (count === PAIRS) flush()
        if (!this.wanted) return
        probeRows[count] = row
        buildRows[count++] = match
        match = table.next(match)
      } while (match !== table.missing)
    }
    flush()
  }

  #emitPairs(probe: Batch, probeRows: Uint32Array, build: Batch, buildRows: Uint32Array, rows: number): void {
    const columns = this.#outputs.map(({ side, index }) =>
      side === 'probe'
        ? gather(probe.columns[index]!, probeRows, rows)
        : gather(build.columns[index]!, buildRows, rows),
    )
    this.emit({ rows, columns })
  }

  #complete(): void {
    const table = this.#table!
    if (this.#keepsBuild) {
      const rows = table.unmatched()
      const columns = this.#outputs.map(({ side, index }) =>
        side === 'build'
          ? gather(table.batch.columns[index]!, rows)
          : zeros(this.#probe[index]!.type, rows.length),
      )
      this.emit({ rows: rows.length, columns })
    }
    this.context.budget.hold(-this.#held)
    this.end()
  }
}

const zeros = (type: DataType, rows: number): Vector => materialise({ type, constant: zeroOf(type) }, rows)

/** Columns that share a dictionary share the text of their zero, too. */
function zeroRow({ columns }: Batch, types: readonly DataType[]): Batch {
  const made = new Map<StringTable, Vector>()
  return {
    rows: 1,
    columns: columns.map((vector, c) => {
      const zero = ('codes' in vector && made.get(vector.dict)) || zeros(types[c]!, 1)
      if ('codes' in vector) made.set(vector.dict, zero)
      return zero
    }),
  }
}

/** The held side: rows chained by key, and behind the last one a row of zeros for what has no partner. */
class BuildTable {
  readonly batch: Batch
  readonly missing: number
  readonly #first: Uint32Array
  readonly #next: Uint32Array
  readonly #matched: Uint8Array

  constructor(batch: Batch, types: readonly DataType[], keys: readonly number[], grouping: Grouping) {
    const { rows } = batch
    const groups = grouping.assign(
      keys.map((key) => batch.columns[key]!),
      rows,
    )
    this.batch = { ...concatBatches(types, [batch, zeroRow(batch, types)]), rows }
    this.missing = rows
    this.#first = new Uint32Array(grouping.size).fill(rows)
    this.#next = new Uint32Array(rows + 1).fill(rows)
    this.#matched = new Uint8Array(grouping.size)
    for (let row = rows - 1; row >= 0; row--) {
      this.#next[row] = this.#first[groups[row]!]!
      this.#first[groups[row]!] = row
    }
    this.#groups = groups
  }

  readonly #groups: Uint32Array

  get bytes(): number {
    return this.#first.byteLength + this.#next.byteLength + this.#groups.byteLength
  }

  first(group: number): number {
    if (group === UNKNOWN || group >= this.#first.length) return this.missing
    this.#matched[group] = 1
    return this.#first[group]!
  }

  next(row: number): number {
    return this.#next[row]!
  }

  /** The rows whose key was never looked up, in their order. */
  unmatched(): Uint32Array {
    const rows: number[] = []
    for (let row = 0; row < this.missing; row++) if (this.#matched[this.#groups[row]!] === 0) rows.push(row)
    return Uint32Array.from(rows)
  }
}
