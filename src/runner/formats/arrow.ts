/**
 * Batches in Arrow's IPC streaming format: a schema, record batches, an end mark. INT64 is int64, TIME64NS timestamp(ns,
 * UTC), FLOAT64 double, BOOLEAN bool, STRING and UINT128 utf8; nothing is null. A field's metadata has its
 * `semantic_type` and `data_type`. https://arrow.apache.org/docs/format/Columnar.html#ipc-streaming-format
 */
import {
  batchType,
  bool,
  Column,
  type DataType,
  Endianness,
  float64,
  int64,
  type Schema,
  Table,
  TimeUnit,
  tableToIPC,
  timestamp,
  utf8,
  Version,
} from '@uwdata/flechette'
import type { Batch, IntVector, StringVector, Vector } from '../../records/batch'
import { slice } from '../../records/rows'
import type { ResultColumn } from '../runner'

/** The mark at a stream's end: the continuation word and a length of 0. */
const END_BYTES = 8
/** Offsets of utf8 are 32 bits wide. */
const MAX_TEXT_BYTES = 2 ** 31 - 1

const arrowType = ({ type }: Pick<ResultColumn, 'type'>): DataType => {
  switch (type) {
    case 'BOOLEAN':
      return bool()
    case 'INT64':
      return int64()
    case 'TIME64NS':
      return timestamp(TimeUnit.NANOSECOND, 'UTC')
    case 'FLOAT64':
      return float64()
    default:
      return utf8()
  }
}

interface Buffers {
  readonly values: Uint8Array | Float64Array | BigInt64Array
  readonly offsets?: Int32Array
}

const NOTHING = new Uint8Array(0)
const WORD = 2 ** 32

/** `base + values[i]` in two's complement, without an object per value. */
function integers({ base, values }: IntVector, rows: number): BigInt64Array {
  const words = new Uint32Array(rows * 2)
  const low = Number(BigInt.asUintN(32, base))
  const high = Number(BigInt.asUintN(32, base >> 32n))
  for (let i = 0; i < rows; i++) {
    const value = values[i]!
    const upper = Math.floor(value / WORD)
    const sum = low + (value - upper * WORD)
    words[i * 2] = sum
    words[i * 2 + 1] = high + upper + (sum >= WORD ? 1 : 0)
  }
  return new BigInt64Array(words.buffer)
}

function bits(values: Uint8Array, rows: number): Uint8Array {
  const packed = new Uint8Array(Math.ceil(rows / 8))
  for (let i = 0; i < rows; i++) packed[i >> 3]! |= values[i]! << (i & 7)
  return packed
}

function texts({ codes, dict }: StringVector, rows: number): Buffers {
  const { bytes, offsets: from } = dict
  const offsets = new Int32Array(rows + 1)
  let size = 0
  for (let i = 0; i < rows; i++) {
    const code = codes[i]!
    size += from[code + 1]! - from[code]!
    if (size > MAX_TEXT_BYTES) throw new RangeError('A batch holds more text than Arrow can index')
    offsets[i + 1] = size
  }
  const values = new Uint8Array(size)
  for (let i = 0; i < rows; i++) {
    const code = codes[i]!
    values.set(bytes.subarray(from[code]!, from[code + 1]!), offsets[i]!)
  }
  return { values, offsets }
}

function buffersOf(vector: Vector, rows: number): Buffers {
  switch (vector.type) {
    case 'BOOLEAN':
      return { values: bits(vector.values, rows) }
    case 'FLOAT64':
      return { values: vector.values.subarray(0, rows) }
    case 'INT64':
    case 'TIME64NS':
      return { values: integers(vector, rows) }
    default:
      return texts(vector, rows)
  }
}

/** Bytes of the texts of one batch, about: one text may be in every row. */
const PART_BYTES = 4 << 20

/** The rows in parts whose texts take so much, or of one row. */
function* parts({ rows, columns }: Batch): Generator<Batch> {
  const columnsOfTexts = columns.filter((vector) => 'codes' in vector)
  let from = 0
  let bytes = 0
  for (let row = 0; row < rows; row++) {
    for (const { codes, dict } of columnsOfTexts)
      bytes += dict.offsets[codes[row]! + 1]! - dict.offsets[codes[row]!]!
    if (bytes < PART_BYTES && row + 1 < rows) continue
    yield { rows: row + 1 - from, columns: columns.map((vector) => slice(vector, from, row + 1)) }
    from = row + 1
    bytes = 0
  }
}

/** Writes one stream: `start`, then batches, then `end`. */
export class ArrowWriter {
  readonly #schema: Schema
  readonly #types: readonly DataType[]
  readonly #start: Uint8Array

  constructor(columns: readonly ResultColumn[]) {
    this.#types = columns.map(arrowType)
    this.#schema = {
      version: Version.V5,
      endianness: Endianness.Little,
      metadata: null,
      fields: columns.map(({ name, type, semantic }, i) => ({
        name,
        type: this.#types[i]!,
        nullable: false,
        metadata: new Map([
          ['semantic_type', semantic],
          ['data_type', type],
        ]),
      })),
    } as Schema
    this.#start = this.#encode(this.#types.map((type) => new Column([], type)))
  }

  get start(): Uint8Array {
    return this.#start.slice(0, -END_BYTES)
  }

  get end(): Uint8Array {
    return this.#start.slice(-END_BYTES)
  }

  /** The rows as batches that are small enough to be made in memory. */
  *batches(batch: Batch): Generator<Uint8Array> {
    for (const part of parts(batch)) yield this.batch(part)
  }

  /** The library writes whole streams: what stands between the schema and the end is the batch. */
  batch({ rows, columns }: Batch): Uint8Array {
    const whole = this.#encode(
      columns.map((vector, i) => {
        const type = this.#types[i]!
        const Kind = batchType(type)
        const options = { type, length: rows, nullCount: 0, validity: NOTHING, ...buffersOf(vector, rows) }
        return new Column([new Kind(options as never)], type)
      }),
    )
    return whole.slice(this.#start.length - END_BYTES, -END_BYTES)
  }

  #encode(columns: readonly Column<unknown>[]): Uint8Array {
    return tableToIPC(new Table(this.#schema, [...columns]), { format: 'stream' })!
  }
}
