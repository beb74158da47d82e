/** Runs a plan: builds its operators, pushes the rows through them, collects the results. */
import { NixieError } from '../errors'
import type { Metadata } from '../metadata/metadata'
import type { Batch } from '../records/batch'
import { head } from '../records/rows'
import type { ReadableStore, Selection } from '../store/store'
import { Budget, type Limits, type MemoryShare } from './budget'
import { conjuncts } from './conditions'
import type { Deadline } from './deadline'
import { readers } from './graph'
import { newestFirst } from './newest'
import { HashAggregate } from './operators/aggregate'
import { InputOperator, ReadCounts, selectionOf } from './operators/inputs'
import { HashJoin } from './operators/join'
import type { Operator, OperatorContext, Port } from './operators/operator'
import { Filter, Limit, Project } from './operators/stages'
import { Union } from './operators/union'
import { optimise } from './optimise'
import type { Node, Plan, TypedColumn } from './plan'
import { bytesOf, compactBatch, concatBatches, memoryOf } from './vectors'

export interface VirtualTable {
  readonly columns: readonly TypedColumn[]
  readonly batch: Batch
}

export interface ExecuteContext {
  readonly store: ReadableStore
  readonly metadata: Metadata
  readonly limits: Limits
  /** Of the whole run; absent: `limits.deadlineMs` from now on. */
  readonly deadline?: Deadline
  /** Memory that is shared with other runs. */
  readonly share?: MemoryShare
  /** Epoch nanoseconds at the start of the run. */
  readonly nowNs: bigint
  /** Called between batches and in long loops. */
  cancelled(): boolean
  /** The table that `GetTables`, `GetSchemas`, … stand for. Columns are taken by name. */
  virtualTable(fn: string, args: Readonly<Record<string, unknown>>): VirtualTable
  /**
   * Takes the rows of an output as they come, in place of the result, which then holds none. The engine doesn't change
   * them later, but their vectors may be views and shared with other outputs: read them, or copy; don't transfer them.
   */
  readonly emit?: (output: number, batch: Batch) => void
}

export interface ResultSet {
  readonly name: string
  readonly columns: readonly TypedColumn[]
  readonly batch: Batch
  /** Also those that were emitted. */
  readonly rows: number
  /** The row limit cut it. */
  readonly truncated: boolean
}

export interface ExecuteStats {
  readonly rowsRead: number
  /** Bytes of the vectors read. */
  readonly bytesRead: number
  readonly batchesRead: number
  /** Most bytes held at once, by accounting. */
  readonly peakBytes: number
}

/** Keeps or emits what is to be shown, up to the row limit. */
class ShownRows implements Port {
  readonly #name: string
  readonly #columns: readonly TypedColumn[]
  readonly #budget: Budget
  readonly #emit: ((batch: Batch) => void) | undefined
  readonly #batches: Batch[] = []
  /** One more than the limit when there are more. */
  #rows = 0

  constructor(
    name: string,
    columns: readonly TypedColumn[],
    budget: Budget,
    emit: ((batch: Batch) => void) | undefined,
  ) {
    this.#name = name
    this.#columns = columns
    this.#budget = budget
    this.#emit = emit
  }

  /** One row more than the limit tells that there are more. */
  get open(): boolean {
    return this.#rows <= this.#budget.limits.rows
  }

