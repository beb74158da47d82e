/** Entities that the store has yet to take: the newest state of each. Their number is bounded, as a full disk may take none for long. */
import type { Entity } from '../records/entities'

const MOST_PROCESSES = 20_000

export class WaitingEntities {
  /** Processes that were given up, as too many waited. */
  forgotten = 0
  readonly #byKey = new Map<string, Entity>()
  #processes = 0

  add(entities: readonly Entity[]): void {
    for (const entity of entities) {
      const key = `${entity.kind}:${entity.key}`
      const isKnown = this.#byKey.delete(key)
      this.#byKey.set(key, entity)
      if (entity.kind === 'process' && !isKnown) this.#processes++
    }
    if (this.#processes > MOST_PROCESSES) this.#makeRoom()
  }

  /** All, for the store: they stay until `clear`. */
  get all(): readonly Entity[] {
    return [...this.#byKey.values()]
  }

  clear(): void {
    this.#byKey.clear()
    this.#processes = 0
  }

  #makeRoom(): void {
    for (const [key, { kind }] of this.#byKey) {
      if (this.#processes <= MOST_PROCESSES) return
      if (kind !== 'process') continue
      this.#byKey.delete(key)
      this.#processes--
      this.forgotten++
    }
  }
}
