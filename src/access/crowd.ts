/**
 * Which connections must go, so that no account and no address crowds out the others, or takes the descriptors that
 * capture needs. A connection costs its holder nothing, so what never asks goes first.
 */

export interface Held {
  /** Whose it is, see `Admitted`. */
  readonly client: string
  /** A request has come on it. */
  readonly hasAsked: boolean
  /** When it was first seen, of a clock that only grows. */
  readonly sinceMs: number
}

export interface CrowdLimits {
  /** Of one account, or one address. */
  readonly perClient: number
  readonly total: number
}

/** What never asked, then the newest: a client that is over its bound keeps what it had. */
const mostDue = (a: Held, b: Held) => Number(a.hasAsked) - Number(b.hasAsked) || b.sinceMs - a.sinceMs

/** The connections beyond the bounds. Beyond the total, the client with most connections loses them. */
export function surplus<T extends Held>(held: readonly T[], { perClient, total }: CrowdLimits): T[] {
  const groups = [...Map.groupBy(held, ({ client }) => client).values()]
  const sizes = groups.map(({ length }) => length)
  const most = Math.min(perClient, fairShare(sizes, total))
  const going = groups.flatMap((group) => group.toSorted(mostDue).slice(0, Math.max(0, group.length - most)))
  // Where there are more clients than places.
  const beyond = held.length - going.length - total
  if (beyond <= 0) return going
  const leaving = new Set(going)
  return [
    ...going,
    ...held
      .filter((one) => !leaving.has(one))
      .sort(mostDue)
      .slice(0, beyond),
  ]
}

/** The largest number that each may have, so that all together have `total` at most; 1 at the least. */
function fairShare(sizes: readonly number[], total: number): number {
  let left = total
  const rising = sizes.toSorted((a, b) => a - b)
  for (const [i, size] of rising.entries()) {
    const share = Math.floor(left / (rising.length - i))
    if (size > share) return Math.max(1, share)
    left -= size
  }
  return Number.POSITIVE_INFINITY
}
