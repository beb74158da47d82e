/** How long the capture thread sleeps between two drains. */

/** Short under load; when idle long enough to cost little. With 100 ms a burst of large bodies found no room in the ring. */
const SHORTEST_MS = 1
const LONGEST_MS = 25
/** What a drain should find: enough to be worth waking up for, a small part of the ring. */
const EVENTS_PER_WAKE = 500
/** And how long it should last: events differ much in what they cost and how much of the ring they take. */
const DRAIN_MS = 3

export class Pause {
  ms = LONGEST_MS

  /** After a drain that found so many events and lasted so long: the next pause. */
  after(events: number, lastedMs: number): number {
    const byEvents = events === 0 ? 2 : EVENTS_PER_WAKE / events
    const byTime = events === 0 ? 2 : DRAIN_MS / lastedMs
    const fitting = this.ms * Math.min(byEvents, byTime)
    this.ms = Math.max(SHORTEST_MS, Math.min(fitting, LONGEST_MS))
    return this.ms
  }
}
