/** How long the capture thread sleeps between two drains. */

const SHORTEST_MS = 1
/**
 * The longest pause when the thread is woken as a ring fills, and nothing waits for time to pass: the look that each second begins
 * with is enough …
 */
const LONGEST_MS = 1000
/** … and the longest that the next one is reckoned from: a burst after a long pause must not be waited for as long again. */
const RECKONED_MS = 500
/** … and otherwise: with 100 ms a burst of large bodies found no room in the ring. */
const LOOKING_MS = 25
/** Events that a drain should find: enough to be worth waking up for, but a small part of the ring. */
const EVENTS_PER_WAKE = 2000
/** And how long it should last: events differ much in cost and in size. */
const DRAIN_MS = 3

export class Pause {
  ms = LOOKING_MS

  /**
   * The next pause, after a drain that found `events` and lasted `lastedMs`.
   *
   * @param isTold the thread is woken when a ring fills, and nothing else needs a drain meanwhile
   * @param leastMs the pause is no shorter than this
   */
  after(events: number, lastedMs: number, isTold: boolean, leastMs = SHORTEST_MS): number {
    const byEvents = events === 0 ? 2 : EVENTS_PER_WAKE / events
    const byTime = events === 0 ? 2 : DRAIN_MS / lastedMs
    const fitting = Math.min(this.ms, RECKONED_MS) * Math.min(byEvents, byTime)
    this.ms = Math.max(SHORTEST_MS, Math.min(fitting, isTold ? LONGEST_MS : LOOKING_MS))
    return Math.max(leastMs, this.ms)
  }

  /** The next pause after a look at the ring that drained nothing: no longer than the last pause. */
  again(isTold: boolean, leastMs = SHORTEST_MS): number {
    this.ms = Math.min(this.ms, isTold ? LONGEST_MS : LOOKING_MS)
    return Math.max(leastMs, this.ms)
  }
}
