/** A bounded memo of a pure function of a text: two generations, so that what is in use survives a turn-over. */
export class Memo<V> {
  #young = new Map<string, V>()
  #old = new Map<string, V>()
  readonly #make: (text: string) => V
  readonly #capacity: number
  readonly #maxLength: number

  /** At most 2 × `capacity` entries; texts longer than `maxLength` are computed each time. */
  constructor(make: (text: string) => V, capacity: number, maxLength: number) {
    this.#make = make
    this.#capacity = capacity
    this.#maxLength = maxLength
  }

  get(text: string): V {
    if (text.length > this.#maxLength) return this.#make(text)
    const known = this.#young.get(text)
    if (known !== undefined) return known
    const value = this.#old.get(text) ?? this.#make(text)
    if (this.#young.size >= this.#capacity) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(text, value)
    return value
  }
}
