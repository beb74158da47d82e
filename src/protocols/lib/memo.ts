/** After this many texts the memo checks anew whether it pays. */
const WINDOW = 512
/** When fewer of them than this were known, the memo is not used for the next ones. */
const WORTH_IT = WINDOW / 8

/**
 * A bounded memo of a pure function of a text. It has two generations, so that texts in use survive when one is dropped. Where texts
 * hardly ever repeat it is not used most of the time.
 */
export class Memo<V> {
  #young = new Map<string, V>()
  #old = new Map<string, V>()
  #asked = 0
  #hits = 0
  #aside = 0
  readonly #make: (text: string) => V
  readonly #capacity: number
  readonly #maxLength: number

  /** Holds at most 2 × `capacity` entries; texts longer than `maxLength` are computed each time. */
  constructor(make: (text: string) => V, capacity: number, maxLength: number) {
    this.#make = make
    this.#capacity = capacity
    this.#maxLength = maxLength
  }

  get(text: string): V {
    if (text.length > this.#maxLength) return this.#make(text)
    if (this.#aside > 0) {
      this.#aside--
      return this.#make(text)
    }
    if (++this.#asked === WINDOW) this.#judge()
    const known = this.#young.get(text)
    if (known !== undefined) {
      this.#hits++
      return known
    }
    return this.#remember(text)
  }

  #remember(text: string): V {
    let value = this.#old.get(text)
    if (value === undefined) value = this.#make(text)
    else this.#hits++
    if (this.#young.size >= this.#capacity) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(text, value)
    return value
  }

  #judge(): void {
    if (this.#hits < WORTH_IT) this.#aside = 8 * WINDOW
    this.#asked = 0
    this.#hits = 0
  }
}