  push(batch: Batch): void {
    const { rows: limit } = this.#budget.limits
    const room = Math.max(0, limit - this.#rows)
    this.#rows = Math.min(limit + 1, this.#rows + batch.rows)
    const rows = Math.min(batch.rows, room)
    if (rows === 0) return
    const kept = compactBatch({ rows, columns: batch.columns.map((vector) => head(vector, rows)) })
    if (this.#emit) this.#emit(kept)
    else {
      // Counted twice: the batches are concatenated at the end.
      this.#budget.hold(2 * memoryOf(kept))
      this.#batches.push(kept)
    }
  }

  finish(): void {}

  result(): ResultSet {
    const types = this.#columns.map((column) => column.type)
    const { rows: limit } = this.#budget.limits
    return {
      name: this.#name,
      columns: this.#columns,
      batch: concatBatches(types, this.#batches),
      rows: Math.min(this.#rows, limit),
      truncated: this.#rows > limit,
    }
  }
}

type Scan = Extract<Node, { op: 'scan' }>

class Execution {
  readonly #given: ExecuteContext
  readonly #context: OperatorContext
  readonly #operators = new Map<Node, Operator>()
  /** In the order in which they are to run. */
  readonly #inputs: InputOperator[] = []
  readonly #readers: ReadonlyMap<Node, number>
  readonly counts = new ReadCounts()

  constructor(plan: Plan, given: ExecuteContext, budget: Budget) {
    this.#given = given
    this.#readers = readers(plan)
    const { metadata, nowNs } = given
    this.#context = {
      budget,
      functions: {
        metadata,
        nowNs,
        checkpoint: () => budget.checkpoint(),
        hold: (bytes) => budget.hold(bytes),
      },
    }
  }

  operator(node: Node): Operator {
    const known = this.#operators.get(node)
    if (known) return known
    const made = this.#make(node)
    this.#operators.set(node, made)
    return made
  }

  run(): void {
    for (const input of this.#inputs) input.run()
  }

  #make(node: Node): Operator {
    const context = this.#context
    switch (node.op) {
      case 'scan':
        return this.#input(node, () => this.#scan(node, node.columns))
      case 'empty':
        return this.#input(node, () => [])
      case 'virtual':
        return this.#input(node, () => [this.#virtual(node)])
      case 'filter': {
        if (node.input.op === 'scan' && this.#readers.get(node.input) === 1)
          return this.#filteredScan(node, node.input)
        const input = this.operator(node.input)
        return attach(input, new Filter(node.columns, input.columns, conjuncts(node.predicate), context))
      }
      case 'project': {
        const input = this.operator(node.input)
        return attach(input, new Project(node, input.columns, context))
      }
      case 'aggregate': {
        const input = this.operator(node.input)
        return attach(input, new HashAggregate(node, input.columns, context))
      }
      case 'limit': {
        const input = this.operator(node.input)
        return attach(input, new Limit(node.rows, input.columns, context))
      }
      case 'join':
        return this.#join(node)
      case 'union': {
        const inputs = node.inputs.map((input) => this.operator(input))
        const union = new Union(
          node.columns,
          inputs.map((input) => input.columns),
          context,
        )
        inputs.forEach((input, i) => {
          input.connect(union.inputs[i]!)
        })
        return union
      }
    }
  }

  /** The side that is held is made first, so that its inputs run first and the other side needn't wait. */
  #join(node: Extract<Node, { op: 'join' }>): Operator {
    const [first, second] = node.how === 'right' ? [node.left, node.right] : [node.right, node.left]
    this.operator(first)
    this.operator(second)
    const left = this.operator(node.left)
    const right = this.operator(node.right)
    const join = new HashJoin(node, left.columns, right.columns, this.#context)
    left.connect(join.left)
    right.connect(join.right)
    return join
  }

  #input(
    node: Node,
    batches: () => Iterable<Batch>,
    read = (batch: Batch) => this.counts.add(batch),
  ): InputOperator {
    const input = new InputOperator(node.columns, this.#context, batches, read)
    this.#inputs.push(input)
    return input
  }

  /** The store tests the conditions itself, and reads the other columns only of the rows that stay. */
  #filteredScan(filter: Extract<Node, { op: 'filter' }>, scan: Scan): Operator {
    const conditions = conjuncts(filter.predicate)
    const select = selectionOf(conditions, scan.columns, this.#context, this.counts)
    return this.#input(
      filter,
      () => this.#scan(scan, filter.columns, select),
      (batch) => {
        this.counts.bytes += bytesOf(batch)
      },
    )
  }

  #scan(node: Scan, columns: readonly TypedColumn[], select?: readonly Selection[]): Iterable<Batch> {
    const { table, startNs, endNs, prune, reverse } = node
    const names = columns.map((column) => column.name)
    const batches = this.#given.store.scan(table, {
      columns: reverse && !names.includes('time_') ? [...names, 'time_'] : names,
      ...(select === undefined ? {} : { select }),
      ...(startNs === undefined ? {} : { startNs }),
      ...(endNs === undefined ? {} : { endNs }),
      ...(prune === undefined ? {} : { prune }),
      ...(reverse ? { reverse } : {}),
    })
    return reverse ? newestFirst(batches, columns, this.#context.budget) : batches
  }

  #virtual(node: Extract<Node, { op: 'virtual' }>): Batch {
    const { columns, batch } = this.#given.virtualTable(node.fn, node.args)
    return {
      rows: batch.rows,
      columns: node.columns.map(({ name }) => {
        const index = columns.findIndex((column) => column.name === name)
        const vector = batch.columns[index]
        if (!vector) throw new NixieError('unknown_column', `${node.fn} has no column '${name}'`)
        return vector
      }),
    }
  }
}

function attach<T extends Operator & Port>(input: Operator, stage: T): T {
  input.connect(stage)
  return stage
}

/**
 * Runs a plan, optimised. Throws a NixieError: `limit_exceeded`, `deadline_exceeded`, `cancelled`, or what the store
 * and the functions throw (`unknown_table`, `store_error`, `bad_request` for a regular expression).
 */
export function execute(plan: Plan, given: ExecuteContext): { tables: ResultSet[]; stats: ExecuteStats } {
  const budget = new Budget(given.limits, given.cancelled, given.share, given.deadline)
  const optimised = optimise(plan)
  const execution = new Execution(optimised, given, budget)
  const { emit } = given
  const shown = optimised.outputs.map(({ name, node }, i) => {
    const rows = new ShownRows(name, node.columns, budget, emit && ((batch) => emit(i, batch)))
    execution.operator(node).connect(rows)
    return rows
  })
  budget.checkpoint()
  execution.run()
  const tables = shown.map((rows) => rows.result())
  const { rows: rowsRead, bytes: bytesRead, batches: batchesRead } = execution.counts
  return { tables, stats: { rowsRead, bytesRead, batchesRead, peakBytes: budget.peakBytes } }
}
