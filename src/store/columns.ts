/** Vectors to blobs and back, with the statistics that let a reader pass over a chunk. */
import { boolsOf, numbersOf, StringTable, textsOf, toInteger, type Vector } from '../records/batch'
import type { DataType } from '../records/types'
import { BlobWriter, DamagedBlob, readBlob } from './blob'
import { Grams } from './grams'
import { readBools, readNumbers, writeBools, writeNumbers } from './numbers'
import type { Prune } from './store'
import { readStrings, writeStrings } from './strings'

/** Numbers for numbers and booleans, byte prefixes for strings; undefined: unknown. Times are in the chunk's row. */
export type Statistic = number | Uint8Array | undefined

export interface EncodedColumn {
  readonly data: Uint8Array
  readonly rawBytes: number
  readonly min: Statistic
  readonly max: Statistic
  /** See `grams.ts`. */
  readonly grams: Uint8Array | undefined
}

/** `shift` is added to every number: it moves times from the batch's base to the chunk's. */
export interface Part {
  readonly vector: Vector
  readonly shift: number
}

/** Joins the vectors of one column (all of one type) in `order`; rests when it yields. */
export function* encodeColumn(
  parts: readonly Part[],
  order: Uint32Array | undefined,
  level: number,
  withGrams = false,
): Generator<void, EncodedColumn> {
  const out = new BlobWriter(level)
  const { type } = parts[0]!.vector
  if (type !== 'STRING' && type !== 'UINT128') {
    const range =
      type === 'BOOLEAN'
        ? writeBools(joinBools(parts, order), out)
        : writeNumbers(joinNumbers(parts, order, type !== 'FLOAT64'), out)
    return { data: out.finish(), rawBytes: out.rawBytes, ...range, grams: undefined }
  }
  const texts = parts.map((part) => textsOf(part.vector))
  const grams = withGrams ? new Grams() : undefined
  const { min, max, indexed } = yield* writeStrings(texts, order, out, grams)
  const data = out.finish()
  return { data, rawBytes: out.rawBytes, min, max, grams: indexed ? grams!.finish(level) : undefined }
}

function joinBools(parts: readonly Part[], order: Uint32Array | undefined): Uint8Array {
  const all = Buffer.concat(parts.map((part) => boolsOf(part.vector).values))
  return order ? Uint8Array.from(order, (row) => all[row]!) : all
}

/** Memory for the numbers of one column at a time: new memory for each column of each chunk would be garbage at once. */
class Room {
  #numbers = new Float64Array(0)

  of(rows: number): Float64Array {
    if (rows > this.#numbers.length) this.#numbers = new Float64Array(rows)
    return this.#numbers.subarray(0, rows)
  }
}

const joined = new Room()
const ordered = new Room()

/** The result is valid until the next call. */
function joinNumbers(
  parts: readonly Part[],
  order: Uint32Array | undefined,
  integers: boolean,
): Float64Array {
  let rows = 0
  for (const part of parts) rows += numbersOf(part.vector).values.length
  const all = joined.of(rows)
  let at = 0
  for (const { vector, shift } of parts) {
    const { values } = numbersOf(vector)
    if (integers) for (let i = 0; i < values.length; i++) all[at + i] = toInteger(values[i]! + shift)
    else all.set(values, at)
    at += values.length
  }
  if (!order) return all
  const sorted = ordered.of(rows)
  for (let i = 0; i < rows; i++) sorted[i] = all[order[i]!]!
  return sorted
}

/** More rows than any chunk has; a chunk that claims to have them is damaged. */
const MAX_ROWS = 1 << 20

/** A column as it was stored in `place`; `timeBase` is the base of its times. Throws `DamagedBlob`. */
export function decodeColumn(
  data: Uint8Array,
  type: DataType,
  rows: number,
  timeBase: bigint,
  place = 0,
): Vector {
  if (rows > MAX_ROWS) throw new DamagedBlob('a chunk with too many rows')
  const raw = readBlob(data, place)
  switch (type) {
    case 'STRING':
    case 'UINT128':
      return { type, ...readStrings(raw, rows) }
    case 'BOOLEAN':
      return { type, values: readBools(raw, rows) }
    case 'FLOAT64':
      return { type, values: readNumbers(raw, rows) }
    case 'INT64':
      return { type, base: 0n, values: readNumbers(raw, rows) }
    case 'TIME64NS':
      return { type, base: timeBase, values: readNumbers(raw, rows) }
  }
}

/** A column that the chunk does not have: '', false or `absent` in every row. */
export function defaultVector(type: DataType, rows: number, timeBase: bigint, absent = 0): Vector {
  switch (type) {
    case 'STRING':
    case 'UINT128':
      return { type, codes: new Uint32Array(rows), dict: StringTable.of(['']) }
    case 'BOOLEAN':
      return { type, values: new Uint8Array(rows) }
    case 'FLOAT64':
      return { type, values: new Float64Array(rows).fill(absent) }
    case 'INT64':
      return { type, base: 0n, values: new Float64Array(rows).fill(absent) }
    case 'TIME64NS':
      return { type, base: timeBase, values: new Float64Array(rows).fill(-Number(timeBase)) }
  }
}

const encoder = new TextEncoder()

/** Whether no row of a chunk with these statistics can meet the condition. */
export function ruledOut(condition: Prune, min: unknown, max: unknown): boolean {
  if (condition.op === 'contains') return false
  if (min instanceof Uint8Array && max instanceof Uint8Array) {
    if (typeof condition.value !== 'string') return false
    const value = encoder.encode(condition.value)
    if (condition.op === '!=') return Buffer.compare(min, max) === 0 && Buffer.compare(min, value) === 0
    // Engines may order texts by UTF-16 units, which is not byte order: only equality is sure.
    return condition.op === '==' && (Buffer.compare(value, min) < 0 || Buffer.compare(value, max) > 0)
  }
  if (typeof condition.value === 'string' || min === null || max === null) return false
  if (min instanceof Uint8Array || max instanceof Uint8Array) return false
  const value = typeof condition.value === 'boolean' ? Number(condition.value) : condition.value
  const low = min as number | bigint
  const high = max as number | bigint
  switch (condition.op) {
    case '==':
      return value < low || value > high
    case '!=':
      return low >= value && low <= value && high >= value && high <= value
    case '<':
      return low >= value
    case '<=':
      return low > value
    case '>':
      return high <= value
    case '>=':
      return high < value
  }
}
