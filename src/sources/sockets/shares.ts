/**
 * Finds the connections that crowd out others. The kernel shares out the second half of the ring (`fair_part` in
 * `bpf/lib/record.bpf.h`), which bounds what each connection puts into it; how much time it costs, only this thread knows.
 */

/** An event counts as so many usual ones at most: longer times come from garbage collection or compilation, and hit any connection. */
const DEAREST_EVENT = 8
/** Fewer events than this tell nothing. */
const ENOUGH_EVENTS = 256
/** A connection with a smaller part is not the cause; the kernel deals with many that are alike. */
const DEAR = 0.05

interface Spent {
  ns: number
  bytes: number
}

export class Shares {
  readonly #spent = new Map<number, Spent>()
  #ns = 0
  #bytes = 0
  #events = 0

  /** Counts an event of the connection. `ns`: its processor time; `bytes`: its room in the ring. */
  charge(connId: number, ns: number, bytes: number): void {
    const usual = this.#events === 0 ? ns : this.#ns / this.#events
    const counted = Math.min(ns, DEAREST_EVENT * usual)
    this.#ns += counted
    this.#bytes += bytes
    this.#events++
    const spent = this.#spent.get(connId)
    if (!spent) this.#spent.set(connId, { ns: counted, bytes })
    else {
      spent.ns += counted
      spent.bytes += bytes
    }
  }

  /**
   * The most expensive connections, by their parts of the time and of the bytes: so many that all others together take at most half.
   * Then counting begins anew. None while too little was seen.
   */
  takeDearest(): number[] {
    if (this.#events < ENOUGH_EVENTS) return []
    const partOf = ({ ns, bytes }: Spent) => (ns / this.#ns + bytes / this.#bytes) / 2
    const byPart = [...this.#spent].map(([connId, spent]) => [connId, partOf(spent)] as const)
    byPart.sort(([, a], [, b]) => b - a)
    const dearest: number[] = []
    let left = 1
    for (const [connId, part] of byPart) {
      if (left <= 0.5 || part < DEAR) break
      left -= part
      dearest.push(connId)
    }
    this.clear()
    return dearest
  }

  clear(): void {
    this.#spent.clear()
    this.#ns = 0
    this.#bytes = 0
    this.#events = 0
  }
}

/** With a ring as full as the first, time is measured by connection. As full as the second, the most expensive ones pause. */
const WATCHED_FILL = 0.25
const CROWDED_FILL = 0.75
/** The ring must have filled by so much more since the last pause began, as it still holds earlier events of those connections. */
const GROWTH = 0.05

/** Whether the ring is so full that some connections have to pause. */
export class Crowd {
  isWatching = false
  /** How full it was at the last pause, or the least that it has been since. */
  #restedAt = CROWDED_FILL - GROWTH

  /** Call it after a drain that left the ring so full (0 to 1): true when the most expensive connections have to pause. */
  look(fill: number): boolean {
    const wasWatching = this.isWatching
    this.isWatching = fill > WATCHED_FILL
    this.#restedAt = Math.min(this.#restedAt, Math.max(fill, CROWDED_FILL - GROWTH))
    if (!wasWatching || fill <= CROWDED_FILL || fill <= this.#restedAt + GROWTH) return false
    this.#restedAt = fill
    return true
  }
}
