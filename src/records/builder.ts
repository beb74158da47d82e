/** Records in, one batch out: a column builder per column, so that no row object outlives its append. */
import { type Batch, StringTable, toInteger, type Vector } from './batch'
import type { Column, RecordOf, Table } from './table'

const FIRST_CAPACITY = 256
/** After so many rows a column that is nearly all distinct is no longer interned until the next seal. */
const PROBE_ROWS = 512
const PROBE_DISTINCT = 0.9

interface ColumnBuilder {
  /** Characters of text that it keeps since the last seal. */
  readonly text: number
  append(value: unknown): void
  seal(): Vector
}

class IntBuilder implements ColumnBuilder {
  readonly text = 0
  #values = new Float64Array(FIRST_CAPACITY)
  #rows = 0
  readonly #type: 'INT64' | 'TIME64NS'
  readonly #base: bigint

  constructor(type: 'INT64' | 'TIME64NS', base: bigint) {
    this.#type = type
    this.#base = base
  }

  append(value: number): void {
    if (this.#rows === this.#values.length) this.#values = wider(this.#values)
    this.#values[this.#rows++] = toInteger(value)
  }

  seal(): Vector {
    const values = this.#values.slice(0, this.#rows)
    this.#rows = 0
    return { type: this.#type, base: this.#base, values }
  }
}

class FloatBuilder implements ColumnBuilder {
  readonly text = 0
  #values = new Float64Array(FIRST_CAPACITY)
  #rows = 0

  append(value: number): void {
    if (this.#rows === this.#values.length) this.#values = wider(this.#values)
    this.#values[this.#rows++] = value
  }

  seal(): Vector {
    const values = this.#values.slice(0, this.#rows)
    this.#rows = 0
    return { type: 'FLOAT64', values }
  }
}

function wider(values: Float64Array): Float64Array<ArrayBuffer> {
  const copy = new Float64Array(values.length * 2)
  copy.set(values)
  return copy
}

class BoolBuilder implements ColumnBuilder {
  readonly text = 0
  #values = new Uint8Array(FIRST_CAPACITY)
  #rows = 0

  append(value: boolean): void {
    if (this.#rows === this.#values.length) {
      const copy = new Uint8Array(this.#rows * 2)
      copy.set(this.#values)
      this.#values = copy
    }
    this.#values[this.#rows++] = value ? 1 : 0
  }

  seal(): Vector {
    const values = this.#values.slice(0, this.#rows)
    this.#rows = 0
    return { type: 'BOOLEAN', values }
  }
}

class StringBuilder implements ColumnBuilder {
  text = 0
  readonly #type: 'STRING' | 'UINT128'
  #codes = new Uint32Array(FIRST_CAPACITY)
  #rows = 0
  #texts: string[] = []
  #codeOf = new Map<string, number>()
  #interning = true
  #lastText = ''
  #lastCode = -1

  constructor(type: 'STRING' | 'UINT128') {
    this.#type = type
  }

  append(value: string): void {
    const row = this.#rows++
    if (row === this.#codes.length) {
      const copy = new Uint32Array(row * 2)
      copy.set(this.#codes)
      this.#codes = copy
    }
    if (this.#lastCode < 0 || value !== this.#lastText) {
      this.#lastText = value
      this.#lastCode = this.#interning ? this.#intern(value) : this.#add(value)
      if (row === PROBE_ROWS && this.#texts.length > PROBE_ROWS * PROBE_DISTINCT) {
        this.#interning = false
        this.#codeOf.clear()
      }
    }
    this.#codes[row] = this.#lastCode
  }

  #intern(value: string): number {
    let code = this.#codeOf.get(value)
    if (code === undefined) {
      code = this.#add(value)
      this.#codeOf.set(value, code)
    }
    return code
  }

  #add(value: string): number {
    this.text += value.length
    return this.#texts.push(value) - 1
  }

  seal(): Vector {
    const codes = this.#codes.slice(0, this.#rows)
    const dict = StringTable.of(this.#texts)
    this.#rows = 0
    this.text = 0
    this.#texts = []
    this.#codeOf.clear()
    this.#interning = true
    this.#lastText = ''
    this.#lastCode = -1
    return { type: this.#type, codes, dict }
  }
}

function builderOf(column: Column, timeBase: bigint): ColumnBuilder {
  switch (column.type) {
    case 'BOOLEAN':
      return new BoolBuilder()
    case 'STRING':
    case 'UINT128':
      return new StringBuilder(column.type)
    case 'FLOAT64':
      return new FloatBuilder()
    case 'TIME64NS':
      return new IntBuilder('TIME64NS', timeBase)
    default:
      return new IntBuilder('INT64', 0n)
  }
}

/**
 * Appends a record's values, each to its column's builder. A loop over names looks each one up in a shape that the compiler
 * can't know; in a function that names them each is one load.
 */
type AppendRecord = (builders: readonly ColumnBuilder[], record: object) => void
const appenders = new Map<string, AppendRecord>()

/** Names of columns are ours, never anybody else's text. */
function appenderOf(names: readonly string[]): AppendRecord {
  const key = JSON.stringify(names)
  const known = appenders.get(key)
  if (known) return known
  const steps = names.map((name, i) => `builders[${i}].append(record[${JSON.stringify(name)}])`)
  const made = new Function('builders', 'record', steps.join('\n')) as AppendRecord
  appenders.set(key, made)
  return made
}

/** Builds batches of one table; times in records are nanoseconds since `timeBase` (epoch nanoseconds). */
export class BatchBuilder<T extends Table> {
  readonly table: T
  rows = 0
  readonly #append: AppendRecord
  readonly #builders: readonly ColumnBuilder[]

  constructor(table: T, timeBase: bigint) {
    this.table = table
    this.#append = appenderOf(table.columns.map((c) => c.name))
    this.#builders = table.columns.map((c) => builderOf(c, timeBase))
  }

  append(record: RecordOf<T>): void {
    this.#append(this.#builders, record)
    this.rows++
  }

  /** Characters of text that wait for the next seal. */
  get text(): number {
    let text = 0
    for (const builder of this.#builders) text += builder.text
    return text
  }

  /** All rows since the last seal; the builder is empty after. */
  seal(): Batch {
    const batch = { rows: this.rows, columns: this.#builders.map((b) => b.seal()) }
    this.rows = 0
    return batch
  }
}
