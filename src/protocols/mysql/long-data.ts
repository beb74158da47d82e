/** Values that come in packets of their own before an execution (COM_STMT_SEND_LONG_DATA). */
import { KeptBytes } from '../lib/kept-bytes'

/** Bytes of all values that wait; beyond that only their sizes are known. */
const MAX_BYTES = 1 << 20
const VALUE_BYTES = 200
const MAX_VALUES = MAX_BYTES / (4 * VALUE_BYTES)

interface LongValue {
  readonly kept: KeptBytes
  size: number
}

/** Of a statement: by the number of the parameter. */
export type LongData = Map<number, LongValue>

export class LongValues {
  readonly #byStatement = new Map<number, LongData>()
  #values = 0
  #bytes = 0

  get held(): number {
    return this.#bytes + VALUE_BYTES * this.#values
  }

  /** `size` bytes of the value, of which `bytes` are there; `limit` bytes of all its parts are kept. */
  add(statement: number, parameter: number, bytes: Uint8Array, size: number, limit: number): void {
    const value = this.#valueOf(statement, parameter, limit)
    if (!value) return
    value.size += size
    if (this.#bytes >= MAX_BYTES) value.kept.close()
    const before = value.kept.held
    value.kept.add(bytes, 0, bytes.length)
    this.#bytes += value.kept.held - before
  }

  /** Those of an execution; they don't stay for the next one. */
  take(statement: number): LongData | undefined {
    const data = this.#byStatement.get(statement)
    if (!data) return undefined
    this.#byStatement.delete(statement)
    this.#values -= data.size
    for (const { kept } of data.values()) this.#bytes -= kept.held
    return data
  }

  clear(): void {
    this.#byStatement.clear()
    this.#values = 0
    this.#bytes = 0
  }

  /** Undefined where too many wait. */
  #valueOf(statement: number, parameter: number, limit: number): LongValue | undefined {
    const known = this.#byStatement.get(statement)
    const value = known?.get(parameter)
    if (value) return value
    if (this.#values >= MAX_VALUES) return undefined
    const made = { kept: new KeptBytes(limit), size: 0 }
    this.#byStatement.set(statement, (known ?? new Map()).set(parameter, made))
    this.#values++
    return made
  }
}
