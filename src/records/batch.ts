/**
 * Rows as columns. A batch is what the store writes and reads and what the query engine works on.
 *
 * 64-bit integers are doubles relative to a 64-bit base (frame of reference): `value = base + values[i]`. Row values
 * stay within ±2^53 of their base, so they are exact, and all arithmetic is on doubles. Plain integers have base 0.
 */
import type { DataType } from './types'

/** INT64 and TIME64NS. `values[i]` is an integer with |values[i]| ≤ 2^53. */
export interface IntVector {
  readonly type: 'INT64' | 'TIME64NS'
  readonly base: bigint
  readonly values: Float64Array
}

export interface FloatVector {
  readonly type: 'FLOAT64'
  readonly values: Float64Array
}

/** 0 or 1 per row. */
export interface BoolVector {
  readonly type: 'BOOLEAN'
  readonly values: Uint8Array
}

/** STRING and UINT128: row i holds `dict.get(codes[i])`. A dictionary may hold entries that no row uses, or one twice. */
export interface StringVector {
  readonly type: 'STRING' | 'UINT128'
  readonly codes: Uint32Array
  readonly dict: StringTable
}

export type Vector = IntVector | FloatVector | BoolVector | StringVector

export interface Batch {
  readonly rows: number
  /** In the order of the columns that were asked for. */
  readonly columns: readonly Vector[]
}

const decoder = new TextDecoder()
const encoder = new TextEncoder()

/** UTF-8 texts, one behind the other (Arrow's layout); each is decoded once, when first asked for. */
export class StringTable {
  readonly bytes: Uint8Array
  /** length + 1 offsets into `bytes`. */
  readonly offsets: Uint32Array
  readonly #texts: (string | undefined)[]

  constructor(bytes: Uint8Array, offsets: Uint32Array) {
    this.bytes = bytes
    this.offsets = offsets
    this.#texts = new Array(offsets.length - 1)
  }

  static of(texts: readonly string[]): StringTable {
    const bytes = encoder.encode(texts.join(''))
    const offsets = new Uint32Array(texts.length + 1)
    let at = 0
    for (let i = 0; i < texts.length; i++) {
      at += Buffer.byteLength(texts[i]!)
      offsets[i + 1] = at
    }
    const table = new StringTable(bytes, offsets)
    for (let i = 0; i < texts.length; i++) table.#texts[i] = texts[i]
    return table
  }

  get length(): number {
    return this.offsets.length - 1
  }

  get(i: number): string {
    const known = this.#texts[i]
    if (known !== undefined) return known
    const text = decoder.decode(this.bytes.subarray(this.offsets[i]!, this.offsets[i + 1]!))
    this.#texts[i] = text
    return text
  }
}

/** A cell as a JavaScript value; 64-bit integers come back as number when a double holds them, else as bigint. */
export function cell(vector: Vector, row: number): boolean | number | bigint | string {
  switch (vector.type) {
    case 'BOOLEAN':
      return vector.values[row] === 1
    case 'FLOAT64':
      return vector.values[row]!
    case 'STRING':
    case 'UINT128':
      return vector.dict.get(vector.codes[row]!)
    default: {
      if (vector.base === 0n) return vector.values[row]!
      const value = vector.base + BigInt(vector.values[row]!)
      return Number.isSafeInteger(Number(value)) ? Number(value) : value
    }
  }
}

export function emptyVector(type: DataType): Vector {
  if (type === 'BOOLEAN') return { type, values: new Uint8Array(0) }
  if (type === 'FLOAT64') return { type, values: new Float64Array(0) }
  if (type === 'STRING' || type === 'UINT128')
    return { type, codes: new Uint32Array(0), dict: StringTable.of([]) }
  return { type, base: 0n, values: new Float64Array(0) }
}
