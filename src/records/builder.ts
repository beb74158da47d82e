/** Records in, one batch out: a column builder per column, so that no row object outlives its append. */
import { type Batch, StringTable, type Vector } from './batch'
import type { Column, RecordOf, Table } from './table'

const FIRST_CAPACITY = 256

interface ColumnBuilder {
  append(value: never): void
  seal(): Vector
}

class NumberBuilder implements ColumnBuilder {
  #values = new Float64Array(FIRST_CAPACITY)
  #rows = 0
  readonly #type: 'INT64' | 'TIME64NS' | 'FLOAT64'
  readonly #base: bigint

  constructor(type: 'INT64' | 'TIME64NS' | 'FLOAT64', base: bigint) {
    this.#type = type
    this.#base = base
  }

  append(value: number): void {
    if (this.#rows === this.#values.length) {
      const wider = new Float64Array(this.#rows * 2)
      wider.set(this.#values)
      this.#values = wider
    }
    this.#values[this.#rows++] = value
  }

  seal(): Vector {
    const values = this.#values.slice(0, this.#rows)
    this.#rows = 0
    if (this.#type === 'FLOAT64') return { type: 'FLOAT64', values }
    return { type: this.#type, base: this.#base, values }
  }
}

class BoolBuilder implements ColumnBuilder {
  #values: number[] = []

  append(value: boolean): void {
    this.#values.push(value ? 1 : 0)
  }

  seal(): Vector {
    const values = Uint8Array.from(this.#values)
    this.#values = []
    return { type: 'BOOLEAN', values }
  }
}

class StringBuilder implements ColumnBuilder {
  readonly #type: 'STRING' | 'UINT128'
  #codes: number[] = []
  #texts: string[] = []
  #codeOf = new Map<string, number>()

  constructor(type: 'STRING' | 'UINT128') {
    this.#type = type
  }

  append(value: string): void {
    let code = this.#codeOf.get(value)
    if (code === undefined) {
      code = this.#texts.length
      this.#texts.push(value)
      this.#codeOf.set(value, code)
    }
    this.#codes.push(code)
  }

  seal(): Vector {
    const vector = {
      type: this.#type,
      codes: Uint32Array.from(this.#codes),
      dict: StringTable.of(this.#texts),
    }
    this.#codes = []
    this.#texts = []
    this.#codeOf = new Map()
    return vector
  }
}

function builderOf(column: Column, timeBase: bigint): ColumnBuilder {
  switch (column.type) {
    case 'BOOLEAN':
      return new BoolBuilder()
    case 'STRING':
    case 'UINT128':
      return new StringBuilder(column.type)
    case 'TIME64NS':
      return new NumberBuilder('TIME64NS', timeBase)
    default:
      return new NumberBuilder(column.type, 0n)
  }
}

/** Builds batches of one table; times in records are nanoseconds since `timeBase` (epoch nanoseconds). */
export class BatchBuilder<T extends Table> {
  readonly table: T
  rows = 0
  readonly #names: readonly string[]
  readonly #builders: readonly ColumnBuilder[]

  constructor(table: T, timeBase: bigint) {
    this.table = table
    this.#names = table.columns.map((c) => c.name)
    this.#builders = table.columns.map((c) => builderOf(c, timeBase))
  }

  append(record: RecordOf<T>): void {
    const values = record as unknown as Record<string, never>
    for (let i = 0; i < this.#names.length; i++) this.#builders[i]!.append(values[this.#names[i]!]!)
    this.rows++
  }

  /** All rows since the last seal; the builder is empty after. */
  seal(): Batch {
    const batch = { rows: this.rows, columns: this.#builders.map((b) => b.seal()) }
    this.rows = 0
    return batch
  }
}
