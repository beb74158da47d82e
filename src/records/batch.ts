/**
 * Rows as columns. A batch is what the store writes and reads and what the query engine works on.
 *
 * 64-bit integers are doubles relative to a 64-bit base (frame of reference): `value = base + values[i]`. Row values
 * stay within ±2^53 of their base, so they are exact, and all arithmetic is on doubles. Plain integers have base 0.
 */
import { isAscii } from 'node:buffer'
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

const wrongShape = ({ type }: Vector, wanted: string) =>
  new TypeError(`A vector of ${type} where ${wanted} belong`)

/** For a column that its table declares so. @throws TypeError for any other, which is a mistake of the caller */
export function integersOf(vector: Vector): IntVector {
  if ('base' in vector) return vector
  throw wrongShape(vector, 'integers')
}

export function numbersOf(vector: Vector): IntVector | FloatVector {
  if (vector.type !== 'BOOLEAN' && 'values' in vector) return vector
  throw wrongShape(vector, 'numbers')
}

export function boolsOf(vector: Vector): BoolVector {
  if (vector.type === 'BOOLEAN') return vector
  throw wrongShape(vector, 'booleans')
}

export function textsOf(vector: Vector): StringVector {
  if ('codes' in vector) return vector
  throw wrongShape(vector, 'texts')
}

export interface Batch {
  readonly rows: number
  /** In the order of the columns that were asked for. */
  readonly columns: readonly Vector[]
}

/** Tables larger than this are decoded text by text: one text must not keep all others in memory. */
const WHOLE_BYTES = 256 << 10

const encoder = new TextEncoder()

/** UTF-8 texts, one behind the other (Arrow's layout); each is decoded once, when first asked for. */
export class StringTable {
  readonly bytes: Uint8Array
  /** length + 1 offsets into `bytes`. */
  readonly offsets: Uint32Array
  #texts: (string | undefined)[] | undefined
  readonly #view: Buffer
  /** All texts as one, once decoded; null when they can't be. */
  #whole: string | null | undefined

  constructor(bytes: Uint8Array, offsets: Uint32Array) {
    this.bytes = bytes
    this.offsets = offsets
    this.#view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  /** UTF-8 holds no lone surrogate: one becomes U+FFFD, here already, so that a text is the same before and after. */
  static of(texts: readonly string[]): StringTable {
    const whole = texts.every((text) => text.isWellFormed())
      ? texts
      : texts.map((text) => text.toWellFormed())
    const joined = whole.join('')
    const bytes = encoder.encode(joined)
    const ascii = bytes.length === joined.length
    const offsets = new Uint32Array(whole.length + 1)
    let at = 0
    for (let i = 0; i < whole.length; i++) {
      at += ascii ? whole[i]!.length : Buffer.byteLength(whole[i]!)
      offsets[i + 1] = at
    }
    const table = new StringTable(bytes, offsets)
    table.#texts = whole.slice()
    return table
  }

  get length(): number {
    return this.offsets.length - 1
  }

  /** A small table of ASCII is decoded at once: its texts are parts of one string then, several times as cheap. */
  #ascii(): boolean {
    if (this.#whole === undefined)
      this.#whole =
        this.#view.length <= WHOLE_BYTES && isAscii(this.#view) ? this.#view.toString('latin1') : null
    return this.#whole !== null
  }

  get(i: number): string {
    this.#texts ??= new Array(this.length)
    const known = this.#texts[i]
    if (known !== undefined) return known
    const text = this.#ascii()
      ? this.#whole!.substring(this.offsets[i]!, this.offsets[i + 1]!)
      : this.#view.toString('utf8', this.offsets[i]!, this.offsets[i + 1]!)
    this.#texts[i] = text
    return text
  }
}

/**
 * What an integer column holds of a number; wire data never throws: a fraction is cut, what no double holds exactly is
 * clamped to ±(2^53 − 1), NaN and the infinities become 0, and so does −0.
 */
export function toInteger(value: number): number {
  if (Number.isSafeInteger(value)) return value + 0
  if (!Number.isFinite(value)) return 0
  return Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, Math.trunc(value) + 0))
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
