/** Values that come in packets of their own before an execution (COM_STMT_SEND_LONG_DATA). */
import { KeptBytes } from '../lib/kept-bytes'

const MAX_STATEMENTS = 64
const MAX_PARAMETERS = 256

interface LongValue {
  readonly kept: KeptBytes
  size: number
}

/** Of a statement: by the number of the parameter. */
export type LongData = Map<number, LongValue>

export class LongValues {
  readonly #byStatement = new Map<number, LongData>()

  get held(): number {
    let bytes = 0
    for (const data of this.#byStatement.values())
      for (const { kept } of data.values()) bytes += kept.held + 100
    return bytes
  }

  /** `size` bytes of the value, of which `bytes` are kept. */
  add(statement: number, parameter: number, bytes: Uint8Array, size: number, limit: number): void {
    let data = this.#byStatement.get(statement)
    if (!data) {
      if (this.#byStatement.size >= MAX_STATEMENTS) return
      data = new Map()
      this.#byStatement.set(statement, data)
    }
    let value = data.get(parameter)
    if (!value) {
      if (data.size >= MAX_PARAMETERS) return
      value = { kept: new KeptBytes(limit), size: 0 }
      data.set(parameter, value)
    }
    value.kept.add(bytes, 0, bytes.length)
    value.size += size
  }

  /** Those of an execution; they don't stay for the next one. */
  take(statement: number): LongData | undefined {
    const data = this.#byStatement.get(statement)
    this.#byStatement.delete(statement)
    return data
  }

  clear(): void {
    this.#byStatement.clear()
  }
}
