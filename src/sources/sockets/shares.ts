/**
 * Which connections crowd out the others. The kernel shares out the second half of the ring (`fair_part` in
 * `bpf/lib/record.bpf.h`), which bounds what any of them puts into it; what one costs this thread only this thread knows.
 */

/** An event counts for so many usual ones at most: what is beyond is garbage collection, or a compiler at work, and hits anyone. */
const DEAREST_EVENT = 8
/** Of fewer events nothing can be said. */
const ENOUGH_EVENTS = 256
/** Who takes a smaller part is not the reason: many that are alike are left to the kernel. */
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

  /** `ns`: what an event of the connection took of the processor; `bytes`: of the ring. */
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
   * The dearest of them, by their parts of the time and of the bytes, so many that all others together take at most half; then all
   * begin anew. None while too little was seen.
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

/** A ring as full as this is watched: who takes the time? When it fills beyond what is shared out, the dearest have to rest. */
const WATCHED_FILL = 0.25
const CROWDED_FILL = 0.75
/** It must have grown by so much since some had to rest: what they said before is in it still. */
const GROWTH = 0.05

/** Whether the ring is so full that somebody has to rest. */
export class Crowd {
  isWatching = false
  /** How full it was when somebody had to, or has been at the least since. */
  #restedAt = CROWDED_FILL - GROWTH

  /** After a drain that left the ring so full (0 to 1): true when the dearest have to rest. */
  look(fill: number): boolean {
    const wasWatching = this.isWatching
    this.isWatching = fill > WATCHED_FILL
    this.#restedAt = Math.min(this.#restedAt, Math.max(fill, CROWDED_FILL - GROWTH))
    if (!wasWatching || fill <= CROWDED_FILL || fill <= this.#restedAt + GROWTH) return false
    this.#restedAt = fill
    return true
  }
}
