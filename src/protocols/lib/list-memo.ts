/** A bounded memory of what was made of a list of known objects. */

/** An object that is the same whenever its content is. */
export interface Known {
  /** No other one has this number. */
  readonly id: number
}

interface Entry<K, V> {
  readonly hash: number
  readonly list: readonly K[]
  readonly value: V
}

/**
 * A bounded memo of a pure function of a list, by the objects in it. Each hash has one place; a list takes it when it comes twice
 * in a row, so that lists that never repeat displace nothing.
 */
export class ListMemo<K extends Known, V> {
  readonly #make: (list: readonly K[]) => V
  readonly #isSmall: (value: V, list: readonly K[]) => boolean
  readonly #entries: (Entry<K, V> | undefined)[]
  /** The newest hash of each place. */
  readonly #met: Int32Array

  /**
   * @param places a power of two
   * @param isSmall whether a value may be kept, with its list: `places` times the largest such ones is the memory that they take
   */
  constructor(
    make: (list: readonly K[]) => V,
    places: number,
    isSmall: (value: V, list: readonly K[]) => boolean,
  ) {
    this.#make = make
    this.#isSmall = isSmall
    this.#entries = new Array<undefined>(places).fill(undefined)
    this.#met = new Int32Array(places)
  }

  get(list: readonly K[]): V {
    let hash = list.length
    for (let i = 0; i < list.length; i++) hash = Math.imul(hash ^ list[i]!.id, 0x9e3779b1) ^ (hash >>> 15)
    const place = (hash ^ (hash >>> 16)) & (this.#met.length - 1)
    const entry = this.#entries[place]
    if (entry?.hash === hash && areSame(entry.list, list)) return entry.value
    const value = this.#make(list)
    if (this.#met[place] !== hash) this.#met[place] = hash
    else if (this.#isSmall(value, list)) this.#entries[place] = { hash, list, value }
    return value
  }
}

function areSame<K>(one: readonly K[], other: readonly K[]): boolean {
  if (one.length !== other.length) return false
  for (let i = 0; i < one.length; i++) if (one[i] !== other[i]) return false
  return true
}
