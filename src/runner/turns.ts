/**
 * Chooses the next task for a query thread. Clients take turns, however many tasks each has, and some extra threads are
 * kept for clients that have none. So a client waits only while others have all of them, and then no longer than it
 * takes that each of those that wait had one turn (which has a deadline).
 */

/** Threads beyond the usual ones, each for another client that has none; streams leave one of them to short answers. */
export const EXTRA_THREADS = 3

export interface Turn {
  readonly client: string
  /** It may last as long as its reader. */
  readonly lasts: boolean
}

export class Turns {
  /** When each client that waits or runs last began something. */
  readonly #begun = new Map<string, number>()
  #count = 0

  /**
   * The place of the one to start; -1 when all must wait.
   *
   * @param running one per busy thread
   * @param threads as many threads as there usually are at most
   */
  next(waiting: readonly Turn[], running: readonly Turn[], threads: number): number {
    const ofClient = Map.groupBy(running, ({ client }) => client)
    const rank = ({ client }: Turn) =>
      [ofClient.get(client)?.length ?? 0, this.#begun.get(client) ?? 0] as const
    let best = -1
    for (const [place, turn] of waiting.entries()) {
      if (!mayBegin(turn, running, ofClient.get(turn.client) ?? [], threads)) continue
      if (best < 0 || isBefore(rank(turn), rank(waiting[best]!))) best = place
    }
    return best
  }

  /** Remembers the start, for clients that still have tasks. */
  began({ client }: Turn, others: readonly Turn[]): void {
    this.#begun.set(client, ++this.#count)
    const here = new Set(others.map((turn) => turn.client)).add(client)
    for (const known of this.#begun.keys()) if (!here.has(known)) this.#begun.delete(known)
  }
}

const isBefore = (
  [runs, begun]: readonly [number, number],
  [otherRuns, otherBegun]: readonly [number, number],
) => runs < otherRuns || (runs === otherRuns && begun < otherBegun)

/** Streams leave a thread to short answers, and each client leaves one to the others. */
function mayBegin(turn: Turn, running: readonly Turn[], own: readonly Turn[], threads: number): boolean {
  if (own.filter(({ lasts }) => lasts === turn.lasts).length >= threads) return false
  const ownStreams = own.some(({ lasts }) => lasts)
  const streams = running.filter(({ lasts }) => lasts).length
  if (turn.lasts && streams >= Math.max(1, threads - 1) + (ownStreams ? 0 : EXTRA_THREADS - 1)) return false
  const hasNone = turn.lasts ? own.length === 0 : own.every(({ lasts }) => lasts)
  return running.length < threads + (hasNone ? EXTRA_THREADS : 0)
}

/**
 * For a full queue: the place of the task that gives way to `client`, the newest of the client with most waiting tasks;
 * -1 when no client has more than this one would.
 */
export function givingWay(waiting: readonly Turn[], client: string): number {
  const counts = Map.groupBy(waiting, (turn) => turn.client)
  const most = [...counts.values()].reduce((a, b) => (b.length > a.length ? b : a), [])
  if (most.length <= (counts.get(client)?.length ?? 0) + 1) return -1
  return waiting.lastIndexOf(most.at(-1)!)
}
