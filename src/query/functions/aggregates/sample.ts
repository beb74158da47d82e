/** `px.sample`: some values of a group, each with the same chance, in the order in which they came. */
import type { Vector } from '../../../records/batch'
import type { DataType } from '../../../records/types'
import { valueAt, vectorOf } from '../../operand'
import type { Accumulator } from './accumulators'

/** Values that are kept of a group. */
const KEPT = 10
/** Most characters that are kept of a text. */
const LONGEST = 1024
const VALUE_BYTES = 48

interface Reservoir {
  readonly values: (string | number | bigint | boolean)[]
  seen: number
}

/** Xorshift (Marsaglia 2003): the same rows give the same sample. */
class Random {
  #state = 0x9e3779b9

  below(limit: number): number {
    this.#state ^= this.#state << 13
    this.#state ^= this.#state >>> 17
    this.#state ^= this.#state << 5
    return (this.#state >>> 0) % limit
  }
}

/** Algorithm R (Waterman; Knuth, The Art of Computer Programming 2, §3.4.2), as JSON arrays. */
export class Sample implements Accumulator {
  readonly #groups: Reservoir[] = []
  readonly #random = new Random()
  #bytes = 0

  add(vector: Vector, groups: Uint32Array, rows: number, _: number): void {
    for (let i = 0; i < rows; i++) {
      const group = groups[i]!
      const own = this.#groups[group] ?? { values: [], seen: 0 }
      this.#groups[group] = own
      own.seen++
      const place = own.seen <= KEPT ? own.seen - 1 : this.#random.below(own.seen)
      if (place >= KEPT) continue
      const value = valueAt(vector, i)
      const kept = typeof value === 'string' ? value.slice(0, LONGEST) : value
      this.#bytes += sizeOf(kept) - sizeOf(own.values[place])
      own.values[place] = kept
    }
  }

  finish(count: number): Vector {
    const lists = Array.from({ length: count }, (_, group) =>
      JSON.stringify(this.#groups[group]?.values ?? [], written),
    )
    return vectorOf('STRING' satisfies DataType, lists)
  }

  get bytes(): number {
    return this.#bytes
  }
}

const sizeOf = (value: string | number | bigint | boolean | undefined): number =>
  value === undefined ? 0 : VALUE_BYTES + (typeof value === 'string' ? 2 * value.length : 0)

/** Integers with all their digits. */
const written = (_: string, value: unknown): unknown =>
  typeof value === 'bigint' ? JSON.rawJSON(String(value)) : value
